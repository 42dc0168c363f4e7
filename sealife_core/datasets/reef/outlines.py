"""The outlines of the reef: smooth curves, tapered limbs, and the sketch that collects them.

Local coordinates: an animal looks along +x and is about two units long, y points down. Everything is a polygon, so
that one affine map (and one bend) poses a whole sketch.
"""

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

Knots = list[tuple[float, float]] | np.ndarray  # (n, 2) float


@lru_cache(maxsize=256)
def _spline_weights(knots: int, steps: int, closed: bool) -> np.ndarray:
    """(points on the curve, knots): the Catmull-Rom spline through the knots is this matrix times the knots."""
    t = np.arange(steps)[:, None] / steps
    basis = np.hstack([-t + 2 * t**2 - t**3, 2 - 5 * t**2 + 3 * t**3, t + 4 * t**2 - 3 * t**3, -(t**2) + t**3]) / 2
    spans = knots if closed else knots - 1
    weights = np.zeros((spans * steps + (not closed), knots))
    for span in range(spans):
        for column, offset in enumerate((-1, 0, 1, 2)):
            knot = (span + offset) % knots if closed else min(max(span + offset, 0), knots - 1)
            weights[span * steps : (span + 1) * steps, knot] += basis[:, column]
    if not closed:
        weights[-1, -1] = 1.0
    return weights


def smooth(knots: Knots, *, closed: bool = True, steps: int = 6) -> np.ndarray:
    """A Catmull-Rom spline through the knots (n, 2); closed for an outline, open for a centre line."""
    array = np.asarray(knots, float)
    return _spline_weights(len(array), steps, closed) @ array


def mirrored(upper: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Knots of a shape symmetric about the x axis, from its upper half (y < 0), front to back."""
    return upper + [(x, -y) for x, y in reversed(upper) if abs(y) > 1e-6]


@lru_cache(maxsize=64)
def _unit_circle(corners: int) -> np.ndarray:
    angle = np.arange(corners) * (2 * np.pi / corners)
    return np.stack([np.cos(angle), np.sin(angle)], 1)


def circle(x: float, y: float, radius: float, squash: float = 1.0, corners: int = 18) -> np.ndarray:
    """A regular polygon with so many corners that it looks like a circle; ``squash`` scales its height."""
    return _unit_circle(corners) * (radius, radius * squash) + (x, y)


def circles(centres: np.ndarray, radii: np.ndarray, corners: int) -> np.ndarray:
    """(n, corners, 2): as ``circle`` around each of the centres (n, 2), all at once."""
    return _unit_circle(corners) * radii[:, None, None] + centres[:, None]


_QUARTER_TURN = np.array((-1.0, 1.0))  # of a direction (y, x)
_CAP = np.linspace(-np.pi / 2, np.pi / 2, 7)[1:-1, None]  # directions of a limb's round end
_CAP_ALONG, _CAP_ACROSS = np.cos(_CAP), np.sin(_CAP)


def tapered(centre: np.ndarray, widths: np.ndarray) -> np.ndarray:
    """The outline of a limb: ``centre`` (n, 2) is its middle line, ``widths`` (n,) its half width along it."""
    along = np.empty_like(centre)
    along[1:-1] = centre[2:] - centre[:-2]
    along[0], along[-1] = centre[1] - centre[0], centre[-1] - centre[-2]
    x, y = along.T
    along /= (np.sqrt(x * x + y * y) + 1e-9)[:, None]
    normal = along[:, ::-1] * _QUARTER_TURN
    side = normal * widths[:, None]
    tip = centre[-1] + widths[-1] * (_CAP_ALONG * along[-1] - _CAP_ACROSS * normal[-1])
    base = centre[0] + widths[0] * (-_CAP_ALONG * along[0] + _CAP_ACROSS * normal[0])
    return np.concatenate([centre + side, tip, (centre - side)[::-1], base])


@lru_cache(maxsize=64)
def ramp(steps: int) -> np.ndarray:
    """``steps`` numbers from 0 to 1."""
    return np.arange(steps) / (steps - 1)


def walk(start: tuple[float, float] | np.ndarray, angles: np.ndarray, lengths: np.ndarray | float) -> np.ndarray:
    """A middle line from ``start``: one step of ``lengths`` in each of the directions ``angles`` (n,), in radians."""
    path = np.empty((len(angles) + 1, 2))
    path[0] = start
    path[1:, 0], path[1:, 1] = np.cos(angles) * lengths, np.sin(angles) * lengths
    return path.cumsum(0)


@dataclass(frozen=True)
class CurvePart:
    """One polygon: its tone is a key of the palette; skin takes the pattern; marks lie on what is already there."""

    points: np.ndarray
    tone: str
    skin: bool = False
    mark: bool = False
    opacity: int = 255


@dataclass
class Sketch:
    """Polygons in drawing order; those before ``pattern_at`` lie below the pattern of the skin."""

    parts: list[CurvePart] = field(default_factory=list)
    pattern_at: int | None = None

    def shape(self, points: np.ndarray, tone: str = "body", *, skin: bool = False, opacity: int = 255) -> None:
        """A filled outline with a contour."""
        self.parts.append(CurvePart(points, tone, skin=skin, opacity=opacity))

    def outline(self, knots: Knots, tone: str = "body", *, skin: bool = False, opacity: int = 255) -> None:
        """A filled, smooth outline through the knots, with a contour."""
        self.shape(smooth(knots), tone, skin=skin, opacity=opacity)

    def limb(
        self, centre: np.ndarray, base: float, tip: float, tone: str = "body", *, skin: bool = False, opacity: int = 255
    ) -> None:
        """A tapered limb along ``centre``, of half width ``base`` to ``tip``."""
        self.shape(tapered(centre, base + (tip - base) * ramp(len(centre))), tone, skin=skin, opacity=opacity)

    def mark(self, points: np.ndarray, tone: str) -> None:
        """A flat mark without contour, on what is already drawn."""
        self.parts.append(CurvePart(points, tone, mark=True))

    def patch(self, knots: Knots, tone: str) -> None:
        """A mark with a smooth outline through the knots."""
        self.mark(smooth(knots), tone)

    def stroke(self, knots: Knots, width: float, tone: str) -> None:
        """A mark that is a line, thinner at its end."""
        line = smooth(knots, closed=False, steps=4) if len(knots) < 6 else np.asarray(knots, float)
        self.mark(tapered(line, width * (1 - 0.5 * ramp(len(line)))), tone)

    def eye(self, x: float, y: float, radius: float, look: tuple[float, float] = (0.25, 0.0)) -> None:
        """White, pupil and a glint."""
        self.shape(circle(x, y, radius), "white")
        self.mark(circle(x + radius * look[0], y + radius * look[1], radius * 0.68), "ink")
        glint = (x + radius * (look[0] + 0.15), y + radius * (look[1] - 0.28))
        self.mark(circle(*glint, radius * 0.26, corners=10), "white")

    def corners(self) -> np.ndarray:
        """The corners of all parts, one after another: (n, 2)."""
        return np.concatenate([part.points for part in self.parts])

    def pattern(self) -> None:
        """From here on, parts lie above the pattern."""
        self.pattern_at = len(self.parts)
