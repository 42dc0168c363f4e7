"""What an embed run is asked to do: nothing is trained; an encoder as it is looks at every image."""

from typing import Literal

from pydantic import model_validator

from sealife_core.config.runs import TrainingSettings, Weights, encoder_from


class EmbedConfig(TrainingSettings):
    """Embeddings of any encoder on any data set, so that baselines can be looked at too."""

    kind: Literal["embed"] = "embed"
    weights: Weights = encoder_from("imagenet")

    @model_validator(mode="after")
    def _nothing_is_shared(self) -> "EmbedConfig":
        if self.devices > 1:
            raise ValueError(f"A run without training uses one device; got devices {self.devices}. Set devices to 1.")
        return self

    @property
    def method(self) -> str:
        """What the field calls an encoder with these weights."""
        named = {"random": "Untrained encoder", "imagenet": "Pre-trained encoder"}
        return self.marked(named.get(self.weights, "Encoder as it is"))
