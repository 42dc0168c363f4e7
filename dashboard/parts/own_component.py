"""Components of this dashboard: script, styles and HTML stand in files beside the Python file that shows them."""

from pathlib import Path

from streamlit.components.v2 import component
from streamlit.components.v2.types import ComponentRenderer

_ELEMENTS = Path(__file__).with_name("elements.js")


def own_component(
    python_file: str, html: str = "", *, shared: str | tuple[str, ...] = (), isolate_styles: bool = True
) -> ComponentRenderer:
    """The component whose ``.js``, ``.css`` and ``.html`` lie beside ``python_file`` and have its name.

    html: given here where it is one line. shared: further ``.js`` and ``.css`` that several components use, as seen
    from that folder ("../correcting/lightbox"). The browser gets one module: ``elements.js``, these scripts, its own.
    """
    own = Path(python_file)
    files = [*map(own.parent.joinpath, (shared,) if isinstance(shared, str) else shared), own]
    return component(
        own.stem,
        html=html or _joined([own.with_suffix(".html")]),
        css=_joined([file.with_suffix(".css") for file in files]),
        js=_joined([_ELEMENTS, *(file.with_suffix(".js") for file in files)]),
        isolate_styles=isolate_styles,
    )


def _joined(files: list[Path]) -> str | None:
    return "\n".join(file.read_text(encoding="utf-8") for file in files if file.exists()) or None
