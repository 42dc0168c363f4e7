const TALLEST_PX = 460;

export default function ({ data, parentElement }) {
  const find = (name) => parentElement.querySelector(name);
  const stack = find('.stack'), picture = find('.picture'), heat = find('.heat'), square = find('.square');
  stack.style.aspectRatio = data.aspect;
  stack.style.maxWidth = 'min(100%, ' + Math.round(TALLEST_PX * data.aspect) + 'px)';
  if (picture.getAttribute('src') !== data.picture) picture.src = data.picture;
  picture.alt = data.alt;
  stack.dataset.opens = JSON.stringify(data.opens);
  const [left, top, width, height] = data.box.map((share) => 100 * share + '%');
  for (const part of [square, heat]) Object.assign(part.style, { left, top, width, height });
  square.hidden = data.box[2] > 0.98 && data.box[3] > 0.98;
  const range = find('input'), state = find('.state'), what = data.label.toLowerCase();
  find('.name').textContent = data.label;
  if (!range.dataset.set) Object.assign(range, { value: data.opacity }).dataset.set = 'once';
  range.setAttribute('aria-label', 'Opacity of the ' + what);
  range.oninput = () => {
    heat.style.opacity = range.value / 100;
    find('output').textContent = range.value + ' %';
  };
  range.oninput();
  if (heat.getAttribute('src') !== data.heat) {
    heat.hidden = true;
    state.textContent = 'Computing the ' + what + '…';
    heat.onload = () => { heat.hidden = false; state.textContent = ''; };
    heat.onerror = () => { state.textContent = 'No ' + what + ' can be shown: the model cannot be used.'; };
    heat.src = data.heat;
  }
  find('figcaption').textContent = data.says;
}
