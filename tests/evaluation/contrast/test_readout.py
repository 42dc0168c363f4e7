"""What can be read from features, of encoders and heads that forget something by construction."""

import numpy as np
import pytest
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from sealife_core.evaluation.contrast.readout import QUIZZES, advantage, mean_score, readouts, recognised
from sealife_core.evaluation.contrast.view_encoder import ViewEncoder
from sealife_core.models.encoders import Encoder
from sealife_core.views.sampling import centre_view
from sealife_core.views.transforms import apply_views
from tests.finished.models import SIZE

N = 32


class Pooled(Encoder):
    """The picture itself, 4 × 4 px."""

    mean, std = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)

    def forward(self, x: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n d"]:
        return functional.adaptive_avg_pool2d(x, 4).flatten(1)


class WithoutLight(nn.Module):
    """Forgets how bright a picture is."""

    def forward(self, h: Float[Tensor, "n d"]) -> Float[Tensor, "n d"]:
        return h / h.mean(1, keepdim=True)


@pytest.fixture(scope="module")
def pictures() -> tuple[Tensor, Tensor]:
    """Red ones with a bright corner, and noise."""
    drawn = torch.Generator().manual_seed(0)
    light = torch.linspace(1, 0.3, SIZE)
    scene = (light[:, None] * light)[..., None] * torch.tensor([0.7, 0.4, 0.3])
    noise = 0.1 * torch.rand(N, SIZE, SIZE, 3, generator=drawn)
    return (255 * (scene + noise).clamp(0, 1)).byte(), torch.ones(N)


def test_recognised__is_learned_from_other_pictures() -> None:
    rng = np.random.default_rng(0)
    version = np.eye(3)[:, None, :].repeat(N, 1)
    assert recognised(version + 0.01 * rng.normal(size=(3, N, 3))).mean() == 1
    own_code = rng.normal(size=(3, N, 40))  # tells all versions apart, but says nothing of those of other pictures
    assert recognised(own_code).mean() == pytest.approx(1 / 3, abs=0.12)
    assert recognised(np.ones((3, N, 2))).mean() == pytest.approx(1 / 3), "all features are the same"


def test_readouts__of_a_head_that_forgets_light_are_worse_of_light_alone(pictures: tuple[Tensor, Tensor]) -> None:
    found = readouts(ViewEncoder(Pooled(), WithoutLight(), SIZE), *pictures)
    means = {space: {name: right.mean() for name, right in of.items()} for space, of in found.items()}
    assert means["h"]["brightness"] > 0.9
    assert means["z"]["brightness"] < means["h"]["brightness"] - 0.2
    for name in ("hue", "crop", "grayscale"):
        assert means["z"][name] > means["h"][name] - 0.05, name
    forgotten = advantage(found["h"], found["z"])
    assert forgotten.low > 0
    assert forgotten.value == pytest.approx(mean_score(found["h"]) - mean_score(found["z"]))
    assert advantage(found["z"], found["h"]).high < 0


def test_readouts__of_a_head_that_changes_nothing_are_the_same(pictures: tuple[Tensor, Tensor]) -> None:
    found = readouts(ViewEncoder(Pooled(), nn.Identity(), SIZE), *pictures)
    same = advantage(found["h"], found["z"])
    assert (same.low, same.value, same.high) == (0, 0, 0)
    assert set(readouts(ViewEncoder(Pooled(), None, SIZE), *pictures)) == {"h"}


def test_quizzes__show_versions_that_differ(pictures: tuple[Tensor, Tensor]) -> None:
    images, aspects = pictures
    centre = centre_view(aspects)
    for quiz in QUIZZES:
        views = [apply_views(images, change(centre), SIZE) for _, change in quiz.versions]
        assert quiz.chance == 1 / len(views)
        for i, one in enumerate(views):
            for other in views[:i]:
                assert (one - other).abs().mean() > 0.02, quiz.name
