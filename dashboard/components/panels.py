"""What is drawn of a run, chart by chart: which metrics, against which level of chance, and how to read it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    """One key of metrics.jsonl. ``faint``: measured on training batches, and drawn to stand back."""

    key: str
    label: str
    faint: bool = False


@dataclass(frozen=True)
class Panel:
    """One chart. ``chance`` names what guessing reaches, in environment.json; ``nothing`` is said where no data are."""

    name: str
    title: str
    says: str
    lines: tuple[Line, ...]
    chance: str = ""
    percent: bool = False
    from_zero: bool = False
    nothing: str = "Not measured yet."


_RATE = Panel(
    "rate",
    "Learning rate",
    "How far each step goes. It climbs first, then falls, so that the end is fine work.",
    (Line("train/learning_rate", "learning rate"),),
    from_zero=True,
    nothing="Not measured yet; a probe by L-BFGS has none: it finds its steps by itself.",
)
SIMCLR_PANELS = (
    Panel(
        "loss",
        "NT-Xent loss",
        "How badly the two views of a picture find each other among all others in the batch. Below the dashed line"
        " the network has begun to tell pictures apart.",
        (Line("train/loss", "training"),),
        chance="chance_loss",
    ),
    Panel(
        "knn",
        "k-NN accuracy",
        "Validation pictures named by their nearest training pictures: what the features are worth so far."
        " When it no longer rises, more epochs do not help.",
        (Line("val/knn_accuracy", "validation"),),
        chance="chance_accuracy",
        percent=True,
        from_zero=True,
    ),
    Panel(
        "contrastive",
        "Contrastive accuracy",
        "How often a view's nearest neighbour in the batch is its own partner. A better score here is not yet a"
        " better encoder.",
        (Line("train/contrastive_accuracy", "training"),),
        percent=True,
        from_zero=True,
    ),
    Panel(
        "rank",
        "Effective rank",
        "How many directions the features use. Near 1 they have collapsed: every picture looks the same.",
        (Line("val/effective_rank", "validation"),),
        from_zero=True,
    ),
    Panel(
        "spread",
        "Alignment and uniformity",
        "Alignment: how far apart the views of one picture lie (small is good)."
        " Uniformity: how evenly all pictures spread (more negative is good).",
        (Line("val/alignment", "alignment"), Line("val/uniformity", "uniformity", faint=True)),
    ),
    _RATE,
)
CLASSIFIER_PANELS = (
    Panel(
        "loss",
        "Loss",
        "Where training falls and validation rises again, the network learns its pictures by heart.",
        (Line("train/loss", "training", faint=True), Line("val/loss", "validation")),
        from_zero=True,
    ),
    Panel(
        "accuracy",
        "Accuracy",
        "Share of pictures named right. The dashed line is what guessing the commonest class would reach.",
        (Line("train/accuracy", "training", faint=True), Line("val/accuracy", "validation")),
        chance="chance_accuracy",
        percent=True,
        from_zero=True,
    ),
    Panel(
        "macro_f1",
        "Macro-F1",
        "Precision and recall of every class in one number, each class counting the same. The best epoch by it is"
        " kept.",
        (Line("val/macro_f1", "validation"),),
        percent=True,
        from_zero=True,
    ),
    _RATE,
)
