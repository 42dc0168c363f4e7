"""What to label next, as the data set's log knows it."""

import itertools
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest

from sealife_core.datasets.corrections.draft import Changes
from sealife_core.datasets.corrections.editing import add_entries, correct, redo, rename_class, undo
from sealife_core.datasets.corrections.entries import QUEUE
from sealife_core.datasets.dataset import Dataset, open_dataset, write_dataset
from sealife_core.datasets.duplicates import units
from sealife_core.evaluation.curation.label_queue import STEP, LabelQueue, Pick
from sealife_core.evaluation.curation.queue_features import Points
from tests.evaluation.curation.conftest import class_of


def answer(dataset: Dataset, pick: Pick, label: str, *, by: str, alike: Sequence[int] = ()) -> Dataset:
    """One answer, as the page writes it: the label of the picked picture and of the rows confirmed with it."""
    return correct(dataset, _answer(dataset, pick, label, alike), by=by, why=QUEUE)


def _answer(dataset: Dataset, pick: Pick, label: str, alike: Sequence[int] = ()) -> Changes:
    ids, fields = dataset.manifest["id"], {"label": label, "split": pick.split}
    return {ids.iat[row]: fields for row in (pick.row, *alike)}


def unsure(dataset: Dataset, pick: Pick, *, by: str) -> Dataset:
    return correct(dataset, {dataset.manifest["id"].iat[pick.row]: {"review": "unsure"}}, by=by, why=QUEUE)


def answered(dataset: Dataset, points: Points, rounds: int, count: int = 10) -> Dataset:
    """``dataset`` after so many rounds of picks, each labelled right."""
    for _ in range(rounds):
        picks = LabelQueue(dataset, points).picks(count)
        answers = [_answer(dataset, pick, class_of(dataset, pick.row)) for pick in picks]
        dataset = add_entries(
            dataset, lambda draft, answers=answers: [draft.correct(one, by="Ada", why=QUEUE) for one in answers]
        )
    return dataset


def splits_of(dataset: Dataset) -> Counter[str]:
    return Counter(dataset.manifest["split"])


def test_picks__begin_typical_and_every_seventh_is_random(unlabelled: Dataset, points: Points) -> None:
    picks = LabelQueue(unlabelled, points).picks(14)
    assert [pick.why for pick in picks] == (["typical"] * 6 + ["random"]) * 2
    assert [pick.split for pick in picks] == ["train"] * 6 + ["val"] + ["train"] * 6 + ["test"]
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
    assert splits_of(again) == {"train": 117, "val": 2, "test": 1}


def test_picks__keep_the_share_where_one_is_asked_at_a_time(unlabelled: Dataset, points: Points) -> None:
    assert splits_of(answered(unlabelled, points, rounds=14, count=1)) == {"train": 118, "val": 1, "test": 1}


def test_picks__at_random_are_dealt_between_validation_and_test(unlabelled: Dataset, points: Points) -> None:
    dataset = unlabelled
    for answers in range(10, 90, 10):
        dataset = answered(dataset, points, rounds=1)
        counts = splits_of(dataset)
        assert counts["val"] + counts["test"] == answers * 3 // 20
        assert counts["val"] - counts["test"] in (0, 1)
    assert len(set(dataset.manifest["label"][dataset.rows("test")])) > 1


def test_picks__at_random_validate_where_the_import_brought_tests(unlabelled: Dataset, points: Points) -> None:
    manifest = unlabelled.manifest.copy()
    manifest.loc[60:, ["label", "split"]] = ["crab", "test"]
    dataset = write_dataset(unlabelled.folder, manifest, {})
    assert {pick.split for pick in LabelQueue(dataset, points).picks(200)} == {"train", "val"}


def test_picks__at_random_validate_where_a_place_is_held_out(unlabelled: Dataset, points: Points) -> None:
    place = correct(unlabelled, {f"i{row:03}": {"label": class_of(unlabelled, row)} for row in range(60, 120)})
    assert {pick.split for pick in LabelQueue(place, points).picks(200)} == {"train", "val", "test"}
    held = correct(place, {f"i{row:03}": {"split": "test"} for row in range(60, 120)}, why="place")
    assert {pick.split for pick in LabelQueue(held, points).picks(200)} == {"train", "val"}


