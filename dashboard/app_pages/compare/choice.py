"""Which runs are compared: those tested on the same pictures can be ticked; others stand greyed, with the reason."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import streamlit as st

from dashboard.state import compare
from dashboard.words import plain
from sealife_core.evaluation.comparison.candidates import Candidate, ImageSet, candidates, distinct_names, image_sets
from sealife_core.evaluation.comparison.rows import ComparisonRow, comparison
from sealife_core.runs.directory import Run

MOST_LISTED = 16  # boxes: of more runs the newest stand there, and the others are looked up by name
MOST_AT_ONCE = 12  # more lines than this are told apart by nobody; a person may still tick more


@dataclass(frozen=True)
class Choice:
    """What is compared. ``rows`` and ``runs`` stand in one order, the most accurate first.

    ``left_out``: names of runs that were asked for and cannot be compared with these.
    """

    candidates: list[Candidate]
    sets: list[ImageSet]
    test_hash: str
    rows: list[ComparisonRow]
    runs: list[Run]
    left_out: list[str]


def read(runs: Sequence[Run]) -> Choice:
    """The choice that the URL holds; a link opened anew shows the same runs."""
    found = candidates(runs)
    names = distinct_names([run for run in runs if run.id in {one.run_id for one in found}])
    found = [replace(one, name=names[one.run_id]) for one in found]
    sets = image_sets(found)
    held = compare.RUNS.ids()
    ticked = held or []
    test_hash = _test_hash(found, sets, ticked)
    fitting = [one.run_id for one in found if test_hash and not one.why_not(test_hash)]
    chosen = [run_id for run_id in ticked if run_id in fitting]
    left_out = [one.name for one in found if one.run_id in ticked and one.run_id not in fitting]
    if not chosen and not left_out and (held is None or ticked):  # nobody chose yet, or what they chose is gone
        chosen = fitting[:MOST_AT_ONCE]
    if not left_out:
        compare.RUNS.choose(chosen)
    known = {run.id: run for run in runs}
    rows = comparison([known[run_id] for run_id in chosen], test_hash)
    rows = [replace(row, name=names[row.run_id]) for row in rows if row.comparable]
    return Choice(found, sets, test_hash, rows, [known[row.run_id] for row in rows], left_out)


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
    return one.name if one.method.lower() in one.name.lower() else f"{one.name} · {one.method}"


def _test_hash(found: Sequence[Candidate], sets: Sequence[ImageSet], ticked: Sequence[str]) -> str:
    """The test pictures of the URL, else those of the first run of the URL, else those of most runs."""
    asked = compare.TESTS.value
    if asked in {one.test_hash for one in sets}:
        return asked
    tested = {one.run_id: one.test_hash for one in found}
    first = next((tested[run_id] for run_id in ticked if tested.get(run_id)), "")
    return first or (sets[0].test_hash if sets else "")


def _tick(run_id: str, chosen: Sequence[str]) -> None:
    compare.RUNS.choose([other for other in chosen if other != run_id] if run_id in chosen else [*chosen, run_id])


def _add(chosen: Sequence[str]) -> None:
    if run_id := compare.OLDER.held():
        compare.RUNS.choose([*chosen, run_id])


def _other_tests(found: Sequence[Candidate]) -> None:
    wanted = compare.TESTS.widget.held()
    compare.turn({compare.TESTS: wanted, compare.FROM: "", compare.TO: "", compare.CLASS: ""})
    compare.RUNS.choose([one.run_id for one in found if one.test_hash == wanted][:MOST_AT_ONCE])
