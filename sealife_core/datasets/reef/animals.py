"""Ten kinds of sea animals, each a shape in a pose of its own: nothing here knows a colour."""

from collections.abc import Callable

import numpy as np

from sealife_core.datasets.reef.curves import Sketch, circle, mirrored, smooth, tapered, walk

Generator = np.random.Generator


def fish(rng: Generator) -> Sketch:
    """From the side: a lens with a tail, fins above and below."""
    s, deep, snout = Sketch(), rng.uniform(0.34, 0.6), rng.uniform(-0.06, 0.1)
    fork, spread, lift = rng.uniform(-0.02, 0.22), rng.uniform(0.3, 0.5), rng.uniform(0.14, 0.34)
    tail = [
        (-0.52, -0.09),
        (-0.78, -0.22),
        (-1.12, -spread),
        (-1.0 + fork, 0.0),
        (-1.12, spread),
        (-0.78, 0.22),
        (-0.52, 0.09),
    ]
    s.shape(smooth(tail), "accent")
    s.shape(
        smooth([(0.45, -deep * 0.7), (0.2, -deep - lift), (-0.3, -deep * 0.75 - lift), (-0.62, -0.26), (-0.5, -0.05)]),
        "accent",
    )
    s.shape(
        smooth([(0.05, deep * 0.8), (-0.2, deep * 0.9 + lift * 0.7), (-0.5, 0.3 + lift * 0.3), (-0.5, 0.08)]), "accent"
    )
    upper = [(0.98, snout), (0.72, -deep * 0.62), (0.22, -deep), (-0.3, -deep * 0.68), (-0.62, -0.11)]
    lower = [(-0.62, 0.11), (-0.3, deep * 0.66), (0.22, deep), (0.72, deep * 0.66)]
    s.shape(smooth(upper + lower), skin=True)
    s.mark(
        smooth(
            [
                (0.84, deep * 0.42),
                (0.25, deep * 0.62),
                (-0.35, deep * 0.4),
                (-0.5, 0.1),
                (-0.3, deep * 0.62),
                (0.22, deep * 0.93),
                (0.62, deep * 0.74),
            ]
        ),
        "light",
    )
    s.pattern()
    s.stroke([(0.42, -deep * 0.6), (0.33, 0.0), (0.42, deep * 0.6)], 0.022, "shade")
    for ray in (-0.6, -0.2, 0.2, 0.6):
        s.stroke([(-0.72, ray * 0.2), (-0.86, ray * 0.4), (-1.0, ray * spread * 1.3)], 0.012, "accent_shade")
    flap = rng.uniform(-0.1, 0.2)
    s.shape(
        smooth([(0.24, 0.02), (0.05, 0.04 + flap), (-0.16, 0.12 + flap), (-0.04, 0.26 + flap * 0.5), (0.18, 0.2)]),
        "accent",
    )
    s.stroke([(0.93, snout + 0.1), (0.84, snout + 0.14), (0.78, snout + 0.12)], 0.018, "ink")
    s.eye(0.66, -deep * 0.22, 0.105)
    return s


