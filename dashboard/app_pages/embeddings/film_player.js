// The film: points glide from snapshot to snapshot on a canvas of their own, which a slow machine too draws smoothly.
// It plays in the browser alone; the server is never asked.
const MOMENT_MS = 1100;  // from one snapshot to the next
const WAYS = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 };
const REACH_PX = 14;  // how near a pointer must come to a point

export default function (component) { return keepView(Film, component); }

class Film extends Epochs {
  constructor(parent) {
    super(MOMENT_MS);
    this.build('sealife-film', el('div', 'sealife-film-says'), 'Epoch of the film');
    this.canvas = el('canvas');
    const controls = el('div', 'sealife-film-controls');
    const save = el('button', 'quiet-button', 'PNG');
    save.title = 'Save this moment as a picture';
    controls.append(this.button, this.slider, this.label, save);
    this.root.append(controls, this.canvas, this.says);
    parent.append(this.root);
    this.legend = new Legend(this.root);
    this.hover = new HoverBox(parent);
    save.onclick = () => this.save();
    this.slider.onkeydown = (event) => this.step(event, WAYS);
    this.canvas.onmousemove = (event) => this.point(event);
    this.canvas.onmouseleave = () => { this.ringed = -1; this.hover.hide(); this.draw(); };
    this.ringed = -1;
  }

  load(data) {
    if (data.version === this.data?.version) return;
    this.data = data;
    this.frames = unpacked({ dtype: 'f4', bdata: data.frames });  // (E, n, 2)
    this.custom = unpacked({ dtype: 'f4', bdata: data.custom });  // (n, c)
    [this.low, this.high] = [[Infinity, Infinity], [-Infinity, -Infinity]];
    this.frames.forEach((value, i) => {
      this.low[i % 2] = Math.min(this.low[i % 2], value);
      this.high[i % 2] = Math.max(this.high[i % 2], value);
    });
    const groups = data.groups.map(({ name, colour, symbol }) => ({ meta: name, marker: { color: colour, symbol } }));
    this.legend.draw(groups, () => this.draw());
    this.slider.max = this.last;
    this.canvas.setAttribute('role', 'img');
    this.canvas.setAttribute('aria-label', data.alt);
    this.ringed = -1;
    this.show(Math.min(this.at, this.last));
  }

  play() {
    this.hover.hide();
    this.ringed = -1;
    super.play();
  }

  // Where point i lies at this moment.
  place(i) {
    const n = this.custom.length / this.data.wide;
    const [a, b] = this.between.map((frame) => 2 * (frame * n + i));
    return [0, 1].map((axis) => {
      const value = this.frames[a + axis] + this.ease * (this.frames[b + axis] - this.frames[a + axis]);
      return this.middle[axis] + (axis ? -1 : 1) * this.scale * (value - (this.low[axis] + this.high[axis]) / 2);
    });
  }

  draw() {
    if (!this.data) return;
    const first = Math.floor(this.moment), part = this.moment - first;
    this.between = [first, Math.min(first + 1, this.last)];
    this.ease = part * part * (3 - 2 * part);  // points glide, slowest where a snapshot is
    const [width, height] = [this.root.clientWidth, this.data.height];
    const ratio = window.devicePixelRatio || 1;
    if (this.canvas.width !== Math.round(width * ratio) || this.canvas.height !== Math.round(height * ratio)) {
      Object.assign(this.canvas, { width: Math.round(width * ratio), height: Math.round(height * ratio) });
      Object.assign(this.canvas.style, { width: `${width}px`, height: `${height}px` });
    }
    this.middle = [width / 2, height / 2];
    const [wide, high] = [this.high[0] - this.low[0] || 1, this.high[1] - this.low[1] || 1];
    this.scale = Math.min((width - 48) / wide, (height - 48) / high);
    const pen = this.canvas.getContext('2d');
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    this.paint(pen);
  }

  paint(pen) {
    const radius = this.data.size_px / 2;
    this.now = [];
    let point = 0;
    for (const { name, colour, symbol, count, opacity } of this.data.groups) {
      const hidden = this.legend.hidden.has(name);
      pen.fillStyle = colour;
      pen.globalAlpha = opacity;
      for (const end = point + count; point < end; point++) {
        if (hidden) continue;
        const [x, y] = this.place(point);
        this.now.push([x, y, point]);
        pen.beginPath();
        if (symbol === 'square') pen.rect(x - radius, y - radius, 2 * radius, 2 * radius);
        else if (symbol === 'diamond') {
          pen.moveTo(x, y - 1.3 * radius);
          pen.lineTo(x + 1.3 * radius, y);
          pen.lineTo(x, y + 1.3 * radius);
          pen.lineTo(x - 1.3 * radius, y);
        } else pen.arc(x, y, radius, 0, 2 * Math.PI);
        pen.fill();
      }
    }
    pen.globalAlpha = 1;
    const ringed = this.now.find((entry) => entry[2] === this.ringed);
    if (!ringed) return;
    pen.strokeStyle = getComputedStyle(this.root).color;
    pen.lineWidth = 2;
    pen.beginPath();
    pen.arc(ringed[0], ringed[1], radius + 4, 0, 2 * Math.PI);
    pen.stroke();
  }

  point(event) {
    if (this.playing || !this.now) return;
    const box = this.canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    let [best, least] = [-1, REACH_PX ** 2];
    for (const [px, py, i] of this.now) {
      const gap = (px - x) ** 2 + (py - y) ** 2;
      if (gap < least) [best, least] = [i, gap];
    }
    if (best !== this.ringed) {
      this.ringed = best;
      this.draw();
    }
    const { wide } = this.data;
    if (best < 0) this.hover.hide();
    else this.hover.show(this.custom.slice(best * wide, (best + 1) * wide), event, this.data);
  }

  save() {
    const page = el('canvas');
    Object.assign(page, { width: this.canvas.width, height: this.canvas.height });
    const pen = page.getContext('2d');
    pen.fillStyle = getComputedStyle(this.root).getPropertyValue('--st-background-color').trim() || 'white';
    pen.fillRect(0, 0, page.width, page.height);
    pen.drawImage(this.canvas, 0, 0);
    const link = el('a');
    link.download = `${this.data.name}-epoch-${this.data.epochs[Math.round(this.at)]}.png`;
    link.href = page.toDataURL('image/png');
    link.click();
  }

  remove() {
    super.remove();
    this.hover.remove();
  }
}
