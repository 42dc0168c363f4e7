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

import matplotlib
import pytest

from sealife_core.config import preset
from sealife_core.runs.directory import create_run
from sealife_core.runs.run import Run

KEY = "0123456789abcdef" * 2 + "deadbeef"
# Workers that wait for a server no longer than a test may take. PyTorch is imported once for all of them.
WORKERS = """
import json, os, sys
from pathlib import Path
from sealife_core.worker import _leave, import_training, main

import_training()
from sealife_core.training.tracking import wandb_run

assert not {"wandb", "tensorboard"} & set(sys.modules), "no service is imported until a run asks for it"
wandb_run.START_S, wandb_run.FINISH_S = 6.0, 4.0
children = []
for order in json.load(sys.stdin):
    children.append(os.fork())
    if children[-1] == 0:
        os.environ.update(order["environment"])
        log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        for number in (1, 2):
            os.dup2(log, number)
        _leave(main(Path(order["run"])))
for child in children:
    os.waitpid(child, 0)
"""
TINY: dict[str, Any] = {"image_size_px": 32, "precision": "fp32", "device": "cpu"}


class Bench:
    """A home with the reef in it, where runs are made and carried out, several at a time, by real workers."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self._orders: list[dict[str, Any]] = []

    def add(
        self, task: str, environment: dict[str, str] | None = None, notes: dict[str, Any] | None = None, **values: Any
    ) -> Run:
        """Make a run in ``environment``."""
        variables = environment or {}
        with pytest.MonkeyPatch.context() as patch:
            for name, value in variables.items():
                patch.setenv(name, value)
            root = self.home / "checkpoints"
            run = create_run(preset(task, "Quick look", **(TINY | values)), root=root, **(notes or {}))
        self._orders.append({"run": str(run.path), "log": str(run.path / "log.txt"), "environment": variables})
        return run

    def carry_out(self) -> None:
        """All that were added; each must finish."""
        own = {"SEALIFE_HOME": str(self.home), "HOME": str(self.home / "person"), "OMP_NUM_THREADS": "1"}
        own["MPLCONFIGDIR"] = matplotlib.get_cachedir()  # else each would look through all fonts
        orders = json.dumps(self._orders).encode()
        subprocess.run([sys.executable, "-c", WORKERS], input=orders, env=os.environ | own, timeout=400, check=True)
        for order in self._orders:
            run = Run(Path(order["run"]))
            assert run.status()["state"] == "finished", run.log_tail()


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory, drawn_reef: Path, processes: None) -> Bench:
    """An empty bench."""
    home = tmp_path_factory.mktemp("bench")
    shutil.copytree(drawn_reef, home / "data" / "reef")
    (home / "person").mkdir()
    return Bench(home)


Server = Callable[[str], str]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """``server(kind)``: the address of a server that refuses ('401'), fails ('500'), knows the key but takes up no run
    ('no run'), or takes up a run and then fails ('fails later'). Wherever it fails it repeats the key it was given."""
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
        answer = _taken_up(body, self.kind)
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


def _taken_up(body: bytes, kind: str) -> dict[str, Any] | None:
    """What a server of that kind answers while a run begins; None where it fails."""
    query = body.decode(errors="replace")
    entity = {"id": "e", "name": "me"}
    project = {"id": "p", "name": "sealife", "entity": entity}
    if kind in ("no run", "fails later") and "query Viewer" in query:
        return {"viewer": {"id": "v", "entity": "me", "username": "me", "flags": "{}", "teams": {"edges": []}}}
    if kind != "fails later":
        return None
    if "RunResumeStatus" in query:
        return {"model": project | {"bucket": None}}
    if "upsertBucket" in query:
        bucket = {"id": "b", "name": json.loads(body)["variables"].get("name"), "displayName": "n", "config": "{}",
                  "description": "", "sweepName": None, "historyLineCount": 0, "project": project}  # fmt: skip
        return {"upsertBucket": {"bucket": bucket, "inserted": True}}
    return None
