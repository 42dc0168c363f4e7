"""Would the weights that a run starts from fail to load?"""

from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from sealife_core.config import BROKEN, HERE, AnyConfig, ClassifierConfig, EmbedConfig, source_run
from sealife_core.datasets.dataset import Dataset, open_dataset
from sealife_core.errors import SealifeError, WeightsError
from sealife_core.launching.data_checks import Problem
from sealife_core.models import imagenet
from sealife_core.models.facts import published_weights, title_of
from sealife_core.runs.directory import open_run, source_chain
from sealife_core.runs.files import FileMark, mark
from sealife_core.runs.scheduling.waiting_reasons import awaited
from sealife_core.wording import counted

Online = Callable[[str], bool | None]


def weights_problems(
    config: AnyConfig, dataset: Dataset, root: Path, online: Online, keys: frozenset[str]
) -> list[Problem]:
    """What is wrong with the weights of ``config``. keys: parts of a study, which may have no weights yet."""
    source = source_run(config.weights)
    if source in keys or config.weights == "random":
        return []
    if config.weights == "imagenet":
        return _imagenet(config, online)
    try:
        if source is not None:
            return _of_run(config, source, dataset, root)
        path = Path(config.weights.removeprefix("file:")).expanduser()
        if not path.is_file() and not path.is_dir():
            raise WeightsError(f"There is no file {path}. Choose an existing weights file.")
        said = _unfit(config.weights, config.encoder, config.stem, config.image_size_px, root, mark(path))
        return [Problem(said)] if said else []
    except (SealifeError, OSError, RuntimeError) as error:  # RuntimeError: '~name' of an unknown user
        return [Problem(str(error))]


def _of_run(config: AnyConfig, source: str, dataset: Dataset, root: Path) -> list[Problem]:
    """Raises SealifeError."""
    run = open_run(source, root)
    its = run.config()
    if its.encoder != config.encoder:
        return [Problem(
            f"The weights come from run '{run.notes()['name']}' with the encoder {title_of(its.encoder)}, but this run"
            f" uses {title_of(config.encoder)}. Set the encoder to {its.encoder}."
        )]  # fmt: skip
    if its.broken and not config.broken:
        return [Problem(
            f"The weights come from run '{run.notes()['name']}', which was broken on purpose"
            f" ({BROKEN[its.broken]}). Choose another run."
        )]  # fmt: skip
    waits = awaited(source, root)
    warnings = [f"The run will be {waits}."] if "interrupted" in waits else []
    if isinstance(config, ClassifierConfig) and (seen := tests_learned_before(config, root, dataset)):
        warnings.append(
            f"{counted(seen, 'test image was a training image', 'test images were training images')} when run"
            f" '{run.notes()['name']}' or one before it learned, so the test score may be too high. Start from"
            " ImageNet, or train that run again."
        )
    return [Problem(warning, refuses=False) for warning in warnings]


def tests_learned_before(config: ClassifierConfig, root: Path, dataset: Dataset) -> int:
    """How many labelled test images of ``dataset`` a run that the weights come from had among its training images.

    More than none where pictures were moved to test since: places held out, look-alikes brought together.
    """
    ids = dataset.manifest["id"].to_numpy()
    tests, seen = set(ids[dataset.rows("test", labelled_only=True)].tolist()), set[str]()
    for run in source_chain(source_run(config.weights), root):
        with suppress(SealifeError):
            its = run.config()
            if isinstance(its, EmbedConfig) or its.data != dataset.name or its.data_hash == dataset.content_hash:
                continue
            then = open_dataset(its.data, content_hash=its.data_hash)
            seen.update(tests.intersection(then.manifest["id"].to_numpy()[then.rows("train")].tolist()))
    return len(seen)


def _imagenet(config: AnyConfig, online: Online) -> list[Problem]:
    if config.stem == "small":
        return [Problem(
            "ImageNet weights were made with the 'imagenet' stem, but this run uses 'small'. Set the stem to 'auto'"
            " or 'imagenet', or the weights to 'random'."
        )]  # fmt: skip
    if imagenet.is_here(config.encoder):
        return []
    missing = f"The {published_weights(config.encoder)} of {title_of(config.encoder)} are not on this machine"
    if config.where != HERE:
        return [Problem(f"{missing}; the cluster's machines may have to download them.", refuses=False)]
    there = online(config.encoder)
    if there:
        return [Problem(f"{missing}: the run will download them when it begins.", refuses=False)]
    by_hand = imagenet.by_hand(config.encoder)
    if there is None:
        return [Problem(
            f"{missing}, and the download server has not answered. The run will try to download them when it begins;"
            f" it fails without them. {by_hand}", refuses=False,
        )]  # fmt: skip
    return [Problem(f"{missing} and cannot be downloaded from here. {by_hand}")]


@lru_cache(maxsize=32)
def _unfit(weights: str, encoder: str, stem: str, image_size_px: int, root: Path, marked: FileMark) -> str:
    """Why the file does not fit the encoder, or "". It is loaded as by the run; cached while the file is the same."""
    from sealife_core.models.weights import starting_encoder  # imports PyTorch, which takes seconds

    try:
        starting_encoder(weights, encoder, stem, image_size_px, root=root)
    except WeightsError as error:
        return str(error)
    return ""
