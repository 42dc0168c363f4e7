"""Features in clusters, and labels of which some are wrong."""

import numpy as np


def clusters(each: int = 40, classes: int = 6, spread: float = 1.0, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Features (n, 16) around a corner for each class, and labels (n,), ``each`` of a class."""
    labels = np.repeat(np.arange(classes), each)
    noise = np.random.default_rng(seed).normal(size=(len(labels), 16))
    return (3 * np.eye(16)[labels] + spread * noise).astype(np.float32), labels


def flipped(labels: np.ndarray, share: float, *, pairs: bool, seed: int = 0) -> np.ndarray:
    """Labels of which a share is changed: to the class beside it in its pair, or else to any other."""
    rng, classes = np.random.default_rng(seed), labels.max() + 1
    rows = rng.choice(len(labels), round(share * len(labels)), replace=False)
    changed = labels.copy()
    changed[rows] = labels[rows] ^ 1 if pairs else (labels[rows] + rng.integers(1, classes, len(rows))) % classes
    return changed
