export default function ({ data, parentElement }) {
  const find = (name) => parentElement.querySelector(name);
  const stack = find('.stack'), picture = find('.picture'), heat = find('.heat'), square = find('.square');
  stack.style.aspectRatio = data.aspect;
  stack.style.maxWidth = 'min(100%, ' + Math.round(data.tallest * data.aspect) + 'px)';
  if (picture.getAttribute('src') !== data.picture) picture.src = data.picture;
  picture.alt = data.alt;
  for (const part of [square, heat]) {
    part.style.left = 100 * data.box[0] + '%';
    part.style.top = 100 * data.box[1] + '%';
    part.style.width = 100 * data.box[2] + '%';
    part.style.height = 100 * data.box[3] + '%';
  }
  square.hidden = data.box[2] > 0.98 && data.box[3] > 0.98;
  const range = find('input'), state = find('.state');
  const dim = () => {
    heat.style.opacity = range.value / 100;
    find('output').textContent = range.value + ' %';
  };
  range.oninput = dim;
  dim();
  if (heat.getAttribute('src') !== data.heat) {
    heat.hidden = true;
    state.textContent = 'Computing the evidence…';
    heat.onload = () => { heat.hidden = false; state.textContent = ''; };
    heat.onerror = () => { state.textContent = 'No evidence can be shown: the model cannot be used.'; };
    heat.src = data.heat;
  }
  find('figcaption').textContent = data.says;
}