def test_picks__at_random_are_dealt_where_the_import_brought_labels_for_training_only(
    unlabelled: Dataset, points: Points
) -> None:
    manifest = unlabelled.manifest.copy()
    manifest.loc[:40, "label"] = [class_of(unlabelled, row) for row in range(41)]
    dataset = write_dataset(unlabelled.folder, manifest, {})
    assert {pick.split for pick in LabelQueue(dataset, points).picks(200)} == {"train", "val", "test"}


def test_picks__at_random_are_dealt_where_the_labels_of_all_tests_were_taken_away(
    unlabelled: Dataset, points: Points
) -> None:
    manifest = unlabelled.manifest.copy()
    manifest.loc[60:, ["label", "split"]] = ["crab", "test"]
    dataset = write_dataset(unlabelled.folder, manifest, {})
    dataset = correct(dataset, {f"i{n:03}": {"label": ""} for n in range(60, 120)})
    pick = next(one for one in LabelQueue(dataset, points).picks(200) if one.split == "test" and one.row >= 60)
    dataset = answer(dataset, pick, "crab", by="Ada")  # a test of the import again, but by the queue
    assert {one.split for one in LabelQueue(dataset, points).picks(200)} == {"train", "val", "test"}


def test_picks__leave_no_group_and_no_look_alikes_in_two_splits(unlabelled: Dataset, points: Points) -> None:
    films = [f"film {n // 4}" if n < 80 else "" for n in range(120)]
    dataset = write_dataset(unlabelled.folder, unlabelled.manifest.assign(group=films), {})
    dataset = answered(dataset, points, rounds=12)
    splits = dataset.manifest["split"].to_numpy()
    of = units(points.pairs, films)
    assert {len(set(splits[of == unit])) for unit in of} == {1}
    assert {"val", "test"} <= set(splits[:80])


def test_picks__go_where_another_of_their_group_is(unlabelled: Dataset, points: Points) -> None:
    films = [f"film {n // 4}" for n in range(120)]
    dataset = write_dataset(unlabelled.folder, unlabelled.manifest.assign(group=films), {})
    pick = next(pick for pick in LabelQueue(dataset, points).picks(200) if pick.split == "test")
    dataset = correct(dataset, {dataset.manifest["id"].iat[pick.row]: {"label": "crab", "split": "val"}})
    others = [one for one in LabelQueue(dataset, points).picks(200) if films[one.row] == films[pick.row]]
    assert {one.split for one in others} == {"val"}


@pytest.mark.parametrize(
    ("column", "why"),
    [("group", "place"), ("table:site", "place:column:site"), ("group", "place:column:of another table")],
)
def test_picks__of_a_place_held_out_are_no_training_pictures_and_come_last(
    unlabelled: Dataset, points: Points, column: str, why: str
) -> None:
    sites = ["wreck" if n < 20 else "" for n in range(120)]
    dataset = write_dataset(unlabelled.folder, unlabelled.manifest.assign(**{column: sites}), {})
    wreck = {f"i{n:03}": {"label": class_of(dataset, n)} for n in range(12)}
    dataset = correct(dataset, wreck | {f"i{n:03}": {"label": class_of(dataset, n)} for n in range(20, 40)})
    held = correct(dataset, {image: {"split": "test"} for image in wreck}, why=why)
    picks = LabelQueue(held, points).picks(200)
    rest = [pick for pick in picks if sites[pick.row]]
    assert {pick.row for pick in rest} == set(range(12, 20))
    assert {(pick.split, pick.why) for pick in rest} == {("test", "belongs")}
    assert picks[-8:] == rest
    before = len(LabelQueue(held, points)._random_splits)
    after = LabelQueue(answer(held, rest[0], "crab", by="Ada"), points)
    assert after._random_splits[before:] == [""], "it was not drawn at random"


def test_picks__are_for_the_same_split_after_undo_and_redo(unlabelled: Dataset, points: Points) -> None:
    dataset = answered(unlabelled, points, rounds=4)
    tests = dataset.rows("test")
    number = next(e.number for e in dataset.entries if dataset.manifest["id"].iat[tests[0]] in e.images)
    back = undo(dataset, number)
    assert back.rows("test").tolist() == tests[1:].tolist()
    again = next(pick for pick in LabelQueue(back, points).picks(200) if pick.row == tests[0])
    assert (again.split, again.why) == ("test", "random")
    other = next(pick for pick in LabelQueue(back, points).picks(200) if pick.why == "random" and pick.row != again.row)
    after = redo(answer(back, other, class_of(back, other.row), by="Ada"), number)
    assert set(after.rows("test")) >= set(tests)
    assert all(after.labels[row] >= 0 for row in after.rows("test"))


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


