"""Every step from a shell: data sets, runs, studies, searches, comparison and prediction."""

import argparse
import os
import sys
from functools import cache
from typing import Any, NoReturn

from sealife_core.commands import (
    classify,
    comparing,
    importing,
    measure_speed,
    predict,
    runs,
    search,
    studies,
    sweep,
    training,
    view_recipes,
)
from sealife_core.commands.datasets import manage
from sealife_core.commands.output import Output
from sealife_core.errors import SealifeError, disk_problem
from sealife_core.neutral import terminal_text

GROUPS = (
    importing, manage, classify, training, studies, search, sweep, measure_speed, view_recipes, runs, comparing,
    predict,
)  # fmt: skip


class _Parser(argparse.ArgumentParser):
    """Also the class of its sub-commands, all of which take ``--json``."""

    def __init__(self, **described: Any) -> None:
        super().__init__(**described)
        # Without a default: that of a sub-command would replace what its command was given.
        self.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print JSON instead of text")

    def error(self, message: str) -> NoReturn:
        """Exit with ``message``, in which control characters are written out."""
        super().error(terminal_text(message))


@cache
def build_parser() -> argparse.ArgumentParser:
    """The whole command line, with a flag for every setting of every task: 40 ms."""
    parser = _Parser(prog="python -m sealife_core", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for group in GROUPS:
        group.add_commands(commands)
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run one command. Returns the exit status: 0 done, 1 failed with a sentence on stderr, 130 interrupted."""
    chosen = build_parser().parse_args(arguments)
    output = Output(as_json="json" in chosen)
    try:
        status = chosen.run(chosen, output) or 0
        sys.stdout.flush()  # here, so that a full disk is reported as below
        return status
    except SealifeError as error:
        output.problem(str(error))
        return 1
    except BrokenPipeError:  # the reader of the output, such as `head`, has ended
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        output.problem("Interrupted.")
        return 130
    except Exception as error:
        if (problem := disk_problem(error)) is None:
            raise
        what, step = problem
        output.problem(f"{what} {step}, then try again.")
        return 1


if __name__ == "__main__":
    sys.exit(main())
