"""Which device and which number format to train with: what the machine has, unless the config insists."""

from dataclasses import dataclass
from typing import Literal

import torch

from sealife_core.config import TrainingSettings
from sealife_core.errors import ConfigError

LightningPrecision = Literal["32-true", "bf16-mixed"]


@dataclass(frozen=True)
class Hardware:
    """The choice made, in our words (``device``, ``precision``) and in Lightning's."""

    device: Literal["cpu", "cuda"]
    precision: Literal["fp32", "bf16"]

    @property
    def accelerator(self) -> str:
        """Lightning's name of the device."""
        return "gpu" if self.device == "cuda" else "cpu"

    @property
    def lightning_precision(self) -> LightningPrecision:
        """Lightning's name of the number format."""
        return "bf16-mixed" if self.precision == "bf16" else "32-true"

    @property
    def autocast(self) -> torch.autocast:
        """The context in which the forward pass of this choice runs, for code outside a Trainer."""
        return torch.autocast(self.device, dtype=torch.bfloat16, enabled=self.precision == "bf16")


def choose_hardware(config: TrainingSettings) -> Hardware:
    """Resolve ``auto``. Raises ConfigError when the config insists on a GPU that is not there."""
    if config.device == "cuda" and not torch.cuda.is_available():
        raise ConfigError(["'device' is 'cuda', but this machine has no usable GPU. Choose 'auto' or 'cpu'."])
    device = "cuda" if config.device != "cpu" and torch.cuda.is_available() else "cpu"
    if config.precision != "auto":
        return Hardware(device, config.precision)
    return Hardware(device, "bf16" if _computes_bf16(device) else "fp32")


def _computes_bf16(device: str) -> bool:
    """Whether bf16 is arithmetic of the processor itself; emulated, it would be slower than fp32."""
    if device == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    capabilities = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16") or capabilities.get("bf16"))
