"""A batch of views: which pictures, which views of them, and what an encoder finds of them."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from dashboard.data.contrast import view_batches
from dashboard.data.contrast.view_batches import ViewBatch, batch_rows, view_batch
from dashboard.data.previews import Preview, drawn, preview_of
from sealife_core.config import RECIPES
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.contrast.view_encoder import ViewEncoder, untrained
from sealife_core.evaluation.figures.palette import class_colour
from sealife_core.models.heads import projection_head
from sealife_core.views.transforms import apply_views
from tests.finished.models import NETWORK, SIZE


@pytest.fixture
def previews(tiny_reef: Dataset) -> list[Preview]:
    return [preview_of(tiny_reef, row, 2 * SIZE) for row in batch_rows(tiny_reef, 0, 5)]


def made(dataset: Dataset, previews: list[Preview], drawing: int = 0, size_px: int = SIZE) -> ViewBatch:
    return view_batch(dataset, previews, RECIPES["SimCLR"], drawing, untrained(NETWORK, size_px))


def test_rows__are_random_pictures_some_of_one_class_in_the_order_of_classes(tiny_reef: Dataset) -> None:
    rows = batch_rows(tiny_reef, 3, 16)
    assert rows == batch_rows(tiny_reef, 3, 16) != batch_rows(tiny_reef, 4, 16)
    labels = tiny_reef.labels[list(rows)].tolist()
    assert labels == sorted(labels)
    assert len(set(labels)) < len(set(rows)) == 16
    assert len(batch_rows(tiny_reef, 0, 1000)) == len(tiny_reef)


def test_batch__is_of_the_views_that_the_views_page_draws(tiny_reef: Dataset, previews: list[Preview]) -> None:
    batch, recipe = made(tiny_reef, previews, drawing=2), RECIPES["SimCLR"]
    encoder = untrained(NETWORK, SIZE)
    first, other = (
        encoder.embed(apply_views(preview.square[None], drawn(recipe, preview, 2, 0, view), SIZE))[0]
        for preview, view in ((previews[1], 0), (previews[3], 1))
    )
    expected = torch.cosine_similarity(first, other).item()
    assert batch.similarities["h"][1, 5 + 3] == pytest.approx(expected, abs=1e-4)
    assert batch.rows == tuple(preview.row for preview in previews)
    assert batch.colours[2] == class_colour(tiny_reef.labels[previews[2].row])
    assert batch.names[2] == previews[2].name
    assert not np.allclose(made(tiny_reef, previews, drawing=3).similarities["h"], batch.similarities["h"])


def test_batch__made_in_parts_is_the_same(
    tiny_reef: Dataset, previews: list[Preview], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = made(tiny_reef, previews)
    monkeypatch.setattr(view_batches, "usual_batch", lambda image_size_px, device: 3)  # cuts across the two views
    parts = made(tiny_reef, previews)
    assert parts.jpegs == whole.jpegs
    np.testing.assert_allclose(parts.similarities["h"], whole.similarities["h"], atol=1e-4)


def test_batch__has_z_where_there_is_a_head(tiny_reef: Dataset, previews: list[Preview]) -> None:
    bare = untrained(NETWORK, SIZE)
    assert set(made(tiny_reef, previews).similarities) == {"h"}
    head = projection_head("linear", bare.encoder.feature_dim, out=4)
    batch = view_batch(tiny_reef, previews, RECIPES["Mild"], 0, ViewEncoder(bare.encoder, head, SIZE))
    assert {space: values.shape for space, values in batch.similarities.items()} == {"h": (10, 10), "z": (10, 10)}
    assert not np.allclose(batch.similarities["h"], batch.similarities["z"])


def test_pictures__are_as_large_as_they_are_seen_but_no_larger_than_shown(
    tiny_reef: Dataset, previews: list[Preview]
) -> None:
    for seen_px, shown_px in ((SIZE, SIZE), (160, 128)):
        sizes = {Image.open(io.BytesIO(jpeg)).size for jpeg in made(tiny_reef, previews, size_px=seen_px).jpegs}
        assert sizes == {(shown_px, shown_px)}
