export default function ({ data, parentElement, setTriggerValue }) {
  const list = parentElement.querySelector('.bars');
  list.replaceChildren(...data.rows.map((row) => {
    const button = el('button', 'row');
    button.setAttribute('aria-pressed', String(row.pressed));
    button.title = 'Show the evidence for ' + row.name;
    const name = el('span', 'name');
    name.append(dot(row.colour), el('span', 'text', row.name));
    if (row.truth) name.append(el('b', 'mark', 'truth'));
    const bars = el('span', 'tracks');
    for (const bar of row.bars) {
      const line = el('span', 'line'), track = el('span', 'track'), fill = el('i', 'fill');
      fill.style.width = 100 * bar.share + '%';
      fill.style.background = bar.colour;
      track.append(fill);
      line.append(track, el('span', 'percent', bar.percent));
      bars.append(line);
    }
    button.append(name, bars);
    button.onclick = () => setTriggerValue('asked', row.name);
    return button;
  }));
}
