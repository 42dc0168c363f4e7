"""A data set in a few figures."""

from typing import Any


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
    return f"Data set '{found['name']}': {found['images']:,} images, {found['classes']} classes ({splits})."
