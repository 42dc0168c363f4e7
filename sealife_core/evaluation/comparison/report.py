"""A comparison as one self-contained HTML file, to send, keep and print.

Every name is escaped; charts and, if asked for, pictures are embedded.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from html import escape

import pandas as pd
from matplotlib.figure import Figure

from sealife_core.errors import RunError
from sealife_core.evaluation.classification.predictions import read_predictions
from sealife_core.evaluation.comparison.advice import advice, interval, signed
from sealife_core.evaluation.comparison.comparison_rows import ComparisonRow, by_encoder, comparison
from sealife_core.evaluation.comparison.differences import difference_rows, ladders
from sealife_core.evaluation.comparison.paired import Paired, all_pairs, class_changes, p_words, paired
from sealife_core.evaluation.comparison.report_piles import piles_html
from sealife_core.evaluation.figures.comparison_figures import as_svg, class_figure, comparison_figure, ladder_figure
from sealife_core.evaluation.figures.html_document import document, table
from sealife_core.runs.run import Run
from sealife_core.wording import duration, percent


@dataclass(frozen=True)
class _Compared:
    """The data of the report's sections."""

    rows: list[ComparisonRow]
    runs: list[Run]
    tables: dict[str, pd.DataFrame]
    pair: Paired | None


def comparison_html(
    runs: Sequence[Run], *, pair: tuple[str, str] | None = None, pictures: int = 0, title: str = "Comparison"
) -> str:
    """The comparison of those ``runs`` that were tested on the same images, as HTML.

    ``pair``: ids of the two runs (baseline, other) to compare image by image; default: the two most accurate ones, the
    better one last. ``pictures``: at most so many of each pile are embedded. Raises RunError if no run was tested, or
    if the two of ``pair`` were tested on different images.
    """
    found = _compared(runs, pair)
    first = found.rows[0]
    sections = [_advice(found), _scores(found), _ladders(found), _all_pairs(found)]
    if found.pair is not None:
        sections += [_pair(found.pair), _by_class(found.pair), piles_html(found.pair, first.data, pictures)]
    sections += [_differences(found), _how_to_read()]
    under = f"{len(found.rows)} runs on the same {first.n:,} test images of {first.data}; {datetime.now():%d %B %Y}"
    return document(title, under, "".join(sections))


def readable_predictions(rows: Sequence[ComparisonRow], runs: Sequence[Run]) -> dict[str, pd.DataFrame]:
    """Run id → predictions of the comparable ``rows``; missing and damaged ones are left out."""
    paths = {run.id: run.path for run in runs}
    found = {}
    for row in rows:
        with suppress(RunError):
            if row.comparable:
                found[row.run_id] = read_predictions(paths[row.run_id])
    return found


def _compared(runs: Sequence[Run], pair: tuple[str, str] | None) -> _Compared:
    rows = [row for row in comparison(runs) if row.comparable]
    if not rows:
        raise RunError(
            "None of these runs has been tested, so there is nothing to compare. Wait until a classifier has finished."
        )
    tables = readable_predictions(rows, runs)
    names = {row.run_id: row.name for row in rows}
    if pair and not set(pair) <= set(tables):
        raise RunError("The two runs were not tested on the same images. Compare runs with the same test split.")
    best = [row.run_id for row in rows if row.run_id in tables][:2]
    two = pair or (best[::-1] if len(best) == 2 else None)
    both = paired(*(tables[i] for i in two), name_a=names[two[0]], name_b=names[two[1]]) if two else None
    kept = [run for row in rows for run in runs if run.id == row.run_id]
    return _Compared(rows, kept, tables, both)


def _advice(found: _Compared) -> str:
    said = advice(found.rows, found.tables)
    return f'<p class="advice">{escape(said)}</p>' if said else ""


def _scores(found: _Compared) -> str:
    accuracy, macro = comparison_figure(found.rows), comparison_figure(found.rows, "macro_f1")
    cells = [
        {
            "Run": row.name,
            "Method": row.method,
            "Encoder": encoder,
            "Accuracy": f"{percent(row.accuracy)} ({percent(row.low)} to {percent(row.high)})",
            "Macro-F1": f"{percent(row.macro_f1)} ({percent(row.macro_f1_low)} to {percent(row.macro_f1_high)})",
            "Guessing": percent(row.chance),
            "Labels": row.fewer_labels or "all",
            "Trained for": duration(row.train_s),
            "Pre-trained for": duration(row.pretrain_s),
            "Parameters trained": "–" if row.parameters_trained is None else f"{row.parameters_trained:,}",
        }
        for encoder, group in by_encoder(found.rows)
        for row in group
    ]
    return (
        "<h2>Accuracy</h2>" + _chart(accuracy, "accuracy", _in_words(found.rows)) + "<h2>Macro-F1</h2>"
        + _chart(macro, "macro", "Macro-F1 of the same runs, with 95 % intervals; the table has the numbers.")
        + "<h2>Scores and cost</h2>" + table(cells)
    )  # fmt: skip


