"""Which parts of a study earlier runs have answered already, so that nothing is trained twice."""

import json
from collections.abc import Collection
from pathlib import Path

from sealife_core.config import AnyConfig, Request, StudyConfig, parse, trained_settings
from sealife_core.runs.directory import parts_of, single_runs
from sealife_core.runs.liveness import State
from sealife_core.runs.run import Run

# Settings of the machine do not change the result.
NO_MATTER = frozenset({"device", "devices", "threads", "where", "cluster_cores"})


def fingerprint(request: Request) -> str:
    """Equal for two requests with the same settings and data, wherever they run and are recorded."""
    settings = {path: value for path, value in trained_settings(request).items() if path not in NO_MATTER}
    return json.dumps(settings, sort_keys=True)


def finished_runs(root: Path) -> dict[str, Run]:
    """Fingerprint → the newest finished run with it."""
    oldest_first = reversed(single_runs(root))
    return {fingerprint(run.request()): run for run in oldest_first if run.state() is State.FINISHED}


def unnoted_runs(study: Run, noted: Collection[str]) -> dict[str, Run]:
    """Fingerprint → the newest run that ``study`` made but did not record in ``noted``: it was killed in between."""
    made = [run for run in reversed(parts_of(study)) if run.id not in noted and run.state() is not State.DAMAGED]
    return {fingerprint(run.request()): run for run in made}


def answered_parts(study: StudyConfig, root: Path) -> dict[str, Run]:
    """Part key → the run that answered it before the study began; if it starts from another part, that too."""
    there, keys = finished_runs(root), {part.key for part in study.parts}
    found: dict[str, Run] = {}
    for part in study.parts:
        source, config = part.source(keys), part.config
        if source is not None:
            if source not in found:
                continue
            config = with_weights(config, found[source].id)
        run = there.get(fingerprint(config))
        if run is not None:
            found[part.key] = run
    return found


def with_weights(config: AnyConfig, run_id: str) -> AnyConfig:
    """``config`` with the weights of the run with this id."""
    return parse(type(config), config.model_dump() | {"weights": f"run:{run_id}"})
