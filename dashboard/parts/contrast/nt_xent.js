// NT-Xent of a batch from its cosines alone, and what can be said of it. A test holds these functions against
// sealife_core/evaluation/contrast/similarities.py. Of n views, view i and view (i + n / 2) % n are a positive pair.

const HARDEST = 3;
function partnerOf(view, n) { return (view + n / 2) % n; }
function sum(values) { return values.reduce((total, value) => total + value, 0); }
function mean(values) { return sum(values) / values.length; }
function highest(row, without) { return Math.max(...row.filter((_, view) => !without.includes(view))); }

// "self", "positive", "negative" or "false": a negative of the anchor's class. labels: of each picture, -1 for none.
function kindOf(anchor, other, labels) {
  const [a, b] = [anchor % labels.length, other % labels.length];
  if (a === b) return anchor === other ? 'self' : 'positive';
  return labels[a] >= 0 && labels[a] === labels[b] ? 'false' : 'negative';
}

// The softmax of a row of cosines; the views in `without` have 0.
function softmax(row, temperature, without) {
  const top = highest(row, without);
  const weights = row.map((cosine, view) => (without.includes(view) ? 0 : Math.exp((cosine - top) / temperature)));
  const total = sum(weights);
  return weights.map((weight) => (total ? weight / total : 0));
}

function probabilitiesOf(row, anchor, temperature) { return softmax(row, temperature, [anchor]); }

// How the gradient is shared among the negatives: p / (1 − p of the partner), the softmax of the negatives alone.
function sharesOf(row, anchor, temperature) { return softmax(row, temperature, [anchor, partnerOf(anchor, row.length)]); }

function anchorLoss(row, anchor, temperature) {
  const top = highest(row, [anchor]);
  const total = sum(row.map((cosine, view) => (view === anchor ? 0 : Math.exp((cosine - top) / temperature))));
  return (top - row[partnerOf(anchor, row.length)]) / temperature + Math.log(total);
}

// Of a whole batch: each anchor's loss, their mean and chance; how many anchors have their partner as the nearest; and
// the mean share of the gradient that the hardest negatives, and those of the anchor's class, take. even…: what these
// would take if all negatives counted the same.
function batchOf(rows, temperature, labels) {
  const n = rows.length, shares = rows.map((row, anchor) => sharesOf(row, anchor, temperature));
  const losses = rows.map((row, anchor) => anchorLoss(row, anchor, temperature));
  const ofClass = rows.map((row, anchor) => row.map((_, other) => Number(kindOf(anchor, other, labels) === 'false')));
  return {
    n, losses, loss: mean(losses), chance: Math.log(n - 1),
    right: rows.filter((row, anchor) => row[partnerOf(anchor, n)] === highest(row, [anchor])).length,
    hardest: mean(shares.map((row) => sum([...row].sort((a, b) => b - a).slice(0, HARDEST)))),
    evenHardest: HARDEST / (n - 2),
    falseShare: mean(shares.map((row, i) => sum(row.map((share, j) => share * ofClass[i][j])))),
    evenFalse: mean(ofClass.map(sum)) / (n - 2),
  };
}

// The views in the order of their cosine with the anchor, which is left out.
function nearestTo(row, anchor) {
  return row.map((_, view) => view).filter((view) => view !== anchor).sort((a, b) => row[b] - row[a]);
}

// The negative that is most similar to an anchor; of all anchors, [anchor, negative].
function hardestOf(row, anchor) { return nearestTo(row, anchor).find((view) => view !== partnerOf(anchor, row.length)); }
function hardestPair(rows) {
  const pairs = rows.map((row, anchor) => [anchor, hardestOf(row, anchor)]);
  return pairs.reduce((best, pair) => (rows[pair[0]][pair[1]] > rows[best[0]][best[1]] ? pair : best));
}

// Where the two views of a pair are in another batch, found by what their pictures hold; null where one is not in it.
function samePair(pair, before, pictures) {
  const found = pair.map((view) => {
    const at = pictures.findIndex(({ hash }) => hash === before[view % before.length].hash);
    return at < 0 ? null : at + pictures.length * Math.floor(view / before.length);
  });
  return found.includes(null) ? null : found;
}

// ---- in words ----

function fixed(value, digits) { return value.toFixed(digits).replace(/^-(?=[0.]*$)/, '').replace('-', '−'); }

// Three digits; large and small ones as 1.8 × 10³⁵.
function number(value) {
  const size = Math.abs(value);
  if (size && (size >= 1e4 || size < 1e-3)) {
    const [digits, power] = value.toExponential(1).split('e');
    return `${digits.replace('-', '−')} × 10${[...power.replace('+', '')].map((sign) => '⁻⁰¹²³⁴⁵⁶⁷⁸⁹'['-0123456789'.indexOf(sign)]).join('')}`;
  }
  return size >= 100 ? fixed(value, 0) : value.toPrecision(3).replace('-', '−');
}

