"""What can be taken away: lists that can be read elsewhere, a page that needs no network."""

import io
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from dashboard.data.embeddings.point_tables import LINE_LETTERS, interactive_html, points_table, selection_csv
from dashboard.data.embeddings.points import Cloud, facts_of
from dashboard.data.embeddings.scatter import CLASS, colouring
from sealife_core.datasets.dataset import write_dataset
from sealife_core.datasets.imports.tables import read_table
from sealife_core.evaluation.classification.predictions import predictions_table
from sealife_core.evaluation.figures.palette import class_colours

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def cloud(tiny_reef) -> Cloud:
    rows = np.array([5, 0, 9])
    return Cloud(rows, rows, np.array([[1, 2], [3, 4], [5, 6]], np.float32), ("", ""))


def test_selection__lists_the_chosen_images(tiny_reef):
    found = pd.read_csv(io.StringIO(selection_csv(tiny_reef, np.array([1, 4]))))
    assert found["id"].astype(str).tolist() == tiny_reef.manifest["id"].iloc[[1, 4]].tolist()
    assert found["label"].tolist() == tiny_reef.manifest["label"].iloc[[1, 4]].tolist()


def test_table__holds_places_and_no_column_of_nothing(tiny_reef, cloud):
    table = points_table(tiny_reef, cloud, facts_of(tiny_reef, None).only(cloud.rows))
    assert table["id"].tolist() == tiny_reef.manifest["id"].iloc[[5, 0, 9]].tolist()
    assert table[["x", "y"]].to_numpy().tolist() == [[1, 2], [3, 4], [5, 6]]
    assert "predicted" not in table
    assert "cluster" not in table


def test_table__leaves_unknown_predictions_empty(tiny_reef, cloud):
    probabilities = np.eye(len(tiny_reef.classes), dtype=np.float32)[[2]]
    told = predictions_table(tiny_reef, np.array([0]), "val", probabilities)
    facts = replace(facts_of(tiny_reef, told).only(cloud.rows), clusters=np.array([0, 1, 0]))
    table = points_table(tiny_reef, cloud, facts)
    assert table["predicted"].tolist() == ["", tiny_reef.classes[2], ""]
    assert table["confidence"].isna().tolist() == [True, False, True]
    assert table["cluster"].tolist() == [1, 2, 1]


def test_interactive_page__needs_no_network_and_uploads_nothing(tiny_reef, cloud):
    facts = facts_of(tiny_reef, None).only(cloud.rows)
    page = interactive_html(
        tiny_reef, cloud, facts, colouring(CLASS, facts, class_colours(tiny_reef)), "A <title>", "says"
    )
    assert not re.findall(r"<(?:script|link|img)[^>]+(?:src|href)=", page[:5000] + page[-20_000:])
    assert "A <title>" not in page
    assert "A \\u003ctitle" not in page, "Plotly reads mark-up in titles"
    assert "sendChartToCloud" in page[-5000:], "taken off the tools"
    assert tiny_reef.manifest["id"].iloc[5] in page
    assert tiny_reef.file_names[5].split("/")[-1] in page


def test_selection__can_be_imported_again_with_every_class_as_it_was(tiny_reef):
    nasty = ["=cmd|'C calc'!A0", "+1+1", "-2-3", "@SUM(A1)", "'=1", "-0.5", "a;b", "007", "a, b", 'a "b"']
    called = dict(zip(tiny_reef.classes, nasty, strict=True))
    manifest = tiny_reef.manifest.assign(label=tiny_reef.manifest["label"].map(called))
    dataset = write_dataset(tiny_reef.folder, manifest, {})
    text = selection_csv(dataset, np.arange(len(dataset)))
    assert not [line for line in text.splitlines() if ",=" in line or ",+" in line or ",@" in line or ",-2" in line]
    (dataset.folder / "selection.csv").write_text(text)
    found, skipped = read_table(dataset.folder / "selection.csv")
    assert skipped == []
    assert [item.label for item in found] == dataset.manifest["label"].tolist()


def test_interactive_page__folds_its_caption_and_keeps_no_mark_up(tiny_reef, cloud):
    facts = facts_of(tiny_reef, None).only(cloud.rows)
    says = " ".join(["**Trustworthiness 0.91** (1: all neighbours in the picture are true ones)."] * 6)
    solid = Cloud(cloud.rows, cloud.at, np.hstack([cloud.points, cloud.points[:, :1]]), ("", "", ""))
    page = interactive_html(tiny_reef, solid, facts, colouring(CLASS, facts, class_colours(tiny_reef)), "A title", says)
    subtitle = re.search(r'"subtitle":\s*\{[^}]*\}*?"text":"(.*?)"', page) or re.search(r'"text":"(Trust.*?)"', page)
    assert subtitle
    lines = re.split(r"<br>|\\u003cbr\\u003e", subtitle[1])
    assert len(lines) > 2
    assert max(map(len, lines)) <= LINE_LETTERS
    assert "**" not in subtitle[1]


def test_tables__name_files_as_a_person_called_them(tiny_reef, cloud):
    manifest = tiny_reef.manifest.assign(source=[f"dive 3/{i}.jpg" for i in range(len(tiny_reef))])
    imported = write_dataset(tiny_reef.folder, manifest, tiny_reef.info)
    found = pd.read_csv(io.StringIO(selection_csv(imported, np.array([1, 4]))))
    assert found["source"].tolist() == ["dive 3/1.jpg", "dive 3/4.jpg"]
    assert found["file"].tolist() == manifest["file"].iloc[[1, 4]].tolist()
    facts = facts_of(imported, None).only(cloud.rows)
    assert points_table(imported, cloud, facts)["source"].tolist() == [f"dive 3/{i}.jpg" for i in (5, 0, 9)]
    page = interactive_html(imported, cloud, facts, colouring(CLASS, facts, class_colours(imported)), "A title", "says")
    assert "dive 3/5.jpg" in page or "dive 3\\u002f5.jpg" in page
    assert imported.manifest["id"].iloc[5] not in page
