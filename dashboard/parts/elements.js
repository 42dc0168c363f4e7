// What the scripts of all components share; it stands before each.

// A new element. Its text is never HTML: names are a user's data.
function el(tag, className, text) {
  const node = document.createElement(tag);
  if (tag === 'button') node.type = 'button';
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

// A shape of an SVG.
function shape(tag, attributes, text) {
  const node = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (text !== undefined) node.textContent = text;
  return node;
}

// A small disc in the colour of a class or a run.
function dot(colour) {
  const disc = el('i', 'dot');
  disc.style.background = colour;
  return disc;
}

// A picture that the browser fetches when it comes into sight.
function thumbnail(address, says) {
  return Object.assign(telling(el('img')), { loading: 'lazy', decoding: 'async', alt: says, src: address });
}

// An image that says so where its file is gone.
function telling(image) {
  image.onerror = () => { image.alt = `Its file is missing or cannot be read: ${image.alt}`; };
  return image;
}

// Listens to keys, or `types`, before all else on the page, in place of what the script listened to before; until the
// function that it returns is called.
let listening;
function listen(act, types = ['keydown']) {
  const turn = (how, what) => types.forEach((type) => window[how](type, what, true));
  turn('removeEventListener', listening);
  turn('addEventListener', listening = act);
  return () => turn('removeEventListener', act);
}

// The view in an element: made once, loaded with new data at each drawing, removed with the element. It sends what
// happens by view.send.
const views = new WeakMap();
function keepView(View, { data, parentElement, setTriggerValue }) {
  if (!views.has(parentElement)) views.set(parentElement, new View(parentElement));
  const view = views.get(parentElement);
  view.send = setTriggerValue;
  view.load(data);
  return () => { view.remove(); views.delete(parentElement); };
}

// What plays through stored epochs. Whoever extends it builds it, has data.epochs and data.says, and draws this.moment.
class Epochs {
  constructor(momentMs) { Object.assign(this, { momentMs, at: 0, playing: null }); }

  build(className, says, label) {
    Object.assign(this, { root: el('div', className), button: el('button', 'play', '▶ Play'), label: el('output'), says });
    this.slider = Object.assign(el('input'), { type: 'range', min: 0, step: 'any', value: 0 });
    this.slider.setAttribute('aria-label', label);
    this.button.onclick = () => (this.playing ? this.pause() : this.play());
    this.slider.oninput = () => { this.pause(); this.show(Number(this.slider.value)); };
    this.watch = new ResizeObserver(() => this.draw());
    this.watch.observe(this.root);
  }

  get last() { return this.data.epochs.length - 1; }
  get moment() { return matchMedia('(prefers-reduced-motion: reduce)').matches ? Math.round(this.at) : this.at; }

  show(at) {
    const { epochs, says, planned = epochs[this.last] } = this.data, near = Math.round(at);
    this.at = at;
    this.slider.value = at;
    this.label.textContent = epochs[near] === 0 ? 'before training' : `epoch ${epochs[near]} of ${planned}`;
    this.slider.setAttribute('aria-valuetext', this.label.textContent);
    this.says.textContent = says[near];
    this.draw();
  }

  remove() {
    this.playing = null;
    this.watch.disconnect();
    this.root.remove();
  }

  play() {
    if (this.at >= this.last) this.at = 0;
    this.button.textContent = '❚❚ Pause';
    let before = performance.now();
    const turn = (now) => {
      if (this.playing !== turn) return;  // paused, or played anew since
      const next = Math.min(this.last, this.at + Math.max(0, now - before) / this.momentMs);
      before = now;
      this.show(next);
      if (next >= this.last) this.pause();
      else requestAnimationFrame(turn);
    };
    this.playing = turn;
    requestAnimationFrame(turn);
  }

  pause() {
    this.playing = null;
    this.button.textContent = '▶ Play';
  }

  // To the stored epoch before or after, for a key that means one of them.
  step(event, ways = { ArrowRight: 1, ArrowLeft: -1 }) {
    const way = ways[event.key];
    if (!way || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    this.pause();
    this.show(Math.max(0, Math.min(this.last, Math.round(this.at) + way)));
  }
}
