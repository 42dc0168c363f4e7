"""Every combination of some values as a study."""

import pytest

from sealife_core.config import ClassifierConfig
from sealife_core.errors import ConfigError
from sealife_core.studies.grid import build_grid


def test_grid__is_every_combination_with_every_seed():
    axes = {"label_fraction": [5, 50], "weight_decay": [0.1, 0.01, 0.001]}
    study = build_grid("probe", axes, data="reef", seeds=2, values={"weights": "imagenet"})
    assert len(study.parts) == 12
    configs = [part.config for part in study.parts if isinstance(part.config, ClassifierConfig)]
    assert len({(config.label_fraction, config.weight_decay, config.seed) for config in configs}) == 12
    assert {config.weights for config in configs} == {"imagenet"}


def test_grid__refuses_values_that_no_run_could_have():
    with pytest.raises(ConfigError, match="'label_fraction' is 500"):
        build_grid("probe", {"label_fraction": [500]}, data="reef")
    with pytest.raises(ConfigError, match=r"There is no setting 'label_fractoin'. Did you mean 'label_fraction'"):
        build_grid("probe", {"label_fractoin": [5]}, data="reef")
    with pytest.raises(ConfigError, match="The study has no runs"):
        build_grid("probe", {"label_fraction": []}, data="reef")


def test_grid__too_large_to_be_trained_is_refused_before_it_is_made():
    values = list(range(1, 100_000))
    with pytest.raises(ConfigError, match=r"The grid has 19,999,600,002 runs; expected at most 1,000\."):
        build_grid("probe", {"label_fraction": values, "epochs": values}, data="reef", seeds=2)


@pytest.mark.parametrize("name", ["seed", "data", "data_hash"])
def test_grid__refuses_what_all_its_runs_share_or_count(name: str):
    with pytest.raises(ConfigError, match=f"'{name}' can neither vary in a grid nor be set for it"):
        build_grid("probe", {name: [1, 2]}, data="reef", values={"weights": "imagenet"})
    with pytest.raises(ConfigError, match=f"'{name}' can neither vary"):
        build_grid("probe", {"label_fraction": [5]}, data="reef", values={"weights": "imagenet", name: 7})
