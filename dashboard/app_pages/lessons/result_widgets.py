"""The widgets of the lessons about results: of ImageNet's encoder, of two classifiers, and of a study."""

from collections.abc import Callable, Sequence

import numpy as np
import streamlit as st

from dashboard import state
from dashboard.app_pages.lessons.before_class import missing
from dashboard.app_pages.lessons.own_object import own_object
from dashboard.app_pages.lessons.shown import NOTHING, VIEW_PX, Shown, lesson_dataset
from dashboard.cache import contrast, datasets
from dashboard.data.lessons.figures import figure, score_svg
from dashboard.data.lessons.prepared import HELP, PROBE, helps_study, probe_and_fine_tune
from dashboard.data.lessons.study_table import READ_TABLE, study_table, tested_before
from dashboard.data.pictures import class_of, some_rows
from dashboard.parts.pictures.image_grid import grid_picture, show_grid
from dashboard.parts.pictures.view_pairs import original_uri
from dashboard.parts.runs.score_cards import score_cards
from dashboard.theme import run_colours
from dashboard.words import plain, unbroken
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.comparison.paired import Paired, paired_runs
from sealife_core.evaluation.figures.html_document import gallery, table
from sealife_core.runs.directory import list_studies, open_run, single_runs
from sealife_core.studies.helps_answer import beside_sentence, decides_sentence, helps_found
from sealife_core.studies.readiness import unfinished
from sealife_core.studies.study_results import classes_of, part_results, study_of
from sealife_core.studies.verdict import NO, YES
from sealife_core.wording import points, points_between

NEIGHBOURS_SHOWN, ONLY_SHOWN = 5, 6


def probe() -> Shown:
    """The newest linear probe and fine-tuned run of one data set that begin with the same encoder."""
    dataset = lesson_dataset()
    both = probe_and_fine_tune(single_runs(), dataset)
    if both is None:
        missing(PROBE, dataset)
        return NOTHING
    score_cards(both)
    runs = [open_run(row.run_id) for row in both]
    pair = paired_runs(*runs)
    found = pair.accuracy_difference
    difference = unbroken(
        f"Fine-tuned run minus probe, on the same pictures: {points(found.value)} points (95 % interval"
        f" {points_between(found.low, found.high)})."
    )
    st.markdown(f"**{difference}**")
    only = [
        _only(dataset, pair, pile, f"Only {words} right", other)
        for pile, words, other in (
            ("broken", "the linear probe is", "fine-tuned"),
            ("fixed", "the fine-tuned run is", "probe"),
        )
    ]
    if st.button("Compare them picture by picture", icon=":material/balance:"):
        state.go("compare", {state.compare.RUNS: [run.id for run in runs]})
    colours = run_colours([run.id for run in single_runs()])
    return {
        "probe": both[0].accuracy, "finetune": both[1].accuracy, "low": found.low, "high": found.high, "n": both[0].n,
    }, lambda: figure(
        f"Accuracy on test pictures, with 95 % intervals. Dotted: chance. {difference}", score_svg(both, colours)
    ) + "".join(printed() for printed in only)  # fmt: skip


def _only(dataset: Dataset, pair: Paired, pile: str, title: str, other: str) -> Callable[[], str]:
    """A few of the test pictures that only one of the two gets right. Returns what makes them for the handout."""
    mask = pair.mask(pile)
    wrong = (pair.predicted_b if pile == "broken" else pair.predicted_a)[mask]
    ids = pair.ids[mask].tolist()
    rows = [dataset.row_of(image) for image in ids[:ONLY_SHOWN]]
    words = [f"{other}: {said}" for _, said in zip(rows, wrong, strict=False)]
    heading = f"{title}: {len(ids):,} of {pair.n:,}"
    if not rows:
        return str
    st.markdown(f"**{heading}**")
    shown = [grid_picture(dataset, row, class_of(dataset, row)) for row in rows]
    for picture, said in zip(shown, words, strict=True):
        picture["lines"] = [["wrong", said]]
    show_grid(shown, state.lessons.GRID.of(pile), dataset, correctable=False)
    captions = [f"{class_of(dataset, row)}; {said}" for row, said in zip(rows, words, strict=True)]
    return lambda: f"<h2>{heading}</h2>{_on_paper(dataset, rows, captions)}"


def imagenet() -> Shown:
    """A few pictures with the pictures that are nearest to them by ImageNet's features, and how often all are right."""
    dataset = lesson_dataset()
    votes = contrast.imagenet_vote(dataset)
    if votes is None:
        return NOTHING
    st.button("Other pictures", icon=":material/shuffle:", on_click=state.lessons.DRAWING.advance)
    chosen = some_rows(dataset, state.lessons.DRAWING.number, len(dataset.manifest))
    shown = []
    for row in [row for row in chosen if row in votes.neighbours][:3]:
        rows = [row, *votes.neighbours[row][:NEIGHBOURS_SHOWN]]
        words = [f"Asked: {class_of(dataset, row)}", *(class_of(dataset, other) for other in rows[1:])]
        near = [grid_picture(dataset, row, text) for row, text in zip(rows, words, strict=True)]
        show_grid(near, state.lessons.GRID.of(row), dataset, correctable=False)  # by mistake, in a lesson
        shown.append((rows, words))
    st.fragment(own_object)(dataset)
    return {
        "knn": votes.accuracy,
        "low": votes.low,
        "high": votes.high,
        "chance": votes.chance,
        "n": len(votes.neighbours),
        "bank": votes.bank,
        "voters": votes.voters,
        "classes": votes.classes,
        "all_classes": len(dataset.classes),
    }, lambda: figure(
        "Each row: a picture, and the five nearest to it by ImageNet’s features.",
        "".join(_on_paper(dataset, rows, words) for rows, words in shown),
    )


def help_() -> Shown:
    """The verdict of the newest study of this question on one data set."""
    dataset = lesson_dataset()
    study = helps_study(list_studies(), dataset)
    if study is None:
        missing(HELP, dataset)
        return NOTHING
    parts = part_results(study)
    if said := unfinished(parts):
        st.caption(said)
        return NOTHING
    found = helps_found(parts, study.root, classes_of(study_of(study)))
    if found is None:
        st.caption("This study gives no verdict. That needs two finished seeds of the two options compared.")
        return NOTHING
    st.info(decides_sentence(found.decides))
    if before := tested_before(parts, dataset):
        st.warning(before)
    rows = study_table(parts, found)
    st.html(f'<div class="study">{table(rows)}</div>')
    st.caption(f"{READ_TABLE} {plain(beside_sentence(found))}")
    gain = found.decides.gain
    some = dataset.rows("test", labelled_only=True)
    some = some[np.linspace(0, len(some) - 1, min(ONLY_SHOWN, len(some))).astype(int)].tolist()
    return {
        "verdict": {YES: 0, NO: 1}.get(found.decides.verdict, 2), "gain": gain.value, "low": gain.low,
        "high": gain.high, "seeds": gain.seeds, "images": gain.images, "same": found.decides.kept_start,
    }, lambda: f"<h2>The study</h2>{f'<p>{before}</p>' * bool(before)}{table(rows)}<p>{READ_TABLE}</p>" + figure(
        "Some of the test pictures.", _on_paper(dataset, some, [class_of(dataset, row) for row in some])
    )  # fmt: skip


def _on_paper(dataset: Dataset, rows: Sequence[int], words: Sequence[str]) -> str:
    pictures = datasets.previews(dataset, rows, VIEW_PX)
    return gallery([(original_uri(picture), said) for picture, said in zip(pictures, words, strict=True)])
