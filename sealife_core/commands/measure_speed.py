"""``measure-speed``: how fast this machine trains, so that times can be estimated before the first run."""

import argparse
from typing import Any

from sealife_core.commands.output import Output
from sealife_core.errors import SealifeError
from sealife_core.runs.costs import machine_speed
from sealife_core.runs.costs.machine_speed import Ending
from sealife_core.wording import rate_said


def add_commands(commands: Any) -> None:
    """Add this group's command to the command line."""
    parser = commands.add_parser(
        "measure-speed",
        aliases=["calibrate"],  # its name in earlier releases
        help="measure how fast this machine trains (15 s), to estimate how long runs take",
    )
    parser.add_argument("--device", choices=["auto", "cpu", "cuda"], default="auto", help="default auto")
    parser.set_defaults(run=measure_speed)


def measure_speed(chosen: argparse.Namespace, output: Output) -> None:
    """Measure, unless a measurement is running. How it ended is recorded for the dashboard."""
    if not machine_speed.claim(chosen.device):
        output.result({"images_per_s": None}, "This machine is already being measured. Wait until that has ended.")
        return
    try:
        from sealife_core.training.speed_measurement import measure

        rate = measure(chosen.device, give_way=machine_speed.runs_active)
    except BaseException as error:
        said = str(error) if isinstance(error, SealifeError) else f"{type(error).__name__}: {error}"
        machine_speed.end(Ending.FAILED, said)
        raise
    machine_speed.end(Ending.MEASURED if rate is not None else Ending.GAVE_WAY)
    said = "A run was launched, so the measurement stopped. The run measures the speed after its first epoch."
    if rate is not None:
        said = f"{rate_said(rate)}: ResNet18 in a standard SimCLR run. Times are estimated from it."
    output.result({"images_per_s": rate}, said)
