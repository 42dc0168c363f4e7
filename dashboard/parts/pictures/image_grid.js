const STEPS = { ArrowLeft: -1, ArrowRight: 1 };

function cell(picture, open) {
  const button = el('button', 'cell');
  button.title = picture.title;
  const caption = el('span', 'caption');
  caption.append(dot(picture.colour), picture.caption);
  button.append(picture.url ? thumbnail(picture.url, picture.alt) : el('span', 'gone', picture.alt), caption);
  button.append(...picture.lines.map(([style, text]) => el('span', 'line ' + style, text)));
  button.disabled = !picture.url;
  button.onclick = open;
  return button;
}

// One picture large, with what is known of it. It lives in the browser: opening it runs nothing on the server.
function lightbox(pictures, start) {
  const dialog = el('dialog', 'large');
  const image = el('img'), facts = el('dl'), count = el('span', 'count');
  let place = start;
  const show = () => {
    const picture = pictures[place];
    image.src = picture.large;
    image.alt = picture.alt;
    facts.replaceChildren(...picture.facts.flatMap(([name, value]) => [el('dt', '', name), el('dd', '', value)]));
    count.textContent = (place + 1) + ' of ' + pictures.length;
    back.disabled = place === 0;
    next.disabled = place === pictures.length - 1;
  };
  const step = (by) => {
    place = Math.min(pictures.length - 1, Math.max(0, place + by));
    show();
  };
  const action = (label, run) => {
    const button = el('button', 'action', label);
    button.onclick = run;
    return button;
  };
  const back = action('‹ Previous', () => step(-1)), next = action('Next ›', () => step(1));
  const close = action('Close', () => dialog.close());
  const bar = el('div', 'bar');
  bar.append(back, count, next, close);
  dialog.append(bar, image, facts);
  dialog.setAttribute('aria-label', 'Picture');
  dialog.onkeydown = (event) => {
    event.stopPropagation();  // the page has keys of its own
    if (event.key in STEPS) step(STEPS[event.key]);
  };
  dialog.onclick = (event) => { if (event.target === dialog) dialog.close(); };
  dialog.onclose = () => dialog.remove();
  show();
  return dialog;
}

export default function ({ data, parentElement }) {
  const grid = parentElement.querySelector('.pictures');
  const version = JSON.stringify(data);
  if (grid.dataset.version === version) return;  // a refresh must not close what a person is looking at
  grid.dataset.version = version;
  grid.style.setProperty('--side', data.side + 'px');
  const there = data.pictures.filter((picture) => picture.url);
  grid.replaceChildren(...data.pictures.map((picture) => cell(picture, () => {
    const dialog = lightbox(there, there.indexOf(picture));
    grid.after(dialog);
    dialog.showModal();
  })));
}
