"""Real workers on the tiny reef, several at a time, and a server that says what Weights & Biases would, or less."""

import base64
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from sealife_core.config import preset
from sealife_core.runs.directory import Run, create_run

KEY = "0123456789abcdef" * 2 + "deadbeef"
# A worker that waits for a server no longer than a test may take.
WORKER = """
import sys
from pathlib import Path
from sealife_core.training.tracking import wandb_run
from sealife_core.worker import main

wandb_run.START_S, wandb_run.FINISH_S = 4.0, 4.0
sys.exit(main(Path(sys.argv[1])))
"""
TINY: dict[str, Any] = {"image_size_px": 32, "precision": "fp32", "device": "cpu"}


class Bench:
    """A home with the reef in it, where runs are made and carried out by workers of their own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self._workers: list[tuple[Run, subprocess.Popen[bytes]]] = []

    def start(
        self, task: str, environment: dict[str, str] | None = None, notes: dict[str, Any] | None = None, **values: Any
    ) -> Run:
        """Launch a run in ``environment`` and begin to carry it out."""
        variables = {"WANDB_HTTP_TIMEOUT": "1", "OMP_NUM_THREADS": "1", **(environment or {})}
        with pytest.MonkeyPatch.context() as patch:
            for name, value in variables.items():
                patch.setenv(name, value)
            root = self.home / "checkpoints"
            run = create_run(preset(task, "Quick look", **(TINY | values)), root=root, **(notes or {}))
        command = [sys.executable, "-c", WORKER, str(run.path)]
        own = {"SEALIFE_HOME": str(self.home), "HOME": str(self.home / "person")}
        with (run.path / "log.txt").open("wb") as log:
            worker = subprocess.Popen(command, stdout=log, stderr=log, env=os.environ | own | variables)
        self._workers.append((run, worker))
        return run

    def wait(self) -> None:
        """Until all are done; each must have finished."""
        for run, worker in self._workers:
            worker.wait(timeout=240)
            assert run.status()["state"] == "finished", run.log_tail()
        self._workers.clear()


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory, drawn_reef: Path) -> Bench:
    """An empty bench."""
    home = tmp_path_factory.mktemp("bench")
    shutil.copytree(drawn_reef, home / "data" / "reef")
    (home / "person").mkdir()
    return Bench(home)


Server = Callable[[str], str]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """``server(kind)``: the address of a server that refuses ('401'), fails ('500'), or takes up a run and then fails
    ('fails later'). Wherever it fails it repeats the key it was given."""
    running: list[ThreadingHTTPServer] = []

    def start(kind: str) -> str:
        served = ThreadingHTTPServer(("127.0.0.1", 0), type("Answers", (_Answers,), {"kind": kind}))
        threading.Thread(target=served.serve_forever, daemon=True).start()
        running.append(served)
        return f"http://127.0.0.1:{served.server_port}"

    yield start
    for served in running:
        served.shutdown()
        served.server_close()


class _Answers(BaseHTTPRequestHandler):
    kind = ""

    def do_POST(self) -> None:
        """Answer a GraphQL query, or fail."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        answer = _taken_up(body) if self.kind == "fails later" else None
        status = 200 if answer is not None else 401 if self.kind == "401" else 500
        scheme, _, sent = self.headers.get("Authorization", "").partition(" ")
        key = base64.b64decode(sent).decode() if scheme == "Basic" else sent
        said = json.dumps({"data": answer}).encode() if answer is not None else f"your key is {key}".encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    do_GET = do_PUT = do_POST

    def log_message(self, *args: Any) -> None:
        """Nothing."""


def _taken_up(body: bytes) -> dict[str, Any] | None:
    """What the server answers while a run begins; None for all that comes later."""
    query = body.decode(errors="replace")
    entity = {"id": "e", "name": "me"}
    project = {"id": "p", "name": "sealife", "entity": entity}
    if "query Viewer" in query:
        return {"viewer": {"id": "v", "entity": "me", "username": "me", "flags": "{}", "teams": {"edges": []}}}
    if "RunResumeStatus" in query:
        return {"model": project | {"bucket": None}}
    if "upsertBucket" in query:
        bucket = {"id": "b", "name": json.loads(body)["variables"].get("name"), "displayName": "n", "config": "{}",
                  "description": "", "sweepName": None, "historyLineCount": 0, "project": project}  # fmt: skip
        return {"upsertBucket": {"bucket": bucket, "inserted": True}}
    return None
