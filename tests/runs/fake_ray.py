"""A cluster of one's own making that speaks Ray's Jobs REST API and really carries out what it is given, on this
machine: it does at once, and on order, what a real one does seldom.

What Ray itself answers is held by tests/cluster/, which drives a real one.
"""

import json
import os
import signal
import subprocess
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class FakeJob:
    asked: dict[str, Any]
    process: subprocess.Popen[bytes] | None = None
    lost: bool = False
    stopped: bool = False

    @property
    def told(self) -> dict[str, Any]:
        code = self.process.poll() if self.process else None
        status, node = "PENDING", None
        if self.process:
            status, node = "RUNNING", "http://10.0.0.7:52365"
            if code is not None:
                status = "STOPPED" if self.stopped else "SUCCEEDED" if code == 0 else "FAILED"
        if self.lost:
            status, code = "FAILED", None
        if self.stopped:
            code = None
        message = "Job supervisor actor died: the node was terminated" if self.lost else ""
        return {"status": status, "message": message, "driver_exit_code": code, "driver_agent_http_address": node}


@dataclass
class FakeRay:
    """``room``: how many jobs run at the same time; the others are pending. ``refuses``: what it says to a new job."""

    room: int = 10
    cores: float = 4
    gpus: float = 0
    refuses: str = ""
    jobs: dict[str, FakeJob] = field(default_factory=dict)
    tokens: list[str | None] = field(default_factory=list)
    server: ThreadingHTTPServer = field(init=False)

    def __post_init__(self) -> None:
        """Its dashboard, served by a thread until it falls silent."""
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def fall_silent(self) -> None:
        """Answer nobody any more; may be called twice."""
        self.server.shutdown()
        self.server.server_close()

    def end(self) -> None:
        """What is left of its jobs, too."""
        self.fall_silent()
        for job in self.jobs.values():
            if job.process and job.process.poll() is None:
                os.killpg(job.process.pid, signal.SIGKILL)
                job.process.wait()

    def begin(self) -> None:
        """Start pending jobs while there is room."""
        running = sum(job.told["status"] == "RUNNING" for job in self.jobs.values())
        for job in self.jobs.values():
            if job.process is None and not job.lost and running < self.room:
                job.process = subprocess.Popen(job.asked["entrypoint"], shell=True, start_new_session=True)
                running += 1

    def lose(self, job_id: str) -> None:
        """The machine of that job goes, and its process with it."""
        job = self.jobs[job_id]
        job.lost = True
        if job.process:
            job.process.kill()
            job.process.wait()

    def answer(self, method: str, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        self.begin()
        parts = path.strip("/").split("/")
        if path == "/api/v0/nodes":
            row = {
                "node_ip": "10.0.0.7",
                "state": "ALIVE",
                "resources_total": {"memory": 24644398080.0, "CPU": self.cores, "GPU": self.gpus},
            }
            gone = {"node_ip": "10.0.0.8", "state": "DEAD", "resources_total": {}}
            return 200, {"data": {"result": {"result": [row, gone]}}}
        if method == "POST" and path == "/api/jobs/":
            name = body["submission_id"]
            if self.refuses:
                return 400, f"Traceback (most recent call last):\nValueError: {self.refuses}"
            if name in self.jobs:
                return 500, f"RuntimeError: Job {name} already exists"
            self.jobs[name] = FakeJob(body)
            self.begin()
            return 200, {"submission_id": name}
        job = self.jobs.get(parts[2])
        if job is None:
            return 404, f"Job {parts[2]} does not exist"
        if parts[-1] == "stop":
            job.stopped = True
            if job.process and job.process.poll() is None:
                job.process.terminate()
            return 200, {"stopped": True}
        return 200, job.told


def _handler(cluster: FakeRay) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._do("GET")

        def do_POST(self) -> None:
            self._do("POST")

        def _do(self, method: str) -> None:
            cluster.tokens.append(self.headers.get("Authorization"))
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else {}
            code, told = cluster.answer(method, self.path, body)
            said = (told if isinstance(told, str) else json.dumps(told)).encode()
            self.send_response(code)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: object) -> None:
            pass

    return Handler


class Elsewhere:
    """Web servers that are no cluster: each answers everything with one status, headers and content."""

    def __init__(self) -> None:
        self._servers: list[ThreadingHTTPServer] = []
        self.asked = 0

    def __call__(self, status: int, content: bytes = b"", **headers: str) -> str:
        """Begin one; returns its address."""
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked += 1
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._servers.append(server)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}"

    def end(self) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()
