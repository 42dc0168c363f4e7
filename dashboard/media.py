"""Thumbnails, served beside the pages: ``/thumb/<data set>/<row>.jpg``.

Every id is looked up among those that exist; none becomes a path.
"""

from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dashboard import cache
from sealife_core.datasets.dataset import Dataset, list_datasets
from sealife_core.datasets.thumbnails import thumbnail
from sealife_core.errors import SealifeError

SIDES_PX = (96, 160, 320)


def thumb_url(dataset: Dataset, row: int, side_px: int = 160) -> str:
    """The address of one thumbnail. It carries the content hash, so that a browser may keep it for good."""
    return f"/thumb/{quote(dataset.name, safe='')}/{row}.jpg?side={side_px}&v={dataset.content_hash[:12]}"


def routes() -> list[Route]:
    """What is served besides Streamlit's own pages."""
    return [Route("/thumb/{dataset}/{row:int}.jpg", _thumb)]


def _thumb(request: Request) -> Response:
    name, row = request.path_params["dataset"], request.path_params["row"]
    side = request.query_params.get("side", "160")
    if side not in map(str, SIDES_PX) or name not in list_datasets():
        return Response("No such picture.", status_code=404)
    try:
        dataset = cache.dataset(name)
        if not 0 <= row < len(dataset.manifest):
            return Response("No such picture.", status_code=404)
        jpeg = thumbnail(dataset, row, int(side))
    except (SealifeError, OSError):
        return Response("This picture cannot be read.", status_code=404)
    kept = "private, max-age=604800, immutable" if "v" in request.query_params else "no-cache"
    return Response(jpeg, media_type="image/jpeg", headers={"Cache-Control": kept})
