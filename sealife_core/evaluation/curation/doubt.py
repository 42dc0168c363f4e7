"""How doubtful a label is, from what is believed of each image without it: confident learning.

Northcutt, Jiang, Chuang, "Confident Learning: Estimating Uncertainty in Dataset Labels", 2021 (arXiv 1911.00068).
"""

import numpy as np
from jaxtyping import Float, Float64, Int, Int64

# Share of the mistakes of a class that go to any other class alike, whatever the confident joint says. Measured on
# flipped photographs: with less, more of those between like classes are found, and fewer of all others.
EVENLY = 0.85
_LEAST = 1e-6  # a probability that the float formats of a probe may round to 0


def confident_joint(probabilities: Float[np.ndarray, "n c"], labels: Int[np.ndarray, " n"]) -> Int64[np.ndarray, "c c"]:
    """How many images labelled i (rows) are confidently j (columns): the paper's eq. 1.

    Confident is a probability of j that is at least the mean one of the images labelled j; of several, the largest.
    """
    classes = probabilities.shape[1]
    own = probabilities[np.arange(len(labels)), labels]
    images = np.bincount(labels, minlength=classes)
    threshold = np.bincount(labels, own, minlength=classes) / np.maximum(images, 1)
    threshold[images == 0] = np.inf  # nobody has said what such an image looks like
    sure = np.where(probabilities >= threshold, probabilities, -1)
    rows = np.flatnonzero(sure.max(1) >= 0)
    joint = np.zeros((classes, classes), np.int64)
    np.add.at(joint, (labels[rows], sure[rows].argmax(1)), 1)
    return joint


def doubt(probabilities: Float[np.ndarray, "n c"], labels: Int[np.ndarray, " n"]) -> Float64[np.ndarray, " n"]:
    """Log odds, but for a constant, that another class is right than the label: the larger, the more suspicious.

    ``max_j≠y p_j · T_jy / p_y``. T_jy: the share of the wrong labels of class j that say y, from the confident joint.
    Where an annotator would not mistake one for the other, a probe that does is less to be believed.
    """
    classes = probabilities.shape[1]
    wrong = confident_joint(probabilities, labels).T.astype(np.float64)
    np.fill_diagonal(wrong, 0)
    said_instead = (1 - EVENLY) * wrong / np.maximum(wrong.sum(1, keepdims=True), 1) + EVENLY / max(classes - 1, 1)
    np.fill_diagonal(said_instead, 0)
    others = (probabilities * said_instead[:, labels].T).max(1)
    own = probabilities[np.arange(len(labels)), labels]
    return np.log(np.maximum(others, _LEAST)) - np.log(np.maximum(own, _LEAST))
