"""What cameras wrote into the images of a data set, kept beside it by their content, so that each is opened once."""

import json
from contextlib import suppress
from pathlib import Path

from sealife_core.datasets.dataset import Dataset
from sealife_core.datasets.grouping.exif import Written, written_in
from sealife_core.durable import replace_file
from sealife_core.opening import json_in
from sealife_core.progress import Progress

CACHE = "exif.json"
_EDITION = 1  # raised when more is read, or in another way


def stored_exif(dataset: Dataset, progress: Progress | None = None) -> list[Written]:
    """What cameras wrote into each row of ``dataset``."""
    contents = dataset.manifest["sha256"].tolist()
    known = _read(dataset.folder)
    new = {content: row for row, content in enumerate(contents) if content not in known}
    if new:
        paths = [dataset.image_path(row) for row in new.values()]
        found = dict(zip(new, written_in(paths, progress), strict=True))
        # A lost file is asked again when it is back.
        kept = known | {content: found[content] for content, path in zip(new, paths, strict=True) if path.is_file()}
        known |= found
        with suppress(OSError):  # on a full or read-only disk they are opened again the next time
            replace_file(dataset.folder / CACHE, json.dumps({"edition": _EDITION, "written": kept}))
    return [known[content] for content in contents]


def _read(folder: Path) -> dict[str, Written]:
    """Content → what was written into it; empty where the cache is missing, damaged or of another edition."""
    try:
        about = json_in(folder / CACHE)
        found = {content: Written(*map(str, texts)) for content, texts in about["written"].items()}
        return found if about["edition"] == _EDITION else {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
