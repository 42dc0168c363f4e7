"""What the label queue saves on real photographs: a replay, with the labels of the training split hidden and revealed.

    python -m benchmarks.photographs.label_queue FOLDER [--seeds 30] [--peer SITE]

Imports FOLDER (one sub-folder a class) below SEALIFE_HOME as 'photographs' unless it is there, and takes the features
of EfficientNet-Lite0 with ImageNet weights at 224 px. Each seed splits the photographs anew, and each strategy asks for
20 labels of the training split at a time; the queue's own classifier learns from them and is asked on test. Of the
queue's labels 15 in 100 go to validation and are not learned from. "Random" learns from all of its labels; "random, as
the queue sets aside" is what somebody does who wants to know the accuracy, too. After some answers of the queue, its
forecast of the accuracy with twice as many labels is held against what came, on test.

"The queue" chooses with the page's rule alone. "The queue, as the page asks" is all of the page: a log of answers, a
new model after every dozen, pictures aside for validation and test, and one answer for all that look alike and are of
that class.

scikit-activeml is no requirement: it is installed beside the environment, and left out without --peer.

    pip install --no-deps --target SITE scikit-activeml==1.0.1 makefun iteration-utilities
"""

import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from sklearn.linear_model import LogisticRegression

from benchmarks.made_once import imagenet_features, photographs
from benchmarks.measuring import Figure, arguments, tell_all
from dashboard.app_pages.label.next_pictures import A_BATCH, REFIT_AFTER
from sealife_core.datasets.corrections.draft import Draft
from sealife_core.datasets.corrections.entries import QUEUE
from sealife_core.datasets.dataset import Dataset, write_dataset
from sealife_core.datasets.imports.splits import split_rows
from sealife_core.evaluation.classification.scores import wilson
from sealife_core.evaluation.curation.label_queue import SHARE, Bought, LabelQueue
from sealife_core.evaluation.curation.outlook import outlook
from sealife_core.evaluation.curation.picking import PENALTY, fitted, next_places, uncertainty
from sealife_core.evaluation.curation.queue_features import Points, points_of

SIZE_PX, BATCH, AIM = 224, 20, 300
ASKED = np.array([*range(BATCH, 400, BATCH), *range(400, 1001, 5 * BATCH)])  # labels asked for, after each batch
LEARNED = (ASKED * (1 - SHARE)).round().astype(int)  # of the queue's
FORECAST_AFTER, STEPS = (100, 200, 400), 8
PAGE = "the queue, as the page asks"
SHOWN = (20, 60, 100, 140, 180, 220, 300, 500, 1000)

# Values (N, d), labels (N,) where known or else -1, candidates (N,), how many, seed → the places to label next.
Strategy = Callable[[np.ndarray, np.ndarray, np.ndarray, int, int], np.ndarray]


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeds", type=int, default=30)
    parser.add_argument("--peer", metavar="SITE", help="where scikit-activeml is installed")
    chosen = parser.parse_args()
    dataset = photographs(chosen.folder)
    strategies = OURS | (peers(chosen.peer) if chosen.peer else {})
    points = points_of(dataset.manifest["id"].tolist(), imagenet_features(dataset, SIZE_PX))
    tell_all(measure(dataset, points, chosen.seeds, strategies), chosen.json)


