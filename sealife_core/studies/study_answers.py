"""The answer of a study, in one or two sentences from its scores; or that they do not decide.

There is no answer before all runs have ended, or from fewer than two seeds; then it says what is missing
(``readiness.py``). Two kinds of variation are kept apart. Over *seeds*: another initialisation, other labels, the same
test images; one option is better than another only if its worst seed is better than the other's best. Over *test
images*: how much an accuracy would differ on other images; :func:`on_other_images` gives it once for the whole study,
and with too few test images no difference is claimed.
"""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from sealife_core.config import ALL_STAGES
from sealife_core.errors import RunError
from sealife_core.runs.directory import runs_root
from sealife_core.studies.helps import HELPS
from sealife_core.studies.helps_answer import beside_sentence, decides_sentence, helps_found
from sealife_core.studies.labels_answer import labels_sentence
from sealife_core.studies.questions import (
    ALL,
    BATCH_SIZE,
    DEPTH,
    HEAD,
    IMBALANCE,
    LABELS,
    PLAIN,
    STRENGTH,
    SWEEPS,
    TEMPERATURE,
    VIEWS,
    WITHOUT,
)
from sealife_core.studies.readiness import (
    FINISHED,
    clearly_better,
    images_needed,
    nothing_to_compare,
    seeds_decide,
    unfinished,
    with_seeds,
)
from sealife_core.studies.study_results import CellResult, PartResult, over_seeds
from sealife_core.wording import percent


def answer(question: str, parts: Sequence[PartResult], root: Path | None = None, classes: int = 1) -> str:
    """The answer to ``question``, or what is missing; "" before the first run of the table has finished.

    root, classes: only for "helps": the folder of the runs, and the number of classes of the data set.
    """
    if not any(part.cell and part.state == FINISHED for part in parts):
        return ""
    if said := unfinished(parts):
        return said
    seeded, lacking = with_seeds(parts)
    says = _ANSWERS.get(question, _best_cell)
    said = _helps(seeded, runs_root(root), classes) if question == HELPS else says(seeded)
    if not said:
        return lacking or nothing_to_compare(question)
    return f"{said} {lacking}".rstrip()


def on_other_images(parts: Sequence[PartResult]) -> str:
    """How much an accuracy may differ on other test images, in words; "" before one is known."""
    scored = [part for part in parts if part.cell and part.low is not None and part.high is not None and part.n]
    if not scored:
        return ""
    widest = max((part.high or 0) - (part.low or 0) for part in scored) / 2
    return (
        f"All runs were tested on the same {scored[0].n:,} images. Seeds do not show how accuracy varies with the"
        f" test images: on other images, each accuracy may be up to {100 * widest:.0f} points different (95 %)."
    )


def other_code(parts: Sequence[PartResult]) -> str:
    """That the runs were not all made by the same code, in words; "" if they were, or nobody knows."""
    versions = {part.made_by for part in parts if part.made_by}
    if len(versions) < 2:
        return ""
    return (
        f"The runs were made by {len(versions)} versions of this program or of PyTorch, which may be part of a"
        " difference. The table (CSV) names them."
    )


def _helps(parts: Sequence[PartResult], root: Path, classes: int) -> str:
    try:
        what = helps_found(parts, root, classes)
    except RunError as error:
        return f"No answer: {error}"
    return f"{decides_sentence(what.decides)} {beside_sentence(what)}".rstrip() if what else ""


def _depth(parts: Sequence[PartResult]) -> str:
    cells = over_seeds(parts)
    frozen = next((cell for cell in cells if cell.cell["stages"] == 0), None)
    deeper = [cell for cell in cells if cell is not frozen]
    if frozen is None or not deeper:
        return ""
    best = max(deeper, key=lambda cell: cell.mean)
    surely_better = [cell for cell in deeper if clearly_better(cell, frozen)]
    if not surely_better:
        worse = all(clearly_better(frozen, cell) for cell in deeper)
        surely = "worse at every depth" if worse else f"not surely better at any depth{_few(best, frozen)}"
        return (
            f"Leave the encoder frozen: fine-tuning is {surely}. Frozen, it reaches {_percent(frozen)}. With"
            f" {_stages(best)} trained, it reaches {_percent(best)}."
        )
    best = max(surely_better, key=lambda cell: cell.mean)
    enough = min(
        (cell for cell in surely_better if not clearly_better(best, cell)),
        key=lambda cell: float(cell.cell["stages"]),
    )
    said = f"Train {_stages(enough)}: {_percent(enough)} against {_percent(frozen)} frozen."
    if enough is best:
        return said
    return f"{said} Training more stages brings no sure gain: {_stages(best)} reach {_percent(best)}."


