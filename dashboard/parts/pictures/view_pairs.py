"""Positive pairs as a person sees them: the original with both crops drawn on it, the two views, and what was done."""

import io
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from PIL import Image
from torch import Tensor

from dashboard.data.previews import Preview, drawn
from dashboard.media import data_uri
from dashboard.parts.pictures.large_pictures import opens
from sealife_core.config import ViewRecipe
from sealife_core.evaluation.contrast.animal_share import LOST_BELOW, animal_share
from sealife_core.views.sampling import ViewParameters
from sealife_core.views.transforms import apply_views, step_strip

VIEW_NAMES = ("A", "B")
Named = tuple[str, ViewRecipe]


def pair_html(
    recipe: ViewRecipe, preview: Preview, size_px: int, draw: int, original: Mapping[str, Any] | None = None
) -> str:
    """The original and a positive pair of it as HTML. original: as of :func:`compared_html`."""
    return compared_html([("", recipe)], preview, size_px, draw, 1, original=original)


def compared_html(
    recipes: Sequence[Named], preview: Preview, size_px: int, draw: int, pairs: int, activation: Tensor | None = None,
    original: Mapping[str, Any] | None = None,
) -> str:  # fmt: skip
    """The original and ``pairs`` positive pairs; of two recipes, each view of both side by side, with their names.

    activation: of an ImageNet encoder; crops that keep little of it are marked. original: what the original opens
    as, see ``large_pictures.told``.
    """
    of_pairs = [
        [[drawn(recipe, preview, draw, pair, view) for view in (0, 1)] for _, recipe in recipes]
        for pair in range(pairs)
    ]
    crops = [[parameters.crop[0].tolist() for parameters in both] for both in of_pairs[0]]
    parts = [_original(preview, crops, original or {})]
    for of_recipes in of_pairs:
        views = [
            _view_html(named, preview, size_px, both[view], view, activation)
            for view in (0, 1)
            for named, both in zip(recipes, of_recipes, strict=True)
        ]
        parts.append(f'<div class="pair">{"".join(views)}</div>')
    return f'<div class="pairs">{"".join(parts)}</div>'


def _view_html(
    named: Named, preview: Preview, size_px: int, parameters: ViewParameters, view: int, activation: Tensor | None
) -> str:
    letter, seen = VIEW_NAMES[view], apply_views(preview.square[None], parameters, size_px)[0]
    did = parameters.describe(0)
    words = "".join(f"<span><b>{escape(name)}</b> {escape(what)}</span>" for name, what in did.items())
    title = f"View {letter}{f', {escape(named[0])}' if named[0] else ''}"
    lost = activation is not None and float(animal_share(activation, parameters.crop)) < LOST_BELOW
    mark = ' <span class="lost">most of the animal may be outside</span>' if lost else ""
    return (
        f'<figure class="view {letter}"><img src="{view_uri(seen)}" alt="{title} of {escape(preview.name)}"'
        f"{_opens_pixels(seen, did)}>"
        f'<figcaption>{title}{mark}<div class="did">{words}</div></figcaption></figure>'
    )


def strip_html(recipe: ViewRecipe, preview: Preview, size_px: int, draw: int, view: int) -> str:
    """From the original to the final view, one step after the other, as HTML."""
    parameters = drawn(recipe, preview, draw, 0, view)
    cells = [
        f'<div class="{"idle" if words == "not this time" else "done"}">'
        f'<img src="{view_uri(seen)}" alt="after {escape(step)}"{_opens_pixels(seen, {step.capitalize(): words})}>'
        f"<b>{escape(step.capitalize())}</b>"
        f"<span>{escape(words)}</span></div>"
        for step, words, seen in step_strip(preview.square[None], parameters, size_px)
    ]
    return f'<div class="steps">{"".join(cells)}</div>'


def _opens_pixels(seen: Tensor, did: Mapping[str, str]) -> str:
    """The attributes of an image that opens large, each pixel as the network sees it, with what was done."""
    height, width = seen.shape[-2:]
    return opens({"facts": [*did.items(), ("Size", f"{width} × {height} px")], "pixels": True})


def view_uri(view: Tensor) -> str:
    """(3, H, W) in [0, 1] → an image that HTML can hold."""
    return _webp(Image.fromarray((view.clamp(0, 1) * 255).round().byte().permute(1, 2, 0).contiguous().numpy()))


def original_uri(preview: Preview) -> str:
    """The whole picture in its own proportions, as an image that HTML can hold."""
    side, aspect = preview.square.shape[0], preview.aspect
    size = max(1, round(side * min(1.0, aspect))), max(1, round(side / max(1.0, aspect)))
    return _webp(Image.fromarray(preview.square.numpy()).resize(size, Image.Resampling.BILINEAR))


def _webp(image: Image.Image) -> str:
    held = io.BytesIO()
    image.save(held, "WEBP", quality=90, method=1)  # half the time of Pillow's default, 2 % more bytes
    return data_uri(held.getvalue(), "image/webp")


def _original(preview: Preview, crops: Sequence[Sequence[Sequence[float]]], opens_as: Mapping[str, Any]) -> str:
    """The whole picture in its own proportions, the crops of the first pair drawn on it.

    crops: of each recipe, of both views; those of a second recipe are dashed.
    """
    boxes = "".join(
        f'<span class="crop {letter}{" second" if crops[0] is not of_recipe else ""}"'
        f' style="left:{x:.2%};top:{y:.2%};width:{w:.2%};height:{h:.2%}"><i>{letter}</i></span>'
        for of_recipe in reversed(crops)  # the first one's lie on top
        for letter, (x, y, w, h) in zip(VIEW_NAMES, of_recipe, strict=True)
    )
    name = escape(preview.name)
    return (
        f'<figure class="original"><div{opens(opens_as)}>'
        f'<img src="{original_uri(preview)}" alt="{name}, the original picture">{boxes}</div>'
        f"<figcaption>{name}, the original</figcaption></figure>"
    )
