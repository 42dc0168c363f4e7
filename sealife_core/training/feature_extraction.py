"""Images through the encoder of a run, as evaluation sees them: some or all."""

import hashlib
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from threadpoolctl import threadpool_limits
from torch import nn

from sealife_core.config import LABELLED, TrainingSettings
from sealife_core.datasets.dataset import Dataset
from sealife_core.datasets.decoding.pixels import Pixels, cache_size_px, pixels_to_look
from sealife_core.errors import RunError
from sealife_core.evaluation.classification.left_out_classes import measure_with_auroc
from sealife_core.evaluation.classification.out_of_distribution import Means, write_ood
from sealife_core.evaluation.embeddings.compute import embed, evaluating
from sealife_core.evaluation.embeddings.feature_store import Columns, FeatureKey, FeatureStore
from sealife_core.evaluation.embeddings.stage_outputs import taken_apart, with_columns
from sealife_core.evaluation.embeddings.stored_embeddings import write_embeddings
from sealife_core.models.encoders import Encoder
from sealife_core.models.folding import folded
from sealife_core.models.known import facts
from sealife_core.progress import Progress
from sealife_core.runs.writer import RunWriter
from sealife_core.training.hardware import Hardware
from sealife_core.training.resume_point import Stopped
from sealife_core.views.sampling import ViewParameters, draw_views, generator_for

COPIES = LABELLED["light"]  # how the stored copies of images vary
View = Callable[[torch.Tensor, np.ndarray], ViewParameters]  # of aspects (n,) and rows (n,)


def features_of(
    config: TrainingSettings,
    machine: Hardware,
    encoder: nn.Module,
    pixels: Pixels,
    rows: np.ndarray,
    progress: Progress | None = None,
    view: View | None = None,
) -> np.ndarray:
    """(n, D) float32: h of the images of ``rows`` (n,), on the run's device and in its precision.

    They are centred and unvaried, unless ``view`` says what of them is seen.
    """
    known = facts(config.encoder)
    looking = folded(encoder, machine.precision) if isinstance(encoder, Encoder) else encoder
    return embed(
        looking, pixels, rows, image_size_px=config.image_size_px, mean=known.mean, std=known.std,
        device=machine.device, precision=machine.precision, progress=progress, view=view,
    )  # fmt: skip


def embed_all(
    config: TrainingSettings, run: RunWriter, dataset: Dataset, pixels: Pixels, encoder: nn.Module, machine: Hardware
) -> np.ndarray:
    """(N, D): h of every image of the data set, whatever its split; only images are read here, no label."""
    return features_of(config, machine, encoder, pixels, np.arange(len(dataset.manifest)), _teller(run))


def embed_and_watch(
    config: TrainingSettings, run: RunWriter, dataset: Dataset, pixels: Pixels, encoder: Encoder, machine: Hardware
) -> tuple[np.ndarray, Means]:
    """As :func:`embed_all`; and, in the same pass, what every stage makes of each image."""
    pass_all = partial(features_of, config, machine, pixels=pixels, rows=np.arange(len(dataset)), progress=_teller(run))
    return taken_apart(*with_columns(folded(encoder, machine.precision), pass_all))


