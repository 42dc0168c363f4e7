"""Where an encoder starts from, and how many of its stages go on learning."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from dashboard.state import Key
from dashboard.words import plain
from sealife_core.config import ALL_STAGES, ClassifierConfig, Setting, source_run
from sealife_core.evaluation.comparison.candidates import distinct_names
from sealife_core.models.facts import CURATED, published_weights, title_of
from sealife_core.runs.directory import source_config
from sealife_core.runs.liveness import State
from sealife_core.runs.run import MODEL, Run

FILE = "file"
STAGES = ("stem", "layer 1", "layer 2", "layer 3", "layer 4")


def sources(runs: Sequence[Run]) -> dict[str, str]:
    """Weights that runs offer: "run:ID" → what people call it, each in its own way: of two options of the same words
    only one can be chosen. Encoders first, then classifiers. A run that still trains is waited for."""
    offering = [run for run in runs if run.state().active or (run.path / MODEL).exists()]
    known = [(run, config) for run in offering if (config := run.config_or_none()) and not config.broken]
    names = distinct_names([run for run, _ in known])
    encoders: dict[str, str] = {}
    classifiers: dict[str, str] = {}
    for run, config in known:
        state = run.state()
        waits = " (not finished: the new run will wait)" if state.active else ""
        stopped = " (stopped early)" if state is State.STOPPED else ""
        kind = classifiers if isinstance(config, ClassifierConfig) else encoders
        kind[f"run:{run.id}"] = f"{names[run.id]}{waits}{stopped}"
    return encoders | classifiers


def learned_with(weights: str) -> tuple[str, int] | None:
    """Encoder and image size (px) of the run that ``weights`` come from; None where they come from no readable run."""
    learned = source_config(weights)
    return (learned.encoder, learned.image_size_px) if learned else None


def weights_field(setting: Setting, value: str, key: Key, *, runs: dict[str, str], encoder: str) -> Any:
    """Draws the setting ``weights`` as a choice among ``runs`` (of :func:`sources`), published weights, random ones and
    a file. encoder: the form's, unless its field says another one.
    """
    own = key.of(setting.path)
    network = key.of("encoder").held(encoder)
    published = published_weights(network)
    words = {"random": "Random weights", "imagenet": published[0].upper() + published[1:], FILE: "A weights file…"}
    options = [*runs, *words]
    value = own.held(value)
    held = FILE if value.startswith("file:") else value
    if held not in options:  # a run that is gone: shown as it is, and refused by validation
        options.insert(0, held)
    with st.container(gap="xsmall"):
        chosen = st.selectbox(
            setting.title, options, index=options.index(held),
            format_func=lambda spec: runs.get(spec) or words.get(spec) or f"{source_run(spec)} (not found)",
            key=own.of(published), persist_state="session",  # what is kept of a selectbox is its words
        )  # fmt: skip
        if chosen == FILE:
            path = st.text_input(
                "Path of the file", value.removeprefix("file:") if held == FILE else "", key=own.of("file"),
                placeholder="/path/to/weights.safetensors", persist_state="session",
            )  # fmt: skip
            st.caption(
                "A .safetensors, .pt or .pth file with the parameter names of torchvision, timm or this program."
            )
            chosen = f"file:{path}"
        elif chosen == "imagenet" and network in CURATED:
            st.caption(f"{plain(words[chosen])} of {plain(title_of(network))}, {plain(CURATED[network].learned)}.")
        else:
            st.caption(f"The encoder starts from the weights of a run, {plain(published)}, random weights or a file.")
    own.hold(chosen)
    return chosen


def stages_field(setting: Setting, value: int, key: Key, *, top: str) -> int:
    """Draws ``trained_stages`` as a ladder: what is frozen, what learns. ``top``: what is on the encoder."""
    with st.container(gap="xsmall"):
        chosen = st.select_slider(
            f"{setting.title} ({setting.unit})", list(range(int(setting.minimum or 0), ALL_STAGES + 1)),
            value=value, key=key.of(setting.path), persist_state="session",
        )  # fmt: skip
        st.html(ladder(chosen, top))
        st.caption(f"{setting.says} The stem is the encoder's first layers.")
    return chosen


def ladder(trained: int, top: str) -> str:
    """The encoder from picture to ``top`` as HTML: frozen stages are hollow, learning ones are filled."""
    frozen = ALL_STAGES - trained
    rungs = "".join(
        f'<span class="rung{" learns" if place >= frozen else ""}">{name}</span>'
        for place, name in enumerate((*STAGES, top))
    )
    words = f"{frozen} stages frozen, {trained} stages and the {top} trained"
    return f'<div class="ladder" role="img" aria-label="{words}">{rungs}</div>'
