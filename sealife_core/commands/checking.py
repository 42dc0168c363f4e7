"""What every command that launches something asks first."""

from collections.abc import Iterable

from sealife_core.commands.output import Output
from sealife_core.config import Request
from sealife_core.datasets.dataset import open_dataset


def check_launch(request: Request, output: Output, tags: Iterable[str] = ()) -> None:
    """Say what ``request`` will have to do without. Raises ConfigError with every reason why it would fail."""
    from sealife_core.launching.launch_checks import problems_of, refuse_impossible

    problems = problems_of(request, open_dataset(request.data), tags=tags)
    refuse_impossible(problems)
    for problem in problems:
        output.say(f"Note: {problem.says}")
