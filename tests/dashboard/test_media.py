import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from dashboard.media import routes, thumb_url


@pytest.fixture
def client(tiny_reef):
    with TestClient(Starlette(routes=routes())) as client:
        yield client


def test_thumb__is_a_jpeg_that_the_browser_may_keep(client, tiny_reef):
    answer = client.get(thumb_url(tiny_reef, 3))
    assert answer.status_code == 200
    assert answer.content.startswith(b"\xff\xd8")
    assert "immutable" in answer.headers["cache-control"]
    assert tiny_reef.content_hash[:12] in thumb_url(tiny_reef, 3)


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
    ],
)
def test_thumb__knows_no_other_address(client, path):
    assert client.get(path).status_code == 404
