"""What the advice says over constructed cases, and where it keeps silent."""

import math

import numpy as np
import pandas as pd
import pytest

from sealife_core.evaluation.classification.scores import wilson
from sealife_core.evaluation.comparison.advice import advice, images_needed
from sealife_core.evaluation.comparison.comparison_rows import ComparisonRow


def table(right: str) -> pd.DataFrame:
    """Predictions of images of one class, "1" right and "0" wrong."""
    n = len(right)
    return pd.DataFrame(
        {
            "id": [str(place) for place in range(n)],
            "split": "test",
            "label": "crab",
            "predicted": ["crab" if answer == "1" else "eel" for answer in right],
        }
    )


def row(name: str, right: str, **changes: object) -> ComparisonRow:
    k, n = right.count("1"), len(right)
    low, high = wilson(k, n)
    fields = dict.fromkeys(ComparisonRow.__dataclass_fields__, 0.0) | {
        "run_id": name, "name": name, "method": "Fine-tune", "encoder": "resnet18", "source": "random", "data": "reef",
        "n": n, "accuracy": k / n, "low": low, "high": high, "chance": 0.1, "train_s": 60.0, "pretrain_s": None,
        "label_fraction": 100, "parameters_trained": 0, "labels_per_class": 0, "test_hash": "h", "comparable": True,
        "why_not": "",
    }  # fmt: skip
    return ComparisonRow(**(fields | changes))  # type: ignore[arg-type]


def advised(*runs: tuple[ComparisonRow, str]) -> str:
    return advice([found for found, _ in runs], {found.run_id: table(right) for found, right in runs})


def of(name: str, right: str, **changes: object) -> tuple[ComparisonRow, str]:
    return row(name, right, **changes), right


def test_advice__is_silent_about_a_single_run() -> None:
    assert advised(of("alone", "1" * 20)) == ""
    assert advice([], {}) == ""


def test_advice__leaves_out_what_was_tested_on_other_images() -> None:
    assert advised(of("here", "1" * 20), of("elsewhere", "0" * 20, comparable=False)) == ""


def test_advice__names_the_better_run_with_its_interval_and_p() -> None:
    said = advised(of("tuned", "1" * 31 + "0" * 9 + "1" * 60), of("probe", "0" * 31 + "1" * 9 + "1" * 60))
    assert said.startswith("Use tuned: its accuracy is 22.0 points higher than that of the next best, probe (95 % ")
    assert "p = 0.0007" in said
    assert "100 test images" in said
    assert "Holm" not in said, "one pair needs no correction"


def test_advice__does_not_decide_a_tie_and_promises_no_number_of_images() -> None:
    said = advised(
        of("slow", "1" * 30 + "0" * 10 + "1" * 40, train_s=600.0, pretrain_s=3600.0),
        of("quick", "0" * 10 + "1" * 30 + "1" * 40, train_s=120.0),
    )
    assert said.startswith(
        "The 80 test images do not decide between slow and quick. The two are 0.0 points apart (95 % interval"
    )
    assert "quick takes the least time in total (2 min)" in said
    assert "more test images" not in said


def test_advice__of_a_tie_counts_pre_training_as_cost() -> None:
    said = advised(of("probe", "1" * 40 + "0" * 10, train_s=1.0, pretrain_s=7200.0), of("scratch", "1" * 40 + "0" * 10))
    assert "scratch takes the least time in total (60 s)" in said


def test_cost__speaks_of_the_shorter_training_too() -> None:
    """ "59 s" is no fastest beside a probe of 7 s, unless its encoder is counted."""
    same = "1" * 50 + "0" * 10
    said = advised(of("scratch", same, train_s=59.0), of("probe", same, train_s=7.0, pretrain_s=300.0))
    assert (
        "scratch takes the least time in total (59 s); probe trains in 7 s, on an encoder whose pre-training takes"
        " 5 min." in said
    )
    assert "fastest" not in said


def test_advice__of_few_images_does_not_decide_however_large_the_difference_looks() -> None:
    said = advised(of("tuned", "11111"), of("probe", "00001"))
    assert said.startswith("The 5 test images do not decide between tuned and probe")
    assert "The two are 80.0 points apart (95 % interval" in said


def test_advice__says_how_many_more_images_a_real_difference_would_need() -> None:
    fixed, broken, rest = 41, 25, 279
    said = advised(
        of("tuned", "1" * fixed + "0" * broken + "1" * rest), of("probe", "0" * fixed + "1" * broken + "1" * rest)
    )
    needed = images_needed(fixed, broken, 345)
    assert needed is not None
    assert f"about {int(float(f'{needed - 345:.2g}')):,} more test images would show it" in said


def test_advice__names_no_number_that_is_no_plan() -> None:
    said = advised(of("a", "1" * 51 + "0" * 50 + "1" * 200), of("b", "0" * 51 + "1" * 50 + "1" * 200))
    assert "do not decide" in said
    assert "more test images" not in said


