// A small chart as SVG that is drawn anew at every moment of a film: axes, lines, dots, and a legend that tells values.
const HEIGHT_PX = 178;
const EDGE = { left: 46, right: 12, top: 18, bottom: 34 };

// Round numbers from low to high, about four steps apart.
function ticks([low, high]) {
  const rough = (high - low) / 4, power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough);
  const found = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; k++) found.push(k * step);
  return found;
}

// A half to the even neighbour, as Python rounds: the sentences beside a chart are Python's.
const whole = (value) => (Math.abs(value) % 1 === 0.5 ? 2 * Math.round(value / 2) : Math.round(value));
const percent = (share) => whole(100 * share) + ' %';
const number = (value) => String(Math.round(100 * value) / 100).replace('-', '−');

const LETTER = [7.5, 13];  // px of a letter of a tick, wide and tall

// Where words beside the point [x, y] lie over none of the boxes [left, top, right, bottom] that are taken: right or left
// of it, above or below; right above it if there is none. letters: how many. Returns the box.
function freeBox([x, y], letters, taken, left, right) {
  const wide = letters * LETTER[0], tall = LETTER[1];
  const boxes = [[9, -18], [-9 - wide, -18], [9, 5], [-9 - wide, 5], [9, -31], [-9 - wide, -31]]
    .map(([dx, dy]) => [x + dx, y + dy, x + dx + wide, y + dy + tall]).filter((box) => box[0] >= left && box[2] <= right);
  const over = (a, b) => a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];
  return boxes.find((box) => !taken.some((other) => over(box, other))) ?? boxes[0] ?? [x + 9, y - 18, x + 9 + wide, y - 5];
}

// One panel: a title, what each mark is with its value at this epoch, axes, and a sentence that teaches.
class Chart {
  constructor(title, teaches, says) {
    this.node = el('figure');
    this.svg = shape('svg', { role: 'img', 'aria-label': says });
    this.legend = el('div', 'legend');
    this.node.append(el('h4', '', title), this.legend, this.svg, el('figcaption', '', teaches));
  }

  // The axes anew: x and y are [low, high]; form writes a tick of y; a line stands at cursor.
  begin({ x, y, xTitle, yTitle, form = number, yTicks = true, cursor }) {
    const width = Math.max(200, this.node.clientWidth);
    this.svg.setAttribute('viewBox', `0 0 ${width} ${HEIGHT_PX}`);
    this.svg.style.height = HEIGHT_PX + 'px';
    this.svg.replaceChildren();
    this.x = (value) => EDGE.left + (value - x[0]) / (x[1] - x[0]) * (width - EDGE.left - EDGE.right);
    this.y = (value) => HEIGHT_PX - EDGE.bottom - (value - y[0]) / (y[1] - y[0]) * (HEIGHT_PX - EDGE.top - EDGE.bottom);
    this.valueAt = (px) => x[0] + (px - EDGE.left) / (width - EDGE.left - EDGE.right) * (x[1] - x[0]);
    const floor = HEIGHT_PX - EDGE.bottom;
    for (const at of ticks(x)) {
      this.add('text', { x: this.x(at), y: floor + 15, class: 'tick middle' }, number(at));
    }
    for (const at of yTicks ? ticks(y) : []) {
      this.add('line', { x1: EDGE.left, x2: width - EDGE.right, y1: this.y(at), y2: this.y(at), class: 'grid' });
      this.add('text', { x: EDGE.left - 6, y: this.y(at) + 4, class: 'tick end' }, form(at));
    }
    this.add('line', { x1: EDGE.left, x2: width - EDGE.right, y1: floor, y2: floor, class: 'axis' });
    this.add('text', { x: width - EDGE.right, y: HEIGHT_PX - 3, class: 'tick end' }, xTitle);
    if (yTitle) this.add('text', { x: 0, y: 8, class: 'tick' }, yTitle);
    if (cursor !== undefined) {
      this.add('line', { x1: this.x(cursor), x2: this.x(cursor), y1: EDGE.top, y2: floor, class: 'cursor' });
    }
  }

  add(tag, attributes, text) {
    const node = shape(tag, attributes, text);
    this.svg.append(node);
    return node;
  }

  // points [x, y], null where there is no number; a gap is not bridged.
  line(points, className) {
    let path = '', pen = 'M';
    for (const [x, y] of points) {
      if (y === null || x === null) { pen = 'M'; continue; }
      path += `${pen}${this.x(x).toFixed(1)} ${this.y(y).toFixed(1)}`;
      pen = 'L';
    }
    this.add('path', { d: path, class: 'line ' + className });
  }

  dots(points, className, radius) {
    for (const [x, y] of points) {
      if (x !== null && y !== null) this.add('circle', { cx: this.x(x), cy: this.y(y), r: radius, class: className });
    }
  }

  // Words beside each point of [x, y, words], none over another.
  words(points) {
    const taken = [], { width } = this.svg.viewBox.baseVal;
    for (const [x, y, words] of points) {
      const box = freeBox([this.x(x), this.y(y)], words.length, taken, EDGE.left, width);
      taken.push(box);
      this.add('text', { x: box[0], y: box[3] - 2, class: 'tick' }, words);
    }
  }

  tell(entries) {
    this.legend.replaceChildren(...entries.map(([className, words]) => {
      const entry = el('span', '', words);
      entry.prepend(el('i', 'key ' + className));
      return entry;
    }));
  }
}
