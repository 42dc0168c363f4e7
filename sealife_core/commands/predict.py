"""``predict``: what a trained classifier makes of the pictures in a folder, from a shell."""

import argparse
import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sealife_core.commands.output import Output
from sealife_core.wording import percent

if TYPE_CHECKING:
    from sealife_core.evaluation.predicting import Prediction, Predictor

_ABOUT = """\
Classify every picture in a folder, sub-folders included, with a model that a run has trained.

The table names each file, the class it is held for, how surely, and the next likeliest classes. A file that cannot be
read is named with the reason, and stops no other.

"novelty" is how far a picture lies from the training images (Mahalanobis distance, in the stage of the encoder where it
is farthest): 0 is the median validation image, and pictures that lie nearer are below 0. "unlike" marks those farther
than 99 % of the validation images: the answer for these may mean nothing. How well a model notices unknown animals
differs; below the table stands what was measured for this one. A picture with the colours and textures of the training
images is never marked, whatever it shows. This needs novelty.npz beside the model, or its data set; a model copied
elsewhere without them still predicts, and says that it cannot warn.
"similarity" is the cosine to the most similar training image, where the run's embeddings are there.
"""
_EXAMPLES = """\
examples:
  python -m sealife_core predict 20261122-104422-probe-a3f1 ~/dive-42
  python -m sealife_core predict 20261122-104422-probe-a3f1 ~/dive-42 --csv dive-42.csv --top 5
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
    predict.add_argument("model", metavar="RUN", help="a run's id, or a folder with model.safetensors and model.json")
    predict.add_argument("source", type=Path, metavar="FOLDER", help="folder of pictures, or one picture")
    predict.add_argument("--csv", type=Path, metavar="FILE", help="also write the predictions to this CSV file")
    predict.add_argument("--top", type=int, default=3, metavar="N", help="how many classes to name a file (default 3)")
    predict.set_defaults(run=predict_folder)


def predict_folder(chosen: argparse.Namespace, output: Output) -> None:
    """Predict every picture; what cannot be read is named. Raises SealifeError where there is nothing to predict."""
    from sealife_core.errors import ConfigError

    if chosen.top < 1:
        raise ConfigError([f"'--top' is {chosen.top}; expected 1 or more."])
    if chosen.csv and not chosen.csv.expanduser().absolute().parent.is_dir():
        raise ConfigError([f"'--csv' names a file in '{chosen.csv.parent}', which is no folder. Make it first."])
    files, skipped = _pictures(chosen.source)
    predictor = _predictor(chosen.model)
    with output.progress() as tell:
        predicted, unreadable = predictor.predict_files(files, progress=tell)
    skipped = sorted(skipped + unreadable)
    if not predicted:
        raise _nothing(chosen.source, skipped)
    rows = [_row(name, prediction, chosen.top) for name, prediction in predicted]
    if chosen.csv:
        _write_csv(chosen.csv.expanduser(), rows, skipped, chosen.top)
    if output.as_json:
        output.result(_document(chosen.model, predictor, rows, skipped))
    else:
        _show(output, predictor, rows, skipped, chosen)


def _predictor(model: str) -> "Predictor":
    """The classifier of the run of that id, or the one in that folder."""
    from sealife_core.evaluation.predicting import Predictor
    from sealife_core.models.checkpoint import CARD_FILE
    from sealife_core.runs.directory import open_run

    folder = Path(model).expanduser()
    # What is written as a path is one even where nothing is: the refusal should speak of that folder, not of runs.
    if (folder / CARD_FILE).is_file() or folder.name != model:
        return Predictor(folder)
    return Predictor.from_run(open_run(model))


def _pictures(source: Path) -> tuple[list[tuple[str, Path]], list[tuple[str, str]]]:
    """(name, path) of every file that may be a picture, and (name, reason) of the others. Raises DatasetError."""
    from sealife_core.datasets.finding import find_in_folder, printable
    from sealife_core.errors import DatasetError

    source = source.expanduser()
    if source.is_file():
        return [(printable(source.name), source)], []
    if not source.is_dir():
        raise DatasetError(f"There is nothing at '{source}'. Expected a folder of pictures, or one picture.")
    files, skipped = find_in_folder(source)
    if not files:
        raise _nothing(source, skipped)
    return [(printable(str(place)), path) for place, path in files], skipped


def _nothing(source: Path, skipped: list[tuple[str, str]]) -> Exception:
    from sealife_core.datasets.reading import READABLE
    from sealife_core.errors import DatasetError

    if not skipped:
        return DatasetError(f"'{source}' holds no picture. Expected {READABLE}.")
    name, reason = skipped[0]
    files = "1 file was" if len(skipped) == 1 else f"{len(skipped):,} files were"
    return DatasetError(f"'{source}' holds no picture that can be read; {files} skipped. '{name}': {reason}")


def _row(name: str, prediction: "Prediction", top: int) -> dict[str, Any]:
    ranked = [{"label": label, "probability": p} for label, p in prediction.ranked(top)]
    return {
        "file": name,
        "prediction": prediction.label,
        "confidence": prediction.confidence,
        "top": ranked,
        "similarity": prediction.similarity,
        "novelty": prediction.novelty,
        "unlike": prediction.unlike,
    }


def _document(
    model: str, predictor: "Predictor", rows: list[dict[str, Any]], skipped: list[tuple[str, str]]
) -> dict[str, Any]:
    novelty = predictor.novelty
    return {
        "model": model,
        "run": predictor.card.run,
        "classes": list(predictor.classes),
        "unlike_above": novelty.threshold if novelty else None,
        "without_unlike": predictor.without_novelty or None,
        "predictions": rows,
        "skipped": [{"file": name, "reason": reason} for name, reason in skipped],
    }


def _show(
    output: Output,
    predictor: "Predictor",
    rows: list[dict[str, Any]],
    skipped: list[tuple[str, str]],
    chosen: argparse.Namespace,
) -> None:
    columns = {"file": "file", "prediction": "prediction", "confidence": "confidence"}
    if chosen.top > 1 and len(predictor.classes) > 1:
        columns["next"] = "next likeliest"
    novelty = predictor.novelty
    if any(row["similarity"] is not None for row in rows):
        columns["similarity"] = "similarity"
    if novelty:
        columns |= {"novelty": "novelty", "unlike": "unlike?"}
    output.table([_shown(row) for row in rows], columns, empty="")
    lines = [f"{len(rows):,} pictures predicted, {len(skipped):,} files skipped."]
    lines += [f"  {name}: {reason}" for name, reason in skipped]
    if novelty:
        lines.append(
            f"novelty: how far a picture lies from {novelty.n_train:,} training images; 0 is the median of"
            f" {novelty.n_val:,} validation images, and nearer ones are below. Above {novelty.threshold:.1f} it is"
            f" unlike them. {novelty.caveat}"
        )
    else:
        lines.append(f"No picture was checked for being unlike the training images. {predictor.without_novelty}")
    if chosen.csv:
        lines.append(f"Written to {chosen.csv}.")
    output.result(None, "\n" + "\n".join(lines))


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    """A row in the table's words."""
    similarity, novelty = row["similarity"], row["novelty"]
    return row | {
        "confidence": percent(row["confidence"]),
        "next": ", ".join(f"{other['label']} {percent(other['probability'])}" for other in row["top"][1:]),
        "similarity": "" if similarity is None else f"{similarity:.3f}",
        "novelty": "" if novelty is None else f"{novelty:.1f}",
        "unlike": "UNLIKE" if row["unlike"] else "",
    }


