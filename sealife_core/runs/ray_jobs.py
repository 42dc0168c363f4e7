"""A Ray cluster as this program sees it: jobs that are submitted, asked after and stopped over HTTP.

Ray's Jobs REST API (docs.ray.io, "Ray Jobs REST API") is spoken directly instead of through its client: then whoever
launches needs no Ray, of no matching version, and every question has a time after which it is given up, which Ray's own
client has not.

Environment: the token of a cluster that asks for one is found where Ray's own commands look for it: in RAY_AUTH_TOKEN,
in the file that RAY_AUTH_TOKEN_PATH names, in ``~/.ray/auth_token``. It is sent, and written nowhere.
"""

import json
import os
import urllib.error
import urllib.request
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from sealife_core.errors import RunError

TIMEOUT_S = 10.0  # a head node answers in milliseconds; one that is being restarted, in seconds


class ClusterError(RunError):
    """A cluster does not answer, or (``refused``) answers that it will not do what was asked."""

    def __init__(self, text: str, *, refused: bool = False) -> None:
        self.refused = refused
        super().__init__(text)


class JobState(StrEnum):
    """What Ray says of a job."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    STOPPED = "STOPPED"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"

    @property
    def ended(self) -> bool:
        """Nothing more is to be expected of it."""
        return self not in (JobState.PENDING, JobState.RUNNING)


@dataclass(frozen=True)
class Job:
    """One job. exit_code: of its process, None where it is not known (its machine was lost); node: an address or ""."""

    state: JobState
    message: str
    exit_code: int | None
    node: str


@dataclass(frozen=True)
class Node:
    """One machine of a cluster and what it has in all."""

    address: str
    cores: float
    gpus: float

    def fits(self, cores: int, gpus: int) -> int:
        """How many runs that take so much it carries at once."""
        by_cores = int(self.cores // cores)
        return min(by_cores, int(self.gpus // gpus)) if gpus else by_cores


class RayCluster:
    """The cluster whose Ray dashboard is at ``address`` (``http://host:8265``). Every call may raise ClusterError."""

    def __init__(self, address: str, timeout_s: float = TIMEOUT_S) -> None:
        self.address = address
        self._timeout_s = timeout_s

    def submit(self, job_id: str, command: str, *, cores: int, gpus: int) -> None:
        """Have ``command`` (of a shell) carried out by a machine that has so much free; each id once only."""
        asked = {
            "entrypoint": command, "submission_id": job_id, "entrypoint_num_cpus": cores, "entrypoint_num_gpus": gpus,
        }  # fmt: skip
        try:
            self._ask("POST", "/api/jobs/", asked)
        except ClusterError:
            if self.find(job_id) is None:  # else it arrived, this time or another
                raise

    def find(self, job_id: str) -> Job | None:
        """The job, or None where the cluster knows no such."""
        told = self._ask("GET", f"/api/jobs/{job_id}")
        if told is None:
            return None
        code, agent = told.get("driver_exit_code"), str(told.get("driver_agent_http_address") or "")
        return Job(
            JobState(told["status"]),
            str(told.get("message") or ""),
            code if isinstance(code, int) else None,
            agent.partition("://")[2].rpartition(":")[0],
        )

    def stop(self, job_id: str) -> None:
        """TERM to the job's processes, and KILL some seconds later. One that has ended is left as it is."""
        self._ask("POST", f"/api/jobs/{job_id}/stop")

    def nodes(self) -> list[Node]:
        """The machines that are part of it now."""
        told = self._ask("GET", "/api/v0/nodes") or {}
        rows = told["data"]["result"]["result"]
        return [
            Node(
                str(row.get("node_ip") or ""),
                float(row["resources_total"].get("CPU", 0)),
                float(row["resources_total"].get("GPU", 0)),
            )
            for row in rows
            if row["state"] == "ALIVE"
        ]

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any] | None:
        """The answer's object; None for "not found"."""
        headers = {"Content-Type": "application/json"}
        if token := _token():
            headers["Authorization"] = f"Bearer {token}"
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self.address + path, data=data, headers=headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=self._timeout_s) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code == 404 and method == "GET":
                return None
            raise ClusterError(
                f"The Ray cluster at {self.address} refused: {_last_line(error)}", refused=True
            ) from None
        except (OSError, ValueError) as error:
            reason = getattr(error, "reason", error)
            why = getattr(reason, "strerror", None) or reason
            raise ClusterError(
                f"The Ray cluster at {self.address} does not answer ({why}). Start it with 'ray start --head', or name"
                " the address of its dashboard, which has to be open to this machine."
            ) from None


def _token() -> str:
    """The token of clusters that ask for one, or ""."""
    if token := os.environ.get("RAY_AUTH_TOKEN"):
        return token
    try:
        return Path(os.environ.get("RAY_AUTH_TOKEN_PATH") or Path.home() / ".ray" / "auth_token").read_text().strip()
    except OSError:
        return ""


def _last_line(error: urllib.error.HTTPError) -> str:
    """What a refusal comes to: the end of Ray's traceback."""
    said = error.read().decode(errors="replace").strip().splitlines()
    return said[-1].strip() if said else f"{error.code} {error.reason}"
