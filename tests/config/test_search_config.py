"""What a search may vary, and what it says where it may not."""

import pytest

from sealife_core.config import (
    Axis,
    ClassifierConfig,
    SearchConfig,
    SimclrConfig,
    axis_problems,
    build_search,
    load_config,
    preset,
    task_of,
)
from sealife_core.errors import ConfigError

RATE = Axis(path="learning_rate", low=1e-4, high=1e-2, log=True)


def search(*axes: Axis, task: str = "scratch", **settings) -> SearchConfig:
    return build_search(preset(task), axes or (RATE,), **settings)  # type: ignore[arg-type]


def test_search__comes_back_from_its_file_as_it_was():
    asked = search(
        RATE, Axis(path="batch_size", choices=(32, 64)), Axis(path="loss", choices=("focal", "cross_entropy"))
    )
    assert load_config(asked.model_dump(mode="json")) == asked
    assert task_of(asked) == "search"
    assert asked.metric == "val/macro_f1"
    assert asked.data == "reef"


@pytest.mark.parametrize(
    ("axis", "says"),
    [
        (Axis(path="learning_rat", low=1, high=2), "no setting 'learning_rat' to vary. Did you mean 'learning_rate'?"),
        (Axis(path="dropout", low=0, high=2), "'dropout' got the range 0 to 2; expected a number from 0 to 0.9."),
        (Axis(path="dropout", low=0.5, high=0.1), "expected the lower end first"),
        (Axis(path="batch_size", low=1.5, high=8), "expected whole numbers"),
        (Axis(path="batch_size", choices=(32, 6.5)), "got the value 6.5; expected a whole number from 1 to 8,192"),
        (Axis(path="batch_size", choices=(32, 32)), "one value to try, 32; expected two or more"),
        (Axis(path="batch_size", low=16, high=32, step=64), "expected a step above 0 that fits into the range"),
        (Axis(path="weight_decay", low=0, high=1, log=True), "expected a lower end above 0, such as 0.001"),
        (Axis(path="weight_decay", low=0.1, high=1, log=True, step=0.1), "expected one of the two"),
        (Axis(path="loss", low=0, high=1), "is not a number; expected values"),
        (Axis(path="loss", choices=("focal", "hinge")), "got the value 'hinge'; expected one of 'cross_entropy'"),
        (Axis(path="weights", choices=("imagenet", "run:")), "'weights' is 'run:'; expected 'random', 'imagenet'"),
        (Axis(path="epochs"), "has no values to try"),
        (Axis(path="seed", choices=(0, 1)), "the best of many seeds is only the luckiest"),
        (Axis(path="data", choices=("a", "b")), "scores on different data sets cannot be compared"),
    ],
)  # fmt: skip
def test_axis__says_in_one_sentence_what_is_wrong(axis: Axis, says: str):
    (problem,) = axis_problems(axis, ClassifierConfig)
    assert says in problem
    with pytest.raises(ConfigError) as raised:
        search(axis)
    assert raised.value.problems == [problem]


def test_search__reports_all_problems_at_once():
    with pytest.raises(ConfigError) as raised:
        search(RATE, RATE, Axis(path="dropout", low=0, high=2), metric="test/accuracy")
    assert len(raised.value.problems) == 3
    assert "measured on validation" in raised.value.problems[-1]


def test_search__needs_something_that_varies():
    with pytest.raises(ConfigError, match="Nothing varies"):
        build_search(preset("scratch"), ())  # type: ignore[arg-type]


def test_search__refuses_what_a_solved_probe_takes_no_notice_of():
    with pytest.raises(ConfigError, match="has no effect with the optimiser 'lbfgs'"):
        search(RATE, task="probe")
    search(RATE, Axis(path="optimiser", choices=("adamw", "sgd")), task="probe")


def test_search__measures_simclr_often_enough_to_stop_it():
    asked = build_search(preset("simclr", epochs=40, monitor_every=0), (RATE,))  # type: ignore[arg-type]
    assert isinstance(asked.base, SimclrConfig)
    assert (asked.base.monitor_every, asked.metric) == (4, "val/knn_accuracy")
    assert asked.judged_from >= 2 * asked.base.monitor_every
    left = build_search(preset("simclr", monitor_every=0), (RATE,), pruning=False)  # type: ignore[arg-type]
    assert isinstance(left.base, SimclrConfig)
    assert left.base.monitor_every == 0


def test_search__stops_no_run_that_is_planned_in_minutes():
    base = preset("transfer", "Quick look")
    assert base.minutes > 0
    assert build_search(base, (RATE,)).pruning is False  # type: ignore[arg-type]


def test_search__judges_runs_of_one_cycle_after_its_highest_rate():
    for schedule, epochs in (("cosine", 3), ("onecycle", 6)):
        base = preset("scratch", epochs=9, schedule=schedule)
        assert build_search(base, (RATE,)).judged_from == epochs  # type: ignore[arg-type]


def test_search__tells_a_number_out_of_range_in_plain_words() -> None:
    with pytest.raises(ConfigError) as raised:
        build_search(preset("simclr"), [Axis(path="temperature", low=0.1, high=0.5)], trials=0, parallel=65)
    assert raised.value.problems == [
        "'trials' is 0; expected a value that is greater than or equal to 1.",
        "'parallel' is 65; expected a value that is less than or equal to 64.",
    ]