def whale(rng: Generator) -> Sketch:
    """From the side: all head, a grooved belly, a fluke raised behind."""
    s, deep, rise = Sketch(), rng.uniform(0.4, 0.5), rng.uniform(0.1, 0.45)
    root = (-0.86, -rise)
    for side, tone in ((-1, "shade"), (1, "body")):
        tip = (root[0] - 0.2 - 0.1 * side, root[1] - 0.3 + 0.26 * side)
        s.shape(
            smooth(
                [
                    root,
                    (root[0] - 0.02, root[1] - 0.14 + 0.1 * side),
                    tip,
                    (root[0] - 0.24, root[1] + 0.07 * side),
                    (root[0] + 0.03, root[1] + 0.09),
                ]
            ),
            tone,
        )
    sweep = rng.uniform(0.2, 0.5)
    s.shape(
        smooth(
            [(0.4, deep * 0.7), (0.42 - sweep * 0.4, deep + 0.18), (0.1 - sweep * 0.7, deep + 0.3), (0.12, deep * 0.75)]
        ),
        "shade",
    )
    top = [
        (1.0, 0.02),
        (0.93, -deep * 0.62),
        (0.55, -deep),
        (0.0, -deep * 0.88),
        (-0.45, -deep * 0.5 - rise * 0.25),
        (-0.88, -rise - 0.06),
    ]
    bottom = [
        (-0.84, -rise + 0.08),
        (-0.45, 0.12 - rise * 0.1),
        (0.0, deep * 0.66),
        (0.5, deep * 0.88),
        (0.9, deep * 0.6),
    ]
    s.shape(smooth(top + bottom), skin=True)
    s.pattern()
    belly = smooth(
        [
            (0.985, 0.12),
            (0.6, 0.12),
            (0.25, 0.26),
            (-0.3, 0.2),
            (-0.02, deep * 0.62),
            (0.5, deep * 0.85),
            (0.88, deep * 0.6),
        ]
    )
    s.mark(belly, "light")
    for groove in (0.3, 0.5, 0.7):
        s.stroke(
            [(0.9, 0.05 + deep * groove), (0.5, 0.08 + deep * groove * 1.05), (0.12, 0.1 + deep * groove * 0.8)],
            0.012,
            "shade",
        )
    s.stroke([(0.99, 0.08), (0.75, 0.13), (0.52, 0.07)], 0.02, "ink")
    s.shape(
        smooth(
            [(0.3, deep * 0.5), (0.12 - sweep * 0.3, deep + 0.08), (-0.1 - sweep * 0.5, deep + 0.2), (0.0, deep * 0.5)]
        ),
        "body",
    )
    s.eye(0.5, -0.06, 0.062)
    return s


def crab(rng: Generator) -> Sketch:
    """From the front: a broad shell on eight bent legs, two raised claws, eyes on stalks."""
    s, wide, tall = Sketch(), rng.uniform(0.5, 0.6), rng.uniform(0.32, 0.42)
    for side in (-1, 1):
        for leg in range(4):
            angle = -0.15 + leg * 0.36 + rng.normal(0, 0.07)
            hip = (side * wide * 0.75, 0.04 + leg * 0.07)
            knee = (side * (wide + 0.34 * np.cos(angle * 0.7)), hip[1] - 0.2 + 0.36 * np.sin(angle))
            foot = (knee[0] + side * (0.26 - 0.1 * leg), knee[1] + 0.42)
            s.limb(smooth([hip, knee, foot], closed=False), 0.065, 0.02, "shade" if leg % 2 else "body")
        lift, size = rng.uniform(-0.15, 0.15), rng.uniform(0.21, 0.3)
        elbow = (side * (wide + 0.26), -0.2 + lift * 0.5)
        wrist = np.array((side * (wide + 0.12), -0.56 + lift))
        s.limb(smooth([(side * wide * 0.8, -0.05), elbow, tuple(wrist)], closed=False), 0.085, 0.075)
        turn, gape = rng.uniform(-0.3, 0.5), rng.uniform(0.1, 0.3)
        lower = np.array([(-0.2, 0.25), (-0.85, -0.1), (-0.8, -0.9), (-0.3 - gape, -1.6), (-0.3, -0.8), (0.1, -0.4)])
        upper = np.array(
            [(-0.1, 0.25), (0.75, 0.0), (0.85, -0.8), (0.2 + gape * 0.6, -1.5), (0.18, -0.85), (-0.1, -0.5)]
        )
        rotation = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
        for finger, tone in ((lower, "accent"), (upper, "accent")):
            s.shape(smooth((finger @ rotation) * (-side * size, size) + wrist), tone, skin=tone == "body")
    for side in (-1, 1):
        s.limb(np.array([(side * 0.16, -tall * 0.7), (side * 0.2, -tall - 0.16)]), 0.035, 0.035, "shade")
    upper = [(wide, -0.08), (wide * 0.7, -tall * 0.85), (0.0, -tall), (-wide * 0.7, -tall * 0.85), (-wide, -0.08)]
    lower = [(-wide * 0.72, tall * 0.75), (0.0, tall), (wide * 0.72, tall * 0.75)]
    s.shape(smooth(upper + lower), skin=True)
    s.pattern()
    s.stroke([(-0.14, tall * 0.45), (0.0, tall * 0.56), (0.14, tall * 0.45)], 0.02, "ink")
    for side in (-1, 1):
        s.eye(side * 0.2, -tall - 0.2, 0.085, (-0.1 * side, 0.1))
    return s


