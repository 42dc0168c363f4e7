"""Who may ask the dashboard what: by name, by origin, by what the browser says of the page that asks."""

import http.client
import socket
from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from dashboard import origin_check
from dashboard.origin_check import OriginCheck
from sealife_core.environment import HOSTS
from tests.browser.served import Dashboard


async def answer(request: Request) -> PlainTextResponse:
    return PlainTextResponse("inside")


async def talk(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text("inside")
    await websocket.close()


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    monkeypatch.setenv(HOSTS.name, "lab.example, Other.example.")
    monkeypatch.setattr(socket, "gethostname", lambda: "Whale.institute.example")
    origin_check._names.cache_clear()
    routes = [Route("/", answer, methods=["GET", "POST", "DELETE"]), WebSocketRoute("/stream", talk)]
    with TestClient(Starlette(routes=routes, middleware=[Middleware(OriginCheck)])) as client:
        yield client
    origin_check._names.cache_clear()


OURS = [
    "localhost:8501", "localhost", "LOCALHOST.:9000", "app.localhost", "127.0.0.1:8501", "192.168.1.7:8501",
    "[::1]:8501", "whale.institute.example:8501", "whale", "whale.local", "lab.example", "other.example:1",
]  # fmt: skip
FOREIGN = [
    "evil.example", "evil.example:8501", "localhost.evil.example", "127.0.0.1.evil.example", "", "a@localhost",
    "localhost:port", "localhost/..", "xlab.example", "127.0.0.1:8501:8501",
]  # fmt: skip


@pytest.mark.parametrize("host", OURS)
def test_host__of_this_machine_is_answered(client: TestClient, host: str) -> None:
    got = client.get("/", headers={"host": host})
    assert got.text == "inside"
    assert got.headers["content-security-policy"] == "frame-ancestors 'self'"
    assert got.headers["x-content-type-options"] == "nosniff"
    assert got.headers["cross-origin-resource-policy"] == "same-origin"


@pytest.mark.parametrize("host", FOREIGN)
def test_host__that_dns_may_give_to_this_machine_is_refused(client: TestClient, host: str) -> None:
    got = client.get("/", headers={"host": host})
    assert got.status_code == 403
    assert HOSTS.name in got.text
    assert got.headers["content-security-policy"] == "frame-ancestors 'self'"
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/stream", headers={"host": host}):
        pass


SAME = [
    ("localhost:8501", "http://localhost:8501"),
    ("127.0.0.1:9000", "http://127.0.0.1:9000"),
    ("localhost", "http://localhost:80"),
    ("lab.example", "https://lab.example"),  # a proxy took the TLS off
    ("lab.example:443", "https://lab.example"),
    ("[::1]:1", "http://[::1]:1"),
]
OTHER = [
    ("localhost:8501", "http://localhost:9999"),
    ("localhost:8501", "http://127.0.0.1:8501"),
    ("localhost:8501", "https://localhost"),
    ("localhost:8501", "http://evil.example"),
    ("lab.example", "http://lab.example:8501"),
    ("localhost:8501", "http://localhost:8501/"),
    ("localhost:8501", "http://x@localhost:8501"),
    ("localhost:8501", "ftp://localhost:8501"),
    ("localhost:8501", "file://"),
    ("localhost:8501", "null"),
    ("localhost:8501", ""),
]


@pytest.mark.parametrize(("host", "origin"), SAME)
def test_origin__that_was_served_here_may_ask_and_act(client: TestClient, host: str, origin: str) -> None:
    headers = {"host": host, "origin": origin}
    assert client.post("/", headers=headers).text == "inside"
    with client.websocket_connect("/stream", headers=headers) as stream:
        assert stream.receive_text() == "inside"


@pytest.mark.parametrize(("host", "origin"), OTHER)
def test_origin__of_anybody_else_reads_nothing_and_does_nothing(client: TestClient, host: str, origin: str) -> None:
    headers = {"host": host, "origin": origin}
    for method in ("GET", "POST", "DELETE"):
        assert client.request(method, "/", headers=headers).status_code == 403
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/stream", headers=headers):
        pass


@pytest.mark.parametrize(
    ("site", "goal", "status"),
    [
        ("same-origin", "image", 200), ("none", "document", 200), ("cross-site", "document", 200),
        ("cross-site", "image", 403), ("same-site", "image", 403), ("cross-site", "iframe", 403),
        ("cross-site", "script", 403),
    ],
)  # fmt: skip
def test_site__of_another_page_may_link_here_and_nothing_else(
    client: TestClient, site: str, goal: str, status: int
) -> None:
    headers = {"host": "localhost:1", "sec-fetch-site": site, "sec-fetch-dest": goal}
    assert client.get("/", headers=headers).status_code == status


def test_host__that_is_told_twice_is_refused(client: TestClient) -> None:
    assert client.get("/", headers=[("host", "localhost"), ("host", "evil.example")]).status_code == 403


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory, processes: None) -> Iterator[int]:
    """A real server, as the README starts it."""
    served = Dashboard(tmp_path_factory.mktemp("served"))
    served.empty()
    served.begin()
    yield served.port
    served.end()


def _asked(port: int, path: str, method: str = "GET", **headers: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("localhost", port, timeout=60)
    connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    got = connection.getresponse()
    if got.status != 101:
        got.read()
    connection.close()
    return got


def _status(port: int, path: str, **headers: str) -> int:
    try:
        return _asked(port, path, **headers).status
    except OSError:
        return 0


UPGRADE = {
    "Connection": "Upgrade", "Upgrade": "websocket", "Sec_WebSocket_Version": "13",
    "Sec_WebSocket_Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec_WebSocket_Protocol": "streamlit",
}  # fmt: skip


def test_server__keeps_every_route_for_pages_of_its_own(port: int) -> None:
    for path in ("/", "/_stcore/health", "/_stcore/host-config", "/static/none.js", "/thumb/reef/0.jpg", "/runs"):
        good = _asked(port, path, Host=f"localhost:{port}")
        assert good.status in (200, 404)
        assert good.headers["content-security-policy"] == "frame-ancestors 'self'"
        assert good.headers["cross-origin-resource-policy"] == "same-origin"
        assert good.headers["x-content-type-options"] == "nosniff"
        assert _status(port, path, Host="evil.example") == 403
        assert _status(port, path, Host=f"localhost:{port}", Origin="http://localhost:9999") == 403


def test_server__opens_the_websocket_to_its_own_origin_alone(port: int) -> None:
    stream = "/_stcore/stream"
    for host in (f"localhost:{port}", f"127.0.0.1:{port}", "localhost:9000", "192.168.1.7"):  # 9000: an SSH tunnel
        assert _status(port, stream, Host=host, Origin=f"http://{host}", **UPGRADE) == 101
    for origin in ("http://localhost:9999", "http://evil.example", "null"):
        assert _status(port, stream, Host=f"localhost:{port}", Origin=origin, **UPGRADE) == 403
    assert _status(port, stream, Host="evil.example", Origin="http://evil.example", **UPGRADE) == 403
