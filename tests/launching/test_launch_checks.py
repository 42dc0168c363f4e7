"""A launch that would fail is refused before it waits in the queue, and what a run will go without is said."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import save_file

from sealife_core.config import Axis, SearchConfig, SimclrConfig, build_search, preset
from sealife_core.datasets.corrections.editing import correct, move
from sealife_core.datasets.dataset import Dataset, write_dataset
from sealife_core.errors import ConfigError, DatasetError
from sealife_core.launching.data_checks import Problem, refuse_resume
from sealife_core.launching.launch_checks import problems_of, refuse_impossible
from sealife_core.models import imagenet
from sealife_core.models.encoder_by_name import build_encoder
from sealife_core.runs.directory import create_run
from sealife_core.runs.files import replace_json
from sealife_core.runs.run import MODEL, STATUS
from sealife_core.runs.writer import RunWriter
from sealife_core.studies.questions import DEPTH, LABELS, TEMPERATURE, build_study
from sealife_core.studies.study_settings import IMAGENET, RANDOM, SIMCLR
from tests.finished.models import fresh_encoder

CLASSES = {"train": "aabbcc", "val": "abc", "test": "abc"}


def held(home: Path, **splits: str) -> Dataset:
    """A data set of these images: split → a letter an image, its class ("-" is none)."""
    rows = [(label.replace("-", ""), split) for split, labels in splits.items() for label in labels]
    names = [f"{number:03}" for number in range(len(rows))]
    labels, where = zip(*rows, strict=True) if rows else ((), ())
    manifest = pd.DataFrame({"id": names, "file": names, "label": labels, "split": where, "sha256": names})
    manifest = manifest.assign(group="", width=32, height=32)
    return write_dataset(home / "data" / "held", manifest, {})


def said(config: Any, dataset: Dataset, **more: Any) -> tuple[list[str], list[str]]:
    """(refusals, warnings)."""
    found = problems_of(config, dataset, **({"online": lambda name: True} | more))
    return [p.says for p in found if p.refuses], [p.says for p in found if not p.refuses]


@pytest.mark.parametrize(
    ("splits", "task", "refusal"),
    [
        ({"train": "", "val": "ab", "test": "ab"}, "simclr", "There are no training images"),
        ({"train": "", "val": "ab", "test": "ab"}, "embed", "There are no training images"),
        ({"train": "-"}, "simclr", "one training image in data set 'held'; SimCLR compares"),
        ({"train": "----"}, "scratch", "None of the 4 training images of data set 'held' has a label"),
        ({"train": "aaaa", "val": "a", "test": "a"}, "scratch", "There is one class ('a')"),
        ({"train": "aaa-", "val": "ab", "test": "ab"}, "scratch", "All 3 labelled training images"),
    ],
)
def test_problems__refuse_data_that_the_run_cannot_learn_from(
    home: Path, splits: dict[str, str], task: str, refusal: str
) -> None:
    config = preset(task, "Quick look", weights="random", data="held")
    (found,), _ = said(config, held(home, **splits))
    assert refusal in found


@pytest.mark.parametrize(
    ("splits", "task", "warnings"),
    [
        (CLASSES, "scratch", []),
        (CLASSES, "simclr", ["the batch size will be 6 instead of 64"]),
        (CLASSES | {"val": ""}, "scratch", ["no labelled validation images"]),
        (CLASSES | {"test": ""}, "scratch", ["no labelled test images"]),
        (CLASSES | {"val": "zz"}, "scratch", ["None of the 2 validation images"]),
        ({"train": "----"}, "embed", ["no labelled training and no labelled validation images"]),
        (
            CLASSES | {"val": ""},
            "continue",
            ["The last epoch is kept, even where it is worse than the start.", "batch size will be 6"],
        ),
    ],
)
def test_problems__say_what_a_run_will_go_without(
    home: Path, splits: dict[str, str], task: str, warnings: list[str]
) -> None:
    refused, found = said(preset(task, "Quick look", weights="random", data="held"), held(home, **splits))
    assert refused == []
    assert len(found) == len(warnings)
    assert all(words in sentence for words, sentence in zip(warnings, found, strict=True))


def test_problems__say_that_patience_has_nothing_to_watch(home: Path) -> None:
    dataset = held(home, **CLASSES | {"val": ""})
    _, (found,) = said(preset("scratch", "Standard", data="held"), dataset)
    assert found.endswith("the last one is kept, and the run does not stop early.")


@pytest.mark.parametrize(
    ("values", "refused", "warned"),
    [
        ({"stem": "imagenet", "image_size_px": 32}, 1, 0),
        ({"stem": "imagenet", "image_size_px": 16}, 1, 1),
        ({"stem": "imagenet", "image_size_px": 64}, 0, 1),
        ({"stem": "small", "image_size_px": 16}, 0, 1),
        ({"stem": "imagenet", "image_size_px": 32, "trained_stages": 0}, 0, 0),
        ({"stem": "imagenet", "image_size_px": 32, "batch_norm": "frozen"}, 0, 0),
    ],
)
def test_problems__of_a_batch_of_one_are_those_of_batch_norm(
    home: Path, values: dict[str, Any], refused: int, warned: int
) -> None:
    config = preset("scratch", "Quick look", data="held", batch_size=1, **values)
    refusals, warnings = said(config, held(home, **CLASSES))
    assert (len(refusals), len(warnings)) == (refused, warned)
    with torch.no_grad():
        statistics = "kept" if "batch_norm" in values else "trains"
        encoder = build_encoder(config.encoder, str(values["stem"]))
        encoder.train_stages(values.get("trained_stages", 5), statistics)
        view = torch.zeros(1, 3, config.image_size_px, config.image_size_px)
        if refused:
            with pytest.raises(ValueError, match="more than 1 value per channel"):
                encoder.train()(view)
        else:
            encoder.train()(view)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"stem": "small", "encoder": "tf_efficientnet_lite0"},
         "Only a ResNet18, 34 or 50 has a 'small' stem, but this run uses EfficientNet-Lite0. Set the stem to 'auto'."),
        ({"encoder": "efficientformerv2_s0", "image_size_px": 64},
         "efficientformerv2_s0 takes no pictures of 64 px. Set the image size to 224 px."),
        ({"encoder": "botnet26t_256"}, "'botnet26t_256' takes no pictures of 224 px, so it cannot serve as an"),
        ({"encoder": "mobilenetv3_smal_050"}, "such as mobilenetv3_small_050"),
    ],
)  # fmt: skip
def test_problems__of_an_encoder_are_one_sentence(home: Path, values: dict[str, Any], sentence: str) -> None:
    (found,), _ = said(
        preset("scratch", "Quick look", **{"data": "held", "stem": "auto"} | values), held(home, **CLASSES)
    )
    assert sentence in found


def test_problems__of_a_batch_of_one_are_none_without_batch_norm(home: Path) -> None:
    values: dict[str, Any] = {"data": "held", "batch_size": 1, "stem": "auto", "encoder": "vit_small_patch14_dinov2"}
    assert said(preset("scratch", "Quick look", **values), held(home, **CLASSES)) == ([], [])


def test_problems__of_devices_that_are_not_there(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    (found,), _ = said(preset("scratch", "Quick look", data="held", device="cuda"), held(home, **CLASSES))
    assert found == "The run needs a GPU, but this machine has none. Launch it with device 'cpu' or 'auto'."
    cluster = preset("scratch", "Quick look", data="held", device="cuda", where="ray:http://head:8265")
    assert said(cluster, held(home, **CLASSES))[0] == []


def test_problems__of_more_devices_than_images(home: Path) -> None:
    config = preset("scratch", "Quick look", data="held", device="cpu", devices=8)
    (found,), _ = said(config, held(home, **CLASSES))
    assert "8 devices cannot share the 6 training images" in found


@pytest.mark.parametrize(
    ("online", "refuses", "words"),
    [(True, False, "will download"), (None, False, "has not answered"), (False, True, "cannot be downloaded")],
)
def test_problems__of_imagenet_weights_that_are_not_here(
    home: Path, monkeypatch: pytest.MonkeyPatch, online: bool | None, refuses: bool, words: str
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(home / "torch"))
    config = preset("resnet50", "Quick look", data="held")
    refused, warned = said(config, held(home, **CLASSES), online=lambda name: online)
    ((found,), others) = (refused, warned) if refuses else (warned, refused)
    assert others == []
    assert words in found
    place = home / "torch" / "hub" / "checkpoints"
    assert (str(place) in found) == (online is not True)
    place.mkdir(parents=True)
    (place / "resnet50-0676ba61.pth").touch()
    assert said(config, held(home, **CLASSES), online=lambda name: pytest.fail("nothing is to be asked")) == ([], [])


def test_imagenet_files__are_those_of_torchvision(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from torchvision.models import get_model_weights

    assert len(imagenet.FILES) == 3
    for name in imagenet.FILES:
        known = get_model_weights(name)
        best_first = sorted(known, key=lambda weights: weights is not known["DEFAULT"])
        found = [(version, address) for _, version, address in imagenet.imagenet_files(name)]
        assert found == [(weights.name, weights.url) for weights in best_first]
    for variables in ({}, {"XDG_CACHE_HOME": str(home)}, {"TORCH_HOME": "~/elsewhere"}):
        with monkeypatch.context() as patch:
            patch.setattr(os, "environ", {"HOME": str(home), **variables})
            assert imagenet.folder() == Path(torch.hub.get_dir()) / "checkpoints"


def test_problems__of_imagenet_weights_with_the_small_stem(home: Path) -> None:
    (found,), _ = said(preset("resnet50", "Quick look", data="held", stem="small"), held(home, **CLASSES))
    assert "made with the 'imagenet' stem" in found


def test_problems__of_a_weights_file(home: Path) -> None:
    dataset, path = held(home, **CLASSES), home / "weights.safetensors"

    def found(encoder: str = "resnet18") -> list[str]:
        config = preset("finetune", "Quick look", data="held", weights=f"file:{path}", encoder=encoder)
        refused, warned = said(config, dataset)
        assert warned == []
        return refused

    assert found() == [f"There is no file {path}. Choose an existing weights file."]
    path.write_bytes(b"no weights")
    assert "is damaged or is not a safetensors file" in found()[0]
    save_file(fresh_encoder().state_dict(), path)
    assert found() == []
    assert len(found("resnet50")) == 1


def test_problems__of_a_run_that_gives_no_weights(home: Path) -> None:
    dataset, source = held(home, **CLASSES), create_run(preset("simclr", "Quick look", data="held"), name="Source")
    config = preset("probe", "Quick look", data="held", weights=f"run:{source.id}")
    replace_json(source.path / STATUS, {"state": "queued", "attempt": 1})
    assert said(config, dataset) == ([], [])
    RunWriter(source).status(state="failed")
    assert "is failed" in said(config, dataset)[0][0]
    RunWriter(source).status(state="finished")
    assert "has no model" in said(config, dataset)[0][0]
    (source.path / MODEL).touch()
    assert said(config, dataset) == ([], [])
    other = preset("probe", "Quick look", data="held", weights=f"run:{source.id}", encoder="resnet50")
    assert (
        "with the encoder ResNet18, but this run uses ResNet50. Set the encoder to resnet18."
        in said(other, dataset)[0][0]
    )
    gone = preset("probe", "Quick look", data="held", weights="run:gone")
    assert "There is no run 'gone'" in said(gone, dataset)[0][0]


def test_problems__tell_of_tests_that_an_earlier_run_learned_from(home: Path) -> None:
    dataset = held(home, **CLASSES)
    first = create_run(preset("simclr", "Quick look", data="held"), name="First", data_hash=dataset.content_hash)
    again = preset("simclr", "Quick look", data="held", weights=f"run:{first.id}")
    moved = correct(dataset, {"000": {"split": "test"}, "003": {"split": "test"}, "007": {"split": "test"}})
    source = create_run(again, name="Again", data_hash=moved.content_hash)
    for run in (first, source):
        RunWriter(run).status(state="finished")
        (run.path / MODEL).touch()
    probe = preset("probe", "Quick look", data="held", weights=f"run:{source.id}")
    assert said(probe, moved)[0] == []
    assert "2 test images were training images when run 'Again' or one before it learned" in said(probe, moved)[1][0]
    assert said(again.model_copy(update={"weights": f"run:{source.id}"}), moved)[1] == said(again, moved)[1]
    back = correct(moved, {"000": {"split": "train"}, "003": {"split": "train"}})
    assert not any("too high" in warning for warning in said(probe, back)[1])
    assert any("too high" in warning for warning in said(probe, moved)[1]), "of the version that is asked about"


def test_problems__of_a_study_name_each_once_with_the_runs_that_it_concerns(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(home / "torch"))
    asked: list[None] = []
    dataset = held(home, **CLASSES)
    study = build_study(LABELS, data="held", seeds=1, encoders=(RANDOM, IMAGENET, SIMCLR))
    refused, _ = said(study, dataset, online=lambda name: asked.append(None) or False)
    assert [sentence.partition(":")[0] for sentence in refused] == ["6 of the 19 runs"]
    assert len(asked) == 1
    assert said(build_study(DEPTH, data="held"), dataset)[0] == []


@pytest.mark.parametrize("lacking", ["test", "train"])
def test_problems__of_a_study_without_test_images_or_labels(home: Path, lacking: str) -> None:
    dataset = held(home, **CLASSES | {lacking: "--------" if lacking == "train" else ""})
    refused, _ = said(build_study(TEMPERATURE, data="held", seeds=1), dataset)
    assert len(refused) == 1
    assert ("compares test scores" if lacking == "test" else "3 of the 6 runs: None of the 8 training") in refused[0]


def test_problems__of_a_search_look_at_its_corners_and_its_metric(home: Path) -> None:
    base = preset("scratch", "Quick look", data="held", stem="imagenet")
    axes = [Axis(path="batch_size", low=1, high=8), Axis(path="image_size_px", low=32, high=64, step=32)]
    search = build_search(base, axes)  # type: ignore[arg-type]
    assert isinstance(search, SearchConfig)
    (found,), _ = said(search, held(home, **CLASSES))
    assert "BatchNorm in the last stage" in found
    simclr = preset("simclr", "Quick look", data="held")
    assert isinstance(simclr, SimclrConfig)
    temperature = build_search(simclr, [Axis(path="temperature", low=0.1, high=1.0)])
    (found,), _ = said(temperature, held(home, train="------", val="abc", test="abc"))
    assert found.startswith("A search ranks its trials by val/knn_accuracy")


def test_refuse_impossible__names_every_reason_and_lets_warnings_pass() -> None:
    refuse_impossible([Problem("slow", refuses=False)])
    with pytest.raises(ConfigError) as caught:
        refuse_impossible([Problem("one"), Problem("slow", refuses=False), Problem("two")])
    assert caught.value.problems == ["one", "two"]


def test_worker__refuses_what_the_check_refuses_and_tells_what_it_warns_of(home: Path, tiny_reef: Dataset) -> None:
    from sealife_core.training.preparation import open_data

    moved = {int(row): "train" for row in np.flatnonzero(tiny_reef.manifest["split"] == "test")}
    move(tiny_reef, moved)
    config = preset("scratch", "Quick look")
    writer = RunWriter(create_run(config))
    open_data(config, writer)
    assert [words.partition(" in ")[0] for words in writer.run.status()["warnings"]] == [
        "There are no labelled test images"
    ]
    held(home, train="----")
    with pytest.raises(DatasetError, match="None of the 4 training images"):
        open_data(preset("scratch", "Quick look", data="held"), writer)


def test_refuse_resume__of_a_run_whose_data_set_is_another_says_so(home: Path) -> None:
    reef = held(home, **CLASSES)
    run = create_run(preset("scratch", data=reef.name), data_hash=reef.content_hash)
    move(reef, {int(reef.rows("test")[0]): "train"})
    refuse_resume(run)  # a correction: the run goes on with the version that it began with
    held(home, train="aabb")
    with pytest.raises(DatasetError, match="has changed since this run was launched"):
        refuse_resume(run)
    assert run.state() == "created"
