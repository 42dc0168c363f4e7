"""Contrast by WCAG 2.2; colour-blind sight by Machado, Oliveira and Fernandes 2009, severity 1."""

import re
import tomllib
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from dashboard.app_pages.gallery import confusion
from dashboard.theme import LIGHT_PAPER, on_page, run_colours
from sealife_core.evaluation.figures.palette import CLASS_COLOURS, UNLABELLED_COLOUR, class_colour

CONFIG = tomllib.loads((Path(__file__).parents[2] / ".streamlit" / "config.toml").read_text())
THEMES = [CONFIG["theme"][name] for name in ("light", "dark")]
SIGHT = {
    "normal": np.eye(3),
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
}


def linear(colour: str) -> np.ndarray:
    srgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    light = [float(linear(c) @ [0.2126, 0.7152, 0.0722]) + 0.05 for c in (one, other)]
    return max(light) / min(light)


def oklab(rgb: np.ndarray) -> np.ndarray:
    lms = rgb @ np.array([[0.41222147, 0.21190350, 0.08830246], [0.53633254, 0.68069955, 0.28171884],
                          [0.05144599, 0.10739696, 0.62997870]])  # fmt: skip
    return np.cbrt(lms) @ np.array([[0.21045426, 1.97799850, 0.02590404], [0.79361779, -2.42859221, 0.78277177],
                                    [-0.00407205, 0.45059371, -0.80867577]])  # fmt: skip


@pytest.mark.parametrize("theme", THEMES, ids=["light", "dark"])
def test_theme__text_links_and_accent_can_be_read(theme):
    for background in (theme["backgroundColor"], theme["secondaryBackgroundColor"]):
        assert contrast(theme["textColor"], background) >= 7
        assert contrast(theme["linkColor"], background) >= 4.5
        assert contrast(theme["primaryColor"], background) >= 4.5


@pytest.mark.parametrize("theme", THEMES, ids=["light", "dark"])
def test_class_colours__stand_out_from_the_page(theme):
    assert all(contrast(colour, theme["backgroundColor"]) >= 1.6 for colour in (*CLASS_COLOURS, UNLABELLED_COLOUR))


@pytest.mark.parametrize("theme", THEMES, ids=["light", "dark"])
def test_run_colours__are_seen_as_thin_lines_on_a_dark_page(theme):
    page = theme["backgroundColor"]
    drawn = [on_page(colour, page) for colour in CLASS_COLOURS[:16]]
    if page == LIGHT_PAPER:
        assert drawn == list(CLASS_COLOURS[:16])
    else:
        assert min(contrast(colour, page) for colour in drawn) >= 3.5
    assert len(set(drawn)) == 16


@pytest.mark.parametrize("sight", SIGHT)
def test_class_colours__stay_apart_in_every_sight(sight):
    seen = [oklab(np.clip(np.asarray(SIGHT[sight]) @ linear(colour), 0, 1)) for colour in CLASS_COLOURS]
    assert len(set(CLASS_COLOURS)) == len(CLASS_COLOURS) >= 30

    def nearest(count: int) -> float:
        return min(float(np.linalg.norm(a - b)) for a, b in combinations(seen[:count], 2))

    assert nearest(10) > 0.08  # four times what one can just tell apart side by side
    assert nearest(len(CLASS_COLOURS)) > 0.04


def test_class_colour__is_grey_without_a_label_and_begins_again_after_the_last():
    assert class_colour(-1) == UNLABELLED_COLOUR
    assert class_colour(len(CLASS_COLOURS)) == class_colour(0)


def test_run_colours__differ_and_keep_the_older_runs_own():
    ids = [f"2026010{i}-000000-simclr-{i:04x}" for i in range(9)]
    colours = run_colours(ids)
    assert len(set(colours.values())) == len(ids)
    assert colours[ids[0]] == run_colours(ids[:1])[ids[0]]
    assert run_colours(ids[::-1]) == colours


@pytest.mark.parametrize("theme", THEMES, ids=["light", "dark"])
def test_confusion__numbers_can_be_read_in_the_fullest_cells(theme):
    tints = re.findall("--tint: (#[0-9A-F]{6})", Path(confusion.__file__).with_suffix(".css").read_text())
    assert len(tints) == 2
    empty = mixed(theme["textColor"], theme["backgroundColor"], 0.05)
    for tint in tints:
        assert contrast(theme["textColor"], mixed(tint, empty, confusion.STRONGEST)) >= 4.5


def mixed(one: str, other: str, share: float) -> str:
    """As color-mix(in srgb, …): ``share`` of ``one``, the rest of ``other``."""
    ends = [[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in (one, other)]
    return "#" + "".join(f"{round(share * a + (1 - share) * b):02X}" for a, b in zip(*ends, strict=True))
