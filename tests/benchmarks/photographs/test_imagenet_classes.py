"""The ImageNet weights that come along recognise real animals; without the photographs this is skipped."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PHOTOGRAPHS = Path(os.environ.get("SEALIFE_PHOTOGRAPHS", ROOT.parent / "shared" / "data" / "sea_animals_dev256"))
# Of 150 photographs each, 85 to 98 % have the right class first, 97 to 100 % among the first five.
CLEAR = ("Crabs", "Jelly Fish", "Otter", "Sea Urchins", "Starfish")


@pytest.mark.slow
@pytest.mark.photographs
@pytest.mark.skipif(not PHOTOGRAPHS.is_dir(), reason="the photographs are not here")
def test_imagenets_own_classes__are_right_on_photographs(monkeypatch: pytest.MonkeyPatch) -> None:
    from benchmarks.photographs import imagenet_classes as script

    monkeypatch.setattr(script, "SYNSETS", {name: script.SYNSETS[name] for name in CLEAR})
    found = list(script.shares_right(script.network_with_classifier(), PHOTOGRAPHS, each=12))
    assert [(name, n) for name, n, _, _ in found] == [(name, 12) for name in CLEAR]
    assert min(first for _, _, first, _ in found) >= 0.6
    assert min(five for _, _, _, five in found) >= 0.8
