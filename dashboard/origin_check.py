"""Who may ask the dashboard anything: pages of its own origin, under a name that is this machine's.

A browser says which page sends a request. Requests of other sites' pages are refused, whether they read (pictures under
a rebound name, a frame) or act (the WebSocket, an upload).
"""

import socket
from functools import cache
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sealife_core.environment import HOSTS

ON_EVERY_ANSWER = (
    (b"content-security-policy", b"frame-ancestors 'self'"),
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
_PORTS = {"http": 80, "https": 443}


class OriginCheck:
    """ASGI middleware around everything that is served: Streamlit's own routes, static files, pictures, WebSocket."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, with headers that keep other origins out; 403 where :func:`refusal` says why."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *ON_EVERY_ANSWER]
            await send(message)

        why = refusal(scope["headers"])
        if why is None:
            await self.app(scope, receive, guarded)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await PlainTextResponse(why, 403)(scope, receive, guarded)


def refusal(headers: list[tuple[bytes, bytes]]) -> str | None:
    """Why a request with these headers is refused, or None: it is answered."""
    held: dict[str, list[str]] = {}
    for name, value in headers:
        held.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
    hosts, origins = held.get("host", []), held.get("origin", [])
    host = _host_and_port(f"//{hosts[0]}", None) if len(hosts) == 1 else None
    if host is None or not is_ours(host[0]):
        return (
            "The dashboard does not accept this host name. Open it at localhost or an IP address, or start it with"
            f" the host name in the environment variable {HOSTS.name}."
        )
    if any(not _same(origin, hosts[0]) for origin in origins):
        return "This request came from a page of another origin. Open the dashboard itself."
    site, goal = held.get("sec-fetch-site", ["none"])[0], held.get("sec-fetch-dest", [""])[0]
    if site in ("cross-site", "same-site") and goal != "document":  # a link that leads here is welcome
        return "This request came from a page of another site. Open the dashboard itself."
    return None


def is_ours(host: str) -> bool:
    """Whether ``host`` is a name of this machine that no foreign DNS server can assign to it."""
    if host in _names() or host.endswith(".localhost"):
        return True
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


@cache
def _names() -> frozenset[str]:
    here = socket.gethostname().lower().rstrip(".")
    short = here.partition(".")[0]
    given = (name.lower().rstrip(".") for name in HOSTS.value())
    return frozenset({"localhost", here, short, f"{short}.local", *given})


def _same(origin: str, host: str) -> bool:
    """Whether a page of ``origin`` was served under the Host that it now asks; a proxy may have taken the TLS off."""
    scheme = origin.partition("://")[0]
    if scheme not in _PORTS:
        return False
    asked = _host_and_port(f"//{host}", _PORTS[scheme])
    return asked is not None and _host_and_port(origin, _PORTS[scheme]) == asked


def _host_and_port(url: str, otherwise: int | None) -> tuple[str, int | None] | None:
    """Of an address without a path; None for anything else."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if not host or "@" in parts.netloc or parts.path or parts.query or parts.fragment:
        return None
    return host.rstrip("."), otherwise if port is None else port