def jellyfish(rng: Generator) -> Sketch:
    """A translucent bell, ruffled arms, trailing tentacles."""
    s, wide, tall, phase = Sketch(), rng.uniform(0.5, 0.66), rng.uniform(0.5, 0.75), rng.uniform(0, 6)
    drift = rng.uniform(-0.3, 0.3)
    t = np.linspace(0, 1, 16)
    for at in np.linspace(-0.86, 0.86, 8):
        length = rng.uniform(0.8, 1.25)
        sway = 0.07 * np.sin(t * 8 + phase + at * 3) * t + drift * t**2
        s.limb(np.stack([at * wide * (1 - 0.12 * t) + sway, 0.05 + length * t], 1), 0.022, 0.01, "accent", opacity=200)
    for at in (-0.36, 0.0, 0.36):
        sway = 0.1 * np.sin(t * 6 + phase + at * 9) * t + drift * 0.7 * t**2
        widths = (0.1 + 0.035 * np.sin(t * 24 + at * 7)) * (1 - 0.75 * t)
        centre = np.stack([at * wide * 0.9 + sway, 0.02 + rng.uniform(0.55, 0.85) * t], 1)
        s.shape(tapered(centre, widths), "light", opacity=225)
    rim = np.linspace(1, -1, 15)
    scallop = 0.06 + 0.05 * (np.arange(15) % 2)
    dome = [
        (-wide * 0.93, -tall * 0.42),
        (-wide * 0.55, -tall * 0.86),
        (0.0, -tall),
        (wide * 0.55, -tall * 0.86),
        (wide * 0.93, -tall * 0.42),
    ]
    s.shape(smooth(dome + list(zip(rim * wide, scallop, strict=True))), skin=True, opacity=235)
    s.pattern()
    s.mark(smooth([(-wide * 0.9, -0.04), (0.0, -0.12), (wide * 0.9, -0.04), (0.0, 0.06)]), "shade")
    for at in np.linspace(-0.7, 0.7, 5):
        s.stroke([(at * wide, -0.04), (at * wide * 0.95, -tall * 0.35), (at * wide * 0.5, -tall * 0.7)], 0.014, "light")
    s.mark(
        smooth(
            [
                (-wide * 0.62, -tall * 0.5),
                (-wide * 0.4, -tall * 0.8),
                (-wide * 0.12, -tall * 0.9),
                (-wide * 0.36, -tall * 0.68),
            ]
        ),
        "white",
    )
    return s


def starfish(rng: Generator) -> Sketch:
    """From above: five blunt arms, each bent its own way, knobs along them."""
    s, inner, blunt = Sketch(), rng.uniform(0.3, 0.4), rng.uniform(0.07, 0.15)
    knots, knobs = [], []
    for arm in range(5):
        angle = arm * 2 * np.pi / 5 + rng.normal(0, 0.08)
        reach, twist = rng.uniform(0.88, 1.08), rng.normal(0, 0.16)
        far = angle + twist
        knots += [(inner * np.cos(angle - 0.63), inner * np.sin(angle - 0.63))]
        knots += [((reach - 0.12) * np.cos(far - blunt), (reach - 0.12) * np.sin(far - blunt))]
        knots += [(reach * np.cos(far), reach * np.sin(far))]
        knots += [((reach - 0.12) * np.cos(far + blunt), (reach - 0.12) * np.sin(far + blunt))]
        knobs += [
            (r * np.cos(angle + twist * r * r), r * np.sin(angle + twist * r * r), r)
            for r in (0.2, 0.36, 0.52, 0.67, 0.81)
        ]
    s.shape(smooth(knots), skin=True)
    s.pattern()
    for x, y, r in knobs:
        s.mark(circle(x, y, 0.058 - 0.028 * r, corners=10), "light")
    s.mark(circle(0, 0, 0.075, corners=12), "light")
    return s


