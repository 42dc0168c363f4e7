"""The parameters of views: their statistics, their independence and their words."""

import math
from dataclasses import fields

import pytest
import torch
from torchvision.transforms import RandomResizedCrop

from sealife_core.config import LABELLED, RECIPES, ViewRecipe
from sealife_core.views.sampling import ViewParameters, centre_view, draw_views, generator_for

ALWAYS = ViewRecipe(
    horizontal_flip=1, vertical_flip=1, jitter=1, grayscale=1, blur=1, solarise=1, cast=1, haze=1
)  # fmt: skip
NEVER = ViewRecipe(horizontal_flip=0, vertical_flip=0, jitter=0, grayscale=0, blur=0, solarise=0, cast=0, haze=0)


def many(recipe: ViewRecipe, n: int = 4000, aspect: float = 1.0, seed: int = 0) -> ViewParameters:
    return draw_views(recipe, torch.full((n,), aspect), generator_for(seed))


def differing(one: ViewParameters, other: ViewParameters) -> set[str]:
    return {f.name for f in fields(one) if not torch.equal(getattr(one, f.name), getattr(other, f.name))}


@pytest.mark.parametrize("aspect", [0.5, 1.0, 1.8])
@pytest.mark.parametrize("scale", [(0.08, 1.0), (0.2, 1.0), (0.9, 1.0)])
def test_crops__are_distributed_as_torchvisions(aspect: float, scale: tuple[float, float]):
    height, width, draws = 1000, round(1000 * aspect), 1500
    torch.manual_seed(0)
    theirs = torch.tensor(
        [
            RandomResizedCrop.get_params(torch.empty(1, 1, 1).expand(1, height, width), list(scale), [3 / 4, 4 / 3])
            for _ in range(draws)
        ]
    )[:, [1, 0, 3, 2]] / torch.tensor([width, height, width, height])
    ours = many(ViewRecipe(crop_scale_min=scale[0], crop_scale_max=scale[1]), 8000, aspect).crop
    # Four standard errors of a difference of means, and 0.002 for torchvision's rounding to pixels.
    tolerance = 4 * theirs.std(0) * math.sqrt(1 / draws + 1 / 8000) + 0.002
    assert ((ours.mean(0) - theirs.mean(0)).abs() < tolerance).all()
    # The standard error of a deviation is at most about 1 / √n of it for these bounded numbers.
    assert ((ours.std(0) - theirs.std(0)).abs() < 4 * theirs.std(0) / math.sqrt(draws) + 0.002).all()


def test_crops__lie_in_the_picture_and_keep_area_and_shape_within_the_recipe():
    aspects = torch.linspace(0.4, 2.5, 5000)
    crop = draw_views(ViewRecipe(crop_scale_min=0.1, crop_scale_max=0.5), aspects, generator_for(1)).crop
    x, y, width, height = crop.unbind(1)
    assert min(x.min(), y.min()) >= 0
    assert max((x + width).max(), (y + height).max()) <= 1 + 1e-6
    shape, area = width * aspects / height, width * height
    assert shape.min() > 0.749
    assert shape.max() < 1.334
    assert area.min() > 0.0999
    # A box of an allowed shape and half the area fits in all of these, be it at the first try or the tenth.
    assert area.max() < 0.5001


@pytest.mark.parametrize(("aspect", "expected"), [(10.0, (4 / 30, 1.0)), (0.1, (1.0, 4 / 30)), (1.0, (1.0, 1.0))])
def test_crops__that_cannot_fit_fall_back_to_the_largest_centred_box(aspect: float, expected: tuple[float, float]):
    crop = many(ViewRecipe(crop_scale_min=1), 50, aspect).crop
    width, height = expected
    box = torch.tensor([(1 - width) / 2, (1 - height) / 2, width, height]).expand(50, 4)
    torch.testing.assert_close(crop, box)
    top, left, h, w = RandomResizedCrop.get_params(
        torch.empty(1, 1, 1).expand(1, 3000, round(3000 * aspect)), [1.0, 1.0], [3 / 4, 4 / 3]
    )
    theirs = torch.tensor([left / (3000 * aspect), top / 3000, w / (3000 * aspect), h / 3000])
    torch.testing.assert_close(crop[0], theirs, atol=2e-3, rtol=0)  # rounding to pixels


