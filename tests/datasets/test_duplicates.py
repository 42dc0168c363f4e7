import io

import imagehash
import numpy as np
import pytest
from PIL import Image

from sealife_core.datasets import duplicates
from sealife_core.datasets.duplicates import (
    coarse_colours,
    hashed_pixels,
    links,
    near_pictures,
    perceptual_hash,
    perceptual_hashes,
    places_of_equal,
    propose,
    units,
)
from tests.datasets.pictures import noise


def test_places_of_equal__groups_of_two_and_more():
    assert places_of_equal(["a", "b", "a", "c", "b", "a", "", ""]) == [[0, 2, 5], [1, 4]]


def test_propose__agrees_with_counting_bits_pair_by_pair():
    rng = np.random.default_rng(0)
    centres = rng.integers(0, 2**63, 40)
    numbers = [int(c) ^ sum(1 << int(b) for b in rng.choice(64, rng.integers(1, 12), replace=False)) for c in centres]
    hashes = [f"{int(n):016x}" for n in [*centres, *numbers]]
    literal = {
        (i, j)
        for i in range(80)
        for j in range(i + 1, 80)
        if (int(hashes[i], 16) ^ int(hashes[j], 16)).bit_count() <= 8
    }
    assert 10 < len(literal) < 60
    assert {tuple(sorted(pair)) for pair in propose(hashes).tolist()} == literal


@pytest.mark.parametrize("most_bits", [0, 2, 8, 9])
def test_propose__finds_every_pair_however_the_bits_are_spread(most_bits: int, monkeypatch: pytest.MonkeyPatch):
    """Against all pairs compared: bits differ anywhere, and half of the hashes share three of their four words."""
    monkeypatch.setattr(duplicates, "_BLOCK_PAIRS", 1000)
    rng = np.random.default_rng(most_bits)
    alike = rng.integers(0, 2**16, 600, dtype=np.uint64) << np.uint64(16) | np.uint64(0xABCD_0000_1234)
    numbers = np.concatenate([rng.integers(0, 2**64, 600, dtype=np.uint64), alike])
    flips = [
        sum(1 << int(bit) for bit in rng.choice(64, count, replace=False)) for count in range(12) for _ in range(50)
    ]
    numbers = np.concatenate([numbers, numbers[:600] ^ np.array(flips, dtype=np.uint64)])
    numbers = rng.permutation(np.unique(numbers))
    differing = np.bitwise_count(numbers[:, None] ^ numbers)
    literal = {(int(i), int(j)) for i, j in zip(*np.nonzero(differing <= most_bits), strict=True) if i < j}
    found = [tuple(sorted(pair)) for pair in duplicates.propose([f"{n:016x}" for n in numbers], most_bits).tolist()]
    assert len(found) == len(set(found))
    assert set(found) == literal
    assert literal or most_bits == 0


def test_propose__compares_few_of_all_pairs(monkeypatch: pytest.MonkeyPatch):
    """Of a million pictures all pairs would be 500 billion."""
    compared, expanded = [], duplicates._expanded
    monkeypatch.setattr(duplicates, "_expanded", lambda *of: (compared.append(len(b[0])) or b for b in expanded(*of)))
    count = 4000
    duplicates.propose([f"{n:016x}" for n in np.random.default_rng(0).integers(0, 2**64, count, dtype=np.uint64)])
    assert 0 < sum(compared) < count * (count - 1) / 2 / 200


def test_propose__a_still_scene_makes_no_flood_of_pairs():
    hashes = ["00ff00ff00ff00ff"] * 500 + ["", ""]
    assert propose(hashes).tolist() == [[0, position] for position in range(1, 500)]
    assert propose([]).shape == (0, 2)
    assert propose(["", ""]).shape == (0, 2)


def smooth(seed: int) -> Image.Image:
    return noise(seed, (6, 5)).resize((120, 100), Image.Resampling.BICUBIC)


def copies(image: Image.Image) -> list[Image.Image]:
    saved = io.BytesIO()
    image.save(saved, "JPEG", quality=40)
    width, height = image.size
    return [
        image,
        Image.open(saved),
        image.resize((width // 2, height // 2)),
        image.point(lambda v: min(255, int(v * 1.1))),
    ]


def test_near_pictures__finds_copies_and_nothing_else():
    pictures = [copy.convert("RGB") for seed in range(12) for copy in copies(smooth(seed))]
    hashes = [perceptual_hash(picture) for picture in pictures]
    groups = near_pictures(hashes, lambda positions: np.stack([coarse_colours(pictures[p]) for p in positions]))
    assert groups == [list(range(first, first + 4)) for first in range(0, 48, 4)]


def test_near_pictures__same_shape_in_other_colours_is_another_picture():
    shape = np.asarray(noise(3, (120, 100)))
    other = Image.fromarray(np.roll(shape, 1, axis=2))
    grey = Image.fromarray(shape).convert("L")
    hashes = [perceptual_hash(grey.convert("RGB"))] * 2
    pictures = [Image.fromarray(shape), other]
    assert near_pictures(hashes, lambda at: np.stack([coarse_colours(pictures[p]) for p in at])) == []


def test_perceptual_hashes__are_those_of_imagehash():
    pixels = [hashed_pixels(smooth(seed)) for seed in range(20)]
    theirs = [str(imagehash.phash(Image.frombytes("L", (32, 32), grey))) for grey in pixels]
    assert len(set(theirs)) == 20
    assert perceptual_hashes(pixels) == theirs
    assert perceptual_hashes([]) == []
    flat = hashed_pixels(Image.new("RGB", (50, 50), "teal"))
    assert perceptual_hashes([pixels[3], flat, pixels[4]]) == [theirs[3], "", theirs[4]]


@pytest.mark.parametrize("colour", ["black", "white", "teal"])
def test_perceptual_hash__a_flat_picture_has_none(colour: str):
    assert perceptual_hash(Image.new("RGB", (50, 50), colour)) == ""


def test_coarse_colours__are_of_length_one_and_flat_ones_of_none():
    assert np.linalg.norm(coarse_colours(noise(1))) == pytest.approx(1, abs=1e-5)
    assert not coarse_colours(Image.new("RGB", (50, 50), "grey")).any()


def test_units__join_pairs_and_groups() -> None:
    pairs = np.array([[0, 2], [2, 5]])
    assert units(pairs, ["", "dive", "dive", "", "film", ""]).tolist() == [0, 0, 0, 3, 4, 0]
    assert units(links([(0, 2, 5)]), ["", "dive", "dive", "", "film", ""]).tolist() == [0, 0, 0, 3, 4, 0]
