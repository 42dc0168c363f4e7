// One picture after the other, labelled with keys. Every answer is written at once, also while a tab closes; the page
// sends further pictures while a person goes on with those that are there.

const AHEAD = 6;  // so few pictures left: the page is asked for more
const OWN_KEYS = 'input:not([type="radio"]):not([type="checkbox"]), textarea, select, dialog, [contenteditable],'
  + ' [role="listbox"], [role="combobox"]';

// The file of a picture, between these; nothing where it would tell the label.
const named = (item, after, before = '') => (item.file ? before + item.file.split('/').pop() + after : '');

class Labeller {
  constructor(root, ask) {
    Object.assign(this, { root, ask, items: [], done: [], held: new Set(), undone: new Set(), began: 0, asked: 0, waits: false, queue: [] });
    window.addEventListener('pagehide', () => this.flush());
    this.image = telling(root.querySelector('.picture img'));
    this.image.onclick = () => this.open(0);
    this.by = root.querySelector('.by');
    this.by.value = keptName();
    this.by.onchange = () => { keepName(this.by.value.trim()); this.ask('named', this.by.value.trim()); };
    this.typed = root.querySelector('.typed');
    this.typed.oninput = () => this.references(this.typedClass());
    this.typed.onkeydown = (event) => {
      if (event.key === 'Escape') this.typed.blur();
      if (event.key !== 'Enter' || event.isComposing || !this.typed.value.trim()) return;
      this.label(this.typedClass());
      this.typed.value = '';
      this.typed.blur();
    };
    for (const button of root.querySelectorAll('[data-act]')) button.onclick = () => this.act(button.dataset.act);
  }

  // New pictures from the page: those that are answered here already are left out.
  take(data) {
    const first = !this.data;
    Object.assign(this, { data, waits: false });
    if (data.mode === 'blind') {  // who it is was typed above the pictures: from here on keys are answers
      this.by.value = data.by;
      keepName(data.by);
      if (first) document.activeElement?.blur();
    } else if (!this.by.value) this.by.value = data.by;
    else if (!data.by) this.ask('named', this.by.value);
    const current = this.items[0];
    const fresh = data.items.filter((item) => !this.held.has(item.id) && item.id !== current?.id);
    this.items = current && !this.held.has(current.id) ? [current, ...fresh] : fresh;
    this.offer();
    for (const node of this.root.querySelectorAll('[data-mode]')) node.hidden = !node.dataset.mode.split(' ').includes(data.mode);
    this.show();
  }

  typedClass() { return typedClass(this.typed.value, this.data.classes.map((one) => one.name)); }

  // What may be typed: all classes, also those that another tab has named meanwhile.
  offer(names = this.data.classes.map((one) => one.name)) {
    const known = new Map(this.data.classes.map((one) => [one.name, one]));
    this.data.classes = names.map((name) => known.get(name) ?? { name, examples: [] });
    this.root.querySelector('datalist').replaceChildren(...names.map((name) => Object.assign(el('option'), { value: name })));
  }

  show() {
    const item = this.items[0];
    this.root.classList.toggle('through', !item);
    this.root.querySelector('.counts').textContent = this.counts();
    this.root.querySelector('[data-act="undo"]').disabled = !this.done.length && !this.earlier();
    if (!item) return;
    this.image.src = item.large;
    this.image.alt = item.file || 'The picture to label';
    if (this.items[1]) new Image().src = this.items[1].large;  // so that the next one is there at once
    this.root.querySelector('.file').textContent = item.file;
    this.root.querySelector('.note').textContent = item.note;
    this.root.classList.toggle('many', item.likely.length > 9);
    this.root.querySelector('.likely').replaceChildren(...item.likely.map((one, at) => this.choice(item, one, at)));
    this.near(item);
    this.alike(item);
  }

  counts() {
    const minutes = (performance.now() - this.began) / 60000;
    const rate = this.done.length > 4 ? `, ${Math.round(this.done.length / Math.max(minutes, 0.05))} a minute` : '';
    return `${this.done.length} answered here${rate}`;
  }

