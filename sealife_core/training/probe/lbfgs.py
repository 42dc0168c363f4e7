"""The linear probe's solver: L-BFGS on all training features at once, as the field probes its encoders.

L2-regularised multinomial logistic regression on frozen features, without augmentation (Kornblith et al. 2019, arXiv
1805.08974; SimCLR, appendix B.9). Minimised is ``loss + penalty / 2 · Σ W²`` without the bias: with cross-entropy,
scikit-learn's LogisticRegression with C = 1 / (n · penalty). The loss is then convex: one answer, whatever the seed.
"""

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor, nn
from torch.optim import LBFGS

from sealife_core.config import PENALTIES
from sealife_core.errors import TrainingError

ITERATIONS = 20  # a round, as in PyTorch: one to ten rounds a probe; validation and files cost as much as five more
HISTORY = 10  # steps from which the curvature is guessed: SciPy's default
STEEPEST = 1e-4  # of the slopes, where the optimum counts as reached: scikit-learn's default
_GENTLE = 0.1  # a penalty: below it, STEEPEST would end at the optimum of the one before
MOST_LOOKS = 5  # at the loss, an iteration: one is usual, more only where float32 ends

Loss = Callable[[Tensor, Tensor], Tensor]
"""Logits (n, C) and labels (n,) → their mean loss."""


def at_one_penalty(
    linear: nn.Linear, loss: Loss, features: Tensor, labels: Tensor, penalty: float, rounds: int
) -> Iterator[tuple[float, bool]]:
    """Minimise in at most so many ``rounds`` of ITERATIONS: after each, the penalty and whether it was the last."""
    solver = _solver(linear, ITERATIONS, STEEPEST)
    for number in range(1, rounds + 1):
        done = _minimise(solver, linear, loss, features, labels, penalty)
        last = number == rounds or done < ITERATIONS
        yield penalty, last
        if last:
            return


def at_each_penalty(
    linear: nn.Linear,
    loss: Loss,
    features: Tensor,
    labels: Tensor,
    iterations: int,
    penalties: Sequence[float] = PENALTIES,
) -> Iterator[tuple[float, bool]]:
    """Minimise at each penalty in at most so many ``iterations``: after each, the penalty and whether it was the last.

    Weights grow as the penalty falls, so each optimum lies near the one before, where the next search starts (Friedman
    et al. 2010, "Regularization paths for generalized linear models via coordinate descent": warm starts). Its
    curvature is another function's and is forgotten; small slopes count where the penalty is small.
    """
    for penalty in penalties:
        solver = _solver(linear, iterations, STEEPEST * min(1.0, penalty / _GENTLE))
        _minimise(solver, linear, loss, features, labels, penalty)
        yield penalty, penalty == penalties[-1]


def _solver(linear: nn.Linear, iterations: int, least_slope: float) -> LBFGS:
    return LBFGS(
        linear.parameters(), max_iter=iterations, max_eval=MOST_LOOKS * iterations, history_size=HISTORY,
        tolerance_grad=least_slope, line_search_fn="strong_wolfe",
    )  # fmt: skip


def _minimise(solver: LBFGS, linear: nn.Linear, loss: Loss, features: Tensor, labels: Tensor, penalty: float) -> int:
    """One step of ``solver``: how many iterations it took. Raises TrainingError."""

    def look() -> Tensor:
        solver.zero_grad()
        minimised = loss(linear(features), labels) + penalty / 2 * linear.weight.square().sum()
        if not torch.isfinite(minimised):  # a search that only goes down never leaves the numbers by itself
            raise TrainingError(
                f"The loss is {float(minimised.detach())}: the encoder's features are not finite. Set precision to"
                " 'fp32', or start from another encoder."
            )
        minimised.backward()
        return minimised.detach()

    before = _iterations(solver)
    solver.step(look)  # type: ignore[arg-type] - the stub wants a float, the solver takes a tensor
    return _iterations(solver) - before


def _iterations(solver: LBFGS) -> int:
    return next((state["n_iter"] for state in solver.state.values()), 0)
