"""``predict``: classify the pictures in a folder with a trained model."""

import argparse
import dataclasses
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from sealife_core.commands.output import Output, at_least, destination, write_file
from sealife_core.errors import ConfigError, DatasetError, RunError
from sealife_core.evaluation.batch_inference.inference_rows import named, row_of, table_of
from sealife_core.folders import path_of
from sealife_core.neutral import csv_of, printable, terminal_text
from sealife_core.progress import Progress
from sealife_core.runs.names import find_run
from sealife_core.wording import counted, percent

if TYPE_CHECKING:
    from sealife_core.evaluation.classification.predictor import Predictor
    from sealife_core.evaluation.classification.selective import Threshold, Validated

_ABOUT = """\
Classify every picture in a folder and its sub-folders with a trained model.

The table gives the predicted class of each file, the confidence, and the next most likely classes. A file that cannot
be read is listed with the reason; all others are still classified.

"novelty" tells how far a picture is from the training images. It is a Mahalanobis distance, taken in the stage of the
encoder where the picture is farthest. 0 is the median of the validation images; closer pictures are below 0.
"unlike" marks pictures that are farther away than 99 % of the validation images. Their prediction may mean nothing.
Some models notice unknown animals better than others. The text below the table tells what was measured for this model.
A picture with the colours and textures of the training images is never marked, even if it shows an unknown animal.
Both columns need the file novelty.npz beside the model, or its data set. Without them, the model still predicts and
says that it cannot warn.
"similarity" is the cosine similarity to the most similar training image, "nearest" in the CSV its name. Both need the
embeddings of the run.

"calibrated" in the CSV is the confidence after temperature scaling, fitted on the validation predictions of the run.
With --error 0.05, a picture is "unknown" below a threshold that was chosen on them so that at most 5 % of the pictures
above it are wrong. The text says how many it names. This needs the run itself, not only its model.
"""
_EXAMPLES = """\
examples:
  python -m sealife_core predict "Linear probe on reef" ~/dive-42
  python -m sealife_core predict 20261122-104422-probe-a3f1 ~/dive-42 --csv dive-42.csv --top 5
  python -m sealife_core predict "Linear probe on reef" dive-42.zip --csv dive-42.csv --error 0.05
  python -m sealife_core predict ~/models/reef-classifier ~/dive-42 --json
"""


