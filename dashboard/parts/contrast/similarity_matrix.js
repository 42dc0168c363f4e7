// The matrix of cosines, one of its cells, and one of its rows as the anchor of a loss. All of it is computed here:
// the server is told what is looked at, for the link, once a person has stopped.
const TELL_AFTER_MS = 600, RANGE = [0.01, 10];
const KINDS = {
  self: 'The view itself: it is left out of the sum.',
  positive: 'Positive pair: two views of one picture. The loss pulls them together.',
  negative: 'Negative: views of two pictures. The loss pushes them apart.',
  false: 'False negative: two pictures of one class. The loss, which knows no class, pushes them apart.',
};

export default function (component) { return keepView(Board, component); }

class Board {
  constructor(parent) {
    this.root = parent.querySelector('.board');
    this.find = (name) => this.root.querySelector(name);
    [this.canvas, this.range] = [this.find('canvas'), this.find('input[type=range]')];
    this.plot = new MatrixCanvas(this.canvas, this.find('.left'));
    this.range.oninput = () => this.heat(10 ** Number(this.range.value));
    this.range.onchange = () => this.tellSoon();
    this.find('.own').onclick = () => { this.heat(this.data.own); this.tellSoon(); };
    this.find('.hardest').onclick = () => this.choose(...hardestPair(this.rows));
    this.find('.same input').onchange = (event) => {
      this.root.classList.toggle('marked', event.target.checked);
      this.paint();
    };
    this.canvas.onpointermove = (event) => {
      const cell = this.plot.under(event);
      if (cell) this.point(cell);
      this.canvas.style.cursor = cell || this.plot.viewUnder(event) < 0 ? '' : 'zoom-in';
    };
    this.canvas.onclick = (event) => {
      const cell = this.plot.under(event), view = this.plot.viewUnder(event);
      if (cell) this.choose(...cell);
      else if (view >= 0) this.open(view);
    };
    this.canvas.onkeydown = (event) => this.press(event);
    this.watch = new ResizeObserver(() => { if (this.data) this.paint(); });
    this.watch.observe(this.find('.left'));
  }

  remove() {
    this.watch.disconnect();
    clearTimeout(this.telling);
  }

  load(data) {
    if (data.version === this.data?.version && data.part === this.data.part) return;
    this.root.dataset.part = data.part;
    const first = !this.data, before = this.data?.pictures;
    this.data = data;
    this.n = data.views.length;
    this.cosines = Object.fromEntries(Object.entries(data.cosines).map(([space, packed]) => [space, this.unpacked(packed)]));
    if (first) [this.temperature, this.space, this.anchor] = [data.temperature, data.space, data.anchor];
    if (data.part || !this.cosines[this.space]) this.space = data.space;
    if (!this.cosines[this.space]) this.space = 'h';
    this.pair = this.pair && samePair(this.pair, before, data.pictures);
    this.anchor = this.pair ? this.pair[0] : Math.min(this.anchor, this.n - 1);
    this.pictures = data.views.map((address) => Object.assign(new Image(), { src: address, onload: () => this.paintSoon() }));
    this.find('.hardest').disabled = this.n < 4;
    const own = (Math.log10(data.own) - Math.log10(RANGE[0])) / Math.log10(RANGE[1] / RANGE[0]);
    Object.assign(this.find('.own'), { textContent: `▴ ${short(data.own)}, ${data.ownIs}`, title: 'Set to this temperature' });
    this.find('.own').style.left = `${100 * own}%`;
    this.find('.anchors').replaceChildren(el('b', '', 'Anchor'), ...data.views.map((_, view) => this.anchorButton(view)));
    this.find('.no-head').textContent = data.cosines.z ? '' : 'This encoder has no projection head: there is no z, and h is compared.';
    this.show(this.space);
  }

  explain() {
    const [scale, ramp] = [el('span'), el('i', 'ramp')];
    ramp.style.background = 'linear-gradient(to right, var(--st-background-color), var(--st-primary-color))';
    scale.append(el('span', '', `cosine ${fixed(this.bounds[0], 2)}`), ramp, el('span', '', fixed(this.bounds[1], 2)));
    const marks = [['', 'positive pair'], ['false', 'false negative']].map(([kind, words]) => {
      const mark = el('span', `note ${kind}`);
      mark.append(el('i', `mark ${kind}`), el('span', '', words));
      return mark;
    });
    this.find('.legend').replaceChildren(scale, ...marks, el('span', '', frameWords(this.data.labels,
      this.data.pictures) + ' Point at a cell to compare two views; click to make its row the anchor. Click a picture at the edge, or press o, to open it large.'));
  }

