"""Views against torchvision's own functions on the same drawn parameters; every tolerance with its reason.

Where only float rounding separates the two, 2e-4 of white (0.05 of a grey level) is asked for: values are sums of up
to a hundred float32 products, and torchvision rounds the luma weight of red to 0.2989.
"""

import math
from dataclasses import replace
from itertools import permutations

import pytest
import torch
from torch import Tensor
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional as reference

from sealife_core.config import RECIPES, ViewRecipe
from sealife_core.models.facts import IMAGENET_MEAN, IMAGENET_STD
from sealife_core.views import bands, transforms
from sealife_core.views.sampling import ViewParameters, centre_view, draw_views, generator_for
from sealife_core.views.transforms import STEPS, apply_views, blur_matrix, dense_views, normalise, step_strip

ROUNDING = 2e-4
NEVER = ViewRecipe(
    crop_scale_min=1, horizontal_flip=0, vertical_flip=0, jitter=0, grayscale=0, blur=0, solarise=0, cast=0, haze=0
)


def planar(pictures: Tensor) -> Tensor:
    """uint8 (n, S, S, 3) → float (n, 3, S, S) in [0, 1]."""
    return pictures.permute(0, 3, 1, 2).float() / 255


def gentle(pictures: Tensor) -> Tensor:
    """The same with values in 89 … 166: gentle changes of colour never reach black or white."""
    return (89 + pictures.float() * 0.3).round().byte()


def still(n: int, **changes: Tensor) -> ViewParameters:
    return replace(centre_view(torch.ones(n)), **changes)


def jitter(n: int, **factors: float) -> ViewParameters:
    neutral = {"brightness": 1.0, "contrast": 1.0, "saturation": 1.0, "hue": 0.0} | factors
    return still(n, jitter=torch.tensor(list(neutral.values())).repeat(n, 1))


def close(ours: Tensor, theirs: Tensor, tolerance: float = ROUNDING) -> None:
    torch.testing.assert_close(ours, theirs.contiguous(memory_format=torch.channels_last), atol=tolerance, rtol=0)


@pytest.mark.parametrize("size", [32, 64, 96, 160])
@pytest.mark.parametrize(
    ("left", "top", "width", "height"),
    [
        (0, 0, 96, 96),
        (0, 0, 48, 60),
        (48, 36, 48, 60),
        (13, 29, 71, 53),
        (95, 0, 1, 96),
        (40, 50, 7, 5),
        (3, 91, 90, 5),
    ],
)
def test_crop__is_torchvisions_resized_crop(pictures: Tensor, size, left, top, width, height):
    box = torch.tensor([left, top, width, height]) / 96
    ours = apply_views(pictures, still(12, crop=box.repeat(12, 1)), size)
    theirs = reference.resized_crop(planar(pictures), top, left, height, width, [size, size], antialias=True)
    # Positions are float32 fractions of 96 px, so that a weight is off by about 1e-5 at most.
    close(ours, theirs, 5e-5)


def test_crop__may_lie_between_pixels():
    ramp = torch.arange(0, 192, 2, dtype=torch.uint8).view(1, 1, 96, 1).expand(1, 96, 96, 3)
    box = torch.tensor([[10.5, 10.25, 40.0, 40.0]]) / 96
    # On a ramp of 2 a pixel, the value is twice the position less half a pixel; the first and last see an edge.
    expected = 2 * (10.5 + (torch.arange(20) + 0.5) * 2 - 0.5) / 255
    torch.testing.assert_close(apply_views(ramp, still(1, crop=box), 20)[0, 0, 5, 1:-1], expected[1:-1])


def test_flips__are_torchvisions(pictures: Tensor):
    box = torch.tensor([13, 29, 71, 53]) / 96
    yes, no = torch.ones(12, dtype=torch.bool), torch.zeros(12, dtype=torch.bool)
    theirs = reference.resized_crop(planar(pictures), 29, 13, 53, 71, [40, 40], antialias=True)
    for x, y in ((yes, no), (no, yes), (yes, yes)):
        expected = reference.horizontal_flip(theirs) if x.all() else theirs
        expected = reference.vertical_flip(expected) if y.all() else expected
        close(apply_views(pictures, still(12, crop=box.repeat(12, 1), flip_x=x, flip_y=y), 40), expected, 5e-5)


