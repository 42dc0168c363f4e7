"""Parts of contrastive learning broken one at a time: what each switch changes, and the two small runs that show it.

The intact run is a usual one and is found again by its settings, whoever launched it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sealife_core.config import ALL_STAGES, BROKEN, RECIPES, AnyConfig, FineTuneConfig, nested, parse, preset
from sealife_core.datasets.dataset import Dataset
from sealife_core.progress import Progress
from sealife_core.runs.directory import create_run, runs_root, single_runs
from sealife_core.runs.liveness import State
from sealife_core.runs.run import Run
from sealife_core.runs.scheduling.locks import launch_lock
from sealife_core.runs.scheduling.queue import launch
from sealife_core.studies.reuse import fingerprint, with_weights

REEF, ONE_BACKGROUND = "reef", "reef-one-background"
SIMCLR, PROBE, BACKGROUND = "simclr", "probe", "background"
EPOCHS = 12  # two thirds of the demo's: a class waits for every broken run, and sees each effect
_NO_COLOUR = {"views.jitter": 0.0, "views.grayscale": 0.0}
# Short enough for a lesson; both runs differ in nothing but the frozen encoder.
_PROBE: dict[str, Any] = {
    "augmentation": "none", "optimiser": "adamw", "epochs": EPOCHS, "patience": 0, "encoder_rate_factor": 1.0,
}  # fmt: skip
_IMAGENET = {"encoder": "tf_efficientnet_lite0", "image_size_px": 96, "weights": "imagenet"}


@dataclass(frozen=True)
class Switch:
    """One part to break. says: what is done; why: what explains the usual outcome, in a sentence or two each.

    kind: SIMCLR, PROBE (of the intact SimCLR run) or BACKGROUND (a probe of ImageNet's features on the reef).
    changed: dotted settings that differ from the intact run's. usual: how the first and the second measure changed in
    ``source``, −1 or 1; None where it says neither.
    """

    says: str
    why: str
    source: str
    usual: tuple[int | None, int | None]
    changed: Mapping[str, Any] = field(default_factory=dict)
    kind: str = SIMCLR


# Sources: Chen et al. 2020 is SimCLR, arXiv 2002.05709; Wang and Liu 2021, Understanding the behaviour of contrastive
# loss, 2012.09740; Tian et al. 2020, What makes for good views, 2005.10243; Beery et al. 2018, Recognition in terra
# incognita, 1807.04975; Geirhos et al. 2020, Shortcut learning, 2004.07780; Moscovich and Rosset 2022, On the
# cross-validation bias due to unsupervised preprocessing, 1901.08974.
SWITCHES: dict[str, Switch] = {
    "no-jitter": Switch(
        "Both views keep the colours of their picture.",
        "Colour gives the pair away: the network compares colours, and need not look at shapes.",
        "Chen et al. 2020, section 3.1 and figure 5", (1, -1), _NO_COLOUR,
    ),
    "crops-only": Switch(
        "The views differ in their crop alone: nothing is flipped, recoloured or blurred.",
        "Two crops of one picture share colours, light and sharpness, so that these find the pair.",
        "Chen et al. 2020, section 3.1 and figures 5 and 6", (1, -1),
        _NO_COLOUR | {"views.horizontal_flip": 0.0, "views.blur": 0.0},
    ),
    "no-head": Switch(
        "The loss compares the features themselves; there are no layers between.",
        "The loss makes what it compares indifferent to all that the views change. Without a head these are the"
        " features, and what they forget is lost to whoever uses them.",
        "Chen et al. 2020, section 4.2 and figure 8", (None, -1), {"head": "none"},
    ),
    "temperature-0.01": Switch(
        "The most similar negatives alone are pushed away, and very hard.",
        "At 0.01 nearly all of the gradient on the negatives is on the nearest ones, often of the same class.",
        "Wang and Liu 2021; Chen et al. 2020, table 5, at 0.05", (None, -1), {"temperature": 0.01},
    ),
    "temperature-10": Switch(
        "All negatives are pushed away alike, and hardly at all.",
        "At 10 all similarities lie within 0.2 after division. The softmax is nearly even, and all negatives get nearly"
        " the same push.",
        "Chen et al. 2020, table 5, for temperatures up to 1", (-1, -1), {"temperature": 10.0},
    ),
    "no-normalisation": Switch(
        "The loss compares dot products instead of cosines: z keeps its length.",
        "Longer vectors make a sharper softmax: the length of z becomes a temperature that nobody chose. Once a pair is"
        " found, its loss falls as z grows, without better features.",
        "Chen et al. 2020, table 5, at temperatures of 10 and 100", (1, -1),
    ),
    "batch-8": Switch(
        "A batch holds at most 8 pictures, so that each view has at most 14 negatives.",
        "Among few pictures the pair is easy to find, with rough features.",
        "Chen et al. 2020, figure 9, for batches from 256", (1, -1), {"batch_size": 8},
    ),
    "identical-views": Switch(
        "Both views are the same picture, pixel by pixel.",
        "Any network gives the same z twice: the pair is found before anything is learned, so nothing has to be"
        " ignored and little is learned.",
        "Tian et al. 2020, on views that share too much", (1, -1),
    ),
    "unfrozen-probe": Switch(
        "A linear probe lets the encoder learn too, and is still called a probe.",
        "The labels have changed the features that they were to measure. The score is that of a fine-tune, and says"
        " nothing about the pre-training.",
        "Chen et al. 2020, table 8: fine-tuned against linear", (1, 1), {"trained_stages": ALL_STAGES}, PROBE,
    ),
    "validation-in-training": Switch(
        "SimCLR sees the validation pictures too, without their labels.",
        "Whatever the score does, validation no longer asks pictures that training has not seen, so it cannot say how"
        " good the features of new pictures are. It may come out too high or too low: steps without labels bias it in"
        " either direction (Moscovich and Rosset 2022).",
        "", (None, None),
    ),
    "one-background": Switch(
        "All training and validation pictures of a class are taken at one place; test pictures at any of them.",
        "The place gives the class away, so the classifier leans on it too: it is wrong more often where the animal has"
        " moved.",
        "Beery et al. 2018; Geirhos et al. 2020", (None, -1), kind=BACKGROUND,
    ),
}  # fmt: skip
assert SWITCHES.keys() == BROKEN.keys()


def ensure_one_background(progress: Progress | None = None) -> Dataset:
    """The reef with one background a class, drawn if it does not exist. Raises DatasetError."""
    from sealife_core.datasets.reef import draw_reef

    return draw_reef(name=ONE_BACKGROUND, one_background=True, progress=progress)


@dataclass(frozen=True)
class Planned:
    """The configs of one switch. ``source``: of the SimCLR run that both start from, for a probe."""

    intact: AnyConfig
    broken: AnyConfig
    source: AnyConfig | None = None


def intact_simclr(data: Dataset) -> AnyConfig:
    """The small SimCLR run on ``data`` that the switches break."""
    # Drawn animals have any colour: these views make the encoder learn shapes, as in the demo.
    views = RECIPES["Shape" if data.name == REEF else "SimCLR"]
    return preset("simclr", "Quick look", **_of(data), views=views, epochs=EPOCHS)


def planned(key: str, data: Dataset, other: Dataset | None = None) -> Planned:
    """The runs that show the switch ``key`` on ``data``; ``other``: the reef with one background a class."""
    switch = SWITCHES[key]
    common = _of(data)
    if switch.kind == BACKGROUND:
        intact = preset("probe", "Quick look", **common, **_IMAGENET)
        moved = {"data": ONE_BACKGROUND, "data_hash": other.content_hash if other else ""}
        return Planned(intact, _broken(intact, key, moved))
    simclr = intact_simclr(data)
    if switch.kind == SIMCLR:
        return Planned(simclr, _broken(simclr, key, switch.changed))
    network = {name: getattr(simclr, name) for name in ("encoder", "stem", "image_size_px")}
    probe = parse(FineTuneConfig, common | network | _PROBE)
    return Planned(probe, _broken(probe, key, switch.changed), simclr)


def _of(data: Dataset) -> dict[str, str]:
    return {"data": data.name, "data_hash": data.content_hash}


def _broken(intact: AnyConfig, key: str, changed: Mapping[str, Any]) -> AnyConfig:
    values = intact.model_dump()
    for path, value in nested(dict(changed)).items():
        values[path] = values[path] | value if isinstance(value, dict) else value
    return parse(type(intact).family(), values | {"broken": key})


@dataclass(frozen=True)
class Pair:
    """The two runs of a switch that have finished or are on their way, else None; ``missing``: the configs that are to
    be trained yet; ``ended``: runs that did not finish."""

    intact: Run | None
    broken: Run | None
    missing: tuple[AnyConfig, ...]
    ended: tuple[Run, ...] = ()

    @property
    def both(self) -> tuple[Run, Run] | None:
        """The two runs, once both have been launched."""
        return (self.intact, self.broken) if self.intact and self.broken else None


def pair_of(plan: Planned) -> Pair:
    """What there is of ``plan``, found by its settings."""
    there = _launched()
    source = there.get(fingerprint(plan.source)) if plan.source else None
    if plan.source and (source is None or not _serves(source)):
        return Pair(None, None, (plan.source, plan.intact, plan.broken), (source,) if source else ())
    configs = [with_weights(one, source.id) if source else one for one in (plan.intact, plan.broken)]
    runs = [there.get(fingerprint(config)) for config in configs]
    good = [run if run and _serves(run) else None for run in runs]
    missing = tuple(config for config, run in zip(configs, good, strict=True) if run is None)
    return Pair(good[0], good[1], missing, tuple(run for run in runs if run and run not in good))


def launch_pair(key: str, plan: Planned) -> Pair:
    """Queue the runs of ``plan`` that are missing; those that start from another wait for it. Raises RunError."""
    with launch_lock(runs_root()):
        if plan.source and plan.source in pair_of(plan).missing:
            launch(create_run(plan.source, name=f"Intact: {plan.source.method} on {plan.source.data}"))
        found = pair_of(plan)
        for config in found.missing:
            what = f"Broken: {BROKEN[key]}" if config.broken else f"Intact: {config.method}"
            launch(create_run(config, name=f"{what}, on {config.data}"))
    return pair_of(plan)


def other_seeds(run: Run) -> tuple[Run, ...]:
    """Finished runs that differ from ``run`` in nothing but their seed: what sets them apart from it is chance."""

    def settings(one: Run) -> str:
        return fingerprint(one.config().model_copy(update={"seed": 0}))

    own, others = settings(run), [one for one in single_runs(run.root) if one != run]
    return tuple(one for one in others if one.state() is State.FINISHED and settings(one) == own)


def _serves(run: Run) -> bool:
    return (state := run.state()) is State.FINISHED or state.active


def _launched() -> dict[str, Run]:
    """Fingerprint → the newest run with it that has finished, else one that is on its way, else one that has ended."""
    ranked: dict[str, tuple[int, Run]] = {}
    for run in single_runs():
        state = run.state()
        if state in (State.CREATED, State.DAMAGED):
            continue
        settings, rank = fingerprint(run.config()), 2 * (state is State.FINISHED) + state.active
        if settings not in ranked or ranked[settings][0] < rank:
            ranked[settings] = rank, run
    return {settings: run for settings, (_, run) in ranked.items()}
