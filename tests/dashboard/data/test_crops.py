"""Sentences on crops: each follows from the crops drawn, and says the opposite where they do."""

import torch

from dashboard.data.crops import crops_said, lost_said, worth_said
from sealife_core.config import RECIPES, ViewRecipe
from sealife_core.evaluation.contrast.crop_coverage import CropCoverage, crop_coverage


def coverage(share: list[list[float]], overlap: list[float], side: float = 0.5) -> CropCoverage:
    crops = torch.tensor([0.0, 0.0, side, side]).repeat(2 * len(overlap), 1)
    return CropCoverage(crops, torch.tensor(share), torch.tensor(overlap))


def test_crops_said__gives_the_shares_that_were_counted() -> None:
    share = [[0.1, 0.4, 0.2], [0.4, 0.8, 0.4], [0.0, 0.4, 0.1]]
    said = crops_said(coverage(share, [0.05, 0.0, 0.1, 0.6]))
    assert said.startswith("80 % of 8 crops contain the middle of the picture, 10 % a given corner.")
    assert "keeps 25 % of the picture" in said
    assert "In 2 of 4 pairs, both crops share less than 10 %" in said


def test_crops_said__of_pairs_that_all_overlap_speaks_of_no_different_parts() -> None:
    said = crops_said(coverage([[0.5]], [0.1, 0.9]))
    assert "In none of 2 pairs" in said
    assert "different parts" not in said


def test_crops_said__of_whole_pictures_says_that_both_views_show_the_same() -> None:
    said = crops_said(crop_coverage(ViewRecipe(crop_scale_min=1), 1.0, draws=10))
    assert said == "Each of 10 crops is the whole picture: the two views of a pair show the same."
    assert "whole picture" not in crops_said(crop_coverage(RECIPES["SimCLR"], 1.0))


def test_lost_said__is_the_share() -> None:
    assert lost_said(0.124).startswith("An estimated 12 % of the crops")
    assert lost_said(0.0).startswith("No crop")


def test_worth_said__tells_how_often_the_mark_was_right() -> None:
    assert "85 % of the marked crops" in worth_said(0.85, 0.77)
    assert "77 % of all such crops" in worth_said(0.85, 0.77)
