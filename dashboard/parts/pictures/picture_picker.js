export default function ({ data, parentElement, setTriggerValue }) {
  const grid = parentElement.querySelector('.picker');
  grid.replaceChildren(...data.pictures.map((picture) => {
    const button = el('button');
    button.title = picture.name;
    button.setAttribute('aria-pressed', String(picture.picked));
    button.append(thumbnail(picture.url, picture.name + ', picture ' + picture.row));
    button.onclick = () => setTriggerValue('toggled', picture.row);
    return button;
  }));
}
