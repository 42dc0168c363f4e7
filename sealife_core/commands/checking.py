"""The check before every launch from the command line."""

from collections.abc import Iterable

from sealife_core.commands.output import Output
from sealife_core.config import Request
from sealife_core.datasets.dataset import open_dataset


def check_launch(request: Request, output: Output, tags: Iterable[str] = ()) -> None:
    """Print notes on ``request``. Raises ConfigError with every reason why it would fail."""
    from sealife_core.launching.launch_checks import problems_of, refuse_impossible

    problems = problems_of(request, open_dataset(request.data), tags=tags)
    refuse_impossible(problems)
    for problem in problems:
        output.say(f"Note: {problem.says}")
