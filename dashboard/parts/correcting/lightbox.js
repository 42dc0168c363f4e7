// What is known of one picture, and a form to correct it. It lives in the browser: showing it runs nothing on the server;
// what was changed of the picture and its neighbours are fetched. Where correcting has a place to send it, keys correct it.

const NAME_KEPT = 'sealife.by';
const OUTLIVES_TAB = 30_000;  // characters: a browser refuses more than 64 kB that may outlive a tab

// A tab keeps its own name, as two people may label in two; a new tab begins with the last.
function keptName() {
  try { return sessionStorage.getItem(NAME_KEPT) || localStorage.getItem(NAME_KEPT) || ''; } catch { return ''; }  // a browser may forbid it
}

function keepName(name) {
  try { for (const kept of [sessionStorage, localStorage]) kept.setItem(NAME_KEPT, name); } catch { /* it is typed again the next time */ }
}

// The class that was typed: one there is, whatever its capitals, or else a new one.
function typedClass(typed, names) {
  const name = typed.trim(), same = (one) => one.toLowerCase() === name.toLowerCase();
  return names.includes(name) ? name : names.find(same) ?? name;
}

// Write one correction: {images} or {undo}, and why, by the name in a field. Gives {number, said}, or {error}. A name
// that looks like a known one is that person's: the field then shows it as it is known.
async function sendCorrection(address, change, named) {
  const by = named.value.trim(), body = JSON.stringify({ ...change, by });
  try {
    const answer = await fetch(address, {
      method: 'POST', keepalive: body.length < OUTLIVES_TAB, headers: { 'Content-Type': 'application/json' }, body,
    });
    const done = await answer.json();
    if (done.by && done.by !== by && named.value.trim() === by) keepName(named.value = done.by);
    return done;
  } catch {
    return { error: 'The dashboard does not answer. Nothing was saved. Try again.' };
  }
}

const STEPS = { ArrowLeft: -1, ArrowRight: 1 };
class KnownPicture {
  // corrected: called once something was changed, so that the page can show it.
  constructor(correcting, corrected) {
    Object.assign(this, { correcting, corrected, last: 0, asked: 0, turn: Promise.resolve() });
    this.facts = el('dl');
    this.near = el('div', 'near');
    this.parts = [...(correcting?.send ? [this.form()] : []), this.facts, this.near];
  }

  action(label, run) {
    const button = el('button', 'action', label);
    button.onclick = run;
    return button;
  }

  about(picture) {
    this.tell(picture.facts);
    this.near.replaceChildren();
    if (!this.correcting) return;
    this.fetch(picture);
    if (!this.correcting.send) return;
    Object.assign(this, { suggested: [], excluded: false });  // of the picture before, until this one's are there
    this.chips.replaceChildren();
    this.split.value = this.group.value = '';
  }

  // Of what is not in the data set, such as a view, first what it is.
  tell(facts) {
    this.facts.replaceChildren(...[...(this.picture.first ?? []), ...facts].flatMap(([name, value]) => [el('dt', '', name), el('dd', '', value)]));
  }

  // What was changed of a picture, and its neighbours, as it is now; the answer to an earlier question is no news.
  async fetch(picture) {
    const asked = ++this.asked;
    const answer = await fetch(this.correcting.about.replace('{id}', encodeURIComponent(picture.id))).catch(() => null);
    if (!answer || !answer.ok) return;
    const known = await answer.json();
    if (asked !== this.asked) return;
    this.tell(known.facts);
    this.near.replaceChildren(...(known.near.length ? [el('p', 'head', 'Most similar pictures')] : []), ...known.near.map(
      (one) => {
        const figure = el('figure'), caption = el('figcaption');
        caption.append(dot(one.colour), one.caption);
        figure.append(thumbnail(one.url, one.caption), caption);
        return figure;
      },
    ));
    if (!this.correcting.send) return;
    this.chips.replaceChildren(...known.suggested.map((name, at) => {
      const chip = this.action((at + 1) + ' ' + name, () => this.correct('label', name));
      chip.classList.toggle('chosen', name === known.label);
      return chip;
    }));
    this.suggested = known.suggested;
    this.version = known.version;
    this.classes = known.classes;
    this.list.replaceChildren(...known.classes.map((name) => Object.assign(el('option'), { value: name })));
    this.split.value = known.split;
    this.group.value = known.group;
    this.out.textContent = known.excluded ? 'Take back in' : 'Leave out';
    this.excluded = known.excluded;
  }

