"""Corrections, answered next to the pages: ``GET /picture/<data set>/<id>.json``, ``POST /correct/<data set>``.

A label is on the disk when the answer comes: no page has to run for it, and nothing is lost with a closed tab.
"""

from typing import Any
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from dashboard.cache import datasets, embeddings
from dashboard.data.corrections import known_of
from dashboard.media import thumb_url
from sealife_core.datasets.corrections.draft import Changes, Draft
from sealife_core.datasets.corrections.editing import add_entries, said, undo
from sealife_core.datasets.corrections.entries import QUEUE, in_force
from sealife_core.datasets.corrections.versions import known_label, renamed_since
from sealife_core.datasets.dataset import Dataset, list_datasets
from sealife_core.errors import SealifeError

_MOST_BYTES = 1 << 20
NAMES_CLASS = ("label", "opinion")  # fields whose value is a class


class _Asked(BaseModel):
    """What a page sends: image id → field → what it becomes, or the number of a correction to undo. version: of the
    data set that the page shows; classes may have been renamed since."""

    model_config = ConfigDict(extra="forbid")

    images: dict[str, dict[str, str]] = {}
    undo: int | None = None
    by: str = ""
    why: str = "hand"
    version: int | None = None


def picture_url(dataset: Dataset) -> str:
    """The address of what is known of a picture, with "{id}" in it."""
    return f"/picture/{quote(dataset.name, safe='')}/{{id}}.json"


def correct_url(dataset: Dataset) -> str:
    """The address that takes corrections."""
    return f"/correct/{quote(dataset.name, safe='')}"


def routes() -> list[Route]:
    """What is answered besides Streamlit's own pages."""
    return [
        Route("/picture/{dataset}/{image}.json", _picture),
        Route("/correct/{dataset}", _correct, methods=["POST"]),
    ]


def _picture(request: Request) -> Response:
    name, image = request.path_params["dataset"], request.path_params["image"]
    try:
        dataset = datasets.opened(name) if name in list_datasets() else None
        if dataset is None or image not in set(dataset.imported["id"].tolist()):
            return Response("No such picture.", status_code=404)
        known = known_of(dataset, image, embeddings.similar(dataset, image))
    except SealifeError as error:
        return Response(str(error), status_code=404)
    near = [one | {"url": thumb_url(dataset, one["row"], 96)} for one in known["near"]]
    return JSONResponse(known | {"near": near}, headers={"Cache-Control": "no-store"})


async def _correct(request: Request) -> Response:
    name = request.path_params["dataset"]
    body = await request.body()
    try:
        asked = _Asked.model_validate_json(body if len(body) <= _MOST_BYTES else b"")
    except ValidationError:
        return JSONResponse({"error": "This is no correction."}, status_code=400)
    if name not in list_datasets():
        return JSONResponse({"error": f"There is no data set {name!r}."}, status_code=404)
    try:
        return JSONResponse(await run_in_threadpool(_done, name, asked))
    except SealifeError as error:
        return JSONResponse({"error": str(error)}, status_code=409)


def _done(name: str, asked: _Asked) -> dict[str, Any]:
    """The number of the new entry (0: it cannot be undone), what it says, the classes that there are now, and under
    which name it is kept."""
    dataset, by = datasets.opened(name), asked.by.strip()[:100]
    told: list[str] = []
    if asked.undo is not None:
        now = undo(dataset, asked.undo, by=by)
    else:
        labels = {value for fields in asked.images.values() for field, value in fields.items() if field in NAMES_CLASS}
        names = {label: renamed_since(label, dataset, asked.version) for label in labels}
        told += [f"{was!r} is called {now!r} now." for was, now in names.items() if was != now]
        names = {was: known_label(now, dataset) for was, now in names.items()}
        images = {image: _as_known(fields, names) for image, fields in asked.images.items()}

        def find(draft: Draft) -> None:
            queued = asked.why == QUEUE and by
            changes = _beside_others(draft, images, draft.people.called(by)) if queued else images
            draft.correct(changes, by=by, why=asked.why)

        now = add_entries(dataset, find)
        told += [
            f"The class {name!r} is new."
            for name in now.classes
            if name in names.values() and name not in dataset.classes
        ]
    entry = now.entries[-1]
    if any(
        "opinion" in fields and "opinion" not in asked.images.get(image, {}) for image, fields in entry.images.items()
    ):
        told.append("Somebody else has just labelled it: yours is kept as a second opinion.")
    if entry.by != by:
        told.append(f"Kept under the name {entry.by!r}.")
    return {
        "number": entry.number if entry.corrects else 0, "said": " ".join([said(entry), *told]),
        "version": now.version, "classes": now.classes, "by": entry.by,
    }  # fmt: skip


def _beside_others(draft: Draft, images: Changes, by: str) -> Changes:
    """Answers of the label queue; of pictures that somebody else has labelled since they were asked, as opinions."""
    labelled = {
        image: entry.by
        for entry in in_force(draft.entries)
        for image, fields in entry.images.items()
        if "label" in fields
    }
    return {
        image: {"opinion": fields["label"]}
        if "label" in fields and draft.values(image)["label"] and labelled.get(image, by) != by
        else fields
        for image, fields in images.items()
    }


def _as_known(fields: dict[str, str], names: dict[str, str]) -> dict[str, str]:
    return fields | {field: names[value] for field, value in fields.items() if field in NAMES_CLASS}