def octopus(rng: Generator) -> Sketch:
    """A bulbous head over eight curling arms with suckers."""
    s = Sketch()
    t = np.linspace(0, 1, 14)
    suckers = []
    for arm, at in sorted(enumerate(np.linspace(-1, 1, 8)), key=lambda pair: abs(pair[1]) * (-1) ** pair[0]):
        start = np.pi / 2 - at * 1.0
        curl = (rng.uniform(0.9, 3.2) if rng.random() < 0.8 else -rng.uniform(0.5, 1.5)) * np.sign(at)
        angles = start - 0.25 * np.sign(at) * np.sin(np.pi * t) - curl * t**1.6
        centre = walk((at * 0.26, 0.12), angles, rng.uniform(0.07, 0.095) * (1.15 - 0.5 * t))
        s.limb(centre, 0.115, 0.022, "shade" if arm % 2 else "body", skin=arm % 2 == 0)
        suckers += [(centre[i], 0.034 * (1.1 - i / 16)) for i in range(3, 14, 2)]
    squash = rng.uniform(0.9, 1.15)
    lean = rng.uniform(-0.18, 0.18)
    upper = [
        (0.34, 0.16),
        (0.34, -0.1),
        (0.5 + lean * 0.4, -0.5),
        (0.3 + lean, -0.9 * squash),
        (-0.3 + lean, -0.9 * squash),
    ]
    s.shape(smooth([*upper, (-0.5 + lean * 0.4, -0.5), (-0.34, -0.1), (-0.34, 0.16), (0.0, 0.3)]), skin=True)
    s.pattern()
    for centre, radius in suckers:
        s.mark(circle(centre[0], centre[1], radius, corners=8), "light")
    for side in (-1, 1):
        s.eye(side * 0.2, -0.02, 0.11, (0.15, 0.1))
    s.stroke([(-0.08, 0.17), (0.0, 0.21), (0.08, 0.17)], 0.016, "ink")
    return s


def turtle(rng: Generator) -> Sketch:
    """From above: an oval shell of scutes, long front flippers, short hind ones."""
    s, wide = Sketch(), rng.uniform(0.42, 0.52)
    for side in (-1, 1):
        swing, kick = rng.uniform(-0.5, 0.45), rng.uniform(-0.25, 0.3)
        front = np.array(
            [
                (0.42, 0.3),
                (0.5, 0.58),
                (0.32 - swing * 0.3, 0.92),
                (-0.02 - swing * 0.55, 1.1),
                (0.06 - swing * 0.35, 0.8),
                (0.2, 0.36),
            ]
        )
        hind = np.array(
            [
                (-0.42, 0.28),
                (-0.6, 0.46 + kick * 0.2),
                (-0.88 - kick * 0.2, 0.5 + kick * 0.3),
                (-0.8, 0.32),
                (-0.58, 0.16),
            ]
        )
        for flipper in (front, hind):
            s.shape(smooth(flipper * (1, side)), "accent")
    s.shape(smooth([(-0.6, -0.08), (-0.86, 0.0), (-0.6, 0.08)]), "accent")
    nod = rng.uniform(-0.1, 0.1)
    s.shape(
        smooth(
            [
                (0.5, -0.15),
                (0.74, -0.13 + nod),
                (0.92, -0.17 + nod),
                (1.08, nod),
                (0.92, 0.17 + nod),
                (0.74, 0.13 + nod),
                (0.5, 0.15),
            ]
        ),
        "accent",
    )
    shell = mirrored([(0.66, 0.0), (0.52, -wide * 0.66), (0.12, -wide), (-0.36, -wide * 0.84), (-0.66, -wide * 0.3)])
    outline = smooth(shell)
    s.shape(outline, "shade")
    s.shape(outline * 0.87, skin=True)
    s.pattern()
    spine = (0.5, 0.24, -0.08, -0.38, -0.58)
    for front, back in zip(spine, spine[1:], strict=False):
        for side in (-1, 1):
            s.stroke(
                [(front, side * 0.05), ((front + back) / 2, side * 0.2 * (wide / 0.5)), (back, side * 0.05)],
                0.02,
                "shade",
            )
    for x in spine[1:-1]:
        for side in (-1, 1):
            s.stroke(
                [(x + 0.14, side * 0.19 * wide / 0.5), (x + 0.16, side * wide * 0.7), (x + 0.17, side * wide * 0.82)],
                0.02,
                "shade",
            )
    for side in (-1, 1):
        s.eye(0.93, nod + side * 0.11, 0.055, (0.2, 0.15 * side))
    return s


