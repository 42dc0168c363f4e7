"""Would this run fail? Checked before it is queued: by the form, the command line, a study and a search.

The worker checks again what depends only on the data (``data_checks.py``), and loads the weights with the same errors.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

from sealife_core.config import (
    HERE,
    AnyConfig,
    ClassifierConfig,
    EmbedConfig,
    ProbeConfig,
    Request,
    SearchConfig,
    SimclrConfig,
    StudyConfig,
    flattened,
    nested,
    parse,
)
from sealife_core.datasets.dataset import Dataset
from sealife_core.errors import ConfigError
from sealife_core.launching.data_checks import DatasetLabels, Problem, data_problems
from sealife_core.launching.weights_checks import Online, weights_problems
from sealife_core.models import imagenet
from sealife_core.models.facts import RESNETS, title_of
from sealife_core.models.known import facts, takes
from sealife_core.runs.costs.devices import devices, impossible
from sealife_core.runs.costs.estimates import network_of
from sealife_core.runs.directory import runs_root
from sealife_core.runs.tracking_links import launch_variables, wandb_problems


def problems_of(
    request: Request,
    dataset: Dataset,
    *,
    tags: Iterable[str] = (),
    root: Path | None = None,
    online: Online | None = None,
) -> list[Problem]:
    """The problems that ``request`` would have on ``dataset``, refusals first; [] without any.

    tags: of the launch; online: whether weights can be downloaded, None if unknown. It is called only if ImageNet
    weights are missing.
    """
    root, labels = runs_root(root), DatasetLabels(dataset)
    online = lru_cache(online or imagenet.reachable)  # asked once, however many runs there are
    if isinstance(request, StudyConfig):
        found, first = _study(request, labels, root, online), request.parts[0].config
    elif isinstance(request, SearchConfig):
        found, first = _search(request, labels, root, online), request.base
    else:
        found, first = _run(request, labels, root, online), request
    found += [Problem(said) for said in wandb_problems(first, tags, launch_variables())]
    return sorted(dict.fromkeys(found), key=lambda problem: not problem.refuses)


def refuse_impossible(problems: Iterable[Problem]) -> None:
    """Raises ConfigError with a sentence for each of ``problems`` that refuses."""
    if refused := [problem.says for problem in problems if problem.refuses]:
        raise ConfigError(refused)


def _run(
    config: AnyConfig, labels: DatasetLabels, root: Path, online: Online, keys: frozenset[str] = frozenset()
) -> list[Problem]:
    """``keys``: parts of a study, whose weights may not exist yet."""
    data = data_problems(config, labels)
    if any(problem.refuses for problem in data):
        return data
    if unfit := _encoder(config):
        return [*data, unfit]
    return [
        *data,
        *_steps(config, labels, root),
        *_device(config),
        *weights_problems(config, labels.dataset, root, online, keys),
    ]


def _encoder(config: AnyConfig) -> Problem | None:
    """Why the network cannot be built, or does not take pictures of this size."""
    name, size = config.encoder, config.image_size_px
    try:
        own_px = facts(name).own_px
    except ValueError as error:
        return Problem(str(error))
    if config.stem == "small" and name not in RESNETS:
        return Problem(
            f"Only a ResNet18, 34 or 50 has a 'small' stem, but this run uses {title_of(name)}. Set the stem to 'auto'."
        )
    if not takes(name, size):
        return Problem(f"{title_of(name)} takes no pictures of {size} px. Set the image size to {own_px} px.")
    return None


def _study(study: StudyConfig, labels: DatasetLabels, root: Path, online: Online) -> list[Problem]:
    """Each problem once, with the number of affected runs."""
    keys = frozenset(part.key for part in study.parts)
    counts = Counter(problem for part in study.parts for problem in set(_run(part.config, labels, root, online, keys)))
    of = len(study.parts)
    found = [
        Problem(problem.says if n == of else f"{n} of the {of} runs: {problem.says}", problem.refuses)
        for problem, n in counts.items()
    ]
    classifiers = any(part.cell and isinstance(part.config, ClassifierConfig) for part in study.parts)
    if classifiers and not len(labels.of("test")):
        found.insert(0, Problem(
            f"A study compares test scores, but {labels.name} has no labelled test images. Move some images"
            " into the test split, or choose another data set."
        ))  # fmt: skip
    return found


def _search(search: SearchConfig, labels: DatasetLabels, root: Path, online: Online) -> list[Problem]:
    """The problems of the base config, and with every choice and both ends of each range."""
    found = [problem for config in _corners(search) for problem in _run(config, labels, root, online)]
    needed = ("train", "val") if isinstance(search.base, SimclrConfig) else ("val",)
    if not all(len(labels.of(split)) for split in needed):
        found.insert(0, Problem(
            f"A search ranks its trials by {search.metric}, but {labels.name} has no labelled validation"
            " images to measure that. Label some images, or choose another data set."
        ))  # fmt: skip
    return found


def _corners(search: SearchConfig) -> Iterator[AnyConfig]:
    yield search.base
    base = flattened(search.base.model_dump())
    for axis in search.axes:
        for value in axis.choices or (axis.low, axis.high):
            try:
                yield parse(type(search.base).family(), nested(base | {axis.path: value}))
            except ConfigError:  # settings that contradict each other: such a trial fails with a reason
                continue


def _steps(config: AnyConfig, labels: DatasetLabels, root: Path) -> list[Problem]:
    """Problems of a training step that come from batch size and image size."""
    if isinstance(config, EmbedConfig):
        return []
    encoder, stem = network_of(config, root)
    known = facts(encoder)
    reduction = known.reductions[-1] if stem == "imagenet" else known.reductions[-1] // 4
    found = []
    if config.image_size_px < reduction:
        stem_too = ", or the stem to 'small'" if encoder in RESNETS and stem == "imagenet" else ""
        found.append(Problem(
            f"At {config.image_size_px} px, less than one pixel is left for the last stage of {known.title}"
            f"{f' with the {stem!r} stem' if encoder in RESNETS else ''}. Set the image size to {reduction} px or more"
            f"{stem_too}.", refuses=False,
        ))  # fmt: skip
    there = labels.used(config)
    if isinstance(config, ProbeConfig):
        return found
    batch = min(config.batch_size, there)
    if isinstance(config, SimclrConfig):
        if batch < config.batch_size:
            found.append(Problem(
                f"There are {there:,} training images, so the batch size will be {batch:,} instead of"
                f" {config.batch_size:,}.", refuses=False,
            ))  # fmt: skip
    elif config.trained_stages and batch == 1 and known.batch_norm and config.batch_norm != "frozen":
        if -(-config.image_size_px // reduction) == 1:
            found.append(Problem(
                f"With a batch size of 1 and images of {config.image_size_px} px, BatchNorm in the last stage gets a"
                " single number and cannot compute a variance. Set the batch size to 2 or more."
            ))  # fmt: skip
        else:
            found.append(Problem(
                "With a batch size of 1, BatchNorm takes its statistics from one image at a time, and training is"
                " unstable. Set the batch size to 16 or more.", refuses=False,
            ))  # fmt: skip
    return found


def _device(config: AnyConfig) -> list[Problem]:
    never = impossible(config, devices()) if config.where == HERE else None
    return [Problem(f"{never[0]} Launch it with {never[1]}")] if never else []
