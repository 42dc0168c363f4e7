"""The look in one place: the accent, a colour for every run, and the few rules of CSS."""

import hashlib
from collections.abc import Sequence
from html import escape

import streamlit as st

from sealife_core.evaluation.figures.palette import CLASS_COLOURS

ACCENT_LIGHT, ACCENT_DARK = "#0B7285", "#5CC4D4"
LIGHT_PAPER = "#FFFFFF"
LINE_CONTRAST = 3.5  # above what WCAG 2 asks of a graphic: some lines are thin


def run_colour(run_id: str) -> str:
    """The colour of a run, everywhere; it depends on the id alone, so that it survives every other run's deletion."""
    digest = hashlib.sha256(run_id.encode()).digest()
    return CLASS_COLOURS[digest[0] % 16]  # the first 16 are the furthest apart


def run_colours(run_ids: list[str]) -> dict[str, str]:
    """Colours for runs shown together: each its own where they would clash, the older run keeping the first choice."""
    taken: dict[str, str] = {}
    for run_id in sorted(run_ids):
        first = CLASS_COLOURS.index(run_colour(run_id))
        order = [CLASS_COLOURS[(first + step) % 16] for step in range(16)]
        taken[run_id] = next((colour for colour in order if colour not in taken.values()), order[0])
    return taken


def on_page(colour: str, page: str) -> str:
    """``colour`` as a line is drawn in on ``page``: on a dark one, as much lighter as LINE_CONTRAST takes."""
    dark = luminance(page) < 0.2
    for share in range(0, 100, 5) if dark else ():
        mixed = [round(value + (255 - value) * share / 100) for value in _rgb(colour)]
        lighter = "#{:02X}{:02X}{:02X}".format(*mixed)
        if (luminance(lighter) + 0.05) / (luminance(page) + 0.05) >= LINE_CONTRAST:
            return lighter
    return colour


def luminance(colour: str) -> float:
    """Relative luminance of "#RRGGBB", 0 to 1 (WCAG 2)."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (v / 255 for v in _rgb(colour))]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def dot(colour: str) -> str:
    """A small disc as HTML."""
    return f'<span class="dot" style="background:{colour}"></span>'


def name_legend(entries: Sequence[tuple[str, str]]) -> str:
    """(name, colour) of what is drawn, as one line of HTML."""
    return "".join(f'<span style="margin-right:1.25rem">{dot(colour)}{escape(name)}</span>' for name, colour in entries)


def is_dark() -> bool:
    """Whether the dark theme is on."""
    return st.context.theme.type == "dark"


def accent() -> str:
    """The colour of a chart that has only one, for the theme that is on."""
    return ACCENT_DARK if is_dark() else ACCENT_LIGHT


def ink() -> str:
    """The colour of lines and lettering in a chart, for the theme that is on."""
    return "#A9BCC3" if is_dark() else "#5B6F77"


def lettering() -> str:
    """The colour of numbers on a coloured background in a chart, for the theme that is on."""
    return "#F0F6F8" if is_dark() else "#14262E"


def paper() -> str:
    """The colour of the page, for the theme that is on."""
    return "#0E1B22" if is_dark() else LIGHT_PAPER


def apply() -> None:
    """Put the rules below on the page."""
    st.html(f"<style>:root {{ --paper: {paper()}; }}{_CSS}</style>")


# Colours come from `currentColor`, so that light and dark need no second set.
_CSS = """
:root { --line: color-mix(in srgb, currentColor 14%, transparent); }
.stMainBlockContainer { max-width: 1280px; padding-top: 4.75rem; }
.lead { font-size: 1.125rem; line-height: 1.6; max-width: 44rem; margin: 0; }
.quiet { opacity: .72; }
.dot { display: inline-block; width: .625rem; height: .625rem; border-radius: 50%; margin-right: .375rem; }
.pairs { --a: #F2B100; --b: #C2185B; display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 2fr); gap: 1rem;
  padding: 0 0 1.25rem; margin-bottom: 1rem; border-bottom: 1px solid var(--line); }