@pytest.mark.parametrize("factor", [0.0, 0.2, 0.7, 1.0, 1.3, 1.8])
@pytest.mark.parametrize("name", ["brightness", "contrast", "saturation"])
def test_each_colour_operation__is_torchvisions(pictures: Tensor, name: str, factor: float):
    # Alone there is one clamp in either, so that even blown-out pictures agree.
    theirs = getattr(reference, f"adjust_{name}")(planar(pictures), factor)
    close(apply_views(pictures, jitter(12, **{name: factor}), 96), theirs)


def test_jitter__in_every_order_is_torchvisions(pictures: Tensor):
    orders = list(permutations(range(4)))
    assert len(orders) == 24
    views = gentle(pictures[:1]).expand(24, -1, -1, -1)
    # A third of a turn, where torchvision's hue is linear too.
    factors = {"brightness": 1.2, "contrast": 1.4, "saturation": 0.6, "hue": 1 / 3}
    drawn = replace(jitter(24, **factors), order=torch.tensor(orders))
    adjust = [
        lambda x: reference.adjust_brightness(x, 1.2),
        lambda x: reference.adjust_contrast(x, 1.4),
        lambda x: reference.adjust_saturation(x, 0.6),
        lambda x: reference.adjust_hue(x, 1 / 3),
    ]
    theirs = []
    for order in orders:
        x = planar(views[:1])
        for operation in order:
            x = adjust[operation](x)
        theirs.append(x)
    close(apply_views(views, drawn, 96), torch.cat(theirs))
    assert (theirs[0] - theirs[-1]).abs().max() > 0.01  # or the order would prove nothing


def test_hue__is_exact_at_zero_and_a_whole_turn(pictures: Tensor):
    for turns in (0.0, 1.0):
        close(apply_views(pictures, jitter(12, hue=turns), 96), planar(pictures), 2e-6)


@pytest.mark.parametrize("turns", [-1 / 3, 1 / 3])
def test_hue__is_torchvisions_at_thirds_of_a_turn(pictures: Tensor, turns: float):
    close(apply_views(pictures, jitter(12, hue=turns), 96), reference.adjust_hue(planar(pictures), turns))


@pytest.mark.parametrize("turns", [-0.2, -0.1, 0.1, 0.2, 0.5])
def test_hue__is_near_torchvisions_in_between(pictures: Tensor, turns: float):
    """HSV moves one channel at a time, which no linear map does: 0.06 of white apart on average on pictures as
    colourful as these, which HSV moves by up to 0.3. The hue angle that comes out agrees within 0.03 turns."""

    def angle(x: Tensor) -> Tensor:
        red, green, blue = x.unbind(1)
        return torch.atan2(math.sqrt(3) * (green - blue), 2 * red - green - blue) / (2 * math.pi)

    ours, theirs = apply_views(pictures, jitter(12, hue=turns), 96), reference.adjust_hue(planar(pictures), turns)
    assert (ours - theirs).abs().mean() < 0.06
    mild = gentle(pictures)
    ours, theirs = apply_views(mild, jitter(12, hue=turns), 96), reference.adjust_hue(planar(mild), turns)
    apart = (angle(ours) - angle(theirs) + 0.5) % 1 - 0.5
    assert apart.abs().mean() < 0.03


@pytest.mark.parametrize("turns", [-0.2, 0.1, 0.5])
def test_hue__leaves_grey_alone(pictures: Tensor, turns: float):
    grey = pictures[..., :1].expand(-1, -1, -1, 3)
    close(apply_views(grey, jitter(12, hue=turns), 96), planar(grey), 1e-5)


def test_grayscale__is_torchvisions(pictures: Tensor):
    ours = apply_views(pictures, still(12, grayscale=torch.ones(12, dtype=torch.bool)), 96)
    close(ours, reference.rgb_to_grayscale(planar(pictures), num_output_channels=3))