  form() {
    const form = el('div', 'form'), line = el('div', 'line-of-form');
    this.chips = el('div', 'chips');
    this.named = el('input');
    Object.assign(this.named, { placeholder: 'Another class: type it, then Enter', maxLength: 100 });
    this.named.setAttribute('list', 'sealife-classes');
    this.named.setAttribute('aria-label', 'Class');
    this.named.onkeydown = (event) => {
      if (event.key !== 'Enter' || event.isComposing || !this.named.value.trim()) return;
      event.stopPropagation();
      this.correct('label', typedClass(this.named.value, this.classes ?? []));
      this.named.value = '';
      this.named.blur();
    };
    this.list = el('datalist');
    this.list.id = 'sealife-classes';
    this.split = el('select');
    this.split.append(...this.correcting.splits.map(([value, text]) => Object.assign(el('option', '', text), { value })));
    this.split.setAttribute('aria-label', 'Split');
    this.split.onchange = () => this.correct('split', this.split.value);
    this.group = el('input', 'group');
    Object.assign(this.group, { placeholder: 'Group: a dive, a film', title: 'Group', maxLength: 100 });
    this.group.setAttribute('aria-label', 'Group');
    this.group.onchange = () => this.correct('group', this.group.value.trim());
    this.out = this.action('Leave out', () => this.correct('excluded', this.excluded ? '' : 'yes'));
    this.by = el('input', 'by');
    Object.assign(this.by, { placeholder: 'Your name', maxLength: 60, value: keptName() || this.correcting.by });
    this.by.setAttribute('aria-label', 'Your name, kept with every correction');
    this.by.onchange = () => keepName(this.by.value.trim());
    this.said = el('span', 'said');
    this.said.setAttribute('role', 'status');
    this.undo = this.action('Undo', () => this.send(() => ({ undo: this.last })));
    this.undo.hidden = true;
    line.append(this.named, this.list, this.split, this.group, this.out, this.by);
    const end = el('div', 'line-of-form');
    end.append(this.said, this.undo);
    form.append(
      this.chips, line, end, el('p', 'keys', 'Keys: 1 to 9 a class · c type a class · x leave out · u undo · ← → step'),
    );
    return form;
  }

  correct(field, value) {
    const images = { [this.picture.id]: { [field]: value } };
    this.send(() => ({ images }));
  }

  // One change after the other: an undo takes back the last one, also where that is still being written.
  send(change) {
    this.said.textContent = 'Saving…';
    this.turn = this.turn.then(() => this.write(change()));
  }

  async write(change) {
    const done = await sendCorrection(this.correcting.send, { ...change, version: this.version }, this.by);
    this.said.textContent = done.error || done.said;
    this.said.classList.toggle('fails', Boolean(done.error));
    if (done.error) return;
    this.last = done.number;
    this.undo.hidden = !this.last;
    this.fetch(this.picture);
    this.corrected(done.version);
  }

  // Correct the picture by the key that was pressed. Whether it was one of those that do.
  keyed(event) {
    if (!this.correcting?.send) return false;
    const chosen = this.suggested && this.suggested[Number(event.key) - 1];
    if (chosen) this.correct('label', chosen);
    else if (event.key === 'x') this.out.click();
    else if (event.key === 'u' && !this.undo.hidden) this.undo.click();
    else if (event.key === 'c') {
      event.preventDefault();
      this.named.focus();
    } else return false;
    return true;
  }
}

// Whether a key is typed into a field, or means something else with another one held down.
function meansOther(event) {
  const typed = event.composedPath().some((node) => node.matches?.('input, select, textarea, [contenteditable="true"]'));
  return typed || event.ctrlKey || event.metaKey || event.altKey;
}

// One of pictures large, with what is known of it.
class Lightbox extends KnownPicture {
  constructor(pictures, start, correcting, corrected) {
    super(correcting, corrected);
    Object.assign(this, { pictures, place: start });
    this.dialog = el('dialog', 'large');
    this.image = telling(el('img'));
    this.count = el('span', 'count');
    this.back = this.action('‹ Previous', () => this.step(-1));
    this.next = this.action('Next ›', () => this.step(1));
    const bar = el('div', 'bar');
    bar.append(this.back, this.count, this.next, this.action('Close', () => this.dialog.close()));
    this.dialog.append(bar, this.image, ...this.parts);
    this.dialog.setAttribute('aria-label', 'Picture');
    this.dialog.onkeydown = (event) => this.pressed(event);
    this.dialog.onclick = (event) => { if (event.target === this.dialog) this.dialog.close(); };
    this.dialog.onclose = () => this.dialog.remove();
    this.show();
  }

  get picture() { return this.pictures[this.place]; }

  step(by) {
    this.place = Math.min(this.pictures.length - 1, Math.max(0, this.place + by));
    if (this.said) this.said.textContent = '';
    this.show();
  }

  show() {
    const picture = this.picture;
    this.image.src = picture.large;
    this.image.alt = picture.alt;
    this.image.classList.toggle('pixels', Boolean(picture.pixels));
    this.count.textContent = (this.place + 1) + ' of ' + this.pictures.length;
    this.back.disabled = this.place === 0;
    this.next.disabled = this.place === this.pictures.length - 1;
    this.about(picture);
  }

  pressed(event) {
    event.stopPropagation();  // the page has keys of its own
    if (meansOther(event)) return;
    if (event.key in STEPS) this.step(STEPS[event.key]);
    this.keyed(event);
  }
}

// Opens one of pictures; the dialog stands after the element beside.
function openLarge(beside, ...shown) {
  const { dialog } = new Lightbox(...shown);
  beside.after(dialog);
  dialog.showModal();
}