  unpacked(packed) {
    const flat = new Float32Array(Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0)).buffer);
    return Array.from({ length: this.n }, (_, i) => Array.from(flat.subarray(i * this.n, (i + 1) * this.n)));
  }

  show(space) {
    this.space = space;
    this.rows = this.cosines[space];
    const others = this.rows.flatMap((row, i) => row.filter((_, j) => i !== j));
    this.bounds = [others.reduce((a, b) => Math.min(a, b), 1), others.reduce((a, b) => Math.max(a, b), -1)];
    this.explain();
    this.find('.segments').replaceChildren(...[['h', 'h, the features'], ['z', 'z, the projections']].map(([key, words]) => {
      const button = Object.assign(el('button', '', words), { disabled: !this.cosines[key] });
      button.setAttribute('aria-pressed', String(key === space));
      button.onclick = () => { this.show(key); this.tellSoon(); };
      return button;
    }));
    const usual = [this.anchor, hardestOf(this.rows[this.anchor], this.anchor) ?? partnerOf(this.anchor, this.n)];
    this.follow(...(this.pair ?? usual), true);
  }

  // A pair that a person clicks: it stays while its pictures are in the batch, whatever looks at them.
  choose(anchor, other) {
    this.follow(anchor, other);
    this.pair = [anchor, other];
  }

  // Another anchor, and a view to compare it with.
  follow(anchor, other, quiet) {
    [this.anchor, this.cell] = [anchor, [anchor, other]];
    this.order = nearestTo(this.rows[anchor], anchor);
    this.columns = this.order.map((view) => this.column(view));
    this.find('.strip').replaceChildren(...this.columns.map(({ node }) => node));
    this.find('.strip').scrollLeft = 0;
    this.find('.anchors').querySelectorAll('button').forEach((button, view) => {
      button.setAttribute('aria-pressed', String(view === anchor));
    });
    this.heat(this.temperature);
    this.paint();
    if (quiet) return;
    this.pair = null;
    this.tellSoon();
  }

  column(view) {
    const node = el('button', `column ${kindOf(this.anchor, view, this.data.labels)}`);
    const [up, down, image] = [el('span', 'up'), el('span', 'down'), thumbnail(this.data.views[view], this.named(view))];
    up.append(el('span'), el('i'));
    down.append(el('i'), el('span'));
    image.style.borderColor = this.colour(view);
    node.append(up, image, down);
    node.tabIndex = -1;  // the arrow keys of the matrix reach the same pairs
    node.onclick = () => { this.point([this.anchor, view]); this.pair = this.cell; };
    return { node, view, up, down };
  }

  anchorButton(view) {
    const [node, image] = [el('button'), thumbnail(this.data.views[view], this.named(view))];
    image.style.borderColor = this.colour(view);
    node.title = this.named(view);
    node.append(image);
    node.onclick = () => this.follow(view, hardestOf(this.rows[view], view) ?? partnerOf(view, this.n));
    return node;
  }

  colour(view) { return this.data.pictures[view % (this.n / 2)].colour; }
  named(view) {
    const picture = view % (this.n / 2);
    return `${'AB'[Number(view >= this.n / 2)]}${picture + 1} ${this.data.pictures[picture].name}`;
  }

  paint() {
    if (this.data.part === 'temperature') return;  // which shows no matrix
    const marked = this.root.classList.contains('marked');
    this.plot.paint(this.rows, this.bounds, this.pictures, (view) => this.colour(view), this.data.labels, marked);
    this.plot.mark(this.anchor, this.cell);
  }

  // Once for all pictures that have come since.
  paintSoon() {
    this.waiting ??= requestAnimationFrame(() => { this.waiting = null; this.paint(); });
  }

  // Another temperature: everything but the matrix follows.
  heat(temperature) {
    this.temperature = Math.min(RANGE[1], Math.max(RANGE[0], temperature));
    this.range.value = Math.log10(this.temperature);
    const words = short(this.temperature), row = this.rows[this.anchor];
    this.find('.temperature output').textContent = words;
    this.range.setAttribute('aria-valuetext', words);
    this.probabilities = probabilitiesOf(row, this.anchor, this.temperature);
    const shares = sharesOf(row, this.anchor, this.temperature), batch = batchOf(this.rows, this.temperature, this.data.labels);
    for (const { view, up, down } of this.columns) {
      for (const [side, share, tall] of [[up, this.probabilities[view], '--up'], [down, shares[view], '--down']]) {
        side.querySelector('i').style.height = `max(${Number(share > 0)}px, ${share} * var(${tall}))`;
        side.querySelector('span').textContent = share >= 0.005 ? Math.round(100 * share) : '';
      }
    }
    this.find('.loss').textContent = batch.loss.toFixed(2);
    this.find('.fill').style.width = `${Math.min(100, (50 * batch.loss) / (batch.chance || 1))}%`;
    this.find('.chance-words').textContent = `chance ${batch.chance.toFixed(2)}`;
    const ofAnchor = this.data.part === 'pairs' ? ['all other views, the most similar first']
      : [`loss ${number(batch.losses[this.anchor])}`,
        `probability of its partner ${percent(this.probabilities[partnerOf(this.anchor, this.n)])}`];
    this.find('.title').replaceChildren(el('b', '', `Anchor ${this.named(this.anchor)}`),
      ...ofAnchor.map((words) => el('span', '', words)));
    const says = this.data.part === 'pairs' ? [rightWords(batch, ''), sameClassWords(this.data.labels)]
      : [lossWords(batch), this.data.part ? '' : rightWords(batch), hardestWords(batch),
        falseWords(batch, this.data.labels)].filter(Boolean);
    this.find('.says').replaceChildren(...says.map((line) => el('li', '', line)));
    this.spell(row);
    this.compare();
  }

  // The formula, and the numbers of this anchor in it.
  spell(row) {
    const [formula, fraction, table] = [el('div', 'formula'), el('span', 'fraction'), el('table')];
    fraction.append(el('span', '', 'exp(cosine with the partner / τ)'), el('span', '', 'Σ exp(cosine with each other view / τ)'));
    formula.append(el('span', '', 'loss = −ln'), fraction);
    for (const line of stepsOf(row, this.anchor, this.temperature)) {
      table.insertRow().append(...line.map((words) => el('td', '', words)));
    }
    this.find('.steps').replaceChildren(el('b', '', `The loss of ${this.named(this.anchor)}, step by step`), formula, table);
  }

  // The cell that is pointed at.
  point(cell) {
    if (String(cell) === String(this.cell)) return;
    this.cell = cell;
    this.compare();
    if (this.data.part !== 'temperature') this.plot.mark(this.anchor, this.cell);
  }

  compare() {
    const [i, j] = this.cell, kind = kindOf(i, j, this.data.labels), cosine = fixed(this.rows[i][j], 3);
    const verdict = el('div', 'verdict');
    verdict.append(el('b', '', cosine), el('div', `kind ${kind}`, KINDS[kind]));
    if (i === this.anchor && i !== j) verdict.append(el('div', 'softmax', `Softmax probability ${percent(this.probabilities[j])}.`));
    if (j !== this.anchor) {
      const button = el('button', 'button', `Make ${this.named(j)} the anchor`);
      button.onclick = () => this.follow(j, hardestOf(this.rows[j], j) ?? i);
      verdict.append(button);
    }
    this.find('.pair').replaceChildren(...[i, j].map((view) => {
      const [figure, image] = [el('figure'), Object.assign(el('img'), { src: this.data.views[view], alt: '' })];
      image.style.borderColor = this.colour(view);
      figure.append(image, el('figcaption', '', this.named(view)));
      return figure;
    }), verdict);
    this.find('.told').textContent = `${this.named(i)} and ${this.named(j)}: cosine ${cosine}. ${KINDS[kind]}`;
    for (const { node, view } of this.columns) node.setAttribute('aria-current', String(i === this.anchor && view === j));
  }

  press(event) {
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (!step && !['Enter', 'o'].includes(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    if (step) this.point(this.cell.map((place, axis) => Math.min(this.n - 1, Math.max(0, place + step[axis]))));
    else if (event.key === 'o') this.open(this.cell[0]);
    else this.choose(...this.cell);
  }

  // A view large; then the other view of its picture, and the picture itself.
  open(view) {
    const half = this.n / 2, picture = this.data.pictures[view % half];
    const views = [view % half, view % half + half].map((one) => (
      { ...picture, large: this.data.views[one], alt: this.named(one), first: [['View', this.named(one)]] }
    ));
    openLarge(this.root, [...views, picture], Number(view >= half), this.data.correcting,
      (number) => this.send('corrected', number));
  }

  tellSoon() {
    clearTimeout(this.telling);
    const { space, anchor } = this, temperature = Number(this.temperature.toPrecision(3));
    this.telling = setTimeout(() => this.send('looked', { temperature, space, anchor }), TELL_AFTER_MS);
  }
}