def frozen_features(
    config: TrainingSettings, run: RunWriter, dataset: Dataset, encoder: Encoder, machine: Hardware, copy: int = 0
) -> tuple[np.ndarray, Means]:
    """As :func:`embed_and_watch`, of an encoder that does not learn: each image goes through it once, for all runs.

    Raises Stopped where somebody stops the run meanwhile.

    copy: k > 0 for the k-th varied copy of each training image: (n, D), in the order of ``dataset.rows("train")``. It
    is flipped and cropped as an image alone decides, so that all runs share it.
    """
    known, side_px = facts(config.encoder), cache_size_px(dataset, config.image_size_px)
    key = FeatureKey(
        encoder=config.encoder, stem=encoder.stem, weights=weights_hash(encoder), image_size_px=config.image_size_px,
        side_px=side_px, mean=known.mean, std=known.std, precision=machine.precision, copy=copy,
        views=COPIES.model_dump_json() if copy else "",
    )  # fmt: skip
    shown = dataset.rows("train") if copy else np.arange(len(dataset))
    images = dataset.manifest["sha256"].iloc[shown].tolist()
    view = partial(_varied, dataset.manifest["sha256"].tolist(), copy) if copy else None

    tell = _teller(run)

    def tell_or_stop(*told: Any) -> None:
        _leave_if_stopped(run)
        tell(*told)

    def compute(places: np.ndarray) -> tuple[np.ndarray, Columns]:
        rows = shown[places]
        pixels = pixels_to_look(dataset, side_px)
        see = partial(features_of, config, machine, pixels=pixels, rows=rows, progress=tell_or_stop, view=view)
        return with_columns(folded(encoder, machine.precision), see)

    run.status(stage="embedding", message="looking for features that were computed before")
    rows, columns = FeatureStore(dataset.folder).rows(key, images, compute, awaiting_another(run))
    return taken_apart(rows, columns)


def _varied(sha256s: list[str], copy: int, aspects: torch.Tensor, rows: np.ndarray) -> ViewParameters:
    """The ``copy``-th view of each image of ``rows`` (n,): it depends on the image and on that number alone."""
    drawn = [
        draw_views(COPIES, aspect, generator_for(copy, int(sha256s[row][:8], 16)))
        for row, aspect in zip(rows, aspects.split(1), strict=True)
    ]
    return ViewParameters.cat(drawn)


def weights_hash(encoder: nn.Module) -> str:
    """SHA-256 of all tensors of ``encoder``, with their names."""
    digest = hashlib.sha256()
    for name, tensor in sorted(encoder.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy())
    return digest.hexdigest()


def status_progress(run: RunWriter, stage: str, what: str) -> Progress:
    """Writes "3 of 10 ``what``" into ``status.json`` as its message, below ``stage``."""

    def tell(_: str, done: int, total: int) -> None:
        run.status(stage=stage, message=f"{done:,} of {total:,} {what}", done=done, total=total)

    return tell


def stoppable(run: RunWriter, tell: Progress) -> Progress:
    """``tell`` of a file that is made before the first step. Raises Stopped where the run is asked to stop meanwhile; a
    file that is done is kept."""

    def tell_or_stop(what: str, done: int, total: int) -> None:
        if done < total:
            _leave_if_stopped(run)
        tell(what, done, total)

    return tell_or_stop


def awaiting_another(run: RunWriter) -> Callable[[], None]:
    """What a run does now and then while another one computes what both need: say so, or raise Stopped if asked to."""

    def say() -> None:
        _leave_if_stopped(run)
        run.status(message="waiting for another run that computes the same")

    return say


def _leave_if_stopped(run: RunWriter) -> None:
    if run.stop_requested():
        raise Stopped


def _teller(run: RunWriter) -> Progress:
    return status_progress(run, "embedding", "images embedded")


def keep_novelty(run: RunWriter, dataset: Dataset, side_px: int, means: Means) -> None:
    """Write the out-of-distribution check; nothing where there are too few training images for one."""
    rows = [dataset.rows(split) for split in ("train", "val")]
    train, val = ({name: of[part] for name, of in means.items()} for part in rows)
    labels = dataset.labels[rows[0]], dataset.labels[rows[1]]
    try:
        with threadpool_limits(1, "blas"):  # beside another run, two cores wait for each other longer than they compute
            write_ood(run.path, measure_with_auroc(train, val, side_px, *labels))
    except RunError:  # the model is as good without; whoever asks for it is told why
        return


def keep_embeddings(run: RunWriter, dataset: Dataset, h: np.ndarray, head: nn.Module | None = None) -> None:
    """Write h (N, D) of every image and, of a SimCLR run, z: what its projection ``head``, where it is, makes of h."""
    z = None
    if head is not None:
        given = torch.from_numpy(h)
        with torch.inference_mode(), evaluating(head):
            z = head(given.to(next(head.parameters(), given).device)).cpu().numpy()
    write_embeddings(run.path, dataset, h, z)
