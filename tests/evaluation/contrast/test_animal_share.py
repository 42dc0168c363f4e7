"""The hint that a crop has lost the animal, checked on the reef, whose drawing knows where the animal is."""

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score

from sealife_core.config import RECIPES
from sealife_core.datasets.reef import ANIMALS
from sealife_core.datasets.reef.picture import draw_covered
from sealife_core.evaluation.contrast.animal_activation import animal_activation
from sealife_core.evaluation.contrast.animal_share import (
    LOST_BELOW,
    REEF_PRECISION,
    REEF_RECALL,
    animal_share,
)
from sealife_core.evaluation.contrast.view_encoder import imagenet
from sealife_core.views.sampling import centre_view, draw_views, generator_for
from sealife_core.views.transforms import apply_views

PICTURES, CROPS = 20, 100


@pytest.fixture(scope="module")
def crops_told() -> dict[str, np.ndarray]:
    """Of crops of the reef's pictures: how much of the animal each keeps, and what is known without the drawing."""
    seen, kinds = imagenet("tf_efficientnet_lite0"), list(ANIMALS)
    truth, said, area, middle = [], [], [], []
    for number in range(PICTURES):
        picture, cover = draw_covered(kinds[number % 10], 64, 5, number // 10)
        square = torch.from_numpy(np.array(picture))[None]
        activation = animal_activation(seen, apply_views(square, centre_view(torch.ones(1)), seen.image_size_px))
        crops = draw_views(RECIPES["SimCLR"], torch.ones(CROPS), generator_for(number)).crop
        truth.append(animal_share(torch.from_numpy(cover), crops))
        said.append(animal_share(activation, crops))
        area.append(crops[:, 2] * crops[:, 3])
        middle.append(-(crops[:, :2] + crops[:, 2:] / 2 - 0.5).norm(dim=1))
    named = {"truth": truth, "said": said, "area": area, "middle": middle}
    return {name: torch.cat(values).numpy() for name, values in named.items()}


def test_animal_share__finds_crops_that_lost_the_animal_better_than_area_or_place_do(crops_told) -> None:
    lost = crops_told["truth"] < LOST_BELOW
    assert 0.05 < lost.mean() < 0.3, "there are crops of both kinds"
    score = {name: roc_auc_score(lost, -crops_told[name]) for name in ("said", "area", "middle")}
    assert score["said"] > 0.96
    assert score["said"] > max(score["area"], score["middle"]) + 0.03


def test_lost_below__marks_crops_as_precisely_as_the_screen_says(crops_told) -> None:
    lost, marked = crops_told["truth"] < LOST_BELOW, crops_told["said"] < LOST_BELOW
    precision, recall = lost[marked].mean(), marked[lost].mean()
    assert precision == pytest.approx(REEF_PRECISION, abs=0.07)
    assert recall == pytest.approx(REEF_RECALL, abs=0.07)
    from_middle = np.sort(crops_told["middle"])[marked.sum()]
    assert precision > lost[crops_told["middle"] < from_middle].mean() + 0.1, "than as many crops, the outermost"
    assert abs(marked.mean() - lost.mean()) < 0.03, "about as many are marked as are lost"


def test_animal_share__is_the_part_inside_the_crop() -> None:
    activation = torch.tensor([[0.0, 1.0], [0.0, 3.0]])
    crops = torch.tensor([[0.0, 0, 1, 1], [0, 0, 0.5, 1], [0.5, 0.5, 0.5, 0.5], [0.75, 0, 0.25, 0.5]])
    torch.testing.assert_close(animal_share(activation, crops), torch.tensor([1, 0, 0.75, 0.125]))


def test_animal_share__of_a_picture_where_nothing_stands_out_marks_no_crop() -> None:
    assert (animal_share(torch.zeros(7, 7), torch.rand(5, 4)) >= LOST_BELOW).all()
