"""Animals seen from the side: fish, seahorse, shrimp, whale. They look along +x."""

import numpy as np
from numpy.random import Generator

from sealife_core.datasets.reef.outlines import Sketch, ramp, tapered, walk


def fish(rng: Generator) -> Sketch:
    """A lens with a tail, fins above and below."""
    s, deep, snout = Sketch(), rng.uniform(0.34, 0.6), rng.uniform(-0.06, 0.1)
    fork, spread, lift = rng.uniform(-0.02, 0.22), rng.uniform(0.3, 0.5), rng.uniform(0.14, 0.34)
    tail = [
        (-0.52, -0.09), (-0.78, -0.22), (-1.12, -spread), (fork - 1.0, 0.0), (-1.12, spread), (-0.78, 0.22),
        (-0.52, 0.09),
    ]  # fmt: skip
    back_fin = [(0.45, -deep * 0.7), (0.2, -deep - lift), (-0.3, -deep * 0.75 - lift), (-0.62, -0.26), (-0.5, -0.05)]
    belly_fin = [(0.05, deep * 0.8), (-0.2, deep * 0.9 + lift * 0.7), (-0.5, 0.3 + lift * 0.3), (-0.5, 0.08)]
    for fin in (tail, back_fin, belly_fin):
        s.outline(fin, "accent")
    s.outline([
        (0.98, snout), (0.72, -deep * 0.62), (0.22, -deep), (-0.3, -deep * 0.68), (-0.62, -0.11), (-0.62, 0.11),
        (-0.3, deep * 0.66), (0.22, deep), (0.72, deep * 0.66),
    ], skin=True)  # fmt: skip
    s.patch([
        (0.84, deep * 0.42), (0.25, deep * 0.62), (-0.35, deep * 0.4), (-0.5, 0.1), (-0.3, deep * 0.62),
        (0.22, deep * 0.93), (0.62, deep * 0.74),
    ], "light")  # fmt: skip
    s.pattern()
    s.stroke([(0.42, -deep * 0.6), (0.33, 0.0), (0.42, deep * 0.6)], 0.022, "shade")
    for ray in (-0.6, -0.2, 0.2, 0.6):
        s.stroke([(-0.72, ray * 0.2), (-0.86, ray * 0.4), (-1.0, ray * spread * 1.3)], 0.012, "accent_shade")
    flap = rng.uniform(-0.1, 0.2)
    side_fin = [(0.24, 0.02), (0.05, 0.04 + flap), (-0.16, 0.12 + flap), (-0.04, 0.26 + flap * 0.5), (0.18, 0.2)]
    s.outline(side_fin, "accent")
    s.stroke([(0.93, snout + 0.1), (0.84, snout + 0.14), (0.78, snout + 0.12)], 0.018, "ink")
    s.eye(0.66, -deep * 0.22, 0.105)
    return s


def whale(rng: Generator) -> Sketch:
    """All head, a grooved belly, a tail that rises to its two flukes."""
    s, deep, rise, sweep = Sketch(), rng.uniform(0.4, 0.5), rng.uniform(0.28, 0.6), rng.uniform(0.2, 0.5)
    root, fan, tilt = (-0.93, -rise), rng.uniform(0.32, 0.42), rng.uniform(-0.1, 0.12)
    flukes = [
        (0.05, 0.1), (0.1, -0.06), (0.22, -0.1), (fan + 0.04, -0.2 + tilt), (0.2, -0.24), (0.0, -0.14),
        (-0.2, -0.24), (-fan, -0.2 - tilt), (-0.22, -0.08), (-0.1, -0.04), (-0.07, 0.1),
    ]  # fmt: skip
    s.outline([(root[0] + x, root[1] + y) for x, y in flukes])
    far_flipper = [
        (0.4, deep * 0.7), (0.42 - sweep * 0.4, deep + 0.18), (0.1 - sweep * 0.7, deep + 0.3), (0.12, deep * 0.75),
    ]  # fmt: skip
    s.outline(far_flipper, "shade")
    s.outline([
        (1.0, 0.02), (0.93, -deep * 0.62), (0.55, -deep), (0.0, -deep * 0.88), (-0.45, -deep * 0.45),
        (-0.74, -0.14 - rise * 0.2), (root[0] + 0.07, root[1]), (root[0] - 0.07, root[1] + 0.02),
        (-0.9, -rise * 0.4 + 0.04), (-0.6, 0.14), (0.0, deep * 0.7), (0.5, deep * 0.88), (0.9, deep * 0.6),
    ], skin=True)  # fmt: skip
    s.pattern()
    s.patch([
        (0.985, 0.12), (0.6, 0.12), (0.25, 0.26), (-0.3, 0.2), (-0.02, deep * 0.64), (0.5, deep * 0.85),
        (0.88, deep * 0.6),
    ], "light")  # fmt: skip
    for groove in (0.3, 0.5, 0.7):
        s.stroke(
            [(0.9, 0.05 + deep * groove), (0.5, 0.08 + deep * groove * 1.05), (0.12, 0.1 + deep * groove * 0.8)],
            0.012,
            "shade",
        )
    s.stroke([(0.99, 0.08), (0.75, 0.13), (0.52, 0.07)], 0.02, "ink")
    s.outline([
        (0.3, deep * 0.5), (0.12 - sweep * 0.3, deep + 0.08), (-0.1 - sweep * 0.5, deep + 0.2), (0.0, deep * 0.5),
    ])  # fmt: skip
    s.eye(0.5, -0.06, 0.068)
    return s


