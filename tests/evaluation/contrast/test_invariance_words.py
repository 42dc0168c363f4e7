"""Sentences on what encoders ignore say what the numbers say, its opposite, or nothing."""

import numpy as np

from sealife_core.evaluation.contrast.augmentations import AUGMENTATIONS
from sealife_core.evaluation.contrast.invariance import Response
from sealife_core.evaluation.contrast.invariance_words import SUBJECTS, Looked, comparisons, head_comparisons

N = 16
NOISE = np.linspace(-1.6, 1.6, N)


def keeping(spread: float = 0.02, **kept: float) -> Response:
    """Of unrelated pictures with cosine 0; under each subject, the similarity kept, 0.5 ± ``spread`` unless told."""
    held = {name: kept.get(subject, 0.5) for subject, points in SUBJECTS.items() for name, _ in points}
    cosines = {
        augmentation.name: np.tile(held.get(augmentation.name, 0.5) + spread * NOISE, (len(augmentation.amounts), 1))
        for augmentation in AUGMENTATIONS
    }
    return Response(cosines, np.eye(N))


def of_colour(first: Response, *others: Looked) -> str:
    return next((said for said in comparisons(Looked("Run A", first), others) if "colour" in said), "")


def test_comparisons__say_what_has_become_indifferent_and_what_has_not() -> None:
    said = of_colour(
        keeping(colour=0.95),
        Looked("Run A, before", keeping(colour=0.6), before=True),
        Looked("B", keeping(colour=0.5)),
    )
    assert said.startswith("Run A has become indifferent to colour: it keeps 9")
    assert "; before training it was not, with 6" in said
    assert "; B is not, with " in said


def test_comparisons__do_not_call_training_the_cause_where_it_was_so_before() -> None:
    said = of_colour(keeping(colour=0.95), Looked("Run A, before", keeping(colour=0.94), before=True))
    assert said.startswith("Run A is indifferent to colour")
    assert "so was it before training" in said
    alone = of_colour(keeping(colour=0.95), Looked("B", keeping(colour=0.5)))
    assert alone.startswith("Run A is indifferent to colour"), "nothing is known of before"


def test_comparisons__say_the_opposite_where_the_numbers_do() -> None:
    said = of_colour(keeping(colour=0.4), Looked("B", keeping(colour=0.95)), Looked("C", keeping(colour=0.2)))
    assert said.startswith("Run A is not indifferent to colour: it keeps 4")
    assert "; B is, with " in said
    assert "; C keeps less, " in said
    below = of_colour(keeping(colour=0.4), Looked("B", keeping(colour=-0.4)))
    assert below.endswith("B keeps less, < 0 %."), "less like the original than other pictures are"
    before = of_colour(keeping(colour=0.4), Looked("Run A, before", keeping(colour=0.6), before=True))
    assert "; before training it kept more, " in before


def test_comparisons__are_silent_where_the_intervals_leave_it_open() -> None:
    assert of_colour(keeping(0.5, colour=0.8), Looked("B", keeping(0.5, colour=0.8))) == ""
    said = of_colour(keeping(0.02, colour=0.5), Looked("B", keeping(0.6, colour=0.45)))
    assert "not indifferent" in said
    assert "B" not in said
    clear = of_colour(keeping(0.3, colour=0.8), Looked("B", keeping(0.02, colour=0.2)))
    assert clear.startswith("Of colour, Run A keeps ")
    assert "B keeps less" in clear


def test_comparisons__say_of_grey_pictures_that_these_have_no_colour() -> None:
    alike = Looked("Run A", keeping(colour=1.0, light=0.95))
    assert comparisons(alike, [])[0].startswith("Run A is indifferent to colour")
    said = comparisons(alike, [], grey=True)
    assert said[0].startswith("These pictures have no colour")
    assert not any("indifferent to colour" in one for one in said)
    assert said[1].startswith("Run A is indifferent to light"), "what grey pictures do tell stays"


def test_head_comparisons__say_what_the_head_does() -> None:
    said = head_comparisons("A", keeping(colour=0.6, light=0.9), keeping(colour=0.95, light=0.5))
    assert said == [
        "The projection head of A throws away colour (z keeps 95 %, h 60 %).",
        "The projection head of A does not throw away light (z keeps 50 %, h 90 %): z shows more of it.",
    ], "of cropping, which it leaves as it is, nothing is said"
    both = head_comparisons("A", keeping(colour=0.6, light=0.6), keeping(colour=0.95, light=0.7))
    assert both == [
        "The projection head of A throws away colour (z keeps 95 %, h 60 %) and light (z keeps 70 %, h 60 %)."
    ]
    neither = head_comparisons("A", keeping(colour=0.95, light=0.9), keeping(colour=0.6, light=0.5))
    assert neither[0].endswith(
        "does not throw away colour (z keeps 60 %, h 95 %) or light (z keeps 50 %, h 90 %): z shows more of it."
    )
    assert head_comparisons("A", keeping(), keeping()) == []
    assert head_comparisons("A", keeping(colour=0.95), keeping(colour=0.96)) == [], "sure, but too small to matter"


def test_words__of_a_collapsed_encoder_are_that_nothing_can_be_told() -> None:
    collapsed = Response(keeping().cosines, np.ones((N, N)))
    assert "cannot be told" in comparisons(Looked("A", keeping()), [Looked("B", collapsed)])[0]
    assert "cannot be told" in head_comparisons("A", keeping(), collapsed)[0]


def test_comparisons__an_interval_below_zero_has_a_minus_sign() -> None:
    said = of_colour(keeping(0.2, colour=0.01), Looked("B", keeping(colour=0.95)))
    assert "it keeps 1 % (−" in said
