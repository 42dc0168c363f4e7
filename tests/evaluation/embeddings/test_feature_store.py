from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock

from sealife_core.evaluation.embeddings import array_store
from sealife_core.evaluation.embeddings.array_store import ABOUT, ROWS
from sealife_core.evaluation.embeddings.feature_store import Columns, FeatureKey, FeatureStore, activation_store

IMAGES = ["a", "b", "c"]
WIDE = 1_000


def key(weights: str = "w", **more: object) -> FeatureKey:
    values = {"encoder": "resnet18", "stem": "imagenet", "image_size_px": 64, "side_px": 128, "precision": "fp32"}
    return FeatureKey(weights=weights, mean=(0.5,) * 3, std=(0.5,) * 3, **(values | more))  # type: ignore[arg-type]


class Stopped(Exception):
    """Somebody stops the run that waits."""


class Computing:
    """An encoder that counts what it is shown; a feature is the letter of the image."""

    def __init__(self, images: list[str], width: int = 2) -> None:
        self.images, self.width, self.shown = images, width, []

    def __call__(self, rows: np.ndarray) -> tuple[np.ndarray, Columns]:
        asked = [self.images[row] for row in rows]
        self.shown.append(asked)
        values = np.array([[ord(image)] * self.width for image in asked], np.float32).reshape(len(asked), self.width)
        return values, {"h": self.width}


def rows(store: FeatureStore, images: list[str], which: FeatureKey | None = None, width: int = 2) -> list[list[str]]:
    """What was computed to answer."""
    computing = Computing(images, width)
    found, columns = store.rows(which or key(), images, computing)
    assert found[:, 0].tolist() == [ord(image) for image in images]
    assert columns == {"h": width}
    return computing.shown


def test_rows__are_computed_once(tmp_path: Path) -> None:
    assert rows(FeatureStore(tmp_path), IMAGES) == [IMAGES]
    assert rows(FeatureStore(tmp_path), IMAGES) == []
    assert rows(FeatureStore(tmp_path), ["c", "a", "a"]) == []


@pytest.mark.parametrize(
    "other",
    [{"weights": "v"}, {"image_size_px": 96}, {"precision": "bf16"}, {"copy": 1}, {"side_px": 256}, {"views": "{}"}],
)
def test_rows__of_another_key_are_others(tmp_path: Path, other: dict[str, object]) -> None:
    rows(FeatureStore(tmp_path), IMAGES)
    assert rows(FeatureStore(tmp_path), IMAGES, key(**other)) == [IMAGES]  # type: ignore[arg-type]
    assert rows(FeatureStore(tmp_path), IMAGES) == []


def test_rows__of_a_set_that_grows_are_computed_for_the_new_images(tmp_path: Path) -> None:
    rows(FeatureStore(tmp_path), IMAGES)
    assert rows(FeatureStore(tmp_path), ["d", "a", "e", "c"]) == [["d", "e"]]
    assert rows(FeatureStore(tmp_path), ["e", "b", "d"]) == []


def test_rows__of_an_encoder_that_gives_others_than_before_replace_them(tmp_path: Path) -> None:
    rows(FeatureStore(tmp_path), IMAGES)
    assert rows(FeatureStore(tmp_path), ["a", "d"], width=3) == [["d"], ["a", "d"]]


@pytest.mark.parametrize("harm", ["cut", "zeros", "no description", "no rows", "nonsense"])
def test_rows__that_are_damaged_are_made_again(tmp_path: Path, harm: str) -> None:
    rows(FeatureStore(tmp_path), IMAGES)
    (place,) = (path.parent for path in FeatureStore(tmp_path).folder.glob(f"*/{ROWS}"))
    file, about = place / ROWS, place / ABOUT
    content = file.read_bytes()
    if harm == "cut":
        file.write_bytes(content[:-4])
    elif harm == "zeros":
        file.write_bytes(content[:-8] + bytes(8))
    elif harm == "nonsense":
        about.write_text('{"format": 1, "columns": 3, "images": null}')
    else:
        (about if harm == "no description" else file).unlink()
    assert rows(FeatureStore(tmp_path), IMAGES) == [IMAGES]
    assert rows(FeatureStore(tmp_path), IMAGES) == []


