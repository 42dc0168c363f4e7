"""The film's frames and its groups tell of the same images in the same order."""

import base64

import numpy as np
import pytest

from dashboard.data.embeddings.film_reel import film_reel, frame_words
from dashboard.data.embeddings.points import Cloud, Look
from dashboard.data.embeddings.scatter import CLASS
from sealife_core.evaluation.projections.reduction import ProjectionSettings

pytestmark = pytest.mark.usefixtures("home")

LOOK = Look("run", "Film", 2, "h", ProjectionSettings(), CLASS)


def test_film__moves_each_picture_and_no_other(tiny_reef):
    rows = np.arange(5, 17)
    frames = np.random.default_rng(0).normal(size=(3, 12, 2)).astype(np.float32)
    reel = film_reel(tiny_reef, Cloud(rows, np.arange(12), frames[0], ("", "")), frames, LOOK)
    sent = np.frombuffer(base64.b64decode(reel["frames"]), "<f4").reshape(3, 12, 2)
    custom = np.frombuffer(base64.b64decode(reel["custom"]), "<f4").reshape(12, reel["wide"])
    assert sorted(custom[:, 0]) == rows.tolist()
    for place, row in enumerate(custom[:, 0].astype(int)):
        assert sent[:, place].tolist() == frames[:, row - 5].tolist()
    names = np.repeat([group["name"] for group in reel["groups"]], [group["count"] for group in reel["groups"]])
    assert names.tolist() == [tiny_reef.classes[tiny_reef.labels[int(row)]] for row in custom[:, 0]]


def test_film__has_another_version_when_its_pictures_move(tiny_reef):
    frames = np.zeros((2, 3, 2), np.float32)
    cloud = Cloud(np.arange(3), np.arange(3), frames[0], ("", ""))
    first = film_reel(tiny_reef, cloud, frames, LOOK)["version"]
    assert film_reel(tiny_reef, cloud, frames, LOOK)["version"] == first
    assert film_reel(tiny_reef, cloud, frames + 1, LOOK)["version"] != first


def test_frames__each_say_how_far_to_trust_them():
    facts = {"trustworthiness": [0.5, 0.93], "knn_accuracy": [0.1, 0.31], "knn_n": 94}
    assert frame_words(facts, 2) == [
        "k-NN accuracy 10 % on 94 validation pictures, trustworthiness 0.50",
        "k-NN accuracy 31 % on 94 validation pictures, trustworthiness 0.93",
    ]
    assert frame_words({}, 2) == ["", ""]
    assert frame_words({"trustworthiness": 0.9}, 1) == [""]
