"""Predictions for anyone's pictures: equal to evaluation's, with neighbours, heat and refusals in a sentence."""

import io
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sealife_core.config import preset
from sealife_core.datasets.corrections.editing import move
from sealife_core.datasets.dataset import Dataset, open_dataset
from sealife_core.datasets.decoding.pixels import open_pixels
from sealife_core.datasets.imports.importing import import_images
from sealife_core.errors import DatasetError, RunError, WeightsError
from sealife_core.evaluation.classification.predictions import read_predictions
from sealife_core.evaluation.classification.predictor import Predictor
from sealife_core.models.checkpoint import ModelCard, save_model
from sealife_core.models.encoder_by_name import build_encoder
from sealife_core.models.facts import IMAGENET_MEAN, IMAGENET_STD
from sealife_core.models.heads import projection_head
from sealife_core.runs.directory import create_run
from sealife_core.runs.run import Run
from tests.finished.models import SIZE, copied_model, finished_classifier


@pytest.fixture
def run(classifier: Run) -> Run:
    return classifier


def scene(seed: int, width: int, height: int) -> Image.Image:
    """Smooth colours: a picture that survives JPEG."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)


def odd_pictures(folder: Path) -> Path:
    """A CSV of pictures in every kind of file, those that are hard to read in the test split."""
    folder.mkdir()
    turned = Image.Exif()
    turned[0x0112] = 6  # the camera was held upright
    scene(0, 300, 200).convert("CMYK").save(folder / "cmyk.jpg")
    scene(1, 1100, 700).save(folder / "large.jpg", quality=95)  # decoded at a quarter of its size
    scene(2, 901, 657).save(folder / "turned.jpg", exif=turned)
    Image.fromarray((np.arange(200 * 90).reshape(200, 90) * 3).astype(np.uint16)).save(folder / "sixteen.png")
    scene(3, 80, 200).convert("P").save(folder / "palette.gif")
    layered = scene(4, 90, 90)
    layered.putalpha(Image.linear_gradient("L").resize((90, 90)))
    layered.save(folder / "transparent.png")
    lines = ["file,label,split"]
    lines += [f"{path.name},{'ab'[i % 2]},test" for i, path in enumerate(sorted(folder.iterdir()))]
    for i in range(6):
        scene(10 + i, 120, 100).save(folder / f"{i}.png")
        lines.append(f"{i}.png,{'ab'[i % 2]},{'train' if i < 4 else 'val'}")
    (folder / "list.csv").write_text("\n".join(lines) + "\n")
    return folder / "list.csv"


def test_predict__of_a_file_is_what_evaluation_found(home: Path, tmp_path: Path) -> None:
    dataset = import_images(odd_pictures(tmp_path / "pictures"), "odd").dataset
    run = finished_classifier(dataset)
    table = read_predictions(run.path).query("split == 'test'")
    assert len(table) == 6
    rows = [dataset.row_of(image_id) for image_id in table["id"]]
    predictor = Predictor(run.path)
    pixels = open_pixels(dataset, predictor.cache_px)
    for row in rows:
        square, aspect = predictor.square(dataset.image_path(row))
        np.testing.assert_array_equal(square, pixels.array[row], err_msg=f"{dataset.manifest['source'][row]}")
        assert aspect == pytest.approx(float(pixels.aspects[row]), rel=1e-6)
    found = predictor.predict([dataset.image_path(row) for row in rows])
    assert [p.label for p in found] == table["predicted"].tolist()
    # The network sees the same pixels, but in a batch of another size, whose sums are rounded in another order.
    np.testing.assert_allclose(
        np.stack([p.probabilities for p in found]), np.stack(list(table["probabilities"])), atol=1e-4
    )
    np.testing.assert_allclose([p.confidence for p in found], table["confidence"], atol=1e-4)
    assert len({p.label for p in found}) == 2, "both classes must be predicted, or equality says little"


def test_predict__takes_a_file_its_content_a_picture_or_an_array(run: Run, tiny_reef: Dataset) -> None:
    path = tiny_reef.image_path(5)
    with Image.open(path) as picture:
        found = Predictor(run.path).predict([path, path.read_bytes(), picture, np.asarray(picture.convert("RGB"))])
    for other in found[1:]:
        np.testing.assert_allclose(other.probabilities, found[0].probabilities, atol=1e-5)


def test_prediction__ranks_the_classes(run: Run, tiny_reef: Dataset) -> None:
    found = Predictor(run.path).predict([tiny_reef.image_path(0)])[0]
    ranked = found.ranked()
    assert ranked[0] == (found.label, found.confidence)
    assert [p for _, p in ranked] == sorted(found.probabilities.tolist(), reverse=True)
    assert {label for label, _ in ranked} == set(tiny_reef.classes)
    assert found.ranked(3) == ranked[:3]
    assert sum(p for _, p in ranked) == pytest.approx(1, abs=1e-5)


def test_predict__of_a_training_image_finds_itself(run: Run, tiny_reef: Dataset) -> None:
    predictor, row = Predictor(run.path), int(tiny_reef.rows("train")[3])
    found = predictor.predict([tiny_reef.image_path(row)])[0]
    assert found.similarity == pytest.approx(1, abs=1e-4)
    assert found.unlike is False
    neighbours = predictor.neighbours(found.features, k=4)
    assert neighbours[0].id == tiny_reef.manifest["id"][row]
    assert neighbours[0].label == tiny_reef.manifest["label"][row]
    assert len(neighbours) == 4
    training = set(tiny_reef.manifest["id"][tiny_reef.rows("train")])
    assert {neighbour.id for neighbour in neighbours} <= training
    similarities = [neighbour.similarity for neighbour in neighbours]
    assert similarities == sorted(similarities, reverse=True)


def test_neighbours__are_what_the_run_learned_from_whatever_was_moved_since(run: Run, tiny_reef: Dataset) -> None:
    ids = tiny_reef.manifest["id"].tolist()
    tested, learned = int(tiny_reef.rows("test")[0]), int(tiny_reef.rows("train")[0])
    move(tiny_reef, {tested: "train", learned: "test"})
    predictor = Predictor(run.path)
    for row, itself in ((tested, False), (learned, True)):
        found = predictor.predict([tiny_reef.image_path(row)])[0]
        assert (predictor.neighbours(found.features, k=1)[0].id == ids[row]) is itself


def test_predict__calls_noise_and_one_colour_unlike_and_the_known_kind_not(run: Run, tiny_reef: Dataset) -> None:
    predictor, chooser = Predictor(run.path), np.random.default_rng(0)
    noise = [chooser.integers(0, 256, (SIZE, SIZE, 3), dtype=np.uint8) for _ in range(4)]
    flat = [np.full((SIZE, SIZE, 3), colour, np.uint8) for colour in ((255, 0, 0), (250, 250, 250), (90, 60, 20))]
    assert [found.unlike for found in predictor.predict([*noise, *flat])] == [True] * 7
    known = predictor.predict([tiny_reef.image_path(int(row)) for row in tiny_reef.rows("train")])
    assert sum(found.unlike is True for found in known) <= len(known) // 10
    # The largest of so few validation images sets the limit, so that none of them exceeds it.
    seen = predictor.predict([tiny_reef.image_path(int(row)) for row in tiny_reef.rows("val")])
    assert predictor.ood is not None
    assert max(found.ood_score or 0 for found in seen) == pytest.approx(predictor.ood.threshold, abs=0.05)
    assert predictor.ood.n_train == len(known)
    assert predictor.ood.n_val == len(seen)


def test_ood__is_measured_once_and_kept_beside_the_model(run: Run, tiny_reef: Dataset, tmp_path: Path) -> None:
    picture = Path(shutil.copy(tiny_reef.image_path(0), tmp_path / "kept.png"))
    (run.path / "novelty.npz").unlink()
    before = Predictor(run.path).predict([picture])[0]
    assert before.ood_score is not None
    assert (run.path / "novelty.npz").is_file()
    copy = copied_model(run, tmp_path / "copy")
    shutil.copy(run.path / "novelty.npz", copy)
    shutil.rmtree(tiny_reef.folder)
    after = Predictor(copy).predict([picture])[0]
    assert after.ood_score == pytest.approx(before.ood_score, abs=1e-3)
    assert after.unlike == before.unlike


def test_ood__that_is_damaged_is_refused_in_a_sentence_and_stops_no_prediction(run: Run, tiny_reef: Dataset) -> None:
    (run.path / "novelty.npz").write_bytes(b"PK\x03\x04 half a file")
    predictor = Predictor(run.path)
    found = predictor.predict([tiny_reef.image_path(0)])[0]
    assert found.unlike is None
    assert found.similarity is not None
    assert "damaged" in predictor.ood_unavailable


def test_predict_files__names_what_cannot_be_read_and_goes_on(run: Run, tiny_reef: Dataset, tmp_path: Path) -> None:
    good, half, text = tmp_path / "good.png", tmp_path / "half.png", tmp_path / "text.jpg"
    shutil.copy(tiny_reef.image_path(0), good)
    half.write_bytes(good.read_bytes()[:300])
    text.write_text("no picture")
    files = [(path.name, path) for path in (half, good, text, tmp_path / "gone.png", tmp_path)]
    told: list[tuple[str, int, int]] = []
    found, skipped = Predictor(run.path).predict_files(files, progress=lambda *now: told.append(now))
    assert [name for name, _ in found] == ["good.png"]
    reasons = dict(skipped)
    assert list(reasons) == ["half.png", "text.jpg", "gone.png", tmp_path.name]
    assert "Damaged" in reasons["half.png"]
    assert "Not a picture" in reasons["text.jpg"]
    assert "no such file" in reasons["gone.png"]
    assert told[-1][1:] == (5, 5)


def test_predict__refuses_a_damaged_picture_in_a_sentence(run: Run) -> None:
    predictor = Predictor(run.path)
    with pytest.raises(DatasetError, match="Not a picture"):
        predictor.predict([b"no picture"])
    held = io.BytesIO()
    scene(0, 64, 64).save(held, "PNG")
    with pytest.raises(DatasetError, match="Cannot be read"):
        predictor.predict([Image.open(io.BytesIO(held.getvalue()[:200]))])
    with pytest.raises(ValueError, match=r"expected uint8 \(H, W, 3\)"):
        predictor.predict([np.zeros((8, 8), np.uint8)])
    assert predictor.predict([]) == []


def test_explain__lies_over_the_view_of_the_predicted_class(run: Run, tiny_reef: Dataset) -> None:
    predictor, path = Predictor(run.path), tiny_reef.image_path(1)
    label = predictor.predict([path])[0].label
    heat = predictor.explain(path)
    assert heat.shape == predictor.seen(path).shape[2:] == (SIZE, SIZE)
    np.testing.assert_array_equal(heat, predictor.explain(path, predictor.classes.index(label)))
    other = predictor.explain(path, (predictor.classes.index(label) + 1) % len(predictor.classes))
    assert not np.allclose(heat, other)


def test_seen__is_the_largest_centred_square(run: Run) -> None:
    wide = np.zeros((100, 300, 3), np.uint8)
    wide[:, 100:200] = (0, 255, 0)
    seen = Predictor(run.path).seen(wide)
    assert seen.shape == (1, 3, SIZE, SIZE)
    np.testing.assert_allclose(seen[0, :, :, 3:-3].mean((1, 2)), (0, 1, 0), atol=0.01)


def test_predictor__of_a_copied_model_predicts_and_says_what_it_cannot_tell(
    run: Run, tiny_reef: Dataset, tmp_path: Path
) -> None:
    here = Predictor(run.path)
    assert here.ood_unavailable == ""
    there = Predictor(copied_model(run, tmp_path / "copy"))
    path = Path(shutil.copy(tiny_reef.image_path(0), tmp_path / "kept.png"))
    known = here.predict([path])[0].probabilities
    shutil.rmtree(tiny_reef.folder)
    found = there.predict([path])[0]
    np.testing.assert_allclose(found.probabilities, known, atol=1e-4)
    assert found.unlike is None
    assert found.similarity is None
    assert there.ood is None
    assert "no data set 'reef'" in there.ood_unavailable
    with pytest.raises(RunError, match="no embeddings"):
        there.neighbours(found.features)


def test_predictor__without_its_data_set_still_predicts(run: Run, tiny_reef: Dataset, tmp_path: Path) -> None:
    picture = Path(shutil.copy(tiny_reef.image_path(0), tmp_path / "kept.png"))
    before = Predictor(run.path).predict([picture])[0]
    shutil.rmtree(tiny_reef.folder)
    (run.path / "novelty.npz").unlink()
    predictor = Predictor(run.path)
    after = predictor.predict([picture])[0]
    np.testing.assert_allclose(after.probabilities, before.probabilities, atol=1e-5)
    assert after.unlike is None
    assert "no data set 'reef'" in predictor.ood_unavailable


def test_predictor__of_another_data_set_of_that_name_compares_with_nothing(
    run: Run, tiny_reef: Dataset, home: Path
) -> None:
    (run.path / "novelty.npz").unlink()
    shutil.rmtree(tiny_reef.folder)
    (home / "other").mkdir()
    import_images(odd_pictures(home / "other" / "pictures"), "reef")
    assert len(open_dataset("reef")) == 12
    assert "another data set with the same name" in Predictor(run.path).ood_unavailable


def test_predictor__refuses_a_model_without_classes(tiny_reef: Dataset) -> None:
    run = create_run(preset("simclr", "Quick look", data="reef", image_size_px=SIZE))
    projection = {"kind": "linear", "hidden": 8, "out": 8}
    card = ModelCard(
        kind="simclr", encoder="resnet18", stem="small", feature_dim=512, classes=[], image_size_px=SIZE,
        mean=list(IMAGENET_MEAN), std=list(IMAGENET_STD), projection=projection,
    )  # fmt: skip
    save_model(run.path, build_encoder("resnet18", "small"), projection_head("linear", 512, out=8), card)
    with pytest.raises(RunError, match="trained without labels"):
        Predictor(run.path)


def test_predictor__says_that_there_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="no model"):
        Predictor(tmp_path)
