"""The scene around an animal: water, light, sand, rocks, corals, kelp. Drawn in the same way for every class."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageDraw

from sealife_core.datasets.reef.outlines import Sketch, circle, ramp, tapered, walk
from sealife_core.datasets.reef.painting import SUPERSAMPLING, Colour, darker, planes, polygons


@dataclass(frozen=True)
class Water:
    """Colours of one kind of water: near the surface, in the middle, in the depth; its sand; its light."""

    top: Colour
    middle: Colour
    depth: Colour
    sand: Colour
    light: Colour


WATERS = (
    Water((142, 226, 222), (48, 160, 186), (14, 84, 128), (232, 214, 170), (255, 250, 222)),  # lagoon
    Water((88, 190, 232), (26, 110, 186), (10, 44, 110), (196, 196, 178), (226, 246, 255)),  # blue water
    Water((170, 222, 168), (58, 146, 128), (14, 72, 84), (206, 196, 138), (248, 255, 214)),  # green coast
    Water((52, 108, 168), (22, 54, 116), (10, 20, 60), (112, 122, 150), (170, 214, 255)),  # deep
    Water((250, 192, 158), (186, 116, 150), (66, 50, 112), (226, 176, 150), (255, 232, 200)),  # sunset
    Water((136, 132, 212), (74, 68, 156), (30, 26, 86), (160, 144, 178), (230, 220, 255)),  # dusk
    Water((198, 236, 240), (112, 192, 208), (44, 128, 156), (240, 226, 194), (255, 255, 240)),  # shallows
    Water((60, 158, 158), (20, 96, 112), (8, 46, 66), (150, 158, 132), (204, 255, 240)),  # kelp forest
)
CORALS: tuple[Colour, ...] = (
    (240, 110, 104), (248, 158, 92), (236, 120, 168), (158, 104, 192), (250, 204, 104), (104, 184, 158), (206, 84, 112),
)  # fmt: skip
PLANTS: tuple[Colour, ...] = ((64, 142, 92), (112, 156, 66), (40, 112, 104), (154, 134, 62), (142, 78, 96))
STONES: tuple[Colour, ...] = ((112, 116, 132), (128, 112, 108), (92, 104, 122), (120, 122, 112))


def mixed(colour: Colour, other: Colour, share: float) -> Colour:
    """``colour`` mixed with a ``share`` of ``other``, as distance in water does."""
    return darker(colour, share, other)


def kelp(rng: Generator) -> Sketch:
    """A swaying stem with leaves; one unit high, standing on the origin."""
    s, t = Sketch(), ramp(12)
    sway = rng.uniform(0.04, 0.1) * np.sin(t * rng.uniform(4, 7) + rng.uniform(0, 6)) * t
    sway += rng.uniform(-0.15, 0.15) * t**2
    stem = np.stack([sway, -t], 1)
    for i in range(1, 12):
        side = 1 if i % 2 else -1
        angles = np.linspace(-0.2, -0.9, 4) if side > 0 else np.pi + np.linspace(0.2, 0.9, 4)
        leaf = walk(stem[i], angles, 0.045)
        s.shape(tapered(leaf, np.array([0.012, 0.032, 0.036, 0.022, 0.006])), "accent" if side > 0 else "body")
    s.limb(stem, 0.02, 0.01, "shade")
    return s


def grass(rng: Generator) -> Sketch:
    """A tuft of blades."""
    s = Sketch()
    for _ in range(int(rng.integers(5, 9))):
        t = ramp(8)
        x, lean, high = rng.uniform(-0.22, 0.22), rng.normal(0, 0.22), rng.uniform(0.55, 1.0)
        blade = np.stack([x + lean * t**2 + 0.03 * np.sin(t * 6), -high * t], 1)
        s.limb(blade, 0.038, 0.008, str(rng.choice(["body", "accent", "shade"])))
    return s


def branching_coral(rng: Generator) -> Sketch:
    """Twigs that fork twice."""
    s = Sketch()

    def branch(start: np.ndarray, angle: float, length: float, width: float, depth: int) -> None:
        line = walk(start, angle + np.linspace(-0.12, 0.12, 4), length / 4)
        s.limb(line, width, width * 0.8, "body")
        if depth:
            for turn in (-0.5, 0.45):
                branch(line[-1], angle + turn + rng.normal(0, 0.14), length * 0.72, width * 0.76, depth - 1)
        else:
            s.mark(circle(line[-1][0], line[-1][1], width * 0.62, corners=8), "light")

    for angle in (-2.15, -1.57, -1.0):
        branch(np.array([rng.uniform(-0.05, 0.05), 0.05]), angle + rng.normal(0, 0.1), 0.4, 0.065, 2)
    return s


def tube_coral(rng: Generator) -> Sketch:
    """A handful of tubes with open mouths."""
    s = Sketch()
    for x in rng.permutation(np.linspace(-0.34, 0.34, 5)):
        high, wide, lean = rng.uniform(0.45, 1.0), rng.uniform(0.075, 0.12), x * 0.35
        s.limb(np.array([[x, 0.05], [x + lean * 0.4, -high * 0.5], [x + lean, -high]]), wide * 0.75, wide, "body")
        s.shape(circle(x + lean, -high - wide * 0.3, wide * 0.95, 0.5), "light")
        s.mark(circle(x + lean, -high - wide * 0.27, wide * 0.6, 0.5), "shade")
    return s


def fan_coral(rng: Generator) -> Sketch:
    """A lobed fan with veins."""
    s, lobes = Sketch(), rng.uniform(0.05, 0.12)
    angle = np.linspace(np.pi * 1.02, np.pi * 1.98, 15)
    reach = 0.85 + lobes * (np.arange(15) % 2) + rng.normal(0, 0.03, 15)
    edge = zip(0.72 * reach * np.cos(angle), reach * np.sin(angle), strict=True)
    s.outline([(0.05, 0.05), (-0.05, 0.05), *edge])
    for a in angle[1::2]:
        vein = [(0.0, 0.0), (0.3 * np.cos(a) * 0.8, 0.4 * np.sin(a)), (0.58 * np.cos(a), 0.78 * np.sin(a))]
        s.stroke(vein, 0.025, "accent")
    return s


def rock(rng: Generator) -> Sketch:
    """A boulder with a lit top and cracks."""
    s = Sketch()
    angle = np.linspace(np.pi, 2 * np.pi, 8)
    reach = rng.uniform(0.75, 1.05, 8)
    edge = np.stack([0.85 * reach * np.cos(angle), 0.8 * reach * np.sin(angle)], 1)
    s.outline(np.concatenate([edge, [(0.75, 0.15), (-0.75, 0.15)]]))
    s.patch(np.concatenate([edge[1:-1] * 0.94, edge[5:0:-2] * 0.68 + (0.04, 0)]), "light")
    for _ in range(3):
        x, y = rng.uniform(-0.5, 0.5), rng.uniform(-0.35, -0.05)
        s.mark(circle(x, y, rng.uniform(0.05, 0.1), 0.6, corners=9), "shade")
    return s


Species = tuple[Callable[[Generator], Sketch], tuple[Colour, ...], float]  # its pen, its colours, its usual height
GROWTH: tuple[Species, ...] = (
    (kelp, PLANTS, 1.5), (grass, PLANTS, 0.6), (branching_coral, CORALS, 0.62), (tube_coral, CORALS, 0.5),
    (fan_coral, CORALS, 0.6), (rock, STONES, 0.5),
)  # fmt: skip
_SPECIMENS = 24  # of a species, drawn once and used again in other sizes and colours: half of the time would go here


@lru_cache(maxsize=len(GROWTH) * _SPECIMENS)
def _specimen(species: int, number: int) -> tuple[Sketch, np.ndarray]:
    sketch = GROWTH[species][0](np.random.default_rng([species, number]))
    return sketch, sketch.corners()


@dataclass(frozen=True)
class Growth:
    """Something that grows or lies on the ground, in its colours through the haze; one unit high on the origin."""

    sketch: Sketch
    corners: np.ndarray
    palette: dict[str, Colour]
    high: float

    def placed(self, x: float, y: float, size: float, mirror: bool) -> np.ndarray:
        """Its corners in units of the picture's side, standing at (x, y)."""
        high = self.high * size
        return self.corners * (-high if mirror else high, high) + (x, y)