def _views(parts: Sequence[PartResult]) -> str:
    cells = over_seeds(parts)
    whole = next((cell for cell in cells if cell.cell["views"] == ALL), None)
    without = sorted((cell for cell in cells if cell.cell["views"] == WITHOUT), key=lambda cell: cell.mean)
    if whole is None or not without:
        return ""
    said = f"With all augmentations the probe reaches {_percent(whole)}."
    missed = [cell for cell in without if clearly_better(whole, cell)]
    if missed:
        worst = missed[0]
        lost = f"{100 * (whole.mean - worst.mean):.0f} points, with every seed"
        same = [str(cell.cell["first"]) for cell in missed[1:] if not clearly_better(cell, worst)]
        beside = f". The loss without {' or '.join(same)} may be as large" if same else ""
        said += f" The loss is largest without {worst.cell['first']}: {lost}{beside}."
    else:
        said += f" Leaving out any one of them brings no sure loss{_few(whole, without[0])}."
    best = without[-1]
    if clearly_better(best, whole):
        said += f" Without {best.cell['first']}, it is {100 * (best.mean - whole.mean):.0f} points better here."
    return said


def _sweep(question: str, parts: Sequence[PartResult]) -> str:
    words = {TEMPERATURE: "temperature", HEAD: "head", BATCH_SIZE: "batch size", STRENGTH: "colour strength"}
    cells = over_seeds(parts)
    if len(cells) < 2:
        return ""
    best, same = _best(cells)
    said = f"The best {words[question]} here is {_value(best.cell[question])}: {_percent(best)} by linear probe"
    if same:
        others = ", ".join(_value(cell.cell[question]) for cell in same)
        return f"{said}, but {_undecided(best, same)} from {others}."
    return f"{said}, with every seed."


def _imbalance(parts: Sequence[PartResult]) -> str:
    cells = over_seeds(parts, "macro_f1")
    if not cells:
        return ""
    worst_ratio = max(float(cell.cell["ratio"]) for cell in cells)
    here = {str(cell.cell["loss"]): cell for cell in cells if float(cell.cell["ratio"]) == worst_ratio}
    plain = here.pop(PLAIN, None)
    if plain is None or not here:
        return ""
    surely_better = [cell for cell in here.values() if clearly_better(cell, plain)]
    best = max(surely_better or here.values(), key=lambda cell: cell.mean)
    if surely_better:
        said = (
            f"At 1 : {worst_ratio:g}, {best.cell['loss']} is better than plain cross-entropy with every seed: macro-F1"
            f" {_percent(best)} against {_percent(plain)}."
        )
    else:
        said = (
            f"At 1 : {worst_ratio:g}, no other loss is surely better than plain cross-entropy: the best,"
            f" {best.cell['loss']}, has macro-F1 {_percent(best)}, plain cross-entropy {_percent(plain)}."
        )
    rare = {str(c.cell["loss"]): c for c in over_seeds(parts, "rarest_f1") if float(c.cell["ratio"]) == worst_ratio}
    top = max(rare.values(), key=lambda cell: cell.mean, default=None)
    if top is not None and PLAIN in rare and clearly_better(top, rare[PLAIN]):
        said += (
            f" The F1 of the rarest class is highest with {top.cell['loss']}: {_percent(top)}. With plain"
            f" cross-entropy it is {_percent(rare[PLAIN])}."
        )
    return said


def _best_cell(parts: Sequence[PartResult]) -> str:
    cells = over_seeds(parts) or over_seeds(parts, "knn_accuracy")
    if len(cells) < 2:
        return ""
    best, same = _best(cells)
    named = ", ".join(f"{axis} {_value(value)}" for axis, value in best.cell.items())
    said = f"The best is {named}: {_percent(best)}"
    return f"{said}; {_undecided(best, same)} from {len(same)} of the others." if same else f"{said}, with every seed."


def _best(cells: Sequence[CellResult]) -> tuple[CellResult, list[CellResult]]:
    """The best cell, and the others that it is not clearly better than."""
    best = max(cells, key=lambda cell: cell.mean)
    return best, [cell for cell in cells if cell is not best and not clearly_better(best, cell)]


def _undecided(best: CellResult, same: Sequence[CellResult]) -> str:
    """Why ``best`` is not clearly better than ``same``: "the seeds do not separate it"."""
    if any(not seeds_decide(best, other) for other in same):
        return "the seeds do not separate it"
    return f"there are too few test images to separate it{_few(best, max(same, key=lambda cell: cell.mean))}"


def _few(better: CellResult, worse: CellResult) -> str:
    """ " (this needs at least 60 test images, …)" if the seeds decide and only images are missing."""
    if seeds_decide(better, worse) and (needed := images_needed(better, worse)):
        return f" (this needs at least {needed:,} test images, and there are {better.images:,})"
    return ""


def _stages(cell: CellResult) -> str:
    stages = float(cell.cell["stages"])
    return "all stages" if stages == ALL_STAGES else f"{stages:g} of the five stages"


def _percent(cell: CellResult) -> str:
    """ "41 % (38 to 44 over 3 seeds)"."""
    return f"{percent(cell.mean, 0)} ({100 * cell.least:.0f} to {100 * cell.greatest:.0f} over {cell.seeds} seeds)"


def _value(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


_ANSWERS: dict[str, Callable[[Sequence[PartResult]], str]] = {
    LABELS: labels_sentence,
    DEPTH: _depth,
    VIEWS: _views,
    IMBALANCE: _imbalance,
    **{question: partial(_sweep, question) for question in SWEEPS},
}
