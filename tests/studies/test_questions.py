"""The ready-made studies: which runs they are made of."""

from collections import Counter
from itertools import product

import pytest

from sealife_core.config import (
    ClassifierConfig,
    EmbedConfig,
    FineTuneConfig,
    Part,
    SimclrConfig,
    StudyConfig,
    load_config,
    preset,
)
from sealife_core.errors import ConfigError
from sealife_core.studies.helps import BESIDE, DECIDES, DINOV2, DINOV2_NETWORK, HELPS, OPTIONS
from sealife_core.studies.questions import (
    DEPTH,
    IMBALANCE,
    LABELS,
    OFF,
    QUESTIONS,
    TEMPERATURE,
    VIEWS,
    build_study,
    usual_seeds,
)
from sealife_core.studies.study_settings import (
    ALL_LABELS,
    FINE_TUNE,
    FULL,
    IMAGENET,
    IMAGENET_SIMCLR,
    PROBE,
    QUICK,
    RANDOM,
    SIMCLR,
    STUDY_SIZES,
)


def built(question: str, **more: object) -> StudyConfig:
    return build_study(question, data="reef", data_hash="h", **more)  # type: ignore[arg-type]


def tabled(study: StudyConfig) -> list[ClassifierConfig]:
    return [part.config for part in study.parts if part.cell and isinstance(part.config, ClassifierConfig)]


@pytest.mark.parametrize(("question", "size"), list(product(QUESTIONS, STUDY_SIZES)))
def test_study__is_whole_before_it_starts(question: str, size: str):
    study = built(question, size=size)
    assert load_config(study.model_dump(mode="json")) == study
    assert {part.config.data_hash for part in study.parts} == {"h"}
    assert {axis for part in study.parts for axis in part.cell} == set(study.axes)
    cells = Counter(tuple(part.cell.items()) for part in study.parts if part.cell)
    assert set(cells.values()) == {usual_seeds(question, size)}, "every cell with every seed"


@pytest.mark.parametrize("question", QUESTIONS)
def test_study__compares_on_one_image_size_and_network(question: str):
    networks = {(p.config.encoder, p.config.stem, p.config.image_size_px) for p in built(question).parts}
    assert len(networks) == 1


def test_labels__start_from_the_simclr_run_of_their_seed():
    study = built(LABELS, seeds=2)
    weights = {(p.config.seed, p.config.weights) for p in study.parts if p.cell.get("encoder") == SIMCLR}
    assert weights == {(seed, f"run:SimCLR, seed {seed}") for seed in range(2)}


def test_labels__have_more_epochs_where_they_are_few():
    shares = {
        part.cell["labels"]: part.config.epochs  # type: ignore[union-attr]
        for part in built(LABELS, seeds=1).parts
        if part.cell.get("encoder") == RANDOM and part.cell["use"] == FINE_TUNE
    }
    assert shares[25] == 2 * shares[100]
    assert shares[5] == round(shares[100] * 20**0.5)


def test_labels__of_chosen_encoders_train_only_what_these_need():
    study = built(LABELS, seeds=1, encoders=(RANDOM,))
    assert not any(isinstance(part.config, SimclrConfig) for part in study.parts)
    study = built(LABELS, seeds=1, encoders=(IMAGENET_SIMCLR,))
    assert [part.config.weights for part in study.parts if isinstance(part.config, SimclrConfig)] == ["imagenet"]


def test_labels__of_a_run_train_no_other_simclr_and_keep_its_network():
    source = preset("simclr", encoder="resnet34", image_size_px=96)
    study = built(LABELS, seeds=2, source=("20261124-101010-simclr-abcd", source))
    assert not any(isinstance(part.config, SimclrConfig) for part in study.parts)
    assert {(part.config.encoder, part.config.image_size_px) for part in study.parts} == {("resnet34", 96)}
    weights = {part.cell["encoder"]: part.config.weights for part in study.parts}
    assert weights == {RANDOM: "random", SIMCLR: "run:20261124-101010-simclr-abcd"}


def test_depth__of_a_run_trains_no_other_and_keeps_its_network():
    source = preset("simclr", encoder="resnet34", image_size_px=96)
    study = built(DEPTH, seeds=1, source=("20261124-101010-simclr-abcd", source))
    assert {part.config.weights for part in study.parts} == {"run:20261124-101010-simclr-abcd"}
    assert {(part.config.encoder, part.config.image_size_px) for part in study.parts} == {("resnet34", 96)}
    configs = tabled(study)
    assert sorted(config.trained_stages for config in configs) == [0, 1, 3, 5]
    rest = [config.model_dump(exclude={"trained_stages"}) for config in configs]
    assert all(one == rest[0] for one in rest), "nothing else differs"


