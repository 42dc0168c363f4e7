"""What finds crops that have lost the animal? Asked of the reef, whose drawing knows where the animal is.

    python -m benchmarks.embeddings.lost_animals

EfficientNet-Lite0 with its ImageNet weights looks at pictures at 224 px; crops are those of the recipe SimCLR. Lost is
a crop that keeps less than a quarter of the animal. Told is the area under the ROC curve of the share that a crop keeps
of several maps of the network, and of what needs no network; of the map that the Views page uses, precision and recall.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from sklearn.metrics import roc_auc_score
from torch import Tensor

from benchmarks.measuring import Figure, main
from benchmarks.photographs.imagenet_classes import NETWORK, network_with_classifier
from sealife_core.config import RECIPES
from sealife_core.datasets.reef import ANIMALS
from sealife_core.datasets.reef.picture import draw_covered
from sealife_core.evaluation.contrast.animal_activation import animal_activation
from sealife_core.evaluation.contrast.animal_share import LOST_BELOW, animal_share
from sealife_core.evaluation.contrast.view_encoder import ViewEncoder, imagenet
from sealife_core.views.sampling import centre_view, draw_views, generator_for
from sealife_core.views.transforms import apply_views, normalise

PICTURES, CROPS, SIZE_PX, LIKELIEST = 300, 50, 96, 5
USED = "strength of the last maps above its median"


def maps_of(seen: ViewEncoder, classifier: Any, picture: Tensor) -> Iterator[tuple[str, Tensor]]:
    """Name and map (rows, columns) of each way to say where the animal is, of a picture (1, 3, H, W) in [0, 1]."""
    yield USED, animal_activation(seen, picture)
    images = normalise(picture, seen.encoder.mean, seen.encoder.std)
    for stage in ("layer4", "layer3"):
        yield f"strength of the maps of {stage}", seen.encoder.until(stage, images)[0].norm(dim=0)
    features = classifier.forward_features(images)
    likeliest = classifier.forward_head(features)[0].topk(LIKELIEST).indices
    weights = classifier.classifier.weight[likeliest].mean(0)
    yield (
        f"class activation of the {LIKELIEST} likeliest classes",
        torch.einsum("c,chw->hw", weights, features[0]).relu(),
    )


@torch.inference_mode()
def measure() -> Iterator[Figure]:
    """A line a way, the best one's precision and recall last."""
    seen, classifier = imagenet(NETWORK), network_with_classifier()
    truth: list[Tensor] = []
    kept: dict[str, list[Tensor]] = {}
    for number in range(PICTURES):
        picture, cover = draw_covered(list(ANIMALS)[number % 10], SIZE_PX, 11, number // 10)
        square = torch.from_numpy(np.array(picture))[None]
        crops = draw_views(RECIPES["SimCLR"], torch.ones(CROPS), generator_for(1, number)).crop
        truth.append(animal_share(torch.from_numpy(cover), crops))
        whole = apply_views(square, centre_view(torch.ones(1)), seen.image_size_px)
        for name, activation in maps_of(seen, classifier, whole):
            kept.setdefault(name, []).append(animal_share(activation, crops))
        kept.setdefault("area of the crop", []).append(crops[:, 2:].prod(1))
        kept.setdefault("nearness to the middle", []).append(-(crops[:, :2] + crops[:, 2:] / 2 - 0.5).norm(dim=1))
    lost = torch.cat(truth) < LOST_BELOW
    for name, values in kept.items():
        yield Figure(
            f"lost animals: {name}", 100 * float(roc_auc_score(lost, -torch.cat(values))), "%", "", "area under ROC"
        )
    marked = torch.cat(kept[USED]) < LOST_BELOW
    told = f"{float(marked.float().mean()):.1%} of {len(lost):,} crops marked, {float(lost.float().mean()):.1%} lost"
    yield Figure("lost animals: precision of the mark", 100 * float(lost[marked].float().mean()), "%", "", told)
    yield Figure("lost animals: recall of the mark", 100 * float(marked[lost].float().mean()), "%", "", told)


if __name__ == "__main__":
    main(measure, __doc__)
