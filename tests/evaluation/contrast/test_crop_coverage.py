"""Where crops fall: against a count point by point, and against what must hold for any recipe."""

import pytest
import torch

from sealife_core.config import RECIPES, ViewRecipe
from sealife_core.evaluation.contrast.crop_coverage import covered, crop_coverage, intersection_over_union
from sealife_core.views.sampling import draw_views, generator_for

SIMCLR = RECIPES["SimCLR"]
WHOLE = ViewRecipe(crop_scale_min=1, crop_ratio_max=1.5)


def test_crop_coverage__of_whole_pictures_is_1_everywhere_and_both_crops_are_the_same() -> None:
    found = crop_coverage(WHOLE, 1.5, draws=20)
    torch.testing.assert_close(found.share, torch.ones(32, 48))
    torch.testing.assert_close(found.kept, torch.ones(20))
    torch.testing.assert_close(found.overlap, torch.ones(10))
    assert found.overlap.min() >= 0.99


@pytest.mark.parametrize("aspect", [0.6, 1.0, 1.7])
def test_crop_coverage__is_the_count_of_crops_around_each_point(aspect: float) -> None:
    draws, fine, cells = 40, 16, 10
    found = crop_coverage(SIMCLR, aspect, draws, cells, seed=3)
    crops = [draw_views(SIMCLR, torch.full((draws // 2,), aspect), generator_for(3, view)).crop for view in (0, 1)]
    rows, columns = found.share.shape
    count = torch.zeros(rows * fine, columns * fine)
    for x, y, w, h in torch.cat(crops).tolist():
        down, across = ((torch.arange(n * fine) + 0.5) / (n * fine) for n in (rows, columns))
        count += ((down >= y) & (down < y + h))[:, None] & ((across >= x) & (across < x + w))
    counted = count.view(rows, fine, columns, fine).mean((1, 3)) / draws
    assert max(rows, columns) == cells
    torch.testing.assert_close(found.share, counted, atol=0.02, rtol=0)
    torch.testing.assert_close(found.share.mean(), found.kept.mean())


def test_crop_coverage__favours_no_side_but_the_middle() -> None:
    share = crop_coverage(SIMCLR, 1.0, draws=20_000, cells=12).share
    for mirrored in (share.flip(0), share.flip(1), share.T):
        torch.testing.assert_close(share, mirrored, atol=0.02, rtol=0)  # 4 standard errors of a difference of shares
    assert share[5:7, 5:7].min() > share[0].max() + 0.2


def test_crop_coverage__draws_the_same_for_a_seed_and_only_what_a_recipe_changes_differs() -> None:
    first, again, other = (crop_coverage(SIMCLR, 1.2, seed=seed) for seed in (0, 0, 1))
    assert torch.equal(first.share, again.share)
    assert not torch.equal(first.kept, other.kept)
    coloured = crop_coverage(SIMCLR.model_copy(update={"hue": 0.0, "blur": 1.0}), 1.2)
    assert torch.equal(first.overlap, coloured.overlap)


def test_crop_coverage__of_small_crops_leaves_many_pairs_with_little_in_common() -> None:
    small, large = (
        crop_coverage(SIMCLR.model_copy(update={"crop_scale_min": low, "crop_scale_max": high}), 1.0)
        for low, high in ((0.05, 0.1), (0.8, 1.0))
    )
    assert (small.overlap < 0.1).float().mean() > 0.5
    assert large.overlap.min() >= 0.1


def test_intersection_over_union__by_hand() -> None:
    one = torch.tensor([[0.0, 0.0, 0.5, 0.5]]).expand(4, 4)
    other = torch.tensor([[0.0, 0, 0.5, 0.5], [0.25, 0, 0.5, 0.5], [0.5, 0.5, 0.5, 0.5], [0, 0, 1, 1]])
    torch.testing.assert_close(intersection_over_union(one, other), torch.tensor([1, 1 / 3, 0, 1 / 4]))


def test_covered__counts_a_cut_cell_with_its_part() -> None:
    found = covered(torch.tensor([0.0, 0.125, 0.5]), torch.tensor([1.0, 0.25, 0.0]), 4)
    torch.testing.assert_close(found, torch.tensor([[1.0, 1, 1, 1], [0.5, 0.5, 0, 0], [0, 0, 0, 0]]))
