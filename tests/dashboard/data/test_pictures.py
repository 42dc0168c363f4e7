"""Which pictures a grid shows and in which order, and the counts beside it."""

from dashboard.data.pictures import ALL, chosen_rows, class_counts, size_table


def test_browse__the_classes_take_turns(tiny_reef):
    rows = chosen_rows(tiny_reef, ALL, "all")
    assert sorted(rows) == list(range(64))
    assert sorted(tiny_reef.labels[rows[:10]]) == list(range(10))


def test_browse__by_class_and_split(tiny_reef):
    label = tiny_reef.classes[2]
    rows = chosen_rows(tiny_reef, label, "test")
    assert len(rows) == class_counts(tiny_reef)[label]["test"] > 0
    assert set(tiny_reef.manifest["label"][rows]) == {label}
    assert set(tiny_reef.manifest["split"][rows]) == {"test"}


def test_balance__counts_every_picture_once(tiny_reef):
    assert sum(sum(splits.values()) for splits in class_counts(tiny_reef).values()) == 64
    assert size_table(tiny_reef)["Median"].tolist() == ["32 px", "32 px"]
