// How a run came to tell pictures apart: every chart follows one epoch, which the browser plays; no server is asked.
const MOMENT_MS = 900;  // from one stored epoch to the next

export default function (component) { return keepView(LearningView, component); }

class LearningView extends Epochs {
  constructor(parent) {
    super(MOMENT_MS);
    this.build('learning', el('p', 'says'), 'Epoch');
    this.root.tabIndex = -1;  // a click anywhere lets the arrow keys step
    const controls = el('div', 'controls'), charts = el('div', 'charts');
    const row = el('div', 'row');
    row.append(this.button, this.slider, this.label);
    controls.append(row, this.says);
    this.pairs = new Chart('Similarity of two views',
      'Training pushes the cosine of two views of one picture up and that of views of different pictures down.'
      + ' The tallest bar fills the panel.', 'Histograms of the cosines of positive and negative pairs');
    this.path = new Chart('Alignment against uniformity',
      'Good projections z are low in both: views of one picture lie together (left), all pictures spread out (down).',
      'Uniformity over alignment, a point for each epoch');
    this.scores = new Chart('Training task and features',
      'Contrastive accuracy is the training task; k-NN accuracy asks with labels whether neighbours share a class.'
      + ' One may rise without the other.', 'Contrastive accuracy and k-NN accuracy by epoch');
    this.ranks = new Chart('Effective rank',
      'In how many directions the vectors differ: a fall towards 1 is a collapse. The loss sees z; h is what is used'
      + ' after training.', 'Effective rank of z and h by epoch');
    for (const chart of [this.pairs, this.path, this.scores, this.ranks]) charts.append(chart.node);
    this.near = el('section', 'near');
    this.root.append(controls, charts, this.near);
    parent.append(this.root);
    this.root.onkeydown = (event) => this.step(event);
    // A presenter need not click first: keys that nothing else wants.
    this.anywhere = (event) => { if (event.target === document.body) this.step(event); };
    window.addEventListener('keydown', this.anywhere);
    for (const chart of [this.scores, this.ranks]) chart.svg.onclick = (event) => this.pick(chart, event);
    this.at = Infinity;
  }

  // A run that still trains brings more epochs: whoever looks at the newest one goes along.
  load(data) {
    if (data.version === this.data?.version) return;
    const newest = !this.data || data.run !== this.data.run || this.at >= this.data.epochs.length - 1;
    this.data = data;
    this.slider.max = this.last;
    this.frames();
    this.pause();
    this.show(newest ? this.last : this.at);
  }

  // The stored epoch nearest to where a chart over epochs was clicked.
  pick(chart, event) {
    const epoch = chart.valueAt(event.clientX - chart.svg.getBoundingClientRect().left);
    const gaps = this.data.epochs.map((each) => Math.abs(each - epoch));
    this.pause();
    this.show(gaps.indexOf(Math.min(...gaps)));
  }

  show(at) {
    super.show(at);
    this.showNear(Math.round(at));
  }

  draw() {
    if (!this.data) return;
    const at = this.moment, a = Math.floor(at), b = Math.min(a + 1, this.last);
    // A number, or a list of them, between two epochs; that of the nearer one where the other has none.
    const between = (values) => {
      const [u, v] = [values[a], values[b]];
      if (Array.isArray(u)) return u.map((_, i) => between({ [a]: u[i], [b]: v[i] }));
      return u === null || v === null ? [u, v][Math.round(at - a)] : u + (v - u) * (at - a);
    };
    this.drawPairs(between);
    this.drawPath(between, a);
    this.drawScores(between);
    this.drawRanks(between);
  }

  drawPairs(between) {
    const shares = { negative: between(this.data.negatives), positive: between(this.data.positives) };
    const top = Math.max(...shares.negative, ...shares.positive) || 1, bins = shares.positive.length;
    this.pairs.begin({ x: [-1, 1], y: [0, 1.05 * top], xTitle: 'cosine', yTicks: false });
    for (const [name, values] of Object.entries(shares)) {
      const steps = values.flatMap((share, i) => [[-1 + 2 * i / bins, share], [-1 + 2 * (i + 1) / bins, share]]);
      this.pairs.line([[-1, 0], ...steps, [1, 0]], 'area ' + name);
    }
    this.pairs.tell([['positive', 'positive pairs'], ['negative', 'negatives']]);
  }

