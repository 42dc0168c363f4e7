"""Which encoder is shown, how, and in which colours; and what is shown while there is none."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from dashboard import state
from dashboard.cache import classifiers
from dashboard.data.embeddings.points import FILM, PCA, UMAP, Look
from dashboard.data.embeddings.scatter import (
    ALWAYS,
    CLASS,
    CLUSTER,
    CONFIDENCE,
    LOSS,
    PREDICTED,
    PREDICTING,
    RIGHT,
    SPLIT,
)
from dashboard.parts.forms.config_form import setting_grid
from dashboard.parts.notice import way_out
from dashboard.state import embeddings
from dashboard.words import plain, run_name
from sealife_core.config import describe, inherited, parse
from sealife_core.datasets.dataset import Dataset
from sealife_core.errors import SealifeError
from sealife_core.evaluation.comparison.candidates import distinct_names
from sealife_core.evaluation.embeddings.stored_embeddings import Space, has_embeddings
from sealife_core.evaluation.projections.reduction import ProjectionSettings
from sealife_core.runs.run import MODEL, Run

MEANS = {
    CLASS: "the label of the picture. The encoder of a SimCLR run never saw it.",
    SPLIT: "training, validation or test. Training pictures that lie far from the others are a sign of overfitting.",
    PREDICTED: "the predicted class. Training pictures are grey: their predictions are not saved.",
    RIGHT: "circles are classified correctly, crosses wrongly. Crosses often lie between groups.",
    CONFIDENCE: "how sure the classifier is of its answer, right or wrong.",
    LOSS: "minus the logarithm of the probability of the true class. It is high where the classifier is sure but"
    " wrong.",
    CLUSTER: "groups that k-means finds in the original space, without labels.",
}
_SPACES: dict[str, Space] = {"encoder h": "h", "projection z": "z"}


def by_embeddings(runs: Sequence[Run]) -> tuple[list[Run], list[Run]]:
    """Runs with embeddings; and runs with a model that were made before embeddings were kept."""
    readable = [run for run in runs if _data(run)]
    with_them = [run for run in readable if has_embeddings(run.path)]
    known = {run.id for run in with_them}
    return with_them, [run for run in readable if run.id not in known and (run.path / MODEL).is_file()]


def run_choice(ready: Sequence[Run], old: Sequence[Run]) -> Run:
    """The chosen run; those without embeddings are listed last."""
    known = {run.id: run for run in (*ready, *old)}
    chosen = embeddings.RUN.one_of(list(known), next(iter(known)))
    names = distinct_names([*known.values()])
    names |= {run.id: f"{names[run.id]} (no embeddings yet)" for run in old}
    key = embeddings.RUN_BOX.showing(chosen)
    st.selectbox(
        "Encoder of", list(known), key=key, format_func=names.__getitem__,
        on_change=lambda: embeddings.RUN.choose([key.held()]),
    )  # fmt: skip
    return known[chosen]


def second_run_choice(run: Run, ready: Sequence[Run]) -> Run | None:
    """A second encoder on the same data set, or None."""
    data = _data(run)
    others = {other.id: other for other in ready if other.id != run.id and _data(other) == data}
    chosen = embeddings.BESIDE.one_of(list(others))
    names = {"": "No other run"} | distinct_names([*others.values()])
    key = embeddings.BESIDE_BOX.showing(chosen)
    st.selectbox(
        "Compare with", list(names), key=key, format_func=names.__getitem__, disabled=not others,
        help=None if others else "This needs another run on the same data set.",
        on_change=lambda: embeddings.BESIDE.choose([key.held()] if key.held() else []),
    )  # fmt: skip
    return others.get(chosen)


def method_choice(film: bool) -> tuple[str, int]:
    """(PCA, UMAP or FILM; dimensions)."""
    methods = [PCA, UMAP] + ([FILM] if film else [])
    shared: dict[str, Any] = {"required": True, "bind": "query-params"}
    method = st.segmented_control("Projection", methods, default=PCA, key=embeddings.METHOD, **shared)
    if method == FILM:
        return FILM, 2
    dims = st.segmented_control("Dimensions", ["2D", "3D"], default="2D", key=embeddings.DIMS, **shared)
    return method or PCA, 3 if dims == "3D" else 2


def colour_choice(runs: Sequence[Run], dataset: Dataset, film: bool) -> tuple[str, tuple[str, ...], int]:
    """(colouring, classes to show: () is all, number of clusters)."""
    predicting = not film and any(classifiers.predictions_or_none(run) is not None for run in runs)
    words = [word for word in (*ALWAYS, *(PREDICTING if predicting else ())) if not (film and word == CLUSTER)]
    colour = st.selectbox("Colour by", words, key=embeddings.COLOUR, bind="query-params", width=190) or CLASS
    count = 10
    if colour == CLUSTER:
        count = st.number_input(
            "Clusters", 2, 32, min(32, max(2, len(dataset.classes))), key=embeddings.CLUSTERS, bind="query-params",
            width=120,
        )  # fmt: skip
    classes = st.multiselect(
        "Classes", dataset.classes, key=embeddings.CLASSES, bind="query-params", placeholder="all", width="stretch"
    )
    return colour, tuple(classes), int(count)


def space_choice(run: Run) -> Space:
    """h, or z where the run has a projection head and kept it."""
    if not has_embeddings(run.path, "z"):
        return "h"
    word = st.segmented_control(
        "Space", list(_SPACES), default="encoder h", required=True, key=embeddings.SPACE, bind="query-params",
        help="h is the output of the encoder. Classifiers use it. z is the output of the projection head. Only the"
             " contrastive loss uses it, during pre-training.",
    )  # fmt: skip
    return _SPACES[word or "encoder h"]


def umap_settings(method: str, dims: int, of: Space) -> ProjectionSettings:
    """UMAP's settings, folded; its defaults for any other method. They are kept on disk by what they are."""
    chosen: dict[str, object] = {"dims": dims, "of": of}
    if method == PCA:
        return parse(ProjectionSettings, chosen)
    fields = [field for field in describe(ProjectionSettings) if field.path not in chosen]
    held = embeddings.umap_settings()
    try:
        parse(ProjectionSettings, held)
    except SealifeError:  # a link may hold anything
        held = {}
    with st.expander("UMAP settings"):
        chosen |= setting_grid(fields, {f.path: f.default for f in fields} | held, embeddings.UMAP_FORM, {})
    embeddings.keep_umap_settings({f.path: chosen[f.path] for f in fields if chosen[f.path] != f.default})
    return parse(ProjectionSettings, chosen)


