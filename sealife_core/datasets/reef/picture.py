"""One picture of the reef: an animal in a scene, under water, in light."""

import zlib
from functools import lru_cache

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageDraw

from sealife_core.datasets.reef.animals import ANIMALS
from sealife_core.datasets.reef.outlines import Sketch, ramp
from sealife_core.datasets.reef.painting import (
    SUPERSAMPLING,
    Colour,
    PaintLayer,
    blurred,
    covered_area,
    paint,
    planes,
    posed,
    rounded,
    skin_pattern,
    tones,
)
from sealife_core.datasets.reef.scenes import GROWTH, WATERS, Water, backdrop, growth, mixed

# Body, accent, light: drawn with the same chances for every class, so that colour says nothing about the class.
PALETTES: tuple[tuple[Colour, Colour, Colour], ...] = (
    ((255, 138, 92), (255, 236, 206), (255, 214, 160)),  # clown orange
    ((250, 196, 72), (72, 84, 150), (255, 236, 168)),  # butterfly yellow
    ((226, 84, 92), (252, 196, 158), (255, 176, 158)),  # coral red
    ((240, 138, 172), (146, 70, 132), (255, 206, 216)),  # anemone pink
    ((152, 112, 202), (248, 208, 118), (212, 186, 240)),  # royal violet
    ((70, 104, 190), (250, 210, 90), (160, 196, 240)),  # surgeon blue
    ((64, 176, 172), (24, 92, 118), (178, 234, 218)),  # parrot teal
    ((122, 170, 92), (64, 96, 72), (214, 228, 150)),  # turtle green
    ((204, 150, 100), (124, 76, 62), (244, 216, 172)),  # sand brown
    ((236, 226, 206), (190, 112, 84), (255, 250, 236)),  # shell cream
    ((98, 112, 136), (206, 218, 226), (188, 202, 214)),  # slate
    ((176, 62, 98), (246, 150, 116), (240, 164, 172)),  # wine
    ((124, 200, 230), (250, 250, 240), (214, 242, 250)),  # ice blue
    ((232, 118, 60), (70, 40, 72), (255, 194, 120)),  # rust
)


@lru_cache(maxsize=4)
def _caustics(size_px: int) -> np.ndarray:
    """(4S, 4S) in 0..1: caustics, the net of light under waves; each picture shows a part of the same sheet."""
    rng = np.random.default_rng(7)
    side = 4 * size_px
    y, x = np.mgrid[0:side, 0:side].astype(np.float32) * (2 * np.pi / side)
    net = np.zeros((side, side), np.float32)
    for _ in range(3):
        phase = np.zeros_like(net)
        for _ in range(7):
            a, b = rng.integers(-9, 10, 2)
            phase += np.sin(a * x + b * y + rng.uniform(0, 6.3))
        net += np.maximum(0, 1 - np.abs(phase) * 0.9) ** 3
    return np.clip(blurred(net, side / 500) * 1.1, 0, 1)


def _animal(rng: Generator, kind: str, water: Water, size_px: int) -> PaintLayer:
    """The animal, posed, painted and shaded."""
    animal = ANIMALS[kind]
    sketch = animal.sketch(rng)
    turn = np.radians(rng.uniform(-animal.turn_deg, animal.turn_deg))
    pose = {"bend": rng.normal(0, 0.13), "turn": turn, "mirror": bool(rng.random() < 0.5)}
    points = posed(sketch.corners(), **pose)
    # The same spread of covered areas for every class: neither size nor the amount of colour reveals the class.
    area, longest = rng.uniform(0.16, 0.36), np.ptp(points, axis=0).max()
    scale = min(np.sqrt(area / covered_area(sketch, points)), 1.0 / longest)
    low, high = points.min(0) * scale, points.max(0) * scale
    slack = np.maximum((1 - (high - low)) / 2, 0.0) + 0.04
    centre = 0.5 - (low + high) / 2 + rng.uniform(-slack, slack)
    pattern = skin_pattern(rng)
    on_skin = (pattern, posed(pattern.corners(), **pose) * scale + centre) if pattern else None
    haze = rng.uniform(0.0, 0.28)
    colours = PALETTES[rng.integers(len(PALETTES))]
    tint = rng.normal(0, 9, 3)
    body, accent, light = (_tinted(colour, tint) for colour in colours)
    palette = {name: mixed(colour, water.middle, haze) for name, colour in tones(body, accent, light).items()}
    layer = paint(sketch, points * scale + centre, palette, size_px, on_skin)
    return rounded(layer, (rng.uniform(-0.6, 0.6), -1.0), rng.uniform(0.5, 0.9) * (1 - haze))


def _tinted(colour: Colour, tint: np.ndarray) -> Colour:
    r, g, b = (int(min(max(c + t, 0), 255)) for c, t in zip(colour, tint, strict=True))
    return r, g, b


def _over(picture: np.ndarray, layer: PaintLayer) -> np.ndarray:
    return picture * (1 - layer.cover) + layer.colours * layer.cover


