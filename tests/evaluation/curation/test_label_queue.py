"""What to label next, as the data set's log knows it."""

from collections.abc import Sequence

import numpy as np

from sealife_core.datasets.corrections.editing import correct, undo
from sealife_core.datasets.dataset import Dataset, open_dataset
from sealife_core.evaluation.curation.label_queue import WHY, LabelQueue, Pick
from sealife_core.evaluation.curation.points import Points
from tests.evaluation.curation.conftest import class_of


def answer(dataset: Dataset, pick: Pick, label: str, *, by: str, alike: Sequence[int] = ()) -> Dataset:
    """One answer, as the page writes it: the label of the picked picture and of the rows confirmed with it."""
    ids, fields = dataset.manifest["id"], {"label": label, "split": pick.split}
    return correct(dataset, {ids.iat[row]: fields for row in (pick.row, *alike)}, by=by, why=WHY)


def unsure(dataset: Dataset, pick: Pick, *, by: str) -> Dataset:
    return correct(dataset, {dataset.manifest["id"].iat[pick.row]: {"review": "unsure"}}, by=by, why=WHY)


def answered(dataset: Dataset, points: Points, rounds: int, count: int = 10) -> Dataset:
    """``dataset`` after so many rounds of picks, each labelled right."""
    for _ in range(rounds):
        for pick in LabelQueue(dataset, points).picks(count):
            dataset = answer(dataset, pick, class_of(dataset, pick.row), by="Ada")
    return dataset


def test_picks__begin_typical_and_every_seventh_is_random(unlabelled: Dataset, points: Points) -> None:
    picks = LabelQueue(unlabelled, points).picks(14)
    assert [pick.why for pick in picks] == (["typical"] * 6 + ["random"]) * 2
    assert [pick.split for pick in picks] == (["train"] * 6 + ["val"]) * 2
    assert len({pick.row for pick in picks}) == 14
    assert {class_of(unlabelled, pick.row) for pick in picks[:4]} == {"crab", "eel", "ray"}
    assert picks[0].likely == ()


def test_picks__follow_from_the_log_alone(unlabelled: Dataset, points: Points) -> None:
    answered(unlabelled, points, rounds=2)
    again = open_dataset("dive")
    asked = LabelQueue(again, points).picks(10)
    assert asked == LabelQueue(open_dataset("dive"), points).picks(10)
    assert [pick.why for pick in asked].count("random") == 1
    assert {pick.why for pick in asked} == {"random", "uncertain"}
    assert all(again.labels[pick.row] < 0 for pick in asked)
    assert {entry.why for entry in again.entries} == {"queue"}
    assert again.manifest["split"].tolist().count("val") == 3


def test_picks__keep_the_share_where_one_is_asked_at_a_time(unlabelled: Dataset, points: Points) -> None:
    assert answered(unlabelled, points, rounds=14, count=1).manifest["split"].tolist().count("val") == 2


def test_picks__tell_likely_classes_and_what_looks_alike(unlabelled: Dataset, points: Points) -> None:
    dataset = answered(unlabelled, points, rounds=3)
    queue = LabelQueue(dataset, points)
    pick = queue.picks(1)[0]
    names, shares = zip(*pick.likely, strict=True)
    assert names[0] == class_of(dataset, pick.row)
    assert set(names) == {"crab", "eel", "ray"}
    np.testing.assert_allclose(sum(shares), 1, rtol=1e-5)
    assert list(shares) == sorted(shares, reverse=True)
    every = LabelQueue(unlabelled, points).picks(200)
    offered = [row for one in every for row in (one.row, *one.alike)]
    assert sorted(offered) == list(range(120))
    assert any({one.row, *one.alike} >= {0, 3} for one in every)


def test_picks__leave_out_what_nobody_can_tell(unlabelled: Dataset, points: Points) -> None:
    pick = LabelQueue(unlabelled, points).picks(1)[0]
    dataset = unsure(unlabelled, pick, by="Ada")
    queue = LabelQueue(dataset, points)
    assert pick.row not in {row for one in queue.picks(200) for row in (one.row, *one.alike)}
    assert LabelQueue(undo(dataset, 1), points).picks(1) == [pick]


def test_answers__take_look_alikes_along_and_are_undone(unlabelled: Dataset, points: Points) -> None:
    pick = next(one for one in LabelQueue(unlabelled, points).picks(200) if one.alike)
    dataset = answer(unlabelled, pick, "crab", by="Ada", alike=pick.alike)
    assert LabelQueue(dataset, points).answers == [(pick.row, *pick.alike)]
    assert {dataset.manifest["label"].iat[row] for row in (pick.row, *pick.alike)} == {"crab"}
    assert LabelQueue(undo(dataset, 1), points).answers == []


def test_answers__do_not_count_a_second_opinion(unlabelled: Dataset, points: Points) -> None:
    pick = LabelQueue(unlabelled, points).picks(1)[0]
    dataset = answer(unlabelled, pick, "crab", by="Ada")
    assert len(LabelQueue(answer(dataset, pick, "eel", by="Bo"), points).answers) == 1


def test_bought__rises_with_the_answers(unlabelled: Dataset, points: Points) -> None:
    assert LabelQueue(unlabelled, points).bought() == []
    dataset = answered(unlabelled, points, rounds=5)
    found = LabelQueue(dataset, points).bought()
    assert [found[0].answers, found[-1].answers] == [10, 50]
    assert found[-1].learned == 43
    assert found[-1].accuracy >= 0.8
    assert all(point.low <= point.accuracy <= point.high for point in found)


def test_bought__asks_only_pictures_that_were_picked_at_random(unlabelled: Dataset, points: Points) -> None:
    dataset = answered(unlabelled, points, rounds=2)
    before = LabelQueue(dataset, points).bought()
    by_hand = [row for row in range(120) if dataset.labels[row] < 0][:30]
    ids = dataset.manifest["id"]
    dataset = correct(dataset, {ids.iat[row]: {"label": "eel", "split": "val"} for row in by_hand})
    assert LabelQueue(dataset, points).bought() == before


def test_queue__knows_pictures_that_the_run_has_not_seen_or_that_are_left_out(
    unlabelled: Dataset, points: Points
) -> None:
    few = Points((*points.ids[:50], "gone"), points.values[:51])
    dataset = correct(unlabelled, {"i000": {"excluded": "yes"}})
    rows = {row for pick in LabelQueue(dataset, few).picks(200) for row in (pick.row, *pick.alike)}
    assert {dataset.manifest["id"].iat[row] for row in rows} == {f"i{n:03}" for n in range(1, 50)}


def test_answer__writes_label_and_split(unlabelled: Dataset) -> None:
    dataset = answer(unlabelled, Pick(7, "random", (), ()), "ray", by="Ada")
    assert dataset.manifest.loc[7, ["label", "split"]].tolist() == ["ray", "val"]
    assert (dataset.entries[-1].by, dataset.entries[-1].why) == ("Ada", "queue")