def test_probabilities__are_met():
    recipe = ViewRecipe(horizontal_flip=0.5, vertical_flip=0.2, jitter=0.8, grayscale=0.1, blur=0.4, solarise=0.3,
                        cast=0.6, haze=0.7)  # fmt: skip
    drawn = many(recipe, 20_000)
    shares = {
        "horizontal_flip": drawn.flip_x,
        "vertical_flip": drawn.flip_y,
        "jitter": drawn.jitter[:, 0] != 1,
        "grayscale": drawn.grayscale,
        "blur": drawn.blur_sigma > 0,
        "solarise": drawn.solarise <= 1,
        "cast": drawn.cast[:, 0] < 1,
        "haze": drawn.haze > 0,
    }
    for name, happened in shares.items():
        # Four standard errors of a share of 20,000.
        assert abs(happened.float().mean() - getattr(recipe, name)) < 4 * 0.5 / math.sqrt(20_000), name


def test_ranges__are_those_of_the_recipe():
    recipe = ALWAYS.model_copy(update={"strength": 0.5, "hue": 0.1})
    drawn = many(recipe)
    low, high = drawn.jitter.amin(0), drawn.jitter.amax(0)
    torch.testing.assert_close(low, torch.tensor([0.6, 0.6, 0.6, -0.05]), atol=2e-3, rtol=0)
    torch.testing.assert_close(high, torch.tensor([1.4, 1.4, 1.4, 0.05]), atol=2e-3, rtol=0)
    assert 0.1 <= drawn.blur_sigma.min() < 0.11
    assert 1.99 < drawn.blur_sigma.max() <= 2
    assert 0.6 - 1e-6 <= drawn.cast[:, 0].min() < 0.61
    assert 0.49 < drawn.haze.max() <= 0.5
    assert drawn.water.min() >= 0
    assert drawn.water.max() <= 1


def test_ranges__stay_meaningful_at_twice_the_strength():
    drawn = many(ALWAYS.model_copy(update={"strength": 2.0, "hue": 0.5}))
    assert drawn.jitter[:, :3].min() >= 0
    assert drawn.jitter[:, 3].abs().max() <= 0.5


def test_cast__fades_red_more_than_green_and_blue():
    cast = many(ALWAYS).cast
    assert (cast[:, 0] <= cast[:, 1:].amin(1)).all()
    assert 0.1 < (cast[:, 1] < cast[:, 2]).float().mean() < 0.9  # there is blue water and there is green water


def test_order__takes_every_permutation_alike():
    order = many(ALWAYS, 24_000).order
    permutations, counts = order.unique(dim=0, return_counts=True)
    assert len(permutations) == 24
    # Five standard deviations of a count that is expected to be 1,000.
    assert (counts - 1000).abs().max() < 5 * math.sqrt(1000)


def test_never__is_neutral_in_everything_but_the_crop():
    assert differing(many(NEVER, 40), centre_view(torch.ones(40))) <= {"crop", "order", "water"}


def test_generator_for__depends_on_its_numbers_alone():
    def first(*numbers: int) -> float:
        return float(torch.rand(1, generator=generator_for(*numbers), dtype=torch.float64))

    assert first(0, 3) == first(0, 3)
    assert len({first(0, 3), first(3, 0), first(0), first(0, 3, 0), first(1, 23), first(12, 3), first(-1)}) == 7


def test_draws__leave_the_global_random_state_alone():
    before = torch.random.get_rng_state()
    many(ALWAYS, 10)
    assert torch.equal(before, torch.random.get_rng_state())


def test_an_images_view__does_not_depend_on_how_many_follow():
    aspects = torch.linspace(0.5, 2, 100)
    few, lots = (draw_views(RECIPES["Marine"], aspects[:n], generator_for(7)) for n in (3, 100))
    assert not differing(few, lots[:3])


