"""Animals seen from the front: crab, jellyfish, octopus. Up is up."""

import numpy as np
from numpy.random import Generator

from sealife_core.datasets.reef.outlines import Sketch, circle, ramp, smooth, tapered, walk


def crab(rng: Generator) -> Sketch:
    """A broad shell on eight bent legs, two raised claws, eyes on stalks."""
    s, wide, tall = Sketch(), rng.uniform(0.5, 0.6), rng.uniform(0.32, 0.42)
    for side in (-1, 1):
        for leg in range(4):
            angle = -0.15 + leg * 0.36 + rng.normal(0, 0.07)
            hip = (side * wide * 0.75, 0.04 + leg * 0.07)
            knee = (side * (wide + 0.34 * np.cos(angle * 0.7)), hip[1] - 0.2 + 0.36 * np.sin(angle))
            foot = (knee[0] + side * (0.26 - 0.1 * leg), knee[1] + 0.42)
            s.limb(smooth([hip, knee, foot], closed=False), 0.065, 0.02, "shade" if leg % 2 else "body")
        _claw(s, rng, side, wide)
    for side in (-1, 1):
        s.limb(np.array([(side * 0.16, -tall * 0.7), (side * 0.2, -tall - 0.16)]), 0.035, 0.035, "shade")
    s.outline([
        (wide, -0.08), (wide * 0.7, -tall * 0.85), (0.0, -tall), (-wide * 0.7, -tall * 0.85), (-wide, -0.08),
        (-wide * 0.72, tall * 0.75), (0.0, tall), (wide * 0.72, tall * 0.75),
    ], skin=True)  # fmt: skip
    s.pattern()
    s.stroke([(-0.14, tall * 0.45), (0.0, tall * 0.56), (0.14, tall * 0.45)], 0.02, "ink")
    for side in (-1, 1):
        s.eye(side * 0.2, -tall - 0.2, 0.085, (-0.1 * side, 0.1))
    return s


def _claw(s: Sketch, rng: Generator, side: int, wide: float) -> None:
    """An arm and its two fingers; each claw has a size, a turn and a gape of its own."""
    lift, size = rng.uniform(-0.15, 0.15), rng.uniform(0.21, 0.3)
    turn, gape = rng.uniform(-0.3, 0.5), rng.uniform(0.1, 0.3)
    wrist = (side * (wide + 0.12), -0.56 + lift)
    arm = [(side * wide * 0.8, -0.05), (side * (wide + 0.26), -0.2 + lift * 0.5), wrist]
    s.limb(smooth(arm, closed=False), 0.085, 0.075)
    outer = np.array([(-0.2, 0.25), (-0.85, -0.1), (-0.8, -0.9), (-0.3 - gape, -1.6), (-0.3, -0.8), (0.1, -0.4)])
    inner = np.array([(-0.1, 0.25), (0.75, 0.0), (0.85, -0.8), (0.2 + gape * 0.6, -1.5), (0.18, -0.85), (-0.1, -0.5)])
    rotation = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    for finger in (outer, inner):
        s.outline((finger @ rotation) * (-side * size, size) + wrist, "accent")


def jellyfish(rng: Generator) -> Sketch:
    """A translucent bell, ruffled arms, trailing tentacles."""
    s, wide, tall, phase = Sketch(), rng.uniform(0.5, 0.66), rng.uniform(0.5, 0.75), rng.uniform(0, 6)
    drift, t = rng.uniform(-0.3, 0.3), ramp(16)
    for at in np.linspace(-0.86, 0.86, 8):
        length = rng.uniform(0.8, 1.25)
        sway = 0.07 * np.sin(t * 8 + phase + at * 3) * t + drift * t**2
        line = np.stack([at * wide * (1 - 0.12 * t) + sway, 0.05 + length * t], 1)
        s.limb(line, 0.024, 0.012, "accent", opacity=205)
    for at in (-0.36, 0.0, 0.36):
        sway = 0.1 * np.sin(t * 6 + phase + at * 9) * t + drift * 0.7 * t**2
        ruffle = (0.1 + 0.035 * np.sin(t * 24 + at * 7)) * (1 - 0.75 * t)
        line = np.stack([at * wide * 0.9 + sway, 0.02 + rng.uniform(0.55, 0.85) * t], 1)
        s.shape(tapered(line, ruffle), "light", opacity=225)
    scallops = zip(np.linspace(wide, -wide, 15), 0.06 + 0.05 * (np.arange(15) % 2), strict=True)
    s.outline([
        (-wide * 0.93, -tall * 0.42), (-wide * 0.55, -tall * 0.86), (0.0, -tall), (wide * 0.55, -tall * 0.86),
        (wide * 0.93, -tall * 0.42), *scallops,
    ], skin=True, opacity=235)  # fmt: skip
    s.pattern()
    s.patch([(-wide * 0.9, -0.04), (0.0, -0.12), (wide * 0.9, -0.04), (0.0, 0.06)], "shade")
    for at in (-0.7, -0.35, 0.0, 0.35, 0.7):
        s.stroke([(at * wide, -0.04), (at * wide * 0.95, -tall * 0.35), (at * wide * 0.5, -tall * 0.7)], 0.014, "light")
    s.patch([
        (-wide * 0.62, -tall * 0.5), (-wide * 0.4, -tall * 0.8), (-wide * 0.12, -tall * 0.9),
        (-wide * 0.36, -tall * 0.68),
    ], "white")  # fmt: skip
    return s


def octopus(rng: Generator) -> Sketch:
    """A bulbous head over eight curling arms with suckers."""
    s, t, suckers = Sketch(), ramp(14), []
    behind_first = (1, 6, 3, 4, 0, 7, 2, 5)
    for arm in behind_first:
        at = arm / 3.5 - 1
        outwards = np.sign(at)
        curl = (rng.uniform(0.9, 3.2) if rng.random() < 0.8 else -rng.uniform(0.5, 1.5)) * outwards
        angles = np.pi / 2 - at - 0.25 * outwards * np.sin(np.pi * t) - curl * t**1.6
        centre = walk((at * 0.26, 0.12), angles, rng.uniform(0.07, 0.095) * (1.15 - 0.5 * t))
        s.limb(centre, 0.115, 0.022, "shade" if arm in behind_first[:4] else "body", skin=arm in behind_first[4:])
        suckers += [(centre[i], 0.034 * (1.1 - i / 16)) for i in range(3, 14, 2)]
    tall, lean = rng.uniform(0.82, 1.02), rng.uniform(-0.18, 0.18)
    s.outline([
        (0.34, 0.16), (0.34, -0.1), (0.5 + lean * 0.4, -0.5), (0.3 + lean, -tall), (lean - 0.3, -tall),
        (lean * 0.4 - 0.5, -0.5), (-0.34, -0.1), (-0.34, 0.16), (0.0, 0.3),
    ], skin=True)  # fmt: skip
    s.pattern()
    for centre, radius in suckers:
        s.mark(circle(centre[0], centre[1], radius, corners=8), "light")
    for side in (-1, 1):
        s.eye(side * 0.2, -0.02, 0.11, (0.15, 0.1))
    s.stroke([(-0.08, 0.17), (0.0, 0.21), (0.08, 0.17)], 0.016, "ink")
    return s