def seahorse(rng: Generator) -> Sketch:
    """From the side: upright, a bowed head with a snout, a round belly, a tail that coils."""
    s, coil, belly = Sketch(), rng.uniform(3.6, 6.4), rng.uniform(0.17, 0.25)
    t = np.linspace(0, 1, 30)
    # From the neck down: the back bows outwards, then the tail winds forwards ever more tightly.
    angles = (
        np.interp(t, [0, 0.2, 0.45, 0.6, 1.0], [2.2, 1.75, 1.25, 1.2, 1.2])
        - coil * np.clip((t - 0.55) / 0.45, 0, 1) ** 1.3
    )
    centre = walk((0.08, -0.62), angles, np.interp(t, [0, 0.55, 1], [0.062, 0.06, 0.034]))
    widths = np.interp(np.linspace(0, 1, 31), [0, 0.12, 0.3, 0.5, 0.65, 1.0], [0.14, 0.14, belly, 0.14, 0.085, 0.022])
    fin = centre[10]
    s.shape(
        smooth(
            [
                (fin[0] - 0.1, fin[1] - 0.16),
                (fin[0] - 0.42, fin[1] - 0.16),
                (fin[0] - 0.46, fin[1] + 0.1),
                (fin[0] - 0.1, fin[1] + 0.16),
            ]
        ),
        "accent",
    )
    for spike, angle in enumerate((-2.1, -1.7, -1.3)):
        s.limb(walk((0.02 + spike * 0.07, -0.78), np.full(2, angle), 0.11), 0.045, 0.012, "accent")
    s.shape(tapered(centre, widths), skin=True)
    bow = rng.uniform(-0.1, 0.18)
    head = [
        (-0.12, -0.62),
        (-0.06, -0.84),
        (0.16, -0.88),
        (0.32, -0.76 + bow * 0.3),
        (0.6, -0.66 + bow),
        (0.66, -0.6 + bow),
        (0.58, -0.53 + bow),
        (0.34, -0.56 + bow * 0.5),
        (0.16, -0.5),
    ]
    s.shape(smooth(head), skin=True)
    s.pattern()
    for i in range(4, 26, 2):
        across = np.array([-np.sin(angles[i]), np.cos(angles[i])]) * widths[i] * 0.8
        s.stroke(
            [tuple(centre[i] - across), tuple(centre[i] + across * 0.2), tuple(centre[i] + across)], 0.014, "shade"
        )
    s.shape(smooth([(-0.08, -0.52), (-0.22, -0.46), (-0.2, -0.34), (-0.06, -0.4)]), "accent")
    s.eye(0.15, -0.72, 0.08)
    return s


