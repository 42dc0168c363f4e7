"""Features of photographs by EfficientNet-Lite0, from the files: ours, a plain timm loop, ONNX Runtime, and on a GPU.

    python -m benchmarks.embeddings.features [FOLDER] [--parts]

FOLDER: photographs, one sub-folder a class; otherwise a few hundred are drawn, of a photograph's size and detail.
Ours is what a probe does on a data set whose pictures were never decoded at that size: ``pixels_to_look``, the folded
encoder, ``embed``. The plain loop is timm's network in fp32, channels last, behind a DataLoader with two worker
processes that have started already. ONNX Runtime has the same network and the same pictures, decoded beforehand. All
use all cores; weights are random, which costs the same. --parts: where our time goes instead, on one core.
"""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import numpy as np
import onnxruntime
import timm
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader
from torchvision.transforms import v2

from benchmarks.data.importing import draw_photographs
from benchmarks.measuring import Figure, alternating, arguments, ratio, tell_all
from sealife_core.config import preset
from sealife_core.datasets.dataset import Dataset
from sealife_core.datasets.decoding.pixels import cache_size_px, pixels_to_look
from sealife_core.datasets.imports.importing import import_images
from sealife_core.evaluation.embeddings.compute import embed, usual_batch
from sealife_core.models.encoder_by_name import build_encoder
from sealife_core.models.folding import folded
from sealife_core.models.known import facts
from sealife_core.training.hardware import choose_hardware
from sealife_core.views.sampling import centre_view
from sealife_core.views.transforms import apply_views

NAME = "tf_efficientnet_lite0"
PICTURES, BATCH_SIZE, GPU_BATCH, REPEATS = 384, 32, 256, 3
SIZES_PX = (160, 224)


def measure(photographs: Path | None, *, parts: bool = False) -> Iterator[Figure]:
    with TemporaryDirectory() as folder:
        source = photographs or Path(folder) / "drawn"
        if photographs is None:
            draw_photographs(source, PICTURES)
        dataset = import_images(source, "photographs", root=Path(folder) / "data").dataset
        for size_px in SIZES_PX:
            if parts:
                yield from parts_of(dataset, size_px)
                continue
            yield from on_a_processor(dataset, size_px, Path(folder))
            if torch.cuda.is_available():
                yield on_a_gpu(dataset, size_px)


def parts_of(dataset: Dataset, size_px: int) -> Iterator[Figure]:
    """What reading the files, cutting and normalising, and the network each take of one core's time."""
    encoder, known = folded(build_encoder(NAME), precision("cpu")), facts(NAME)
    pixels = pixels_to_look(dataset, cache_size_px(dataset, size_px))
    torch.set_num_threads(1)
    batch, seconds = usual_batch(size_px, "cpu"), np.zeros(3)
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, precision("cpu") == "bf16"):
        for start in range(0, len(dataset), batch):
            begun = [time.perf_counter()]
            images, aspects = pixels.gather(np.arange(start, min(start + batch, len(dataset))))
            begun.append(time.perf_counter())
            views = apply_views(images, centre_view(aspects), size_px, ("crop",), (known.mean, known.std))
            begun.append(time.perf_counter())
            encoder(views)
            seconds += np.diff([*begun, time.perf_counter()])
    for name, spent in zip(("files to pictures", "pictures to views", "the network"), seconds, strict=True):
        told = f"{1000 * spent / len(dataset):.2f} ms a picture, {len(dataset):,} pictures"
        yield Figure(f"Features from files, {size_px} px, one core: {name}", 100 * spent / seconds.sum(), "%", "", told)


