"""The best trial of a search: in words, what its lead is worth, and what to do with it."""

from collections.abc import Sequence

import streamlit as st

from dashboard import state
from dashboard.data.readable_settings import form_values
from dashboard.data.trials import measure_title, settings_of, value_words, worth
from dashboard.words import between, plain
from sealife_core.config import EmbedConfig, SearchConfig, task_of
from sealife_core.runs.directory import noted_run
from sealife_core.runs.run import Run
from sealife_core.studies.search_results import Trial
from sealife_core.wording import percent

LONGER = 3  # times the epochs, where the best is trained on


def best_panel(run: Run, search: SearchConfig, best: Trial, trials: Sequence[Trial]) -> None:
    """The best in words, what its lead is worth, and what to do with it."""
    winner, settings = noted_run(best.run_id, run.root), settings_of(search)
    values = ", ".join(
        f"{settings[path].title.lower()} {value_words(value, settings[path])}" for path, value in best.values.items()
    )
    active = run.state().active
    with st.container(border=True):
        st.markdown(f"**{'Best so far' if active else 'The best'}: trial {best.number}**, {plain(values)}")
        val = (winner.results() or {}).get("val") or {}
        name = search.metric.removeprefix("val/")
        low, high = (val.get(f"{name.removesuffix('_accuracy')}_{end}") for end in ("low", "high"))
        span = f" (95 % interval {between(low, high)})" if between(low, high) else ""
        asked = f" on {val['n']:,} validation pictures" if val.get("n") is not None else " on validation"
        st.markdown(f"{measure_title(search)} **{percent(best.value)}**{span}{asked}")
        st.caption(worth(best, trials, low))
        with st.container(horizontal=True, vertical_alignment="center"):
            _longer_button(winner)
            if st.button("Open its run", icon=":material/monitoring:", disabled=not openable(winner)):
                state.go("runs", {state.runs.RUN: winner.id})
        if not active:
            _test_score(winner)


def _longer_button(winner: Run) -> None:
    clicked = st.button(
        "Train the best for longer", icon=":material/arrow_forward:", type="primary", disabled=not openable(winner),
        help=f"Opens the Train page with its settings and {LONGER} times the epochs or minutes",
    )  # fmt: skip
    if clicked:
        config = winner.config()
        assert not isinstance(config, EmbedConfig)  # a search trains
        task = task_of(config)
        minutes = getattr(config, "minutes", 0)
        longer = {"minutes": LONGER * minutes} if minutes else {"epochs": min(5000, LONGER * config.epochs)}
        values = form_values(config) | longer
        state.train.set_form_values(task, values)
        state.go("train", {state.train.TASK: task, state.data.DATASET: config.data})


def _test_score(winner: Run) -> None:
    """The score on test pictures, folded: a person should look at it once, and only for the best trial."""
    test = (winner.results() or {}).get("test") or {}
    if test.get("accuracy") is None:
        return
    with st.expander("Its score on test pictures"):
        words = [
            f"{title} **{percent(test[name])}** ({between(test.get(f'{name}_low'), test.get(f'{name}_high'))})"
            for name, title in (("accuracy", "Accuracy"), ("macro_f1", "Macro-F1"))
            if test.get(name) is not None
        ]
        st.markdown(f"{', '.join(words)} on {test.get('n') or 0:,} test pictures")
        st.caption(
            "The search did not use the test pictures, so this is an unbiased estimate the first time. If you"
            " search again until it rises, it becomes as optimistic as the validation score."
        )


def openable(run: Run) -> bool:
    """Whether the run of a trial can be opened."""
    return run.config_or_none() is not None and run.path.is_dir()