def test_views__leave_out_each_and_in_full_also_keep_only_pairs():
    quick = {(part.cell["views"], part.cell["first"]) for part in built(VIEWS).parts if part.cell}
    assert quick == {("all", "")} | {("without", name) for name in OFF}
    full = [part for part in built(VIEWS, size=FULL, seeds=1).parts if part.cell.get("views") == "only"]
    assert len(full) == 5 + 10
    parts = built(VIEWS, seeds=1).parts
    recipes = {part.key: part.config.views for part in parts if isinstance(part.config, SimclrConfig)}
    assert recipes["SimCLR, without flip, seed 0"].horizontal_flip == 0
    assert recipes["SimCLR, without flip, seed 0"].blur == recipes["SimCLR, all, seed 0"].blur > 0


def test_sweep__judges_every_value_by_a_probe_of_its_own_run():
    study = built(TEMPERATURE, seeds=1)
    temperatures = [part.config.temperature for part in study.parts if isinstance(part.config, SimclrConfig)]
    assert temperatures == [part.cell["temperature"] for part in study.parts if part.cell]
    sources = [part.source({p.key for p in study.parts}) for part in study.parts if part.cell]
    assert len(set(sources)) == len(temperatures)


def test_imbalance__differs_in_loss_and_ratio_only():
    configs = tabled(built(IMBALANCE, seeds=1))
    rest = [c.model_dump(exclude={"loss", "class_weights", "focal_gamma", "imbalance"}) for c in configs]
    assert all(one == rest[0] for one in rest)
    assert all(config.imbalance > 1 for config in configs)


def helps(**more: object) -> list[Part]:
    return [part for part in built(HELPS, size=FULL, **more).parts if part.cell]


def test_helps__counts_labels_per_class_the_same_ones_for_all_ways():
    parts = helps(seeds=2)
    assert {(p.cell["encoder"], p.cell["use"]) for p in parts} == {way for way in OPTIONS if way[0] != DINOV2}
    for part in parts:
        assert isinstance(part.config, ClassifierConfig)
        wanted = 0 if part.cell["labels"] == ALL_LABELS else part.cell["labels"]
        assert (part.config.labels_per_class, part.config.label_fraction) == (wanted, 100)
    budgets = {part.cell["labels"] for part in parts}
    assert budgets == {1, 2, 5, 10, 20, 50, ALL_LABELS}
    assert len(parts) == 7 * len(budgets) * 2


def test_helps__of_a_quick_study_probes_with_every_number_of_labels_and_fine_tunes_with_some():
    parts = [part for part in built(HELPS, size=QUICK, seeds=1).parts if part.cell]
    budgets = {use: {part.cell["labels"] for part in parts if part.cell["use"] == use} for use in (PROBE, FINE_TUNE)}
    assert budgets == {PROBE: {1, 2, 5, 10, 20, 50, ALL_LABELS}, FINE_TUNE: {5, 20, ALL_LABELS}}


def test_helps__leaves_out_budgets_that_no_class_has_and_trains_longer_with_few_labels():
    parts = helps(seeds=1, per_class=20)
    assert {part.cell["labels"] for part in parts} == {1, 2, 5, 10, ALL_LABELS}
    epochs = {p.cell["labels"]: p.config.epochs for p in parts if p.cell["encoder"] == RANDOM}  # type: ignore[union-attr]
    assert epochs[5] == 2 * epochs[ALL_LABELS]


def test_helps__of_a_very_large_class_trains_as_many_epochs_as_a_run_may_have():
    epochs = {
        part.config.epochs for part in helps(seeds=1, per_class=100_000) if isinstance(part.config, FineTuneConfig)
    }
    assert max(epochs) == 5000


def test_helps__fine_tunes_what_was_trained_before_from_its_own_probe():
    heads = {(p.cell["encoder"], p.config.head_from) for p in helps(seeds=1) if isinstance(p.config, FineTuneConfig)}
    assert heads == {(RANDOM, "random"), (SIMCLR, "probe"), (IMAGENET, "probe"), (IMAGENET_SIMCLR, "probe")}


def test_helps__with_dinov2_is_probed_on_a_network_of_its_own():
    parts = [part for part in helps(seeds=1, encoders=(IMAGENET, DINOV2)) if part.cell["encoder"] == DINOV2]
    assert {(part.config.encoder, part.config.weights) for part in parts} == {(DINOV2_NETWORK, "imagenet")}
    assert {part.cell["use"] for part in parts} == {PROBE}


def test_helps__compares_ways_that_it_has():
    assert {way for pair in (*DECIDES, *BESIDE) for way in pair} <= set(OPTIONS)


def test_config__refuses_parts_in_an_order_that_cannot_work():
    study = built(TEMPERATURE, seeds=1).model_dump(mode="json")
    with pytest.raises(ConfigError, match=r"starts from 'SimCLR, .*', which comes after it"):
        load_config(study | {"parts": study["parts"][::-1]})
    with pytest.raises(ConfigError, match="Two runs of the study have the key"):
        load_config(study | {"parts": study["parts"][:1] * 2})


def test_embed_runs__may_be_parts():
    config = EmbedConfig(weights="random")
    study = StudyConfig(title="t", data="reef", parts=({"key": "a", "config": config.model_dump()},))  # type: ignore[arg-type]
    assert study.parts[0].config == config
