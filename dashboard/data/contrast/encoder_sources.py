"""The encoders that the Contrast page can look through, and their names in links."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sealife_core.config import RECIPES, SimclrConfig, ViewRecipe
from sealife_core.evaluation.embeddings.stored_embeddings import model_epochs
from sealife_core.runs.run import MODEL, Run
from sealife_core.views.recipes import recipes

if TYPE_CHECKING:  # it imports torch
    from sealife_core.evaluation.contrast.view_encoder import ViewEncoder

UNTRAINED, IMAGENET = "untrained", "imagenet"
UNTRAINED_NETWORK, UNTRAINED_PX = "resnet18", 96
COMES_ALONG = "tf_efficientnet_lite0"  # its ImageNet weights are installed with the program
MOST_ENCODERS = 3  # beside each other: more lines in a small chart are not told apart
VOTING_PX = 96  # of pictures on whose class neighbours vote: many pictures in few seconds


@dataclass(frozen=True)
class EncoderSource:
    """An encoder to look through. spec: its name in a link; epoch: of a run, None for its end."""

    spec: str
    title: str
    run: Run | None = None
    epoch: int | None = None

    def opened(self) -> "ViewEncoder":
        """Imports torch. Raises WeightsError."""
        from sealife_core.evaluation.contrast import view_encoder

        if self.run is not None:
            return view_encoder.of_run(self.run, self.epoch)
        if self.spec == IMAGENET:
            return view_encoder.imagenet(COMES_ALONG)
        return view_encoder.untrained(UNTRAINED_NETWORK, UNTRAINED_PX)


OF_IMAGENET = EncoderSource(IMAGENET, "ImageNet (EfficientNet-Lite0)")


def sources(runs: Sequence[Run], name_of: dict[str, str]) -> list[EncoderSource]:
    """ImageNet's encoder, an untrained one, and the SimCLR runs among ``runs`` that have a model, as they ended.

    name_of: what each run is called, by its id.
    """
    found = [OF_IMAGENET, EncoderSource(UNTRAINED, "Untrained (ResNet18)")]
    return found + [EncoderSource(run.id, name_of[run.id], run) for run in runs if is_simclr(run)]


def at_epochs(source: EncoderSource) -> list[EncoderSource]:
    """``source`` as it was after each epoch whose model was stored, in order; itself last."""
    if source.run is None:
        return [source]
    earlier = [
        EncoderSource(f"{source.spec}@{epoch}", f"{source.title}, {_after(epoch)}", source.run, epoch)
        for epoch in model_epochs(source.run.path)
    ]
    return [*earlier, source]


def usual_encoders(sources: Sequence[EncoderSource]) -> list[str]:
    """Which of ``sources`` to begin with: a SimCLR run, the same before training, and ImageNet's."""
    specs = [source.spec for source in sources]
    run = next((source.spec for source in sources if source.run), UNTRAINED)
    return [spec for spec in (run, f"{run}@0", IMAGENET) if spec in specs]


def usual_views(source: EncoderSource, offered: Sequence[EncoderSource]) -> ViewRecipe:
    """The views that ``source`` learned from. Of an encoder that learned without views those of the first of
    ``offered``, so that a run is compared with it on the same views; else SimCLR's."""
    for one in (source, *offered[:1]):
        config = one.run and one.run.config()
        if isinstance(config, SimclrConfig):
            return config.views
    return RECIPES["SimCLR"]


def trained_otherwise(source: EncoderSource, data: str, recipe: ViewRecipe) -> str:
    """How ``source`` was trained, where that was not with ``recipe`` on the data set ``data``; else ""."""
    config = source.run and source.run.config()
    if not isinstance(config, SimclrConfig) or source.epoch == 0:
        return ""
    parts = []
    if config.views != recipe:
        own = next((f"the recipe {name}" for name, one in recipes().items() if one == config.views), "another recipe")
        parts.append(f"with {own}")
    if config.data != data:
        parts.append(f"on {config.data}")
    if not config.normalised:
        parts.append("by dot product in place of cosine")
    return f"{source.title} was trained {' '.join(parts)}." if parts else ""


def _after(epoch: int) -> str:
    return f"after epoch {epoch}" if epoch else "before training"


def is_simclr(run: Run) -> bool:
    """Whether ``run`` is a SimCLR run that has a model."""
    return isinstance(run.config_or_none(), SimclrConfig) and (run.path / MODEL).is_file()