def _write_csv(path: Path, rows: list[dict[str, Any]], skipped: list[tuple[str, str]], top: int) -> None:
    """One line a file, those that could not be read too. Raises RunError if the file cannot be written."""
    from sealife_core.datasets.storage import replace_file
    from sealife_core.errors import RunError

    others = [f"{what}_{place}" for place in range(2, top + 1) for what in ("class", "probability")]
    held = io.StringIO()
    writer = csv.writer(held, lineterminator="\n")
    writer.writerow(["file", "prediction", "confidence", *others, "similarity", "novelty", "unlike", "problem"])
    for row in rows:
        ranked = [value for other in row["top"][1:] for value in (other["label"], f"{other['probability']:.6f}")]
        ranked += [""] * (len(others) - len(ranked))
        similarity = "" if row["similarity"] is None else f"{row['similarity']:.6f}"
        novelty = "" if row["novelty"] is None else f"{row['novelty']:.4f}"
        unlike = "" if row["unlike"] is None else "yes" if row["unlike"] else "no"
        writer.writerow(
            [row["file"], row["prediction"], f"{row['confidence']:.6f}", *ranked, similarity, novelty, unlike, ""]
        )
    writer.writerows([name, *[""] * (len(others) + 5), reason] for name, reason in skipped)
    try:
        replace_file(path, held.getvalue())
    except OSError as error:
        raise RunError(f"'{path}' cannot be written ({error.strerror}). Name another file for --csv.") from error
