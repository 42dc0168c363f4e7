"""Thumbnails to pick from: a click, or Enter on the focused picture, picks it or puts it back."""

from collections.abc import Sequence

from streamlit.components.v2 import component

from dashboard.data.pictures import class_of
from dashboard.media import thumb_url
from dashboard.state import Key
from sealife_core.datasets.dataset import Dataset

# The names of classes reach the page as text (`alt`, `title`), never as HTML.
_JS = """
export default function ({ data, parentElement, setTriggerValue }) {
  const grid = parentElement.querySelector('.picker');
  grid.replaceChildren(...data.pictures.map((picture) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.title = picture.name;
    button.setAttribute('aria-pressed', String(picture.picked));
    const image = document.createElement('img');
    image.src = picture.url;
    image.alt = picture.name + ', picture ' + picture.row;
    image.loading = 'lazy';
    button.append(image);
    button.onclick = () => setTriggerValue('toggled', picture.row);
    return button;
  }));
}
"""
_CSS = """
.picker { display: grid; grid-template-columns: repeat(auto-fill, minmax(72px, 1fr)); gap: 6px; }
button { padding: 0; border: 3px solid transparent; border-radius: 10px; background: none; cursor: pointer; }
button:hover { border-color: color-mix(in srgb, var(--st-primary-color) 40%, transparent); }
button[aria-pressed="true"] { border-color: var(--st-primary-color); }
button:focus-visible { outline: 2px solid var(--st-text-color); outline-offset: 1px; }
img { display: block; width: 100%; aspect-ratio: 1; object-fit: cover; border-radius: 7px; }
"""
_picker = component("picture_picker", html='<div class="picker"></div>', css=_CSS, js=_JS)


def picture_picker(dataset: Dataset, rows: Sequence[int], picked: Sequence[int], key: Key) -> int | None:
    """Shows ``rows``, those ``picked`` framed. Returns the row that was just clicked, or None."""
    pictures = [
        {"row": int(row), "url": thumb_url(dataset, int(row)), "name": class_of(dataset, row), "picked": row in picked}
        for row in rows
    ]
    clicked = _picker(data={"pictures": pictures}, key=key, on_toggled_change=lambda: None)
    return clicked.toggled