@pytest.mark.parametrize("sigma", [0.1, 0.8, 2.0, 5.0])
@pytest.mark.parametrize("size", [32, 96])
def test_blur__is_torchvisions(pictures: Tensor, sigma: float, size: int):
    sharp = apply_views(pictures, still(12), size)
    ours = apply_views(pictures, still(12, blur_sigma=torch.full((12,), sigma)), size)
    taps, sigma_px = 2 * round(size / 20) + 1, sigma * size / 224
    close(ours, reference.gaussian_blur(sharp, [taps, taps], [sigma_px, sigma_px]), 1e-5)


def test_blur__of_nothing_is_the_identity():
    # What a GPU does with the views that are not blurred.
    assert torch.equal(blur_matrix(torch.zeros(1), 20)[0], torch.eye(20))


def test_blur__fits_views_narrower_than_its_kernel():
    matrix = blur_matrix(torch.tensor([2.0]), 2)
    torch.testing.assert_close(matrix.sum(2), torch.ones(1, 2))


@pytest.mark.parametrize("threshold", [0.0, 0.5, 1.0])
def test_solarise__is_torchvisions(pictures: Tensor, threshold: float):
    ours = apply_views(pictures, still(12, solarise=torch.full((12,), threshold)), 96)
    theirs = reference.solarize(planar(pictures), threshold)
    # A value within rounding of the threshold may fall on either side.
    near = (planar(pictures) - threshold).abs() < 1e-5
    close(torch.where(near, 0.0, ours), torch.where(near, 0.0, theirs))


def test_cast_and_haze__follow_their_formulas(pictures: Tensor):
    remaining, water = torch.tensor([0.5, 0.8, 0.95]), torch.tensor([0.1, 0.4, 0.6])
    drawn = still(12, cast=remaining.repeat(12, 1), haze=torch.full((12,), 0.3), water=water.repeat(12, 1))
    expected = 0.7 * (planar(pictures) * remaining.view(3, 1, 1)) + 0.3 * water.view(3, 1, 1)
    close(apply_views(pictures, drawn, 96), expected, 1e-6)


def test_probability_zero__leaves_the_picture_as_it_was(pictures: Tensor):
    ours = apply_views(pictures, draw_views(NEVER, torch.ones(12), generator_for(0)), 96)
    close(ours, planar(pictures), 2e-6)


def one_by_one(picture: Tensor, drawn: ViewParameters, size: int) -> Tensor:
    """The view of one picture (1, S, S, 3) as torchvision makes it, step by step, clamping after each."""
    x = apply_views(picture, drawn, size, ("crop", "flip"))
    adjust = (reference.adjust_brightness, reference.adjust_contrast, reference.adjust_saturation, reference.adjust_hue)
    for operation in drawn.order[0].tolist():
        x = adjust[operation](x, float(drawn.jitter[0, operation]))
    if drawn.grayscale[0]:
        x = reference.rgb_to_grayscale(x, num_output_channels=3)
    if drawn.blur_sigma[0] > 0:
        taps, sigma = 2 * round(size / 20) + 1, float(drawn.blur_sigma[0]) * size / 224
        x = reference.gaussian_blur(x, [taps, taps], [sigma, sigma])
    return reference.solarize(x, float(drawn.solarise[0])) if drawn.solarise[0] <= 1 else x


@pytest.mark.parametrize(("name", "tolerance"), [("SimCLR", 0.02), ("Mild", 0.004)])
def test_whole_recipe__is_torchvisions_on_the_same_parameters(pictures: Tensor, name: str, tolerance: float):
    """Without hue, which is another operation here. What is left is that torchvision clamps after each step."""
    views = pictures.repeat(5, 1, 1, 1)
    recipe = RECIPES[name].model_copy(update={"hue": 0.0})
    drawn = draw_views(recipe, torch.ones(60), generator_for(0))
    ours = apply_views(views, drawn, 64)
    theirs = torch.cat([one_by_one(views[i : i + 1], drawn[i], 64) for i in range(60)])
    apart = (ours - theirs).abs().mean((1, 2, 3))
    assert apart.mean() < tolerance
    assert apart.median() < 2e-3  # most views overshoot hardly anywhere


