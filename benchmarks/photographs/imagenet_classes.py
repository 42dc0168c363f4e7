"""Are the ImageNet weights that come along the right ones, in the right places? Asked of real photographs.

    python -m benchmarks.photographs.imagenet_classes FOLDER [--each 150]

EfficientNet-Lite0 with its own classifier of 1,000 classes looks at the photographs below FOLDER (one sub-folder a
class). For each class that ImageNet has too, printed is how often the first guess, and one of the first five, is a
class of that animal. A tensor in a wrong place, or colours normalised in a wrong way, would leave next to nothing.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import timm
import torch
from PIL import Image, ImageOps
from timm.data import ImageNetInfo
from torch import nn

from benchmarks.measuring import Figure, arguments, tell_all
from sealife_core.datasets.decoding.squares import to_square
from sealife_core.models.imagenet import imagenet_files
from sealife_core.models.known import facts
from sealife_core.models.tensor_files import read_tensors
from sealife_core.models.timm_naming import lite0_named
from sealife_core.wording import counted

NETWORK = "tf_efficientnet_lite0"
BATCH_SIZE = 16
# Folder → the synsets (WordNet) of ImageNet's classes that are this animal.
SYNSETS: dict[str, tuple[str, ...]] = {
    "Corals": ("n01917289", "n09256479"),
    "Crabs": ("n01978287", "n01978455", "n01980166", "n01981276", "n01986214"),
    "Eel": ("n02526121",),
    "Fish": (
        "n01440764", "n01443537", "n02514041", "n02536864", "n02606052", "n02607072", "n02640242", "n02641379",
        "n02643566",
    ),
    "Jelly Fish": ("n01910747",),
    "Lobster": ("n01983481", "n01984695", "n01985128"),
    "Nudibranchs": ("n01950731",),
    "Otter": ("n02444819",),
    "Penguin": ("n02056570",),
    "Puffers": ("n02655020",),
    "Sea Rays": ("n01496331", "n01498041"),
    "Sea Urchins": ("n02319095",),
    "Seal": ("n02077923",),
    "Sharks": ("n01484850", "n01491361", "n01494475"),
    "Starfish": ("n02317335",),
    "Turtle_Tortoise": ("n01664065", "n01665541", "n01667114", "n01667778", "n01669191"),
    "Whale": ("n02066245", "n02071294"),
}  # fmt: skip


def network_with_classifier() -> nn.Module:
    """EfficientNet-Lite0 with ImageNet's 1,000 classes and the weights that come along, in evaluation mode."""
    net = timm.create_model(NETWORK)
    net.load_state_dict(lite0_named(read_tensors(next(imagenet_files(NETWORK))[0])))
    return net.eval()


def first_five(net: nn.Module, files: Sequence[Path]) -> np.ndarray:
    """(n, 5): the five likeliest of ImageNet's classes for each of ``files``, squashed to a square as in training."""
    known = facts(NETWORK)
    mean, std = (torch.tensor(colours).view(3, 1, 1) for colours in (known.mean, known.std))

    def batches() -> Iterator[torch.Tensor]:
        for start in range(0, len(files), BATCH_SIZE):
            squares = [np.asarray(_square(file, known.own_px)) for file in files[start : start + BATCH_SIZE]]
            yield (torch.from_numpy(np.stack(squares)).permute(0, 3, 1, 2) / 255 - mean) / std

    with torch.inference_mode():
        return torch.cat([net(images).topk(5).indices for images in batches()]).numpy()


def shares_right(net: nn.Module, folder: Path, each: int) -> Iterator[tuple[str, int, float, float]]:
    """(class, n, share whose first guess is right, share with a right one among five) of every class in ``folder``."""
    names = ImageNetInfo()
    index = {names.index_to_label_name(place): place for place in range(names.num_classes())}
    for name, synsets in SYNSETS.items():
        files = sorted(file for file in (folder / name).glob("*") if file.suffix.lower() in (".jpg", ".jpeg", ".png"))
        if files[:each]:
            right = np.isin(first_five(net, files[:each]), [index[synset] for synset in synsets])
            yield name, len(right), float(right[:, 0].mean()), float(right.any(axis=1).mean())


def _square(file: Path, size_px: int) -> Image.Image:
    with Image.open(file) as picture:
        return to_square(ImageOps.exif_transpose(picture).convert("RGB"), size_px)


def measure(folder: Path, each: int) -> Iterator[Figure]:
    """A line a class, how often the first guess is right; then both shares of all photographs."""
    found = list(shares_right(network_with_classifier(), folder, each))
    for name, n, first, five in found:
        classes = counted(len(SYNSETS[name]), "class of ImageNet's", "classes of ImageNet's")
        told = f"of {n} photographs; {100 * five:.0f} % among the first five; {classes}"
        yield Figure(f"ImageNet's own classes, first guess right: {name}", 100 * first, "%", "", told)
    n = sum(row[1] for row in found)
    for place, guess in ((2, "first guess"), (3, "one of the first five")):
        share = sum(row[1] * row[place] for row in found) / n
        yield Figure(f"ImageNet's own classes, {guess} right: all", 100 * share, "%", "≥ 60", f"of {n:,} photographs")


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--each", type=int, default=150, help="photographs of each class")
    chosen = parser.parse_args()
    tell_all(measure(chosen.folder, chosen.each), chosen.json)
