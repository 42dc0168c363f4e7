"""Configs: every problem at once, presets that hold, one description for form and flags."""

import json
import re

import pytest

from sealife_core.config import (
    IN_MINUTES,
    RECIPES,
    SIZES,
    TASKS,
    AnyConfig,
    ClassifierConfig,
    EmbedConfig,
    FineTuneConfig,
    Part,
    ProbeConfig,
    Settings,
    SimclrConfig,
    StudyConfig,
    ViewRecipe,
    chance_loss,
    cluster_address,
    describe,
    family_settings,
    flattened,
    load_config,
    nested,
    parse,
    preset,
    task_of,
    trained_settings,
)
from sealife_core.errors import ConfigError
from sealife_core.models.known import facts


@pytest.mark.parametrize("kind", [SimclrConfig, ProbeConfig, FineTuneConfig, EmbedConfig])
def test_describe__gives_every_field_a_title_a_sentence_and_a_group(kind: type[Settings]) -> None:
    settings = describe(kind)
    fields = set(flattened(kind().model_dump())) - {"kind", "data_hash", "broken"}
    assert {s.path for s in settings} == fields
    for setting in settings:
        assert setting.title
        assert setting.group
        assert setting.says.endswith(".")
        if setting.type in (int, float):
            assert setting.minimum is not None, f"{setting.path} has no range"
            assert setting.maximum is not None, f"{setting.path} has no range"


def test_load__reports_all_problems_together() -> None:
    values = {"kind": "simclr", "epocs": 3, "temperature": 9, "views": {"hue": 3}, "encoder": "VGG 16"}
    with pytest.raises(ConfigError) as caught:
        load_config(values)
    assert sorted(caught.value.problems) == [
        "'encoder' is 'VGG 16'; expected the name of a network, such as 'tf_efficientnet_lite0', 'resnet18' or another"
        " of timm's.",
        "'temperature' is 9; expected a number from 0.01 to 2.",
        "'views.hue' is 3; expected a number from 0 to 0.5 turns.",
        "There is no setting 'epocs'. Did you mean 'epochs'?",
    ]


def test_load__names_the_kinds_there_are() -> None:
    with pytest.raises(ConfigError, match="'kind' is 'gan'; expected one of 'simclr', 'classifier'"):
        load_config({"kind": "gan"})


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "warm"])
def test_load__refuses_what_is_no_number(value: object) -> None:
    with pytest.raises(ConfigError, match="temperature"):
        load_config({"kind": "simclr", "temperature": value})


@pytest.mark.parametrize("values", [{"crop_scale_min": 0.9, "crop_scale_max": 0.2}, {"blur_sigma_min": 3}])
def test_views__refuses_a_range_turned_round(values: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="Swap them"):
        parse(ViewRecipe, values)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("size", SIZES)
def test_preset__survives_a_round_trip_through_json(task: str, size: str) -> None:
    weights = {"weights": "run:x"} if TASKS[task].needs_run else {}
    config = preset(task, size, **weights)
    assert load_config(json.loads(config.model_dump_json())) == config
    assert task_of(config) == task


@pytest.mark.parametrize(
    ("weights", "stages", "method"),
    [
        ("random", 0, "Untrained probe"),
        ("run:a", 0, "Linear probe"),
        ("imagenet", 0, "Linear probe"),
        ("random", 5, "From scratch"),
        ("run:a", 5, "Fine-tune"),
        ("file:a.pt", 2, "Fine-tune, last 2 stages"),
        ("imagenet", 5, "Transfer"),
    ],
)
def test_method__is_named_as_the_field_names_it(weights: str, stages: int, method: str) -> None:
    assert FineTuneConfig(weights=weights, trained_stages=stages).method == method


@pytest.mark.parametrize("weights", ["imagnet", "run:", "file: ", "", "http://x"])
def test_weights__refuses_an_unknown_source(weights: str) -> None:
    with pytest.raises(ConfigError, match="expected 'random', 'imagenet'"):
        load_config({"kind": "classifier", "weights": weights})


@pytest.mark.parametrize(
    ("task", "values", "named"),
    [
        ("probe", {"augmentation": "light"}, "augmentation 'light'"),
        ("probe", {"trained_stages": 2, "dropout": 0.3}, "trained_stages 2, dropout 0.3"),
        ("scratch", {"optimiser": "lbfgs", "augmentation": "none"}, "trained_stages 5"),
    ],
)
def test_lbfgs__refuses_a_loss_that_changes_from_look_to_look(task: str, values: dict[str, object], named: str) -> None:
    with pytest.raises(ConfigError, match=f"got {named}, expected trained_stages 0, .* or set optimiser to 'adamw'"):
        preset(task, **values)
    preset(task, **(values | {"optimiser": "adamw"}))


