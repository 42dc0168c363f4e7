"""One study: how far it is, what it says, its chart, and the runs behind it."""

import time
from collections.abc import Sequence
from html import escape

import streamlit as st

from dashboard import state
from dashboard.app_pages.studies.search_view import search_view
from dashboard.app_pages.studies.study_actions import study_actions
from dashboard.cache import datasets
from dashboard.data.charts import study_charts
from dashboard.parts.advice_box import advice_box
from dashboard.parts.buttons import download
from dashboard.parts.runs.detail import damaged_files
from dashboard.parts.runs.table import ticked_row
from dashboard.theme import accent, ink, lettering
from dashboard.words import plain, run_name, state_words
from sealife_core.config import SearchConfig, StudyConfig
from sealife_core.errors import SealifeError
from sealife_core.evaluation.figures.palette import CLASS_COLOURS
from sealife_core.neutral import csv_of
from sealife_core.runs.directory import noted_run
from sealife_core.runs.liveness import State
from sealife_core.runs.run import Run
from sealife_core.studies.helps import HELPS
from sealife_core.studies.labels_answer import forecast_says, forecasts_of_best
from sealife_core.studies.paper_results import PAPER_WORDS
from sealife_core.studies.questions import DEPTH, IMBALANCE, LABELS, QUESTIONS, SWEEPS, VIEWS
from sealife_core.studies.study_answers import answer, on_other_images, other_code
from sealife_core.studies.study_cost import seconds_left
from sealife_core.studies.study_results import CellResult, PartResult, over_seeds, part_results, study_of, to_frame
from sealife_core.wording import counted, duration, percent

POLL_S = 3.0
SEEDS_SAY = (
    "A dot is the mean over seeds. The pale range goes from the lowest to the highest seed. Seeds differ in random"
    " numbers and labels, not in test images."
)
CHART_PX, ROW_PX = 380, 44


def study_view(run: Run) -> None:
    """Everything about one study; what changes is redrawn while it runs."""
    st.html(f'<h2 class="run">{escape(run_name(run))}</h2>')
    try:
        request = run.request()
        study = None if isinstance(request, SearchConfig) else study_of(run)
    except SealifeError as error:
        st.error(plain(str(error)), icon=":material/error:")
        study_actions(run)
        return
    damaged_files(run)
    if study is None:
        study_actions(run)
        search_view(run)
        return
    asked = QUESTIONS[study.question].title if study.question in QUESTIONS else "Every combination"
    what = "" if asked == run_name(run) else f"**{asked}**"
    seeds = len({part.config.seed for part in study.parts})
    st.markdown(" · ".join(filter(None, (what, study.size, counted(seeds, "seed"), f"on {plain(study.data)}"))))
    study_actions(run)
    active = run.state().active
    st.fragment(_live, run_every=POLL_S if active else None)(run, study, active)


def _live(run: Run, study: StudyConfig, was_active: bool) -> None:
    if run.state().active != was_active:
        st.rerun(scope="app")
    parts = part_results(run)
    _progress(run, parts)
    said = answer(study.question, parts, run.root, _classes(study))
    if said:
        advice_box(said)
    if any(part.accuracy is not None for part in parts if part.cell):
        _chart(study, parts)
        more = forecast_says(study.question, parts, _classes(study))
        if more:
            st.markdown(f":material/trending_up: {plain(more)}")
        beside = SEEDS_SAY, on_other_images(parts), other_code(parts), PAPER_WORDS.get(study.question, "")
        st.caption(" ".join(filter(None, beside)))
    elif run.state().active:
        st.caption("The chart appears when the first run has been tested.")
    _behind(run, study, parts)


def _progress(run: Run, parts: Sequence[PartResult]) -> None:
    done = sum(part.state == State.FINISHED for part in parts)
    if not run.state().active:
        reused = sum(part.reused for part in parts)
        there = f", {reused} of them trained earlier" if reused else ""
        st.caption(f"{state_words(run, time.time())}; {done} of {len(parts)} runs{there}.")
        error = run.error()
        if error is not None:
            st.warning(f"**{plain(error['what'])}** {plain(error['next'])}", icon=":material/power_off:")
        return
    now = next((part for part in parts if part.state == State.RUNNING), None)
    left_s = _left_s(run, parts)
    doing = f" · now {plain(now.key)}" if now else ""
    left = f" · about {duration(left_s)} left" if left_s is not None else ""
    st.progress(done / len(parts), f"{done} of {len(parts)} runs{doing}{left}")


