"""Which network turns pictures into features: five to choose from, with what each takes; or any of timm's by name."""

from html import escape
from typing import Any

import streamlit as st

from dashboard import state
from dashboard.cache import training
from dashboard.parts.forms.start_from import learned_with
from dashboard.state import Key
from dashboard.words import plain
from sealife_core.config import Setting
from sealife_core.models import imagenet
from sealife_core.models.facts import CURATED, OFFERED, EncoderFacts, published_weights, title_of
from sealife_core.models.known import facts

OTHER = "another"


def encoder_field(setting: Setting, value: str, key: Key) -> str:
    """Draws the setting ``encoder`` and what is known of the chosen one. Returns its name."""
    offered = [*OFFERED, *([value] if value in CURATED and value not in OFFERED else []), OTHER]
    own = key.of(setting.path)
    with st.container(gap="xsmall"):
        name = st.selectbox(
            setting.title, offered, index=offered.index(value if value in offered else OTHER),
            format_func=lambda each: "Another network of timm…" if each == OTHER else title_of(each),
            key=own.of("choice"), persist_state="session",
        )  # fmt: skip
        if name == OTHER:
            name = _another("" if value in offered else value, own.of("timm"))
        told = _known(name)
        if told is not None:
            st.caption(plain(" ".join((told.says, _size(told), _where(told)))))
        with st.popover("Compare encoders", type="tertiary", key=own.of("all"), on_change="rerun") as fold:
            if fold.open:
                st.html(_table())
    # Under the setting's own key, as all other fields: its value while the field is folded away.
    own.hold(name)
    return name


def fitting_line(chosen: dict[str, Any], task: str) -> None:
    """Offers the encoder and the image size that the chosen weights were learned with, where others are chosen.

    chosen: all settings of the form of ``task``, which is filled in again.
    """
    source = learned_with(chosen["weights"])
    name = source[0] if source else chosen["encoder"]
    told = _known(name)
    if told is None or (source is None and chosen["weights"] != "imagenet"):
        return
    size = source[1] if source else told.own_px
    if (chosen["encoder"], chosen["image_size_px"]) == (name, size):
        return
    learned = f"That run trained {told.title}" if source else f"The {told.published} were learned"
    with st.container(horizontal=True, vertical_alignment="center"):
        less = "" if source else " Smaller pictures are faster, but these weights then recognise less."
        st.caption(f"{plain(learned)} at {size} px.{less}")
        other = f"{told.title}, " if chosen["encoder"] != name else ""
        if st.button(f"Use {other}{size} px"):
            state.train.set_form_values(task, chosen | {"encoder": name, "image_size_px": size})
            st.rerun()


def is_encoder(name: str) -> bool:
    """Whether there is an encoder of that name."""
    return _known(name) is not None


def _another(name: str, key: Key) -> str:
    """The name of a network of timm, found among all of them as one types."""
    with st.spinner("Reading timm's list of networks…"):
        from timm import list_models  # with timm comes torch: seconds

        names = list_models()
    options = names if name in names or not name else [name, *names]
    chosen = st.selectbox(
        "Name of the network", options, index=options.index(name) if name else None, key=key,
        placeholder="type a part of its name", accept_new_options=True, persist_state="session",
    )  # fmt: skip
    return (chosen or "").strip()


def _known(name: str) -> EncoderFacts | None:
    """What is known of an encoder; None of one that there is not: launching says why."""
    try:
        return facts(name)
    except ValueError:
        return None


def _size(told: EncoderFacts) -> str:
    return f"{told.parameters:.2g} million parameters, {told.weights_mb:.0f} MB."


def _where(told: EncoderFacts) -> str:
    """Whether its weights are on this machine."""
    if imagenet.is_here(told.name):
        return f"Its {published_weights(told.name)} are on this machine (licence {told.licence})."
    if not _file(told.name):
        return "There are no published weights for it."
    return f"Its {published_weights(told.name)} are not on this machine yet (licence {told.licence})."


def _file(name: str) -> tuple[str, str] | None:
    """The address of published weights, and what a file of them has to be called here."""
    return next(((address, path.name) for path, _, address in imagenet.imagenet_files(name) if address), None)


def _table() -> str:
    """The offered encoders: what each is for, how large it is, and where its weights are or come from."""
    rows = "".join(_row(CURATED[name]) for name in OFFERED)
    return (
        f'<table class="encoders"><tr><th>Encoder</th><th>Size</th><th>Weights</th></tr>{rows}</table>'
        f'<p class="quiet">Put files that were downloaded by hand into {escape(str(imagenet.folder()))}.</p>'
    )


def _row(told: EncoderFacts) -> str:
    if imagenet.is_here(told.name):
        place = "On this machine."
    elif training.online(told.name):
        place = "Downloaded when a run needs them."
    elif file := _file(told.name):
        place = f"Cannot be downloaded from here. By hand: {file[0]}, saved as {file[1]}."
    else:
        place = "There are none."
    weights = f"{told.published[0].upper()}{told.published[1:]}, {told.learned}; licence {told.licence}. {place}"
    return (
        f"<tr><td><b>{escape(told.title)}</b><br>{escape(told.says)}</td>"
        f"<td>{_size(told)}</td><td>{escape(weights)}</td></tr>"
    )
