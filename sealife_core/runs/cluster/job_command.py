"""What a machine of a cluster does for a run, as one line of its shell, and what its exit code says."""

import shlex
from pathlib import Path

from sealife_core.environment import ATTEMPT, CUDA_VISIBLE_DEVICES, HOME, OMP_NUM_THREADS, PYTHONUNBUFFERED, TORCH_HOME
from sealife_core.runs.cluster.ray_jobs import RayJob
from sealife_core.runs.files import LOG
from sealife_core.runs.run import STOP, Run
from sealife_core.runs.scheduling.spawning import PROJECT

NOT_SHARED, NOT_EXECUTABLE, NOT_THERE = 65, 126, 127  # exit codes: ours (EX_DATAERR), and the shell's own


def job_command(run: Run, worker: list[str], attempt: int, cores: int, gpus: int) -> str:
    """Go to the directory of ``run``, start ``worker`` there unless a stop was asked for, and log into the run."""
    told = {PYTHONUNBUFFERED.name: "1", OMP_NUM_THREADS.name: str(cores), ATTEMPT.name: str(attempt)}
    if TORCH_HOME.is_set():
        told[TORCH_HOME.name] = TORCH_HOME.text()
    if run.root.name == "checkpoints":
        told[HOME.name] = str(run.root.resolve().parent)
    if not gpus:
        told[CUDA_VISIBLE_DEVICES.name] = ""  # else Ray says which
    folder = str(run.path.resolve())
    assigned = [f"{name}={value}" for name, value in told.items()]
    carried_out = shlex.join(["exec", "env", *assigned, *worker, folder])
    where, log = shlex.quote(folder), shlex.quote(str(Path(folder) / LOG))
    begin = f"cd {where} || exit {NOT_SHARED}; [ ! -e {STOP} ] || exit 0; cd {shlex.quote(str(PROJECT))}"
    return f"{begin}; {carried_out} >> {log} 2>&1"


def missing_there(run: Run, worker: list[str], job: RayJob) -> tuple[str, str] | None:
    """(What the machine of an ended ``job`` lacks, what to do); None where its exit code says nothing of that kind."""
    if job.exit_code == NOT_SHARED:
        lacking = str(run.path.resolve())
        step = "Put data/ and checkpoints/ on storage that all machines have at the same path, then resume the run."
    elif job.exit_code in (NOT_EXECUTABLE, NOT_THERE):
        lacking = worker[0]
        step = "Install this program at the same path on every machine, or on shared storage, then resume the run."
    else:
        return None
    return f"The machine {job.node} of the cluster cannot find '{lacking}'.", step
