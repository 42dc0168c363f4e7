"""Requests to a Ray cluster over HTTP, and which clusters get the token of their owner.

The owner's clusters are those of ``environment.CLUSTERS`` and of RAY_API_SERVER_ADDRESS, where Ray's own commands look.
The token of a cluster that needs one is read where they read it too: from RAY_AUTH_TOKEN, the file that
RAY_AUTH_TOKEN_PATH names, or ``~/.ray/auth_token``. It is sent only to the clusters that are named in the environment,
and written nowhere.
"""

import json
import socket
from contextlib import closing, suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from threading import Timer
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ValidationError

from sealife_core.config import CLUSTER, cluster_address
from sealife_core.config.runs import is_address
from sealife_core.environment import CLUSTERS, RAY_API_SERVER_ADDRESS, RAY_AUTH_TOKEN, RAY_AUTH_TOKEN_PATH
from sealife_core.errors import RunError

TIMEOUT_S = 10.0  # for one request; a head node answers in milliseconds, one that is being restarted in seconds
MOST_BYTES = 1 << 24  # of an answer; one describes a thousand machines
MOST_SAID = 500  # characters of a text of a cluster that a person reads


class ClusterError(RunError):
    """A cluster does not answer, or refuses a request (``refused``), or the server is no Ray cluster (``foreign``)."""

    def __init__(self, text: str, *, refused: bool = False, foreign: bool = False) -> None:
        self.refused, self.foreign = refused, foreign
        super().__init__(text)


def known_clusters() -> list[str]:
    """The addresses of the clusters that the environment names, as ``http://host:port``."""
    named = [*CLUSTERS.value(), *RAY_API_SERVER_ADDRESS.text().split()]
    return list(dict.fromkeys(str(cluster_address(CLUSTER + name)) for name in named if is_address(name)))


def ask(address: str, method: str, path: str, body: Any, shape: type[BaseModel] | None, timeout_s: float) -> Any:
    """The answer of the cluster at ``address``, of that ``shape``; None for "not found" and without a shape.

    body: sent as JSON. Raises ClusterError.
    """
    sent = json.dumps(body).encode() if body is not None else None
    try:
        status, said = _answer(address, method, path, sent, timeout_s)
    except (OSError, HTTPException) as error:
        why = getattr(error, "strerror", None) or str(error) or "no answer in time"
        raise ClusterError(
            f"The Ray cluster at {address} does not answer ({why}). Start it with 'ray start --head', or give"
            " the address of its dashboard. This machine must be able to reach that address."
        ) from None
    if status == 404 and method == "GET":
        return None
    if 300 <= status < 400:
        raise foreign(address, "it redirects to another address")
    if status >= 400:
        token = f" The token is sent only to clusters listed in {CLUSTERS.name}." if status in (401, 403) else ""
        lines = said.decode(errors="replace").strip().splitlines()  # the reason is at the end of Ray's traceback
        why = readable(lines[-1].strip() if lines else f"status {status}")
        raise ClusterError(f"The Ray cluster at {address} refused: {why}{token}", refused=True)
    if shape is None:
        return None
    try:
        return shape.model_validate_json(said)
    except ValidationError:
        raise foreign(address, "its answer has another format") from None


def foreign(address: str, why: str) -> ClusterError:
    """The error for a server at ``address`` that is no Ray cluster."""
    return ClusterError(
        f"The server at {readable(address)} is not a Ray cluster ({why}). Give the address of the dashboard"
        " that 'ray start --head' prints.",
        foreign=True,
    )


def readable(text: str) -> str:
    """Text from an untrusted server, shortened and without control characters."""
    return "".join(sign if sign.isprintable() else " " for sign in text[:MOST_SAID])


def _answer(address: str, method: str, path: str, body: bytes | None, timeout_s: float) -> tuple[int, bytes]:
    """(Status, content) of one request to this address and no other. Raises OSError, HTTPException."""
    if not is_address(address):
        raise foreign(address, "this is not a valid address")
    parts = urlsplit(address)
    headers = {"Content-Type": "application/json", "Connection": "close"}
    if _origin(address) in map(_origin, known_clusters()) and (token := _token()):
        headers["Authorization"] = f"Bearer {token}"
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    with closing(kind(parts.hostname or "", parts.port, timeout=timeout_s)) as connection:
        connection.connect()
        # The timeout above counts from one byte to the next: a server that sends a byte now and then would pass it.
        over = Timer(timeout_s, _hang_up, [connection.sock])
        over.start()
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            content = answer.read(MOST_BYTES + 1)
        finally:
            over.cancel()
    if len(content) > MOST_BYTES:
        raise foreign(address, f"its answer is longer than {MOST_BYTES / 1e6:.0f} MB")
    return answer.status, content


def _hang_up(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def _origin(address: str) -> tuple[str, str | None, int]:
    """Scheme, host and port: two addresses that agree in all of them are the same server."""
    parts = urlsplit(address)
    return parts.scheme, parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)


def _token() -> str:
    """The token of clusters that need one, or "". Raises ClusterError for one that no header can hold."""
    token = RAY_AUTH_TOKEN.text()
    with suppress(OSError):
        file = Path(RAY_AUTH_TOKEN_PATH.text() or Path.home() / ".ray" / "auth_token")
        token = token or file.read_text(errors="replace").strip()
    if token.isascii() and (token.isprintable() or not token):
        return token
    raise ClusterError(
        f"The token of Ray clusters ({RAY_AUTH_TOKEN.name}, or its file) has several lines or characters that cannot be"
        " sent. Put the token there, and nothing else."
    )
