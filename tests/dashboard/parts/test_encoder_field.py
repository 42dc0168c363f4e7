"""The choice of an encoder: five by their titles, any other of timm, and what fits the weights that were chosen."""

from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.cache import training
from dashboard.parts.forms import encoder_field
from dashboard.parts.forms import launch as launching
from sealife_core.config import preset
from sealife_core.models import imagenet
from sealife_core.models.facts import OFFERED, title_of
from sealife_core.runs.directory import create_run
from sealife_core.runs.run import Run
from sealife_core.runs.writer import RunWriter
from tests.dashboard.pages import link


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch) -> list[Run]:
    asked: list[Run] = []
    monkeypatch.setattr(launching, "launch", asked.append)
    return asked


def train_page(**state: Any) -> AppTest:
    app = link("train")
    for key, value in state.items():
        app.session_state[key] = value
    app.run()
    assert not app.exception
    return app


def box(app: AppTest, label: str) -> Any:
    return next(found for found in app.selectbox if found.label == label)


def text(app: AppTest) -> str:
    assert not app.exception
    found = (*app.markdown, *app.caption, *app.error)
    return " ".join(element.value for element in found).replace("\\", "")


def test_encoder__says_what_it_takes_and_brings_the_size_of_its_weights(tiny_reef, launched: list[Run]) -> None:
    app = train_page()
    assert box(app, "Encoder").options == [*map(title_of, OFFERED), "Another network of timm…"]
    box(app, "Encoder").set_value("tf_efficientnet_lite0").run()
    assert "3.4 million parameters, 13 MB. Its ImageNet weights are on this machine (licence Apache-2.0)." in text(app)
    assert "224 px" not in text(app), "random weights have no size of their own"
    next(found for found in app.number_input if found.label == "Epochs").set_value(7).run()
    box(app, "Start from").set_value("imagenet").run()
    assert "ImageNet weights of EfficientNet-Lite0, learned from the labels of 1.3 million photographs." in text(app)
    next(button for button in app.button if button.label == "Use 224 px").click().run()
    assert not any(button.label.startswith("Use ") for button in app.button)
    app.button(key="launch").click().run()
    config = launched[0].config()
    found = (config.encoder, config.weights, config.image_size_px, getattr(config, "epochs", None))
    assert found == ("tf_efficientnet_lite0", "imagenet", 224, 7)


def test_encoder__may_be_any_of_timm_and_is_refused_in_a_sentence_if_it_is_none(tiny_reef) -> None:
    app = train_page()
    box(app, "Encoder").set_value("vit_small_patch14_dinov2").run()
    assert "DINOv2 weights" in box(app, "Start from").options
    box(app, "Encoder").set_value(encoder_field.OTHER).run()
    assert app.button(key="launch").disabled
    assert "Published weights" in box(app, "Start from").options
    box(app, "Name of the network").set_value("mobilenetv3_small_050").run()
    assert "A network of timm." in text(app)
    assert not app.button(key="launch").disabled

    app = train_page(form_values=("simclr", {"encoder": "mobilenetv3_smal_050"}))
    assert box(app, "Name of the network").value == "mobilenetv3_smal_050"
    assert "There is no encoder 'mobilenetv3_smal_050'" in text(app)
    assert "mobilenetv3_small_050" in text(app)
    assert app.button(key="launch").disabled


def test_encoder__of_a_run_that_is_started_from_is_offered_with_its_size(tiny_reef, launched: list[Run]) -> None:
    first = create_run(preset("simclr", encoder="tf_efficientnet_lite0", image_size_px=48))
    for run in (first, create_run(preset("simclr"))):
        RunWriter(run).status(state="queued")
    app = train_page()
    app.segmented_control(key="task").set_value("probe").run()
    box(app, "Encoder from").set_value(f"run:{first.id}").run()
    assert "That run trained EfficientNet-Lite0 at 48 px." in text(app)
    next(button for button in app.button if button.label == "Use EfficientNet-Lite0, 48 px").click().run()
    app.button(key="launch").click().run()
    config = launched[0].config()
    assert (config.encoder, config.image_size_px, config.weights) == ("tf_efficientnet_lite0", 48, f"run:{first.id}")


def test_table__says_of_each_where_its_weights_are(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(imagenet, "reachable", lambda name: not name.startswith("resnet"))
    training.online.clear()
    rows = dict(zip(OFFERED, encoder_field._table().split("<tr>")[2:], strict=True))
    training.online.clear()
    assert "On this machine." in rows["tf_efficientnet_lite0"]
    assert "Downloaded when a run needs them." in rows["convnext_tiny"]
    assert "By hand: https://download.pytorch.org/models/resnet18-f37072fd.pth, saved as" in rows["resnet18"]
    assert str(tmp_path / "hub" / "checkpoints") in rows["vit_small_patch14_dinov2"]
