"""A picture of one's own in a lesson, without a browser: a file in place of a camera."""

import json
from dataclasses import replace

from streamlit.testing.v1 import AppTest

from dashboard.app_pages.lessons import own_object
from dashboard.cache import classifiers
from sealife_core.datasets.dataset import Dataset
from sealife_core.runs.run import Run

named = classifiers.own_prediction


def shown(dataset: Dataset) -> AppTest:
    def script(name: str) -> None:
        from dashboard.app_pages.lessons.own_object import own_object
        from dashboard.cache import datasets

        own_object(datasets.opened(name))

    app = AppTest.from_function(script, args=(dataset.name,), default_timeout=60).run()
    assert not app.exception
    return app


def texts(app: AppTest) -> str:
    return " ".join(found.value for found in (*app.markdown, *app.caption))


def test_object__needs_a_model_of_the_data_set(tiny_reef: Dataset) -> None:
    assert "A model that names the classes. Missing" in texts(shown(tiny_reef))


def test_object__is_named_and_its_views_and_neighbours_are_shown(
    classifier: Run, tiny_reef: Dataset, monkeypatch
) -> None:
    content = tiny_reef.image_path(0).read_bytes()

    class Taken:
        def getvalue(self) -> bytes:
            return content

    monkeypatch.setattr(own_object.st, "camera_input", lambda *args, **more: Taken())
    monkeypatch.setattr(classifiers, "own_prediction", lambda run, *of: replace(named(run, *of), unlike=True))
    assert "looks unlike all training pictures" in texts(shown(tiny_reef))
    monkeypatch.setattr(classifiers, "own_prediction", lambda run, *of: replace(named(run, *of), unlike=False))
    app = shown(tiny_reef)
    said = texts(app)
    assert "unlike" not in said
    assert "says:" in said
    assert any(label in said for label in tiny_reef.classes)
    assert "Nearest training pictures" in said
    (nearest,) = (given for each in app.get("bidi_component") if "side" in (given := json.loads(each.proto.json)))
    assert nearest["pictures"]
    assert "send" not in nearest["correcting"], "a key pressed before a class changes no label"


def test_object__that_is_no_picture_is_refused_in_a_sentence(classifier: Run, tiny_reef: Dataset, monkeypatch) -> None:
    class Taken:
        def getvalue(self) -> bytes:
            return b"no picture"

    monkeypatch.setattr(own_object.st, "camera_input", lambda *args, **more: Taken())
    app = shown(tiny_reef)
    assert app.error
    assert "says:" not in texts(app)
