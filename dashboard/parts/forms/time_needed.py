"""The time of a first run is not known until this machine has been measured: once, in the background, in seconds."""

from contextlib import suppress

import streamlit as st

from dashboard.words import plain
from sealife_core.errors import SealifeError
from sealife_core.runs.costs import machine_speed
from sealife_core.wording import duration

POLL_S = 1.0


def time_words(seconds: float | None, device: str) -> str:
    """ "about 3 min". If it is unknown, this machine is measured, unless it was before or a run is active."""
    if seconds is not None:
        return f"about {duration(seconds)}"
    found = machine_speed.find(device)
    measured = found.running
    if not (found.running or found.done or found.problem):
        with suppress(SealifeError):
            measured = machine_speed.request(device)
    return "measuring…" if measured else "not known yet"


def measuring_lines(device: str) -> None:
    """What is done about the unknown time; while it is measured, the page polls and is redrawn at the end."""
    found = machine_speed.find(device)
    if found.running:
        st.fragment(_wait, run_every=POLL_S)(device)
    elif machine_speed.runs_active():
        st.caption("The time is known after the first epoch of the active run.")
    else:
        st.caption(plain(found.problem) or "The time is known after the first epoch of the first run.")
        st.button("Measure this machine", type="tertiary", icon=":material/speed:", on_click=_again, args=(device,))


def cost_figures(figures: dict[str, str]) -> None:
    """What a launch will take: name → amount."""
    cells = "".join(f"<span>{name}</span><b>{value}</b>" for name, value in figures.items())
    st.html(f'<div class="figures">{cells}</div>')


def _wait(device: str) -> None:
    if not machine_speed.find(device).running:
        st.rerun(scope="app")
    st.caption("Measuring the training speed of this machine. This takes about 15 s, and you do not have to wait.")


def _again(device: str) -> None:
    try:
        machine_speed.request(device)
    except SealifeError as error:
        st.toast(plain(str(error)))
