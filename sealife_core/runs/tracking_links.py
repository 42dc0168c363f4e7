"""Where else a run is recorded: what the environment of its launch asked for, and where the record can be found.

The process of a run is started by a dispatcher, which has the environment of the process that first queued a run. The
variables of Weights & Biases that count are therefore those of the launch, stored in ``launch.json``: never a key,
which the worker finds where ``wandb login`` has put it, or in its own environment.
"""

import os
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sealife_core.config import PROJECT, AnyConfig, project_problem
from sealife_core.environment import (
    WANDB_BASE_URL,
    WANDB_MODE,
    WANDB_OF_A_RUN,
    WANDB_OF_A_STUDY,
    WANDB_PROJECT,
    WANDB_RUN_ID,
    WANDB_SWEEP_ID,
)
from sealife_core.runs.files import readable_json
from sealife_core.runs.run import Run

LAUNCH = "launch.json"
WANDB, TENSORBOARD = "wandb", "tensorboard"  # folders of a run
OFFLINE = "offline-run-*"  # the folder of an attempt that Weights & Biases recorded offline
OF_A_STUDY = tuple(one.name for one in WANDB_OF_A_STUDY)
CARRIED = (*OF_A_STUDY, *(one.name for one in WANDB_OF_A_RUN))


# Limits of wandb.init (wandb/sdk/wandb_settings.py), and of its server for a group, a name and a kind of run.
TAG_LENGTH, NAME_LENGTH = 64, 128
_NOT_IN_ID = ":;,#?/'"


@dataclass(frozen=True)
class TrackingLink:
    """One record of a run elsewhere: a page (``url``), or local files that ``command`` sends or shows."""

    name: str
    says: str
    url: str = ""
    command: str = ""


def launch_variables() -> dict[str, str]:
    """The environment variables that count for a run that this process launches. An address that contains a password
    is left out."""
    ours = dict(os.environ)
    found = {name: ours[name] for name in CARRIED if ours.get(name)}
    return {name: value for name, value in found.items() if "://" not in value or "@" not in value}


def launched_with(run: Run) -> dict[str, str]:
    """The variables that :func:`launch_variables` found when the run was made; {} for a run of an older version."""
    found = readable_json(run.path / LAUNCH)
    return {name: value for name, value in found.items() if name in CARRIED and isinstance(value, str)}


def variables_for(study: Run | None) -> dict[str, str]:
    """The variables of a run that is being made: those of this process, or of the ``study`` that it is a part of."""
    if study is None:
        return launch_variables()
    return {name: value for name, value in launched_with(study).items() if name in OF_A_STUDY}


def wandb_mode(asked: str, variables: Mapping[str, str]) -> str:
    """'off', 'offline' or 'on', from the setting ``wandb`` and the variables of the launch."""
    mode = WANDB_MODE.text(variables).lower()
    if mode == "disabled":
        return "off"
    if asked != "environment":
        return asked
    known = {"online": "on", "run": "on", "shared": "on", "offline": "offline", "dryrun": "offline"}
    return known.get(mode, "on" if WANDB_SWEEP_ID.text(variables) else "off")


def wandb_project(asked: str, variables: Mapping[str, str]) -> str:
    """The project that a run is recorded in: the one ``asked`` for, unless that is left to WANDB_PROJECT."""
    return asked if asked != PROJECT else WANDB_PROJECT.text(variables, PROJECT)


def wandb_problems(config: AnyConfig, tags: Iterable[str], variables: Mapping[str, str]) -> list[str]:
    """A sentence for each thing that a person has set and wandb refuses, so that nothing would be recorded.

    Names that are made from others (of a study, of a run) are shortened instead: :func:`shortened`.
    """
    if wandb_mode(config.wandb, variables) == "off":
        return []
    found = [
        f"The tag '{shortened(tag, 24)}' has {len(tag)} characters; Weights & Biases takes at most {TAG_LENGTH}."
        " Shorten it, or set wandb to 'off'."
        for tag in tags
        if len(tag) > TAG_LENGTH
    ]
    wrong = project_problem(wandb_project(config.wandb_project, variables))
    if wrong and not WANDB_SWEEP_ID.text(variables):
        found.append(
            f"WANDB_PROJECT is '{shortened(WANDB_PROJECT.text(variables), 60)}'; Weights & Biases takes {wrong}."
            " Change it, or set wandb_project."
        )
    run_id = WANDB_RUN_ID.text(variables)
    if run_id != run_id.strip() or set(run_id) & set(_NOT_IN_ID):
        found.append(
            f"WANDB_RUN_ID is '{shortened(run_id, 60)}'; Weights & Biases takes an id without {' '.join(_NOT_IN_ID)}"
            " and without spaces around it. Change it, or leave it out."
        )
    address = WANDB_BASE_URL.text(variables)
    if address and not address.startswith(("http://", "https://")):
        found.append(
            f"WANDB_BASE_URL is '{shortened(address, 60)}'; expected an address that begins with http:// or https://."
        )
    return found


def shortened(text: str, length: int) -> str:
    """``text`` of at most ``length`` characters, with … where it was cut."""
    return text if len(text) <= length else f"{text[: length - 1]}…"


def wandb_tags(tags: Iterable[str]) -> list[str]:
    """``tags`` as wandb accepts them: cut where they are too long, without empty and repeated ones."""
    return list(dict.fromkeys(shortened(tag, TAG_LENGTH) for tag in tags if tag))


def tracking_links(run: Run) -> list[TrackingLink]:
    """Where ``run`` is recorded beside its own directory; no server is asked."""
    found = []
    url = (run.environment().get("tracking") or {}).get("wandb_url") or ""
    if url.startswith(("http://", "https://")):
        found.append(TrackingLink("Weights & Biases", "sent as it trains", url=url))
    if waiting := unsent(run):
        found.append(TrackingLink("Weights & Biases", "recorded offline; send it with", command=sync_command(*waiting)))
    if _matching(run.path / TENSORBOARD, "events.out.tfevents.*"):
        command = f"tensorboard --logdir {shlex.quote(str(run.path / TENSORBOARD))}"
        found.append(TrackingLink("TensorBoard", "event files; view them with", command=command))
    return found


def unsent(run: Run) -> list[Path]:
    """The folders of what was recorded offline and is not sent yet, the oldest first."""
    return [folder for folder in _matching(run.path / WANDB, OFFLINE) if not _matching(folder, "*.synced")]


def _matching(folder: Path, pattern: str) -> list[Path]:
    """The entries of ``folder`` of that pattern, sorted; none if it cannot be read."""
    try:
        return sorted(folder.glob(pattern))
    except OSError:
        return []


def sync_command(*folders: Path) -> str:
    """The shell command that sends ``folders`` to Weights & Biases."""
    return " ".join(["wandb sync", *(shlex.quote(str(folder)) for folder in folders)])
