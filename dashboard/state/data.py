"""Data: which data set is looked at, and which of its pictures."""

from collections.abc import Sequence

import streamlit as st

from dashboard.state.keys import Key, UrlKey, UrlValue

DATASET = UrlKey("dataset")
TAB = UrlKey("look")
CLASS = UrlKey("class")
SPLIT = UrlKey("split")
NAMED = UrlKey("named")
PAGE = UrlKey("page")
DUPLICATES = UrlKey("duplicates")
DUPLICATES_PAGE = UrlKey("group")
PLACE = UrlValue("place", "data")
PLACE_BY = UrlValue("place_by", "data", "group")
PLACE_PAGE = UrlKey("place_page")
EXPECTED = Key("expected_dataset")  # being imported or drawn: looked at as soon as it is there
IMPORTS = Key("imports")  # true: on arrival the import dialog opens
BALANCE = Key("balance")
CARD = Key("dataset_card")
STRIP = Key("picture_strip")
OPEN = Key("open_data")
GROUP = Key("duplicate_group")
JOB = Key("job")
PICTURES = Key("pictures")
PLACES = Key("places")
PLACE_PICTURES = Key("place_pictures")


def chosen_dataset(names: Sequence[str]) -> str | None:
    """The data set that is looked at, one of ``names``: that of the URL or chosen last, else the first (newest)."""
    if EXPECTED.held() in names:
        choose_dataset(EXPECTED.take())
    held = st.query_params.get(DATASET) or DATASET.held()
    chosen = held if held in names else next(iter(names), None)
    if chosen is not None and DATASET.held() != chosen:
        choose_dataset(chosen)
    return chosen


def choose_dataset(name: str) -> None:
    """Look at this data set, here and on the pages that ask for one."""
    DATASET.hold(name)
    DATASET.write(name)


def show_place(place: str) -> None:
    """Turn to the first pictures of one place; from a callback."""
    PLACE.set(place)
    PLACE_PAGE.hold(1)


def place_by(by: str) -> None:
    """Take what ``by`` says for the places of pictures; from a callback."""
    PLACE_BY.set(by)
    show_place("")


def show_pictures(label: str, split: str) -> None:
    """Turn the page to the pictures of one class in one split; from a callback."""
    for key, value in ((TAB, "Pictures"), (CLASS, label), (SPLIT, split), (NAMED, ""), (PAGE, 1)):
        key.hold(value)
