"""Files of a data set that were lost or damaged, brought back from copies with their content."""

import filecmp
import shutil
from collections.abc import Mapping
from pathlib import Path

from sealife_core.datasets.dataset import Dataset
from sealife_core.durable import replacing


def lost_files(dataset: Dataset, copies: Mapping[str, Path]) -> dict[Path, Path]:
    """Files of the data set that are missing or damaged → the one of ``copies`` (sha256 → file) with their content."""
    every = zip(dataset.every["file"].tolist(), dataset.every["sha256"].tolist(), strict=True)
    known = {dataset.folder / file: copies[sha256] for file, sha256 in every if sha256 in copies}
    return {file: copy for file, copy in known.items() if not _same(file, copy)}


def bring_back(lost: Mapping[Path, Path]) -> None:
    """Write each file of :func:`lost_files` anew. Raises OSError."""
    for file, copy in lost.items():
        with replacing(file) as back, copy.open("rb") as content:
            shutil.copyfileobj(content, back)


def _same(file: Path, copy: Path) -> bool:
    try:
        return filecmp.cmp(file, copy, shallow=False)
    except OSError:
        return False
