"""The film: what keeps its place in the data keeps it in the picture, and what comes apart there comes apart here."""

import numpy as np
import pytest

from sealife_core.errors import DatasetError
from sealife_core.evaluation.projections.film import fit_film
from sealife_core.evaluation.projections.reduction import ProjectionSettings

pytestmark = pytest.mark.slow

FRAMES, EACH, DIM = 5, 20, 10
SETTINGS = ProjectionSettings(neighbours=10)


def _corners(steps: np.ndarray) -> np.ndarray:
    """Three clouds (E, 60, DIM) around directions that are ``steps`` (E,) far apart; an image's own noise stays."""
    corners = np.eye(DIM)[np.repeat(np.arange(3), EACH)]
    noise = np.random.default_rng(0).normal(scale=0.2, size=corners.shape)
    return np.stack([0.5 + step * corners + noise for step in steps]).astype(np.float32)


def test_film__keeps_what_is_fixed_in_place_and_moves_what_moves() -> None:
    values = _corners(np.full(FRAMES, 3.0))
    way = np.linspace(0, 1, FRAMES)[:, None]
    values[:, 0] = (1 - way) * values[:, 1] + way * values[:, EACH + 1]  # from the first cloud into the second
    film = fit_film(values, SETTINGS)
    assert film.shape == (FRAMES, 3 * EACH, 2)
    moved = np.linalg.norm(np.diff(film, axis=0), axis=2)  # (E - 1, n)
    extent = np.ptp(film, axis=(0, 1)).max()
    fixed = moved[:, 1:]
    assert np.median(fixed) < 0.03 * extent
    assert fixed.max() < 0.2 * extent
    way_of_fixed = np.linalg.norm(film[-1, 1:] - film[0, 1:], axis=1)
    assert np.linalg.norm(film[-1, 0] - film[0, 0]) > 3 * way_of_fixed.max()


def test_film__shows_clouds_come_apart() -> None:
    film = fit_film(_corners(np.linspace(0, 3, FRAMES)), SETTINGS)
    labels = np.repeat(np.arange(3), EACH)
    alike = []
    for frame in film:
        apart = np.linalg.norm(frame[:, None] - frame[None], axis=2)
        np.fill_diagonal(apart, np.inf)
        alike.append((labels[np.argsort(apart, axis=1)[:, :5]] == labels[:, None]).mean())
    assert alike[0] < 0.6
    assert alike[-1] == 1


def test_film__repeats_itself_and_tells_how_far_it_is() -> None:
    values, said = _corners(np.linspace(0, 3, 2)), []
    film = fit_film(values, SETTINGS, lambda *told: said.append(told))
    np.testing.assert_array_equal(fit_film(values, SETTINGS), film)
    assert said[0] == ("finding neighbours", 0, 2)
    assert said[-1] == ("laying out", 200, 200)


def test_film__of_one_frame_of_few_images_has_a_place_for_each() -> None:
    assert np.isfinite(fit_film(_corners(np.ones(1))[:, ::12], SETTINGS)).all()


def test_film__says_what_it_cannot_lay_out() -> None:
    with pytest.raises(DatasetError, match="3 images"):
        fit_film(np.ones((2, 3, 4)), SETTINGS)
    with pytest.raises(DatasetError, match="NaN"):
        fit_film(np.full((2, 9, 4), np.nan), SETTINGS)