def ray(rng: Generator) -> Sketch:
    """From above: wings that beat, a whip of a tail."""
    s, sweep, bow = Sketch(), rng.uniform(-0.15, 0.25), rng.uniform(-0.5, 0.5)
    t = np.linspace(0, 1, 12)
    s.limb(np.stack([-0.5 - 1.0 * t, bow * t**2 + 0.05 * np.sin(6 * t) * t], 1), 0.06, 0.012, "shade")
    for side in (-1, 1):
        s.shape(
            smooth([(-0.42, side * 0.1), (-0.72, side * 0.12), (-0.66, side * 0.26), (-0.4, side * 0.26)]), "accent"
        )
    outline = [(0.66, 0.0)]
    span = rng.uniform(0.85, 1.05)
    wing = [
        (0.62, 0.14),
        (0.42, 0.42),
        (0.12 - sweep * 0.6, span * 0.84),
        (-0.12 - sweep, span),
        (-0.14 - sweep * 0.5, span * 0.7),
        (-0.3, 0.36),
        (-0.56, 0.1),
    ]
    left, right = rng.uniform(0.72, 1.0), rng.uniform(0.72, 1.0)
    outline += [(x, -y * left) for x, y in wing] + [(x, y * right) for x, y in reversed(wing)]
    s.shape(smooth(outline), skin=True)
    s.pattern()
    for side, fold in ((-1, left), (1, right)):
        s.stroke([(0.4, side * 0.2), (0.0, side * 0.34 * fold), (-0.36, side * 0.18)], 0.018, "shade")
        for gill in range(3):
            s.stroke(
                [(0.2 - gill * 0.09, side * 0.1), (0.18 - gill * 0.09, side * 0.15), (0.17 - gill * 0.09, side * 0.19)],
                0.014,
                "shade",
            )
        s.eye(0.47, side * 0.17, 0.06, (0.2, 0.0))
    s.stroke([(0.3, 0.0), (-0.1, 0.0), (-0.5, 0.0)], 0.02, "light")
    return s


def shrimp(rng: Generator) -> Sketch:
    """From the side: an arched, segmented body, a tail fan, many legs, long feelers."""
    s, arch = Sketch(), rng.uniform(1.5, 2.7)
    t = np.linspace(0, 1, 22)
    angles = np.pi + 0.35 - arch * np.clip((t - 0.12) / 0.88, 0, 1) ** 1.1
    centre = walk((0.55, -0.28), angles, 0.084)
    widths = np.interp(np.linspace(0, 1, 23), [0, 0.12, 0.3, 0.7, 1.0], [0.11, 0.2, 0.22, 0.15, 0.07])
    for feeler in range(2):
        wave = rng.uniform(-0.5, 0.5)
        s.limb(
            walk(
                (0.6, -0.3),
                -0.8 + 0.35 * feeler + wave * np.linspace(0, 1, 10) + 1.2 * np.linspace(0, 1, 10) ** 2,
                0.085,
            ),
            0.022,
            0.01,
            "accent",
        )
    for i in range(3, 20, 2):
        inward = angles[i] - np.pi / 2
        long = 0.34 if i < 11 else 0.22
        start = centre[i] + np.array([np.cos(inward), np.sin(inward)]) * widths[i] * 0.7
        s.limb(
            walk(tuple(start), inward + np.array([0.2, 0.0, -0.5]) + rng.normal(0, 0.12), long / 3),
            0.038,
            0.014,
            "accent",
        )
    end, last = centre[-1], angles[-1]
    for spread in (-0.65, 0.65, 0.0):
        fan = walk(tuple(end), np.full(5, last + spread), 0.066)
        s.shape(tapered(fan, np.array([0.03, 0.075, 0.1, 0.09, 0.05, 0.02])), "accent")
    s.shape(tapered(centre, widths), skin=True)
    s.shape(smooth([(0.6, -0.42), (0.86, -0.54), (0.62, -0.3), (0.52, -0.22)]), "body")
    s.pattern()
    for i in range(8, 22, 2):
        across = np.array([-np.sin(angles[i]), np.cos(angles[i])]) * widths[i]
        bulge = np.array([np.cos(angles[i]), np.sin(angles[i])]) * 0.05
        s.stroke([tuple(centre[i] - across), tuple(centre[i] + bulge), tuple(centre[i] + across)], 0.018, "shade")
    s.eye(0.5, -0.36, 0.075)
    return s


# Rotation in degrees either way of how the animal is drawn: those seen from above may lie at any angle.
ANIMALS: dict[str, tuple[Callable[[Generator], Sketch], float]] = {
    "crab": (crab, 40),
    "fish": (fish, 45),
    "jellyfish": (jellyfish, 60),
    "octopus": (octopus, 45),
    "ray": (ray, 180),
    "seahorse": (seahorse, 35),
    "shrimp": (shrimp, 60),
    "starfish": (starfish, 180),
    "turtle": (turtle, 180),
    "whale": (whale, 35),
}