def _foreground(rng: Generator, water: Water, size_px: int) -> PaintLayer | None:
    """Growth in front of the animal, from the lower edge up; some of it close to the lens, dark and soft."""
    if rng.random() < 0.5:
        return None
    near = rng.random() < 0.4
    plant = growth(rng, water, rng.uniform(0.0, 0.2), among=3 if near else len(GROWTH))  # near: only what is airy
    copies = int(rng.integers(1, 3))
    standing = [
        plant.placed(rng.uniform(0, 1), rng.uniform(1.02, 1.12), rng.uniform(0.5, 0.95), bool(rng.random() < 0.5))
        for _ in range(copies)
    ]
    palette = plant.palette
    if near:
        dark = mixed(water.depth, (8, 14, 40), 0.35)
        palette = {name: mixed(colour, dark, 0.75) for name, colour in palette.items()}
    layer = paint(Sketch(plant.sketch.parts * copies), np.concatenate(standing), palette, size_px)
    return PaintLayer(layer.colours, blurred(layer.cover, size_px / 70)) if near else rounded(layer, (0.2, -1.0), 0.4)


def _plane(colour: Colour) -> np.ndarray:
    """(3, 1, 1) in 0..1: a colour as a factor of planes."""
    return np.array(colour, np.float32)[:, None, None] / 255


def _bubbles(rng: Generator, picture: np.ndarray) -> np.ndarray:
    """A string of bubbles, in some pictures of every class."""
    if rng.random() < 0.55:
        return picture
    side = picture.shape[-1] * SUPERSAMPLING
    glow = Image.new("L", (side, side))
    pen = ImageDraw.Draw(glow)
    x, sway = rng.uniform(0.05, 0.95), rng.uniform(0, 6)
    for step in range(int(rng.integers(4, 10))):
        radius = rng.uniform(0.008, 0.028) * side
        across = (x + 0.04 * np.sin(step + sway) + rng.normal(0, 0.02)) * side
        down = (1.0 - 0.12 * step + rng.normal(0, 0.03)) * side
        pen.ellipse(_box(across, down, radius), fill=50, outline=165, width=max(1, side // 150))
        pen.ellipse(_box(across - radius * 0.4, down - radius * 0.4, radius * 0.28), fill=240)
    share = planes(glow.reduce(SUPERSAMPLING))
    return picture * (1 - share) + share


def _box(x: float, y: float, radius: float) -> tuple[float, float, float, float]:
    """The square around a circle, as Pillow takes it."""
    return x - radius, y - radius, x + radius, y + radius


def _lit(rng: Generator, picture: np.ndarray, water: Water, below: np.ndarray, cover: np.ndarray) -> np.ndarray:
    """Rays from the surface, caustics on ground and back, depth, vignette, a little grain."""
    size_px = picture.shape[-1]
    x = ramp(size_px).astype(np.float32)
    y = x[:, None]
    colour, depth = _plane(water.light), _plane(water.depth)
    if rng.random() < 0.6:
        source, spread = rng.uniform(-0.3, 1.3), rng.uniform(0.35, 1.0)
        slant = (x - source) / (y + spread)
        beams = rng.uniform(0, 1, 40) ** 2.5
        rays = np.interp(slant.ravel(), np.linspace(-3, 3, 40), beams).reshape(slant.shape)
        share = (rays * np.clip(1 - y * 1.1, 0, 1) * rng.uniform(0.25, 0.6)).astype(np.float32)
        picture = picture + share * colour * (1 - picture)
    if rng.random() < 0.55:
        sheet = _caustics(size_px)
        at = rng.integers(0, 3 * size_px, 2)
        net = sheet[at[0] : at[0] + size_px, at[1] : at[1] + size_px]
        where = np.maximum(below[:, None] * 0.8, cover * 0.6) * rng.uniform(0.2, 0.55)
        picture = picture + (net * where) * colour * (1.1 - picture)
    share = np.clip(y - 0.3, 0, 1) * rng.uniform(0.0, 0.5)
    picture = picture * (1 - share) + depth * share
    vignette = 1 - rng.uniform(0.1, 0.4) * np.clip(((x - 0.5) ** 2 + (y - 0.5) ** 2) * 2 - 0.15, 0, 1)
    picture = picture * vignette * rng.uniform(0.88, 1.08)
    return picture + rng.uniform(0.001, 0.008) * rng.standard_normal((size_px, size_px), np.float32)


def draw_covered(
    kind: str, size_px: int, seed: int, number: int, place: int | None = None
) -> tuple[Image.Image, np.ndarray]:
    """Picture ``number`` of a kind of animal: always the same for the same arguments. Square, RGB.

    Also where the animal is seen: (S, S) the share of each pixel, 0 behind a plant. place: where it is taken: all
    pictures of one place have the same scene behind the animal. None: each has its own.
    """
    rng = np.random.default_rng([seed, zlib.crc32(kind.encode()), number])
    behind = rng if place is None else np.random.default_rng([seed, place])
    water = WATERS[behind.integers(len(WATERS)) if place is None else place % len(WATERS)]
    picture, below = backdrop(behind, water, size_px)
    animal = _animal(rng, kind, water, size_px)
    shadow = blurred(animal.cover, size_px / 24) * 0.35
    picture = picture * (1 - shadow) + shadow * np.array(water.depth, np.float32)[:, None, None] * (0.6 / 255)
    picture = _over(picture, animal)
    cover = animal.cover
    front = _foreground(rng, water, size_px)
    if front is not None:
        picture = _over(picture, front)
        cover = cover * (1 - front.cover)
    picture = _lit(rng, _bubbles(rng, picture), water, below, cover)
    pixels = (np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8)
    return Image.fromarray(pixels.transpose(1, 2, 0)), cover