def on_a_processor(dataset: Dataset, size_px: int, folder: Path) -> Iterator[Figure]:
    ours = embedding(dataset, size_px, "cpu")
    loader = iter_files(dataset, size_px)
    net = timm.create_model(NAME, num_classes=0).eval().to(memory_format=torch.channels_last)

    def plain() -> None:
        with torch.inference_mode():
            for images in loader:
                net(images.to(memory_format=torch.channels_last))

    session = exported(size_px, folder)
    pictures = torch.cat(list(loader)).numpy()

    def onnx() -> None:
        for start in range(0, len(pictures), BATCH_SIZE):
            session.run(None, {"images": pictures[start : start + BATCH_SIZE]})

    seconds = alternating({"ours": ours, "plain": plain, "onnx": onnx}, REPEATS)

    def told(peer: str) -> str:
        ours_s, peers_s = (len(dataset) / float(np.median(seconds[name])) for name in ("ours", peer))
        return f"{ours_s:.0f} against {peers_s:.0f} images/s, {len(dataset):,} pictures"

    yield Figure(
        f"Features from files, {size_px} px, against a plain timm loop",
        ratio(seconds["plain"], seconds["ours"]), "×", "≥ 2", told("plain"),
    )  # fmt: skip
    yield Figure(
        f"Features from files, {size_px} px, against ONNX Runtime on decoded pictures",
        ratio(seconds["onnx"], seconds["ours"]), "×", "≥ 0.8", told("onnx"),
    )  # fmt: skip


def on_a_gpu(dataset: Dataset, size_px: int) -> Figure:
    """Against the forward pass alone, of views that are on the device already."""
    ours = embedding(dataset, size_px, "cuda")
    net = folded(build_encoder(NAME), "bf16").cuda()
    views = torch.randn(GPU_BATCH, 3, size_px, size_px, device="cuda").to(memory_format=torch.channels_last)

    def forward() -> None:
        with torch.inference_mode(), torch.autocast("cuda", torch.bfloat16):
            for _ in range(0, len(dataset), GPU_BATCH):
                net(views)
        torch.cuda.synchronize()

    seconds = alternating({"ours": ours, "forward": forward}, REPEATS)
    return Figure(
        f"Features from files on a GPU, {size_px} px, against the forward pass alone",
        ratio(seconds["forward"], seconds["ours"]), "×", "≥ 0.8", f"{len(dataset):,} pictures",
    )  # fmt: skip


def precision(device: Literal["cpu", "cuda"]) -> Literal["fp32", "bf16"]:
    """That of the program's own runs on this machine."""
    return choose_hardware(preset("embed", data="photographs", device=device)).precision


def embedding(dataset: Dataset, size_px: int, device: Literal["cpu", "cuda"]) -> Callable[[], object]:
    how, known = precision(device), facts(NAME)
    encoder = folded(build_encoder(NAME), how)
    pixels, rows = pixels_to_look(dataset, cache_size_px(dataset, size_px)), np.arange(len(dataset))
    made_for = {"image_size_px": size_px, "mean": known.mean, "std": known.std}
    return lambda: embed(encoder, pixels, rows, **made_for, device=device, precision=how)


class Files(torch.utils.data.Dataset[Tensor]):
    def __init__(self, dataset: Dataset, size_px: int) -> None:
        self._paths = [dataset.image_path(row) for row in range(len(dataset))]
        self._change = v2.Compose([
            v2.Resize((size_px, size_px), antialias=True), v2.ToImage(), v2.ToDtype(torch.float32, scale=True),
            v2.Normalize([0.5] * 3, [0.5] * 3),
        ])  # fmt: skip

    def __len__(self) -> int:
        return len(self._paths)

    def __getitem__(self, row: int) -> Tensor:
        return self._change(Image.open(self._paths[row]).convert("RGB"))


def iter_files(dataset: Dataset, size_px: int) -> DataLoader[Tensor]:
    loader = DataLoader(Files(dataset, size_px), batch_size=BATCH_SIZE, num_workers=2, persistent_workers=True)
    for _ in loader:  # the workers start
        pass
    return loader


def exported(size_px: int, folder: Path) -> onnxruntime.InferenceSession:
    path, images = folder / f"{size_px}.onnx", torch.randn(BATCH_SIZE, 3, size_px, size_px)
    net = timm.create_model(NAME, num_classes=0, exportable=True).eval()
    torch.onnx.export(net, (images,), path, dynamo=False, input_names=["images"], dynamic_axes={"images": {0: "n"}})
    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("photographs", nargs="?", type=Path, metavar="FOLDER")
    parser.add_argument("--parts", action="store_true")
    chosen = parser.parse_args()
    tell_all(measure(chosen.photographs, parts=chosen.parts), chosen.json)