def nothing_yet(unready: bool) -> None:
    """No run has embeddings: the one button that makes some."""
    text = (
        "**No embeddings yet.** An embedding is the list of numbers that an encoder makes of a picture. Pictures that"
        " the encoder finds similar get similar embeddings. Every run saves its embeddings when it ends."
        + (" Your run has not finished yet." if unready else "")
    )
    if way_out(text, "Train an encoder"):
        state.go("train", {state.train.TASK: "simclr"})


def embed_first(run: Run) -> None:
    """An old run has none: embed its encoder now."""
    text = (
        f"**{plain(run_name(run))} has no saved embeddings.** You can compute them now with its encoder. Nothing is"
        " trained again."
    )
    if way_out(text, "Compute the embeddings"):
        state.train.set_form_values("embed", inherited(run.config()) | {"weights": f"run:{run.id}"})
        state.go("train", {state.train.TASK: "embed"})


def look_of(run: Run, look: Look) -> Look:
    """``look`` for another run: z only where that run has it."""
    of: Space = look.of if has_embeddings(run.path, look.of) else "h"
    return replace(look, run_id=run.id, of=of, settings=look.settings.model_copy(update={"of": of}))


def title_of(run: Run) -> str:
    """The name of a run and what its encoder is, for the heading over its chart."""
    kind, name = run.config().method, run_name(run)
    return plain(name) if kind.lower() in name.lower() else f"{plain(name)} ({plain(kind.lower())})"


def _data(run: Run) -> str:
    """The data set of a run; of a damaged one "". The config says it: opening the embeddings of all runs takes long."""
    config = run.config_or_none()
    return config.data if config else ""
