"""Can a study give an answer: have its runs ended, are there enough seeds and test images? If not, what is missing."""

import math
from collections import Counter
from collections.abc import Sequence

from sealife_core.runs.liveness import State
from sealife_core.studies.helps import HELPS
from sealife_core.studies.questions import DEPTH, IMBALANCE, LABELS, VIEWS
from sealife_core.studies.study_results import CellResult, PartResult
from sealife_core.wording import counted

FINISHED = str(State.FINISHED)
GONE = ("missing", str(State.FAILED), str(State.STOPPED), str(State.DAMAGED))  # such a run will not come by itself
LEAST_SEEDS = 2
# Discordant images, all in favour of one model, with which exact McNemar is below 5 %: 2 / 2⁶ is 3 %.
LEAST_IMAGES = 6
_NEEDED = {
    HELPS: "ImageNet and ImageNet → SimCLR by linear probe, or training from scratch and SimCLR by fine-tuning",
    LABELS: "training from scratch and a pre-trained encoder",
    DEPTH: "the frozen encoder and one that learns",
    VIEWS: "all augmentations and one left out",
    IMBALANCE: "plain cross-entropy and another loss",
}


def unfinished(parts: Sequence[PartResult]) -> str:
    """How many runs have not ended, in a sentence; "" if all have."""
    to_come = sum(part.state not in (FINISHED, *GONE) for part in parts)
    if not to_come:
        return ""
    done = sum(part.state == FINISHED for part in parts)
    return f"No answer yet: {done} of {len(parts)} runs are done; {to_come} still to come."


def with_seeds(parts: Sequence[PartResult]) -> tuple[list[PartResult], str]:
    """The parts of options with two seeds or more, and a sentence on those left out; "" if there are none."""
    table = [part for part in parts if part.cell]
    seeds = Counter(_option(part) for part in table if part.state == FINISHED)
    options = list(dict.fromkeys(map(_option, table)))
    left_out = [option for option in options if seeds[option] < LEAST_SEEDS]
    kept = [part for part in parts if not part.cell or _option(part) not in left_out]
    if not left_out:
        return kept, ""
    asked = Counter(map(_option, table))
    if max(asked.values()) < LEAST_SEEDS:
        said = (
            "No answer: with one seed, a difference may be luck. Start the study again with two seeds or more; finished"
            " runs are not trained again."
        )
        return kept, said
    said = (
        f"{len(left_out)} of {counted(len(options), 'option')} left out: fewer than {LEAST_SEEDS} seeds, because runs"
        " failed or are missing. Start the study again: finished runs are not trained again."
    )
    return kept, said


def nothing_to_compare(question: str) -> str:
    """What a study of ``question`` needs for an answer."""
    return f"No answer: this study needs scores of {_NEEDED.get(question, 'two options')}, and it does not have both."


def clearly_better(better: CellResult, worse: CellResult) -> bool:
    """Whether ``better`` is clearly better: with every seed, and by a difference that the test images can show."""
    return seeds_decide(better, worse) and images_decide(better, worse)


def seeds_decide(better: CellResult, worse: CellResult) -> bool:
    """Whether every seed of ``better`` is better than every seed of ``worse``, with two seeds or more of both."""
    return min(better.seeds, worse.seeds) >= LEAST_SEEDS and better.least > worse.greatest


def images_decide(better: CellResult, worse: CellResult) -> bool:
    """Whether there are enough test images to show a difference of this size.

    For accuracy: as many as :func:`images_needed`. For macro-F1, which is not a share of images: neither value is in
    the 95 % interval of the other. True if nothing is known about the images.
    """
    if better.low is not None and worse.high is not None:
        return better.mean > worse.high and worse.mean < better.low
    return images_needed(better, worse) is None


def images_needed(better: CellResult, worse: CellResult) -> int | None:
    """The smallest number of test images that can show a difference in accuracy of this size; None if there are so
    many, or if their number is unknown."""
    gain = better.mean - worse.mean
    if gain <= 0:
        return None
    needed = math.ceil(round(LEAST_IMAGES / gain, 6))
    return needed if 0 < better.images < needed else None


def _option(part: PartResult) -> tuple[object, ...]:
    return tuple(part.cell.items())