.pairs figure { margin: 0; }
.pairs figcaption { font-size: .875rem; font-weight: 600; padding-top: .35rem; }
.pairs .original > div { position: relative; }
.pairs img { display: block; width: 100%; border-radius: .5rem; }
.pairs .pair { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: .5rem; grid-column: 2; }
.pairs .view img { aspect-ratio: 1; border: 3px solid; }
.pairs .A img, .pairs .crop.A { border-color: var(--a); }
.pairs .B img, .pairs .crop.B { border-color: var(--b); }
.pairs .crop { position: absolute; border: 2px solid; box-shadow: 0 0 0 1px rgb(255 255 255 / .65); }
.pairs .crop i { position: absolute; left: 0; top: 0; padding: 0 .3rem; font: 600 .75rem/1.3 inherit; color: #fff; }
.pairs .crop.A i { background: var(--a); color: #14262E; }
.pairs .crop.B i { background: var(--b); left: auto; right: 0; }
.pairs .did { display: flex; flex-wrap: wrap; gap: .1rem .75rem; margin: .15rem 0 0;
  font-size: .8125rem; font-weight: 400; line-height: 1.4; }
.pairs .did span { opacity: .85; }
.picture-strip { display: flex; flex-wrap: wrap; gap: .5rem; height: 104px; overflow: hidden; }
.picture-strip img { height: 104px; aspect-ratio: 1; object-fit: cover; border-radius: .5rem; }
.scores { display: grid; grid-template-columns: repeat(auto-fill, minmax(240px, 1fr)); gap: 1rem; }
.score { display: flex; flex-direction: column; gap: .15rem; padding: 1rem 1.125rem; border: 1px solid var(--line);
  border-radius: .5rem; font-size: .8125rem; }
.score b { font-size: .9375rem; }
.score strong { font-size: 1.75rem; line-height: 1.3; font-weight: 650; }
.scale { position: relative; height: 1.125rem; margin: .125rem 0 .25rem;
  background: linear-gradient(var(--line), var(--line)) center / 100% 1px no-repeat; }
.scale i { position: absolute; top: 0; bottom: 0; }
.scale .interval { top: .3rem; bottom: .3rem; border-radius: .2rem; }
.scale .value { width: 2px; margin-left: -1px; background: currentColor; }
.scale .chance { border-left: 2px dotted currentColor; opacity: .6; }
.steps { display: grid; grid-template-columns: repeat(auto-fit, minmax(104px, 1fr)); gap: .75rem;
  font-size: .8125rem; line-height: 1.35; }
.steps img { display: block; width: 100%; aspect-ratio: 1; object-fit: contain; border-radius: .375rem;
  background: color-mix(in srgb, currentColor 8%, transparent); margin-bottom: .25rem; }
.steps b, .steps span { display: block; }
.steps span { opacity: .72; }
.steps .idle img { opacity: .45; }
.steps .idle b { font-weight: 400; opacity: .72; }
.figures { display: grid; grid-template-columns: auto 1fr; gap: .2rem 1rem; margin: 0; font-size: .9375rem; }
.figures span { opacity: .72; }
.figures b { font-weight: 600; text-align: right; }
.encoders { border-collapse: collapse; font-size: .8125rem; line-height: 1.4; width: 36rem; max-width: 100%; }
.encoders td, .encoders th { text-align: left; vertical-align: top; padding: .4rem 1rem .4rem 0;
  border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
.encoders th { font-weight: 400; opacity: .72; }
.encoders th:first-child { width: 40%; }
.encoders th:nth-child(2) { width: 16%; }
.ladder { display: flex; flex-wrap: wrap; gap: .25rem; margin: -.25rem 0 .25rem; }
.rung { font-size: .75rem; padding: .1rem .45rem; border-radius: .375rem; border: 1px solid var(--line); opacity: .6; }
[class*="st-key-card_chosen"] { border-color: #0B7285; box-shadow: 0 0 0 1px #0B7285; }
.rung.learns { background: #0B7285; border-color: #0B7285; color: #fff; opacity: 1; }
.verdict { font-weight: 600; padding: .1rem .6rem; border: 2px solid #0B7285; border-radius: 1rem;
  display: inline-block; margin: .25rem 0; }
.verdict.wrong { border: 2px dashed #D9531E; }
.guessed { display: block; aspect-ratio: var(--aspect); width: min(100%, var(--aspect) * min(480px, 60vh));
  border-radius: .5rem; background: color-mix(in srgb, currentColor 8%, transparent); }
.tally { display: flex; flex-wrap: wrap; gap: .5rem 2.5rem; }
.tally div { display: flex; align-items: baseline; gap: .5rem; }
.tally strong { font-size: 1.75rem; font-weight: 650; }
.verdict.inline { border: 0; padding: 0; margin: 0; }
@media (min-width: 1000px) {
  .st-key-launch_panel, .st-key-recipe_panel { position: sticky; top: 4.5rem; }
  .st-key-recipe_panel { max-height: calc(100vh - 9rem); overflow-y: auto; padding-right: .5rem; } }
/* Where both do not fit side by side, the pictures stay on top while the settings below them are changed. */
@media (max-width: 999px) {
  [data-testid="stColumn"]:has(.st-key-view_pairs) { position: sticky; top: 3.75rem; z-index: 5; max-height: 46vh;
    flex-basis: 100%; overflow-y: auto; background: var(--paper); padding-bottom: .5rem;
    border-bottom: 1px solid var(--line); } }
[data-testid="stBottomBlockContainer"] { max-width: 1280px; padding-top: .6rem; padding-bottom: .7rem; }
.st-key-run_strip p { margin: 0 0 .3rem; }
.st-key-dataset_cards { flex-wrap: nowrap; overflow-x: auto; padding: 2px 2px .5rem; }
.st-key-dataset_cards > * { flex: none; }
.st-key-dataset_cards .picture-strip { height: 72px; }
.st-key-dataset_cards .picture-strip img { height: 72px; }
.st-key-advice { border-left: 4px solid #0B7285; }
@media (max-width: 640px) {
  [data-testid="stButtonGroup"] > div, [data-testid="stButtonGroup"] [role="radiogroup"] { flex-wrap: wrap;
    row-gap: .25rem; }
  .stMainBlockContainer { padding-left: 1rem; padding-right: 1rem; } }
"""
