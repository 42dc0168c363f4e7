"""A Ray cluster as this program sees it: jobs that are submitted, asked after and stopped over HTTP.

Ray's Jobs REST API (docs.ray.io, "Ray Jobs REST API") is used directly instead of through its client: then a machine
that launches runs needs no Ray of a matching version, and every question has a timeout, which Ray's own client has not.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AliasPath, BaseModel, Field

from sealife_core.runs.cluster.ray_http import TIMEOUT_S, ClusterError, ask, foreign, readable


class JobState(StrEnum):
    """What Ray says of a job."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    STOPPED = "STOPPED"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"

    @property
    def ended(self) -> bool:
        """Whether it can no longer change."""
        return self not in (JobState.PENDING, JobState.RUNNING)


@dataclass(frozen=True)
class RayJob:
    """One job. exit_code: of its process, None if not known (its machine was lost); node: its address or ""."""

    state: JobState
    message: str
    exit_code: int | None
    node: str


@dataclass(frozen=True)
class Node:
    """One machine of a cluster and all that it has."""

    address: str
    cores: float
    gpus: float

    def fits(self, cores: int, gpus: int) -> int:
        """How many runs that need so much fit on it at the same time."""
        by_cores = int(self.cores // cores)
        return min(by_cores, int(self.gpus // gpus)) if gpus else by_cores


class _Job(BaseModel):
    status: JobState
    message: str | None = None
    driver_exit_code: int | None = None
    driver_agent_http_address: str | None = None


_Amount = Annotated[float, Field(ge=0, le=1e9)]


class _Resources(BaseModel):  # Ray lists others beside these two, as memory in bytes
    CPU: _Amount = 0.0
    GPU: _Amount = 0.0


class _Node(BaseModel):
    state: str
    node_ip: str | None = None
    resources_total: _Resources


class _Nodes(BaseModel):
    found: list[_Node] = Field(validation_alias=AliasPath("data", "result", "result"))


@dataclass(frozen=True)
class RayCluster:
    """The cluster whose Ray dashboard is at ``address`` (``http://host:8265``). Every call may raise ClusterError."""

    address: str
    timeout_s: float = TIMEOUT_S

    def submit(self, job_id: str, command: str, *, cores: int, gpus: int) -> None:
        """Have a machine with so much free carry out the shell ``command``; each id works once only."""
        asked = {
            "entrypoint": command, "submission_id": job_id, "entrypoint_num_cpus": cores, "entrypoint_num_gpus": gpus,
        }  # fmt: skip
        try:
            self._ask("POST", "/api/jobs/", asked)
        except ClusterError:
            if self.find(job_id) is None:  # else it arrived, now or before
                raise

    def find(self, job_id: str) -> RayJob | None:
        """The job, or None if the cluster does not know it."""
        told = self._ask("GET", f"/api/jobs/{job_id}", shape=_Job)
        if told is None:
            return None
        node = (told.driver_agent_http_address or "").partition("://")[2].rpartition(":")[0]
        return RayJob(told.status, readable(told.message or ""), told.driver_exit_code, readable(node))

    def stop(self, job_id: str) -> None:
        """TERM to the processes of the job, and KILL some seconds later. A job that has ended stays as it is."""
        self._ask("POST", f"/api/jobs/{job_id}/stop")

    def nodes(self) -> list[Node]:
        """The machines that are part of it now."""
        told = self._ask("GET", "/api/v0/nodes", shape=_Nodes)
        if told is None:
            raise foreign(self.address, "it lists no machines")
        return [
            Node(readable(node.node_ip or ""), node.resources_total.CPU, node.resources_total.GPU)
            for node in told.found
            if node.state == "ALIVE"
        ]

    def _ask(self, method: str, path: str, body: Any = None, shape: type[BaseModel] | None = None) -> Any:
        return ask(self.address, method, path, body, shape, self.timeout_s)
