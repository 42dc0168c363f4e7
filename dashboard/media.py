"""Pictures, served next to the pages: ``/thumb/<data set>/<row>.jpg``, ``/evidence/<run>/<row>/<class>.png``.

Every id is looked up among those that exist; none becomes a path.
"""

import asyncio
import gzip
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from functools import cache as once
from urllib.parse import quote

import numpy as np
import plotly
from plotly.offline import get_plotlyjs
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dashboard.cache import classifiers, datasets, embeddings, keeping
from sealife_core.datasets.dataset import Dataset, list_datasets
from sealife_core.datasets.decoding.thumbnails import thumbnail
from sealife_core.errors import BusyError, SealifeError
from sealife_core.evaluation.classification.gradcam_layers import LAYERS, Layer
from sealife_core.runs.directory import open_run
from sealife_core.runs.run import MODEL, Run

LARGE_PX = 1024  # one picture alone on a screen
SIDES_PX = (96, 160, 320, 640, LARGE_PX)
AT_ONCE, MOST_WAITING = 2, 32  # pieces of evidence: worked at, and asked for in all (a page asks for six at a time)
_EVIDENCE = ThreadPoolExecutor(AT_ONCE, "evidence")
_waiting = 0  # only the server's event loop counts
_HASH_DIGITS = 12
_PATIENCE_S = 5  # for a thumbnail's turn to be decoded: longer, and those who wait take all the server's threads


def thumb_url(dataset: Dataset, row: int, side_px: int = 160) -> str:
    """The address of one thumbnail. It carries the hash of the image, so that a browser may keep it for good."""
    version = dataset.manifest["sha256"].iat[row][:_HASH_DIGITS]
    return f"/thumb/{quote(dataset.name, safe='')}/{row}.jpg?side={side_px}&v={version}"


def thumb_pattern(dataset: Dataset) -> str:
    """The address of every thumbnail, with "{row}" in it, for rows of this version of the data set."""
    return f"/thumb/{quote(dataset.name, safe='')}/{{row}}.jpg?side=160&content={dataset.content_hash}"


def evidence_url(run: Run, dataset: Dataset, row: int, class_index: int, layer: str) -> str:
    """The address of what speaks for a class in one picture. It is computed when the browser asks, not by the page."""
    versions = f"content={dataset.content_hash}&model={keeping.stamp(run.path / MODEL)[0]}"
    return f"/evidence/{quote(run.id, safe='')}/{row}/{class_index}.png?layer={layer}&{versions}"


def data_uri(content: bytes, kind: str) -> str:
    """``content`` as an address that holds it; ``kind``: "image/png"."""
    return f"data:{kind};base64,{b64encode(content).decode()}"


def routes() -> list[Route]:
    """What is served besides Streamlit's own pages."""
    return [
        Route("/thumb/{dataset}/{row}.jpg", _thumb),
        Route("/evidence/{run}/{row}/{index}.png", _evidence),
        Route(PLOTLY_URL, _plotly),
        Route("/figure/{version}.json", _figure),
    ]


def _thumb(request: Request) -> Response:
    name = request.path_params["dataset"]
    side = request.query_params.get("side", "160")
    if side not in map(str, SIDES_PX) or name not in list_datasets():
        return Response("No such picture.", status_code=404)
    try:
        dataset, row = _row_meant(name, request)
        if not 0 <= row < len(dataset):
            return Response("No such picture.", status_code=404)
        jpeg = thumbnail(dataset, row, int(side), within_s=_PATIENCE_S)
    except BusyError as error:
        return Response(str(error), status_code=503, headers={"Retry-After": "5", "Cache-Control": "no-store"})
    except (SealifeError, OSError):
        return Response("This picture cannot be read.", status_code=404)
    return Response(jpeg, media_type="image/jpeg", headers=_kept(request))


def _row_meant(name: str, request: Request) -> tuple[Dataset, int]:
    """The row of a page as that page counts them, though somebody may have left out a picture meanwhile."""
    dataset, asked, row = datasets.opened(name), request.query_params, _number(request, "row")
    if content := asked.get("content"):
        version = dataset.version_of(content)
        return (dataset, -1) if version is None else (dataset.at(version), row)  # None: it was imported again since
    image, hashes = asked.get("v", ""), dataset.manifest["sha256"]
    if not image or (0 <= row < len(dataset) and hashes.iat[row].startswith(image)):
        return dataset, row
    places = np.flatnonzero(dataset.imported["sha256"].str.startswith(image).to_numpy(dtype=bool))
    return dataset.original, int(places[0]) if len(places) else -1


def known_layer(name: str) -> Layer | None:
    """``name`` if evidence can be read from that layer, else None."""
    return next((layer for layer in LAYERS if layer == name), None)


async def _evidence(request: Request) -> Response:
    """The evidence of a picture costs a pass through a network: a few requests wait, in threads of their own so that no
    thumbnail waits behind them; further ones are refused."""
    global _waiting
    if _waiting >= MOST_WAITING:
        return Response("Busy: try again.", status_code=503, headers={"Retry-After": "5"})
    _waiting += 1
    try:
        return await asyncio.get_running_loop().run_in_executor(_EVIDENCE, _evidence_of, request)
    finally:
        _waiting -= 1


def _evidence_of(request: Request) -> Response:
    index = _number(request, "index")
    try:
        run = open_run(request.path_params["run"])
        dataset, row = _row_meant(run.config().data, request)
        if not 0 <= row < len(dataset) or index < 0:
            return Response("No such picture.", status_code=404)
        layer = known_layer(request.query_params.get("layer", "layer4"))
        if layer is None:
            return Response("There is no such layer.", status_code=404)
        png = classifiers.evidence(run, dataset, row, index, layer)
    except (SealifeError, OSError, ValueError):
        return Response("There is no evidence for this picture.", status_code=404)
    is_asked = request.query_params.get("model") == str(keeping.stamp(run.path / MODEL)[0])
    return Response(png, media_type="image/png", headers=_kept(request) if is_asked else {"Cache-Control": "no-store"})


def _number(request: Request, name: str) -> int:
    """A place, of the path; -1, which is none, where the path holds none."""
    text = request.path_params[name]
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else -1


def _kept(request: Request) -> dict[str, str]:
    """What has a version in its address never changes."""
    known = {"v", "content"} & request.query_params.keys()
    return {"Cache-Control": f"private, {'max-age=604800, immutable' if known else 'no-cache'}"}


# -- plotly.js, as the plotly package brings it, for the charts that are components of ours -------------------------

PLOTLY_URL = f"/plotly-{plotly.__version__}.js"


def _plotly(request: Request) -> Response:
    packed = "gzip" in request.headers.get("accept-encoding", "")
    headers = {"Cache-Control": "private, max-age=604800, immutable", "Vary": "Accept-Encoding"}
    headers |= {"Content-Encoding": "gzip"} if packed else {}
    return Response(_plotly_packed() if packed else get_plotlyjs(), media_type="text/javascript", headers=headers)


@once
def _plotly_packed() -> bytes:
    """A third of its size, for slow connections."""
    return gzip.compress(get_plotlyjs().encode(), 6)


# -- figures: a chart is fetched once by its content; the message that says which one travels at every click --------


def figure_url(version: str) -> str:
    """The address of a figure that ``embeddings.keep_figure`` keeps."""
    return f"/figure/{version}.json"


def _figure(request: Request) -> Response:
    text = embeddings.figure(request.path_params["version"])
    if text is None:
        return Response("No such figure.", status_code=404)
    headers = {"Cache-Control": "private, max-age=86400, immutable"}
    return Response(text, media_type="application/json", headers=headers)
