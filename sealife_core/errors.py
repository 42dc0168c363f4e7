"""Every error this package raises on purpose.

    SealifeError
    ├── ConfigError      a setting is unknown, out of range or contradicts another
    ├── DatasetError     a data set cannot be imported, opened or used for what was asked
    ├── WeightsError     weights or a model file are missing, damaged or of another shape
    ├── RunError         a run cannot be found, launched, stopped, resumed or deleted
    ├── TrainingError    training cannot go on (non-finite loss, out of memory)
    └── BusyError        this machine has too much to do at this moment: the same may succeed later

The text of each says what, what was got, what was expected, and the next step, in one or two sentences that can be
shown to a person as they stand.
"""


class SealifeError(Exception):
    """Base class: its text is meant for the person in front of the screen."""


class ConfigError(SealifeError):
    """A setting is unknown, out of range or contradicts another. ``problems`` holds one sentence each."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


class DatasetError(SealifeError):
    """A data set cannot be imported, opened or used for what was asked."""


class WeightsError(SealifeError):
    """Weights or a model file are missing, damaged or of another shape."""


class RunError(SealifeError):
    """A run cannot be found, launched, stopped, resumed or deleted."""


class TrainingError(SealifeError):
    """Training cannot go on."""


class BusyError(SealifeError):
    """This machine has too much to do at this moment: the same may succeed later."""
