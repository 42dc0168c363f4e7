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

export default function ({ data, parentElement, setTriggerValue }) {
  const grid = parentElement.querySelector('.pictures');
  const version = JSON.stringify([data.pictures, data.side]);
  if (grid.dataset.version === version) return;  // a refresh must not close what a person is looking at
  grid.dataset.version = version;
  grid.classList.toggle('strip', Boolean(data.strip));
  grid.style.setProperty('--side', data.side / 16 + 'rem');
  if (data.correcting && !data.correcting.by && keptName()) setTriggerValue('named', keptName());
  const there = data.pictures.filter((picture) => picture.url);
  const corrected = (number) => setTriggerValue('corrected', number);
  grid.replaceChildren(...data.pictures.map((picture) => cell(
    picture, () => openLarge(grid, there, there.indexOf(picture), data.correcting, corrected),
  )));
}
