"""The seven lessons: what they say, what they ask, and how the numbers on the page decide the answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sealife_core.wording import points, points_between

Reading = Mapping[str, float]
"""What the widgets of a lesson show now, by name."""

CANNOT_TELL = "These pictures cannot tell"


@dataclass(frozen=True)
class Answer:
    """right: the place of the true option, None while the page cannot tell; because: the numbers behind it."""

    right: int | None
    because: str


@dataclass(frozen=True)
class Lesson:
    """short: its name in the row of lessons; says: paragraphs; look: what to try on the screen; on_paper: with the
    handout; judge: what the numbers answer."""

    key: str
    short: str
    title: str
    says: tuple[str, ...]
    look: str
    on_paper: str
    question: str
    options: Callable[[Reading], tuple[str, ...]]
    judge: Callable[[Reading], Answer]


def _always(*options: str) -> Callable[[Reading], tuple[str, ...]]:
    return lambda reading: options


def _third(share: float) -> int:
    """0: below a third, 1: up to two thirds, 2: above."""
    return (share > 1 / 3) + (share > 2 / 3)


def _kept_area(reading: Reading) -> Answer:
    share = reading["kept_area"]
    return Answer(
        _third(share), f"Over {reading['draws']:.0f} crops of the first picture the mean is {_percent(share)}."
    )


def _counts(reading: Reading) -> list[float]:
    """How many negatives a view may be thought to have; few pictures give some of the numbers twice."""
    n = reading["pictures"]
    return sorted({1, n - 1, 2 * n - 2, 2 * n})


def _negatives(reading: Reading) -> Answer:
    n = reading["pictures"]
    return Answer(
        _counts(reading).index(2 * n - 2),
        f"Two views of each picture are {2 * n:.0f} views. One of them is the view itself and one its partner:"
        f" {2 * n - 2:.0f} are left.",
    )


def _hardest(reading: Reading) -> Answer:
    share = reading["hardest_share"]
    return Answer(
        _third(share),
        f"At temperature {reading['temperature']:g} the {reading['hardest']:.0f} most similar of"
        f" {reading['negatives']:.0f} negatives get {_percent(share)} of the gradient on the negatives, on average"
        " over all anchors of this batch.",
    )


def _head(reading: Reading) -> Answer:
    if "h" not in reading:
        return Answer(None, "This needs a SimCLR run with a projection head, and at least 16 pictures.")
    h, z, low, high = (reading[name] for name in ("h", "z", "low", "high"))
    right = 0 if low > 0 else 1 if high < 0 else 2  # of what h tells minus what z tells
    meaning = (
        "The head has thrown part of it away.",
        "A head is expected to throw part of it away. This one does not.",
        "This head has not clearly thrown any of it away.",
    )[right]
    return Answer(
        right,
        f"Over {reading['quizzes']:.0f} questions on {reading['pictures']:.0f} pictures a linear layer is right on"
        f" {_percent(h)} from h, on {_percent(z)} from z; the 95 % interval of the difference is"
        f" {points_between(low, high)}. {meaning}",
    )


def _pair(reading: Reading) -> Answer:
    if "probe" not in reading:
        return Answer(None, "This needs a linear probe and a fine-tuned run that begin with the same encoder.")
    low, high = reading["low"], reading["high"]
    right = 1 if low > 0 else 0 if high < 0 else 2
    return Answer(
        right,
        f"On {reading['n']:.0f} test pictures the probe is right on {_percent(reading['probe'])}, the fine-tuned run on"
        f" {_percent(reading['finetune'])}; the 95 % interval of the difference is {points_between(low, high)}.",
    )


def _imagenet(reading: Reading) -> Answer:
    if "knn" not in reading:
        return Answer(None, "This needs labelled pictures of at least two classes, 20 of them for training.")
    low, high, chance = (reading[name] for name in ("low", "high", "chance"))
    right = 0 if low <= chance else 1 if low <= 0.5 else 2
    of, every = reading["classes"], reading["all_classes"]
    some = f" of {of:,.0f} of the {every:,.0f} classes" if of < every else ""
    return Answer(
        right,
        f"On each of {reading['n']:.0f} pictures{some} the {reading['voters']:.0f} nearest of {reading['bank']:.0f}"
        f" others vote with their labels. The vote is right for {_percent(reading['knn'])} of the pictures (95 %"
        f" interval {100 * low:.0f} to {100 * high:.0f} %). Always guessing the commonest class would be right for"
        f" {_percent(chance)}.",
    )


def _verdict(reading: Reading) -> Answer:
    if "verdict" not in reading:
        return Answer(None, "This needs a finished study “Does self-supervision help me?” of this data set.")
    over = f"over {reading['seeds']:.0f} seeds and {reading['images']:.0f} test images"
    if reading["same"]:
        return Answer(int(reading["verdict"]), f"With and without SimCLR all answers {over} are the same.")
    gain, low, high = (points(reading[name]) for name in ("gain", "low", "high"))
    said = f"SimCLR changes the accuracy by {gain} points; the 95 % interval {over} is {low} to {high}."
    return Answer(int(reading["verdict"]), said)


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


LESSONS: tuple[Lesson, ...] = (
    Lesson(
        "view",
        "View",
        "What is a view?",
        (
            "A view is a picture after random changes: a crop, which keeps only a part, a flip, other colours, some"
            " blur. A recipe says how strong they are. A view should still show the same animal.",
            "SimCLR, the method of these lessons, makes two views of every picture and learns which two belong"
            " together. Only what both have in common helps.",
        ),
        "Draw again a few times. Where do you still recognise the animal? When do two different animals look the same?",
        "Cover the originals. Which views still show the animal? Which views of two animals could be taken for one?",
        "How much of the first picture does a crop keep, on average, with this recipe?",
        _always("Less than a third", "Between one and two thirds", "More than two thirds"),
        _kept_area,
    ),
    Lesson(
        "pair",
        "Pairs",
        "A positive pair and its negatives",
        (
            "A network, the encoder, turns each view into a list of numbers. The cosine compares two lists: it is near"
            " 1 where the encoder finds two views alike.",
            "A batch is the pictures looked at together. Two views of one picture are a positive pair; for each of"
            " them, all other views in the batch are negatives.",
            "Training makes a number small, the loss. It is high where pairs are hard to find. It knows no labels:"
            " views of two pictures of one class are negatives too, false negatives.",
        ),
        "Point at a strongly coloured cell without a frame. Which pictures does the encoder find alike?",
        "Find the darkest cell without a frame. Which two pictures does the encoder find alike? Are they of one class?",
        "How many negatives does one view have in this batch?",
        lambda reading: tuple(f"{count:.0f}" for count in _counts(reading)),
        _negatives,
    ),
    Lesson(
        "temperature",
        "Temperature",
        "Temperature",
        (
            "For each view, the anchor, the loss asks: which of the others is its partner, of the same picture? The"
            " cosines, divided by the temperature, become probabilities. The gradient says how strongly training moves"
            " each view.",
            "At a low temperature only the most similar negatives count: a false negative among them is pushed away"
            " hard. At a high one all count nearly the same. Which is best has to be tried.",
        ),
        "Choose an anchor and move the temperature from one end to the other. Watch who gets the gradient.",
        "Compare the columns of the table. Which negatives get the gradient at the lowest temperature, which at the"
        " highest?",
        "How much of the gradient on the negatives goes to the three most similar ones, at temperature 0.1?",
        _always("Less than a third", "Between one and two thirds", "More than two thirds"),
        _hardest,
    ),
    Lesson(
        "head",
        "Head",
        "Why a projection head?",
        (
            "The encoder’s numbers are its features, h. A small network behind it, the projection head, makes z of"
            " them, and the loss compares z. After training the head is thrown away.",
            "To bring two views together, z may forget what differs between them: light, colours, the part of the"
            " picture. h comes before the head: usually it still tells more of this, and it has more numbers. That is"
            " why classifiers use h.",
        ),
        "Compare the bars of h and z. Then look at the same encoder before training.",
        "Compare the columns of h and z. Which changes can be read from both equally well? Where do they differ?",
        "From which of the two can a linear layer tell better what was done to a picture?",
        _always("From h", "From z", CANNOT_TELL),
        _head,
    ),
    Lesson(
        "probe",
        "Probe or fine-tune",
        "Linear probe or fine-tune?",
        (
            "A linear probe leaves the encoder as it is and learns one layer behind it. It shows what the features are"
            " worth.",
            "Fine-tuning changes the encoder too. It can become more accurate; with few labels it can also spoil what"
            " the encoder knew.",
            "With other test pictures the numbers would differ: a difference counts only if its 95 % interval leaves"
            " out 0.",
        ),
        "Compare both on the same test pictures. Which pictures does only one of them get right?",
        "Look at the pictures that only one of the two gets right. What may have misled the other?",
        "Which of the two is more accurate here?",
        _always("The linear probe", "The fine-tuned run", CANNOT_TELL),
        _pair,
    ),
    Lesson(
        "imagenet",
        "ImageNet",
        "What ImageNet knows already",
        (
            "An ImageNet encoder has learned from 1.3 million labelled photographs: dogs, cars, also some sea animals."
            " Nobody trained it on yours.",
            "Its features are often a better start than anything that can be learned from a few thousand pictures.",
        ),
        "Look at the nearest neighbours of a picture, which have the most similar features. What do they have in"
        " common: the animal, or the background?",
        "Look at the pictures in each row. What do they have in common: the animal, or the background?",
        "Let the nearest neighbours vote on the class. How often are they right, with no training on your pictures?",
        _always(
            "Not clearly more often than guessing",
            "More often than guessing, but not clearly more than half the time",
            "Clearly more than half the time",
        ),
        _imagenet,
    ),
    Lesson(
        "help",
        "Did it help?",
        "Did it help me?",
        (
            "A lower loss does not mean a better model. Whether SimCLR helped is measured on test pictures, with as"
            " many labels as you really have.",
            "One run proves little: with another seed, that is with other random numbers, it ends with another"
            " accuracy. A study repeats everything with several seeds and gives an interval.",
        ),
        "Read the verdict and the table. What gains more: SimCLR, or the next larger number of labels?",
        "Read the table. What gains more: SimCLR, or the next larger number of labels? With how many labels?",
        "Look at the row “decides”; it was chosen before the runs. Does SimCLR help?",
        _always("Yes", "No, at least not by much", CANNOT_TELL),
        _verdict,
    ),
)
