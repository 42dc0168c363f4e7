"""How a search chooses values and stops trials: distributions, sampler and pruner of Optuna."""

import random

from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.pruners import MedianPruner
from optuna.samplers import TPESampler

from sealife_core.config import SearchConfig, describe

# Random trials before those that learn from them: a quarter. Optuna's default, ten, would be half of twenty trials.
RANDOM_SHARE, FEWEST_RANDOM, MOST_RANDOM = 4, 3, 10
COMPARED_WITH = 4  # finished runs needed for a median


def distributions(config: SearchConfig) -> dict[str, BaseDistribution]:
    """Dotted path → distribution of each setting that varies."""
    kinds = {setting.path: setting.type for setting in describe(type(config.base).family())}
    found: dict[str, BaseDistribution] = {}
    for axis in config.axes:
        if axis.choices:
            found[axis.path] = CategoricalDistribution(axis.choices)
        elif kinds[axis.path] is int:
            low, high, step = int(axis.low or 0), int(axis.high or 0), int(axis.step or 1)
            found[axis.path] = IntDistribution(low, high - (high - low) % step, log=axis.log, step=step)
        else:
            found[axis.path] = FloatDistribution(axis.low or 0.0, axis.high or 0.0, log=axis.log, step=axis.step)
    return found


def sampler_of(config: SearchConfig, number: int) -> TPESampler:
    """The sampler of trial ``number``: TPE (Bergstra et al. 2011), with a seed of its own for each trial."""
    at_random = min(MOST_RANDOM, max(FEWEST_RANDOM, config.trials // RANDOM_SHARE))
    seed = random.Random(f"{config.seed}.{number}").getrandbits(32)
    return TPESampler(seed=seed, n_startup_trials=at_random)


def pruner_of(config: SearchConfig) -> MedianPruner:
    """Prunes a run whose best score so far is below the median of the finished ones at that epoch."""
    return MedianPruner(COMPARED_WITH, config.judged_from, n_min_trials=COMPARED_WITH)
