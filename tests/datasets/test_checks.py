import json
from pathlib import Path

import pytest

from sealife_core.datasets import checks as checks_module
from sealife_core.datasets.checks import check, evenness, uneven
from sealife_core.datasets.corrections.editing import move
from sealife_core.datasets.dataset import Dataset, write_dataset
from sealife_core.datasets.imports.importing import import_images
from tests.datasets.pictures import noise, write_folder


@pytest.fixture
def leaky(home: Path, tmp_path: Path) -> Dataset:
    """Ready-made splits; one file in train and test, one with two labels, one that was saved again smaller in val."""
    source = tmp_path / "sea"
    write_folder(source / "train", {"crab": 8, "ray": 8})
    write_folder(source / "val", {"crab": 2, "ray": 2}, first_seed=20)
    write_folder(source / "test", {"crab": 2, "ray": 2}, first_seed=30)
    (source / "test" / "crab" / "leak.jpg").write_bytes((source / "train" / "crab" / "3.jpg").read_bytes())
    (source / "train" / "ray" / "mistaken.jpg").write_bytes((source / "train" / "crab" / "5.jpg").read_bytes())
    noise(100, (120, 100)).save(source / "train" / "ray" / "large.png")
    noise(100, (120, 100)).resize((90, 75)).save(source / "val" / "ray" / "small.jpg", quality=80)
    return import_images(source, "sea").dataset


def sources(dataset: Dataset, rows: tuple[int, ...]) -> set[str]:
    return {dataset.manifest["source"][row] for row in rows}


def test_check__finds_exact_and_near_duplicates_with_what_is_wrong(leaky: Dataset):
    found = check(leaky)
    exact = {frozenset(sources(leaky, g.rows)): (g.straddles, g.labels_differ) for g in found.exact}
    assert exact == {
        frozenset(("train/crab/3.jpg", "test/crab/leak.jpg")): (True, False),
        frozenset(("train/crab/5.jpg", "train/ray/mistaken.jpg")): (False, True),
    }
    assert [sources(leaky, g.rows) for g in found.near] == [{"train/ray/large.png", "val/ray/small.jpg"}]
    assert [g.straddles for g in found.near] == [True]
    assert len(found.leaks) == 2
    assert any("2 groups of duplicates are in more than one split" in note for note in found.notes)
    assert any("1 group of duplicates has two labels" in note for note in found.notes)


def test_check__is_kept_until_the_images_change(leaky: Dataset, monkeypatch: pytest.MonkeyPatch):
    before = check(leaky)
    monkeypatch.setattr(checks_module, "nearly_same", None)
    assert check(leaky).near == before.near
    assert check(move(leaky, {0: "val"})).near == before.near
    changed = write_dataset(leaky.folder, leaky.manifest.iloc[:-1], leaky.info)
    with pytest.raises(TypeError):
        check(changed)


def test_check__looks_again_at_a_picture_whose_file_is_back(leaky: Dataset):
    small = leaky.image_path(leaky.file_names.index("val/ray/small.jpg"))
    content = small.read_bytes()
    small.unlink()
    assert check(leaky).near == []
    small.write_bytes(content)
    assert len(check(leaky).near) == 1


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"key": 1}', "null"])
def test_check__a_damaged_cache_is_made_again(leaky: Dataset, damage: str):
    before = check(leaky)
    (leaky.folder / "checks.json").write_text(damage)
    assert check(leaky).exact == before.exact
    assert json.loads((leaky.folder / "checks.json").read_text())["near"]


def test_check__makes_hashes_where_the_manifest_has_none(leaky: Dataset):
    before = check(leaky)
    bare = write_dataset(leaky.folder, leaky.manifest.drop(columns="phash"), leaky.info)
    (bare.folder / "checks.json").unlink()
    told: list[tuple[str, int, int]] = []
    assert check(bare, progress=lambda *stage: told.append(stage)).near == before.near
    assert ("Comparing pictures", len(bare), len(bare)) in told


def test_check__names_lost_files_and_uneven_classes(home: Path, tmp_path: Path):
    dataset = import_images(write_folder(tmp_path / "sea", {"crab": 40, "ray": 4}), "sea").dataset
    dataset.image_path(5).unlink()
    found = check(dataset)
    assert found.missing == [5]
    assert found.notes[0] == f"1 image file is missing: {dataset.file_names[5]!r}. Add these pictures again."
    assert any("40 images of 'crab', 4 of 'ray'" in note for note in found.notes)


@pytest.mark.parametrize(("most", "least", "is_uneven"), [(1903, 414, False), (40, 4, True), (5, 0, True)])
def test_evenness__has_one_definition(most: int, least: int, is_uneven: bool):
    totals = {"crab": most, "ray": least}
    assert uneven(totals) is is_uneven
    assert ("uneven" in evenness(totals)) is is_uneven
    assert f"{most:,} images of 'crab', {least:,} of 'ray'" in evenness(totals)


def test_check__without_labels(home: Path, tmp_path: Path):
    found = check(import_images(write_folder(tmp_path / "sea", {"": 4}), "sea").dataset)
    assert not any("uneven" in note for note in found.notes)
