"""Encoders that views are looked at through."""

from pathlib import Path

import numpy as np
import pytest
import torch

from sealife_core.datasets.dataset import Dataset
from sealife_core.errors import WeightsError
from sealife_core.evaluation.contrast import view_encoder
from sealife_core.evaluation.contrast.view_encoder import imagenet, of_run, untrained
from sealife_core.evaluation.embeddings.picture_encoder import PictureEncoder
from sealife_core.models.checkpoint import load_card, save_model
from sealife_core.models.encoder_by_name import build_encoder
from sealife_core.models.heads import projection_head
from sealife_core.runs.run import Run
from tests.finished.models import NETWORK, SIZE


def test_embed__of_a_run_gives_the_features_that_it_has_stored(pretrained: Run, tiny_reef: Dataset) -> None:
    seen, picture = of_run(pretrained), tiny_reef.image_path(0)
    reads = PictureEncoder(pretrained.path)
    h, z = seen.embed(reads.seen(picture))
    np.testing.assert_allclose(h, reads.features([picture]), rtol=1e-4, atol=1e-4)
    assert z is None, "this run was stored without a head"
    assert seen.image_size_px == SIZE


def test_embed__leaves_the_model_as_it_was_and_gives_z(pretrained: Run) -> None:
    head = projection_head("nonlinear", load_card(pretrained.path).feature_dim, 16, 8)
    card = load_card(pretrained.path).__class__(
        **(vars(load_card(pretrained.path)) | {"projection": {"kind": "nonlinear", "hidden": 16, "out": 8}})
    )
    save_model(pretrained.path, build_encoder(NETWORK), head, card)
    seen = of_run(pretrained)
    before = {name: value.clone() for name, value in seen.encoder.state_dict().items()}
    h, z = seen.embed(torch.rand(40, 3, SIZE, SIZE))
    assert z is not None
    assert (len(h), tuple(z.shape)) == (40, (40, 8))
    assert all(torch.equal(value, before[name]) for name, value in seen.encoder.state_dict().items())
    alone = seen.embed(torch.rand(1, 3, SIZE, SIZE))[1]
    assert alone is not None, "batch norm of the head uses its stored statistics"


def test_embed__of_several_batches_keeps_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    seen, views = untrained(NETWORK, SIZE), torch.rand(10, 3, SIZE, SIZE)
    at_once, threads = seen.embed(views)[0], torch.get_num_threads()
    monkeypatch.setattr(view_encoder, "usual_batch", lambda image_size_px, device: 3)
    torch.testing.assert_close(seen.embed(views)[0], at_once, rtol=1e-4, atol=1e-4)
    assert torch.get_num_threads() == threads


def test_untrained__depends_on_its_seed_alone_and_draws_nothing_else() -> None:
    views, state = torch.rand(2, 3, SIZE, SIZE), torch.get_rng_state()
    first, again, other = (untrained(NETWORK, SIZE, seed).embed(views)[0] for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.allclose(first, other)
    assert torch.equal(torch.get_rng_state(), state)


def test_imagenet__comes_along_at_its_own_size() -> None:
    seen = imagenet("tf_efficientnet_lite0")
    assert (seen.image_size_px, seen.head) == (224, None)


def test_open__says_what_is_missing(pretrained: Run, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="There is no model in"):
        of_run(pretrained, 7)
    with pytest.raises(WeightsError, match="no_such_network"):
        untrained("no_such_network", SIZE)