def growth(rng: Generator, water: Water, haze: float, among: int = len(GROWTH)) -> Growth:
    """A plant, coral or rock, of the first ``among`` species."""
    species = int(rng.integers(among))
    sketch, corners = _specimen(species, int(rng.integers(_SPECIMENS)))
    _, colours, high = GROWTH[species]
    body = mixed(colours[rng.integers(len(colours))], water.middle, haze)
    lit, pale = mixed(body, water.light, 0.18), mixed(body, water.light, 0.4)
    return Growth(sketch, corners, {"body": body, "accent": lit, "light": pale, "shade": darker(body, 0.3)}, high)


def backdrop(rng: Generator, water: Water, size_px: int) -> tuple[np.ndarray, np.ndarray]:
    """The scene behind the animal: colours (3, S, S) in 0..1, and where the ground is (S,) rows, 0..1."""
    side = size_px * SUPERSAMPLING
    stops = np.array([water.top, water.middle, water.depth], np.float32)
    shift = rng.uniform(-0.25, 0.25)
    rows = ramp(side)
    strip = np.stack([np.interp(rows, [0, 0.5 + shift, 1], stops[:, c]) for c in range(3)], 1)
    picture = Image.fromarray(strip.round().astype(np.uint8)[:, None]).resize((side, side), Image.Resampling.NEAREST)
    pen = ImageDraw.Draw(picture)
    across = np.linspace(-0.05, 1.05, 24)
    for distance in (0.72, 0.5):  # two ridges fade into the water
        if rng.random() < 0.65:
            base, wave = rng.uniform(0.45, 0.85), rng.uniform(2, 7, 3)
            line = base + 0.09 * np.sin(across * wave[0] + wave[1] * 3) + 0.04 * np.sin(across * wave[2] * 3 + wave[0])
            ridge = np.concatenate([np.stack([across, line], 1), [(1.1, 1.1), (-0.1, 1.1)]])
            pen.polygon((ridge * side).ravel().tolist(), fill=mixed(darker(water.depth, 0.25), water.middle, distance))
    if rng.random() < 0.3:
        shoal(rng, pen, mixed(darker(water.depth, 0.2), water.middle, 0.4), side)
    floor = rng.uniform(0.66, 1.12)
    slope, wave = rng.normal(0, 0.06), rng.uniform(0, 6, 2)
    ground = floor + slope * (across - 0.5) + 0.02 * np.sin(across * 5 + wave[0])
    sand = mixed(water.sand, water.middle, rng.uniform(0.05, 0.32))
    for _ in range(int(rng.integers(0, 4))):
        far, x = growth(rng, water, rng.uniform(0.35, 0.7)), rng.uniform(0, 1)
        y = float(np.interp(x, across, ground)) + 0.02
        stand(pen, far, far.placed(x, y, rng.uniform(0.4, 0.8), bool(rng.random() < 0.5)), side)
    for step, depth in enumerate((0.0, 0.05, 0.13)):
        line = ground + depth + 0.012 * np.sin(across * (9 + 4 * step) + wave[1] * (step + 1))
        dune = np.concatenate([np.stack([across, line], 1), [(1.1, 1.3), (-0.1, 1.3)]])
        pen.polygon((dune * side).ravel().tolist(), fill=darker(sand, 0.07 * step))
    for _ in range(int(rng.integers(0, 4))):
        close, x = growth(rng, water, rng.uniform(0.1, 0.35)), rng.uniform(0, 1)
        y = float(np.interp(x, across, ground)) + rng.uniform(0.04, 0.16)
        stand(pen, close, close.placed(x, y, rng.uniform(0.45, 0.9), bool(rng.random() < 0.5)), side)
    below = np.interp(np.linspace(0, 1, size_px), [floor - 0.05, floor + 0.1], [0.0, 1.0])
    return planes(picture.reduce(SUPERSAMPLING)), below.astype(np.float32)


def stand(pen: ImageDraw.ImageDraw, plant: Growth, points: np.ndarray, side: int) -> None:
    """Draw a plant straight onto the backdrop."""
    for part, flat in polygons(plant.sketch, points, side):
        fill = plant.palette[part.tone]
        pen.polygon(flat, fill=fill)
        if not part.mark:
            pen.line([*flat, *flat[:2]], fill=darker(fill, 0.2), width=max(1, side // 200))


def shoal(rng: Generator, pen: ImageDraw.ImageDraw, colour: Colour, side: int) -> None:
    """A distant shoal of specks: in pictures of every class, so that it says nothing about the class."""
    centre, way = rng.uniform(0.15, 0.85, 2), rng.choice([-1.0, 1.0])
    speck = np.array([(1, 0), (0.2, -0.42), (-0.6, 0), (-1.1, -0.4), (-1.1, 0.4), (-0.6, 0), (0.2, 0.42)])
    for _ in range(int(rng.integers(5, 14))):
        at = centre + rng.normal(0, (0.13, 0.06))
        pen.polygon(((speck * (way, 1) * rng.uniform(0.014, 0.024) + at) * side).ravel().tolist(), fill=colour)
