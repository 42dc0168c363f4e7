"""The live widget of each lesson. Each returns what it shows as numbers, and the pictures for the handout."""

from collections.abc import Callable, Sequence

import streamlit as st

from dashboard import cache, state
from dashboard.app_pages.lessons.own_object import own_object
from dashboard.cache import contrast
from dashboard.data.contrast.ignored import KEPT, Line, unseen_rows
from dashboard.data.contrast.view_batches import ViewBatch, batch_rows
from dashboard.data.lessons.lessons import Reading
from dashboard.data.pictures import class_of, some_rows
from dashboard.data.previews import drawn
from dashboard.data.runs import config_of
from dashboard.media import data_uri
from dashboard.parts.contrast.encoder_choice import encoder_choice, known_sources
from dashboard.parts.contrast.invariance_charts import invariance_charts
from dashboard.parts.contrast.similarity_matrix import own_temperature, similarity_matrix
from dashboard.parts.forms.dataset_choice import dataset_choice
from dashboard.parts.pictures.image_grid import grid_picture, show_grid
from dashboard.parts.pictures.view_pairs import pair_html, view_uri
from dashboard.parts.runs.score_cards import score_cards
from dashboard.theme import on_page, paper, run_colours
from sealife_core.config import RECIPES, ClassifierConfig
from sealife_core.datasets.dataset import Dataset
from sealife_core.errors import SealifeError
from sealife_core.evaluation.comparison.paired import paired_runs
from sealife_core.evaluation.comparison.rows import ComparisonRow, comparison
from sealife_core.evaluation.contrast.invariance import MINIMUM, strongest
from sealife_core.evaluation.contrast.invariance_words import difference, kept
from sealife_core.runs.directory import open_run
from sealife_core.runs.run import Run
from sealife_core.studies.helps import HELPS
from sealife_core.studies.helps_answer import helps_found, helps_sentence
from sealife_core.studies.results import classes_of, part_results, study_of
from sealife_core.studies.verdict import NO, YES
from sealife_core.views.transforms import apply_views

Pictures = list[tuple[str, str]]  # data URI and caption
Shown = tuple[Reading, Pictures]
VIEW_PX, DRAWS, NEIGHBOURS_SHOWN = 160, 500, 5
BATCH, HARDEST, ASKED_TEMPERATURE = 8, 3, 0.1
PICTURES = 16  # whose changes are looked at


def _dataset() -> Dataset:
    with st.container(width=220):
        return cache.dataset(dataset_choice("Data set"))


