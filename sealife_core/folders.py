"""Where data sets and runs are: below ``SEALIFE_HOME`` if it is set, else below the folder of the project."""

from pathlib import Path

from sealife_core.environment import HOME
from sealife_core.errors import SealifeError, disk_problem


def home() -> Path:
    """The folder that holds ``data/`` and ``checkpoints/``."""
    chosen = HOME.value()
    return path_of(chosen).resolve() if chosen else Path(__file__).resolve().parent.parent


def data_root() -> Path:
    """The folder of all data sets, one directory each."""
    return home() / "data"


def checkpoints_root() -> Path:
    """The folder of all runs, one directory each."""
    return home() / "checkpoints"


def path_of(text: str | Path) -> Path:
    """A path that a person wrote, ``~`` and ``~name`` resolved; it need not exist.

    Raises SealifeError if it can be no path here: an unknown user, a name that is too long, a folder without access.
    """
    short = f"{str(text)[:100]!r}"
    try:
        path = Path(text).expanduser()
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return path
    except RuntimeError:  # of expanduser
        user = Path(text).parts[0].removeprefix("~")
        whose = f"there is no user {user[:60]!r} on this machine" if user else "this user has no home folder"
        raise SealifeError(f"{short} is not a path: {whose}. Write the full path, beginning with '/'.") from None
    except ValueError:  # a NUL, or half a surrogate pair
        raise SealifeError(
            f"{short} is not a path: it has a character that no file name can have. Type it again."
        ) from None
    except OSError as error:
        what, step = disk_problem(error) or (f"{error}.", "Check the path")
        raise SealifeError(f"{short} cannot be checked. {what[:300]} {step}.") from None
    return path
