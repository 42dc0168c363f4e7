"""Which of the measured speeds counts where other programs disturbed some of them."""

from pathlib import Path
from typing import Any

from sealife_core.runs.costs.measured_rates import NEWEST, nearest_rate, record_rate

WANTED: dict[str, Any] = {
    "kind": "simclr", "encoder": "tf_efficientnet_lite0", "stem": "imagenet", "image_size_px": 96,
    "precision": "auto", "trained_stages": 5,
}  # fmt: skip
CLASSIFIER: dict[str, Any] = {"kind": "classifier"}
RESNET18: dict[str, Any] = {"encoder": "resnet18", "image_size_px": 64}  # what `measure-speed` trains


def tell(root: Path, *images_per_s: float, **values: Any) -> None:
    for rate in images_per_s:
        record_rate(root, **WANTED | {"precision": "bf16", "device": "cpu", "images_per_s": rate} | values)


def nearest(root: Path, **values: Any) -> tuple[str, str, float]:
    row = nearest_rate(root, "cpu", WANTED | values)
    assert row is not None
    return row["kind"], row["encoder"], row["images_per_s"]


def test_nearest_rate__of_runs_alike_is_that_of_the_undisturbed_one(root: Path):
    tell(root, 8.4, 8.5)
    tell(root, 49.0, 50.0)
    tell(root, 6.0)
    assert nearest(root) == ("simclr", "tf_efficientnet_lite0", 50.0)


def test_nearest_rate__a_fast_first_epoch_gives_way_to_the_whole_run(root: Path):
    tell(root, 500.0, run="begun")
    assert nearest(root)[2] == 500.0
    tell(root, 8.0, 8.0, run="disturbed")
    tell(root, 50.0, run="begun")
    assert nearest(root)[2] == 50.0
    tell(root, 55.0, run=None)
    tell(root, 45.0, run=None)  # a measurement without a run replaces no other
    assert nearest(root)[2] == 55.0


def test_nearest_rate__a_slow_run_gives_way_to_another_task_only_where_that_tells_of_a_disturbance(root: Path):
    tell(root, 97.0, **CLASSIFIER)  # 20.6 · 10⁹ multiply-adds a second
    tell(root, 20.0)  # 8.6: less, but a task may make such a difference
    assert nearest(root) == ("simclr", "tf_efficientnet_lite0", 20.0)


def test_nearest_rate__another_task_wins_where_every_run_alike_was_disturbed(root: Path):
    tell(root, 97.0, 97.7, 29.5, **CLASSIFIER)
    tell(root, 8.4, 8.5)  # 3.6 · 10⁹ multiply-adds a second
    tell(root, 9.8, 11.3, trained_stages=2)
    for stages in (5, 2):
        assert nearest(root, trained_stages=stages) == ("classifier", "tf_efficientnet_lite0", 97.7)


def test_nearest_rate__a_quiet_run_is_believed_more_than_the_speed_of_a_faster_network(root: Path):
    tell(root, 146.0, **RESNET18)  # 130 · 10⁹ multiply-adds a second
    tell(root, 97.0, **CLASSIFIER)
    assert nearest(root, **CLASSIFIER)[1] == "tf_efficientnet_lite0"
    assert nearest(root)[1] == "tf_efficientnet_lite0"


def test_nearest_rate__the_machines_own_speed_wins_over_a_run_that_was_far_too_slow(root: Path):
    tell(root, 146.0, **RESNET18)
    tell(root, 1.7)
    assert nearest(root)[1] == "resnet18"


def test_nearest_rate__follows_a_machine_that_has_become_slower(root: Path):
    tell(root, 50.0)
    tell(root, *[25.0] * NEWEST)
    assert nearest(root)[2] == 25.0


def test_nearest_rate__does_not_take_another_precision_for_an_undisturbed_run(root: Path):
    tell(root, 50.0)
    tell(root, 10.0, precision="fp32")
    assert nearest(root, precision="fp32")[2] == 10.0
    assert nearest(root)[2] == 50.0