def _in_words(rows: Sequence[ComparisonRow]) -> str:
    return "; ".join(
        f"{row.name}: {percent(row.accuracy)}, 95 % interval {percent(row.low)} to {percent(row.high)}" for row in rows
    )


def _ladders(found: _Compared) -> str:
    charts = [
        _chart(ladder_figure(ladder), f"ladder{place}", _in_words([row for _, row in ladder]))
        for place, ladder in enumerate(ladders(found.rows, found.runs))
    ]
    return f"<h2>How deep the training goes</h2>{''.join(charts)}" if charts else ""


def _all_pairs(found: _Compared) -> str:
    if len(found.tables) < 3:
        return ""
    pairs = all_pairs(found.tables, {row.run_id: row.name for row in found.rows})
    cells = [
        {
            "Baseline": pair.paired.name_a,
            "Compared run": pair.paired.name_b,
            "Fixed": f"{len(pair.paired.fixed):,}",
            "Broken": f"{len(pair.paired.broken):,}",
            "Accuracy, points": signed(pair.paired.accuracy_difference.value),
            "Exact McNemar": p_words(pair.p),
            "Holm-corrected": p_words(pair.p_holm),
        }
        for pair in sorted(pairs, key=lambda pair: pair.p)
    ]
    return (
        f"<h2>All pairs of runs</h2>{table(cells)}"
        f'<p class="quiet">Holm’s correction covers all {len(pairs)} pairs. Among so many pairs, some differ by chance'
        " alone.</p>"
    )


def _pair(pair: Paired) -> str:
    return (
        f"<h2>{escape(pair.name_b)} against {escape(pair.name_a)}</h2><p>{escape(pair.sentence())} The difference in"
        f" accuracy is {signed(pair.accuracy_difference.value)} points ({interval(pair.accuracy_difference)}), in"
        f" macro-F1 {signed(pair.macro_f1_difference.value)} points ({interval(pair.macro_f1_difference)}).</p>"
    )


def _by_class(pair: Paired) -> str:
    changes = class_changes(pair)
    cells = [
        {
            "Class": change.label,
            "Images": f"{change.n:,}",
            "Fixed": f"{change.fixed:,}",
            "Broken": f"{change.broken:,}",
            "Recall before": percent(change.recall_a, 0),
            "after": percent(change.recall_b, 0),
            "Exact McNemar": p_words(change.p),
            "Holm-corrected": p_words(change.p_holm),
        }
        for change in changes
    ]
    chart = _chart(
        class_figure(changes), "classes", "Images fixed and broken in each class; the table has the numbers."
    )
    return f"<h2>By class</h2>{chart}{table(cells)}"


def _differences(found: _Compared) -> str:
    rows = difference_rows(found.runs)
    if len(found.runs) < 2:
        return ""
    if not rows:
        return "<h2>What differs</h2><p>These runs have exactly the same settings.</p>"
    return f"<h2>Settings that differ</h2>{table(rows)}"


def _how_to_read() -> str:
    return (
        "<h2>How to read this</h2><p>Accuracy is the share of test images classified correctly. Its interval is"
        " Wilson’s. F1 combines precision and recall; macro-F1 is its mean over the classes, so every class counts"
        " the same. Its interval is a bootstrap over images, no narrower than accuracy’s. McNemar’s exact test uses"
        " only the images that one run classifies correctly and the other does not. A p value is the probability that"
        " chance alone makes a difference at least as large. Holm’s correction accounts for many comparisons at once."
        " The results hold for these test images and similar ones, and for one training of each run: another seed would"
        " give slightly different numbers.</p>"
    )


def _chart(figure: Figure, salt: str, words: str) -> str:
    return f'<figure role="img" aria-label="{escape(words)}">{as_svg(figure, salt)}</figure>'
