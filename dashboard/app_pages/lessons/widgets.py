"""The live widget of each lesson. Each returns what it shows as numbers, and the same for the handout."""

from collections.abc import Callable

import streamlit as st

from dashboard import cache, state
from dashboard.app_pages.lessons.before_class import missing
from dashboard.app_pages.lessons.results import help_, imagenet, probe
from dashboard.app_pages.lessons.shown import NOTHING, VIEW_PX, Shown, lesson_dataset
from dashboard.cache import contrast
from dashboard.data.contrast.ignored import KEPT, Line, chart_data, unseen_rows
from dashboard.data.contrast.sources import Source
from dashboard.data.contrast.view_batches import ViewBatch, batch_rows
from dashboard.data.lessons.figures import figure, matrix_svg, response_svg, shares_table, view_name
from dashboard.data.lessons.prepared import HEAD, simclr_run
from dashboard.data.pictures import some_rows
from dashboard.data.previews import drawn
from dashboard.media import data_uri
from dashboard.parts.contrast.encoder_choice import encoder_choice, known_sources
from dashboard.parts.contrast.invariance_charts import changed_pictures, invariance_charts
from dashboard.parts.contrast.similarity_matrix import own_temperature, similarity_matrix
from dashboard.parts.pictures.view_pairs import VIEW_NAMES, original_uri, pair_html, view_uri
from dashboard.theme import on_page, paper, run_colours
from sealife_core.config import RECIPES
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.contrast.augmentations import BY_NAME
from sealife_core.evaluation.contrast.invariance import MINIMUM, strongest
from sealife_core.evaluation.contrast.invariance_words import difference, kept
from sealife_core.evaluation.figures.html_document import gallery
from sealife_core.views.transforms import apply_views

DRAWS, BATCH, HARDEST, ASKED_TEMPERATURE = 500, 8, 3, 0.1
PICTURES = 16  # whose changes are looked at