@pytest.mark.slow
def test_whole_recipe__has_the_statistics_of_torchvisions(pictures: Tensor):
    """Drawn independently, hue and all: mean and deviation of the pixels, and how far views lie apart."""
    pipeline = v2.Compose(
        [
            v2.RandomResizedCrop(32, scale=(0.08, 1), antialias=True),
            v2.RandomHorizontalFlip(),
            v2.RandomApply([v2.ColorJitter(0.8, 0.8, 0.8, 0.2)], p=0.8),
            v2.RandomGrayscale(0.2),
            v2.RandomApply([v2.GaussianBlur(5, (0.1 * 32 / 224, 2 * 32 / 224))], p=0.5),
        ]
    )
    torch.manual_seed(0)
    theirs = torch.stack([pipeline(x) for x in planar(pictures) for _ in range(60)])
    drawn = draw_views(RECIPES["SimCLR"], torch.ones(720), generator_for(3))
    ours = apply_views(pictures.repeat_interleave(60, 0), drawn, 32)
    # A view's mean varies by 0.2: five standard errors of a difference are 5 × 0.2 × √(2 / 720) = 0.05. The deviations
    # within a view, 0.1 and less, get as much room for the one clamp.
    assert abs(ours.mean() - theirs.mean()) < 0.05
    assert abs(ours.mean((1, 2, 3)).std() - theirs.mean((1, 2, 3)).std()) < 0.03
    assert abs(ours.std((2, 3)).mean() - theirs.std((2, 3)).mean()) < 0.02
    assert abs(ours.std(1).mean() - theirs.std(1).mean()) < 0.03  # how colourful


def test_views__do_not_depend_on_chunks_or_neighbours(pictures: Tensor, monkeypatch: pytest.MonkeyPatch):
    drawn = draw_views(RECIPES["Marine"], torch.linspace(0.5, 2, 12), generator_for(4))
    whole = apply_views(pictures, drawn, 48)
    monkeypatch.setattr(bands, "_CHUNK_BYTES", 5 * 96 * 96 * 12)
    close(apply_views(pictures, drawn, 48), whole, 1e-6)
    close(apply_views(pictures[3:4], drawn[3], 48), whole[3:4], 1e-6)


def test_views__are_channels_last_float_in_range(pictures: Tensor):
    views = apply_views(pictures, draw_views(RECIPES["SimCLR"], torch.ones(12), generator_for(0)), 40)
    assert views.shape == (12, 3, 40, 40)
    assert views.dtype == torch.float32
    assert views.is_contiguous(memory_format=torch.channels_last)
    assert views.min() >= 0
    assert views.max() <= 1
    assert not views.isnan().any()


def test_views__take_any_batch(pictures: Tensor):
    assert apply_views(pictures[:0], centre_view(torch.ones(0)), 32).shape == (0, 3, 32, 32)
    everyother = apply_views(pictures[::2], still(6), 32)
    assert torch.equal(everyother, apply_views(pictures[::2].contiguous(), still(6), 32))


def test_views__never_ask_an_accelerator_what_is_in_it():
    """On "meta" there is no data: reading a value, or mixing devices, raises. A GPU would have to be waited for."""
    drawn = draw_views(RECIPES["Marine"], torch.ones(4), generator_for(0))
    images = torch.empty(4, 64, 64, 3, dtype=torch.uint8, device="meta")
    views = apply_views(images, drawn, 32)
    assert views.shape == (4, 3, 32, 32)
    assert views.device.type == "meta"


@pytest.mark.parametrize("size", [32, 48, 97, 150])  # smaller, a half, a prime, larger than the picture
@pytest.mark.parametrize("recipe", ["SimCLR", "Marine"])
def test_views_by_bands__are_those_by_whole_matrices(
    pictures: Tensor, monkeypatch: pytest.MonkeyPatch, recipe: str, size: int
):
    views = pictures.repeat(3, 1, 1, 1)
    drawn = draw_views(
        RECIPES[recipe].model_copy(update={"vertical_flip": 0.5, "solarise": 0}), torch.ones(36), generator_for(5)
    )
    assert drawn.flip_x.any()
    assert drawn.flip_y.any()
    assert drawn.blur_sigma.any()
    by_bands = apply_views(views, drawn, size)
    monkeypatch.setattr(transforms, "banded_views", dense_views)
    # Colours are scaled by up to 5 (contrast after brightness and saturation), and so is the rounding.
    close(by_bands, apply_views(views, drawn, size), 1e-4)


