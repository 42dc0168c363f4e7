"""Does each switch of Break it show its effect? Both runs of every switch on the reef, as the page launches them.

    python -m benchmarks.training.breaking [--seed 0] [SWITCH …]

Told is what the page shows, broken / intact and the 95 % interval of the difference: contrastive accuracy over the last
steps, k-NN accuracy of pictures outside the training split, and how much of its similarity h keeps in other colours
and light (of two classifiers: accuracy on validation and on test pictures); effective rank, the seconds that both runs
took, and the page's sentence. Runs are kept below SEALIFE_HOME: a second call takes those that are there, and counts
what differs no more than the intact runs of two seeds (--seed) as no difference.
"""

import argparse
import time
from dataclasses import replace

from dashboard.cache.contrast import broken_measures
from dashboard.data.contrast.ablation_findings import told
from sealife_core.config import BROKEN, AnyConfig
from sealife_core.datasets.reef import draw_reef
from sealife_core.evaluation.contrast.ablation_effects import Measure
from sealife_core.runs.liveness import State
from sealife_core.runs.run import Run
from sealife_core.studies.ablation_pairs import (
    BACKGROUND,
    SWITCHES,
    Planned,
    ensure_one_background,
    launch_pair,
    other_seeds,
    planned,
)

HEAD = (
    "broken",
    "contrastive (probe: validation)",
    "k-NN (probe: test)",
    "similarity kept",
    "effective rank",
    "seconds",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("switches", nargs="*", metavar="SWITCH", help=f"all unless given: {', '.join(SWITCHES)}")
    parser.add_argument("--seed", type=int, default=0, help="of every run (default: 0, which the page uses)")
    chosen = parser.parse_args()
    if unknown := set(chosen.switches) - SWITCHES.keys():
        parser.error(f"no switch is called {', '.join(sorted(unknown))}; there are {', '.join(SWITCHES)}")
    lines = [f"| {' | '.join(HEAD)} |", f"|{'---|' * len(HEAD)}"]
    for key in chosen.switches or SWITCHES:
        line, sentence = outcome(key, chosen.seed)
        print(f"{sentence}\n", flush=True)
        lines.append(line)
    print("\n".join(lines))


def outcome(key: str, seed: int) -> tuple[str, str]:
    """A line of the table, and what the page says."""
    reef = draw_reef()
    other = ensure_one_background() if SWITCHES[key].kind == BACKGROUND else reef
    plan = seeded(planned(key, reef, other), seed)
    intact, broken = finished(key, plan)
    found = broken_measures(intact, broken, reef, other, other_seeds(intact))
    measures = [*map(beside, found.measures), "–"][:3]
    cells = [BROKEN[key], *measures, *(f"{of(broken)} / {of(intact)}" for of in (rank, seconds))]
    return f"| {' | '.join(cells)} |", told(key, found)


def seeded(plan: Planned, seed: int) -> Planned:
    def one(config: AnyConfig) -> AnyConfig:
        return config.model_copy(update={"seed": seed})

    return replace(plan, intact=one(plan.intact), broken=one(plan.broken), source=plan.source and one(plan.source))


def finished(key: str, plan: Planned) -> tuple[Run, Run]:
    """Both runs, once they have ended."""
    both = launch_pair(key, plan).both
    assert both is not None
    while any(run.state().active for run in both):
        time.sleep(1)
    for run in both:
        if run.state() is not State.FINISHED:
            raise SystemExit(f"{run.notes()['name']}: {run.shown().message}")
    return both


def beside(measure: Measure) -> str:
    low, high = (100 * end for end in (measure.difference.low, measure.difference.high))
    return f"{100 * measure.broken.value:.0f} / {100 * measure.intact.value:.0f} % ({low:+.0f} to {high:+.0f})"


def rank(run: Run) -> str:
    found = (run.results() or {}).get("val", {}).get("effective_rank")
    return "–" if found is None else f"{found:.0f}"


def seconds(run: Run) -> str:
    status = run.status()
    return f"{status['ended'] - status['started']:.0f}"


if __name__ == "__main__":
    main()
