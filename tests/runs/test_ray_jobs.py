"""What is asked of a cluster, and how it is asked."""

from pathlib import Path

import pytest

from sealife_core.runs.ray_jobs import ClusterError, RayCluster

from .fake_ray import FakeRay


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


def test_nodes__of_a_cluster_that_does_not_answer_are_an_error_in_a_sentence(cluster: FakeRay):
    cluster.fall_silent()
    with pytest.raises(ClusterError, match=r"does not answer .*Connection refused.*Start it with 'ray start --head'"):
        RayCluster(cluster.address).nodes()
