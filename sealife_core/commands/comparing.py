"""``compare``: runs side by side, two of them image by image."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sealife_core.commands.output import Output, at_least, destination, write_file
from sealife_core.runs.directory import list_runs
from sealife_core.runs.names import find_run
from sealife_core.wording import percent

if TYPE_CHECKING:
    from sealife_core.evaluation.comparison.paired import Paired


def add_commands(commands: Any) -> None:
    """Add this group's command to the command line."""
    compare = commands.add_parser(
        "compare", help="compare test accuracies, with 95 %% intervals; compare two runs image by image too"
    )
    compare.add_argument("ids", nargs="*", metavar="RUN", help="runs to compare (default: all finished ones)")
    compare.add_argument("--html", metavar="FILE", help="write the whole comparison as one HTML file")
    compare.add_argument(
        "--pictures",
        type=int,
        default=0,
        metavar="N",
        help="with --html: up to N pictures per group, such as fixed or broken (default: 0)",
    )
    compare.set_defaults(run=lambda chosen, output: show_comparison(chosen.ids, output, chosen.html, chosen.pictures))


def show_comparison(named: list[str], output: Output, html: str | None = None, pictures: int = 0) -> None:
    """Print the comparison of the runs ``named`` (default: all with results), and write it to the file ``html``.

    As JSON: a list of runs; if two are named, an object with ``runs``, ``advice`` and ``paired``. That lists the ids of
    the images of each pile; its ``files`` are the original file names, by id.
    """
    from sealife_core.evaluation.comparison.advice import advice
    from sealife_core.evaluation.comparison.comparison_rows import comparison
    from sealife_core.evaluation.comparison.paired import paired_runs
    from sealife_core.evaluation.comparison.report import comparison_html, readable_predictions
    from sealife_core.evaluation.comparison.score_table import as_text

    at_least(0, "--pictures", pictures)
    path = None if html is None else destination(html, "--html")
    runs = [find_run(one) for one in named] if named else list_runs()
    rows = comparison(runs)
    listed = [asdict(row) for row in rows]
    both = paired_runs(*runs) if len(named) == 2 else None
    if path is not None:
        two = (runs[0].id, runs[1].id) if both is not None else None
        write_file(path, comparison_html(runs, pair=two, pictures=pictures), "--html")
        output.say(f"Wrote {path}.")
    said = advice(rows, readable_predictions(rows, runs))
    text = "\n\n".join(part for part in (as_text(rows), _paired_text(both) if both else "", said) if part)
    output.result({"runs": listed, "advice": said, "paired": _as_json(both, rows[0].data)} if both else listed, text)


def _paired_text(pair: "Paired") -> str:
    from sealife_core.evaluation.comparison.advice import interval, signed
    from sealife_core.evaluation.comparison.paired import class_changes, p_words

    accuracy, macro = pair.accuracy_difference, pair.macro_f1_difference
    lines = [
        pair.sentence(),
        f"Difference of accuracies: {signed(accuracy.value)} points ({interval(accuracy)});"
        f" of macro-F1: {signed(macro.value)} points ({interval(macro)}).",
    ]
    changed = [change for change in class_changes(pair) if change.fixed or change.broken]
    lines += [
        f"  {change.label}: {change.fixed} fixed, {change.broken} broken of {change.n};"
        f" recall {percent(change.recall_a, 0)} → {percent(change.recall_b, 0)} ({p_words(change.p_holm)})"
        for change in changed
    ]
    if changed:
        lines.append("By class: exact McNemar, Holm-corrected over the classes.")
    return "\n".join(lines)


def _as_json(pair: "Paired", data: str) -> dict[str, Any]:
    from sealife_core.datasets.dataset import dataset_or_none
    from sealife_core.evaluation.comparison.paired import PILES, class_changes

    dataset = dataset_or_none(data)
    names = dataset.original_names if dataset else {}
    return {
        "from": pair.name_a,
        "to": pair.name_b,
        "sentence": pair.sentence(),
        "n": pair.n,
        "p": pair.p,
        "accuracy_difference": asdict(pair.accuracy_difference),
        "macro_f1_difference": asdict(pair.macro_f1_difference),
        "classes": [asdict(change) for change in class_changes(pair)],
        **{pile: getattr(pair, pile) for pile in PILES},
        "files": {image: names[image] for image in pair.ids.tolist() if image in names},
    }
