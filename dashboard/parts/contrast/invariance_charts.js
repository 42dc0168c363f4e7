const LEFT = 4, WIDTH = 92;  // of the chart's width, in %: room for half a point at both ends

// As the sentences beside the charts say it (invariance_words.py).
function share(value) { return value < 0 ? '< 0 %' : Math.round(100 * value) + ' %'; }

// The mark of a line: a disc, or a ring where the line is dashed.
function mark({ colour, dashed }) {
  const disc = dot(colour);
  if (dashed) Object.assign(disc.style, { background: 'none', boxShadow: 'inset 0 0 0 2px ' + colour });
  return disc;
}

export default function ({ data, parentElement, setTriggerValue }) {
  const charts = parentElement.querySelector('.charts');
  const focused = charts.getRootNode().activeElement?.dataset?.at;
  const top = (value) => 100 * (1 - (Math.max(value, data.low) - data.low) / (1 - data.low));
  const told = (value) => data.percent ? share(value) : value.toFixed(2).replace('-', '−');

  function path(panel, values) {
    return values.map((value, level) => across(panel, level) + ',' + top(value)).join(' ');
  }
  function across(panel, level) { return LEFT + WIDTH * level / (panel.levels.length - 1); }

  function drawing(panel) {
    const svg = shape('svg', { viewBox: '0 0 100 100', preserveAspectRatio: 'none', 'aria-hidden': 'true' });
    for (const value of [0, 0.5, 1])
      svg.append(shape('line', { class: 'grid', x1: 0, x2: 100, y1: top(value), y2: top(value) }));
    const at = across(panel, panel.strongest);
    svg.append(shape('line', { class: 'strongest', x1: at, x2: at, y1: 0, y2: 100 }));
    panel.lines.forEach((line, i) => {
      const ends = path(panel, line.ninetieth) + ' ' + path(panel, line.tenth).split(' ').reverse().join(' ');
      svg.append(shape('polygon', { class: 'band', points: ends, fill: data.lines[i].colour }));
    });
    panel.lines.forEach((line, i) => {
      const { colour, dashed } = data.lines[i], y = top(data.unrelated[i]);
      if (!data.percent) svg.append(shape('line', { class: 'unrelated', x1: 0, x2: 100, y1: y, y2: y, stroke: colour }));
      const kind = dashed ? 'line dashed' : 'line';
      svg.append(shape('polyline', { class: kind, points: path(panel, line.mean), stroke: colour }));
    });
    return svg;
  }

  // What the lines say at a level, below the chart. It has room for every line, so that nothing moves.
  function say(place, panel, level) {
    const values = el('span', 'values');
    panel.lines.forEach((line, i) => {
      const one = el('span', 'one');
      one.append(mark(data.lines[i]), told(line.mean[level]));
      one.title = data.lines[i].name;
      values.append(one);
    });
    place.replaceChildren(el('span', 'level', panel.levels[level]), values);
  }

  function spoken(panel, level) {
    const of = panel.lines.map((line, i) => data.lines[i].name + ' ' + told(line.mean[level]) + (line.low
      ? ' (95 % interval ' + told(line.low[level]) + ' to ' + told(line.high[level]) + ')' : ''));
    return panel.title + ', ' + panel.levels[level] + ': ' + of.join('; ');
  }

  function chart(panel) {
    const section = el('section', 'panel'), plot = el('div', 'plot'), says = el('div', 'says');
    const isChosen = data.chosen?.name === panel.name;
    const usual = isChosen ? data.chosen.level : panel.strongest;
    plot.append(drawing(panel));
    for (const value of [1, 0]) {
      const tick = el('span', 'tick', told(value));
      tick.style.top = top(value) + '%';
      plot.append(tick);
    }
    const columns = panel.levels.map((words, level) => {
      const column = el('button', 'column'), step = WIDTH / (panel.levels.length - 1);
      column.style.left = across(panel, level) - Math.min(step, 30) / 2 + '%';
      column.style.width = Math.min(step, 30) + '%';
      panel.lines.forEach((line, i) => {
        const point = el('i', data.lines[i].dashed ? 'point hollow' : 'point');
        point.style.top = top(line.mean[level]) + '%';
        point.style.setProperty('--colour', data.lines[i].colour);
        column.append(point);
      });
      column.dataset.at = panel.name + '.' + level;
      column.title = spoken(panel, level);
      column.setAttribute('aria-label', column.title);
      column.setAttribute('aria-pressed', isChosen && level === data.chosen.level);
      column.tabIndex = level === usual ? 0 : -1;
      column.onmouseenter = column.onfocus = () => say(says, panel, level);
      column.onmouseleave = column.onblur = () => say(says, panel, usual);
      column.onclick = () => setTriggerValue('picked', column.dataset.at);
      return column;
    });
    plot.append(...columns);
    plot.onkeydown = (event) => {
      const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      const next = by && columns[columns.indexOf(event.target) + by];
      if (!by) return;
      event.preventDefault();
      event.stopPropagation();  // the page has keys of its own
      if (next) { event.target.tabIndex = -1; next.tabIndex = 0; next.focus(); }
    };
    say(says, panel, usual);
    section.append(el('h4', '', panel.title), plot, says);
    return section;
  }

  function pictures(panel) {
    const row = el('section', 'pictures'), strip = el('div', 'strip');
    for (const picture of data.chosen.pictures) {
      const pair = el('figure'), both = el('div', 'both'), values = el('figcaption', 'values');
      both.append(
        Object.assign(el('img'), { src: picture.before, alt: picture.name + ', original' }),
        Object.assign(el('img'), { src: picture.after, alt: picture.name + ', ' + panel.levels[data.chosen.level] }),
      );
      picture.values.forEach((value, i) => {
        const one = el('span', 'one');
        one.append(mark(data.lines[i]), told(value));
        one.title = data.lines[i].name;
        values.append(one);
      });
      pair.append(both, values);
      strip.append(pair);
    }
    const says = 'Left the original, right: ' + panel.levels[data.chosen.level] + '. From the picture that changes most'
      + ' to the one that changes least, as ' + data.lines[0].name + ' sees them:';
    row.append(el('p', '', says), strip);
    row.setAttribute('aria-label', says);
    return row;
  }

  const legend = el('div', 'legend');
  data.lines.forEach((line) => {
    const one = el('span', 'one'), stroke = el('i', line.dashed ? 'stroke dashed' : 'stroke');
    stroke.style.borderColor = line.colour;
    one.append(stroke, line.name);
    legend.append(one);
  });
  legend.append(el('span', 'quiet', '┊ as strong as recipes draw it at most · band: four of five pictures · click a'
    + ' point for its pictures'));
  charts.replaceChildren(legend);
  for (const panel of data.panels) {
    charts.append(chart(panel));
    // It spans all columns: charts that stand beside the clicked one flow in before it.
    if (data.chosen?.name === panel.name) charts.append(pictures(panel));
  }
  if (focused) charts.querySelector('[data-at="' + focused + '"]')?.focus();
}
