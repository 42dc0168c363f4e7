"""From a sketch to pixels: pose it, fill it with a palette and a pattern, shade it as if it were round."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from sealife_core.datasets.reef.outlines import CurvePart, Sketch, circles, ramp

Colour = tuple[int, int, int]
SUPERSAMPLING = 3  # nine samples a pixel: edges look smooth, and a thousand pictures stay below ten seconds


@dataclass(frozen=True)
class PaintLayer:
    """What was painted: colours (3, S, S) in 0..1 and how much they cover (S, S) in 0..1."""

    colours: np.ndarray
    cover: np.ndarray


def bent(points: np.ndarray, bend: float) -> np.ndarray:
    """The x axis rolled onto an arc that turns by ``bend`` radians a unit of length."""
    if abs(bend) < 1e-3:
        return points
    angle, radius = points[:, 0] * bend, 1 / bend - points[:, 1]
    return np.stack([radius * np.sin(angle), 1 / bend - radius * np.cos(angle)], 1)


def posed(points: np.ndarray, *, bend: float, turn: float, mirror: bool) -> np.ndarray:
    """A sketch's corners (n, 2) after bending, mirroring and turning (radians), still in local units."""
    matrix = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    return bent(points, bend) * (-1.0 if mirror else 1.0, 1.0) @ matrix


def polygons(sketch: Sketch, points: np.ndarray, scale: float) -> Iterator[tuple[CurvePart, list[float]]]:
    """Each part with its corners as Pillow takes them (x, y, x, y, …): of the posed ``points`` × ``scale``."""
    flat, start = (points * scale).ravel().tolist(), 0
    for part in sketch.parts:
        end = start + 2 * len(part.points)
        yield part, flat[start:end]
        start = end


def covered_area(sketch: Sketch, points: np.ndarray) -> float:
    """The area of the silhouette in square units, counted on a coarse raster."""
    cells = 20  # a unit: the count is within about two per cent
    corner, extent = points.min(0), np.ptp(points, axis=0)
    raster = Image.new("L", (int(extent[0] * cells) + 2, int(extent[1] * cells) + 2))
    draw = ImageDraw.Draw(raster)
    for part, flat in polygons(sketch, points - corner, cells):
        if not part.mark:
            draw.polygon(flat, fill=1)
    return raster.histogram()[1] / cells**2


@lru_cache(maxsize=1024)
def darker(colour: Colour, by: float, towards: Colour = (18, 24, 58)) -> Colour:
    """``colour`` moved towards deep-water blue, not black, as shadows in the sea are."""
    (r, g, b), (tr, tg, tb), own = colour, towards, 1 - by
    return round(r * own + tr * by), round(g * own + tg * by), round(b * own + tb * by)


def tones(body: Colour, accent: Colour, light: Colour) -> dict[str, Colour]:
    """The palette a sketch is filled with."""
    return {
        "body": body, "accent": accent, "light": light, "shade": darker(body, 0.3), "accent_shade": darker(accent, 0.3),
        "white": (250, 250, 244), "ink": (24, 26, 48),
    }  # fmt: skip


def skin_pattern(rng: Generator) -> Sketch | None:
    """Spots, stripes across or along, or nothing, over all of an animal; the same chances for every kind."""
    kind, pattern = rng.integers(4), Sketch()
    if kind == 0:
        return None
    if kind == 1:
        radius = rng.uniform(0.05, 0.11)
        places = np.arange(-1, 1.01, radius * 3.2)
        for line, y in enumerate(places):
            shift, sizes = line % 2 * radius * 1.6, rng.uniform(0.6, 1.2, len(places))
            centres = np.stack([places + shift, np.full(len(places), y)], 1)
            centres += rng.normal(0, radius * 0.35, centres.shape)
            for spot in circles(centres, radius * sizes, corners=9):
                pattern.mark(spot, "accent")
        return pattern
    step, wave = rng.uniform(0.2, 0.42), rng.uniform(0, 0.07)
    tilt = rng.uniform(-0.5, 0.5) + (np.pi / 2 if kind == 3 else 0)
    across = 2.6 * ramp(14) - 1.3
    edge = wave * np.sin(across * 7 + rng.uniform(0, 6))
    turn = np.array([[np.cos(tilt), np.sin(tilt)], [-np.sin(tilt), np.cos(tilt)]])
    thick = step * rng.uniform(0.3, 0.5)
    for at in np.arange(-1.4, 1.41, step):
        left, right = np.stack([at + edge, across], 1), np.stack([at + thick + edge, across], 1)
        pattern.mark(np.concatenate([left, right[::-1]]) @ turn, "accent")
    return pattern