def test_answers__named_and_renamed_on_the_way_stay_in_their_split(unlabelled: Dataset, points: Points) -> None:
    dataset = answered(unlabelled, points, rounds=4)
    assert dataset.classes == ("crab", "eel", "ray")
    before = LabelQueue(dataset, points)
    renamed = rename_class(dataset, "eel", "moray")
    pick = LabelQueue(renamed, points).picks(1)[0]
    after = answer(renamed, pick, "sea hare", by="Ada")
    assert after.classes == ("crab", "moray", "ray", "sea hare")
    assert after.manifest["split"].drop(pick.row).equals(dataset.manifest["split"].drop(pick.row))
    assert LabelQueue(after, points).answers == [*before.answers, (pick.row,)]


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


def test_bought__makes_no_models_from_hardly_more_labels(unlabelled: Dataset, points: Points) -> None:
    dataset = answered(unlabelled, points, rounds=5)
    learned = [point.learned for point in LabelQueue(dataset, points).bought(steps=50)]
    assert 2 < len(learned) < 20
    assert all(after >= STEP * before for before, after in itertools.pairwise(learned[:-1]))


def test_bought__asks_only_pictures_that_were_picked_at_random(unlabelled: Dataset, points: Points) -> None:
    dataset = answered(unlabelled, points, rounds=2)
    before = LabelQueue(dataset, points).bought()
    by_hand = [row for row in range(120) if dataset.labels[row] < 0][:30]
    ids = dataset.manifest["id"]
    dataset = correct(dataset, {ids.iat[row]: {"label": "eel", "split": "val"} for row in by_hand})
    assert LabelQueue(dataset, points).bought() == before


def test_bought__asks_the_validation_pictures_of_the_import_too(unlabelled: Dataset, points: Points) -> None:
    manifest = unlabelled.manifest.copy()
    for row in range(0, 60, 2):
        manifest.loc[row, ["label", "split"]] = [class_of(unlabelled, row), ("train", "val")[row % 4 // 2]]
    half = write_dataset(unlabelled.folder, manifest, {})
    assert LabelQueue(half, points).bought() == []
    found = LabelQueue(answered(half, points, rounds=2), points).bought()
    assert found[-1].asked > found[-1].random == 3
    assert found[-1].asked <= 15 + 3
    assert found[-1].learned == 15 + 17
    moved = correct(open_dataset("dive"), {f"i{row:03}": {"split": "train"} for row in range(2, 60, 4)})
    (*_, last) = LabelQueue(moved, points).bought()
    assert (last.asked, last.learned) == (3, 15 + 17 + 15)


def test_bought__asks_one_of_those_that_look_alike(unlabelled: Dataset, points: Points) -> None:
    manifest = unlabelled.manifest.copy()
    manifest.loc[:5, "label"] = [class_of(unlabelled, row) for row in range(6)]  # three pairs
    manifest.loc[:5, "split"] = "val"
    dataset = answered(write_dataset(unlabelled.folder, manifest, {}), points, rounds=2)
    found = LabelQueue(dataset, points).bought()[-1]
    assert found.asked - found.random == 3


def test_queue__knows_pictures_that_the_run_has_not_seen_or_that_are_left_out(
    unlabelled: Dataset, points: Points
) -> None:
    few = Points((*points.ids[:50], "gone"), points.values[:51])
    dataset = correct(unlabelled, {"i000": {"excluded": "yes"}})
    rows = {row for pick in LabelQueue(dataset, few).picks(200) for row in (pick.row, *pick.alike)}
    assert {dataset.manifest["id"].iat[row] for row in rows} == {f"i{n:03}" for n in range(1, 50)}


def test_answer__writes_label_and_split(unlabelled: Dataset) -> None:
    dataset = answer(unlabelled, Pick(7, "random", "val", (), ()), "ray", by="Ada")
    assert dataset.manifest.loc[7, ["label", "split"]].tolist() == ["ray", "val"]
    assert (dataset.entries[-1].by, dataset.entries[-1].why) == ("Ada", "queue")
