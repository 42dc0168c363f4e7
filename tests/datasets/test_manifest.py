"""The hash of what a manifest says."""

import hashlib
from typing import Any

import numpy as np
import pytest

from sealife_core.datasets import manifest
from sealife_core.datasets.manifest import BLOCK, ChangingDigest, digest

N = 3 * BLOCK - 5


def row(at: int, label: str) -> tuple[str, ...]:
    return f"i{at}", label


@pytest.mark.parametrize("n", [0, 1, BLOCK, N])
def test_changing_digest__is_that_of_the_rows_that_are_left(n: int) -> None:
    draw = np.random.default_rng(0)
    rows: dict[int, tuple[str, ...] | None] = {at: row(at, "crab") for at in range(n)}
    found = ChangingDigest(n)
    assert found.after(rows) == digest([*filter(None, rows.values())])
    blocks = [range(at, min(at + BLOCK, n)) for at in range(0, n, BLOCK)]
    for changed in [*blocks, *([draw.integers(n)] for _ in range(30 if n else 0))]:
        told = {int(at): None if draw.random() < 0.7 else row(at, f"ray {draw.integers(9)}") for at in changed}
        rows |= told
        assert found.after(told) == digest([*filter(None, rows.values())])


def test_changing_digest__hashes_again_only_what_a_change_may_alter(monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[int] = []

    class Counting:
        def __init__(self, inner: Any) -> None:
            self.inner, self.hexdigest = inner, inner.hexdigest

        def copy(self) -> "Counting":
            return Counting(self.inner.copy())

        def update(self, data: bytes) -> None:
            hashed.append(len(data))
            self.inner.update(data)

    sha256 = hashlib.sha256
    monkeypatch.setattr(manifest.hashlib, "sha256", lambda data: Counting(sha256(data)))
    found = ChangingDigest(N)
    found.after({at: row(at, "crab") for at in range(N)})
    whole = sum(hashed)
    for changed, share in (({N - 1: row(N - 1, "ray")}, 1 / 3), ({0: row(0, "crab")}, 0)):
        hashed.clear()
        found.after(changed)
        assert sum(hashed) == pytest.approx(share * whole, rel=0.1, abs=1)
