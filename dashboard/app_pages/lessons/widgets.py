"""The live widget of each lesson. Each returns what it shows as numbers, and the same for the handout."""

from collections.abc import Callable
from typing import Literal

import streamlit as st
import torch

from dashboard import state
from dashboard.app_pages.lessons.before_class import missing
from dashboard.app_pages.lessons.quizzes import EXAMPLE_PX, quiz_cards, quiz_pictures
from dashboard.app_pages.lessons.result_widgets import help_, imagenet, probe
from dashboard.app_pages.lessons.shown import NOTHING, VIEW_PX, Shown, lesson_dataset
from dashboard.cache import contrast, datasets
from dashboard.data.contrast.encoder_sources import EncoderSource, trained_otherwise, usual_views
from dashboard.data.contrast.ignored_charts import unseen_rows
from dashboard.data.contrast.view_batches import ViewBatch, batch_rows
from dashboard.data.lessons.figures import figure, matrix_svg, quizzes_table, shares_table, view_name
from dashboard.data.lessons.prepared import HEAD, simclr_run
from dashboard.data.pictures import some_rows
from dashboard.data.previews import Preview, drawn
from dashboard.data.recipe_words import recipe_says, recipe_teaches
from dashboard.media import data_uri
from dashboard.parts.contrast.encoder_choice import encoder_choice, known_sources
from dashboard.parts.contrast.similarity_matrix import own_temperature, similarity_matrix
from dashboard.parts.pictures.large_pictures import told
from dashboard.parts.pictures.view_pairs import VIEW_NAMES, original_uri, pair_html, view_uri
from dashboard.words import plain, unbroken
from sealife_core.config import RECIPES, ViewRecipe
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.contrast.crop_coverage import crop_coverage
from sealife_core.evaluation.contrast.readout import MINIMUM, advantage, mean_score
from sealife_core.evaluation.contrast.similarities import gradient_shares
from sealife_core.evaluation.figures.html_document import gallery
from sealife_core.runs.directory import single_runs
from sealife_core.views.transforms import apply_views

DRAWS, BATCH, HARDEST, ASKED_TEMPERATURE = 500, 8, 3, 0.1
PICTURES = 64  # whose changes are looked at: 1.5 s for a ResNet18 at 64 px on two cores


def view() -> Shown:
    """Two pairs of views of two pictures, and how much of them crops keep."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        dataset = lesson_dataset()
        name = st.segmented_control("Recipe", list(RECIPES), default="SimCLR", required=True) or "SimCLR"
        st.button("Draw again", icon=":material/casino:", on_click=state.lessons.DRAWING.advance, shortcut="d")
    recipe, draw = RECIPES[name], state.lessons.DRAWING.number
    previews = datasets.previews(dataset, some_rows(dataset, draw // 5, 2), VIEW_PX)
    for column, preview in zip(st.columns(len(previews), gap="medium"), previews, strict=True):
        column.html(pair_html(recipe, preview, VIEW_PX, draw, told(dataset, preview.row)))
    st.caption(unbroken(f"{recipe_says(recipe)} {recipe_teaches(recipe)}"))
    kept = crop_coverage(recipe, previews[0].aspect, draws=DRAWS).kept
    says = f"Two views of each picture, drawn with the recipe {name}."
    return {"kept_area": float(kept.mean()), "draws": DRAWS}, lambda: figure(
        says, gallery([picture for preview in previews for picture in _drawn(recipe, preview, draw)])
    )


def _drawn(recipe: ViewRecipe, preview: Preview, draw: int) -> list[tuple[str, str]]:
    """A picture and its two views for the handout, with what was done."""
    pictures = [(original_uri(preview), f"{preview.name}, the original")]
    for number, letter in enumerate(VIEW_NAMES):
        parameters = drawn(recipe, preview, draw, 0, number)
        did = ", ".join(f"{what} {how}" for what, how in parameters.describe(0).items())
        seen = apply_views(preview.square[None], parameters, VIEW_PX)[0]
        pictures.append((view_uri(seen), f"View {letter}. {did}"))
    return pictures


def pair() -> Shown:
    """The matrix of similarities of a few pictures' views."""
    batch, space, _ = _board("pairs")
    says = "The cosine of each view with every other. The darker, the more similar. Framed: positive pairs."
    return {"pictures": len(batch.rows)}, lambda: _views(batch) + figure(says, matrix_svg(batch.similarities[space]))


