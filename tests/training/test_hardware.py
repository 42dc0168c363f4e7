import json
from pathlib import Path

import pytest
import torch

from sealife_core.config import preset
from sealife_core.environment import FAST_CONVOLUTIONS
from sealife_core.errors import ConfigError
from sealife_core.models.encoder_by_name import build_encoder
from sealife_core.models.fast_convolutions.take_over import POINTWISE, WINOGRAD
from sealife_core.training import hardware
from sealife_core.training.hardware import Hardware, choose_hardware, fast_convolutions


@pytest.fixture
def measured(home: Path, monkeypatch: pytest.MonkeyPatch) -> list[torch.dtype]:
    """What was measured, on a processor with bf16 that gains by it."""
    found: list[torch.dtype] = []

    def convolution_s(dtype: torch.dtype) -> float:
        found.append(dtype)
        return 1.0 if dtype == torch.bfloat16 else 2.0

    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True})
    monkeypatch.setattr(hardware, "_convolution_s", convolution_s)
    return found


def test_choose_hardware__measures_once_a_machine_which_format_pays(measured: list[torch.dtype], home: Path) -> None:
    config = preset("simclr", device="cpu")
    assert [choose_hardware(config).precision for _ in range(2)] == ["bf16", "bf16"]
    assert len(measured) == 2
    path = home / "checkpoints" / hardware.MEASURED
    path.write_text(json.dumps(json.loads(path.read_text()) | {"bf16_is_faster": False}))
    assert choose_hardware(config).precision == "fp32"


@pytest.mark.parametrize("kept", ["{", "[]", "{}", '{"measured_on": "another machine", "bf16_is_faster": false}'])
def test_choose_hardware__measures_again_what_says_nothing_about_this_machine(
    measured: list[torch.dtype], home: Path, kept: str
) -> None:
    (home / "checkpoints" / hardware.MEASURED).write_text(kept)
    assert choose_hardware(preset("simclr", device="cpu")).precision == "bf16"
    assert len(measured) == 2


def test_choose_hardware__measures_where_nothing_can_be_kept(measured: list[torch.dtype], home: Path) -> None:
    (home / "checkpoints").rmdir()
    assert choose_hardware(preset("simclr", device="cpu")).precision == "bf16"


def test_choose_hardware__knows_which_of_several_devices_this_is(monkeypatch: pytest.MonkeyPatch) -> None:
    config = preset("simclr", device="cpu", precision="fp32", devices=2)
    monkeypatch.delenv("LOCAL_RANK", raising=False)
    assert (choose_hardware(config).devices, choose_hardware(config).rank) == (2, 0)
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert choose_hardware(config).rank == 1
    assert choose_hardware(config.model_copy(update={"devices": 1})).rank == 0


def test_choose_hardware__refuses_more_devices_than_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ConfigError, match=r"'devices' is 2, but this run was given 1 processor"):
        choose_hardware(preset("simclr", precision="fp32", devices=2))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert choose_hardware(preset("simclr", precision="fp32", devices=2)).devices == 2
    with pytest.raises(ConfigError, match=r"'devices' is 4, but this run was given 2 GPUs\. Choose 2 or fewer"):
        choose_hardware(preset("simclr", precision="fp32", devices=4))


@pytest.fixture
def tried(home: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which kinds were measured, on a machine where Winograd's way alone pays."""
    found: list[str] = []

    def is_faster(kind: str) -> bool:
        found.append(kind)
        return kind == WINOGRAD

    monkeypatch.delenv(FAST_CONVOLUTIONS.name, raising=False)
    monkeypatch.setattr(hardware, "is_faster", is_faster)
    return found


def test_fast_convolutions__are_those_that_were_measured_once_to_pay(tried: list[str]) -> None:
    encoder, machine = build_encoder("resnet18"), Hardware("cpu", "fp32")
    assert [fast_convolutions(encoder, machine) for _ in range(2)] == [(WINOGRAD,), (WINOGRAD,)]
    assert tried == [WINOGRAD, POINTWISE]
    assert fast_convolutions(encoder, Hardware("cuda", "fp32")) == ()


def test_fast_convolutions__of_a_run_that_goes_on_are_those_it_began_with(tried: list[str]) -> None:
    assert fast_convolutions(build_encoder("resnet18"), Hardware("cpu", "fp32"), before=[POINTWISE]) == (POINTWISE,)
    assert tried == []


@pytest.mark.parametrize(("asked", "kinds"), [("off", ()), ("on", (WINOGRAD, POINTWISE))])
def test_fast_convolutions__are_switched_by_the_environment(
    tried: list[str], monkeypatch: pytest.MonkeyPatch, asked: str, kinds: tuple[str, ...]
) -> None:
    monkeypatch.setenv(FAST_CONVOLUTIONS.name, asked)
    assert fast_convolutions(build_encoder("resnet18"), Hardware("cpu", "fp32")) == kinds
    assert tried == []
