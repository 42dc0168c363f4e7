"""The choice of an encoder to look through, or of several: ImageNet's, an untrained one, a SimCLR run at any epoch."""

from collections.abc import Sequence

import streamlit as st

from dashboard.data.contrast.encoder_sources import MOST_ENCODERS, EncoderSource, at_epochs, sources, usual_encoders
from dashboard.state import contrast
from dashboard.words import run_name
from sealife_core.runs.directory import single_runs


def known_sources() -> list[EncoderSource]:
    """All encoders that can be looked through: SimCLR runs, the newest first; ImageNet's and an untrained one; and
    last runs that were broken on purpose, which show something else than contrastive learning."""
    runs = single_runs()
    found = sources(runs, {run.id: run_name(run) for run in runs})
    return sorted(found, key=lambda source: 1 if source.run is None else 2 if source.run.broken else 0)


def encoder_choice(offered: Sequence[EncoderSource]) -> EncoderSource:
    """Two boxes: one of ``offered``, the first unless chosen; and of a run that stored models of its way, which."""
    by_spec = {source.spec: source for source in offered}
    chosen, _, epoch = contrast.ENCODER.value.partition("@")
    source = by_spec.get(chosen) or next(iter(by_spec.values()))
    box = contrast.ENCODER.widget.showing(source.spec)
    st.selectbox(
        "Encoder", list(by_spec), key=box, format_func=lambda spec: by_spec[spec].title, width=300,
        on_change=lambda: contrast.ENCODER.set(box.held()),
    )  # fmt: skip
    moments = {moment.spec: moment for moment in at_epochs(source)}
    if len(moments) == 1:
        return source
    moment = moments.get(f"{source.spec}@{epoch}", source)
    words = {each.spec: _when(each) for each in moments.values()}
    epochs = contrast.EPOCH_BOX.showing(moment.spec)
    st.segmented_control(
        "When", list(words), key=epochs, format_func=words.__getitem__, required=True,
        on_change=lambda: contrast.ENCODER.set(epochs.held()),
    )  # fmt: skip
    return moment


def encoders_choice() -> list[EncoderSource]:
    """Up to three encoders; of runs that stored models of their way, also as they were after those epochs."""
    options = {moment.spec: moment for source in known_sources() for moment in (source, *at_epochs(source))}
    asked = contrast.ENCODERS.ids()
    chosen = [spec for spec in asked or () if spec in options][:MOST_ENCODERS]
    if asked is None or (asked and not chosen):  # nobody chose yet, or none of those is there any more
        chosen = usual_encoders(list(options.values()))
    box = contrast.ENCODERS_BOX.showing(chosen)
    st.multiselect(
        f"Encoders (up to {MOST_ENCODERS})", list(options), key=box, format_func=lambda spec: options[spec].title,
        max_selections=MOST_ENCODERS, on_change=lambda: contrast.ENCODERS.choose(box.held()), width=900,
    )  # fmt: skip
    return [options[spec] for spec in chosen]


def _when(source: EncoderSource) -> str:
    if source.epoch is None:
        return "at the end"
    return f"epoch {source.epoch}" if source.epoch else "before training"
