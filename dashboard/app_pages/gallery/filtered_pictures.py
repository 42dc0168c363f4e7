"""The pictures behind the numbers: filters, how many there are, a page of cards; or one of them large."""

from html import escape

import numpy as np
import streamlit as st

from dashboard.app_pages.gallery.filters import filter_row, order_choice, spoken, wanted
from dashboard.app_pages.gallery.large_picture import Model, large_picture
from dashboard.cache import classifiers
from dashboard.data.classifier_answers import PAIRED, Answers, Filters, chosen, of_split, pair_counts
from dashboard.parts.buttons import following, previous
from dashboard.parts.notice import notice
from dashboard.parts.pictures.cards import card, show_cards
from dashboard.parts.pictures.sheets import A_PAGE
from dashboard.parts.runs.table import colours_of_all
from dashboard.state import gallery, turn
from dashboard.theme import dot
from dashboard.words import run_name
from sealife_core.runs.run import Run


def pictures(run: Run, rival: Run | None) -> None:
    """All answers of ``run``, and those of ``rival`` if there is one."""
    notice()
    models = [(one, classifiers.answers(one)) for one in (run, rival) if one is not None]
    answers, other = models[0][1], models[1][1] if rival else None
    shown = wanted(answers, other is not None)
    places = chosen(answers, shown, other)
    place = answers.place_of(gallery.PICTURE.value)
    if place is not None:
        large_picture(models, place, places, shown)
        return
    filter_row(answers, shown, other is not None)
    if other:
        _piles(models, shown)
    if not len(places):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"No {spoken(shown, 0)}.", width="content")
            everything = dict.fromkeys((*gallery.FILTERS, gallery.LEAF), "")
            st.button("Show all", on_click=turn, args=(everything,), icon=":material/filter_alt_off:")
        return
    pages = -(-len(places) // A_PAGE)
    page = min(max(1, gallery.LEAF.number), pages)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(_count(answers, places, shown), width="stretch")
        order_choice(shown)
        if pages > 1:
            _page_turner(page, pages, "top")
    colours = colours_of_all() if other else {}
    coloured = [(model, colours[one.id]) for one, model in models] if other else []
    cards = [card(answers, int(place), coloured) for place in places[(page - 1) * A_PAGE : page * A_PAGE]]
    show_cards(cards, f"{len(places):,} pictures, page {page}", gallery.CARDS, gallery.PICTURE.set)
    if pages > 1:
        with st.container(horizontal=True, horizontal_alignment="center"):
            _page_turner(page, pages, "bottom")


def _page_turner(page: int, pages: int, where: str) -> None:
    """Previous, next; ``where`` keeps two of them apart: the arrow keys belong to "top"."""
    key, keys = gallery.TURNER.of(where), where == "top"
    with st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center", width="content"):
        previous(gallery.LEAF.set, str(page - 1) if page > 1 else "", key, keys=keys)
        st.markdown(f"Page {page:,} of {pages:,}", width="content")
        following(gallery.LEAF.set, str(page + 1) if page < pages else "", key, keys=keys)


def _count(answers: Answers, places: np.ndarray, shown: Filters) -> str:
    wrong = int((~answers.right[places]).sum())
    text = f"**{len(places):,}** {spoken(shown, len(places))}"
    if not shown.outcome:
        text += f"; {wrong:,} of them wrong"
    of = int(of_split(answers, shown.split).sum())
    if len(places) != of:
        text += f", of {of:,}"
    if answers.gone:
        text += f" ({answers.gone:,} more are no longer in the data set)"
    return text + "."


def _piles(models: list[Model], shown: Filters) -> None:
    """The four piles of two models, each a way to its pictures."""
    (_, answers), (_, other) = models
    counts, colours = pair_counts(answers, other, shown.split), colours_of_all()
    first, second = (f"{dot(colours[one.id])}{escape(run_name(one))}" for one, _ in models)
    st.html(f'<div class="quiet">On each card, the first line is {first}, the second {second}.</div>')
    with st.container(horizontal=True):
        for name in ("both", "first", "second", "neither", "differ"):
            held = shown.outcome == name
            st.button(
                f"{PAIRED[name]}: **{counts[name]:,}**", key=gallery.PILE.of(name),
                type="primary" if held else "secondary",
                on_click=turn, args=({gallery.OUTCOME: "" if held else name, gallery.LEAF: ""},),
            )  # fmt: skip
