"""A data set in a few figures."""

from typing import Any

from sealife_core.wording import counted


def dataset_figures(dataset: Any) -> dict[str, Any]:
    """A data set in figures."""
    return {
        "name": dataset.name,
        "images": len(dataset.manifest),
        "classes": len(dataset.classes),
        "splits": {split: len(dataset.rows(split)) for split in ("train", "val", "test")},
        "version": dataset.version,
        "content_hash": dataset.content_hash,
        "folder": str(dataset.folder),
    }


def dataset_sentence(found: dict[str, Any]) -> str:
    """A summary in one sentence."""
    splits = ", ".join(f"{n:,} {split}" for split, n in found["splits"].items())
    images, classes = counted(found["images"], "image"), counted(found["classes"], "class", "classes")
    return f"Data set '{found['name']}': {images}, {classes} ({splits})."