def test_labels__are_chosen_by_a_share_or_a_number_per_class_but_not_by_both() -> None:
    assert preset("probe", labels_per_class=5).label_fraction == 100  # type: ignore[union-attr]
    with pytest.raises(ConfigError, match="got labels_per_class 5 and label_fraction 10"):
        preset("probe", labels_per_class=5, label_fraction=10)


def test_probe__of_a_run_from_before_lbfgs_still_loads_as_it_was() -> None:
    before = {"kind": "classifier", "weights": "run:a", "augmentation": "none", "optimiser": "adamw"}
    before |= {"weight_decay": 0.01, "learning_rate": 0.003, "dropout": 0.1}
    config = load_config(before)
    assert isinstance(config, FineTuneConfig)
    assert (config.optimiser, config.weight_decay, config.learning_rate) == ("adamw", 0.01, 0.003)
    assert task_of(config) == "probe"


def test_probe__of_a_file_with_the_settings_of_every_classifier_keeps_only_its_own() -> None:
    before = {"kind": "classifier", "weights": "run:a", "trained_stages": 0, "dropout": 0.0, "augmentation": "none"}
    before |= {
        "batch_size": 64,
        "optimiser": "lbfgs",
        "learning_rate": 0.001,
        "schedule": "cosine",
        "weight_decay": 0.2,
    }
    config = load_config(before)
    assert isinstance(config, ProbeConfig)
    assert config == ProbeConfig(weights="run:a", weight_decay=0.2)
    kept = config.model_dump()
    assert not {"batch_size", "learning_rate", "schedule", "restart_epochs", "encoder_rate_factor"} & kept.keys()
    assert load_config(kept) == config
    assert task_of(config) == "probe"


def test_family__has_every_field_of_a_form_also_for_a_probe() -> None:
    paths = [setting.path for setting in describe(ClassifierConfig)]
    assert len(paths) == len(set(paths))
    assert set(paths) == {s.path for kind in (ProbeConfig, FineTuneConfig) for s in describe(kind)}
    probe, form = preset("probe"), family_settings(preset("probe"))
    assert set(form) - {"kind", "data_hash", "broken"} == set(paths)
    assert parse(ClassifierConfig, form) == probe
    tuned = parse(ClassifierConfig, form | {"optimiser": "adamw", "learning_rate": 0.1})
    assert isinstance(tuned, FineTuneConfig)
    assert (tuned.learning_rate, tuned.augmentation, task_of(tuned)) == (0.1, "none", "probe")


@pytest.mark.parametrize("base", [ProbeConfig(), FineTuneConfig(), SimclrConfig(), EmbedConfig()])
def test_study__keeps_the_kind_of_each_part(base: AnyConfig) -> None:
    study = StudyConfig(title="one", data="reef", parts=(Part(key="a", config=base),))
    read = load_config(json.loads(study.model_dump_json()))
    assert isinstance(read, StudyConfig)
    assert (type(read.parts[0].config), read) == (type(base), study)


def test_config__of_before_runs_were_recorded_elsewhere_still_loads() -> None:
    recorded = set(flattened(SimclrConfig().model_dump())) - set(trained_settings(SimclrConfig()))
    assert recorded == {"wandb", "wandb_project", "wandb_model", "tensorboard"}
    config = load_config({"kind": "simclr"} | nested(trained_settings(SimclrConfig())))
    assert (config.wandb, config.tensorboard) == ("environment", False)


@pytest.mark.parametrize("name", ["", "a/b", "x" * 129])
def test_project__has_a_name_that_wandb_takes(name: str) -> None:
    with pytest.raises(ConfigError, match=r"'wandb_project' is .* at most 128 characters"):
        load_config({"kind": "simclr", "wandb_project": name})


def test_config__is_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        SimclrConfig().epochs = 3  # type: ignore[misc]


def test_learning_rate__scales_as_in_the_paper() -> None:
    assert SimclrConfig(rate_scaling="linear").peak_learning_rate(4096) == pytest.approx(4.8)
    assert SimclrConfig(rate_scaling="sqrt").peak_learning_rate(4096) == pytest.approx(4.8)
    assert SimclrConfig(rate_scaling="none", learning_rate=0.1).peak_learning_rate(64) == 0.1


