"""A worker that trains nothing: ``python fake_worker.py RUN_DIR``. The run's notes say, as JSON, what it does."""

import json
import os
import signal
import sys
import time
from pathlib import Path

from sealife_core.runs.run import Run
from sealife_core.runs.writer import RunWriter


def main(folder: Path) -> int:
    run = Run(folder)
    orders = json.loads(run.notes()["notes"] or "{}")
    with (run.root / "order.txt").open("a") as order:
        order.write(f"{run.id} {os.environ['CUDA_VISIBLE_DEVICES']!r}\n")
    print("fake worker begins", flush=True)
    if orders.get("crash_at_once"):
        raise ImportError("no module named 'starfish'")
    if orders.get("stubborn"):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    writer = RunWriter(run)
    writer.status(state="running", stage="training", steps=orders.get("steps", 3))
    for step in range(1, orders.get("steps", 3) + 1):
        if writer.stop_requested() and not orders.get("stubborn"):
            (folder / "model.safetensors").write_bytes(b"")
            writer.status(state="stopped", message="stopped when asked")
            return 0
        writer.metric(step, step / 10, **{"train/loss": 1 / step})
        writer.status(step=step)
        time.sleep(orders.get("step_s", 0.02))
    if orders.get("fail"):
        writer.status(state="failed", error={"what": "It went wrong.", "next": "Try another."})
        return 1
    (folder / "model.safetensors").write_bytes(b"")
    writer.status(state="finished", message="done")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
