export default function ({ data, parentElement, setTriggerValue }) {
  const grid = parentElement.querySelector('.picker');
  const corrected = (number) => setTriggerValue('corrected', number);
  grid.replaceChildren(...data.pictures.map((picture, place) => {
    const cell = el('div', 'cell'), pick = el('button', 'pick'), enlarge = el('button', 'enlarge', '⤢');
    pick.title = picture.caption;
    pick.setAttribute('aria-pressed', String(picture.picked));
    pick.append(thumbnail(picture.url, picture.caption + ', picture ' + picture.row));
    pick.onclick = () => setTriggerValue('toggled', picture.row);
    enlarge.title = 'Open large';
    enlarge.setAttribute('aria-label', 'Open large: ' + picture.caption + ', picture ' + picture.row);
    enlarge.onclick = () => openLarge(grid, data.pictures, place, data.correcting, corrected);
    cell.append(pick, enlarge);
    return cell;
  }));
}
