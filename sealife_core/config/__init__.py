"""What a run is asked to do: frozen, typed, validated; one type a kind of run; presets."""

from reprlib import repr as shortened
from typing import Any

from sealife_core.config.ablations import BROKEN, marked
from sealife_core.config.any_config import AnyConfig
from sealife_core.config.classifier import ClassifierConfig, fewer_labels
from sealife_core.config.embed import EmbedConfig
from sealife_core.config.fine_tune import FineTuneConfig
from sealife_core.config.presets import IN_MINUTES, SIZES, TASKS, Task, inherited, preset, task_of
from sealife_core.config.probe import PENALTIES, ProbeConfig
from sealife_core.config.runs import (
    ALL_STAGES,
    CLUSTER,
    HERE,
    PROJECT,
    TrainingSettings,
    cluster_address,
    family_settings,
    flat_settings,
    project_problem,
    source_run,
    trained_settings,
)
from sealife_core.config.search import Axis, SearchConfig, axis_problems, build_search, searchable
from sealife_core.config.settings import Setting, Settings, bound, describe, flattened, nested, parse
from sealife_core.config.simclr import SimclrConfig, chance_loss
from sealife_core.config.study import Part, StudyConfig
from sealife_core.config.suggestion import suggested_axis
from sealife_core.config.views import LABELLED, RECIPES, ViewRecipe
from sealife_core.errors import ConfigError

Request = AnyConfig | StudyConfig | SearchConfig  # what any run may be asked
KINDS: dict[str, type[Any]] = {"simclr": SimclrConfig, "classifier": ClassifierConfig, "embed": EmbedConfig}


def load_config(values: dict[str, Any]) -> Request:
    """The config that ``values`` (of a ``config.json``) describe. Raises ConfigError with all problems."""
    every = KINDS | {"study": StudyConfig, "search": SearchConfig}
    kind = values.get("kind")
    if not isinstance(kind, str) or kind not in every:
        raise ConfigError([f"'kind' is {shortened(kind)}; expected one of {', '.join(map(repr, every))}."])
    return parse(every[kind], values)


__all__ = [
    "ALL_STAGES", "BROKEN", "CLUSTER", "HERE", "IN_MINUTES", "KINDS", "LABELLED", "PENALTIES", "PROJECT", "RECIPES",
    "SIZES", "TASKS", "AnyConfig", "Axis", "ClassifierConfig", "EmbedConfig", "FineTuneConfig", "Part", "ProbeConfig",
    "Request", "SearchConfig", "Setting", "Settings", "SimclrConfig", "StudyConfig", "Task", "TrainingSettings",
    "ViewRecipe", "axis_problems", "bound", "build_search", "chance_loss", "cluster_address", "describe",
    "family_settings", "fewer_labels", "flat_settings", "flattened", "inherited", "load_config", "marked", "nested",
    "parse", "preset", "project_problem", "searchable", "source_run", "suggested_axis", "task_of", "trained_settings",
]  # fmt: skip
