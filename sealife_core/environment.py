"""The environment variables that this program reads or sets, its own and those of others, each through its object here.

``docs/environment.md`` lists them.
"""

import os
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from sealife_core.errors import SealifeError

T = TypeVar("T")


@dataclass(frozen=True)
class Variable(Generic[T]):
    """``default`` holds where the variable is not set or is empty. ``parse`` raises ValueError for a text that is not
    ``expected``."""

    name: str
    meaning: str
    default: T
    parse: Callable[[str], T]
    expected: str = "text"

    def value(self, environ: Mapping[str, str] | None = None) -> T:
        """What it is set to now, in ``environ`` or else in this process. Raises SealifeError for a damaged text."""
        text = (os.environ if environ is None else environ).get(self.name, "")
        try:
            return self.parse(text) if text else self.default
        except ValueError:
            raise SealifeError(f"{self.name} is {text[:100]!r}; expected {self.expected}. Change it.") from None


class OtherVariable(NamedTuple):
    """A variable of another program; ``docs/environment.md`` says of which, and what it means here."""

    name: str

    def text(self, environ: Mapping[str, str] | None = None, default: str = "") -> str:
        """As it is set now, in ``environ`` or else in this process; ``default`` where it is not set."""
        return (os.environ if environ is None else environ).get(self.name, default)

    def is_set(self, environ: Mapping[str, str] | None = None) -> bool:
        """Whether it is set, be it to nothing: to some programs that means something else."""
        return self.name in (os.environ if environ is None else environ)


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.replace(",", " ").split())


def _one_of(*words: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in words:
            raise ValueError
        return text

    return parse


HOME = Variable(
    "SEALIFE_HOME", "The folder of `data/` and `checkpoints/`. Not set: the folder of this project.", "", str
)
HOSTS = Variable(
    "SEALIFE_HOSTS",
    "Host names under which the dashboard may be opened, for example that of a reverse proxy. Separated by commas or"
    " spaces. localhost, IP addresses and this machine's own name need no entry.",
    (),
    _names,
)
CLUSTERS = Variable(
    "SEALIFE_CLUSTERS",
    "Addresses of Ray clusters that may carry out runs, for example `http://HEAD:8265`. Separated by commas or spaces.",
    (),
    _names,
)
RESERVED_DEVICES = Variable(
    "SEALIFE_RESERVED_DEVICES",
    "Devices that are kept free for other programs, for example `cuda:1,cuda:3`. Separated by commas or spaces.",
    (),
    _names,
)
READY_MINUTES = Variable(
    "SEALIFE_READY_MINUTES",
    "How many minutes a pre-warmed worker waits for the next run after the last sign that someone wants to train. 0:"
    " there is none.",
    10.0,  # as long as a person looks at the form, or at the run that has just ended, before launching the next
    float,
    "a number of minutes",
)
STOP_GRACE_S = Variable(
    "SEALIFE_STOP_GRACE_S",
    "How many seconds a run has to stop by itself before its process is ended.",
    60.0,  # a batch and a checkpoint of the slowest recipe take some 20 s
    float,
    "a number of seconds",
)
WORKER_COMMAND = Variable(
    "SEALIFE_WORKER_COMMAND",
    "The command that carries out a run, in place of `python -m sealife_core.worker`; the run directory is appended."
    " With it there is no pre-warmed worker.",
    (),
    lambda text: tuple(shlex.split(text)),
    "a command as a shell takes it",
)
FAST_CONVOLUTIONS = Variable(
    "SEALIFE_FAST_CONVOLUTIONS",
    "Convolutions in training on a processor. `off`: only PyTorch's own; `on`: the faster ones, without measuring;"
    " `auto`: those that a short measurement on this machine finds faster.",
    "auto",
    _one_of("auto", "on", "off"),
    "auto, on or off",
)
ATTEMPT = Variable(
    "SEALIFE_ATTEMPT",
    "Set by the program for a worker in a cluster: the attempt that it was started for. If the run has been started"
    " again elsewhere meanwhile, this worker finds a later attempt on disk and ends.",
    None,
    int,
    "a whole number",
)

CUDA_VISIBLE_DEVICES = OtherVariable("CUDA_VISIBLE_DEVICES")
OMP_NUM_THREADS = OtherVariable("OMP_NUM_THREADS")
PYTHONUNBUFFERED = OtherVariable("PYTHONUNBUFFERED")
LOCAL_RANK, MASTER_ADDR, MASTER_PORT = map(OtherVariable, ("LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT"))
TORCH_HOME, XDG_CACHE_HOME = map(OtherVariable, ("TORCH_HOME", "XDG_CACHE_HOME"))
RAY_API_SERVER_ADDRESS = OtherVariable("RAY_API_SERVER_ADDRESS")
RAY_AUTH_TOKEN, RAY_AUTH_TOKEN_PATH = map(OtherVariable, ("RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"))
WANDB_OF_A_STUDY = WANDB_MODE, WANDB_PROJECT, WANDB_BASE_URL, *_ = tuple(
    map(OtherVariable, ("WANDB_MODE", "WANDB_PROJECT", "WANDB_BASE_URL", "WANDB_ENTITY", "WANDB_RUN_GROUP"))
)
WANDB_OF_A_RUN = WANDB_RUN_ID, WANDB_SWEEP_ID, _ = tuple(
    map(OtherVariable, ("WANDB_RUN_ID", "WANDB_SWEEP_ID", "WANDB_SWEEP_PARAM_PATH"))
)
WANDB_REMOVED = tuple(map(OtherVariable, ("WANDB_DIR", "WANDB_SERVICE")))
WANDB_SET = tuple(map(OtherVariable, ("WANDB_SILENT", "WANDB_ERROR_REPORTING", "WANDB_DATA_DIR", "WANDB_CACHE_DIR")))