  choice(item, one, at) {
    const button = el('button', 'choice');
    const bar = el('i', 'share');
    bar.style.width = Math.round(100 * one.share) + '%';
    bar.style.background = one.colour;
    button.append(bar, ...(at < 9 ? [el('kbd', '', String(at + 1))] : []), el('span', 'name', one.name));
    button.append(el('span', 'percent', one.share < 0.005 ? '' : Math.round(100 * one.share) + ' %'));
    button.classList.toggle('now', one.name === item.label);
    button.title = one.name === item.label ? 'Its label now' : '';
    button.onclick = () => this.label(one.name);
    button.onmouseenter = button.onfocus = () => this.references(one.name);
    const line = el('div', 'option');
    line.append(button);
    if (this.data.classes.some((known) => known.name === one.name && known.examples.length)) line.append(this.peek(one.name));
    return line;
  }

  // Pictures of a class where nothing hovers: a finger, or a screen reader.
  peek(name) {
    const button = el('button', 'peek', '\u25a6');
    button.title = `Pictures of ${name}`;
    button.setAttribute('aria-label', button.title);
    button.onclick = () => {
      this.turn(name);
      this.root.querySelector('.near').scrollIntoView({ block: 'nearest', behavior: 'smooth' });
    };
    return button;
  }

  // Pictures of that class; where they are shown already, the most similar ones again.
  turn(name) {
    if (this.shown === name) this.near(this.items[0]);
    else this.references(name);
  }

  near(item) {
    this.shown = '';
    this.strip('.near', item.near.length ? 'Most similar pictures that have a label' : '', item.near);
  }

  references(name) {
    const known = this.data.classes.find((one) => one.name === name);
    if (!known?.examples.length) return;
    this.shown = name;
    this.strip('.near', `Pictures of ${name}`, known.examples.map((url) => ({ url, caption: '' })));
  }

  strip(where, head, pictures) {
    const strip = this.root.querySelector(where);
    strip.replaceChildren(...(head ? [el('p', 'head', head)] : []), ...pictures.map((one, at) => {
      const figure = el('figure');
      const image = thumbnail(one.url, one.caption);
      if (one.large) image.onclick = () => this.open(at + 1);
      figure.append(image);
      if (one.caption) figure.append(el('figcaption', '', one.caption));
      return figure;
    }));
  }

  // Pictures that look the same: they get the label too, unless a click takes one out.
  alike(item) {
    const strip = this.root.querySelector('.alike');
    this.along = new Set(item.alike.map((one) => one.id));
    const count = () => `${this.along.size} that look alike get the same label; a click takes one out`;
    const head = el('p', 'head', count());
    strip.replaceChildren(...(item.alike.length ? [head] : []), ...item.alike.map((one) => {
      const button = el('button', 'along');
      button.append(thumbnail(one.url, ''));
      button.onclick = () => {
        const out = this.along.delete(one.id);
        if (!out) this.along.add(one.id);
        button.classList.toggle('out', out);
        head.textContent = count();
      };
      return button;
    }));
  }

  act(what) {
    if (what === 'keep') this.answer({ review: 'kept' });
    else if (what === 'unsure') this.answer({ review: 'unsure' });
    else if (what === 'exclude') this.answer({ excluded: 'yes' });
    else if (what === 'skip') this.skip();
    else if (what === 'undo') this.undo();
    else if (what === 'open') this.open(0);
    else if (what === 'type') this.typed.focus();
  }

  // The picture, or one of those that are near, large, with its history and neighbours. Answers are given here alone.
  open(at) {
    const item = this.items[0];
    if (!item?.picture) return;
    openLarge(this.root, [item.picture, ...item.near], at, this.data.about);
  }

  label(name) {
    const item = this.items[0];
    if (!item) return;
    if (this.data.mode === 'blind') this.answer({ opinion: name }, [], name);
    else if (this.data.mode === 'doubtful' && name === item.label) this.answer({ review: 'kept' });
    else this.answer({ label: name, ...(item.split ? { split: item.split } : {}) }, [...this.along], name);
  }

