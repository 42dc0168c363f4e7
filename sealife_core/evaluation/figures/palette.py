"""A colour for every class, the same on the screen and in figures.

In this palette the two most similar colours can be distinguished with normal, deuteranopic and protanopic vision
(Machado 2009) and have enough contrast to both backgrounds. It begins with the hues of Okabe and Ito.
"""

from sealife_core.datasets.dataset import Dataset

CLASS_COLOURS = (
    "#1065A4", "#DA950B", "#00966C", "#CB74A7", "#D75A07", "#50AEEB", "#703D2E", "#7E6CF7",
    "#A9D1A4", "#AE0A6C", "#C7CF22", "#9DC9F3", "#66BA7A", "#A24D22", "#5351D8", "#C2A1B8",
    "#075F6B", "#A867C3", "#1C469D", "#728EF1", "#EB4977", "#D3484C", "#DDC276", "#82468B",
    "#786FA0", "#E8B1CF", "#8393C4", "#FB8764", "#4238BE", "#9E0F04", "#9C3E4A", "#1D9999",
)  # fmt: skip
UNLABELLED_COLOUR = "#8A979C"


def class_colours(dataset: Dataset) -> dict[str, str]:
    """Class → its colour, in the order of ``dataset.classes``. It stays the same when classes come, go or change."""
    return {name: class_colour(number) for name, number in dataset.class_numbers.items()}


def label_colour(dataset: Dataset, label: int) -> str:
    """The colour of ``dataset.classes[label]``. -1, unlabelled, is grey."""
    return class_colour(dataset.class_numbers[dataset.classes[label]] if label >= 0 else -1)


def class_colour(number: int) -> str:
    """The colour of the class with this number (``dataset.class_numbers``). -1, unlabelled, is grey."""
    return CLASS_COLOURS[number % len(CLASS_COLOURS)] if number >= 0 else UNLABELLED_COLOUR
