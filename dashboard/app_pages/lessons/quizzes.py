"""What is asked about a picture, and how often h and z of an encoder tell it, as cards."""

from collections.abc import Mapping, Sequence
from html import escape

import torch

from dashboard.data.previews import Preview
from dashboard.parts.pictures.view_pairs import view_uri
from sealife_core.evaluation.contrast.readout import QUIZZES, Readout, mean_score
from sealife_core.evaluation.embeddings.stored_embeddings import Space
from sealife_core.views.sampling import centre_view
from sealife_core.views.transforms import apply_views
from sealife_core.wording import percent

EXAMPLE_PX = 96
Pictures = Mapping[str, Sequence[tuple[str, str]]]
"""Of each quiz, by its name, the address of each version of one picture, and what it is called."""


def quiz_pictures(example: Preview) -> Pictures:
    """The versions of one picture that are told apart."""
    centre = centre_view(torch.tensor([example.aspect]))
    square = example.square[None]
    return {
        quiz.name: [
            (view_uri(apply_views(square, change(centre), EXAMPLE_PX)[0]), words) for words, change in quiz.versions
        ]
        for quiz in QUIZZES
    }


def quiz_cards(found: Mapping[Space, Readout], pictures: Pictures) -> str:
    """A card a quiz as HTML: its pictures, and a bar of the right answers of h and of z, with chance marked."""
    cards = []
    for quiz in QUIZZES:
        versions = "".join(
            f'<figure><img src="{address}" alt=""><figcaption>{escape(words)}</figcaption></figure>'
            for address, words in pictures[quiz.name]
        )
        bars = "".join(_bar(space, float(of[quiz.name].mean()), quiz.chance) for space, of in found.items())
        cards.append(f'<section class="quiz"><b>{quiz.title}</b><div class="versions">{versions}</div>{bars}</section>')
    chance = sum(quiz.chance for quiz in QUIZZES) / len(QUIZZES)
    bars = "".join(_bar(space, mean_score(of), chance) for space, of in found.items())
    cards.append(f'<section class="quiz all"><b>All {len(QUIZZES)} questions, on average</b>{bars}</section>')
    legend = (
        "Bars: how often a linear layer that reads only h, or only z, tells which version of a picture it sees, on"
        " pictures that it did not learn from. Dotted: guessing."
    )
    return f'<div class="quizzes">{"".join(cards)}</div><p class="quiet bars-say">{legend}</p>'


def _bar(space: Space, right: float, chance: float) -> str:
    return (
        f'<div class="told {space}"><i>{space}</i><span class="track"><span style="width:{100 * right:.1f}%"></span>'
        f'<span class="chance" style="left:{100 * chance:.1f}%"></span></span>{percent(right, 0)}</div>'
    )
