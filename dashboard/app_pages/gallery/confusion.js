function heading(side, place, tell) {
  const cell = el('th', side), button = el('button', 'label'), ofRow = side === 'row';
  button.append(dot(place.colour), el('span', '', place.name));
  button.title = (ofRow ? 'Pictures of ' : 'Pictures classified as ') + place.name;
  button.onclick = () => tell(ofRow ? { truth: place.name } : { predicted: place.name });
  cell.scope = ofRow ? 'row' : 'col';
  cell.append(button);
  return cell;
}

export default function ({ data, parentElement, setTriggerValue }) {
  const tell = (cell) => setTriggerValue('picked', cell);
  const table = parentElement.querySelector('table');
  table.style.setProperty('--cell', Math.max(28, Math.min(56, 930 / data.classes.length)) + 'px');
  const focused = table.getRootNode().activeElement?.dataset?.at;
  table.replaceChildren();
  const columns = data.classes.map((place) => heading('column', place, tell));
  table.createTHead().insertRow().append(el('td', 'corner'), ...columns);
  const body = table.createTBody();
  const cells = data.classes.map((truth, i) => {
    const row = body.insertRow();
    row.append(heading('row', truth, tell));
    return data.classes.map((said, j) => {
      const cell = row.insertCell(), button = el('button', i === j ? 'cell right' : 'cell', data.texts[i][j]);
      button.style.setProperty('--share', data.shades[i][j]);
      button.title = truth.name + (i === j ? ', classified correctly: ' : ', classified as ' + said.name + ': ')
        + data.counts[i][j] + ' of ' + truth.count;
      button.setAttribute('aria-label', button.title);
      button.dataset.at = i + ' ' + j;
      button.tabIndex = i === 0 && j === 0 ? 0 : -1;
      if (!data.counts[i][j]) button.setAttribute('aria-disabled', 'true');
      button.onclick = () => { if (data.counts[i][j]) tell({ truth: truth.name, predicted: said.name }); };
      cell.append(button);
      return button;
    });
  });
  body.onkeydown = (event) => {
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    const at = event.target.dataset?.at?.split(' ').map(Number);
    if (!step || !at) return;
    event.preventDefault();
    event.stopPropagation();
    const next = cells[at[0] + step[0]]?.[at[1] + step[1]];
    if (next) { event.target.tabIndex = -1; next.tabIndex = 0; next.focus(); }
  };
  body.onmouseover = (event) => {
    const at = event.target.dataset?.at?.split(' ')[1];
    table.querySelectorAll('th.column').forEach((cell, j) => cell.classList.toggle('over', String(j) === at));
  };
  table.onmouseleave = () => table.querySelectorAll('.over').forEach((cell) => cell.classList.remove('over'));
  if (focused) table.querySelector('[data-at="' + focused + '"]')?.focus();
}
