"""Which runs are compared: those tested on the same pictures can be ticked; others are disabled, with the reason."""

from collections.abc import Sequence

import streamlit as st

from dashboard.data.compared import MOST_AT_ONCE, Choice, choice_of
from dashboard.state import compare
from dashboard.words import plain, with_method
from sealife_core.evaluation.comparison.candidates import Candidate
from sealife_core.runs.run import Run

MOST_LISTED = 16  # check boxes, for the newest runs; older ones are chosen by name


def read(runs: Sequence[Run]) -> Choice:
    """The choice in the URL: a link shows the same runs again."""
    choice = choice_of(runs, compare.RUNS.ids(), compare.TESTS.value)
    if not choice.left_out:
        compare.RUNS.choose(choice.ticked)
    return choice


def chooser(choice: Choice) -> None:
    """The test pictures, where there are several, and a box for every classifier."""
    if len(choice.sets) > 1:
        hashes = [one.test_hash for one in choice.sets]
        words = {one.test_hash: f"{one.data}: {one.n:,} ({one.runs} runs)" for one in choice.sets}
        st.selectbox(
            "Test pictures", hashes, format_func=lambda found: words[found],
            key=compare.TESTS.widget.showing(choice.test_hash), on_change=_other_tests, args=(choice.candidates,),
        )  # fmt: skip
    chosen = [row.run_id for row in choice.rows]
    fitting = [one for one in choice.candidates if not one.why_not(choice.test_hash)]
    others = [one for one in choice.candidates if one.why_not(choice.test_hash)]
    listed = [one for place, one in enumerate(fitting) if place < MOST_LISTED or one.run_id in chosen]
    st.markdown(f"**{len(chosen)} of {len(fitting)} runs** on the same test pictures")
    with st.container(gap="xsmall", height=320 if len(choice.candidates) > 7 else "content", border=False):
        for one in listed:
            st.checkbox(
                plain(_label(one)), key=compare.TICK.of(one.run_id).showing(one.run_id in chosen),
                on_change=_tick, args=(one.run_id, chosen),
            )  # fmt: skip
        for one in others[:MOST_LISTED]:
            st.checkbox(plain(_label(one)), key=compare.TICK.of(one.run_id).showing(False), disabled=True)
            st.caption(f"Not comparable: {plain(one.why_not(choice.test_hash))}.")
        if len(others) > MOST_LISTED:
            st.caption(f"{len(others) - MOST_LISTED:,} more are not comparable.")
    older = {one.run_id: _label(one) for one in fitting if one not in listed}
    if older:
        st.selectbox(
            "An older run", list(older), index=None, format_func=older.__getitem__, label_visibility="collapsed",
            placeholder=f"Choose from {len(older):,} older runs", key=compare.OLDER.showing(None),
            on_change=_add, args=(chosen,),
        )  # fmt: skip


def _label(one: Candidate) -> str:
    return with_method(one.name, one.method)


def _tick(run_id: str, chosen: Sequence[str]) -> None:
    compare.RUNS.choose([other for other in chosen if other != run_id] if run_id in chosen else [*chosen, run_id])


def _add(chosen: Sequence[str]) -> None:
    if run_id := compare.OLDER.held():
        compare.RUNS.choose([*chosen, run_id])


def _other_tests(found: Sequence[Candidate]) -> None:
    wanted = compare.TESTS.widget.held()
    compare.show({compare.TESTS: wanted, compare.FROM: "", compare.TO: "", compare.CLASS: ""})
    compare.RUNS.choose([one.run_id for one in found if one.test_hash == wanted][:MOST_AT_ONCE])
