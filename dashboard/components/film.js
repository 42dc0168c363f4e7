// The film: points glide from snapshot to snapshot. It plays in the browser alone; the server is never asked.
const MOMENT_MS = 1100;  // from one snapshot to the next
const screens = new WeakMap();

export default function (component) {
  const { parentElement, data } = component;
  let screen = screens.get(parentElement);
  if (!screen) {
    screen = new Film(parentElement);
    screens.set(parentElement, screen);
  }
  screen.load(data);
  return () => {
    screen.remove();
    screens.delete(parentElement);
  };
}

class Film {
  constructor(parent) {
    this.root = el('div');
    this.node = el('div', 'sealife-plot');
    const controls = el('div', 'sealife-film-controls');
    this.button = el('button', '', '▶ Play');
    this.slider = el('input');
    Object.assign(this.slider, { type: 'range', min: 0, step: 0.01, value: 0 });
    this.slider.setAttribute('aria-label', 'Epoch of the film');
    this.label = el('output');
    controls.append(this.button, this.slider, this.label);
    this.root.append(controls, this.node);
    parent.append(this.root);
    this.legend = new Legend(this.root);
    this.hover = new HoverBox(parent);
    this.button.onclick = () => (this.playing ? this.pause() : this.play());
    this.slider.oninput = () => { this.pause(); this.show(Number(this.slider.value)); };
    this.slider.onchange = () => this.show(Math.round(Number(this.slider.value)));
    this.node.addEventListener('mouseleave', () => this.hover.hide());
    this.watch = new ResizeObserver(() => this.node._fullLayout && this.plotly?.Plots.resize(this.node));
    this.watch.observe(parent);
    this.at = 0;
  }

  async load(data) {
    if (data.figure === this.data?.figure && data.frames === this.data?.frames) return;
    this.data = data;
    this.node.style.minHeight = `${data.height}px`;
    this.plotly ??= await loadPlotly(data.plotly);
    if (data !== this.data) return;
    const figure = JSON.parse(data.figure);
    const bytes = Uint8Array.from(atob(data.frames), (letter) => letter.charCodeAt(0));
    this.frames = new Float32Array(bytes.buffer);
    this.sizes = figure.data.map((trace) => decoded(trace).rows.length);
    figure.layout.height = data.height;
    this.legend.draw(figure.data, () => this.plotly.restyle(this.node, { visible: this.legend.visible() }));
    await this.plotly.react(this.node, figure.data, figure.layout, tools(this.plotly, data.name, ['select2d', 'lasso2d']));
    this.node.setAttribute('role', 'img');
    this.node.setAttribute('aria-label', data.alt);
    if (!this.bound) {
      this.bound = true;
      this.node.on('plotly_hover', ({ points, event }) => {
        if (points[0]?.customdata && event && !this.playing) this.hover.show(points[0].customdata, event, this.data);
      });
      this.node.on('plotly_unhover', () => this.hover.hide());
    }
    this.slider.max = data.epochs.length - 1;
    await this.show(Math.min(this.at, data.epochs.length - 1));
    this.node.dataset.ready = 'film';
  }

  play() {
    this.hover.hide();
    this.playing = true;
    this.button.textContent = '❚❚ Pause';
    const last = this.data.epochs.length - 1;
    if (this.at >= last) this.at = 0;
    let before = performance.now();
    const step = async (now) => {
      if (!this.playing) return;
      const next = Math.min(last, this.at + Math.min(now - before, 250) / MOMENT_MS);
      before = now;
      await this.show(next);
      if (next >= last) this.pause();
      else requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  }

  pause() {
    this.playing = false;
    this.button.textContent = '▶ Play';
  }

  // The points at moment `at`, a number between snapshots: each glides, slowest where a snapshot is.
  async show(at) {
    this.at = at;
    const { epochs, n } = this.data;
    const first = Math.min(Math.floor(at), epochs.length - 1);
    const second = Math.min(first + 1, epochs.length - 1);
    const part = at - first;
    const ease = part * part * (3 - 2 * part);
    const xs = [];
    const ys = [];
    let point = 0;
    for (const size of this.sizes) {
      const [x, y] = [new Float32Array(size), new Float32Array(size)];
      for (let i = 0; i < size; i++, point++) {
        const [a, b] = [2 * (first * n + point), 2 * (second * n + point)];
        x[i] = this.frames[a] + ease * (this.frames[b] - this.frames[a]);
        y[i] = this.frames[a + 1] + ease * (this.frames[b + 1] - this.frames[a + 1]);
      }
      xs.push(x);
      ys.push(y);
    }
    this.slider.value = at;
    const near = epochs[Math.round(at)];
    this.label.textContent = near === 0 ? 'before training' : `epoch ${near} of ${epochs[epochs.length - 1]}`;
    this.slider.setAttribute('aria-valuetext', this.label.textContent);
    await this.plotly.restyle(this.node, { x: xs, y: ys });
    this.node.dataset.at = at.toFixed(2);
  }

  remove() {
    this.playing = false;
    this.watch.disconnect();
    this.hover.remove();
    if (this.plotly && this.node._fullLayout) this.plotly.purge(this.node);
    this.root.remove();
  }
}
