"""``--vary`` as a shell writes it."""

from pathlib import Path

import pytest

from sealife_core.commands.varying import read_axes, varied
from sealife_core.config import Axis, ClassifierConfig, SimclrConfig, preset
from sealife_core.errors import ConfigError, RunError
from sealife_core.runs.directory import create_run


@pytest.mark.parametrize(
    ("text", "axis"),
    [
        ("learning_rate=1e-4:1e-2:log", Axis(path="learning_rate", low=1e-4, high=1e-2, log=True)),
        ("learning-rate=1e-4 : 1e-2", Axis(path="learning_rate", low=1e-4, high=1e-2)),
        ("image_size_px=32:96:16", Axis(path="image_size_px", low=32, high=96, step=16)),
        ("batch_size=32, 64,128", Axis(path="batch_size", choices=(32, 64, 128))),
        ("dropout=0,0.5", Axis(path="dropout", choices=(0.0, 0.5))),
        ("loss=focal,cross_entropy", Axis(path="loss", choices=("focal", "cross_entropy"))),
    ],
)
def test_vary__reads_ranges_and_values(text: str, axis: Axis):
    assert varied([text], ClassifierConfig) == (axis,)


def test_vary__weights_of_a_run_may_name_it(home: Path):
    run = create_run(preset("simclr"), name="Dusk")
    axis = Axis(path="weights", choices=("imagenet", f"run:{run.id}"))
    assert varied(["weights=imagenet,run:Dusk"], ClassifierConfig) == (axis,)
    assert varied([f"weights=imagenet,run:{run.id}"], ClassifierConfig) == (axis,)
    with pytest.raises(RunError, match="There is no run 'Dawn'"):
        varied(["weights=imagenet,run:Dawn"], ClassifierConfig)


def test_vary__reads_nested_and_empty_values():
    found = varied(["views.strength=0.1:1", "learning_rate=none,0.1"], SimclrConfig)
    assert found == (Axis(path="views.strength", low=0.1, high=1), Axis(path="learning_rate", choices=(None, 0.1)))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("batch_size", "is not a setting with values; expected SETTING=LOW:HIGH"),
        ("=1,2", "is not a setting with values"),
        ("dropout=0.1:much", "'much' is not a number"),
        ("dropout=0:inf", "'inf' is not a number"),
        ("dropout=0:0.5:0.1:log", "too many colons"),
        ("loss=0:1", "'loss' is not a number; expected values"),
        ("droput=0:0.5", "Did you mean 'dropout'?"),
        ("batch_size=32", "one value to try, 32"),
        ("batch_size=32,nan", "got the value 'nan'; expected a whole number"),
        ("batch_size=32,many", "got the value 'many'; expected a whole number"),
    ],
)
def test_vary__says_what_cannot_be_read(text: str, says: str):
    with pytest.raises(ConfigError) as raised:
        varied([text], ClassifierConfig)
    (problem,) = raised.value.problems
    assert says in problem


def test_vary__reports_all_problems_at_once():
    with pytest.raises(ConfigError) as raised:
        varied(["droput=0:1", "dropout=0:2", "epochs"], ClassifierConfig)
    assert len(raised.value.problems) == 3


def test_vary__refuses_a_setting_that_is_given_twice():
    axes, problems = read_axes(["dropout=0:0.2:0.1", "dropout=0.3,0.4"], ClassifierConfig)
    assert [axis.path for axis in axes] == ["dropout", "dropout"]
    assert problems == ["'dropout' is given twice. Give it once."]
