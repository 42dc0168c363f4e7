"""Training where BatchNorm keeps its statistics, as fine-tuning by the clock and *Continue from ImageNet* do it.

    python -m benchmarks.training.kept_statistics

All stages of EfficientNet-Lite0 on the processor, through the product's own path (``speed.our_classifier``): beside
the same without what a run does there (BatchNorm folded into the convolutions, freed memory kept), and beside timm's
network in a plain Lightning loop. Each side has a process of its own for each size; what memory it took at most is
compared too.
"""

import resource
from collections.abc import Iterator
from functools import partial
from statistics import median

from benchmarks.measuring import Figure, by_turns, main, own_home, ratio
from benchmarks.training.peers import plain_classifier
from benchmarks.training.speed import NAME, Side, imported, our_classifier
from sealife_core.config import FineTuneConfig, preset
from sealife_core.models import folding
from sealife_core.training import preparation

SIZES = {160: (64, 3), 224: (32, 3)}  # px: images a step, steps counted a turn


def measure() -> Iterator[Figure]:
    with own_home() as home:
        dataset = imported(home)
        for size_px, (batch_size, counted) in SIZES.items():
            config = preset(
                "transfer", "Standard", weights="random", head_from="random", data=NAME, image_size_px=size_px,
                batch_size=batch_size, device="cpu", trained_stages=5,
            )  # fmt: skip
            with Side() as ours, Side() as unfolded, Side() as timm:
                taken = by_turns(
                    {
                        "ours": partial(ours, our_classifier, config, counted),
                        "without": partial(unfolded, without, config, counted),
                        "timm": partial(timm, plain_classifier, dataset, config, counted),
                    }
                )
                peak = {"ours": ours(peak_mib), "without": unfolded(peak_mib)}
            rate = {side: batch_size / median(seconds) for side, seconds in taken.items()}
            named = f"All of EfficientNet-Lite0, statistics kept, {size_px} px, batch {batch_size}"
            for side, against, aim in (("timm", "timm in a plain loop", "≥ 1.3"), ("without", "without both", "")):
                told = f"{rate['ours']:,.1f} against {rate[side]:,.1f} images/s"
                yield Figure(f"{named}: against {against}", ratio(taken[side], taken["ours"]), "×", aim, told)
            told = f"{peak['ours']:,.0f} against {peak['without']:,.0f} MiB"
            yield Figure(f"{named}: memory, against without", peak["ours"] / peak["without"], "×", "≤ 1", told)


def without(config: FineTuneConfig, counted: int) -> float:
    """As :func:`our_classifier`, of a run that calls its encoder as it is and gives back what it frees."""
    folding.FoldedTraining._fold = lambda _: []  # type: ignore[method-assign]
    preparation.keep_freed_memory = lambda: None
    return our_classifier(config, counted)


def peak_mib() -> float:
    """The memory that this process had at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main(measure, __doc__)
