"""The linear probe's own solver: L-BFGS on all training features at once, as the field probes its encoders.

L2-regularised multinomial logistic regression on frozen features, without augmentation (Kornblith et al. 2019, arXiv
1805.08974; SimCLR, appendix B.9). With cross-entropy the loss is convex: one answer, whatever the seed.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import chain, repeat
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import LBFGS

from sealife_core.config import PENALTIES
from sealife_core.errors import TrainingError
from sealife_core.training.classifier import ClassifierModule

ITERATIONS = 20  # an epoch, as in PyTorch: one to ten epochs a probe; validation and files cost as much as five more
HISTORY = 10  # steps from which the curvature is guessed: SciPy's default
STEEPEST = 1e-4  # of the slopes, where the optimum counts as reached: scikit-learn's default
_GENTLE = 0.1  # a penalty: below it, STEEPEST would end at the optimum of the one before
MOST_LOOKS = 5  # at the loss, an iteration: one is usual, more only where float32 ends


class LbfgsProbe(ClassifierModule):
    """A linear head whose loss over the whole training set is minimised; it starts at zero, where no class is ahead.

    Minimised is ``loss + weight_decay / 2 · Σ W²`` without the bias: scikit-learn's LogisticRegression with
    C = 1 / (n · weight_decay). What is logged as train/loss is the loss alone, of the weights after the step: those
    that the validation of the same epoch looks at. Training ends when the optimum is reached.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for parameter in self.head.parameters():
            nn.init.zeros_(parameter)

    @property
    def penalty(self) -> float:
        """What the square of the weights costs now."""
        return self.config.weight_decay

    @property
    def _linear(self) -> nn.Linear:
        linear = self.head[-1]
        assert isinstance(linear, nn.Linear)
        return linear

    def training_step(self, batch: dict[str, Tensor], batch_index: int) -> Tensor:
        """What is minimised, on the batch that holds all n images. Nothing is logged: a line search may discard it."""
        penalty = self.penalty / 2 * self._linear.weight.square().sum()
        return self.loss(self(batch["features"]), batch["labels"]) + penalty

    def on_train_batch_start(self, batch: dict[str, Tensor], batch_index: int) -> None:
        """Keep what the step looks at, and how far the solver is."""
        self._batch, self._iterations_before = batch, self._iterations()

    def optimizer_step(
        self, epoch: int, batch_idx: int, optimizer: Any, optimizer_closure: Callable[[], Any] | None = None
    ) -> None:
        """One step of many looks at the loss. Only the first passes through Lightning's hooks, which cost as much."""
        assert optimizer_closure is not None
        looks = chain([optimizer_closure], repeat(self._look))
        self._solver().step(lambda: _finite(next(looks)()))

    def on_train_batch_end(self, outputs: Any, batch: dict[str, Tensor], batch_index: int) -> None:
        """Log loss and accuracy of the new weights; end where the solver found nothing more to gain."""
        self._log_new_weights(batch)
        if self._iterations() - self._iterations_before < ITERATIONS:
            self.trainer.should_stop = True

    def _log_new_weights(self, batch: dict[str, Tensor]) -> None:
        with torch.no_grad():
            logits = self(batch["features"])
            self.log("train/loss", self.loss(logits, batch["labels"]))
        self.train_accuracy.update(logits, batch["labels"])
        self.log("train/accuracy", self.train_accuracy, on_step=False, on_epoch=True)

    def configure_optimizers(self) -> LBFGS:
        """A step is twenty iterations, each as long as lowers the loss and its slope enough (strong Wolfe)."""
        return solver_of(self.head, ITERATIONS)

    def _look(self) -> Tensor:
        self._solver().zero_grad()
        minimised = self.training_step(self._batch, 0)
        minimised.backward()
        return minimised.detach()

    def _solver(self) -> LBFGS:
        (solver,) = self.trainer.optimizers
        assert isinstance(solver, LBFGS)
        return solver

    def _iterations(self) -> int:
        return next((state["n_iter"] for state in self._solver().state.values()), 0)


class PenaltyPath(LbfgsProbe):
    """The same probe at each of PENALTIES, the largest first: an epoch solves one, from where the last one ended.

    The epoch with the best validation macro-F1 is kept, as of every classifier; of equal ones the first, whose penalty
    is larger. Weights grow as the penalty falls, so each optimum lies near the one before (Friedman et al. 2010,
    "Regularization paths for generalized linear models via coordinate descent": warm starts).
    """

    @property
    def penalty(self) -> float:
        """That of the epoch."""
        return PENALTIES[self.trainer.current_epoch]

    def on_train_batch_start(self, batch: dict[str, Tensor], batch_index: int) -> None:
        """Forget the curvature of the last penalty: it is another function's. Small slopes count where it is small."""
        self._batch, solver = batch, self._solver()
        solver.state.clear()
        solver.param_groups[0]["tolerance_grad"] = least_slope(self.penalty)

    def on_train_batch_end(self, outputs: Any, batch: dict[str, Tensor], batch_index: int) -> None:
        """Log loss and accuracy at this penalty's optimum, and the penalty."""
        self._log_new_weights(batch)
        self.log("train/penalty", self.penalty)

    def configure_optimizers(self) -> LBFGS:
        """A step takes as many iterations as the optimum needs, ``config.epochs`` × ITERATIONS at most."""
        return solver_of(self.head, ITERATIONS * self.config.epochs)


def solver_of(layer: nn.Module, iterations: int, penalty: float = 1.0) -> LBFGS:
    """What minimises a linear probe's loss: at most so many ``iterations`` a step, each with a line search."""
    return LBFGS(
        layer.parameters(),
        max_iter=iterations,
        max_eval=MOST_LOOKS * iterations,
        history_size=HISTORY,
        tolerance_grad=least_slope(penalty),
        line_search_fn="strong_wolfe",
    )


def least_slope(penalty: float) -> float:
    """Of all slopes, where the optimum counts as reached."""
    return STEEPEST * min(1.0, penalty / _GENTLE)


def tried_penalties(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, float]]:
    """The penalty and the validation macro-F1 of each epoch of a :class:`PenaltyPath`, in their order.

    ``rows``: of metrics.jsonl.
    """
    scores = {round(row["epoch"]): row["val/macro_f1"] for row in rows if "val/macro_f1" in row}
    return [
        {"penalty": penalty, "macro_f1": scores[epoch]} for epoch, penalty in enumerate(PENALTIES, 1) if epoch in scores
    ]


def _finite(minimised: Tensor) -> Tensor:
    """``minimised`` as it is: a search that only goes down never leaves the numbers by itself."""
    if not torch.isfinite(minimised):
        raise TrainingError(
            f"The loss is {float(minimised)}: the encoder's features are not finite. Set precision to 'fp32', or start"
            " from another encoder."
        )
    return minimised
