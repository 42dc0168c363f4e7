"""What is asked of a cluster, and how it is asked."""

import json
import socket
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from sealife_core.runs.cluster import ray_http
from sealife_core.runs.cluster.ray_http import ClusterError, known_clusters
from sealife_core.runs.cluster.ray_jobs import RayCluster
from tests.runs.fake_ray import FakeRay


def test_submit__of_what_has_arrived_already_is_no_error(cluster: FakeRay):
    ray = RayCluster(cluster.address)
    for _ in range(2):
        ray.submit("once", "true", cores=1, gpus=0)
    assert list(cluster.jobs) == ["once"]
    assert ray.find("never") is None


def test_token__is_found_where_ray_looks_for_it(cluster: FakeRay, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    for name in ("RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("SEALIFE_CLUSTERS", f"head:8265, {cluster.address}")
    RayCluster(cluster.address).nodes()
    (tmp_path / ".ray").mkdir()
    (tmp_path / ".ray" / "auth_token").write_text("crab\n")
    RayCluster(cluster.address).nodes()
    (tmp_path / "named").write_text("squid")
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(tmp_path / "named"))
    RayCluster(cluster.address).nodes()
    monkeypatch.setenv("RAY_AUTH_TOKEN", "starfish")
    RayCluster(cluster.address).nodes()
    assert cluster.tokens == [None, "Bearer crab", "Bearer squid", "Bearer starfish"]


@pytest.mark.parametrize("token", [b"crab\nsquid", b"\xff\xfe", "crabe n\u00ba 1".encode()])
def test_token__that_no_request_can_carry_is_an_error_in_a_sentence(
    cluster: FakeRay, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, token: bytes
):
    (tmp_path / "named").write_bytes(token)
    monkeypatch.delenv("RAY_AUTH_TOKEN", raising=False)
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(tmp_path / "named"))
    monkeypatch.setenv("SEALIFE_CLUSTERS", cluster.address)
    with pytest.raises(ClusterError, match=r"The token of Ray clusters .* cannot be sent\.") as raised:
        RayCluster(cluster.address).nodes()
    assert "crab" not in str(raised.value)
    assert cluster.tokens == []


def test_nodes__of_a_cluster_that_does_not_answer_are_an_error_in_a_sentence(cluster: FakeRay):
    cluster.fall_silent()
    with pytest.raises(ClusterError, match=r"does not answer .*Connection refused.*Start it with 'ray start --head'"):
        RayCluster(cluster.address).nodes()


@pytest.mark.parametrize(
    "named",
    [
        "", "{host}:1", "https://{host}:{port}", "http://{host}.evil.example:{port}", "http://x@{host}:{port}",
        "{host}:{port}/x",
    ],
)  # fmt: skip
def test_token__goes_to_nobody_but_the_clusters_of_the_owner(
    cluster: FakeRay, monkeypatch: pytest.MonkeyPatch, named: str
):
    host, _, port = cluster.address.removeprefix("http://").partition(":")
    monkeypatch.setenv("RAY_AUTH_TOKEN", "starfish")
    monkeypatch.delenv("RAY_API_SERVER_ADDRESS", raising=False)
    monkeypatch.setenv("SEALIFE_CLUSTERS", named.format(host=host, port=port))
    RayCluster(cluster.address).nodes()
    assert cluster.tokens == [None]
    monkeypatch.setenv("RAY_API_SERVER_ADDRESS", f"{cluster.address}/")
    RayCluster(cluster.address).nodes()
    assert cluster.tokens == [None, "Bearer starfish"]


def test_known_clusters__are_addresses_of_http(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SEALIFE_CLUSTERS", "head, http://other:80 file:///etc/passwd ,http://a/b,head:99999,head")
    monkeypatch.setenv("RAY_API_SERVER_ADDRESS", "ray://head:10001")
    assert known_clusters() == ["http://head:8265", "http://other:80"]


def test_redirect__is_followed_nowhere(cluster: FakeRay, serve: Callable[..., str], monkeypatch: pytest.MonkeyPatch):
    address = serve(302, Location=f"{cluster.address}/api/v0/nodes")
    monkeypatch.setenv("RAY_AUTH_TOKEN", "starfish")
    monkeypatch.setenv("SEALIFE_CLUSTERS", address)
    with pytest.raises(ClusterError, match=r"not a Ray cluster .it redirects to another") as raised:
        RayCluster(address).nodes()
    assert raised.value.foreign
    assert cluster.tokens == []


ROW = {"node_ip": "10.0.0.7", "state": "ALIVE", "resources_total": {"CPU": 4}}
ANSWERS: list[Any] = [
    "<html>", {}, [], None, {"data": []}, {"data": {"result": {"result": [3]}}},
    {"data": {"result": {"result": [ROW | {"resources_total": {"CPU": "many"}}]}}},
    {"data": {"result": {"result": [ROW | {"resources_total": {"CPU": 1e300}}]}}},
    {"data": {"result": {"result": [ROW | {"state": {}}]}}},
]  # fmt: skip


@pytest.mark.parametrize("told", ANSWERS, ids=map(str, range(len(ANSWERS))))
def test_answer__of_another_shape_is_no_cluster(serve: Callable[..., str], told: Any):
    ray = RayCluster(serve(200, json.dumps(told).encode()))
    for ask in (ray.nodes, lambda: ray.find("job")):
        with pytest.raises(ClusterError, match=r"The server at .* is not a Ray cluster") as raised:
            ask()
        assert raised.value.foreign


@pytest.mark.parametrize(
    "address", ["file:///etc/passwd#", "ftp://a", "http://a/b?x=", "http://a@b", "", "http://a:99999"]
)
def test_address__of_anything_but_a_server_of_http_is_not_asked(address: str):
    with pytest.raises(ClusterError, match="this is not a valid address"):
        RayCluster(address).nodes()


def test_answer__without_end_is_left_off(serve: Callable[..., str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ray_http, "MOST_BYTES", 1000)
    with pytest.raises(ClusterError, match="longer than"):
        RayCluster(serve(200, b" " * 1001)).nodes()


def test_answer__that_comes_byte_by_byte_is_given_up():
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:

        def drip() -> None:
            connection, _ = listening.accept()
            with connection:
                try:
                    while True:
                        connection.send(b"H")
                        time.sleep(0.02)
                except OSError:
                    return

        dripping = threading.Thread(target=drip, daemon=True)
        dripping.start()
        with pytest.raises(ClusterError, match="does not answer"):
            RayCluster(f"http://127.0.0.1:{listening.getsockname()[1]}", timeout_s=0.3).nodes()
        dripping.join(10)
        assert not dripping.is_alive()


def test_refusal__says_the_last_line_without_what_a_terminal_obeys(serve: Callable[..., str]):
    address = serve(500, b"Traceback\n\x1b[31mValueError: no " + b"x" * 5000)
    with pytest.raises(ClusterError, match=r"refused:  .31mValueError: no x") as raised:
        RayCluster(address).nodes()
    assert len(str(raised.value)) < 700


def test_answer__of_a_job_holds_nothing_that_a_terminal_obeys(serve: Callable[..., str]):
    told = {"status": "FAILED", "message": "a\x1b[2Jb\u202ec", "driver_agent_http_address": "http://n\x1b]0;x:52365"}
    job = RayCluster(serve(200, json.dumps(told).encode())).find("some")
    assert job is not None
    assert (job.message, job.node) == ("a [2Jb c", "n ]0;x")
