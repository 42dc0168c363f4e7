"""Finished classifiers to compare, and changes between two, that tests invent."""

from sealife_core.evaluation.comparison.paired import ClassChange


def change(label: str, fixed: int, broken: int, p_holm: float = 1.0) -> ClassChange:
    return ClassChange(label, 10, fixed, broken, 0.2, 0.2 + (fixed - broken) / 10, p_holm, p_holm)
