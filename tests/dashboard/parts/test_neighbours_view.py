"""The nearest training pictures, which a kept model found in the data set as it was."""

import json

from streamlit.testing.v1 import AppTest

from sealife_core.datasets.corrections.editing import correct
from sealife_core.datasets.dataset import Dataset
from tests.dashboard.app_pages.data.opened import pictures, text


def test_neighbours__are_those_that_are_left_with_the_class_that_they_have_now(tiny_reef: Dataset) -> None:
    def script() -> None:
        from dashboard.cache import datasets
        from dashboard.parts.pictures.neighbours_view import neighbours_view
        from dashboard.state import Key
        from sealife_core.evaluation.embeddings.training_images import Neighbour

        dataset = datasets.opened("reef")
        ids, labels = dataset.original.manifest["id"], dataset.original.manifest["label"]
        found = [Neighbour(str(ids[row]), str(labels[row]), "", 0.9 - row / 10) for row in range(3)]
        neighbours_view(dataset, found, Key("near"))
        neighbours_view(dataset, found, Key("lesson"), correctable=False)

    ids = tiny_reef.manifest["id"].tolist()
    correct(tiny_reef, {ids[0]: {"excluded": "yes"}, ids[1]: {"label": "eel"}, ids[2]: {"label": "eel"}})
    app = AppTest.from_function(script).run()
    assert not app.exception
    assert [picture["caption"] for picture in pictures(app)] == ["eel · 0.80", "eel · 0.70"] * 2
    grids = [json.loads(element.proto.json)["correcting"] for element in app.get("bidi_component")]
    assert [("about" in grid, "send" in grid) for grid in grids] == [(True, True), (True, False)]
    assert "2 of 2 are eel" in text(app)
    correct(tiny_reef, {image: {"excluded": "yes"} for image in ids[:3]})
    assert text(app.run()) == ""
