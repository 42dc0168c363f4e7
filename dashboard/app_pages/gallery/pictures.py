"""The pictures behind the numbers: filters, how many there are, a page of cards; or one of them large."""

from html import escape

import numpy as np
import streamlit as st

from dashboard.app_pages.gallery.filters import clear_filters, filter_row, order_choice, spoken, wanted
from dashboard.app_pages.gallery.pages import leaf, on_page, page_turner
from dashboard.app_pages.gallery.picture import large_picture
from dashboard.cache import classifiers
from dashboard.data.answers import PAIRED, Answers, Filters, chosen, of_split, pair_counts
from dashboard.parts.pictures.cards import gallery_cards
from dashboard.parts.runs.table import colours_of_all
from dashboard.state import gallery
from dashboard.theme import dot
from dashboard.words import run_name
from sealife_core.runs.run import Run


def pictures(run: Run, rival: Run | None) -> None:
    """All answers of ``run``, and those of ``rival`` if there is one."""
    answers = classifiers.answers(run)
    other = classifiers.answers(rival) if rival else None
    shown = wanted(answers, other is not None)
    places = chosen(answers, shown, other)
    place = answers.place_of(gallery.PICTURE.value)
    if place is not None:
        large_picture(answers, place, places, shown, run, (rival, other) if rival and other else None)
        return
    filter_row(answers, shown, other is not None)
    if rival and other:
        _piles(answers, other, shown, run, rival)
    if not len(places):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"No {spoken(shown)}.", width="content")
            st.button("Show all", on_click=clear_filters, icon=":material/filter_alt_off:")
        return
    page, pages = leaf(len(places))
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(_count(answers, places, shown), width="stretch")
        order_choice(shown)
        if pages > 1:
            page_turner(page, pages, "top")
    colours = colours_of_all()
    models = [(answers, colours[run.id]), (other, colours[rival.id])] if rival and other else []
    gallery_cards(answers, on_page(places, page), f"{len(places):,} pictures, page {page}", models)
    if pages > 1:
        with st.container(horizontal=True, horizontal_alignment="center"):
            page_turner(page, pages, "bottom")


def _count(answers: Answers, places: np.ndarray, shown: Filters) -> str:
    wrong = int((~answers.right[places]).sum())
    text = f"**{len(places):,}** {spoken(shown)}"
    if not shown.outcome:
        text += f"; {wrong:,} of them wrong"
    of = int(of_split(answers, shown.split).sum())
    if len(places) != of:
        text += f", of {of:,}"
    if answers.gone:
        text += f" ({answers.gone:,} more are no longer in the data set)"
    return text + "."


def _piles(answers: Answers, other: Answers, shown: Filters, run: Run, rival: Run) -> None:
    """The four piles of two models, each a way to its pictures."""
    counts, colours = pair_counts(answers, other, shown.split), colours_of_all()
    first, second = (f"{dot(colours[one.id])}{escape(run_name(one))}" for one in (run, rival))
    st.html(f'<div class="quiet">On each card, the first line is {first}, the second {second}.</div>')
    with st.container(horizontal=True):
        for name in ("both", "first", "second", "neither", "differ"):
            st.button(
                f"{PAIRED[name]}: **{counts[name]:,}**", key=gallery.PILE.of(name),
                type="primary" if shown.outcome == name else "secondary", on_click=_pile, args=(name, shown.outcome),
            )  # fmt: skip


def _pile(name: str, held: str) -> None:
    gallery.turn({gallery.OUTCOME: "" if name == held else name, gallery.LEAF: ""})
