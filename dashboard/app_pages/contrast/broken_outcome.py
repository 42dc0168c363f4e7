"""What a run broken on purpose shows beside the intact one: words, numbers, neighbours and curves."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from dashboard.cache import contrast as kept
from dashboard.data.contrast.ablation_findings import (
    ANSWERS,
    Measures,
    Nearest,
    asked_of,
    nearest_at,
    predictions,
    shared_epochs,
    told,
)
from dashboard.data.pictures import class_of
from dashboard.parts.pictures.image_grid import grid_picture, show_grid
from dashboard.parts.runs import detail
from dashboard.parts.runs.run_progress import pace_s
from dashboard.parts.runs.score_cards import score_card
from dashboard.parts.runs.table import colours_of_all
from dashboard.state import contrast
from dashboard.words import plain, unbroken
from sealife_core.datasets.dataset import Dataset
from sealife_core.errors import SealifeError
from sealife_core.evaluation.embeddings.stored_embeddings import snapshot_epochs
from sealife_core.runs.run import Run
from sealife_core.studies.ablation_pairs import other_seeds

SIDES = ("Intact", "Broken")
PANELS = ("loss", "contrastive", "knn", "accuracy")


def show_outcome(key: str, runs: tuple[Run, Run], data: tuple[Dataset, Dataset], guess: tuple[int, int]) -> None:
    """What both finished ``runs`` show, each on its ``data``, and whether the prediction came true."""
    found = kept.broken_measures(*runs, *data, other_seeds(runs[0]))
    for reason in found.lost:
        st.error(f"Not everything can be shown: {plain(reason)}", icon=":material/error:")
    if found.measures:
        with st.container(border=True):
            st.markdown(unbroken(plain(told(key, found))))
            st.markdown(_verdict(key, found, guess))
        _scores(found, runs, data)
    if found.intact:
        st.fragment(_neighbours)(found, runs, data)


def _verdict(key: str, found: Measures, guess: Sequence[int]) -> str:
    """Whether the prediction came true, a line a measure."""
    lines = []
    for measure, answer in predictions(key, guess, found):
        if answer == measure.change:
            sign = "check_circle: It came true." if measure.change else "check_circle: Nothing speaks against it."
        else:
            sign = f"cancel: {f'It was {ANSWERS[measure.change]}' if measure.change else 'That does not show here'}."
        lines.append(f"Your prediction: {measure.name} {ANSWERS[answer]}. :material/{sign}")
    return "  \n".join(lines)


def _scores(found: Measures, runs: tuple[Run, Run], data: tuple[Dataset, Dataset]) -> None:
    """A column a measure, a row a run; and what chance does."""
    colours, cards = colours_of_all(), []
    for measure in found.measures:
        shares = measure.intact, measure.broken
        for run, dataset, what, share in zip(runs, data, SIDES, shares, strict=True):
            asked = asked_of(measure, run, dataset)
            cards.append(score_card(what, measure.name, measure.name, share, asked, colours[run.id]))
    st.html(f'<div class="scores twos">{"".join(cards)}</div>')
    by_chance = [(one.name, one.by_chance) for one in found.measures if one.by_chance is not None]
    chance = ", ".join(f"{100 * apart:.0f} ({name})" for name, apart in by_chance)
    if chance:
        st.caption(
            f"Points by which the intact run with another seed differs: {chance}. As much counts as no difference."
        )
    else:
        over = "pictures and steps" if any(one.n_broken for one in found.measures) else "pictures"
        st.caption(
            f"The intervals are over {over} of these two runs. What another seed changes is not in them:"
            " train the intact run again with another seed, and it is taken into account here."
        )


def _neighbours(found: Measures, runs: tuple[Run, Run], data: tuple[Dataset, Dataset]) -> None:
    same = data[0].content_hash == data[1].content_hash  # else only the classes of what is asked are
    st.markdown(
        f"##### {len(found.intact)} pictures{'' if same else ' of the same classes'}, and the training pictures"
        " nearest to them"
    )
    sides = _at_epoch(found, runs, data)
    for column, what, dataset, queries in zip(st.columns(2, gap="large"), SIDES, data, sides, strict=True):
        with column:
            right = sum(dataset.labels[row] == dataset.labels[query.row] for query in queries for row in query.rows)
            of = sum(len(query.rows) for query in queries)
            st.markdown(f"**{what}:** {right} of {of} are of the same class")
            for query in queries:
                show_grid(_row(dataset, query), contrast.BREAK.of(what, query.row), dataset, 72)


def _at_epoch(
    found: Measures, runs: tuple[Run, Run], data: tuple[Dataset, Dataset]
) -> tuple[tuple[Nearest, ...], tuple[Nearest, ...]]:
    """The neighbours of both runs after the epoch that is chosen; at the end where nothing can be chosen."""
    ends = found.intact, found.broken
    try:
        stored = [kept.snapshots(run) for run in runs if snapshot_epochs(run.path)]
    except SealifeError as error:
        st.caption(f"Only those at the end: {plain(str(error))}")
        return ends
    rows = [query.row for query in found.intact]
    epochs = shared_epochs(stored, data[0], rows) if len(stored) == len(runs) else []
    if len(epochs) < 2:
        return ends
    epoch = st.select_slider(
        "After epoch", epochs, epochs[-1], key=contrast.BREAK.of("epoch", *[run.id for run in runs])
    )
    if epoch == epochs[-1]:
        return ends
    return nearest_at(stored[0], epoch, data[0], rows), nearest_at(stored[1], epoch, data[0], rows)


def _row(dataset: Dataset, query: Nearest) -> list[dict[str, Any]]:
    """The picture asked, and its neighbours marked as right or wrong."""
    asked = grid_picture(dataset, query.row, class_of(dataset, query.row)) | {"lines": [["file", "asked"]]}
    near = []
    for row in query.rows:
        same = dataset.labels[row] == dataset.labels[query.row]
        mark = [["right", "✓ same"]] if same else [["wrong", "✕ other"]]
        near.append(grid_picture(dataset, row, class_of(dataset, row)) | {"lines": mark})
    return [asked, *near]


def show_curves(runs: tuple[Run, Run]) -> None:
    """The curves of both runs in the same charts, each named at its end."""
    colours = colours_of_all()
    st.markdown("##### Both runs over each other")
    detail.legend(list(runs), colours)
    st.fragment(detail.curves, run_every=pace_s(*runs))(list(runs), colours, PANELS, SIDES)
