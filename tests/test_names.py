"""One list of nasty names through the whole program: what enters as a name leaves as that name, and stops nothing."""

import csv
import io
import json
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from sealife_core.__main__ import main
from sealife_core.datasets.dataset import Dataset, open_dataset
from sealife_core.datasets.imports.finding import LONGEST_NAME, clean_label
from sealife_core.datasets.imports.importing import import_images, read_skipped
from sealife_core.errors import SealifeError
from sealife_core.models.weights import load_weights
from sealife_core.neutral import printable
from tests.finished.models import finished_classifier, fresh_encoder
from tests.nasty_names import FILE_NAMES, MOST_BYTES, TEXTS

SPLITS = ("train", "val", "test")
HIDDEN = {name for name in FILE_NAMES.values() if name.startswith(".")}


def picture(seed: int) -> bytes:
    blocks = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    held = io.BytesIO()
    Image.fromarray(blocks).resize((16, 16), Image.Resampling.NEAREST).save(held, "PNG")
    return held.getvalue()


def sources(ending: str = ".png") -> dict[str, bytes]:
    """Path → picture: each name as a class with a picture in every split, and where it fits as a file, too."""
    found: dict[str, bytes] = {}
    for place, name in enumerate(FILE_NAMES.values()):
        file = f"{name}{ending}" if len(os.fsencode(name)) + len(ending) <= MOST_BYTES else f"0{ending}"
        found |= {f"{split}/{name}/{file}": picture(3 * place + n) for n, split in enumerate(SPLITS)}
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("nasty")
    for place, data in sources().items():
        (root / place).parent.mkdir(parents=True, exist_ok=True)
        (root / place).write_bytes(data)
    return root


@pytest.fixture(scope="module")
def imported(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the data set 'nasty'."""
    home = tmp_path_factory.mktemp("home")
    import_images(folder, "nasty", root=home / "data")
    return home


@pytest.fixture
def nasty(imported: Path, monkeypatch: pytest.MonkeyPatch) -> Dataset:
    monkeypatch.setenv("SEALIFE_HOME", str(imported))
    return open_dataset("nasty")


def expected() -> dict[str, str]:
    """Source → label, of every picture that is imported."""
    return {
        printable(place): clean_label(Path(place).parts[1]) or "(blank)"
        for place in sources()
        if Path(place).parts[1] not in HIDDEN
    }


def test_names__of_a_folder_are_in_the_manifest_as_they_were(nasty: Dataset):
    assert len(nasty) > 3 * 60
    assert dict(zip(nasty.manifest["source"], nasty.manifest["label"], strict=True)) == expected()
    assert {Path(file.rstrip("/")).name for file, _ in read_skipped(nasty)} == HIDDEN


def test_names__of_a_zip_are_those_of_the_folder(nasty: Dataset, tmp_path: Path):
    with zipfile.ZipFile(tmp_path / "nasty.zip", "w") as archive:
        for place, data in sources().items():
            if printable(place) == place and "\\" not in place:  # a zip has no other bytes; "\\" divides folders there
                archive.writestr(zipfile.ZipInfo(place), data)
    dataset = import_images(tmp_path / "nasty.zip", "zipped", root=tmp_path).dataset
    known = expected()
    found = dict(zip(dataset.manifest["source"], dataset.manifest["label"], strict=True))
    assert found == {source: known[source] for source in found}
    assert len(known) - len(found) == len(SPLITS) * sum("\\" in n or printable(n) != n for n in FILE_NAMES.values())


def test_names__of_a_table_find_their_files(folder: Path, tmp_path: Path):
    places = [place for place in sources() if printable(place) == place]
    labels = [text for text in TEXTS.values() if printable(text) == text and len(text) <= LONGEST_NAME]
    with (tmp_path / "list.csv").open("w", encoding="utf-8", newline="") as file:
        rows = [(folder / place, labels[n % len(labels)]) for n, place in enumerate(places)]
        csv.writer(file).writerows([("file", "label"), *rows])
    dataset = import_images(tmp_path / "list.csv", "listed", root=tmp_path).dataset
    found = dict(zip(dataset.manifest["source"], dataset.manifest["label"], strict=True))
    # The lines of a table are without blanks around their fields.
    wanted = {str(place).strip(): clean_label(label) for place, label in rows}
    assert len(found) > 3 * 60
    assert found == {source: wanted[source] for source in found}
    assert len(wanted) - len(found) <= len(read_skipped(dataset))


def test_names__of_data_sets_are_taken_or_refused_in_a_sentence(folder: Path, tmp_path: Path):
    one = next(iter(sorted((folder / "train" / "007").iterdir())))
    (tmp_path / "list.csv").write_text(f"file,label\n{one},crab\n")
    refused = {}
    for name in set(TEXTS.values()):
        try:
            dataset = import_images(tmp_path / "list.csv", name, root=tmp_path / "data").dataset
        except SealifeError as error:
            refused[name] = str(error)
        else:
            assert open_dataset(name, tmp_path / "data").name == dataset.name == name
        assert {path.name for path in tmp_path.iterdir()} <= {"data", "list.csv"}, name
    assert 0 < len(refused) < len(set(TEXTS.values()))
    assert [sentence for sentence in refused.values() if len(sentence.splitlines()) != 1] == []


def called(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    assert main([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_names__go_through_every_command(
    nasty: Dataset, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    classes = set(expected().values())
    assert [found["name"] for found in called(capsys, "data", "list")] == ["nasty"]
    assert {row["class"] for row in called(capsys, "data", "show", "nasty")["per_class"]} == classes
    assert called(capsys, "data", "check", "nasty")["exact_duplicates"] == 0

    run = finished_classifier(nasty)
    found = called(capsys, "predict", run.id, str(folder / "test"), "--csv", str(tmp_path / "table.csv"))
    named = {source.removeprefix("test/") for source in expected() if source.startswith("test/")}
    assert {row["file"] for row in found["predictions"]} == named
    assert {row["prediction"] for row in found["predictions"]} <= classes == set(found["classes"])
    assert main(["data", "show", "nasty"]) == main(["data", "list"]) == 0

    with (tmp_path / "table.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    assert len(lines) == len(found["predictions"]) + len(found["skipped"])
    told = [row for row in lines if not row["problem"]]
    # What a spreadsheet would calculate may have an apostrophe before it.
    assert [row["file"].removeprefix("'") for row in told] == [row["file"] for row in found["predictions"]]
    assert [row["prediction"].lstrip("'") for row in told] == [
        row["prediction"].lstrip("'") for row in found["predictions"]
    ]


def test_names__as_paths_on_the_command_line_end_in_a_sentence(
    nasty: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    here = tmp_path / "empty" / "empty"  # "", "." and ".." are folders wherever one is
    here.mkdir(parents=True)
    monkeypatch.chdir(here)
    for text in TEXTS.values():
        # "--": what begins with it is a path, too
        for words in (["import", "--name", "other", "--", text], ["predict", "--", text, text]):
            assert main(words) == 1, words
            assert capsys.readouterr().err.strip(), words


def test_names__as_paths_of_weights_end_in_a_sentence():
    encoder = fresh_encoder(stem="small")
    for text in TEXTS.values():
        with pytest.raises(SealifeError) as caught:
            load_weights(encoder, f"file:{text}")
        assert len(str(caught.value)) < 7_000
