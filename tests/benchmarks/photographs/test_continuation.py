"""The trainings that the continuation's benchmark keeps in the project."""

from dataclasses import replace

from benchmarks.photographs.continuation import KEPT, WAYS, Trainings
from sealife_core.datasets.dataset import Dataset


def test_kept_trainings__are_read_and_used_up_their_budget(tiny_reef: Dataset) -> None:
    lines = KEPT.read_text().splitlines()
    (of,) = {line.split('"data_hash": "')[1][:16] for line in lines}
    kept = Trainings(replace(tiny_reef, content_hash=of), 160, KEPT).kept
    assert len(kept) == len(lines)
    for name, training in kept.items():
        assert any(name.startswith(f"{way}, ") for way in WAYS)
        assert len(training.knn) == training.epochs + 1, "the start, and every epoch"
        assert 0 <= training.kept_epoch <= training.epochs
        assert training.knn[training.kept_epoch] == max(training.knn)
