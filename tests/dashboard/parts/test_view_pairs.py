"""Positive pairs as HTML: of one recipe, or of two from the same random numbers."""

import json
import re
from html import unescape

import pytest
import torch

from dashboard.data.previews import Preview, preview_of
from dashboard.parts.pictures.large_pictures import opens
from dashboard.parts.pictures.view_pairs import compared_html, pair_html, strip_html
from sealife_core.config import RECIPES
from sealife_core.datasets.dataset import Dataset

SIMCLR = RECIPES["SimCLR"]
SIZE = 32


@pytest.fixture
def preview(tiny_reef: Dataset) -> Preview:
    return preview_of(tiny_reef, 0, SIZE)


def views(html: str) -> list[str]:
    """The pictures of the views, in order."""
    return re.findall(r'<figure class="view .">.*?src="([^"]+)"', html)


def frames(html: str) -> list[tuple[str, str]]:
    """(second or not, where) of the crops drawn on the original."""
    return re.findall(r'<span class="crop .( second)?" style="([^"]+)"', html)


def test_compared_html__of_two_recipes_draws_both_from_the_same_random_numbers(preview: Preview) -> None:
    grey = SIMCLR.model_copy(update={"grayscale": 1.0})
    alone = views(pair_html(SIMCLR, preview, SIZE, 3))
    one, other = "One <b>", "Other"
    html = compared_html([(one, SIMCLR), (other, grey)], preview, SIZE, 3, 1)
    first, greyed, second, greyed_too = views(html)
    assert [first, second] == alone, "the view of each recipe is what it is alone"
    assert [greyed, greyed_too] == views(pair_html(grey, preview, SIZE, 3))
    assert greyed != first
    solid, dashed = ([where for kind, where in frames(html) if bool(kind) is second] for second in (False, True))
    assert solid == dashed, "colour changes no crop"
    assert "View A, One &lt;b&gt;" in html
    assert one not in html


def test_compared_html__marks_crops_that_keep_little_of_the_activation(preview: Preview) -> None:
    small = SIMCLR.model_copy(update={"crop_scale_min": 0.1, "crop_scale_max": 0.2})
    corner, everywhere = torch.zeros(7, 7), torch.ones(7, 7)
    corner[0, 0] = 1
    marks = [
        compared_html([("", recipe)], preview, SIZE, 0, 2, activation).count("may be outside")
        for recipe, activation in ((small, corner), (small, None), (RECIPES["Shape"], everywhere))
    ]
    assert marks == [4, 0, 0]


def test_opens__holds_no_name_as_html() -> None:
    nasty = {"facts": [["File", "'\"><img src=x onerror=alert(1)>"]]}
    html = opens(nasty)
    assert "<" not in html
    (told,) = re.findall(r'data-opens="([^"]*)"', html)
    assert json.loads(unescape(told)) == nasty


def test_strip__each_step_opens_with_what_was_done(preview: Preview) -> None:
    html = strip_html(SIMCLR, preview, SIZE, 3, 0)
    told = [json.loads(unescape(one)) for one in re.findall(r'data-opens="([^"]*)"', html)]
    assert [one["facts"][0][0] for one in told][:2] == ["Original", "Crop"]
    assert all(one["pixels"] and one["facts"][-1] == ["Size", f"{SIZE} × {SIZE} px"] for one in told[1:])