  // The next picture is there at once. Answers are written one after the other; one that fails brings its picture back.
  answer(fields, along = [], name = '') {
    const item = this.items[0];
    if (!item) return;
    this.began ||= performance.now();
    const ids = [item.id, ...along], answered = { item, ids, number: 0 };
    for (const id of ids) this.held.add(id);
    this.done.push(answered);
    this.items = this.items.filter((one) => !this.held.has(one.id));
    if (name && !this.data.classes.some((one) => one.name === name)) this.data.classes.push({ name, examples: [] });
    this.show();
    const images = Object.fromEntries(ids.map((id) => [id, fields]));
    const version = this.data.version[0];  // as it was shown: what is sent may wait for what was answered before
    this.write(() => ({ images, why: this.data.why, version }), (done) => {
      if (done.classes) this.offer(done.classes);
      this.say(done.error || named(item, ': ') + done.said, Boolean(done.error));
      if (done.error) this.bring(answered);
      else answered.number = done.number;
      const count = this.done.length;
      const short = this.items.length <= AHEAD && !this.waits;
      if (short || !this.items.length || Math.abs(count - this.asked) >= this.data.every) {
        Object.assign(this, { asked: count, waits: true });
        this.ask('more', count);
      }
    });
  }

  // Changes are sent in their order; when the tab closes, all that are left at once.
  async write(change, then) {
    this.queue.push({ change, then });
    if (this.queue.length > 1) return;
    while (this.queue.length) {
      const next = this.queue[0], made = next.change();
      if (made) next.then(await this.send(made));
      this.queue.shift();
    }
  }

  flush() {
    for (const { change } of this.queue.splice(1)) {
      const made = change();
      if (made) this.send(made);
    }
  }

  send(change) {
    return sendCorrection(this.data.send, { version: this.data.version[0], ...change }, this.by);
  }

  // An answer that does not hold: its picture is asked again.
  bring(answered) {
    this.done = this.done.filter((one) => one !== answered);
    for (const id of answered.ids) this.held.delete(id);
    this.items.unshift(answered.item);
    this.show();
  }

  skip() {
    if (this.items.length < 2) return;
    this.items.push(this.items.shift());
    this.say('Comes again later.');
    this.show();
  }

  // The last answer of this person before the page was loaded, which can be undone too.
  earlier() {
    return this.data.earlier.findLast((one) => one.by === this.by.value.trim() && !this.undone.has(one.number));
  }

  undo() {
    const last = this.done.findLast((one) => !one.undoing);
    if (!last) {
      const answer = this.done.length ? null : this.earlier();
      if (answer) this.undoEarlier(answer);
      return;
    }
    last.undoing = true;
    this.write(() => last.number && { undo: last.number }, (done) => {  // without a number it is back already
      this.say(done.error || `Taken back${named(last.item, '', ': ')}.`, Boolean(done.error));
      if (done.error) { last.undoing = false; return; }
      this.undone.add(last.number);  // the page may have sent it as an earlier answer meanwhile
      this.bring(last);
    });
  }

  undoEarlier(answer) {
    this.undone.add(answer.number);
    this.write(() => ({ undo: answer.number }), (done) => {
      this.say(done.error || `Taken back${named(answer, '', ': ')}.`, Boolean(done.error));
      if (done.error) this.undone.delete(answer.number);
      else this.ask('more', -answer.number);  // the page asks it again
      this.show();
    });
  }

  say(text, fails = false) {
    const said = this.root.querySelector('.said');
    said.textContent = text;
    said.classList.toggle('fails', fails);
  }

  pressed(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
    if (event.composedPath().some((node) => node.matches?.(OWN_KEYS))) return;
    const chosen = /^[1-9]$/.test(event.key) && this.items[0]?.likely[Number(event.key) - 1];
    const shown = !chosen && event.shiftKey && this.items[0]?.likely[Number(/^Digit([1-9])$/.exec(event.code)?.[1]) - 1];
    if (shown) {
      event.preventDefault();
      event.stopPropagation();
      this.turn(shown.name);
      return;
    }
    const act = { k: 'keep', x: 'exclude', '?': 'unsure', s: 'skip', u: 'undo', Backspace: 'undo', c: 'type', o: 'open' }[event.key];
    if (!chosen && !act) return;
    const button = act && this.root.querySelector(`[data-act="${act}"]`);
    if (button?.hidden) return;
    event.preventDefault();
    event.stopPropagation();
    if (chosen) this.label(chosen.name);
    else this.act(act);
  }
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector('.labeller');
  root.labeller ??= new Labeller(root, setTriggerValue);
  const version = JSON.stringify(data.version);
  if (root.dataset.version !== version) {
    root.dataset.version = version;
    root.labeller.take(data);
  }
  return listen((event) => root.labeller.pressed(event));  // another view's may be there before this one goes
}
