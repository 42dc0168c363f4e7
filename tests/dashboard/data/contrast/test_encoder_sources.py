"""Encoders that can be looked through, and what is said where they learned from something else."""

from dataclasses import replace

from dashboard.data.contrast.encoder_sources import OF_IMAGENET, EncoderSource, trained_otherwise, usual_views
from sealife_core.config import RECIPES, ViewRecipe, preset
from tests.finished.runs import finished


def trained(views: ViewRecipe) -> EncoderSource:
    run = finished(preset("simclr", data="reef", views=views), "SimCLR")
    return EncoderSource(run.id, "Ours", run)


def test_trained_otherwise__names_what_differs_and_nothing_else() -> None:
    mild = trained(RECIPES["Mild"])
    assert trained_otherwise(mild, "reef", RECIPES["Mild"]) == ""
    assert trained_otherwise(mild, "reef", RECIPES["SimCLR"]) == "Ours was trained with the recipe Mild."
    assert trained_otherwise(mild, "survey", RECIPES["Mild"]) == "Ours was trained on reef."
    both = trained_otherwise(mild, "survey", RECIPES["SimCLR"])
    assert both == "Ours was trained with the recipe Mild on reef."
    run = finished(preset("simclr", data="reef", views=RECIPES["Mild"], broken="no-normalisation"))
    lengths = trained_otherwise(EncoderSource(run.id, "Ours", run), "reef", RECIPES["Mild"])
    assert lengths == "Ours was trained by dot product in place of cosine."
    own = trained(RECIPES["Mild"].model_copy(update={"hue": 0.01}))
    assert trained_otherwise(own, "reef", RECIPES["Mild"]) == "Ours was trained with another recipe."


def test_trained_otherwise__is_silent_of_what_was_not_trained_with_views() -> None:
    assert trained_otherwise(OF_IMAGENET, "reef", RECIPES["SimCLR"]) == ""
    assert trained_otherwise(replace(trained(RECIPES["Mild"]), epoch=0), "survey", RECIPES["SimCLR"]) == ""


def test_usual_views__are_those_that_the_run_learned_from_and_of_other_encoders_those_of_the_first_run() -> None:
    mild, shape = trained(RECIPES["Mild"]), trained(RECIPES["Shape"])
    assert usual_views(mild, [shape, mild, OF_IMAGENET]) == RECIPES["Mild"]
    assert usual_views(OF_IMAGENET, [shape, mild, OF_IMAGENET]) == RECIPES["Shape"]
    assert usual_views(OF_IMAGENET, [OF_IMAGENET]) == RECIPES["SimCLR"]
