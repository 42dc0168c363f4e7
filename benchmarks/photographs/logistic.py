"""scikit-learn's logistic regression as a probe, to compare ours with."""

import numpy as np


def logistic_predict(train: np.ndarray, labels: np.ndarray, test: np.ndarray, c: float) -> np.ndarray:
    """Classes (n,) of ``test`` (n, D); trained on ``train`` (m, D), standardised. c: inverse strength of L2."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), LogisticRegression(C=c, max_iter=1000)).fit(train, labels).predict(test)
