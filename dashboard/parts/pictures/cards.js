function card(picture, open) {
  const button = el('button', 'card ' + picture.state);
  button.title = picture.title;
  button.dataset.id = picture.id;
  const frame = el('span', 'frame');
  frame.append(thumbnail(picture.url, picture.alt));
  if (picture.badge) frame.append(el('b', 'badge', picture.badge));
  const truth = el('span', 'truth');
  truth.append(dot(picture.colour), el('span', 'name', picture.truth));
  button.append(frame, truth);
  for (const said of picture.said) {
    const line = el('span', 'said ' + said.state);
    if (said.run) line.append(dot(said.run));
    line.append(el('b', '', said.sign), el('span', 'name', said.text), el('span', 'sure', said.sure));
    button.append(line);
  }
  button.onclick = () => open(picture.id);
  return button;
}

export default function ({ data, parentElement, setTriggerValue }) {
  const grid = parentElement.querySelector('.cards');
  grid.setAttribute('aria-label', data.says);
  grid.replaceChildren(...data.cards.map((picture) => card(picture, (id) => setTriggerValue('opened', id))));
}
