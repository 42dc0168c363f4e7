// One scatter plot of pictures. Sends `selected` ({rows, stamp}) and `clicked` ({row, stamp}); keeps its node, so that
// recolouring neither blinks nor loses the zoom. Plots of one `group` show each other's selection at once.
const held = new WeakMap();
let spare = null;  // the chart of a page that was left: a new one would cost half a second for its WebGL context alone

export default function (component) {
  const { parentElement, data, setTriggerValue } = component;
  let plot = held.get(parentElement);
  if (!plot) {
    plot = spare ?? new Scatter();
    spare = null;
    plot.enter(parentElement, data.version);
    held.set(parentElement, plot);
  }
  plot.send = setTriggerValue;
  plot.draw(data);
  return () => {
    plot.leave();
    held.delete(parentElement);
    spare?.end();
    spare = plot.broken ? null : plot;
  };
}

class Scatter {
  constructor() {
    this.root = el('div');
    this.node = el('div', 'sealife-plot');
    this.root.append(this.node);
    this.legend = new Legend(this.root);
    this.hover = new HoverBox(this.root);
    this.stamps = new Set();  // of selections made here: their echo from the server changes nothing
    this.onOthers = (event) => this.follow(event.detail);
    this.node.addEventListener('mouseleave', () => this.hover.hide());
    this.watch = new ResizeObserver(() => this.fit());
    this.turn = Promise.resolve();  // one drawing after the other
  }

  enter(parent, version) {
    if (version !== this.version) {  // what it shows is of another time
      delete this.node.dataset.ready;
      this.node.style.visibility = 'hidden';
    }
    parent.append(this.root);
    window.addEventListener('sealife-selection', this.onOthers);
    this.watch.observe(parent);
  }

  leave() {
    window.removeEventListener('sealife-selection', this.onOthers);
    this.watch.disconnect();
    this.hover.hide();
    this.root.remove();
  }

  end() {
    if (this.plotly && this.node._fullLayout) this.plotly.purge(this.node);
  }

  fit() {
    const drawn = this.node._fullLayout?.width;
    if (drawn && Math.abs(drawn - this.node.clientWidth) > 1) this.soon(() => this.plotly.Plots.resize(this.node));
  }

  draw(data) {
    this.wanted = data;
    this.node.style.minHeight = `${data.height}px`;  // nothing below jumps when the points arrive
    this.soon(() => this._draw(data));
  }

  soon(work) {
    this.turn = this.turn.then(work).catch((error) => this.fail(error));
  }

  async _draw(data) {
    if (data !== this.wanted) return;  // a newer one waits behind it
    this.plotly ??= await loadPlotly(data.plotly);
    this.data = data;
    if (data.version !== this.version) {
      const answer = await fetch(data.figure);
      if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
      const figure = await answer.json();
      if (data !== this.wanted) return;
      this.flat = figure.data.every((trace) => trace.type !== 'scatter3d');
      this.selected = data.selected ?? null;
      this.stamp(data.stamp);
      this.traces = figure.data.map(decoded);
      this.places(this.selected).forEach((places, index) => { figure.data[index].selectedpoints = places; });
      figure.layout.height = data.height;
      figure.layout.shapes = this.rings(data.marks, figure.layout.font.color);
      this.legend.draw(figure.data, () => this.plotly.restyle(this.node, { visible: this.legend.visible() }));
      await this.plotly.react(this.node, figure.data, figure.layout, this.settings());
      this.version = data.version;
      this.marked = String(data.marks);
      this.bind();
      this.node.style.visibility = '';
      this.node.dataset.ready = data.version;
    } else {
      if (!this.stamps.has(data.stamp)) await this.select(data.selected ?? null);
      this.stamp(data.stamp);
      if (String(data.marks) !== this.marked) this.mark(data.marks);
    }
    this.node.setAttribute('role', 'img');
    this.node.setAttribute('aria-label', data.alt);
  }

