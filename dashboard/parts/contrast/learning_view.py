"""A run while it learned: histograms, lines and nearest pictures that follow one epoch. The browser plays it alone."""

from typing import Any

from dashboard.parts.own_component import own_component
from dashboard.state import Key

_VIEW = own_component(__file__, "<div></div>", shared="svg_chart")


def learning_view(run_id: str, planned: int, figures: dict[str, Any], pictures: dict[str, Any], key: Key) -> None:
    """``figures`` and ``pictures`` as ``data.learning`` makes them; ``planned``: the epochs of the whole run.

    A run that still trains is given again with more epochs: what is shown stays, the newest moves on.
    """
    version = f"{run_id}-{figures['epochs'][-1]}-{len(pictures['asked'])}"
    _VIEW(data={"run": run_id, "version": version, "planned": planned, "pictures": pictures, **figures}, key=key)