  drawPath(between, a) {
    const { path, epochs } = this.data, now = between(path);
    const known = path.filter(([x]) => x !== null);
    const far = Math.max(0.1, ...known.map(([x]) => x)) * 1.08, deep = Math.min(-0.1, ...known.map(([, y]) => y)) * 1.08;
    this.path.begin({ x: [0, far], y: [deep, 0], xTitle: 'alignment', yTitle: 'uniformity' });
    this.path.line(path, 'way');
    this.path.line([...path.slice(0, a + 1), now], 'positive');
    this.path.dots(path, 'stop', 3);
    this.path.dots([now], 'now', 6);
    const ends = [...new Set([0, path.length - 1])].map((i) => [...path[i], String(epochs[i])]).filter(([x]) => x !== null);
    this.path.words([[0, deep, '↙ better'], ...ends]);
    const words = now[0] === null ? ['–', '–'] : now.map(number);
    this.path.tell([['positive', `alignment ${words[0]}, uniformity ${words[1]}`], ['bare', 'numbers: epochs']]);
  }

  drawScores(between) {
    const { epochs, planned, accuracy, accuracyOf, knn, knnChance, knnOf } = this.data, now = between(epochs);
    const told = (share) => (share === null ? '–' : percent(share));
    const top = Math.max(0.1, ...accuracy, ...knn.map(([, share]) => share), knnChance);
    this.scores.begin({ x: [0, planned], y: [0, Math.min(1.04, 1.15 * top)], xTitle: 'epoch', form: percent, cursor: now });
    const task = between(accuracy), entries = [['negative', `contrastive accuracy ${told(task)}, ${accuracyOf}`]];
    this.line(this.scores, now, epochs.map((epoch, i) => [epoch, accuracy[i]]), 'negative', task);
    if (knn.length) {
      const shares = epochs.map((epoch) => knn.find(([at]) => at === epoch)?.[1] ?? null), votes = between(shares);
      this.scores.line([[0, knnChance], [planned, knnChance]], 'chance');
      if (shares.includes(null)) this.scores.dots(knn, 'stop', 3);  // measured at other epochs
      this.line(this.scores, now, knn, 'positive', votes);
      entries.push(['positive', `k-NN accuracy ${told(votes)} ${knnOf}`], ['chance', 'guessing a class']);
    }
    this.scores.tell(entries);
  }

  drawRanks(between) {
    const { epochs, rankZ, rankH, planned } = this.data, now = between(epochs);
    const top = 1.08 * Math.max(4, ...rankZ, ...rankH);
    this.ranks.begin({ x: [0, planned], y: [0, top], xTitle: 'epoch', cursor: now });
    const entries = [];
    for (const [name, words, values] of [['negative', 'of h', rankH], ['positive', 'of z', rankZ]]) {
      const said = between(values);
      this.line(this.ranks, now, epochs.map((epoch, i) => [epoch, values[i]]), name, said);
      entries.unshift([name, `${words} ${said === null ? '–' : said.toFixed(1)}`]);
    }
    this.ranks.tell(entries);
  }

  // A line over epochs, and its value now.
  line(chart, now, points, name, value) {
    chart.line(points, name);
    chart.dots([[now, value]], 'now ' + name, 5);
  }

  // A card for each fixed picture, with room for its nearest.
  frames() {
    const { asked, cards, near } = this.data.pictures;
    this.near.replaceChildren();
    this.places = [];
    if (!asked.length) return;
    this.count = el('span', 'count');
    const title = el('h4', '', 'What lies nearest');
    const grid = el('div', 'pictures');
    for (const place of asked) {
      const card = el('div', 'card'), own = el('figure'), name = el('div', 'name'), others = el('div', 'others');
      name.append(dot(cards[place].colour), el('span', '', cards[place].name));
      own.append(thumbnail(cards[place].src, cards[place].name));
      const pictures = near[0][0].map(() => el('img'));
      others.append(...pictures);
      card.append(own, others, name);
      grid.append(card);
      this.places.push(pictures);
    }
    this.near.append(title, this.count, grid, el('p', 'teaches',
      'The six pictures whose h is most similar, among the same pictures at every epoch: a solid frame is the same'
      + ' class, a dashed one another. The loss used no labels.'));
  }

  showNear(epoch) {
    const { asked, cards, near } = this.data.pictures;
    let same = 0;
    this.places.forEach((pictures, i) => pictures.forEach((picture, j) => {
      const card = cards[near[epoch][i][j]], alike = card.label >= 0 && card.label === cards[asked[i]].label;
      same += alike;
      if (picture.getAttribute('src') !== card.src) picture.src = card.src;
      picture.className = alike ? 'same' : 'other';
      picture.alt = picture.title = card.name + (alike ? ', the same class' : ', another class');
    }));
    if (asked.length) this.count.textContent = `${same} of ${asked.length * near[0][0].length} share the class`;
    for (const place of near[epoch + 1]?.flat() ?? []) new Image().src = cards[place].src;  // what comes next
  }

  remove() {
    window.removeEventListener('keydown', this.anywhere);
    super.remove();
  }
}
