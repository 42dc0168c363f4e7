"""Animals seen from above: ray, starfish, turtle. They may have any angle."""

from itertools import pairwise

import numpy as np
from numpy.random import Generator

from sealife_core.datasets.reef.outlines import Sketch, circle, mirrored, ramp, smooth


def ray(rng: Generator) -> Sketch:
    """Wings that beat, horns beside the mouth, a whip of a tail."""
    s, sweep, bow, t = Sketch(), rng.uniform(-0.15, 0.22), rng.uniform(-0.5, 0.5), ramp(12)
    s.limb(np.stack([-0.45 - 1.0 * t, bow * t**2 + 0.05 * np.sin(6 * t) * t], 1), 0.055, 0.014, "shade")
    horns = rng.uniform(0.14, 0.24)
    for side in (-1, 1):
        s.outline([(-0.36, side * 0.1), (-0.66, side * 0.1), (-0.62, side * 0.24), (-0.36, side * 0.26)], "accent")
        s.limb(np.array([(0.42, side * 0.2), (0.58, side * 0.22), (0.6 + horns, side * 0.13)]), 0.07, 0.03, "accent")
    span = rng.uniform(1.0, 1.2)
    wing = [
        (0.56, 0.16), (0.4, 0.4), (0.16 - sweep * 0.5, span * 0.78), (-0.16 - sweep, span),
        (-0.12 - sweep * 0.4, span * 0.72), (-0.24, 0.4), (-0.5, 0.1),
    ]  # fmt: skip
    left, right = rng.uniform(0.75, 1.0, 2)
    wings = [(x, y * right) for x, y in wing] + [(x, -y * left) for x, y in reversed(wing)]
    s.outline([(0.55, 0.0), *wings], skin=True)
    s.pattern()
    for side, fold in ((-1, left), (1, right)):
        s.stroke([(0.24, side * 0.3), (0.04, side * 0.44 * fold), (-0.16, side * 0.36)], 0.018, "shade")
        for gill in (0.16, 0.07, -0.02):
            s.stroke([(gill, side * 0.1), (gill - 0.02, side * 0.15), (gill - 0.03, side * 0.19)], 0.014, "shade")
        s.eye(0.43, side * 0.2, 0.07, (0.2, 0.0))
    s.stroke([(0.3, 0.0), (-0.1, 0.0), (-0.45, 0.0)], 0.02, "light")
    return s


def starfish(rng: Generator) -> Sketch:
    """Five blunt arms, each bent its own way, knobs along them."""
    s, inner, blunt = Sketch(), rng.uniform(0.3, 0.4), rng.uniform(0.07, 0.15)
    knots, knobs = [], []
    for arm in range(5):
        angle = arm * 2 * np.pi / 5 + rng.normal(0, 0.08)
        reach, twist = rng.uniform(0.88, 1.08), rng.normal(0, 0.16)
        far = angle + twist
        tip = [(inner, angle - 0.63), (reach - 0.12, far - blunt), (reach, far), (reach - 0.12, far + blunt)]
        knots += [(r * np.cos(a), r * np.sin(a)) for r, a in tip]
        knobs += [(r, angle + twist * r * r) for r in (0.2, 0.36, 0.52, 0.67, 0.81)]
    s.outline(knots, skin=True)
    s.pattern()
    for r, a in knobs:
        s.mark(circle(r * np.cos(a), r * np.sin(a), 0.058 - 0.028 * r, corners=10), "light")
    s.mark(circle(0, 0, 0.075, corners=12), "light")
    return s


def turtle(rng: Generator) -> Sketch:
    """An oval shell of scutes, long front flippers, short hind ones."""
    s, wide = Sketch(), rng.uniform(0.42, 0.52)
    for side in (-1, 1):
        swing, kick = rng.uniform(-0.5, 0.45), rng.uniform(-0.25, 0.3)
        front = [
            (0.42, 0.3), (0.5, 0.58), (0.32 - swing * 0.3, 0.92), (-0.02 - swing * 0.55, 1.1),
            (0.06 - swing * 0.35, 0.8), (0.2, 0.36),
        ]  # fmt: skip
        hind = [
            (-0.42, 0.28), (-0.6, 0.46 + kick * 0.2), (-0.88 - kick * 0.2, 0.5 + kick * 0.3), (-0.8, 0.32),
            (-0.58, 0.16),
        ]  # fmt: skip
        for flipper in (front, hind):
            s.outline([(x, side * y) for x, y in flipper], "accent")
    s.outline([(-0.6, -0.08), (-0.86, 0.0), (-0.6, 0.08)], "accent")
    nod = rng.uniform(-0.1, 0.1)
    s.outline([
        (0.5, -0.15), (0.74, nod - 0.13), (0.92, nod - 0.17), (1.08, nod), (0.92, nod + 0.17), (0.74, nod + 0.13),
        (0.5, 0.15),
    ], "accent")  # fmt: skip
    upper = [(0.66, 0.0), (0.52, -wide * 0.66), (0.12, -wide), (-0.36, -wide * 0.84), (-0.66, -wide * 0.3)]
    shell = smooth(mirrored(upper))
    s.shape(shell, "shade")
    s.shape(shell * 0.87, skin=True)
    s.pattern()
    spine = (0.5, 0.24, -0.08, -0.38, -0.58)
    for side in (-wide, wide):
        for front, back in pairwise(spine):
            s.stroke([(front, side * 0.1), ((front + back) / 2, side * 0.4), (back, side * 0.1)], 0.02, "shade")
        for x in spine[1:-1]:
            s.stroke([(x + 0.14, side * 0.38), (x + 0.16, side * 0.7), (x + 0.17, side * 0.82)], 0.02, "shade")
    for side in (-1, 1):
        s.eye(0.93, nod + side * 0.11, 0.06, (0.2, 0.15 * side))
    return s
