"""A real Ray cluster of two nodes on this machine, each with one core to give."""

import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from sealife_core.runs.cluster.ray_http import ClusterError
from sealife_core.runs.cluster.ray_jobs import RayCluster
from tests.runs.processes import until

PATIENCE_S = 240
# How soon a node that is gone is missed: seconds, not the half minute that a network may need.
ENVIRONMENT = {
    "RAY_health_check_initial_delay_ms": "1000",
    "RAY_health_check_period_ms": "500",
    "RAY_health_check_failure_threshold": "4",
    "RAY_memory_monitor_refresh_ms": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_SCHEDULER_EVENTS": "0",
    "RAY_AUTH_MODE": "token",
}


@dataclass
class Machine:
    """One node: the process of ``ray start`` and all below it."""

    process: subprocess.Popen[bytes]

    @property
    def processes(self) -> list[psutil.Process]:
        try:
            whole = psutil.Process(self.process.pid)
            return [whole, *whole.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def carries_out(self, folder: Path) -> bool:
        """Whether a worker of the run in ``folder`` is one of its processes."""
        found = False
        for process in self.processes:
            with suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
                found = found or process.cmdline()[-1:] == [str(folder)]
        return found

    def kill(self) -> None:
        """As when somebody pulls the plug."""
        for process in self.processes:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self.process.wait(30)


@dataclass
class TwoMachines:
    """The cluster. ``address`` is that of its dashboard."""

    address: str
    head: Machine
    other: Machine


@pytest.fixture(scope="module")
def cluster(processes: None) -> Iterator[TwoMachines]:
    """Begins a head and a second node, and ends what is left of them. A test may kill the second one."""
    # The names of Ray's sockets have no room for a folder of pytest's.
    folder = Path(tempfile.mkdtemp(prefix="sea-", dir="/tmp"))
    gcs, dashboard = free_port(), free_port()
    machines: list[Machine] = []
    patch = pytest.MonkeyPatch()
    patch.setenv("RAY_AUTH_TOKEN", secrets.token_hex(32))  # the nodes know it from here, and so does a dispatcher
    try:
        own = ["--head", f"--port={gcs}", f"--dashboard-port={dashboard}", "--dashboard-host=127.0.0.1"]
        machines.append(begin(folder, "head", *own, f"--temp-dir={folder}"))
        address = f"http://127.0.0.1:{dashboard}"
        patch.setenv("SEALIFE_CLUSTERS", address)  # only a cluster that its owner named is given the token
        until(lambda: machines_of(address, machines, folder) == 1, PATIENCE_S)
        machines.append(begin(folder, "other", f"--address=127.0.0.1:{gcs}"))
        until(lambda: machines_of(address, machines, folder) == 2, PATIENCE_S)
        yield TwoMachines(address, *machines)
    finally:
        for machine in reversed(machines):
            machine.kill()
        patch.undo()
        shutil.rmtree(folder, ignore_errors=True)


def begin(folder: Path, name: str, *options: str) -> Machine:
    command = [str(Path(sys.executable).with_name("ray")), "start", *options, "--num-cpus=1", "--num-gpus=0"]
    command += ["--object-store-memory=80000000", "--disable-usage-stats", "--include-log-monitor=false", "--block"]
    with (folder / f"{name}.log").open("wb") as log:
        return Machine(
            subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True, env=os.environ | ENVIRONMENT)
        )


def machines_of(address: str, machines: list[Machine], folder: Path) -> int:
    """How many machines the cluster says it has; 0 while it does not answer."""
    for machine in machines:
        if machine.process.poll() is not None:
            raise AssertionError("\n".join(log.read_text()[-2000:] for log in folder.glob("*.log")))
    try:
        return len(RayCluster(address).nodes())
    except ClusterError:
        return 0


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]