def test_advice__warns_where_an_untrained_probe_wins() -> None:
    said = advised(
        of("untrained", "1" * 40 + "0" * 5 + "1" * 30, method="Untrained probe"),
        of("probe", "0" * 40 + "1" * 5 + "1" * 30, method="Linear probe"),
    )
    assert said.startswith(
        "Do not use the trained encoders as they are: the accuracy of untrained is 46.7 points higher"
    )
    assert "pairs of views" in said


def test_advice__uses_nothing_that_is_no_better_than_guessing() -> None:
    said = advised(of("a", "1" * 3 + "0" * 27), of("b", "0" * 29 + "1"))
    assert said.startswith("Do not use any of these runs yet: the best, a, classifies 10.0 %")


def test_advice__corrects_for_the_number_of_pairs() -> None:
    """A difference that would count alone (p = 0.039) does not among three runs."""
    two = of("best", "1" * 8 + "1" * 30 + "0"), of("second", "0" * 8 + "1" * 30 + "1")
    assert advised(*two).startswith("Use best")
    said = advised(*two, of("third", "0" * 8 + "1" * 29 + "01"))
    assert said.startswith("The 39 test images do not decide between best, second and third")
    assert "Holm-corrected over 3 pairs" in said


def test_advice__names_those_left_behind() -> None:
    said = advised(of("a", "1" * 60), of("b", "1" * 59 + "0"), of("far", "1" * 20 + "0" * 40))
    assert "do not decide between a and b" in said
    assert "a is significantly better than far" in said


def with_rare_class(common: int, rare: int, **mistakes: tuple[int, int]) -> str:
    """The advice on runs, each with so many mistakes on the images of the common class and of the rare one."""
    labels = ["crab"] * common + ["eel"] * rare
    frame = pd.DataFrame({"id": [str(place) for place in range(len(labels))], "split": "test", "label": labels})
    tables, rows = {}, []
    for name, (of_common, of_rare) in mistakes.items():
        said = ["eel"] * of_common + ["crab"] * (common - of_common + of_rare) + ["eel"] * (rare - of_rare)
        tables[name] = frame.assign(predicted=said)
        right = "".join("1" if hit else "0" for hit in frame["label"] == said)
        rows.append(row(name, right, chance=0.5))
    return advice(rows, tables)


def test_advice__points_at_rare_classes_where_macro_f1_says_the_reverse() -> None:
    said = with_rare_class(400, 30, blunt=(0, 30), fine=(80, 0))
    assert said.startswith("Use blunt")
    assert "if rare classes matter to you, use fine: its macro-F1" in said


def test_advice__on_rare_classes_is_not_that_of_the_luckiest_of_many() -> None:
    blunt, fine = (0, 10), (60, 0)
    assert "use fine: its macro-F1" in with_rare_class(400, 10, blunt=blunt, fine=fine)
    others = {f"as good{n}": (35 + n, 7) for n in range(9)}  # by macro-F1
    said = with_rare_class(400, 10, blunt=blunt, fine=fine, **others)
    assert said.startswith("Use blunt")
    assert "rare classes" not in said


def test_advice__names_the_share_of_labels() -> None:
    said = advised(of("tuned", "1" * 40), of("probe", "0" * 20 + "1" * 20, label_fraction=10))
    assert "probe (10 % of labels)" in said


def test_advice__of_many_runs_names_the_first_and_counts_the_rest() -> None:
    right = "1" * 40 + "0" * 10
    runs = [
        of(f"SimCLR, {share} % of labels, seed {seed}", right, label_fraction=share)
        for share in (5, 25)
        for seed in (0, 1, 2)
    ]
    said = advised(*runs)
    named = ", ".join(f"“SimCLR, 5 % of labels, seed {seed}”" for seed in (0, 1, 2))
    assert f"between {named} and 3 others." in said
    assert "(5 % of labels)" not in said, "the names say it"
    assert len(said) < 600


def test_images_needed__agrees_with_connor_by_hand() -> None:
    # 41 and 25 of 345: p_d = .1913, δ = .0464; (1.96·√.1913 + .8416·√(.1913 − .0464²))² / δ² = 694
    assert images_needed(41, 25, 345) == pytest.approx(694, abs=2)
    assert images_needed(10, 10, 100) is None


def test_images_needed__gives_the_power_that_it_promises() -> None:
    """Simulated: with so many images, about four in five tests come out below 5 %."""
    from sealife_core.evaluation.comparison.paired import mcnemar_exact

    n = images_needed(30, 10, 100)
    assert n is not None
    drawn = np.random.default_rng(0).multinomial(n, [0.3, 0.1, 0.6], size=2000)
    found = np.mean([mcnemar_exact(int(b), int(c)) < 0.05 for b, c, _ in drawn])
    assert 0.7 < found < 0.9
    assert math.isfinite(n)


def test_advice__compares_no_name_with_itself() -> None:
    said = advised(of("Probe", "1" * 90 + "0" * 10, run_id="one"), of("Probe", "1" * 50 + "0" * 50, run_id="two"))
    assert "Use Probe (one): its accuracy is" in said
    assert "that of the next best, Probe (two)" in said
