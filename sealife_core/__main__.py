"""The whole path from a shell: import, reef, data, train, study, search, sweep, runs, predict, compare, demo."""

import argparse
import sys

from sealife_core.commands import calibrating, data, predict, recipes, runs, searching, studies, sweep, training
from sealife_core.commands.output import Output
from sealife_core.errors import SealifeError


def build_parser() -> argparse.ArgumentParser:
    """The whole command line."""
    parser = argparse.ArgumentParser(prog="python -m sealife_core", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for group in (data, training, studies, searching, sweep, calibrating, recipes, runs, predict):
        group.add_commands(commands)
    for command in commands.choices.values():
        command.add_argument("--json", action="store_true", help="print JSON instead of text")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run one command. Returns the exit status: 0 done, 1 refused with a sentence on stderr, 130 interrupted."""
    chosen = build_parser().parse_args(arguments)
    output = Output(as_json=chosen.json)
    try:
        return chosen.run(chosen, output) or 0
    except SealifeError as error:
        output.problem(str(error))
        return 1
    except KeyboardInterrupt:
        output.problem("Interrupted.")
        return 130


if __name__ == "__main__":
    sys.exit(main())