def seahorse(rng: Generator) -> Sketch:
    """Upright, a bowed head with a snout, a round belly, a tail that coils."""
    s, coil, belly = Sketch(), rng.uniform(3.6, 6.4), rng.uniform(0.17, 0.25)
    t = ramp(30)
    # From the neck down: the back bows outwards, then the tail winds forwards ever more tightly.
    angles = np.interp(t, [0, 0.2, 0.45, 0.6, 1.0], [2.2, 1.75, 1.25, 1.2, 1.2])
    angles -= coil * np.clip((t - 0.55) / 0.45, 0, 1) ** 1.3
    centre = walk((0.08, -0.62), angles, np.interp(t, [0, 0.55, 1], [0.062, 0.06, 0.034]))
    widths = np.interp(ramp(31), [0, 0.12, 0.3, 0.5, 0.65, 1.0], [0.14, 0.14, belly, 0.14, 0.085, 0.022])
    root, wave = centre[10] + (-belly * 0.6, 0.0), rng.uniform(-0.06, 0.06)
    fin = np.array([
        (0.0, -0.13), (-0.2, -0.26), (-0.27, -0.12 + wave), (-0.31, -0.02), (-0.27, 0.09 + wave), (-0.19, 0.2),
        (0.0, 0.12),
    ])  # fmt: skip
    s.outline(fin + root, "accent")
    for far in (1, 3, 5):
        s.stroke(np.array([fin[far] * (0.2, 0.4), fin[far] * 0.6, fin[far] * 0.92]) + root, 0.014, "accent_shade")
    for spike, angle in enumerate((-2.1, -1.7, -1.3)):
        s.limb(walk((0.02 + spike * 0.07, -0.78), np.full(2, angle), 0.11), 0.045, 0.012, "accent")
    s.shape(tapered(centre, widths), skin=True)
    bow = rng.uniform(-0.1, 0.18)
    s.outline([
        (-0.12, -0.62), (-0.06, -0.84), (0.16, -0.88), (0.32, -0.76 + bow * 0.3), (0.6, -0.66 + bow),
        (0.66, -0.6 + bow), (0.58, -0.53 + bow), (0.34, -0.56 + bow * 0.5), (0.16, -0.5),
    ], skin=True)  # fmt: skip
    s.pattern()
    for i in range(4, 26, 2):
        across = np.array([-np.sin(angles[i]), np.cos(angles[i])]) * widths[i] * 0.8
        s.stroke(np.array([centre[i] - across, centre[i] + across * 0.2, centre[i] + across]), 0.014, "shade")
    s.outline([(-0.06, -0.52), (-0.2, -0.48), (-0.2, -0.36), (-0.05, -0.4)], "accent")
    s.eye(0.15, -0.72, 0.085)
    return s


def shrimp(rng: Generator) -> Sketch:
    """An arched, segmented body, a tail fan, many legs, long feelers."""
    s, arch = Sketch(), rng.uniform(1.5, 2.7)
    t = ramp(22)
    angles = np.pi + 0.35 - arch * np.clip((t - 0.12) / 0.88, 0, 1) ** 1.1
    centre = walk((0.55, -0.28), angles, 0.084)
    widths = np.interp(ramp(23), [0, 0.12, 0.3, 0.7, 1.0], [0.11, 0.2, 0.22, 0.15, 0.07])
    u = ramp(10)
    for feeler in range(2):
        swing = -0.8 + 0.35 * feeler + rng.uniform(-0.5, 0.5) * u + 1.2 * u**2
        s.limb(walk((0.6, -0.3), swing, 0.085), 0.022, 0.01, "accent")
    for i in range(3, 20, 2):
        inward = angles[i] - np.pi / 2
        start = centre[i] + np.array([np.cos(inward), np.sin(inward)]) * widths[i] * 0.7
        joints = inward + np.array([0.2, 0.0, -0.5]) + rng.normal(0, 0.12)
        s.limb(walk(start, joints, 0.113 if i < 11 else 0.073), 0.038, 0.014, "accent")
    end, last = centre[-1], angles[-1]
    for spread in (-0.65, 0.65, 0.0):
        fan = walk(end, np.full(5, last + spread), 0.066)
        s.shape(tapered(fan, np.array([0.03, 0.075, 0.1, 0.09, 0.05, 0.02])), "accent")
    s.shape(tapered(centre, widths), skin=True)
    s.outline([(0.6, -0.42), (0.86, -0.54), (0.62, -0.3), (0.52, -0.22)])
    s.pattern()
    for i in range(8, 22, 2):
        along = np.array([np.cos(angles[i]), np.sin(angles[i])])
        across = np.array([-along[1], along[0]]) * widths[i]
        s.stroke(np.array([centre[i] - across, centre[i] + along * 0.05, centre[i] + across]), 0.018, "shade")
    s.eye(0.5, -0.36, 0.08)
    return s
