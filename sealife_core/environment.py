"""The environment variables of this program: all whose names begin with SEALIFE, each read through its object here.

``docs/environment.md`` lists them, and those of other programs that this one reads or sets.
"""

import os
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from sealife_core.errors import SealifeError

Value = TypeVar("Value")


@dataclass(frozen=True)
class Variable(Generic[Value]):
    """``default`` holds where the variable is not set or is empty. ``parse`` raises ValueError for a text that is not
    ``expected``."""

    name: str
    meaning: str
    default: Value
    parse: Callable[[str], Value]
    expected: str = "text"

    def value(self, environ: Mapping[str, str] | None = None) -> Value:
        """What it is set to now, in ``environ`` or else in this process. Raises SealifeError for a damaged text."""
        text = (os.environ if environ is None else environ).get(self.name, "")
        try:
            return self.parse(text) if text else self.default
        except ValueError:
            raise SealifeError(f"{self.name} is {text[:100]!r}; expected {self.expected}. Change it.") from None


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
