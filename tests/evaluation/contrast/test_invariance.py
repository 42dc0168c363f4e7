"""What an encoder ignores, of encoders that ignore something by construction."""

import numpy as np
import pytest
import torch
from jaxtyping import Float
from torch import Tensor

from sealife_core.config import RECIPES, ViewRecipe
from sealife_core.evaluation.contrast.augmentations import AUGMENTATIONS, BY_NAME
from sealife_core.evaluation.contrast.invariance import Response, kept_curve, responses, strongest
from sealife_core.evaluation.contrast.view_encoder import ViewEncoder, untrained
from sealife_core.models.encoders import Encoder
from sealife_core.models.heads import projection_head
from sealife_core.views.sampling import JITTER_OPERATIONS, centre_view
from sealife_core.views.transforms import STEPS, apply_views
from tests.finished.models import NETWORK, SIZE

COLOUR, N = ("hue", "saturation", "grayscale"), 12


class Sees(Encoder):
    """Features by a rule. Values in [0, 1]: nothing is normalised."""

    mean, std = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)


class Grey(Sees):
    """The mean over the channels as the views see grey, without the mean of the picture: no colour."""

    def forward(self, x: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n d"]:
        grey = torch.einsum("nchw,c->nhw", x, torch.tensor([0.299, 0.587, 0.114])).flatten(1)
        return grey - grey.mean(1, keepdim=True)


class MeanColour(Sees):
    """The mean colour alone, less grey: no place in the picture."""

    def forward(self, x: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n d"]:
        means = x.mean((2, 3))
        return means - means.mean(1, keepdim=True)


@pytest.fixture(scope="module")
def pictures() -> tuple[Tensor, Tensor]:
    """Muted random blocks on a ground of one colour a picture, which a crop leaves as it is on average."""
    drawn = torch.Generator().manual_seed(0)
    ground = 0.15 * torch.eye(3)[torch.arange(N) % 3][:, None, None, :]
    blocks = torch.rand(N, 8, 8, 1, generator=drawn).repeat_interleave(4, 1).repeat_interleave(4, 2)
    return (255 * (0.2 + ground + 0.4 * blocks)).byte(), torch.ones(N)


def of(encoder: Encoder, pictures: tuple[Tensor, Tensor]) -> Response:
    return responses(ViewEncoder(encoder, None, SIZE), *pictures)["h"]


def at_strongest(response: Response, *names: str) -> float:
    return min(float(response.kept(name)[level].mean()) for name, level in strongest(*names))


def test_responses__of_what_sees_no_colour_and_of_what_sees_only_colour(pictures: tuple[Tensor, Tensor]) -> None:
    grey, colour = of(Grey(), pictures), of(MeanColour(), pictures)
    assert at_strongest(grey, "saturation", "grayscale") > 0.99
    assert at_strongest(grey, "crop") < 0.5
    assert at_strongest(grey, "hue") > 0.9, "a turn of the hue changes luma a little"
    assert at_strongest(colour, "crop") > 0.9
    assert max(at_strongest(colour, name) for name in ("hue", "grayscale")) < 0.5
    assert at_strongest(colour, "flip") > 0.99 > 0.5 > at_strongest(grey, "flip")


def test_responses__begin_at_one_and_have_a_value_a_level_and_picture(pictures: tuple[Tensor, Tensor]) -> None:
    response = of(Grey(), pictures)
    assert list(response.cosines) == [augmentation.name for augmentation in AUGMENTATIONS]
    for augmentation in AUGMENTATIONS:
        assert response.cosines[augmentation.name].shape == (len(augmentation.amounts), N)
        np.testing.assert_allclose(response.cosines[augmentation.name][0], 1)
    crop = response.cosines["crop"].mean(1)
    assert (np.diff(crop) < 0).all(), "each level is stronger than the one before"


def test_responses__are_those_of_single_views(pictures: tuple[Tensor, Tensor]) -> None:
    seen = untrained(NETWORK, SIZE)
    seen = ViewEncoder(seen.encoder, projection_head("nonlinear", seen.encoder.feature_dim, 16, 8).eval(), SIZE)
    told: list[tuple[str, int, int]] = []
    found = responses(seen, *pictures, lambda *words: told.append(words))
    parameters = BY_NAME["hue"].changed(centre_view(pictures[1]), 3)
    before, after = (seen.embed(apply_views(pictures[0], p, SIZE)) for p in (centre_view(pictures[1]), parameters))
    for space, place in (("h", 0), ("z", 1)):
        start, end = before[place], after[place]
        assert start is not None
        assert end is not None
        expected = torch.nn.functional.cosine_similarity(start, end)
        np.testing.assert_allclose(found[space].cosines["hue"][3], expected, atol=1e-4)  # type: ignore[index]
        pair = torch.nn.functional.cosine_similarity(start[0], start[1], 0)
        assert found[space].between[0, 1] == pytest.approx(float(pair), abs=1e-4)  # type: ignore[index]
    assert told[-1][1:] == (len(AUGMENTATIONS), len(AUGMENTATIONS))


def made(cosines: np.ndarray, unrelated: float) -> Response:
    n = cosines.shape[1]
    between = np.full((n, n), unrelated)
    np.fill_diagonal(between, 1)
    return Response({"hue": cosines}, between)


def test_kept__lies_between_unrelated_and_identical() -> None:
    response = made(np.array([[1.0] * 8, [0.9] * 8, [0.8] * 8]), 0.8)
    np.testing.assert_allclose(response.kept("hue")[:, 0], [1, 0.5, 0], atol=1e-9)
    curve = kept_curve(response, "hue")
    np.testing.assert_allclose(curve.mean, [1, 0.5, 0], atol=1e-9)
    np.testing.assert_allclose(curve.high - curve.low, 0, atol=1e-9)
    assert not response.collapsed
    assert made(np.ones((1, 8)), 1.0).collapsed


def test_interval__covers_the_truth_about_as_often_as_it_says() -> None:
    drawn, tries = np.random.default_rng(0), 100
    x = drawn.normal(size=(50_000 + 24 * tries, 6))
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    y = x + 0.4 * drawn.normal(size=x.shape)
    cosines = (x * y).sum(1) / np.linalg.norm(y, axis=1)
    truth, hits = cosines.mean(), 0  # unrelated pictures have a cosine of 0 on average, so this much is kept
    for part in np.split(np.arange(24 * tries), tries):
        found = Response({"hue": cosines[None, part]}, x[part] @ x[part].T).resampled((("hue", 0),))
        low, high = np.percentile(found, (2.5, 97.5))
        hits += bool(low <= truth <= high)
    assert 0.85 * tries <= hits < tries


def test_augmentations__change_one_field_by_the_amount_that_they_name() -> None:
    centre = centre_view(torch.tensor([1.5, 0.8]))
    for augmentation in AUGMENTATIONS:
        assert augmentation.changed(centre, 0) is centre
        words = [augmentation.changed(centre, level).describe(1) for level in range(len(augmentation.amounts))]
        assert [set(said) - {"Crop"} for said in words[1:]] == [
            set() if augmentation.name == "crop" else {augmentation.title.removeprefix("Colour ").capitalize()}
        ] * (len(words) - 1)
        assert len({str(said) for said in words}) == len(words), "no level twice"
    assert set(BY_NAME) == {*STEPS, *map(str.lower, JITTER_OPERATIONS)} - {"jitter"}, "each step of a view"
    assert BY_NAME["hue"].says(3) == "hue turned by 72°"
    assert BY_NAME["hue"].changed(centre, 3).describe(0)["Hue"] == "+72°"
    assert BY_NAME["crop"].says(3) == "crop keeps 20 % of the area"
    whole, part = (p.crop.double() for p in (centre, BY_NAME["crop"].changed(centre, 3)))
    torch.testing.assert_close(part[:, 2:].prod(1), 0.2 * whole[:, 2:].prod(1))
    torch.testing.assert_close(part[:, :2] + part[:, 2:] / 2, torch.full((2, 2), 0.5, dtype=torch.float64))
    assert BY_NAME["hue"].says(0) == "unchanged"


def test_strongest__is_what_the_recipes_draw_at_most() -> None:
    simclr, other = RECIPES["SimCLR"], ViewRecipe()
    amounts = {name: BY_NAME[name].amounts[level] for name, level in strongest(*BY_NAME)}
    weakest = 1 - simclr.strength * simclr.brightness
    expected = {"hue": 360 * simclr.hue, "crop": simclr.crop_scale_min, "blur": simclr.blur_sigma_max}
    expected |= dict.fromkeys(("brightness", "contrast", "saturation"), weakest) | {"grayscale": 1, "flip": 1}
    expected |= {"solarise": other.solarise_threshold, "cast": other.cast_strength, "haze": other.haze_strength}
    assert amounts == pytest.approx(expected)