def temperature() -> Shown:
    """The loss of one of these views; what its hardest negatives get at one temperature."""
    batch, space, own = _board("temperature")
    cosines = torch.from_numpy(batch.similarities[space]).double()  # else the smallest shares are 0 on paper
    negatives = 2 * len(batch.rows) - 2
    hardest = min(HARDEST, negatives)
    share = float(gradient_shares(cosines, ASKED_TEMPERATURE).topk(hardest, dim=1).values.sum(1).mean())
    anchor = min(state.contrast.looked_at(own, space)["anchor"], len(cosines) - 1)

    def printed() -> str:
        low, high = state.contrast.TEMPERATURES
        shares = {at: gradient_shares(cosines, at).numpy() for at in (low, own, high)}
        table = shares_table(batch.similarities[space], shares, anchor, batch.names) if negatives else ""
        return _views(batch) + figure("How one view’s gradient is shared among its negatives.", table)

    return {
        "hardest_share": share, "hardest": hardest, "negatives": negatives, "temperature": ASKED_TEMPERATURE,
    }, printed  # fmt: skip


def _board(part: Literal["pairs", "temperature"]) -> tuple[ViewBatch, str, float]:
    """A batch of views and what an encoder makes of it, of which ``part`` is drawn; the space that the loss compares,
    and the encoder's own temperature."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        dataset = lesson_dataset()
        offered = _sources(dataset)
        source = encoder_choice(offered)
        recipe = usual_views(source, offered)
        st.button("Draw again", icon=":material/casino:", on_click=state.lessons.DRAWING.advance, shortcut="d")
        _otherwise(source, dataset, recipe, f" These views are drawn from {dataset.name}.")
    draw = state.lessons.DRAWING.number
    batch = contrast.view_batch(dataset, batch_rows(dataset, draw, BATCH), recipe, draw, source)
    own, own_is = own_temperature(source)
    similarity_matrix(dataset, batch, own, own_is, part)
    return batch, "z" if "z" in batch.similarities else "h", own


def _otherwise(source: EncoderSource, dataset: Dataset, recipe: ViewRecipe, seen: str = "") -> None:
    """How ``source`` was trained, and what is ``seen`` here, where that was not with these pictures and ``recipe``."""
    if differs := trained_otherwise(source, dataset.name, recipe):
        st.caption(plain(f"{differs}{seen}"), width="content")


def _views(batch: ViewBatch) -> str:
    """The views of a batch for the handout, the two of a picture beside each other."""
    n = len(batch.rows)
    places = [place for i in range(n) for place in (i, n + i)]
    pictures = [(data_uri(batch.jpegs[at], "image/jpeg"), f"{view_name(at, n)} {batch.names[at % n]}") for at in places]
    return _eight(pictures)


def _eight(pictures: list[tuple[str, str]]) -> str:
    return f'<div class="eight">{gallery(pictures)}</div>'


def head() -> Shown:
    """How well h and z of a SimCLR run tell what was done to a picture."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        dataset = lesson_dataset()
        offered = [source for source in _sources(dataset) if source.run and not source.run.broken]
        source = encoder_choice(offered) if offered else None
        if source:
            _otherwise(source, dataset, RECIPES["SimCLR"])
    if source is None:
        missing(HEAD, dataset)
        return NOTHING
    rows = unseen_rows(dataset, PICTURES)
    if len(rows) < MINIMUM:
        return NOTHING
    found = contrast.readouts(dataset, tuple(rows), source)
    if "z" not in found:
        return NOTHING
    (example,) = datasets.previews(dataset, rows[:1], EXAMPLE_PX)
    pictures = quiz_pictures(example)
    st.html(quiz_cards(found, pictures))
    gain = advantage(found["h"], found["z"])
    return {
        "h": mean_score(found["h"]), "z": mean_score(found["z"]), "low": gain.low, "high": gain.high,
        "quizzes": len(found["h"]), "pictures": len(rows),
    }, lambda: figure(
        f"The share of right answers of a linear layer that reads h or z of {source.title}, on {len(rows)} pictures.",
        quizzes_table(found),
    ) + _eight(list(dict.fromkeys(picture for shown in pictures.values() for picture in shown)))  # fmt: skip


def _sources(dataset: Dataset) -> list[EncoderSource]:
    """The encoders to look through; the run that shows contrastive learning on ``dataset`` best comes first."""
    own = simclr_run(single_runs(), dataset)
    return sorted(known_sources(), key=lambda source: not (own and source.run and source.run.id == own.id))


WIDGETS: dict[str, Callable[[], Shown]] = {
    "view": view, "pair": pair, "temperature": temperature, "head": head, "probe": probe, "imagenet": imagenet,
    "help": help_,
}  # fmt: skip
