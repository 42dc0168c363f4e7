"""What is drawn of a run, chart by chart: which metrics, against which level of chance, and how to read it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class PanelLine:
    """One key of metrics.jsonl. ``faint``: of training batches, and drawn thin; ``dashed``: a second measure."""

    key: str
    label: str
    faint: bool = False
    dashed: bool = False


@dataclass(frozen=True)
class Panel:
    """One chart. ``chance`` names what guessing reaches, in environment.json; ``nothing`` is said where no data are."""

    name: str
    title: str
    says: str
    lines: tuple[PanelLine, ...]
    chance: str = ""
    percent: bool = False
    from_zero: bool = False
    nothing: str = "Not measured yet."


_RATE = Panel(
    "rate", "Learning rate",
    "The size of each step. It rises at first, then falls, so that the last steps are small.",
    (PanelLine("train/learning_rate", "learning rate"),), from_zero=True,
    nothing="Not measured yet. A probe trained with L-BFGS has no learning rate: it uses all images at once and"
    " finds its own step size.",
)  # fmt: skip
SIMCLR_PANELS = (
    Panel(
        "loss", "NT-Xent loss",
        "NT-Xent (normalised temperature-scaled cross-entropy) is low when each view is more similar to the other view"
        " of its picture than to all others in the batch. The dashed line is guessing.",
        (PanelLine("train/loss", "training"),), chance="chance_loss",
    ),
    Panel(
        "knn", "k-NN accuracy",
        "Share of validation pictures that their nearest training pictures classify correctly. It shows how good"
        " the features are. When it stops rising, more epochs do not help.",
        (PanelLine("val/knn_accuracy", "validation"),), chance="chance_accuracy", percent=True, from_zero=True,
    ),
    Panel(
        "contrastive", "Contrastive accuracy",
        "How often the most similar view in the batch is the other view of the same picture. A higher value does not"
        " always mean a better encoder.",
        (PanelLine("train/contrastive_accuracy", "training"),), percent=True, from_zero=True,
    ),
    Panel(
        "rank", "Effective rank",
        "How many directions the features use. Near 1 they have collapsed: all pictures look the same to the encoder.",
        (PanelLine("val/effective_rank", "validation"),), from_zero=True,
    ),
    Panel(
        "spread", "Alignment and uniformity",
        "Alignment: how far apart the views of one picture lie (lower is better)."
        " Uniformity: how evenly all pictures spread (more negative is better).",
        (PanelLine("val/alignment", "alignment"), PanelLine("val/uniformity", "uniformity", dashed=True)),
    ),
    _RATE,
)  # fmt: skip
CLASSIFIER_PANELS = (
    Panel(
        "loss", "Loss",
        "If training loss falls while validation loss rises, the network overfits: it memorises its training pictures.",
        (PanelLine("train/loss", "training", faint=True), PanelLine("val/loss", "validation")), from_zero=True,
    ),
    Panel(
        "accuracy", "Accuracy",
        "Share of pictures classified correctly. The dashed line is always guessing the most common class.",
        (PanelLine("train/accuracy", "training", faint=True), PanelLine("val/accuracy", "validation")),
        chance="chance_accuracy", percent=True, from_zero=True,
    ),
    Panel(
        "macro_f1", "Macro-F1",
        "Combines precision and recall. Every class counts the same. The epoch with the best macro-F1 is kept.",
        (PanelLine("val/macro_f1", "validation"),), percent=True, from_zero=True,
    ),
    _RATE,
)  # fmt: skip
