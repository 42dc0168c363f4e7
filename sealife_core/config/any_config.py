"""Any kind of config, as a field of another: told apart by ``kind``, a classifier also by its optimiser."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Discriminator, Tag

from sealife_core.config.embed import EmbedConfig
from sealife_core.config.fine_tune import FineTuneConfig
from sealife_core.config.probe import ProbeConfig
from sealife_core.config.simclr import SimclrConfig

AnyConfig = SimclrConfig | ProbeConfig | FineTuneConfig | EmbedConfig


def _tag(value: Any) -> Any:
    kind, optimiser = (
        value.get(name) if isinstance(value, Mapping) else getattr(value, name, None) for name in ("kind", "optimiser")
    )
    return "probe" if (kind, optimiser) == ("classifier", "lbfgs") else kind


_Simclr = Annotated[SimclrConfig, Tag("simclr")]
_Probe = Annotated[ProbeConfig, Tag("probe")]
_FineTune = Annotated[FineTuneConfig, Tag("classifier")]
_Embed = Annotated[EmbedConfig, Tag("embed")]
AnyField = Annotated[_Simclr | _Probe | _FineTune | _Embed, Discriminator(_tag)]
TrainedField = Annotated[_Simclr | _Probe | _FineTune, Discriminator(_tag)]