def view() -> Shown:
    """Two pairs of views of two pictures, and how much of them crops keep."""
    from sealife_core.evaluation.contrast.crop_coverage import crop_coverage

    with st.container(horizontal=True, vertical_alignment="bottom"):
        dataset = lesson_dataset()
        name = st.segmented_control("Recipe", list(RECIPES), default="SimCLR", required=True) or "SimCLR"
        st.button("Draw again", icon=":material/casino:", on_click=state.lessons.DRAWING.advance, shortcut="d")
    recipe, draw = RECIPES[name], state.lessons.DRAWING.number
    previews = cache.previews(dataset, some_rows(dataset, draw // 5, 2), VIEW_PX)
    pictures = []
    for column, preview in zip(st.columns(len(previews), gap="large"), previews, strict=True):
        column.html(pair_html(recipe, preview, VIEW_PX, draw, 1))
        pictures.append((original_uri(preview), f"{preview.name}, the original"))
        for number, letter in enumerate(VIEW_NAMES):
            parameters = drawn(recipe, preview, draw, 0, number)
            did = ", ".join(f"{what} {how}" for what, how in parameters.describe(0).items())
            seen = apply_views(preview.square[None], parameters, VIEW_PX)[0]
            pictures.append((view_uri(seen), f"View {letter}. {did}"))
    kept = crop_coverage(recipe, previews[0].aspect, draws=DRAWS).kept
    printed = figure(f"Two views of each picture, drawn with the recipe {name}.", gallery(pictures))
    return {"kept_area": float(kept.mean()), "draws": DRAWS}, printed


def pair() -> Shown:
    """The matrix of similarities of a few pictures' views."""
    batch, space, _ = _matrix()
    return {"pictures": len(batch.rows)}, _views(batch) + _cosines(batch, space)


def temperature() -> Shown:
    """The same matrix; what its hardest negatives get at one temperature."""
    import torch

    from sealife_core.evaluation.contrast.similarities import gradient_shares

    batch, space, own = _matrix()
    cosines = torch.from_numpy(batch.similarities[space])
    negatives = 2 * len(batch.rows) - 2
    hardest = min(HARDEST, negatives)
    share = float(gradient_shares(cosines, ASKED_TEMPERATURE).topk(hardest, dim=1).values.sum(1).mean())
    low, high = state.contrast.TEMPERATURES
    printed = {at: gradient_shares(cosines, at).numpy() for at in (low, own, high)}
    anchor = min(state.contrast.looked_at(own, space)["anchor"], len(cosines) - 1)
    table = shares_table(batch.similarities[space], printed, anchor, batch.names) if negatives else ""
    return {
        "hardest_share": share, "hardest": hardest, "negatives": negatives,
        "temperature": ASKED_TEMPERATURE,
    }, _views(batch) + figure("How one view’s gradient is shared among its negatives.", table)  # fmt: skip


def _matrix() -> tuple[ViewBatch, str, float]:
    """A batch of views and what an encoder makes of it, drawn; the space that the loss compares, and the encoder's
    own temperature."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        dataset = lesson_dataset()
        source = encoder_choice()
        st.button("Draw again", icon=":material/casino:", on_click=state.lessons.DRAWING.advance, shortcut="d")
    draw = state.lessons.DRAWING.number
    batch = contrast.view_batch(dataset, batch_rows(dataset, draw, BATCH), RECIPES["SimCLR"], draw, source)
    own, own_is = own_temperature(source)
    similarity_matrix(batch, own, own_is)
    return batch, "z" if "z" in batch.similarities else "h", own


def _views(batch: ViewBatch) -> str:
    """The views of a batch for the handout, the two of a picture beside each other."""
    n = len(batch.rows)
    places = [place for i in range(n) for place in (i, n + i)]
    return gallery(
        [(data_uri(batch.jpegs[at], "image/jpeg"), f"{view_name(at, n)} {batch.names[at % n]}") for at in places]
    )


def _cosines(batch: ViewBatch, space: str) -> str:
    says = f"The cosine of each view’s {space} with every other. The darker, the more similar. Framed: positive pairs."
    return figure(says, matrix_svg(batch.similarities[space]))


def head() -> Shown:
    """What a SimCLR run's h and z keep of a picture whose colours are turned, and of other changes."""
    dataset = lesson_dataset()
    source = _with_head(dataset)
    if source is None:
        missing(HEAD, dataset)
        return NOTHING
    rows = unseen_rows(dataset, PICTURES)
    if len(rows) < MINIMUM:
        return NOTHING
    place = st.empty()

    def report(stage: str, done: int, total: int) -> None:
        place.progress(done / total, f"{stage}: {done} of {total} ways")

    found = contrast.responses(source, dataset, tuple(rows), report)
    place.empty()
    if "z" not in found or found["h"].collapsed or found["z"].collapsed:
        return NOTHING
    plain_colour = run_colours([source.spec])[source.spec]
    lines, printed = (
        [Line(f"{source.title}, {space}", colour, found[space], dashed=space == "z") for space in ("h", "z")]
        for colour in (on_page(plain_colour, paper()), plain_colour)
    )
    at = state.lessons.POINT
    invariance_charts(lines, KEPT, dataset, rows, at.value, state.lessons.CHARTS, at.set)
    points = strongest("hue")
    gain = difference(found["h"], found["z"], points)
    h, z = (kept(found[space], points).value for space in ("h", "z"))
    return {"h": h, "z": z, "low": gain.low, "high": gain.high}, _responses(printed, dataset, rows)


def _with_head(dataset: Dataset) -> Source | None:
    """The run that shows a head best on this data set (:func:`simclr_run`), else the newest on any."""
    own = simclr_run(cache.runs(), dataset)
    known = [source for source in known_sources() if source.run and not source.run.broken]
    return next((source for source in known if own and source.run and source.run.id == own.id), None) or next(
        iter(known), None
    )


def _responses(lines: list[Line], dataset: Dataset, rows: list[int]) -> str:
    """The charts and a few pictures with the hue turned, for the handout."""
    ((name, level),) = strongest("hue")
    pictures = [
        (address, f"{picture['name']}, {words}")
        for picture in changed_pictures(lines, KEPT, dataset, rows, name, level)["pictures"]
        for address, words in ((picture["before"], "the original"), (picture["after"], BY_NAME[name].says(level)))
    ]
    says = (
        f"How similar a changed picture stays to the original, mean of {len(rows)} pictures. Full line: h of"
        f" {lines[0].name.rpartition(', ')[0]}; dashed: z. 100 %: like the original, 0 %: like another picture. The"
        " numbers are those at the dotted line, where a chart says how strong the change is."
    )
    return figure(says, response_svg(chart_data(lines, KEPT), says)) + gallery(pictures)


WIDGETS: dict[str, Callable[[], Shown]] = {
    "view": view, "pair": pair, "temperature": temperature, "head": head, "probe": probe, "imagenet": imagenet,
    "help": help_,
}  # fmt: skip
