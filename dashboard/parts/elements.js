// What the scripts of all components share; it stands before each.

// A new element. Its text is never HTML: names are a user's data.
function el(tag, className, text) {
  const node = document.createElement(tag);
  if (tag === 'button') node.type = 'button';
  if (className) node.className = className;
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

// What plays through stored epochs. Whoever extends it has data.epochs, a button, and show(at), which draws one moment.
class Epochs {
  constructor(momentMs) { Object.assign(this, { momentMs, at: 0, playing: null }); }

  get last() { return this.data.epochs.length - 1; }

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
