"""A model as one zip: its two files, and in words how a picture becomes its input."""

import io
import zipfile
from pathlib import Path

from sealife_core.models.checkpoint import CARD_FILE, WEIGHTS_FILE, ModelCard, load_card
from sealife_core.wording import counted

README = "README.md"


def model_zip(folder: Path, decoded_at_px: int | None, *further: str) -> bytes:
    """A zip of the model in ``folder``, its README, and those of the files called ``further`` that are there.

    decoded_at_px: the side of the squares that its pictures were decoded to; None if that is not known. Raises
    WeightsError without a model, OSError.
    """
    card, held = load_card(folder), io.BytesIO()
    with zipfile.ZipFile(held, "w") as packed:  # not compressed: weights hardly shrink
        packed.writestr(README, readme(card, decoded_at_px))
        for name in (WEIGHTS_FILE, CARD_FILE, *further):
            if name in (WEIGHTS_FILE, CARD_FILE) or (folder / name).is_file():
                packed.write(folder / name, name)
    return held.getvalue()


def readme(card: ModelCard, decoded_at_px: int | None) -> str:
    """What the model is, how a picture becomes its input, and how to use it, as Markdown."""
    size = card.image_size_px
    square = f"{decoded_at_px} × {decoded_at_px}" if decoded_at_px else f"about {2 * size} × {2 * size}"
    mean, std = (", ".join(f"{value:g}" for value in values) for values in (card.mean, card.std))
    answer = (
        f"{counted(len(card.classes), 'logit')}, in the order of `classes` in `{CARD_FILE}`; softmax makes them"
        " probabilities"
        if card.classes
        else f"{card.feature_dim} features"
    )
    return f"""# Model of run {card.run}

{card.encoder} ({card.kind}), trained on the data set "{card.data}". `{WEIGHTS_FILE}` holds its tensors: `encoder.*` as
in torchvision's ResNet or (`net.`) in timm, `head.*` the layer on top. `{CARD_FILE}` holds what must be known to use
them.

## How a picture becomes its input

1. Decode it to 8-bit RGB, upright by its EXIF orientation; what is transparent becomes white.
2. Resize the whole picture to {square} pixels (Lanczos), whatever its shape.
3. Cut the largest square that is centred in the original; resize it to {size} × {size} pixels (bilinear, antialiased).
4. Divide by 255, subtract the mean ({mean}) and divide by the standard deviation ({std}) of red, green and blue.
5. Order: (pictures, 3 colours, {size} rows, {size} columns). The output is {answer}.

Without step 2 the pixels differ a little, and with them the output.

## How to use it

    python -m sealife_core predict FOLDER_OF_THIS_FILE PICTURES --csv predictions.csv

does all of it. Calibrated confidences and `--error` need the run itself, with its validation predictions.
"""
