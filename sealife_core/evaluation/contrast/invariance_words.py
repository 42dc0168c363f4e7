"""Sentences on what encoders ignore. Each is said only where the 95 % intervals bear it out."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sealife_core.evaluation.comparison.resampling import Interval, percentile_interval
from sealife_core.evaluation.contrast.invariance import Point, Response, strongest
from sealife_core.wording import listed

LEAST = 0.05  # of the similarity kept: a smaller difference of h and z, however sure, is not worth a sentence
INDIFFERENT = 0.8  # of the similarity kept: four fifths of the way from an unrelated picture to the same one
# What is judged, by its name in a sentence: changes as strong as SimCLR draws them at most.
SUBJECTS: dict[str, tuple[Point, ...]] = {
    "colour": strongest("hue", "saturation", "grayscale"),
    "light": strongest("brightness", "contrast"),
    "cropping": strongest("crop"),
}
GREY = "These pictures have no colour: changes of it leave them as they are, and tell nothing about the encoders."
_WHAT = {"colour": "colour", "light": "light", "cropping": "what a crop changes"}


@dataclass(frozen=True)
class Looked:
    """The features of an encoder, and what it is called. before: of the first encoder, before it was trained."""

    name: str
    response: Response
    before: bool = False


def comparisons(first: Looked, others: Sequence[Looked], *, grey: bool = False) -> list[str]:
    """What ``first`` ignores and does not, and how ``others`` differ from it, a sentence a subject. grey: the pictures
    have no colour, which is said in place of what encoders ignore of it.

    Shares are of the similarity kept, with their 95 % interval in brackets. Nothing is said of a subject, or of one of
    the others, whose intervals leave it open.
    """
    for looked in (first, *others):
        if looked.response.collapsed:
            return [f"{looked.name} gives all pictures the same features: what it ignores cannot be told."]
    said = (
        GREY if grey and subject == "colour" else _of_subject(subject, points, first, others)
        for subject, points in SUBJECTS.items()
    )
    return [sentence for sentence in said if sentence]


def head_comparisons(name: str, h: Response, z: Response) -> list[str]:
    """Whether the projection head of ``name`` throws away what h knows, of each subject that is clear."""
    if h.collapsed or z.collapsed:
        return [f"{name} gives all pictures the same features: what its head throws away cannot be told."]
    gains = {subject: difference(z, h, points) for subject, points in SUBJECTS.items()}
    numbers = {
        subject: f"{_WHAT[subject]} (z keeps {_share(_mean(z, points))}, h {_share(_mean(h, points))})"
        for subject, points in SUBJECTS.items()
    }
    away = [numbers[subject] for subject, gain in gains.items() if gain.low > 0 and gain.value >= LEAST]
    out = [numbers[subject] for subject, gain in gains.items() if gain.high < 0 and gain.value <= -LEAST]
    said = [f"The projection head of {name} throws away {listed(away)}."] if away else []
    return said + (
        [f"The projection head of {name} does not throw away {listed(out, 'or')}: z shows more of it."] if out else []
    )


def _of_subject(subject: str, points: tuple[Point, ...], first: Looked, others: Sequence[Looked]) -> str:
    own = kept(first.response, points)
    gains = [difference(first.response, other.response, points) for other in others]
    if own.low >= INDIFFERENT:
        told = f"{first.name} {_verb(first, others, points)} indifferent to {subject}: it keeps {_told(own)}"
    elif own.high < INDIFFERENT:
        told = f"{first.name} is not indifferent to {subject}: it keeps {_told(own)}"
    elif any(map(_clear, gains)):
        told = f"Of {subject}, {first.name} keeps {_told(own)}"
    else:
        return ""
    rest = [_other(other, gain, own, points) for other, gain in zip(others, gains, strict=True)]
    return "; ".join([told, *filter(None, rest)]) + "."


def _verb(first: Looked, others: Sequence[Looked], points: tuple[Point, ...]) -> str:
    """Training is the cause only where the same encoder was not so before it."""
    starts = (other.response for other in others if other.before)
    became = any(
        kept(start, points).high < INDIFFERENT and difference(first.response, start, points).low > 0 for start in starts
    )
    return "has become" if became else "is"


def _other(other: Looked, gain: Interval, own: Interval, points: tuple[Point, ...]) -> str:
    found = kept(other.response, points)
    who, is_, keeps = ("before training it", "was", "kept") if other.before else (other.name, "is", "keeps")
    if own.low >= INDIFFERENT and found.low >= INDIFFERENT:
        return f"so {is_} {'it before training' if other.before else other.name}, with {_told(found)}"
    if own.low >= INDIFFERENT and found.high < INDIFFERENT and gain.low > 0:
        return f"{who} {is_} not, with {_told(found)}"
    if own.high < INDIFFERENT <= found.low and gain.high < 0:
        return f"{who} {is_}, with {_told(found)}"
    return f"{who} {keeps} {'less' if gain.low > 0 else 'more'}, {_told(found)}" if _clear(gain) else ""


def kept(response: Response, points: tuple[Point, ...]) -> Interval:
    """The mean similarity kept at ``points``, with its 95 % interval."""
    return percentile_interval(_mean(response, points), response.resampled(points))


def difference(one: Response, other: Response, points: tuple[Point, ...]) -> Interval:
    """How much more ``one`` keeps than ``other``, on the same pictures, with its 95 % interval."""
    gains = one.resampled(points) - other.resampled(points)
    return percentile_interval(_mean(one, points) - _mean(other, points), gains)


def _mean(response: Response, points: tuple[Point, ...]) -> float:
    return float(np.mean([response.kept(name)[level] for name, level in points]))


def _clear(gain: Interval) -> bool:
    return gain.low > 0 or gain.high < 0


def _told(found: Interval) -> str:
    if found.value < 0:
        return _share(found.value)
    return f"{_share(found.value)} ({round(100 * found.low)} to {round(100 * found.high)} %)".replace("-", "−")


def _share(value: float) -> str:
    return f"{round(100 * value)} %" if value >= 0 else "< 0 %"  # how far below says nothing more