def test_views__with_a_generator_each_are_those_drawn_one_by_one():
    aspects, generators = torch.linspace(0.5, 2, 8), [[generator_for(seed) for seed in range(8)] for _ in range(2)]
    together = draw_views(ALWAYS, aspects, generators[0])
    alone = [draw_views(ALWAYS, aspects[i : i + 1], generators[1][i]) for i in range(8)]
    for name, value in vars(ViewParameters.cat(alone)).items():
        torch.testing.assert_close(getattr(together, name), value, msg=name)


def test_one_slider__changes_one_thing():
    base = ALWAYS
    changes = {
        "strength": ({"strength": 0.3}, {"jitter"}),
        "crop": ({"crop_scale_min": 0.5}, {"crop"}),
        "blur": ({"blur_sigma_max": 5.0}, {"blur_sigma"}),
        "haze": ({"haze": 0.0}, {"haze"}),
        "cast": ({"cast": 0.0}, {"cast"}),
        "flip": ({"vertical_flip": 0.0}, {"flip_y"}),
        "solarise": ({"solarise_threshold": 0.9}, {"solarise"}),
    }
    for name, (update, expected) in changes.items():
        assert differing(many(base, 50), many(base.model_copy(update=update), 50)) == expected, name


def test_parameters__can_be_selected_and_joined():
    drawn = many(RECIPES["Marine"], 10)
    assert len(drawn) == 10
    assert len(drawn[3]) == 1
    assert torch.equal(drawn[-1].crop[0], drawn.crop[9])
    assert not differing(ViewParameters.cat([drawn[:4], drawn[4:]]), drawn)
    assert not differing(drawn[torch.tensor([2, 5])], ViewParameters.cat([drawn[2], drawn[5]]))
    assert drawn.to("meta").order.device.type == "meta"


def test_describe__says_what_happens_and_nothing_else():
    assert many(NEVER.model_copy(update={"crop_scale_min": 1.0}), 1).describe(0) == {
        "Crop": "100 % of the picture, 1.00 : 1"
    }
    words = many(ALWAYS, 1).describe(0)
    assert words["Flip"] == "left-right and top-bottom"
    assert words["Brightness"].startswith("× ")
    assert words["Hue"].endswith("°")
    assert words["Blur"].startswith("σ ")
    assert words["Cast"].startswith("red × 0.")
    assert set(words) == {"Crop", "Flip", "Brightness", "Contrast", "Saturation", "Hue", "Grayscale", "Cast", "Haze",
                          "Blur", "Solarise"}  # fmt: skip


def test_describe__gives_the_crops_shape_in_the_pictures_own_proportions():
    view = centre_view(torch.tensor([2.0]))
    assert view.describe(0) == {"Crop": "50 % of the picture, 1.00 : 1"}


def test_describe__lists_the_colours_in_the_order_in_which_they_act():
    drawn = many(ALWAYS, 30)
    colours = ("Brightness", "Contrast", "Saturation", "Hue")
    for i in range(30):
        assert [w for w in drawn.describe(i) if w in colours] == [colours[j] for j in drawn.order[i]]


@pytest.mark.parametrize("aspect", [0.5, 1.0, 3.0])
def test_centre_view__is_the_largest_centred_square(aspect: float):
    x, y, width, height = centre_view(torch.tensor([aspect])).crop[0].tolist()
    assert width * aspect == pytest.approx(height)
    assert max(width, height) == 1
    assert (x + width / 2, y + height / 2) == pytest.approx((0.5, 0.5))


def test_labelled_none__is_the_whole_square_picture():
    torch.testing.assert_close(many(LABELLED["none"], 20).crop, torch.tensor([0.0, 0, 1, 1]).expand(20, 4))


@pytest.mark.parametrize("parts", [2, 3])
def test_draw_views__of_a_share_are_those_of_the_whole_batch(parts: int):
    aspects = torch.linspace(0.5, 2, 6)
    whole = draw_views(ALWAYS, aspects, generator_for(1))
    shares = [draw_views(ALWAYS, own, generator_for(1), (part, parts)) for part, own in enumerate(aspects.chunk(parts))]
    assert not differing(ViewParameters.cat(shares), whole)
    assert len(shares[0]) == 6 // parts