// As short as three digits allow: 0.2, not 0.200.
function short(value) { return String(Number(value.toPrecision(3))); }

function percent(share) {
  if (share > 0 && share < 0.01) return 'less than 1 %';
  if (share < 1 && share > 0.99) return 'more than 99 %';
  return `${Math.round(100 * share)} %`;
}

// Loss and chance within this share of each other are called equal.
const CLOSE = 0.05;
function lossWords({ loss, chance, right, n }) {
  const line = `chance, ln ${n - 1} = ${chance.toFixed(2)}`;
  if (loss > (1 + CLOSE) * chance) {
    return `The loss is above ${line}: for ${n - right} of ${n} views a negative is more similar than the partner, and`
      + ' this temperature makes that expensive.';
  }
  if (loss < (1 - CLOSE) * chance) return `The loss is below ${line}: the encoder tells pairs apart better than guessing.`;
  return `The loss is about ${line}: at this temperature it hardly shows whether the encoder tells pairs apart.`;
}

function rightWords({ right, n }, when = ', at any temperature') {
  return `The most similar of all other views is the partner for ${right} of ${n} views${when}.`;
}

function hardestWords({ hardest, evenHardest, n }) {
  if (n - 2 <= HARDEST) return '';
  return `At this temperature the ${HARDEST} hardest of an anchor's ${n - 2} negatives take ${percent(hardest)} of the`
    + ` gradient on the negatives; if all counted the same, it would be ${percent(evenHardest)}.`;
}

// A picture without a label may be of the class of any other.
function unlabelledWords(labels) {
  const without = labels.filter((label) => label < 0).length;
  return labels.length > 1 && without ? `Pictures without a label: ${without} of ${labels.length}.` : '';
}

function noneFalseWords(labels) {
  const unlabelled = unlabelledWords(labels);
  return `No two of these pictures are known to be of one class${unlabelled
    ? `. ${unlabelled} Whether there are false negatives cannot be told.` : ': there are no false negatives.'}`;
}

function sameClassWords(labels) {
  const pairs = sum(labels.map((label, i) => labels.slice(0, i).filter((other) => label >= 0 && other === label).length));
  if (!pairs) return noneFalseWords(labels);
  const unlabelled = unlabelledWords(labels), count = unlabelled ? `at least ${pairs}. ${unlabelled}` : `${pairs}.`;
  return `Pairs of pictures that are of one class, so that their views are false negatives: ${count}`;
}

function falseWords({ falseShare, evenFalse }, labels) {
  if (!evenFalse) return noneFalseWords(labels);
  const unlabelled = unlabelledWords(labels);
  return `${unlabelled ? 'Known false negatives' : 'False negatives'} take ${percent(falseShare)} of the gradient on the`
    + ' negatives, which pushes views away from their own class; if all counted the same, it would be'
    + ` ${percent(evenFalse)}. ${unlabelled}`.trimEnd();
}

// Of many classes some share a colour.
function frameWords(labels, pictures) {
  const classes = new Set(labels).size, colours = new Set(pictures.map(({ colour }) => colour)).size;
  return classes > colours ? 'Frame of a picture: its class; some classes share a colour.' : 'Frame of a picture: its class.';
}

const SUMMANDS = 4;
// The loss of one anchor with its own numbers, as lines of [what, numbers].
function stepsOf(row, anchor, temperature) {
  const own = row[partnerOf(anchor, row.length)], others = nearestTo(row, anchor).map((view) => row[view]);
  others.splice(others.indexOf(own), 1);
  const exponentials = [own, ...others].map((cosine) => Math.exp(cosine / temperature));
  const [first, total] = [number(exponentials[0]), number(sum(exponentials))];
  const shown = exponentials.slice(0, SUMMANDS).map(number).join(' + ') + (exponentials.length > SUMMANDS ? ' + …' : '');
  const p = number(probabilitiesOf(row, anchor, temperature)[partnerOf(anchor, row.length)]);
  return [
    ['Cosine with the partner, divided by τ', `${fixed(own, 3)} / ${short(temperature)} = ${number(own / temperature)}`],
    ['Its exponential', `exp(${number(own / temperature)}) = ${first}`],
    [`The sum over ${row.length - 1} views: partner, hardest negatives, rest`, `${shown} = ${total}`],
    ['Probability of the partner', `${first} / ${total} = ${p}`],
    ['Loss of this anchor', `−ln ${p} = ${number(anchorLoss(row, anchor, temperature))}`],
  ];
}
