"""Parts broken on purpose: declared in every config, reached by no form, flag or search, and said in the method."""

import pytest

from sealife_core.__main__ import build_parser
from sealife_core.config import (
    BROKEN,
    KINDS,
    TASKS,
    SimclrConfig,
    axis_problems,
    describe,
    load_config,
    marked,
    parse,
    preset,
)
from sealife_core.config.search import Axis
from sealife_core.errors import ConfigError


def test_broken__is_in_no_form_no_flag_and_no_search() -> None:
    assert not [kind for kind in KINDS.values() for setting in describe(kind) if setting.path == "broken"]
    assert axis_problems(Axis(path="broken", choices=("", "no-head")), SimclrConfig)
    with pytest.raises(SystemExit):
        build_parser().parse_args(["train", "simclr", "--broken", "no-head"])


def test_broken__is_nothing_in_an_older_config() -> None:
    older = preset("simclr").model_dump()
    del older["broken"]
    assert load_config(older) == preset("simclr")


def test_broken__refuses_what_is_no_switch() -> None:
    with pytest.raises(ConfigError, match="broken"):
        preset("simclr", broken="everything")


def test_temperature__is_ten_in_a_run_broken_so_and_in_no_other() -> None:
    assert parse(SimclrConfig, {"temperature": 10, "broken": "temperature-10"}).temperature == 10
    for values in ({}, {"broken": "no-head"}):
        with pytest.raises(ConfigError, match=r"from 0\.01 to 2"):
            preset("simclr", temperature=10, **values)
    with pytest.raises(ConfigError, match=r"from 0\.01 to 2"):
        parse(SimclrConfig, {"temperature": 11, "broken": "temperature-10"})


@pytest.mark.parametrize("task", TASKS)
def test_method__says_what_is_broken(task: str) -> None:
    usual = preset(task, weights="imagenet").method
    assert "broken" not in usual
    assert preset(task, weights="imagenet", broken="no-head").method == f"{usual}, broken: no projection head"


def test_method__of_a_probe_that_trains_its_encoder_is_still_called_a_probe() -> None:
    config = preset("finetune", weights="run:a", broken="unfrozen-probe")
    assert config.method == f"Linear probe, broken: {BROKEN['unfrozen-probe']}"


def test_marked__says_it_once() -> None:
    assert marked("a", "") == "a"
    assert marked(marked("a", "no head"), "no head") == "a, broken: no head"
