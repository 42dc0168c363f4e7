from concurrent.futures import ThreadPoolExecutor, as_completed
from itertools import islice
from threading import Event, Semaphore

import pytest
from plotly.offline import get_plotlyjs_version as plotlyjs_version
from starlette.applications import Starlette
from starlette.testclient import TestClient

from dashboard import media
from dashboard.cache import classifiers, embeddings
from dashboard.media import MOST_WAITING, PLOTLY_URL, evidence_url, figure_url, routes, thumb_url
from sealife_core.datasets.corrections.editing import correct
from sealife_core.datasets.decoding import reading
from sealife_core.datasets.decoding.decoders import Decoders
from sealife_core.runs.run import MODEL
from tests.finished.runs import classifier_run


@pytest.fixture
def client(tiny_reef):
    with TestClient(Starlette(routes=routes())) as client:
        yield client


def test_thumb__is_a_jpeg_that_the_browser_may_keep(client, tiny_reef):
    answer = client.get(thumb_url(tiny_reef, 3))
    assert answer.status_code == 200
    assert answer.content.startswith(b"\xff\xd8")
    assert "immutable" in answer.headers["cache-control"]
    assert tiny_reef.manifest["sha256"][3][:12] in thumb_url(tiny_reef, 3)


@pytest.mark.parametrize(
    "path",
    [
        "/thumb/reef/64.jpg",
        "/thumb/reef/-1.jpg",
        "/thumb/reef/1e3.jpg",
        "/thumb/reef/1.png",
        "/thumb/reef/1.jpg?side=5000",
        "/thumb/nobody/1.jpg",
        "/thumb/../reef/1.jpg",
        "/thumb/..%2Freef/1.jpg",
        "/thumb/%2e%2e/1.jpg",
        "/thumb/.trash/1.jpg",
        f"/thumb/reef/{'1' * 5000}.jpg",
        "/thumb/reef/%D9%A3.jpg",
        f"/thumb/{'x' * 5000}/1.jpg",
        "/thumb/re%00ef/1.jpg",
        f"/evidence/run/{'1' * 5000}/1.png",
        f"/evidence/{'r' * 5000}/1/1.png",
        "/evidence/re%00ef/1/1.png",
    ],
)
def test_media__knows_no_other_address(client, path):
    assert client.get(path).status_code == 404


def test_evidence__beyond_all_measure_is_refused_and_no_thumbnail_waits_behind_it(client, tiny_reef, monkeypatch):
    run, released, begun = classifier_run(tiny_reef), Event(), Semaphore(0)

    def slow(*asked: object) -> bytes:
        begun.release()
        assert released.wait(60)
        return b"\x89PNG"

    monkeypatch.setattr(classifiers, "evidence", slow)
    with ThreadPoolExecutor(MOST_WAITING + 8) as visitors:
        try:
            asked = [visitors.submit(client.get, f"/evidence/{run.id}/{row}/0.png") for row in range(MOST_WAITING + 8)]
            refused = [found.result(60) for found in islice(as_completed(asked, 60), 8)]
            assert {(answer.status_code, answer.headers["retry-after"]) for answer in refused} == {(503, "5")}
            assert client.get(thumb_url(tiny_reef, 3)).status_code == 200
            begun.acquire(), begun.acquire()
            assert not begun.acquire(blocking=False)  # two are worked at, the others wait
        finally:
            released.set()
        assert sorted(found.result(60).status_code for found in asked) == [200] * MOST_WAITING + [503] * 8


def test_evidence__is_of_the_picture_that_the_page_meant_though_another_was_left_out_since(
    client, tiny_reef, monkeypatch
):
    run = classifier_run(tiny_reef)
    asked = []
    monkeypatch.setattr(
        classifiers, "evidence", lambda run, dataset, row, *rest: asked.append(dataset.image_path(row)) or b""
    )
    address = evidence_url(run, tiny_reef, 5, 0, "layer4")
    correct(tiny_reef, {tiny_reef.manifest["id"][2]: {"excluded": "yes"}})
    answer = client.get(address)
    assert (asked, "immutable" in answer.headers["cache-control"]) == ([tiny_reef.image_path(5)], True)
    (run.path / MODEL).touch()
    assert client.get(address).headers["cache-control"] == "no-store", "of another model than the page's"
    assert client.get(address.replace(tiny_reef.content_hash, "0" * 16)).status_code == 404
    assert len(asked) == 2


def test_thumb__says_when_to_come_back_while_too_many_are_decoded(client, tiny_reef, monkeypatch):
    full = Decoders(1, 10**9)
    monkeypatch.setattr(reading, "DECODERS", full)
    monkeypatch.setattr(media, "_PATIENCE_S", 0)
    with full.place(1):
        answer = client.get(thumb_url(tiny_reef, 3))
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 0
        assert "no-store" in answer.headers["cache-control"]
    assert client.get(thumb_url(tiny_reef, 3)).status_code == 200


def test_plotly__is_the_installed_one_packed_or_not(client):
    plain = client.get(PLOTLY_URL, headers={"accept-encoding": "identity"})
    packed = client.get(PLOTLY_URL, headers={"accept-encoding": "gzip"})
    assert f"plotly.js v{plotlyjs_version()}" in plain.text[:200]
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.text == plain.text
    assert "immutable" in packed.headers["cache-control"]
    assert client.get("/plotly-1.2.3.js").status_code == 404


def test_figure__is_served_by_its_version_and_gives_way_to_newer_ones(client):
    embeddings.keep_figure("oldest", '{"data": []}')
    answer = client.get(figure_url("oldest"))
    assert answer.json() == {"data": []}
    assert "immutable" in answer.headers["cache-control"]
    for number in range(embeddings.MOST_FIGURES):
        embeddings.keep_figure(f"newer-{number}", "{}")
    assert client.get(figure_url("oldest")).status_code == 404
    assert client.get(figure_url("newer-0")).status_code == 200