@pytest.mark.parametrize(("n", "loss"), [(32, 4.14), (64, 4.84), (128, 5.54), (256, 6.24)])
def test_chance_loss__is_that_of_a_network_that_cannot_tell(n: int, loss: float) -> None:
    assert chance_loss(n) == pytest.approx(loss, abs=0.005)


def test_nested__undoes_flattened() -> None:
    tree = SimclrConfig(views=RECIPES["Marine"]).model_dump()
    assert nested(flattened(tree)) == tree


def test_simclr_config__of_before_trains_everything_and_keeps_its_last_epoch() -> None:
    values = preset("simclr", "Standard").model_dump(mode="json")
    for name in ("trained_stages", "normalisation", "patience", "keep_best"):
        del values[name]
    config = load_config(values)
    assert isinstance(config, SimclrConfig)
    assert config == preset("simclr", "Standard")
    assert (config.trained_stages, config.normalisation, config.chooses) == (5, "trains", False)
    assert task_of(config) == "simclr"
    assert task_of(preset("continue")) == "continue"


def test_keep_best__needs_a_measurement() -> None:
    with pytest.raises(ConfigError, match="Set monitor_every to 1 or more"):
        preset("continue", monitor_every=0)


def test_devices__are_one_unless_told_and_old_configs_have_none() -> None:
    values = preset("simclr").model_dump(mode="json")
    del values["devices"]
    assert load_config(values).devices == 1


@pytest.mark.parametrize(
    ("task", "values", "sentence"),
    [
        ("simclr", {"batch_size": 2, "devices": 4}, "4 devices cannot share a batch of 2"),
        ("scratch", {"batch_size": 1, "devices": 2}, "Set batch_size to 2 or more, or devices to 1 or fewer"),
        (
            "probe",
            {"weights": "run:x", "devices": 2},
            "takes seconds and uses one device; got devices 2. Set devices to 1",
        ),
        ("embed", {"devices": 2}, "A run without training uses one device; got devices 2"),
        ("simclr", {"devices": 65}, "'devices' is 65; expected a whole number from 1 to 64."),
    ],
)
def test_devices__are_refused_where_there_is_nothing_to_share(
    task: str, values: dict[str, object], sentence: str
) -> None:
    with pytest.raises(ConfigError, match=re.escape(sentence)):
        preset(task, **values)


@pytest.mark.parametrize(("where", "address"), [
    ("here", None), ("ray:head", "http://head:8265"), ("ray:head:8265", "http://head:8265"),
    ("ray:https://a.b-c:443/", "https://a.b-c:443"),
])  # fmt: skip
def test_cluster_address__is_one_that_can_be_asked(where: str, address: str | None) -> None:
    assert cluster_address(SimclrConfig(where=where).where) == address


@pytest.mark.parametrize("where", ["there", "ray:", "ray", "ray:a; rm -r /", "ray:ray://head:10001"])
def test_where__is_here_or_a_cluster(where: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(f"'where' is {where!r}; expected 'here', or 'ray:ADDRESS' with")):
        preset("simclr", where=where)


def test_transfer__trains_for_5_20_and_60_minutes_at_the_size_its_encoder_was_made_for() -> None:
    asked = [preset("transfer", size) for size in SIZES]
    assert [config.minutes for config in asked] == [5, 20, 60]  # type: ignore[union-attr]
    assert {config.image_size_px for config in asked} == {facts(asked[0].encoder).own_px} == {224}
    assert {config.encoder for config in asked} == {"tf_efficientnet_lite0"}
    assert {preset("resnet50", size).image_size_px for size in SIZES} == {facts("resnet50").own_px}


def test_task__of_a_transfer_from_before_there_was_a_choice_of_encoders_is_resnet50s() -> None:
    before = {"kind": "classifier", "weights": "imagenet", "encoder": "resnet50", "trained_stages": 5}
    config = load_config(before)
    assert task_of(config) == "resnet50"
    assert isinstance(config, FineTuneConfig)
    assert (config.head_from, config.minutes, config.stored_copies, config.batch_norm) == ("random", 0, 0, "train")


def test_in_minutes__may_be_laid_over_any_fine_tune() -> None:
    config = preset("finetune", weights="run:a", **IN_MINUTES[20])
    assert isinstance(config, FineTuneConfig)
    assert (config.minutes, config.head_from) == (20, "probe")
