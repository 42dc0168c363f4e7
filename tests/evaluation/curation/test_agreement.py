"""Do two labellers agree?"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from sealife_core.datasets.corrections.editing import correct, rename_class, undo
from sealife_core.datasets.corrections.entries import labels_by
from sealife_core.datasets.corrections.exchange import apply_csv, corrections_csv
from sealife_core.datasets.dataset import Dataset, write_dataset
from sealife_core.errors import DatasetError
from sealife_core.evaluation.curation.agreement import (
    BLIND,
    IMPORT,
    WHY,
    agreement,
    independent_labels,
    kappa_of,
    labelled_by_others,
    left_out_said,
    partners,
    to_label_again,
)
from tests.datasets.corrections.conftest import drawn


def labelled(dataset: Dataset, by: str, labels: Mapping[str, str]) -> Dataset:
    return correct(dataset, {image: {"label": label} for image, label in labels.items()}, by=by)


def again(dataset: Dataset, by: str, labels: Mapping[str, str]) -> Dataset:
    return correct(dataset, {image: {"opinion": label} for image, label in labels.items()}, by=by, why=BLIND)


def test_agreement__of_the_last_label_of_each(unlabelled: Dataset) -> None:
    dataset = labelled(unlabelled, "Ada", {"i001": "eel", "i002": "eel", "i003": "ray", "i004": "ray", "i009": "eel"})
    dataset = labelled(dataset, "Ada", {"i001": "crab"})
    dataset = again(dataset, "Bo", {"i001": "crab", "i002": "eel", "i003": "eel", "i004": "eel", "i008": "ray"})
    found = agreement(dataset, "Ada", "Bo")
    assert found.classes == ("crab", "eel", "ray")
    assert found.confusion.tolist() == [[1, 0, 0], [0, 1, 0], [0, 2, 0]]
    assert found.disagreements == (("i003", "ray", "eel"), ("i004", "ray", "eel"))
    assert (found.only_first, found.only_second) == (("i009",), ("i008",))
    assert (found.agreed.value, found.agreed.low < 0.5 < found.agreed.high) == (0.5, True)
    assert (agreement(dataset, "Bo", "Ada").confusion == found.confusion.T).all()


def test_agreement__leaves_out_labels_that_were_given_seeing_the_others(unlabelled: Dataset) -> None:
    dataset = labelled(unlabelled, "Ada", {f"i00{n}": "eel" for n in range(1, 7)})
    dataset = again(dataset, "Bo", {"i001": "ray", "i002": "eel", "i006": "crab"})
    dataset = labelled(dataset, "Bo", {"i003": "eel", "i004": "crab"})
    dataset = labelled(labelled(dataset, "Cleo", {"i005": ""}), "Bo", {"i005": "ray"})
    found = agreement(dataset, "Ada", "Bo")
    assert (found.left_out, left_out_said(found)) == (
        2, "2 more pictures do not count: one of the two saw the other's label."
    )  # fmt: skip
    assert found.classes == ("crab", "eel", "ray")
    assert found.confusion.tolist() == [[0, 0, 0], [1, 1, 2], [0, 0, 0]]
    assert {image for image, _, _ in found.disagreements} == {"i001", "i005", "i006"}
    gave_in = labelled(dataset, "Ada", {"i001": "ray"})
    after = agreement(gave_in, "Bo", "Ada")
    assert (after.confusion.T.tolist(), after.left_out) == (found.confusion.tolist(), 2)
    assert {image for image, _, _ in after.disagreements} == {"i005", "i006"}, "she knew both"
    assert partners(dataset)["Ada"] == ["Bo"]
    assert partners(labelled(dataset, "Di", {"i001": "eel"})).keys() == {"Ada", "Bo"}
    first = undo(labelled(labelled(unlabelled, "Ada", {"i001": "eel"}), "Bo", {"i001": "eel"}), 1)
    found = agreement(again(first, "Ada", {"i001": "eel"}), "Ada", "Bo")
    assert (int(found.confusion.sum()), left_out_said(found)) == (1, "")


def test_agreement__asks_no_more_what_somebody_else_has_settled(unlabelled: Dataset) -> None:
    dataset = labelled(unlabelled, "Cleo", {"i002": "ray"})
    dataset = labelled(dataset, "Ada", {"i001": "eel", "i002": "eel"})
    dataset = again(dataset, "Bo", {"i001": "ray", "i002": "ray"})
    assert len(agreement(dataset, "Ada", "Bo").disagreements) == 2
    dataset = labelled(dataset, "Cleo", {"i001": "crab"})
    found = agreement(dataset, "Ada", "Bo")
    assert found.disagreements == (("i002", "eel", "ray"),)
    assert found.confusion.sum() == 2


def test_agreement__is_what_each_said_before_they_settled_it(unlabelled: Dataset) -> None:
    dataset = labelled(unlabelled, "Ada", {"i001": "eel", "i002": "eel", "i003": "ray"})
    dataset = again(dataset, "Bo", {"i001": "ray", "i002": "eel", "i003": "eel"})
    before = agreement(dataset, "Ada", "Bo")
    dataset = correct(dataset, {"i001": {"label": "ray"}}, by="Ada", why=WHY)
    dataset = correct(dataset, {"i001": {"label": "ray"}}, by="Cleo", why=WHY)
    found = agreement(dataset, "Ada", "Bo")
    assert found.disagreements == (("i003", "ray", "eel"),)
    assert (found.kappa, found.confusion.tolist()) == (before.kappa, before.confusion.tolist())
    assert set(independent_labels(dataset.entries)) == {"Ada", "Bo"}
    found = agreement(undo(undo(dataset, 4), 3), "Ada", "Bo")
    assert found.disagreements == before.disagreements


def test_agreement__is_the_same_after_an_exchange(unlabelled: Dataset, home: Path, tmp_path: Path) -> None:
    dataset = labelled(unlabelled, "Ada", {"i001": "eel", "i002": "eel", "i003": "ray", "i004": "crab"})
    dataset = again(dataset, "Bo", {"i001": "eel", "i002": "eel", "i003": "ray"})
    dataset = again(dataset, "Bo", {"i004": "eel"})
    dataset = rename_class(dataset, "ray", "stingray")
    dataset = correct(dataset, {"i004": {"label": "eel"}}, by="Bo", why=WHY)
    (tmp_path / "c.csv").write_text(corrections_csv(dataset), newline="")
    fresh = write_dataset(home / "data" / "fresh", unlabelled.manifest, {})
    applied = apply_csv(fresh, tmp_path / "c.csv").dataset
    assert labels_by(applied.entries) == labels_by(dataset.entries)
    before, after = agreement(dataset, "Ada", "Bo"), agreement(applied, "Ada", "Bo")
    assert (after.confusion.tolist(), after.kappa) == (before.confusion.tolist(), before.kappa)
    assert after.disagreements == before.disagreements == ()


def test_agreement__of_two_who_labelled_copies_of_a_data_set(unlabelled: Dataset, home: Path, tmp_path: Path) -> None:
    copy = write_dataset(home / "data" / "copy", unlabelled.manifest, {})
    (tmp_path / "bo.csv").write_text(corrections_csv(labelled(copy, "Bo", {"i001": "eel", "i002": "ray"})), newline="")
    ada = labelled(unlabelled, "Ada", {"i001": "eel", "i002": "eel", "i003": "eel"})
    both = apply_csv(ada, tmp_path / "bo.csv").dataset
    assert both.manifest["label"].iat[both.row_of("i002")] == "ray", "the later label holds"
    assert agreement(both, "Ada", "Bo").confusion.tolist() == [[1, 1], [0, 0]]
    assert apply_csv(both, tmp_path / "bo.csv").entries == 0
    (tmp_path / "both.csv").write_text(corrections_csv(both), newline="")
    fresh = apply_csv(write_dataset(home / "data" / "fresh", unlabelled.manifest, {}), tmp_path / "both.csv").dataset
    assert agreement(fresh, "Ada", "Bo").confusion.tolist() == [[1, 1], [0, 0]]


def test_apply__gives_a_second_opinion_once(unlabelled: Dataset, home: Path, tmp_path: Path) -> None:
    dataset = labelled(labelled(unlabelled, "Ada", {"i001": "eel"}), "Bo", {"i001": "eel"})
    (tmp_path / "c.csv").write_text(corrections_csv(dataset), newline="")
    fresh = write_dataset(home / "data" / "fresh", unlabelled.manifest, {})
    applied = apply_csv(fresh, tmp_path / "c.csv")
    assert applied.entries == 2
    assert apply_csv(applied.dataset, tmp_path / "c.csv").entries == 0


def test_an_opinion__is_counted_and_changes_no_label(unlabelled: Dataset) -> None:
    first = labelled(unlabelled, "Ada", {"i001": "eel", "i002": "eel", "i003": "ray"})
    dataset = again(first, "Bo", {"i001": "ray", "i002": "eel", "i003": "cod"})
    assert dataset.content_hash == first.content_hash
    found = agreement(dataset, "Ada", "Bo")
    assert found.agreed.value == pytest.approx(1 / 3)
    assert set(found.disagreements) == {("i001", "eel", "ray"), ("i003", "ray", "cod")}
    dataset = correct(dataset, {"i001": {"label": "ray"}}, by="Bo", why=WHY)
    assert agreement(dataset, "Ada", "Bo").disagreements == (("i003", "ray", "cod"),)
    dataset = labelled(dataset, "Bo", {"i003": "ray"})
    assert agreement(dataset, "Ada", "Bo").agreed.value == pytest.approx(1 / 3), "seen, and given in"
    with pytest.raises(DatasetError, match=r"both labelled 1 picture of 'dive', but one of them always saw"):
        agreement(undo(dataset, 2), "Ada", "Bo")
    renamed = rename_class(again(dataset, "Cy", {"i002": "eel"}), "eel", "moray")
    assert independent_labels(renamed.entries)["Cy"] == {"i002": "moray"}
    with pytest.raises(DatasetError, match="needs a name"):
        again(dataset, " ", {"i001": "ray"})


def test_an_opinion__of_a_third_person_neither_settles_a_disagreement_nor_brings_a_settled_one_back(
    unlabelled: Dataset,
) -> None:
    dataset = labelled(unlabelled, "Ada", {"i001": "eel", "i002": "eel"})
    dataset = again(dataset, "Bo", {"i001": "ray", "i002": "ray"})
    dataset = again(dataset, "Cy", {"i001": "cod"})
    assert agreement(dataset, "Ada", "Bo").disagreements == (("i001", "eel", "ray"), ("i002", "eel", "ray"))
    dataset = again(correct(dataset, {"i002": {"label": "ray"}}, by="Ada", why=WHY), "Cy", {"i002": "cod"})
    assert agreement(dataset, "Ada", "Cy").disagreements == (("i001", "eel", "cod"),)


def test_an_opinion__about_the_import_is_compared_with_it_and_what_was_seen_is_not(home: Path) -> None:
    dataset = labelled(drawn(home / "data" / "bay"), "Ada", {"i0": "ray", "i1": "crab"})
    assert partners(dataset) == {}
    dataset = again(rename_class(dataset, "crab", "spider"), "Ada", {"i2": "spider", "i3": "ray"})
    assert partners(dataset) == {IMPORT: ["Ada"], "Ada": [IMPORT]}
    found = agreement(dataset, IMPORT, "Ada")
    assert (found.left_out, found.only_second) == (2, ())
    assert found.classes == ("ray", "spider")
    assert found.disagreements == (("i3", "spider", "ray"),)
    found = agreement(rename_class(again(dataset, "Ada", {"i5": "ray"}), "ray", ""), IMPORT, "Ada")
    assert (found.classes, found.confusion.tolist()) == (("spider",), [[1]]), "of a class that was removed nothing"


def test_labels_of_others__are_given_again_in_one_random_order(unlabelled: Dataset) -> None:
    dataset = labelled(unlabelled, "Ada", {f"i{n:03}": "eel" for n in range(40)})
    dataset = labelled(labelled(dataset, "Bo", {"i001": "ray"}), "", {"i099": "ray"})
    others = labelled_by_others(dataset, "Bo")
    assert list(others) == ["Ada"]
    asked = to_label_again(dataset, others["Ada"], "Bo")
    assert set(asked) == others["Ada"].keys() - {"i001"}
    assert asked != sorted(asked)
    assert [one for one in to_label_again(dataset, others["Ada"], "Cy") if one != "i001"] == asked
    dataset = again(dataset, "Bo", {asked[0]: "eel"})
    assert to_label_again(dataset, others["Ada"], "Bo") == asked[1:]
    out = correct(dataset, {asked[1]: {"excluded": "yes"}, asked[2]: {"label": ""}})
    assert labelled_by_others(out, "Bo")["Ada"].keys() == others["Ada"].keys() - {asked[1], asked[2]}


def test_apply__keeps_an_opinion_once(unlabelled: Dataset, home: Path, tmp_path: Path) -> None:
    dataset = again(labelled(unlabelled, "Ada", {"i001": "eel"}), "Bo", {"i001": "eel"})
    (tmp_path / "c.csv").write_text(corrections_csv(dataset), newline="")
    fresh = write_dataset(home / "data" / "fresh", unlabelled.manifest, {})
    applied = apply_csv(fresh, tmp_path / "c.csv")
    assert applied.entries == 2
    assert labels_by(applied.dataset.entries, "opinion") == {"Bo": {"i001": "eel"}}
    assert apply_csv(applied.dataset, tmp_path / "c.csv").entries == 0


def test_labels__follow_undo_taking_away_and_renaming(unlabelled: Dataset) -> None:
    dataset = labelled(unlabelled, "Ada", {"i001": "eel", "i002": "eel"})
    dataset = labelled(dataset, "Bo", {"i001": "ray"})
    dataset = undo(dataset, 2)
    dataset = labelled(dataset, "Ada", {"i002": ""})
    dataset = rename_class(dataset, "eel", "moray")
    assert labels_by(dataset.entries) == {"Ada": {"i001": "moray"}}


def test_kappa__equals_scikit_learns() -> None:
    draw = np.random.default_rng(0)
    first = draw.integers(0, 4, 200)
    second = np.where(draw.random(200) < 0.7, first, draw.integers(0, 4, 200))
    confusion = np.zeros((4, 4), np.int64)
    np.add.at(confusion, (first, second), 1)
    agreed, kappa = kappa_of(confusion)
    assert kappa is not None
    assert agreed.value == (first == second).mean()
    assert kappa.value == pytest.approx(cohen_kappa_score(first, second))
    assert kappa.low < kappa.value < kappa.high


def test_kappa__of_labellers_that_never_differ_is_one_but_not_surely() -> None:
    _, kappa = kappa_of(np.diag([5, 5]))
    assert kappa is not None
    assert (kappa.value, kappa.high) == (1, 1)
    assert 0.3 < kappa.low < 0.7
    assert kappa_of(np.array([[7]]))[1] is None


def test_kappa_interval__holds_the_truth_nineteen_times_in_twenty() -> None:
    """Two labellers of two even classes, each right 90 times in 100: they agree in .82, by chance in .5."""
    draw, held = np.random.default_rng(0), 0
    for _ in range(400):
        counts = draw.multinomial(60, [0.41, 0.09, 0.09, 0.41]).reshape(2, 2)
        kappa = kappa_of(counts)[1]
        assert kappa is not None
        held += kappa.low <= 0.64 <= kappa.high
    assert 0.92 < held / 400 < 0.99


def test_agreement__says_what_is_missing(unlabelled: Dataset) -> None:
    with pytest.raises(DatasetError, match=r"'Ada' has labelled nothing .* Who has: nobody yet"):
        agreement(unlabelled, "Ada", "Bo")
    dataset = labelled(labelled(unlabelled, "Ada", {"i001": "eel"}), "Bo", {"i002": "eel"})
    with pytest.raises(DatasetError, match="no picture of 'dive' in common"):
        agreement(dataset, "Ada", "Bo")
    with pytest.raises(DatasetError, match="given twice"):
        agreement(dataset, "Ada", "Ada")
