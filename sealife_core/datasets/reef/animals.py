"""Ten kinds of sea animals: a shape and a pose each, without colours."""

from collections.abc import Callable
from dataclasses import dataclass

from numpy.random import Generator

from sealife_core.datasets.reef.front_views import crab, jellyfish, octopus
from sealife_core.datasets.reef.outlines import Sketch
from sealife_core.datasets.reef.side_views import fish, seahorse, shrimp, whale
from sealife_core.datasets.reef.top_views import ray, starfish, turtle


@dataclass(frozen=True)
class Animal:
    """How a kind is drawn, and by how many degrees it may turn either way."""

    sketch: Callable[[Generator], Sketch]
    turn_deg: float


ANIMALS: dict[str, Animal] = {
    "crab": Animal(crab, 25),
    "fish": Animal(fish, 30),
    "jellyfish": Animal(jellyfish, 35),
    "octopus": Animal(octopus, 30),
    "ray": Animal(ray, 70),
    "seahorse": Animal(seahorse, 25),
    "shrimp": Animal(shrimp, 35),
    "starfish": Animal(starfish, 180),
    "turtle": Animal(turtle, 70),
    "whale": Animal(whale, 25),
}
