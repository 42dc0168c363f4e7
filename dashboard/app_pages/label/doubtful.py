"""Labels that may be wrong, the most suspicious first: keep, change, leave out, unsure."""

from collections.abc import Mapping
from functools import partial

import streamlit as st

from dashboard import background
from dashboard.cache import datasets, embeddings
from dashboard.parts.correcting.labeller import Ask, labeller
from dashboard.state import label
from dashboard.words import plain
from sealife_core.datasets.checks import check
from sealife_core.datasets.corrections.entries import in_force
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.curation.suspects import Suspect, Suspects, suspects
from sealife_core.progress import Progress
from sealife_core.runs.run import Run
from sealife_core.wording import counted, percent

A_BATCH, ASKED_AGAIN, NEAR = 24, 6, 6
SHARE = 0.1  # of all pictures: where most of the wrong labels are found


def doubtful_view(dataset: Dataset, run: Run) -> None:
    """Judges the labels once; what a person has answered meanwhile is left out."""
    renames = [str(entry.number) for entry in in_force(dataset.entries) if entry.rename]
    key = f"doubt {dataset.name} {run.id} {'.'.join(renames)}"
    job = background.asked(key, f"Judging the labels of {dataset.name}", partial(_judge, dataset.name, run))
    if job.running:
        st.fragment(_progress, run_every=0.5)(job)
        return
    if job.error is not None or job.result is None:
        st.caption(plain(str(job.error or "It was cancelled.")))
        st.button("Judge the labels", on_click=background.forget, args=(key,))
        return
    found: Suspects = job.result
    labels = dict(zip(dataset.manifest["id"].tolist(), dataset.manifest["label"].tolist(), strict=True))
    # Nobody has answered: the label is as it was judged, and not looked at since.
    left = [
        one for one in found.ranked if labels.get(one.id) == one.label and dataset.reviews.get(one.id, "") == one.review
    ]
    answered = len(found.ranked) - len(left)
    first = max(0, round(SHARE * len(found.ranked)) - answered)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(
            f"**{counted(answered, 'label')} looked at.** Most wrong labels are among the first"
            f" {round(SHARE * len(found.ranked)):,} of {len(found.ranked):,}: {first:,} of them are left.",
            width="stretch",
        )
        st.button("Judge again", icon=":material/refresh:", on_click=background.forget, args=(key,))
    rows = [_ask(dataset, one, labels) for one in left[:A_BATCH]]
    labeller(
        dataset, rows, label.LABELLER.of("doubtful", dataset.name), mode="doubtful", why="suspect", every=ASKED_AGAIN
    )
    rare = f" Too few pictures to judge: {', '.join(map(plain, found.too_rare))}." if found.too_rare else ""
    st.caption(
        "Each label is judged by a model that has not learned from that picture, and by the pictures that are most"
        f" similar. A picture can be right and still look unusual.{rare}"
    )


def _judge(name: str, run: Run, tell: Progress) -> Suspects:
    dataset = datasets.opened(name)
    checks = check(dataset, tell)
    tell("Judging every label", 0, 0)
    copies = [group.rows for group in (*checks.exact, *checks.near)]
    return suspects(dataset, embeddings.stored(run, "h"), copies)


def _ask(dataset: Dataset, one: Suspect, labels: Mapping[str, str]) -> Ask:
    near = [(dataset.row_of(image), labels[image]) for image in one.neighbours if image in labels][:NEAR]
    likely = {one.predicted: one.probability, one.label: one.label_probability}
    likely |= {name: 0.0 for _, name in near if name and name not in likely}
    return Ask(
        row=dataset.row_of(one.id), likely=list(likely.items()), near=near,
        note=(
            f"Labelled {one.label}. The model says {one.predicted} ({percent(one.probability, 0)});"
            f" {percent(one.neighbour_share, 0)} of the most similar pictures are {one.label}."
        ),
    )  # fmt: skip


def _progress(job: background.BackgroundJob) -> None:
    if not job.running:
        st.rerun(scope="app")
    st.progress(job.share, plain(job.sentence))
