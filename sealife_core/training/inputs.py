"""From a batch of decoded images to what a network gets."""

from torch import Tensor

from sealife_core.config import TrainingSettings
from sealife_core.models.facts import facts
from sealife_core.views.sampling import ViewParameters
from sealife_core.views.transforms import apply_views


def network_inputs(
    images: Tensor, parameters: ViewParameters, config: TrainingSettings, out: Tensor | None = None
) -> Tensor:
    """images (n, S, S, 3) uint8 → (v, 3, H, H) float32, channels-last, normalised for the encoder of ``config``.

    ``parameters`` are of v views, n or several times n: view j is of image j mod n. ``out``, where given, is filled and
    returned.
    """
    known = facts(config.encoder)
    return apply_views(images, parameters, config.image_size_px, colours=(known.mean, known.std), out=out)