  // Thousands of points hide each other's edges: drawn without Plotly's fourfold smoothing they answer twice as fast.
  settings() {
    const points = this.traces.reduce((sum, trace) => sum + trace.rows.length, 0);
    const plotGlPixelRatio = points > 5000 ? window.devicePixelRatio || 1 : 2;
    this.tools ??= tools(this.plotly, () => this.data.name);
    return { ...this.tools, plotGlPixelRatio };
  }

  // For every trace the places of its selected points; null: nothing is selected, all are drawn in full.
  places(rows) {
    if (!rows || !this.flat) return this.traces.map(() => null);
    const chosen = new Set(rows);
    return this.traces.map((trace) => {
      const found = [];
      trace.rows.forEach((row, place) => { if (chosen.has(row)) found.push(place); });
      return found;
    });
  }

  async select(rows) {
    this.selected = rows;
    if (!this.flat) return;
    this.quiet = true;
    await this.plotly.update(this.node, { selectedpoints: this.places(rows) }, { selections: [] });
    this.quiet = false;
    this.node.dataset.selected = rows ? rows.length : 0;
  }

  bind() {
    if (this.bound) return;
    this.bound = true;
    this.node.on('plotly_hover', (event) => {
      const point = event.points[0];
      if (point?.customdata) this.hover.show(point.customdata, event.event ?? this.pointer, this.data);
    });
    this.node.on('plotly_unhover', () => this.hover.hide());
    this.node.addEventListener('mousemove', (event) => { this.pointer = event; });
    this.node.on('plotly_selecting', () => this.hover.hide());
    this.node.on('plotly_selected', (event) => {
      if (!event || (!event.range && !event.lassoPoints)) return;  // a click, or what we have drawn ourselves
      this.tell([...new Set(event.points.map((point) => point.customdata[0]))].sort((a, b) => a - b));
    });
    this.node.on('plotly_deselect', () => { if (!this.quiet && this.selected) this.tell([]); });
    this.node.on('plotly_click', (event) => {
      const point = event.points[0];
      if (point?.customdata) this.send('clicked', { row: point.customdata[0], stamp: fresh() });
    });
  }

  tell(rows) {
    const stamp = this.stamp(fresh());
    this.selected = rows.length ? rows : null;
    this.node.dataset.selected = rows.length;
    // Plotly keeps the outline and selects by it again at every redraw, wrongly once rings were drawn: the rows count.
    setTimeout(() => this.soon(() => this.select(this.selected)));
    const detail = { rows, stamp, group: this.data.group, from: this };
    window.dispatchEvent(new CustomEvent('sealife-selection', { detail }));
    this.send('selected', { rows, stamp });
  }

  follow({ rows, stamp, group, from }) {
    if (from === this || !this.data || group !== this.data.group) return;
    this.stamp(stamp);
    this.soon(() => this.select(rows.length ? rows : null));
  }

  // Rings around single points: the query and its neighbours. Shapes are redrawn without touching the points.
  mark(rows) {
    this.marked = String(rows);
    if (this.flat) this.plotly.relayout(this.node, { shapes: this.rings(rows, this.node._fullLayout.font.color) });
  }

  rings(rows, ink) {
    if (!rows.length || !this.flat) return [];
    const order = new Map(rows.map((row, index) => [row, index]));
    return this.traces.flatMap(({ rows: shown, x, y }) => shown.flatMap((row, i) => {
      if (!order.has(row)) return [];
      const query = order.get(row) === 0;
      const radius = query ? 11 : 7;
      return [{ type: 'circle', xsizemode: 'pixel', ysizemode: 'pixel', xanchor: x[i], yanchor: y[i], x0: -radius,
        x1: radius, y0: -radius, y1: radius, line: { color: ink, width: query ? 3 : 1.5 } }];
    }));
  }

  stamp(stamp) {
    this.stamps.add(stamp);
    return stamp;
  }

  fail(error) {
    console.error(error);
    this.broken = true;
    this.node.style.visibility = '';
    this.node.textContent = `The chart cannot be drawn: ${error.message}. Reload the page.`;
  }
}

function fresh() { return `c${Date.now().toString(36)}${Math.random().toString(36).slice(2, 7)}`; }