def add_commands(commands: Any) -> None:
    """Add this group's commands to the command line."""
    predict = commands.add_parser(
        "predict",
        help="classify the pictures in a folder with a trained model",
        description=_ABOUT,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    predict.add_argument(
        "model", metavar="RUN", help="a run by name or id, or a folder with model.safetensors and model.json"
    )
    predict.add_argument("source", type=Path, metavar="FOLDER", help="folder or zip of pictures, or one picture")
    predict.add_argument("--csv", type=Path, metavar="FILE", help="also write the predictions to this CSV file")
    predict.add_argument(
        "--top", type=int, default=3, metavar="N", help="how many classes to list for each file (default 3)"
    )
    predict.add_argument(
        "--error",
        type=float,
        metavar="SHARE",
        help='call a picture "unknown" unless at most this share of the pictures named is wrong, for example 0.05',
    )
    predict.set_defaults(run=predict_folder)


def predict_folder(chosen: argparse.Namespace, output: Output) -> None:
    """Classify every picture; files that cannot be read are listed. Raises SealifeError if none can be read."""
    at_least(1, "--top", chosen.top)
    if chosen.error is not None and not 0 < chosen.error < 1:
        raise ConfigError([f"'--error' is {chosen.error:g}; expected a share between 0 and 1, such as 0.05."])
    csv = destination(chosen.csv, "--csv") if chosen.csv else None
    with TemporaryDirectory() as unpacked, output.progress() as tell:
        files, skipped = _pictures(chosen.source, Path(unpacked) / "pictures", tell)
        predictor = _predictor(chosen.model)
        chosen.top = min(chosen.top, len(predictor.classes))
        known = _validated(predictor, needed=chosen.error is not None)
        predicted, unreadable = predictor.predict_files(files, progress=tell)
    skipped = sorted(skipped + unreadable)
    if not predicted:
        raise _nothing(chosen.source, skipped)
    threshold = known.threshold(chosen.error) if known and chosen.error is not None else None
    rows = [row_of(name, prediction, chosen.top, known) for name, prediction in predicted]
    if threshold:
        rows = [row | {"named": named(row, threshold.value)} for row in rows]
    if csv is not None:
        table = table_of(rows, skipped, chosen.top, threshold.value if threshold else None)
        write_file(csv, csv_of(table), "--csv")
    if output.as_json:
        ood = predictor.ood
        output.result(
            {
                "model": chosen.model,
                "run": predictor.card.run,
                "classes": list(predictor.classes),
                "unlike_above": ood.threshold if ood else None,
                "without_unlike": predictor.ood_unavailable or None,
                "threshold": dataclasses.asdict(threshold) if threshold else None,
                "predictions": rows,
                "skipped": [{"file": name, "reason": reason} for name, reason in skipped],
            }
        )
    else:
        _show(output, predictor, rows, skipped, chosen, threshold)


def _validated(predictor: "Predictor", *, needed: bool) -> "Validated | None":
    """What the validation predictions beside the model say of its confidences; None if that is not ``needed``."""
    from sealife_core.evaluation.classification.selective import validated

    try:
        return validated(predictor.folder, predictor.classes)
    except RunError:
        if needed:
            raise
        return None


def _predictor(model: str) -> "Predictor":
    """The classifier of the run with this id or name, or in this folder."""
    from sealife_core.evaluation.classification.predictor import Predictor
    from sealife_core.models.checkpoint import CARD_FILE

    folder = path_of(model)
    if (folder / CARD_FILE).is_file():
        return Predictor(folder)
    try:
        run = find_run(model)
    except RunError:
        if folder.name == model:
            raise
        return Predictor(folder)  # written as a path, so the error should name the folder, not runs
    return Predictor(run.path)


def _pictures(
    source: Path, unpacked: Path, tell: Progress | None
) -> tuple[list[tuple[str, Path]], list[tuple[str, str]]]:
    """(name, path) of every file that may be a picture, and (name, reason) of the others. Raises DatasetError."""
    from sealife_core.datasets.imports.sources import files_in

    source = path_of(source)
    if not source.exists():
        raise DatasetError(
            f"There is nothing at '{printable(str(source))}'. Expected a folder of pictures, or one picture."
        )
    files, skipped = files_in(source, unpacked, tell)
    if not files:
        raise _nothing(source, skipped)
    return [(printable(str(place)), path) for place, path in files], skipped


def _nothing(source: Path, skipped: list[tuple[str, str]]) -> Exception:
    from sealife_core.datasets.decoding.reading import READABLE

    where = printable(str(source))
    if not skipped:
        return DatasetError(f"'{where}' holds no picture. Expected {READABLE}.")
    name, reason = skipped[0]
    files = counted(len(skipped), "file was", "files were")
    return DatasetError(f"'{where}' holds no picture that can be read; {files} skipped. '{name}': {reason}")


def _show(
    output: Output,
    predictor: "Predictor",
    rows: list[dict[str, Any]],
    skipped: list[tuple[str, str]],
    chosen: argparse.Namespace,
    threshold: "Threshold | None",
) -> None:
    columns = {"file": "file", "prediction": "prediction", "confidence": "confidence"}
    if chosen.top > 1 and len(predictor.classes) > 1:
        columns["next"] = "next most likely"
    if threshold:
        columns["named"] = "named"
    ood = predictor.ood
    if any(row["similarity"] is not None for row in rows):
        columns["similarity"] = "similarity"
    if ood:
        columns |= {"novelty": "novelty", "unlike": "unlike?"}
    output.table([_shown(row) for row in rows], columns, empty="")
    lines = [f"{counted(len(rows), 'picture')} predicted, {counted(len(skipped), 'file')} skipped."]
    lines += [terminal_text(f"  {name}: {reason}") for name, reason in skipped]
    if ood:
        lines.append(
            f"novelty: how far a picture is from {ood.n_train:,} training images. 0 is the median of"
            f" {ood.n_val:,} validation images; closer pictures are below 0. A picture above"
            f" {ood.threshold:.1f} is unlike the training images. {ood.caveat}"
        )
    else:
        lines.append(f"The pictures were not compared with the training images. {predictor.ood_unavailable}")
    if threshold:
        lines.append(threshold.sentence)
    if chosen.csv:
        lines.append(f"Written to {chosen.csv}.")
    output.result(None, "\n" + "\n".join(lines))


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    """A row as the table shows it."""
    similarity, score = row["similarity"], row["novelty"]
    return row | {
        "confidence": percent(row["confidence"]),
        "next": ", ".join(f"{other['label']} {percent(other['probability'])}" for other in row["top"][1:]),
        "similarity": "" if similarity is None else f"{similarity:.3f}",
        "novelty": "" if score is None else f"{round(score, 1) + 0.0:.1f}",
        "unlike": "UNLIKE" if row["unlike"] else "",
    }
