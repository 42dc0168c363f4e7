"""What became of a SimCLR run, in words: did it collapse or diverge, and why; did a better pretext help?

Every sentence is computed from the moments of the run, and its cause from the run's own settings.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool

from sealife_core.config import SimclrConfig
from sealife_core.evaluation.comparison.resampling import accuracy_difference
from sealife_core.evaluation.contrast.training_dynamics import Moment
from sealife_core.wording import percent

Diagnosed = Literal["divergence", "complete collapse", "dimensional collapse", "no start", "none"]

ALIKE = 0.95  # mean cosine of different pictures from which on all of them count as the same, as in an untrained ResNet
# Shares of the effective rank, of its highest and of what it could be: runs that learn have most of both, one that
# stayed at chance has hardly any of what it could be.
LEAST_OF_PEAK, LEAST_OF_MOST = 0.25, 0.06
LEAST_CHANGE = 0.03  # of k-NN accuracy, and beyond its noise, to be called a rise or a fall


@dataclass(frozen=True)
class Diagnosis:
    """What was found. says: one or two sentences; cause: the likely one, "" where there is nothing to explain."""

    kind: Diagnosed
    says: str
    cause: str = ""

    @property
    def harms(self) -> bool:
        """Whether something went wrong."""
        return self.kind not in ("none", "no start")


def diagnose(course: Sequence[Moment], config: SimclrConfig) -> Diagnosis | None:
    """What the moments of a run so far amount to; None while there is none after the start of training.

    Complete collapse: the projections of all pictures are the same. Dimensional collapse (arXiv 2110.09348): they fill
    only a few of their dimensions.
    """
    trained = [moment for moment in course if moment.epoch > 0]
    if not trained:
        return None
    last = trained[-1]
    if not last.finite:
        lost = next(moment for moment in trained if not moment.finite)
        says = f"**Divergence**: at epoch {lost.epoch} the projections hold NaN or infinity. Nothing after that counts."
        return Diagnosis("divergence", says, _cause("divergence", config))
    used = f"{last.rank_z:.1f} of {last.most_rank} dimensions"
    if last.negative >= ALIKE:
        return _all_alike(course, last, used, config)
    alike = [moment.epoch for moment in trained if moment.finite and moment.negative >= ALIKE]
    before = f" At epoch {alike[-1]} all pictures still looked the same." if alike else ""
    # Not the start: what an untrained network makes is spread by chance.
    peak = max((moment for moment in trained if moment.finite), key=lambda moment: moment.rank_z)
    if last.rank_z < LEAST_OF_PEAK * peak.rank_z or last.rank_z < LEAST_OF_MOST * last.most_rank:
        fell = f", {peak.rank_z:.0f} at epoch {peak.epoch}" if last.rank_z < LEAST_OF_PEAK * peak.rank_z else ""
        says = (
            f"**Dimensional collapse**: the projections differ, but along few directions: they use about {used}"
            f" (effective rank{fell})."
        )
        return Diagnosis("dimensional collapse", says + before, _cause("dimensional collapse", config))
    says = (
        f"**No collapse**: after epoch {last.epoch}, two different pictures have a cosine of {last.negative:.2f} on"
        f" average, and the projections use about {used} (effective rank)."
    )
    return Diagnosis("none", says + before)


def pretext(course: Sequence[Moment], epochs: Sequence[int], right: Bool[np.ndarray, "epochs q"]) -> str | None:
    """Whether telling pairs apart better made better features; None where too little was measured.

    right: which of the same q validation images their neighbours name right after each of ``epochs``, in order. A
    change of k-NN accuracy counts if it is at least LEAST_CHANGE and its 95 % interval, paired over images, leaves 0
    out. The best epoch is picked among all, so a small fall may still be luck.
    """
    finite = [moment for moment in course if moment.finite]
    if len(finite) < 2 or not right.shape[1]:
        return None
    before, after = finite[0], finite[-1]
    held = [place for place, epoch in enumerate(epochs) if epoch <= after.epoch]
    if len(held) < 2:
        return None
    first, last = held[0], held[-1]
    knn = right.mean(axis=1)
    task = (
        f"contrastive accuracy (the right one among {after.views - 1} views) went from {percent(before.accuracy, 0)} to"
        f" {percent(after.accuracy, 0)}"
    )
    gain = after.accuracy - before.accuracy
    if gain < LEAST_CHANGE:
        how = "about as well as at the start" if gain > -LEAST_CHANGE else "worse than at the start"
        return f"**It tells pairs apart {how}**: after epoch {after.epoch}, {task}."
    for since in (max(held, key=knn.__getitem__), first):
        then = min(finite, key=lambda moment: abs(moment.epoch - epochs[since]))
        if _change(right[since], right[last]) < 0 and after.accuracy >= then.accuracy:
            return (
                f"**Better at the training task does not mean better features**: since epoch {epochs[since]},"
                f" contrastive accuracy (the right one among {after.views - 1} views) went from"
                f" {percent(then.accuracy, 0)} to {percent(after.accuracy, 0)}, but k-NN accuracy (of {right.shape[1]}"
                f" validation pictures) fell from {percent(knn[since], 0)} to {percent(knn[last], 0)}."
            )
    here = (
        f"k-NN accuracy (of {right.shape[1]} validation pictures) from {percent(knn[first], 0)} to"
        f" {percent(knn[last], 0)}, from epoch {epochs[first]} to {epochs[last]}"
    )
    if _change(right[first], right[last]) > 0:
        return f"**Here the training task helped**: {task}, {here}."
    return f"**Learning the training task did not show in k-NN accuracy**: {task}, {here}, a change within its noise."


def _all_alike(course: Sequence[Moment], last: Moment, used: str, config: SimclrConfig) -> Diagnosis:
    start = course[0]
    alike = f"two different pictures have a cosine of {last.negative:.3f} on average after epoch {last.epoch}"
    never = start.epoch == 0 and min(moment.negative for moment in course if moment.finite) >= ALIKE
    if never and last.rank_z >= start.rank_z / 2:
        says = f"**Not apart yet**: {alike}, {start.negative:.3f} before training."
        return Diagnosis("no start", says, _cause("no start", config))
    says = f"**Complete collapse**: all pictures look the same: {alike}, and the projections use about {used}."
    return Diagnosis("complete collapse", says, _cause("complete collapse", config))


def _change(before: Bool[np.ndarray, " q"], after: Bool[np.ndarray, " q"]) -> int:
    """1: more images are right, -1: fewer; 0: the difference is small or may be chance."""
    gain = accuracy_difference(before, after)
    return ((gain.low > 0) - (gain.high < 0)) * (abs(gain.value) >= LEAST_CHANGE)


def _cause(kind: Diagnosed, config: SimclrConfig) -> str:
    """The settings of a run that most likely explain ``kind``, those that are far from usual; else where to look."""
    found = []
    usual = config.model_copy(update={"learning_rate": None}).peak_learning_rate()
    ratio = config.peak_learning_rate() / usual
    warm = min(config.warmup_epochs, config.epochs / 10)
    if kind == "no start":
        if ratio <= 0.2:
            found.append(f"a learning rate of {ratio:.2g} times the usual one")
    elif kind != "dimensional collapse":
        if ratio >= 3:
            found.append(f"a learning rate of {ratio:.0f} times the usual one")
        if warm < 1:
            found.append(f"a warm-up of only {warm:.1f} epochs before the full learning rate")
        if config.temperature < 0.05:
            found.append(f"temperature {config.temperature:g}, which makes the gradients large")
    if kind in ("dimensional collapse", "complete collapse"):
        if config.temperature >= 1:
            found.append(f"temperature {config.temperature:g}: nearly the same push on all negatives, near or far")
        if config.batch_size < 32:
            found.append(f"a batch of {config.batch_size}: few negatives to keep apart")
    if found:
        return f"Likely cause: {'; '.join(found)}."
    return "Its settings are not unusual. " + _LOOK[kind]


_LOOK: dict[Diagnosed, str] = {
    "divergence": "Halve the learning rate first.",
    "complete collapse": "Halve the learning rate, or train longer: it may come apart again.",
    "dimensional collapse": "Few kinds of pictures, or views that change more than pictures differ, can cause it.",
    "no start": "Train for more epochs first.",
}
