// Loads the plotly.js that this server keeps beside the pages, once a browser tab; every chart shares it.
function loadPlotly(address) {
  window.sealifePlotly ??= new Promise((resolve, reject) => {
    const script = document.createElement('script');
    script.src = address;
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => {
      delete window.sealifePlotly;  // the next drawing tries again
      reject(new Error('plotly.js cannot be loaded'));
    };
    document.head.appendChild(script);
  });
  return window.sealifePlotly;
}

// What plotly.py packs as base64 ({dtype, bdata}), as a typed array; a plain array as it is.
function unpacked(values) {
  if (!values?.bdata) return values ?? [];
  const bytes = Uint8Array.from(atob(values.bdata), (letter) => letter.charCodeAt(0));
  const kinds = { f4: Float32Array, f8: Float64Array, i4: Int32Array, i2: Int16Array, i1: Int8Array, u1: Uint8Array };
  return new kinds[values.dtype](bytes.buffer);
}

// The rows and places of one trace's points; customdata is (n, 7) with the row first.
function decoded(trace) {
  const [custom, x, y] = [trace.customdata, trace.x, trace.y].map(unpacked);
  const wide = custom.length / x.length;
  return { rows: Array.from(x, (_, i) => custom[i * wide]), x, y };
}

// Tools over every chart. Plotly's own "Share chart" would upload it to a company's server: pictures stay here.
// Made once a chart, `name()` asked when it is saved: a config that differs in a function alone makes Plotly build the
// chart anew, twice.
function tools(plotly, name) {
  const click = (node) => savePng(plotly, node, name());
  const save = { name: 'savePng', title: 'Save as PNG', icon: plotly.Icons.camera, click };
  return { displaylogo: false, displayModeBar: true, plotlyServerURL: '', doubleClickDelay: 400,
    modeBarButtonsToRemove: ['sendChartToCloud', 'toImage', 'autoScale2d'], modeBarButtonsToAdd: [save] };
}

// On the page the legend stands below the chart and the background is the page's; a file needs both within.
function savePng(plotly, node, name) {
  const background = getComputedStyle(node).getPropertyValue('--st-background-color').trim() || 'white';
  const layout = { ...node.layout, showlegend: true, paper_bgcolor: background, plot_bgcolor: background };
  const size = { width: Math.max(900, node.clientWidth), height: node.clientHeight };
  return plotly.downloadImage({ data: node.data, layout }, { format: 'png', scale: 2, filename: name, ...size });
}

// The groups below the chart, each a switch: a click turns one off and on, a double click leaves it alone on.
class Legend {
  constructor(root) {
    this.root = el('div', 'sealife-legend');
    this.root.setAttribute('role', 'group');
    this.root.setAttribute('aria-label', 'Groups: click to hide or show');
    root.append(this.root);
    this.hidden = new Set();
  }

  // Before drawing: the groups that are switched off stay off.
  draw(traces, redraw) {
    this.traces = traces;
    const named = traces.filter((trace) => trace.showlegend !== false);
    const names = new Set(named.map((trace) => trace.meta));
    if (named.length < 2 || ![...this.hidden].every((name) => names.has(name))) this.hidden.clear();
    this.visible().forEach((visible, i) => { traces[i].visible = visible; });
    const switches = named.map((trace) => {
      const name = trace.meta;
      const chip = el('button');
      const sign = el('i', '', { x: '✕', diamond: '◆', square: '■' }[trace.marker.symbol] ?? '●');
      sign.style.color = trace.marker.color;
      chip.append(sign, el('span', '', name));
      chip.title = 'Click: off or on. Double click: only this one.';
      chip.setAttribute('aria-pressed', !this.hidden.has(name));
      const turn = (hidden) => {
        this.hidden = hidden;
        redraw();
        [...this.root.children].forEach((other, i) => other.setAttribute('aria-pressed', !hidden.has(named[i].meta)));
      };
      chip.onclick = () => {
        const hidden = new Set(this.hidden);
        if (!hidden.delete(name)) hidden.add(name);
        turn(hidden);
      };
      chip.ondblclick = () => {
        const others = [...names].filter((other) => other !== name);
        turn(new Set(others.every((other) => this.hidden.has(other)) ? [] : others));
      };
      return chip;
    });
    this.root.replaceChildren(...(named.length > 1 ? switches : []));
  }

  visible() { return this.traces.map((trace) => (this.hidden.has(trace.meta) ? 'legendonly' : true)); }
}

// The floating box beside the pointer: the picture of a point and what is known of it.
// customdata: [row, class, split, predicted, confidence, loss, cluster]; -1 and NaN are unknown.
class HoverBox {
  constructor(root) {
    this.box = el('div', 'sealife-hover');
    this.image = el('img');
    this.lines = el('div');
    this.box.append(this.image, this.lines);
    root.append(this.box);  // where the theme's colours are known
  }

  show(custom, pointer, data) {
    const [row, label, split, predicted, confidence] = custom;
    const name = (index) => data.classes[index] ?? 'unlabelled';
    const address = data.thumbs.replace('{row}', row);
    if (this.image.getAttribute('src') !== address) this.image.src = address;
    this.image.alt = `${name(label)}, picture ${row}`;
    this.lines.replaceChildren(el('b', '', name(label)), el('span', '', data.splits[split] ?? ''));
    if (predicted >= 0) {
      const right = predicted === label;
      const sure = Number.isFinite(confidence) ? `, ${Math.round(100 * confidence)} % sure` : '';
      const verdict = label < 0 ? 'Says' : right ? '✓ Right:' : '✗ Says';
      this.lines.append(el('span', right ? 'right' : 'wrong', `${verdict} ${name(predicted)}${sure}`));
    }
    const wide = 200;
    const left = pointer.clientX + 18 + wide > window.innerWidth ? pointer.clientX - wide - 18 : pointer.clientX + 18;
    this.box.style.left = `${Math.max(8, left)}px`;
    this.box.style.top = `${Math.max(8, Math.min(pointer.clientY - 60, window.innerHeight - 250))}px`;
    this.box.style.display = 'block';
  }

  hide() { this.box.style.display = 'none'; }

  remove() { this.box.remove(); }
}