def _left_s(run: Run, parts: Sequence[PartResult]) -> float | None:
    """Seconds left at the pace so far; None until some runs of this study's own are done."""
    own = [part for part in parts if part.run_id and not part.reused]
    ended = [noted_run(part.run_id, run.root) for part in own if part.state == State.FINISHED]
    if len(ended) < 2:
        return None
    going = [noted_run(part.run_id, run.root) for part in own if part.state == State.RUNNING]
    return seconds_left(ended, going, sum(part.state != State.FINISHED and not part.missing for part in parts))


def _chart(study: StudyConfig, parts: Sequence[PartResult]) -> None:
    colour = accent()
    cells = over_seeds(parts)
    words = _in_words(cells)
    if study.question in (LABELS, HELPS):
        chance = next((part.chance for part in parts if part.chance is not None), None)
        classes = _classes(study)
        option = study_charts.labels_option(cells, classes, chance, ink(), forecasts_of_best(parts, classes))
        _draw("Test accuracy by number of labels", option, words)
    elif study.question == VIEWS:
        option = study_charts.left_out_option(cells, colour, ink())
        _draw("Accuracy of a linear probe", option, words, 36 + ROW_PX * 6)
        pairs = study_charts.pairs_option(cells, colour, lettering())
        if pairs:
            _draw("Pairs of augmentations, with single ones on the diagonal (mean over seeds)", pairs, words)
    elif study.question in SWEEPS:
        name = study.question.replace("_", " ")
        option = study_charts.sweep_option(parts, study.question, name, colour, ink())
        _draw("Accuracy of a linear probe", option, words)
    elif study.question == IMBALANCE:
        _imbalance(parts)
    elif len(study.axes) == 1:
        axis = study.axes[0]
        name = "trained stages: 0 is frozen, 5 is all" if study.question == DEPTH else axis
        _draw("Test accuracy", study_charts.axis_option(cells, axis, name, colour), words)
    else:
        names = [", ".join(f"{axis} {value}" for axis, value in cell.cell.items()) for cell in cells]
        option = study_charts.dots_option(names, {"accuracy": cells}, [colour], ink())
        _draw("Test accuracy", option, words, 60 + ROW_PX * len(names))


def _in_words(cells: Sequence[CellResult]) -> str:
    """The means of a chart for who does not see it."""
    return "; ".join(f"{', '.join(map(str, cell.cell.values()))}: {percent(cell.mean)}" for cell in cells)


def _imbalance(parts: Sequence[PartResult]) -> None:
    for ratio in dict.fromkeys(part.cell["ratio"] for part in parts if part.cell):
        here = [part for part in parts if part.cell.get("ratio") == ratio]
        macro, rarest = over_seeds(here, "macro_f1"), over_seeds(here, "rarest_f1")
        if macro:
            series = {"macro-F1": macro, "F1 of the rarest class": rarest}
            names = [str(cell.cell["loss"]) for cell in macro]
            option = study_charts.dots_option(names, series, CLASS_COLOURS, ink())
            words = ". ".join(f"{title}: {_in_words(cells)}" for title, cells in series.items())
            _draw(f"Rarest class reduced to 1 : {ratio:g}", option, words, 60 + ROW_PX * len(macro))


def _draw(title: str, option: dict, words: str, height: int = CHART_PX) -> None:
    st.markdown(f"**{title}**")
    st.echarts_chart(option, height=height, key=state.studies.CHART.of(title), alt=words)


def _classes(study: StudyConfig) -> int:
    """Of the data set as it was launched on; 1 where that is gone."""
    try:
        return len(datasets.opened(study.data, content_hash=study.data_hash).classes)
    except SealifeError:
        return 1


def _behind(run: Run, study: StudyConfig, parts: Sequence[PartResult]) -> None:
    missing = [part for part in parts if part.missing]
    if missing:
        what = counted(len(missing), "run is missing", "runs are missing")
        st.warning(
            f"**{what}**. The others continued:\n"
            + "\n".join(f"- {plain(part.key)}: {plain(part.missing)}" for part in missing[:8]),
            icon=":material/info:",
        )
    with st.expander(f"Its {len(parts)} runs", icon=":material/list:"):
        _table(parts)
        download("Table (CSV)", lambda: csv_of(to_frame(run)), f"{run.id}.csv", icon="table")


def _table(parts: Sequence[PartResult]) -> None:
    rows = [
        {
            "Run": part.key,
            "State": "trained earlier" if part.reused else part.state,
            "Accuracy": percent(part.accuracy) if part.accuracy is not None else "",
            "Macro-F1": percent(part.macro_f1) if part.macro_f1 is not None else "",
            "Labels": f"{part.labels:,}" if part.labels is not None else "",
            "Trained for": duration(part.train_s) if part.train_s else "",
        }
        for part in parts
    ]
    place = ticked_row(rows, state.studies.TABLE.of(len(parts)), "The runs of the study")
    if place is not None and parts[place].run_id:
        state.go("runs", {state.runs.RUN: parts[place].run_id})