def doubt(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    model = fitted(values[known >= 0], known[known >= 0])
    return np.ones(len(values)) if model is None else uncertainty(model.predict_proba(values))


def queue(values: np.ndarray, known: np.ndarray, candidates: np.ndarray, count: int, seed: int) -> np.ndarray:
    return next_places(values, known >= 0, candidates, doubt(values, known), count, seed)


def typical(values: np.ndarray, known: np.ndarray, candidates: np.ndarray, count: int, seed: int) -> np.ndarray:
    """The queue without its model."""
    return next_places(values, known >= 0, candidates, np.ones(len(values)), count, seed)


def margin(values: np.ndarray, known: np.ndarray, candidates: np.ndarray, count: int, seed: int) -> np.ndarray:
    """The least sure ones, however alike; until there is a model, the first, which are random."""
    found = np.flatnonzero(candidates)
    return found[np.argsort(-doubt(values, known)[found], kind="stable")][:count]


OURS: dict[str, Strategy] = {"the queue": queue, "typical only": typical, "margin only": margin}


def peers(site: str) -> dict[str, Strategy]:
    """Strategies of scikit-activeml, with the same classifier and values."""
    sys.path.append(site)
    from skactiveml.classifier import SklearnClassifier  # pyright: ignore[reportMissingImports]
    from skactiveml.pool import Badge, Clue, DropQuery, Falcun, TypiClust  # pyright: ignore[reportMissingImports]

    def ask(
        make: Callable, values: np.ndarray, known: np.ndarray, candidates: np.ndarray, count: int, seed: int
    ) -> np.ndarray:
        model = LogisticRegression(C=1 / (PENALTY * max(1, (known >= 0).sum())), tol=1e-3, max_iter=300)
        classes = list(range(max(known.max(), 1) + 1))
        given = () if make is TypiClust else (SklearnClassifier(model, classes=classes, random_state=seed),)
        labels = np.where(known >= 0, known, np.nan)
        places = np.flatnonzero(candidates)
        return make(random_state=seed).query(values, labels, *given, candidates=places, batch_size=int(count))

    makers = (TypiClust, Clue, DropQuery, Falcun, Badge)
    return {f"{make.__name__} of scikit-activeml": partial(ask, make) for make in makers}


def measure(dataset: Dataset, points: Points, seeds: int, strategies: dict[str, Strategy]) -> Iterator[Figure]:
    """Means over the seeds, of each strategy on the same splits."""
    values, labels = points.values, dataset.labels
    tests, pools = [], []
    for seed in range(seeds):
        splits = np.array(split_rows(labels.astype(str).tolist(), [""] * len(labels), seed)[0])
        tests.append(np.flatnonzero(splits == "test"))
        pools.append(np.random.default_rng(seed).permutation(np.flatnonzero(splits == "train")))

    def curve(orders: list[np.ndarray], budgets: np.ndarray) -> np.ndarray:
        """(B,) accuracy on test with the first so many of the rows of each seed."""
        return accuracies([[order[:n] for n in budgets] for order in orders])

    def accuracies(learned: list[list[np.ndarray]]) -> np.ndarray:
        """(B,) accuracy on test, of each seed the rows learned from after each batch."""
        found = np.zeros((seeds, len(learned[0])))
        for seed, (batches, test) in enumerate(zip(learned, tests, strict=True)):
            for place, rows in enumerate(batches):
                model = fitted(values[rows], labels[rows])
                assert model is not None
                found[seed, place] = np.mean(model.predict(values[test]) == labels[test])
        return found.mean(0)

    def bought(seed: int, order: np.ndarray, answers: int) -> list[Bought]:
        """What the page would tell after so many answers: on the random pictures among them."""
        aside = pools[seed][round(len(pools[seed]) * (1 - SHARE)) :][: round(SHARE * answers)]
        found = []
        for asked in np.unique(np.geomspace(10, answers, STEPS).round().astype(int)):
            learned = order[: round((1 - SHARE) * asked)]
            model = fitted(values[learned], labels[learned])
            if model is not None:
                share = float(np.mean(model.predict(values[aside]) == labels[aside]))
                right = wilson(round(share * len(aside)), len(aside))
                found.append(Bought(asked, len(learned), len(aside), len(aside), share, *right))
        return found

    def forecasts(orders: list[np.ndarray], answers: int) -> Iterator[Figure]:
        errors, held, widths = [], [], []
        for seed, order in enumerate(orders):
            told = outlook(bought(seed, order, answers), len(np.unique(labels)), len(labels))
            assert told is not None
            rows, test = order[: round(told.labels)], tests[seed]
            model = fitted(values[rows], labels[rows])
            assert model is not None
            came = float(np.mean(model.predict(values[test]) == labels[test]))
            errors.append(100 * abs(told.value - came))
            held.append(told.low <= came <= told.high)
            widths.append(100 * (told.high - told.low))
        says = f"of {len(held)}; {np.mean(widths):.0f} points wide, median error {np.median(errors):.1f} points"
        what = f"The queue's forecast holds: after {answers} answers, for twice as many labels"
        yield Figure(what, 100 * float(np.mean(held)), "%", "≥ 75", says)

    random = curve(pools, ASKED)
    yield from told("random", random, random, 0)
    yield from told("random, as the queue sets aside", curve(pools, LEARNED), random, 0)
    began = time.process_time()
    pages = [page(dataset, points, pool, seed) for seed, pool in enumerate(pools)]
    seconds = (time.process_time() - began) / seeds / (ASKED[-1] / REFIT_AFTER)
    yield from told(PAGE, accuracies(pages), random, seconds)
    for name, strategy in strategies.items():
        began = time.process_time()
        orders = [pool[replay(strategy, values[pool], labels[pool], seed)] for seed, pool in enumerate(pools)]
        seconds = (time.process_time() - began) / seeds / len(ASKED)
        yield from told(name, curve(orders, LEARNED), random, seconds)
        if strategy is queue:
            for answers in FORECAST_AFTER:
                yield from forecasts(orders, answers)


def replay(strategy: Strategy, values: np.ndarray, labels: np.ndarray, seed: int) -> np.ndarray:
    """The places that a strategy asks for training, in its order; the last ones are reserved for validation."""
    candidates = np.arange(len(labels)) < round(len(labels) * (1 - SHARE))
    known = np.full(len(labels), -1)
    order: list[int] = []
    for n in LEARNED:
        places = strategy(values, known, candidates, n - len(order), seed)
        order += list(places)
        known[places], candidates[places] = labels[places], False
    return np.array(order)


def page(dataset: Dataset, points: Points, pool: np.ndarray, seed: int) -> list[np.ndarray]:
    """For each of ASKED the rows that a model learns from after so many answers on the page Label, labels of the
    ``pool`` being hidden and told when asked."""
    manifest = dataset.manifest.iloc[pool]
    ids, truth = manifest["id"].tolist(), manifest["label"].tolist()
    with TemporaryDirectory() as folder:
        now = write_dataset(Path(folder) / "pool", manifest.assign(label="", split="train"), {})
    of_pool = Points(tuple(ids), points.values[pool])
    answers, learned, found = 0, [], []
    while len(found) < len(ASKED) and (picks := LabelQueue(now, of_pool, seed).picks(A_BATCH)):
        draft = Draft(now)
        for pick in picks[:REFIT_AFTER]:
            rows = [pick.row, *(row for row in pick.alike if truth[row] == truth[pick.row])]
            fields = {"label": truth[pick.row], "split": pick.split}
            draft.correct({ids[row]: fields for row in rows}, by="", why=QUEUE)
            answers += 1
            learned += pool[rows].tolist() if pick.split == "train" else []
            if answers in ASKED:
                found.append(np.array(learned))
        now = draft.done()
    return found + [np.array(learned)] * (len(ASKED) - len(found))


def told(name: str, accuracy: np.ndarray, random: np.ndarray, seconds: float) -> Iterator[Figure]:
    """accuracy, random: (B,) after each batch."""
    ours = name in ("the queue", PAGE)
    reached = ASKED[accuracy >= random[ASKED == AIM]]
    labels = float(reached[0]) if len(reached) else float("inf")
    shown = ", ".join(f"{100 * accuracy[n == ASKED][0]:.1f} % at {n}" for n in SHOWN)
    yield Figure(f"Labels to the accuracy of random at {AIM}: {name}", labels, "labels", "≤ 220" if ours else "", shown)
    if name != "random":
        cost = f"{seconds:.2f} s of a processor to choose a batch" if seconds else ""
        below = 100 * float((random - accuracy).max())
        yield Figure(f"Most below random: {name}", below, "points", "≤ 1" if ours else "", cost)


if __name__ == "__main__":
    main()