def test_rows__that_another_process_computes_are_waited_for_with_signs_of_life(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(array_store, "WAITS_S", 0.01)
    store = FeatureStore(tmp_path)
    store.folder.mkdir()
    other, said = FileLock(store.folder / f".{key().name}.lock"), []

    def waits() -> None:
        said.append("alive")
        if len(said) == 2:
            other.release()

    other.acquire()
    found, _ = store.rows(key(), IMAGES, Computing(IMAGES), waits)
    assert len(said) == 2
    assert found[:, 0].tolist() == [ord(image) for image in IMAGES]

    def stop() -> None:
        raise Stopped

    with FileLock(store.folder / f".{key('other').name}.lock"), pytest.raises(Stopped):
        store.rows(key("other"), IMAGES, Computing(IMAGES), stop)
    assert len(store.stored()) == 1


def test_store__keeps_what_was_used_last(tmp_path: Path) -> None:
    store = FeatureStore(tmp_path)
    rows(store, IMAGES, key("old"), WIDE)
    rows(store, IMAGES, key("used"), WIDE)
    small = FeatureStore(tmp_path, most_bytes=int(store.size_bytes() * 1.1))
    rows(small, IMAGES, key("old"), WIDE)
    rows(small, IMAGES, key("used"), WIDE)
    rows(small, IMAGES, key("new"), WIDE)
    assert len(small.stored()) == 2
    assert rows(small, IMAGES, key("used"), WIDE) == []
    assert rows(FeatureStore(tmp_path, most_bytes=10), IMAGES, key("large")) == [IMAGES], "answered, though not kept"
    assert len(small.stored()) == 2


def test_clear__frees_what_stored_tells(tmp_path: Path) -> None:
    store = FeatureStore(tmp_path)
    rows(store, IMAGES)
    (told,) = store.stored()
    assert (told.encoder, told.image_size_px, told.images) == ("resnet18", 64, 3)
    assert store.clear() >= told.size_bytes > 0
    assert (store.stored(), store.size_bytes()) == ([], 0)
    assert rows(store, IMAGES) == [IMAGES]


def test_clear__frees_rows_whose_writer_was_killed_before_it_described_them(tmp_path: Path) -> None:
    store = FeatureStore(tmp_path)
    rows(store, IMAGES)
    for about in store.folder.glob(f"*/{ABOUT}"):
        about.unlink()
    assert store.size_bytes() > 0
    store.clear()
    assert store.size_bytes() == 0


def test_activations__that_a_run_is_writing_survive_a_full_store_and_a_deletion(tmp_path: Path) -> None:
    store = FeatureStore(tmp_path)
    rows(store, IMAGES, key("old"), WIDE)
    activations, values = activation_store(tmp_path), np.ones((2, 3), "<f2")
    activations.write("done", {}, [values], values.shape, "<f2")

    def parts() -> Iterator[np.ndarray]:
        small = FeatureStore(tmp_path, most_bytes=13_000)
        rows(small, IMAGES, key("new"), WIDE)
        assert activations.names() == ["done"]
        assert store.clear() > 12_000
        assert activations.names() == []
        yield values

    with activations.computing("next"):
        activations.write("next", {}, parts(), values.shape, "<f2")
    written = activations.rows("next")
    assert written is not None
    assert written.tolist() == values.tolist()


def test_activations__of_an_earlier_release_make_room(tmp_path: Path) -> None:
    folder = activation_store(tmp_path).folder
    folder.mkdir(parents=True)
    for name in ("old.npy", "old.json", "old.lock"):
        (folder / name).touch()
    assert list(activation_store(tmp_path).folder.iterdir()) == []


def test_rows__where_nothing_can_be_written_are_computed_each_time(tmp_path: Path) -> None:
    (tmp_path / "features").touch()  # a file where the folder should be
    assert rows(FeatureStore(tmp_path), IMAGES) == [IMAGES]
    assert rows(FeatureStore(tmp_path), IMAGES) == [IMAGES]
