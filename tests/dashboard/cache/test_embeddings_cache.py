"""Charts and neighbours of embeddings, computed once; an encoder is asked by one thread at a time."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from dashboard.cache import embeddings
from dashboard.data.embeddings.points import PCA, UMAP, Look
from dashboard.data.embeddings.scatter import CLASS, CLUSTER
from sealife_core.datasets.dataset import Dataset
from sealife_core.errors import RunError
from sealife_core.evaluation.embeddings.feature_quality import neighbour_votes
from sealife_core.evaluation.embeddings.stored_embeddings import write_embeddings
from sealife_core.evaluation.projections.reduction import ProjectionSettings, pca, trustworthiness
from sealife_core.evaluation.projections.stored_projections import Projection
from sealife_core.runs.run import Run
from tests.finished.runs import simclr_run

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def run(tiny_reef: Dataset) -> Run:
    return simclr_run(tiny_reef, "SimCLR")


def look(run: Run, method: str = PCA, colour: str = CLASS, classes: tuple[str, ...] = ()) -> Look:
    return Look(run.id, method, 2, "h", ProjectionSettings(), colour, classes, clusters=3)


def test_chart__is_of_pca_until_the_projection_is_done(run, tiny_reef):
    waiting, _ = embeddings.chart(run, tiny_reef, look(run, UMAP), Projection("running"), dark=False)
    assert waiting.look.method == PCA
    assert waiting.cloud.axes[0].startswith("PC 1")
    ids = tuple(tiny_reef.manifest["id"][:5])
    points = np.arange(10, dtype=np.float32).reshape(5, 2)
    projection = Projection("done", ids=ids, points=points)
    done, _ = embeddings.chart(run, tiny_reef, look(run, UMAP), projection, dark=False)
    assert done.look.method == UMAP
    assert done.cloud.points.tolist() == points.tolist()
    assert embeddings.figure(done.picture.version) == done.picture.json, "the browser can fetch it"


def test_chart__is_drawn_once_until_the_embeddings_change(run, tiny_reef):
    first, _ = embeddings.chart(run, tiny_reef, look(run), None, dark=False)
    assert embeddings.chart(run, tiny_reef, look(run), None, dark=False)[0] is first
    assert embeddings.chart(run, tiny_reef, look(run), None, dark=True)[0] is not first
    write_embeddings(run.path, tiny_reef, np.random.default_rng(5).normal(size=(64, 9)))
    assert embeddings.chart(run, tiny_reef, look(run), None, dark=False)[0].picture.version != first.picture.version


def test_trust__is_of_the_chart_that_is_shown_and_of_all_images(run, tiny_reef):
    points = np.zeros((5, 2), np.float32)
    umap = Projection("done", ids=tuple(tiny_reef.manifest["id"][:5]), points=points, facts={"trustworthiness": 0.625})
    of_umap = embeddings.chart(run, tiny_reef, look(run, UMAP), umap, dark=False)[1]()
    of_pca = embeddings.chart(run, tiny_reef, look(run), None, dark=False)[1]()
    waiting = embeddings.chart(run, tiny_reef, look(run, UMAP), Projection("running"), dark=False)[1]()
    values = embeddings.stored(run, "h").values
    assert of_umap.trustworthiness == 0.625
    assert of_pca.trustworthiness == waiting.trustworthiness == trustworthiness(values, pca(values, 2)[0])
    assert {of_umap.images, of_pca.images} == {len(tiny_reef)}
    assert of_umap.votes == of_pca.votes == neighbour_votes(embeddings.stored(run, "h"), tiny_reef)


def test_chart__of_some_classes_and_of_clusters(run, tiny_reef):
    name = tiny_reef.classes[2]
    chart, _ = embeddings.chart(run, tiny_reef, look(run, colour=CLUSTER, classes=(name,)), None, dark=False)
    assert chart.cloud.rows.tolist() == np.flatnonzero(tiny_reef.labels == 2).tolist()
    assert set(chart.facts.clusters) <= {0, 1, 2}
    assert chart.facts.rows.tolist() == chart.cloud.rows.tolist()


def test_neighbours__leave_out_the_picture_itself_and_those_that_are_gone(run, tiny_reef):
    values = embeddings.stored(run, "h").values
    unit = values / np.linalg.norm(values, axis=1, keepdims=True)
    order = [int(row) for row in np.argsort(-(unit @ unit[7]), kind="stable") if row != 7]
    found = embeddings.neighbours(run, tiny_reef, "h", 7, 4)
    assert found is not None
    assert [row for row, _ in found] == order[:4]
    assert found[0][1] == pytest.approx(float(unit[order[0]] @ unit[7]), abs=1e-5)
    by_features = embeddings.neighbours(run, tiny_reef, "h", np.asarray(values[7]), 4)
    assert by_features is not None
    assert by_features[0][0] == 7, "a person's own picture has no row to leave out"
    assert embeddings.neighbours(run, tiny_reef, "h", len(tiny_reef), 4) is None


def test_stored__of_a_run_without_embeddings_says_so(run, tiny_reef):
    (run.path / "embeddings_z.npy").unlink()
    with pytest.raises(RunError, match="has no embeddings of z"):
        embeddings.stored(run, "z")


def test_features__are_asked_of_an_encoder_by_one_thread_at_a_time(run, monkeypatch):
    inside: list[int] = []
    most: list[int] = []

    class Encoder:
        def features(self, pictures):
            inside.append(1)
            most.append(len(inside))
            time.sleep(0.02)
            inside.pop()
            return np.array([[len(pictures[0])]])

    held = Encoder(), threading.Lock()
    monkeypatch.setattr(embeddings, "_encoder", lambda run: held)
    with ThreadPoolExecutor(4) as visitors:
        found = list(visitors.map(lambda n: int(embeddings.features_of(run, b"x" * n)[0]), range(1, 5)))
    assert found == [1, 2, 3, 4]
    assert most == [1, 1, 1, 1]
