"""A picture with the evidence for one class laid over it; how strongly is set in the browser, without a rerun."""

from typing import Any

from streamlit.components.v2 import component

from dashboard.state import Key

_JS = """
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
"""
_HTML = """
<figure>
  <div class="stack"><img class="picture"><span class="square" hidden></span><img class="heat" alt="" hidden></div>
  <label>Evidence <input type="range" min="0" max="100" value="60" aria-label="Opacity of the evidence">
  <output></output> <span class="state" role="status"></span></label>
  <figcaption></figcaption>
</figure>
"""
_CSS = """
figure { margin: 0; }
.stack { position: relative; overflow: hidden; border-radius: .5rem;
  background: color-mix(in srgb, currentColor 8%, transparent); }
.stack img, .square { position: absolute; }
.picture { inset: 0; width: 100%; height: 100%; object-fit: cover; }
.square { box-shadow: 0 0 0 9999px rgb(8 20 26 / .5); outline: 1px solid rgb(255 255 255 / .7); }
.heat[hidden], .square[hidden] { display: none; }
label { display: flex; align-items: center; gap: .625rem; padding: .5rem 0 .25rem; font-size: .875rem;
  font-weight: 600; }
input { width: 9rem; accent-color: var(--st-primary-color); }
output { font-weight: 400; font-variant-numeric: tabular-nums; min-width: 3rem; }
.state { font-weight: 400; opacity: .72; }
figcaption { font-size: .8125rem; line-height: 1.45; opacity: .8; max-width: 36rem; }
"""
_view = component("heat_view", html=_HTML, css=_CSS, js=_JS)


def heat_view(
    picture: str, heat: str, *, width: int, height: int, alt: str, says: str, key: Key, tallest_px: int = 460
) -> None:
    """``picture`` and ``heat`` are addresses; the heat covers the largest centred square, which the network sees."""
    aspect = width / max(height, 1)
    share_x, share_y = min(1.0, 1 / aspect), min(1.0, aspect)
    data: dict[str, Any] = {
        "picture": picture,
        "heat": heat,
        "aspect": aspect,
        "tallest": tallest_px,
        "box": [(1 - share_x) / 2, (1 - share_y) / 2, share_x, share_y],
        "alt": alt,
        "says": says,
    }
    _view(data=data, key=key)
