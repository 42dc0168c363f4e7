const COLUMNS = [['name', 'Class'], ['n', 'Pictures'], ['recall', 'Recall'], ['precision', 'Precision'], ['f1', 'F1'],
  ['mistakes', 'Most confused with']];

export default function ({ data, parentElement, setTriggerValue }) {
  const table = parentElement.querySelector('table');
  table.sorted ??= { by: 'f1', up: true };
  const draw = () => {
    const { by, up } = table.sorted;
    const rows = [...data.rows].sort((a, b) => (a[by] < b[by] ? -1 : a[by] > b[by] ? 1 : 0) * (up ? 1 : -1));
    table.replaceChildren();
    const head = table.createTHead().insertRow();
    for (const [key, title] of COLUMNS) {
      const cell = el('th', key), button = el('button', 'sort', title + (key === by ? (up ? ' ↑' : ' ↓') : ''));
      cell.setAttribute('aria-sort', key === by ? (up ? 'ascending' : 'descending') : 'none');
      button.onclick = () => {
        table.sorted = { by: key, up: key === by ? !up : key !== 'mistakes' && key !== 'n' };
        draw();
      };
      cell.append(button);
      head.append(cell);
    }
    const body = table.createTBody();
    for (const row of rows) {
      const line = body.insertRow(), name = el('button', 'link');
      name.append(dot(row.colour), el('span', '', row.name));
      name.title = 'Pictures of ' + row.name;
      name.onclick = () => setTriggerValue('picked', { truth: row.name });
      line.insertCell().append(name);
      line.insertCell().append(el('span', 'number', row.n));
      for (const key of ['recall', 'precision', 'f1']) {
        const meter = el('span', 'meter'), fill = el('i');
        fill.style.width = 100 * row[key] + '%';
        fill.style.background = row.colour;
        meter.append(fill);
        const cell = line.insertCell();
        cell.append(meter, el('span', 'number', (100 * row[key]).toFixed(0) + ' %'));
        if (key === 'recall') cell.title = '95 % interval: ' + row.interval;
      }
      const last = line.insertCell();
      if (row.mistakes) {
        const mixed = el('button', 'link', row.taken_for + ' (' + row.mistakes + ')');
        mixed.onclick = () => setTriggerValue('picked', { truth: row.name, predicted: row.taken_for });
        last.append(mixed);
      }
    }
  };
  draw();
}
