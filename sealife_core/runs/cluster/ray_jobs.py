"""A Ray cluster as this program sees it: jobs that are submitted, asked after and stopped over HTTP.

Ray's Jobs REST API (docs.ray.io, "Ray Jobs REST API") is spoken directly instead of through its client: then whoever
launches needs no Ray, of no matching version, and every question has a time after which it is given up, which Ray's own
client has not.

The token of a cluster that asks for one is found where Ray's own commands look for it: in RAY_AUTH_TOKEN, in the file
that RAY_AUTH_TOKEN_PATH names, in ``~/.ray/auth_token``. It is sent to the clusters that are named in the environment
(SEALIFE_CLUSTERS, RAY_API_SERVER_ADDRESS) and to nobody else, and written nowhere.
"""

import json
import os
import socket
from contextlib import closing, suppress
from dataclasses import dataclass
from enum import StrEnum
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from threading import Timer
from typing import (
    Annotated,
    Any,
    NotRequired,  # pydantic takes the one of `typing` from Python 3.12 on
)
from urllib.parse import urlsplit

from pydantic import Field, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from sealife_core.config import CLUSTER, cluster_address
from sealife_core.config.runs import is_address
from sealife_core.environment import CLUSTERS
from sealife_core.errors import RunError

RAY_ADDRESS = "RAY_API_SERVER_ADDRESS"
TIMEOUT_S = 10.0  # for one question; a head node answers in milliseconds, one that is being restarted in seconds
MOST_BYTES = 1 << 24  # of an answer; a thousand machines are described in one
MOST_SAID = 500  # characters of what a cluster says, where a person reads it


class ClusterError(RunError):
    """A cluster does not answer, or (``refused``) answers that it will not do what was asked, or (``foreign``) answers
    as no Ray cluster does."""

    def __init__(self, text: str, *, refused: bool = False, foreign: bool = False) -> None:
        self.refused, self.foreign = refused, foreign
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
class RayJob:
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


class _Job(TypedDict):
    status: JobState
    message: NotRequired[str | None]
    driver_exit_code: NotRequired[int | None]
    driver_agent_http_address: NotRequired[str | None]


_Amount = Annotated[float, Field(ge=0, le=1e9)]


class _Resources(TypedDict):  # Ray lists others beside these two, as memory in bytes
    CPU: NotRequired[_Amount]
    GPU: NotRequired[_Amount]


class _Node(TypedDict):
    state: str
    node_ip: NotRequired[str | None]
    resources_total: _Resources


class _Listed(TypedDict):
    result: list[_Node]


class _Result(TypedDict):
    result: _Listed


class _Nodes(TypedDict):
    data: _Result


_JOB: TypeAdapter[Any] = TypeAdapter(_Job)
_NODES: TypeAdapter[Any] = TypeAdapter(_Nodes)