def paint(
    sketch: Sketch,
    points: np.ndarray,
    palette: dict[str, Colour],
    size_px: int,
    pattern: tuple[Sketch, np.ndarray] | None = None,
) -> PaintLayer:
    """Fill the sketch on a transparent square of ``size_px``, its skin with the pattern.

    ``points`` (n, 2) are the sketch's corners, posed, in units of the picture's side; so are those of the pattern.
    """
    side = size_px * SUPERSAMPLING
    picture, mask = Image.new("RGB", (side, side), palette["body"]), Image.new("L", (side, side))
    pen, stencil = ImageDraw.Draw(picture), ImageDraw.Draw(mask)
    contour = max(1, round(side * 0.007))
    skin = Image.new("1", (side, side)) if pattern else None
    skin_pen = ImageDraw.Draw(skin) if skin is not None else None
    for index, (part, flat) in enumerate(polygons(sketch, points, side)):
        if pattern and skin is not None and index == sketch.pattern_at:
            bands = Image.new("1", (side, side))
            band_pen = ImageDraw.Draw(bands)
            for _, flat_band in polygons(*pattern, side):
                band_pen.polygon(flat_band, fill=255)
            picture.paste(palette["accent"], mask=ImageChops.logical_and(bands, skin))
        fill = palette[part.tone]
        pen.polygon(flat, fill=fill)
        if part.mark:
            continue
        pen.line([*flat, *flat[:2]], fill=darker(fill, 0.42), width=contour)
        stencil.polygon(flat, fill=part.opacity)
        if skin_pen is not None:
            skin_pen.polygon(flat, fill=255 if part.skin else 0)
    return PaintLayer(planes(picture.reduce(SUPERSAMPLING)), planes(mask.reduce(SUPERSAMPLING)))


def planes(picture: Image.Image) -> np.ndarray:
    """RGB as (3, S, S), grey as (S, S), in 0..1. A colour a plane: shading them alike is five times faster so."""
    values = np.asarray(picture)
    if values.ndim == 3:
        values = values.transpose(2, 0, 1)
    return values.astype(np.float32, order="C") / 255


def blurred(values: np.ndarray, radius_px: float) -> np.ndarray:
    """A (S, S) array in 0..1, softened."""
    image, box = Image.fromarray((np.clip(values, 0, 1) * 255).astype(np.uint8)), ImageFilter.BoxBlur(radius_px)
    return planes(image.filter(box).filter(box))


def rounded(layer: PaintLayer, light: tuple[float, float], strength: float) -> PaintLayer:
    """Shade a flat layer as a cushion lit from ``light`` (x, y), so that it reads as a body."""
    side = len(layer.cover)
    height = blurred(layer.cover, side / 28) + 0.7 * blurred(layer.cover, side / 12)
    slope_y, slope_x = np.gradient(height)
    lit = np.clip((slope_x * light[0] + slope_y * light[1]) * side * -0.16, -1, 1) * strength
    colours = layer.colours * (1 + np.minimum(lit, 0))
    return PaintLayer(colours + (np.maximum(lit, 0) * 0.75) * (1 - colours), layer.cover)
