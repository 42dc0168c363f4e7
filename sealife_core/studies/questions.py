"""The ready-made studies: which runs answer which question. Each is complete before it starts, in two sizes."""

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import combinations, product
from typing import Any

from sealife_core.config import ALL_STAGES, AnyConfig, Part, StudyConfig, nested
from sealife_core.studies import helps
from sealife_core.studies.helps import DINOV2, HELPS, build_helps
from sealife_core.studies.study_settings import (
    FINE_TUNE,
    FULL,
    IMAGENET,
    IMAGENET_SIMCLR,
    PROBE,
    QUICK,
    RANDOM,
    SIMCLR,
    Base,
    Question,
    check_seeds,
    parse_study,
    with_more_epochs,
)

LABELS, DEPTH, VIEWS, IMBALANCE = "labels", "depth", "views", "imbalance"
TEMPERATURE, HEAD, BATCH_SIZE, STRENGTH = "temperature", "head", "batch_size", "strength"

ALL, WITHOUT, ONLY = "all", "without", "only"
PLAIN = "cross-entropy"
LOSSES: dict[str, dict[str, Any]] = {
    PLAIN: {"loss": "cross_entropy", "class_weights": "none"},
    "class weights": {"loss": "cross_entropy", "class_weights": "balanced"},
    "focal γ 1": {"loss": "focal", "focal_gamma": 1.0},
    "focal γ 2": {"loss": "focal", "focal_gamma": 2.0},
    "focal γ 5": {"loss": "focal", "focal_gamma": 5.0},
}
# The settings that remove each augmentation of SimCLR from a recipe.
OFF: dict[str, dict[str, float]] = {
    "crop": {"crop_scale_min": 1.0, "crop_ratio_max": 1.0},
    "flip": {"horizontal_flip": 0.0},
    "colour": {"jitter": 0.0},
    "grayscale": {"grayscale": 0.0},
    "blur": {"blur": 0.0},
}
# Studies of one setting of SimCLR: its path, and the values for both sizes.
SWEEPS: dict[str, tuple[str, tuple[Any, ...], tuple[Any, ...]]] = {
    TEMPERATURE: ("temperature", (0.05, 0.2, 1.0), (0.05, 0.1, 0.2, 0.5, 1.0)),
    HEAD: ("head", ("nonlinear", "linear", "none"), ("nonlinear", "linear", "none")),
    BATCH_SIZE: ("batch_size", (16, 64, 256), (32, 64, 128, 256, 512)),
    STRENGTH: ("views.strength", (0.125, 0.5, 1.0), (0.125, 0.25, 0.5, 1.0)),
}


def build_study(
    question: str,
    *,
    data: str,
    data_hash: str = "",
    size: str = QUICK,
    seeds: int | None = None,
    encoders: Sequence[str] = (),
    source: tuple[str, AnyConfig] | None = None,
    place: Mapping[str, Any] | None = None,
    title: str = "",
    per_class: int = 0,
) -> StudyConfig:
    """The study that answers ``question`` (a key of QUESTIONS) on a data set.

    seeds: how many; default: :func:`usual_seeds`. encoders: for "labels" and "helps", those of :func:`encoders_of` to
    compare; default: :func:`usual_encoders`. source: id and config of a SimCLR run whose encoder "labels", "depth" and
    "imbalance" use instead of training one. place: settings of the machine for all runs, such as
    ``{"where": "ray:http://head:8265", "cluster_cores": 4}``. per_class: for "helps", training labels of the largest
    class (0: unknown). Raises ConfigError.
    """
    chosen = QUESTIONS[question]
    check_seeds(seeds)
    base = Base(
        data, data_hash, size,
        seeds=tuple(range(usual_seeds(question, size) if seeds is None else seeds)),
        encoders=tuple(encoders) or usual_encoders(question, size),
        place=place or {},
        source=source[0] if source else "",
        source_values={n: getattr(source[1], n) for n in ("encoder", "stem", "image_size_px")} if source else None,
        per_class=per_class,
    )  # fmt: skip
    parts = [part for seed in base.seeds for part in chosen.build(base, seed)]
    return parse_study(title or chosen.title, question, chosen.axes, parts, base)


def usual_seeds(question: str, size: str) -> int:
    """The default number of seeds of a study."""
    return helps.SEEDS[size] if question == HELPS else 3 if size == FULL else 2


def encoders_of(question: str) -> tuple[str, ...]:
    """The encoders that a study can compare; () if that is not part of its question."""
    return {LABELS: (RANDOM, IMAGENET, SIMCLR, IMAGENET_SIMCLR), HELPS: helps.ENCODERS}.get(question, ())


def usual_encoders(question: str, size: str) -> tuple[str, ...]:
    """The default encoders: all but DINOv2, and only two in a quick study of labels."""
    if question == LABELS and size == QUICK:
        return (RANDOM, SIMCLR)
    return tuple(encoder for encoder in encoders_of(question) if encoder != DINOV2)


def _labels(base: Base, seed: int) -> list[Part]:
    """Encoders × probe and fine-tune × shares of the labels. A source run is the SimCLR run of all seeds."""
    shares = (1, 2, 5, 10, 25, 50, 100) if base.full else (5, 25, 100)
    parts, weights = base.weights(seed)
    for encoder, use, share in product(base.encoders, (PROBE, FINE_TUNE), shares):
        task = "probe" if use == PROBE else "scratch" if encoder == RANDOM else "finetune"
        config = base.config(task, weights=weights[encoder], seed=seed, label_fraction=share)
        if use == FINE_TUNE:
            config = with_more_epochs(config, share)
        cell = {"encoder": encoder, "use": use, "labels": share}
        parts.append(Part(key=f"{encoder}, {use}, {share} % of labels, seed {seed}", config=config, cell=cell))
    return parts


