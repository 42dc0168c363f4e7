"""A trained encoder on any pictures.

A picture is decoded and prepared as evaluation prepares the images of a data set, so a file of it gets the same
embedding as in ``embeddings.npy``, except for rounding errors. Everything is computed on the CPU.
"""

import io
from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from jaxtyping import Float, Float32, UInt8
from PIL import Image, ImageOps
from torch import Tensor, nn

from sealife_core.datasets.dataset import open_dataset
from sealife_core.datasets.decoding.on_demand import UncheckedImages
from sealife_core.datasets.decoding.pixels import Pixels, cache_size_px, from_picture
from sealife_core.datasets.decoding.reading import decode, to_rgb
from sealife_core.datasets.decoding.squares import DECODED_AT
from sealife_core.errors import DatasetError, RunError
from sealife_core.evaluation.classification.out_of_distribution import OutOfDistribution, read_ood
from sealife_core.evaluation.embeddings.compute import embed
from sealife_core.models.checkpoint import load_model
from sealife_core.models.encoders import Encoder
from sealife_core.models.folding import folded
from sealife_core.opening import open_regular
from sealife_core.runs.run import Run
from sealife_core.views.sampling import centre_view
from sealife_core.views.transforms import apply_views

Picture = Path | bytes | Image.Image | np.ndarray
"""A file, the content of a file, a Pillow image, or RGB (H, W, 3) uint8."""

Square = tuple[UInt8[np.ndarray, "side side 3"], float]
"""A picture as in the cache of decoded images, and its width / height."""


class PictureEncoder:
    """The encoder in a folder: a run's, or a copy of ``model.safetensors`` and ``model.json`` alone.

    Raises WeightsError if the model is missing or damaged. Not thread-safe.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)
        self.encoder, self.head, self.card = load_model(self.folder)
        self.cache_px = self._cache_size()

    def features(self, pictures: Sequence[Picture]) -> Float32[np.ndarray, "n d"]:
        """h of ``pictures``, in their order. Raises DatasetError if a picture cannot be decoded."""
        return self.embedded(pixels_of([self.square(picture) for picture in pictures]))

    def embedded(self, pixels: Pixels, by: nn.Module | None = None) -> Float32[np.ndarray, "n d"]:
        """h of pictures, at least one; or the output of another module ``by``."""
        (mean, std), rows, size = self.colours, np.arange(len(pixels)), self.card.image_size_px
        return embed(
            by or self.folded, pixels, rows, image_size_px=size, mean=mean, std=std, precision=self.precision
        )  # fmt: skip

    @cached_property
    def folded(self) -> Encoder:
        """The encoder for features, not for gradients: half the time of :attr:`encoder`, the same but for rounding."""
        return folded(self.encoder)

    def unchecked(self, files: Sequence[Path]) -> UncheckedImages:
        """``files``, each decoded when a batch asks for it."""
        return UncheckedImages(files, self.cache_px, self.square)

    def seen(self, picture: Picture) -> Float[Tensor, "1 3 side side"]:
        """The centre crop in 0 … 1, as in evaluation."""
        images, aspects = pixels_of([self.square(picture)]).gather([0])
        return apply_views(images, centre_view(aspects), self.card.image_size_px, steps=("crop",))

    @property
    def colours(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Mean and standard deviation of each colour that normalise the encoder's input."""
        return tuple(self.card.mean), tuple(self.card.std)

    def square(self, picture: Picture) -> Square:
        """``picture``, decoded. Raises DatasetError if that is not possible."""
        if isinstance(picture, np.ndarray):
            if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8:
                raise ValueError(f"the picture is {picture.dtype} {picture.shape}; expected uint8 (H, W, 3)")
            return from_picture(Image.fromarray(picture), self.cache_px)
        if isinstance(picture, bytes):
            return self._from_file(io.BytesIO(picture))
        try:
            if isinstance(picture, Image.Image):  # which may not be decoded yet
                return from_picture(to_rgb(ImageOps.exif_transpose(picture)), self.cache_px)
            with open_regular(picture) as file:
                return self._from_file(file)
        except FileNotFoundError as error:
            raise DatasetError("There is no such file.") from error
        except OSError as error:
            raise DatasetError(f"Cannot be read ({error.strerror or error}).") from error

    def _from_file(self, file: Any) -> Square:
        decoded = decode(file, at_least_px=DECODED_AT * self.cache_px)  # as the cache of a data set is made
        # A JPEG that is decoded at a smaller size has a rounded aspect ratio; the file has the exact one.
        return from_picture(decoded.rgb, self.cache_px)[0], decoded.width / decoded.height

    def _cache_size(self) -> int:
        """The size at which the run decoded its pictures; else the size for its data set, or for large pictures."""
        noted = Run(self.folder).environment().get("cache_size_px")
        if isinstance(noted, int) and noted > 0:
            return noted
        if kept := self.stored_ood[0]:  # a copied model
            return kept.cache_size_px
        with suppress(DatasetError):
            dataset = open_dataset(self.card.data, content_hash=self.card.data_hash)
            if dataset.content_hash == self.card.data_hash:  # else it is another one of that name
                return cache_size_px(dataset, self.card.image_size_px)
        return 2 * self.card.image_size_px

    @cached_property
    def precision(self) -> Literal["fp32", "bf16"]:
        """That of the run where it was computed on a processor; bf16 only where this one has it, else it is slow."""
        noted, has = Run(self.folder).environment(), torch.cpu.get_capabilities()
        fast = any(has.get(name) for name in ("avx512_bf16", "amx_bf16", "bf16"))
        device = noted.get("device_kind") or noted.get("device")  # runs of older versions have the name alone
        return "bf16" if fast and (device, noted.get("precision")) == ("cpu", "bf16") else "fp32"

    @cached_property
    def stored_ood(self) -> tuple[OutOfDistribution | None, str]:
        """The out-of-distribution detector stored beside the model, or None; with a sentence if it is damaged."""
        try:
            return read_ood(self.folder, self.card.feature_dim), ""
        except RunError as error:
            return None, str(error)


def pixels_of(squares: Sequence[Square]) -> Pixels:
    """Decoded pictures in the form in which a data set has them."""
    arrays, aspects = zip(*squares, strict=True)
    return Pixels(np.stack(arrays), np.array(aspects, np.float32))