@pytest.mark.parametrize("make", ["banded_views", "dense_views"])
def test_views__come_normalised_where_asked(pictures: Tensor, monkeypatch: pytest.MonkeyPatch, make: str):
    colours = (IMAGENET_MEAN, IMAGENET_STD)
    drawn = draw_views(ViewRecipe(solarise=0.5), torch.ones(12), generator_for(2))
    assert 0 < int((drawn.solarise <= 1).sum()) < 12
    monkeypatch.setattr(transforms, "banded_views", getattr(transforms, make))
    plain, ours = apply_views(pictures, drawn, 48), apply_views(pictures, drawn, 48, colours=colours)
    # What lies within rounding of the threshold may fall on either side.
    turned = torch.where(drawn.solarise.view(-1, 1, 1, 1) <= 1, 1 - plain, plain)
    near = (turned - drawn.solarise.view(-1, 1, 1, 1)).abs() < 1e-5
    expected = normalise(plain, *colours)
    close(torch.where(near, 0.0, ours), torch.where(near, 0.0, expected), 1e-5)


@pytest.mark.parametrize("make", ["banded_views", "dense_views"])
def test_views__several_of_each_image_come_as_one_tensor(pictures: Tensor, monkeypatch: pytest.MonkeyPatch, make: str):
    monkeypatch.setattr(transforms, "banded_views", getattr(transforms, make))
    drawn = [draw_views(RECIPES["Marine"], torch.ones(12), generator_for(seed)) for seed in (0, 1)]
    both = apply_views(pictures, ViewParameters.cat(drawn), 48)
    assert both.is_contiguous(memory_format=torch.channels_last)
    close(both, torch.cat([apply_views(pictures, view, 48) for view in drawn]), 1e-6)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_views__are_the_same_on_cuda(pictures: Tensor):
    drawn = draw_views(RECIPES["Marine"], torch.ones(12), generator_for(0))
    # TF32 products, where allowed, carry ten bits.
    close(apply_views(pictures.cuda(), drawn, 48).cpu(), apply_views(pictures, drawn, 48), 2e-3)


def test_steps__are_done_only_where_asked(pictures: Tensor):
    drawn = draw_views(ViewRecipe(jitter=1, grayscale=1, solarise=1, blur=1), torch.ones(12), generator_for(0))
    close(apply_views(pictures, drawn, 96, ()), planar(pictures), 2e-6)
    cropped = apply_views(pictures, drawn, 96, ("crop",))
    assert not torch.equal(cropped, apply_views(pictures, drawn, 96, ("crop", "flip")))
    assert torch.equal(apply_views(pictures, drawn, 96, STEPS), apply_views(pictures, drawn, 96))


def test_step_strip__goes_from_the_original_to_the_final_view(pictures: Tensor):
    recipe = ViewRecipe(horizontal_flip=1, jitter=1, grayscale=0, solarise=1, blur=1)
    drawn = draw_views(recipe, torch.tensor([2.0]), generator_for(0))
    strip = step_strip(pictures[:1], drawn, 64)
    assert [name for name, _, _ in strip] == ["original", *STEPS]
    assert strip[0][2].shape == (3, 48, 96)  # a picture twice as wide as high
    assert torch.equal(strip[-1][2], apply_views(pictures[:1], drawn, 64)[0])
    texts = {name: text for name, text, _ in strip}
    assert texts["original"] == "the whole picture, 2.00 : 1"
    assert texts["flip"] == "left-right"
    assert texts["grayscale"] == texts["haze"] == "not this time"
    assert texts["jitter"].count(", then ") == 3
    assert torch.equal(strip[3][2], strip[4][2])  # no grayscale: the step changes nothing


def test_normalise__subtracts_and_divides(pictures: Tensor):
    ours = normalise(planar(pictures), IMAGENET_MEAN, IMAGENET_STD)
    close(ours, reference.normalize(planar(pictures), list(IMAGENET_MEAN), list(IMAGENET_STD)), 1e-6)