def _depth(base: Base, seed: int) -> list[Part]:
    """Fine-tuning of 0 to all stages, otherwise equal."""
    parts = [] if base.source else [base.pretrained(seed)]
    weights = f"run:{base.source or parts[0].key}"
    for trained in range(ALL_STAGES + 1) if base.full else (0, 1, 3, ALL_STAGES):
        config = base.config("finetune", weights=weights, seed=seed, trained_stages=trained)
        parts.append(Part(key=f"{trained} stages, seed {seed}", config=config, cell={"stages": trained}))
    return parts


def _views(base: Base, seed: int) -> list[Part]:
    """SimCLR without each augmentation, evaluated by a probe; in size FULL also with only one or two of them."""
    variants: list[tuple[str, str, str, set[str]]] = [(ALL, "", "", set())]
    variants += [(WITHOUT, name, "", {name}) for name in OFF]
    if base.full:
        variants += [(ONLY, a, a, set(OFF) - {a}) for a in OFF]
        variants += [(ONLY, a, b, set(OFF) - {a, b}) for a, b in combinations(OFF, 2)]
    parts: list[Part] = []
    for views, first, second, off in variants:
        changed = {f"views.{path}": value for name in sorted(off) for path, value in OFF[name].items()}
        what = " ".join(filter(None, (views, first, f"and {second}" if second not in ("", first) else "")))
        cell = {"views": views, "first": first, "second": second}
        parts += _probed(base, f"{what}, seed {seed}", cell, seed, changed)
    return parts


def _sweep(question: str, base: Base, seed: int) -> list[Part]:
    """One setting of SimCLR with several values, each evaluated by a probe."""
    path, few, many = SWEEPS[question]
    parts: list[Part] = []
    for value in many if base.full else few:
        said = f"{value:g}" if isinstance(value, float) else str(value)
        name = f"{question.replace('_', ' ')} {said}, seed {seed}"
        parts += _probed(base, name, {question: value}, seed, {path: value})
    return parts


def _probed(base: Base, name: str, cell: dict[str, Any], seed: int, changed: Mapping[str, Any]) -> list[Part]:
    """A SimCLR run with ``changed`` settings (dotted), and the probe that evaluates it and is in the table."""
    pretrained = base.config("simclr", seed=seed, **nested(dict(changed)))
    probe = base.config("probe", weights=f"run:SimCLR, {name}", seed=seed)
    return [Part(key=f"SimCLR, {name}", config=pretrained), Part(key=f"probe, {name}", config=probe, cell=cell)]


def _imbalance(base: Base, seed: int) -> list[Part]:
    """Losses × ratios of imbalance of the training labels; the test images stay the same."""
    weights = f"run:{base.source}" if base.source else "random"
    task = "finetune" if base.source else "scratch"
    ratios, losses = ((1, 10, 50), LOSSES) if base.full else ((20,), (PLAIN, "class weights", "focal γ 2"))
    parts: list[Part] = []
    for ratio, loss in product(ratios, losses):
        config = base.config(task, weights=weights, seed=seed, imbalance=ratio, **LOSSES[loss])
        cell = {"ratio": ratio, "loss": loss}
        parts.append(Part(key=f"1 : {ratio}, {loss}, seed {seed}", config=config, cell=cell))
    return parts


def _swept(question: str, title: str, says: str) -> Question:
    return Question(title, says, (question,), partial(_sweep, question))


QUESTIONS: dict[str, Question] = {
    LABELS: Question(
        "How many labels do I need?",
        "Compares encoders with fewer and fewer labels. Shows where pre-training saves labels, and how many.",
        ("encoder", "use", "labels"),
        _labels,
    ),
    HELPS: Question(
        "Does self-supervision help me?",
        "Yes, no or cannot tell: what SimCLR adds to ImageNet's weights and to no weights at all, with few labels and"
        " with many, what it costs, and how many labels would do the same.",
        ("encoder", "use", "labels"),
        build_helps,
    ),
    DEPTH: Question(
        "How deep to fine-tune?",
        "From a frozen encoder to a fully trained one: what each further stage brings.",
        ("stages",),
        _depth,
    ),
    VIEWS: Question(
        "Which views matter?",
        "SimCLR without one augmentation at a time: how much accuracy is lost.",
        ("views", "first", "second"),
        _views,
    ),
    TEMPERATURE: _swept(
        TEMPERATURE,
        "Which temperature?",
        "Low: focuses on the most similar other pictures. High: treats all other pictures alike.",
    ),
    HEAD: _swept(HEAD, "Which projection head?", "The layers between features and loss: two, one or none."),
    BATCH_SIZE: _swept(
        BATCH_SIZE,
        "Which batch size?",
        "A larger batch has more pictures to tell apart: a harder task that needs more memory.",
    ),
    STRENGTH: _swept(
        STRENGTH,
        "How strongly should colours vary?",
        "Colour is important in sea life. If the colours change too much, SimCLR learns to ignore them.",
    ),
    IMBALANCE: Question(
        "What helps rare classes?",
        "Makes the training labels uneven, class by class, and compares cross-entropy, class weights and focal loss.",
        ("ratio", "loss"),
        _imbalance,
    ),
}