def known_clusters() -> list[str]:
    """The addresses of the clusters that the owner of this process named in its environment, as ``http://host:port``."""
    named = [*CLUSTERS.value(), *os.environ.get(RAY_ADDRESS, "").split()]
    return list(dict.fromkeys(str(cluster_address(CLUSTER + name)) for name in named if is_address(name)))


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

    def find(self, job_id: str) -> RayJob | None:
        """The job, or None where the cluster knows no such."""
        told = self._ask("GET", f"/api/jobs/{job_id}", shape=_JOB)
        if told is None:
            return None
        agent = told.get("driver_agent_http_address") or ""
        return RayJob(
            told["status"],
            _readable(told.get("message") or ""),
            told.get("driver_exit_code"),
            _readable(agent.partition("://")[2].rpartition(":")[0]),
        )

    def stop(self, job_id: str) -> None:
        """TERM to the job's processes, and KILL some seconds later. One that has ended is left as it is."""
        self._ask("POST", f"/api/jobs/{job_id}/stop")

    def nodes(self) -> list[Node]:
        """The machines that are part of it now."""
        told = self._ask("GET", "/api/v0/nodes", shape=_NODES)
        if told is None:
            raise self._foreign("it lists no machines")
        return [
            Node(
                _readable(row.get("node_ip") or ""),
                row["resources_total"].get("CPU", 0.0),
                row["resources_total"].get("GPU", 0.0),
            )
            for row in told["data"]["result"]["result"]
            if row["state"] == "ALIVE"
        ]

    def _ask(self, method: str, path: str, body: Any = None, shape: TypeAdapter[Any] | None = None) -> Any:
        """What was answered, of that ``shape``; None for "not found", and where no shape is expected."""
        try:
            status, said = self._answer(method, path, json.dumps(body).encode() if body is not None else None)
        except (OSError, HTTPException) as error:
            why = getattr(error, "strerror", None) or str(error) or "no answer in time"
            raise ClusterError(
                f"The Ray cluster at {self.address} does not answer ({why}). Start it with 'ray start --head', or give"
                " the address of its dashboard. This machine must be able to reach that address."
            ) from None
        if status == 404 and method == "GET":
            return None
        if 300 <= status < 400:
            raise self._foreign("it redirects to another address")
        if status >= 400:
            token = f" The token is sent only to clusters listed in {CLUSTERS.name}." if status in (401, 403) else ""
            why = _readable(_last_line(said) or f"status {status}")
            raise ClusterError(f"The Ray cluster at {self.address} refused: {why}{token}", refused=True)
        if shape is None:
            return None
        try:
            return shape.validate_json(said)
        except ValidationError:
            raise self._foreign("its answer has another format") from None

    def _answer(self, method: str, path: str, body: bytes | None) -> tuple[int, bytes]:
        """(Status, content) of one question, asked of this address and no other. Raises OSError, HTTPException."""
        if not is_address(self.address):
            raise self._foreign("this is not a valid address")
        parts = urlsplit(self.address)
        headers = {"Content-Type": "application/json", "Connection": "close"}
        if (token := _token()) and _origin(self.address) in map(_origin, known_clusters()):
            headers["Authorization"] = f"Bearer {token}"
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        with closing(kind(parts.hostname or "", parts.port, timeout=self._timeout_s)) as connection:
            connection.connect()
            # The timeout above counts from one byte to the next: who sends a byte now and then would keep us for ever.
            over = Timer(self._timeout_s, _hang_up, [connection.sock])
            over.start()
            try:
                connection.request(method, path, body, headers)
                answer = connection.getresponse()
                content = answer.read(MOST_BYTES + 1)
            finally:
                over.cancel()
        if len(content) > MOST_BYTES:
            raise self._foreign(f"its answer is longer than {MOST_BYTES / 1e6:.0f} MB")
        return answer.status, content

    def _foreign(self, why: str) -> ClusterError:
        return ClusterError(
            f"The server at {_readable(self.address)} is not a Ray cluster ({why}). Give the address of the dashboard"
            " that 'ray start --head' prints.",
            foreign=True,
        )


def _hang_up(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def _origin(address: str) -> tuple[str, str | None, int]:
    """Scheme, host and port: two addresses that differ in none of them lead to the same server."""
    parts = urlsplit(address)
    return parts.scheme, parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)


def _token() -> str:
    """The token of clusters that ask for one, or ""."""
    if token := os.environ.get("RAY_AUTH_TOKEN"):
        return token
    try:
        return Path(os.environ.get("RAY_AUTH_TOKEN_PATH") or Path.home() / ".ray" / "auth_token").read_text().strip()
    except OSError:
        return ""


def _last_line(said: bytes) -> str:
    """What a refusal comes to: the end of Ray's traceback."""
    lines = said.decode(errors="replace").strip().splitlines()
    return lines[-1].strip() if lines else ""


def _readable(text: str) -> str:
    """What a stranger says, as far as a person reads it and a terminal may print it."""
    return "".join(sign if sign.isprintable() else " " for sign in text[:MOST_SAID])