def view() -> Shown:
    """Two pairs of views of two pictures, and how much of them crops keep."""
    from sealife_core.evaluation.contrast.crop_coverage import crop_coverage

    with st.container(horizontal=True, vertical_alignment="bottom"):
        dataset = _dataset()
        name = st.segmented_control("Recipe", list(RECIPES), default="SimCLR", required=True) or "SimCLR"
        st.button("Draw again", icon=":material/casino:", on_click=state.lessons.DRAWING.advance, shortcut="d")
    recipe, draw = RECIPES[name], state.lessons.DRAWING.number
    previews = cache.previews(dataset, some_rows(dataset, draw // 5, 2), VIEW_PX)
    pictures: Pictures = []
    for column, preview in zip(st.columns(len(previews), gap="large"), previews, strict=True):
        column.html(pair_html(recipe, preview, VIEW_PX, draw, 1))
        for number in (0, 1):
            seen = apply_views(preview.square[None], drawn(recipe, preview, draw, 0, number), VIEW_PX)[0]
            pictures.append((view_uri(seen), preview.name))
    kept = crop_coverage(recipe, previews[0].aspect, draws=DRAWS).kept
    return {"kept_area": float(kept.mean()), "draws": DRAWS}, pictures


def pair() -> Shown:
    """The matrix of similarities of a few pictures' views."""
    batch, _ = _matrix()
    return {"pictures": len(batch.rows)}, _as_pictures(batch)


def temperature() -> Shown:
    """The same matrix; what its hardest negatives get at one temperature."""
    import torch

    from sealife_core.evaluation.contrast.similarities import gradient_shares

    batch, space = _matrix()
    shares = gradient_shares(torch.from_numpy(batch.similarities[space]), ASKED_TEMPERATURE)
    negatives = 2 * len(batch.rows) - 2
    hardest = min(HARDEST, negatives)
    share = float(shares.topk(hardest, dim=1).values.sum(1).mean())
    return {
        "hardest_share": share, "hardest": hardest, "negatives": negatives,
        "temperature": ASKED_TEMPERATURE,
    }, _as_pictures(batch)  # fmt: skip


def _matrix() -> tuple[ViewBatch, str]:
    """A batch of views and what an encoder makes of it, drawn; and the space that the loss compares."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        dataset = _dataset()
        source = encoder_choice()
        st.button("Draw again", icon=":material/casino:", on_click=state.lessons.DRAWING.advance, shortcut="d")
    draw = state.lessons.DRAWING.number
    batch = contrast.view_batch(dataset, batch_rows(dataset, draw, BATCH), RECIPES["SimCLR"], draw, source)
    similarity_matrix(batch, *own_temperature(source))
    return batch, "z" if "z" in batch.similarities else "h"


def _as_pictures(batch: ViewBatch) -> Pictures:
    """The views of a batch, the two of a picture beside each other."""
    n = len(batch.rows)
    places = [place for i in range(n) for place in (i, n + i)]
    return [(data_uri(batch.jpegs[place], "image/jpeg"), batch.names[place % n]) for place in places]


def head() -> Shown:
    """What a SimCLR run's h and z keep of a picture whose colours are turned, and of other changes."""
    dataset = _dataset()
    source = next((source for source in known_sources() if source.run and not source.run.broken), None)
    if source is None:
        if st.button("Train SimCLR", icon=":material/model_training:"):
            state.go("train", {state.train.TASK: "simclr"})
        return {}, []
    rows = unseen_rows(dataset, PICTURES)
    if len(rows) < MINIMUM:
        return {}, []
    place = st.empty()

    def report(stage: str, done: int, total: int) -> None:
        place.progress(done / total, f"{stage}: {done} of {total} ways")

    found = contrast.responses(source, dataset, tuple(rows), report)
    place.empty()
    if "z" not in found or found["h"].collapsed or found["z"].collapsed:
        return {}, []
    colour = on_page(run_colours([source.spec])[source.spec], paper())
    lines = [Line(f"{source.title}, {space}", colour, found[space], dashed=space == "z") for space in ("h", "z")]
    at = state.lessons.POINT
    invariance_charts(lines, KEPT, dataset, rows, at.value, state.lessons.CHARTS, at.set)
    points = strongest("hue")
    gain = difference(found["h"], found["z"], points)
    h, z = (kept(found[space], points).value for space in ("h", "z"))
    return {"h": h, "z": z, "low": gain.low, "high": gain.high}, []


def imagenet() -> Shown:
    """A few pictures with the pictures that are nearest to them by ImageNet's features, and how often all are right."""
    dataset = _dataset()
    votes = contrast.imagenet_vote(dataset)
    if votes is None:
        return {}, []
    st.button("Other pictures", icon=":material/shuffle:", on_click=state.lessons.DRAWING.advance)
    chosen = some_rows(dataset, state.lessons.DRAWING.number, len(dataset.manifest))
    asked = [row for row in chosen if row in votes.neighbours][:3]
    for row in asked:
        near = votes.neighbours[row][:NEIGHBOURS_SHOWN]
        words = [f"Asked: {class_of(dataset, row)}", *(class_of(dataset, other) for other in near)]
        shown = [grid_picture(dataset, other, text) for other, text in zip([row, *near], words, strict=True)]
        show_grid(shown, state.lessons.GRID.of(row))
    st.fragment(own_object)(dataset)
    return {
        "knn": votes.accuracy,
        "low": votes.low,
        "chance": votes.chance,
        "n": len(votes.neighbours),
        "bank": votes.bank,
        "voters": votes.voters,
    }, []


def probe() -> Shown:
    """The newest linear probe and fine-tuned run of one data set that begin with the same encoder."""
    dataset = _dataset()
    both = _probe_and_fine_tune(
        [row for row in comparison(cache.runs()) if row.comparable and row.data == dataset.name]
    )
    if both is None:
        if st.button("Train what is missing", icon=":material/model_training:"):
            state.go("train", {state.data.DATASET: dataset.name, state.train.TASK: "finetune"})
        return {}, []
    score_cards(both)
    runs = [open_run(row.run_id) for row in both]
    found = paired_runs(*runs).accuracy_difference
    if st.button("Compare them picture by picture", icon=":material/balance:"):
        state.go("compare", {state.compare.RUNS: [run.id for run in runs]})
    return {
        "probe": both[0].accuracy, "finetune": both[1].accuracy, "low": found.low, "high": found.high, "n": both[0].n,
    }, []  # fmt: skip


def _probe_and_fine_tune(rows: Sequence[ComparisonRow]) -> tuple[ComparisonRow, ComparisonRow] | None:
    """Of ``rows`` the newest two that differ in whether the encoder learned, and not in where it came from."""
    frozen: dict[tuple[str, str, int], ComparisonRow] = {}
    learned: dict[tuple[str, str, int], ComparisonRow] = {}
    for row in sorted(rows, key=lambda row: row.run_id):
        config = config_of(open_run(row.run_id))
        if isinstance(config, ClassifierConfig):
            kind = learned if config.trained_stages else frozen
            kind[config.weights, config.encoder, config.image_size_px] = row
    shared = max(frozen.keys() & learned.keys(), key=lambda start: learned[start].run_id, default=None)
    return (frozen[shared], learned[shared]) if shared else None


def help_() -> Shown:
    """The verdict of the newest study of this question on one data set."""
    dataset = _dataset()
    study = next((run for run in cache.studies() if _answers(run, dataset.name)), None)
    if study is None:
        if st.button("Ask it: a study of an hour or more", icon=":material/science:"):
            state.go("studies", {state.data.DATASET: dataset.name})
        return {}, []
    found = helps_found(part_results(study), study.root, classes_of(study_of(study)))
    if found is None:
        return {}, []
    st.info(helps_sentence(found))
    gain = found.decides.gain
    return {
        "verdict": {YES: 0, NO: 1}.get(gain.verdict, 2), "gain": gain.value, "low": gain.low, "high": gain.high,
        "seeds": gain.seeds, "images": gain.images,
    }, []  # fmt: skip


def _answers(run: Run, data: str) -> bool:
    try:
        study = study_of(run)
    except SealifeError:
        return False
    return study.question == HELPS and study.data == data


WIDGETS: dict[str, Callable[[], Shown]] = {
    "view": view, "pair": pair, "temperature": temperature, "head": head, "probe": probe, "imagenet": imagenet,
    "help": help_,
}  # fmt: skip
