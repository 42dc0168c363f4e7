"""The only file that names a key of session state or of the URL. Everything else goes through these doors.

A widget whose value belongs into the URL takes one of the keys below with ``bind="query-params"``: Streamlit then keeps
the two equal and carries the value from page to page.
"""

import json
import secrets
from collections.abc import Container, Mapping, Sequence
from typing import Any

import numpy as np
import streamlit as st

from sealife_core.datasets.dataset import Dataset
from sealife_core.errors import SealifeError

# Keys of widgets bound to the URL.
DATASET = "dataset"
TASK = "task"
SIZE = "size"
RUN = "run"
RUNS_OF = "of"
RECIPE = "recipe"
SEEN_AT = "seen_at"
PAIRS = "pairs"
# Kept in the URL by the doors below.
_DRAW = "draw"
_SHUFFLE = "shuffle"
_PICTURES = "pictures"
MOST_PICTURES = 6

_FORM_VALUES = "form_values"
_FORM_VERSION = "form_version"
_WANTED = "wanted"
_BOUND = (DATASET, TASK, SIZE)
_SEEN = "seen"
_LAUNCHED = "launched"
_LAUNCH_PROBLEM = "launch_problem"


def go(page: str, **query: str) -> None:
    """Leave for ``page`` (home, data, views, train, runs) with ``query`` in its URL; a task is a key of TASKS.

    What a widget is bound to cannot be set in the URL while that widget is on the page: :func:`arrive` sets it.
    """
    st.session_state[_WANTED] = {key: value for key, value in query.items() if key in _BOUND}
    st.switch_page(f"app_pages/{page}/page.py", query_params={k: v for k, v in query.items() if k not in _BOUND})


def arrive() -> None:
    """Give the widgets the values that :func:`go` asked for. Called once a run, before any of them is drawn."""
    for key, value in st.session_state.pop(_WANTED, {}).items():
        st.session_state[key] = value


def linked(key: str, options: Container[str]) -> str:
    """``key``, for a widget bound to the URL whose words are not its ``options``: a link may hold either."""
    held = st.query_params.get(key, "")
    if held in options and key not in st.session_state:
        st.session_state[key] = held
    return key


def set_form_values(task: str, values: dict[str, Any]) -> None:
    """Fill the Train form: ``task`` is a key of TASKS, ``values`` flat settings ("views.hue") over the preset's."""
    st.session_state[_FORM_VALUES] = {"task": task, "values": values}
    st.session_state[_FORM_VERSION] = form_version() + 1


def form_values() -> tuple[str, dict[str, Any]] | None:
    """What the Train form was filled with from elsewhere (a cloned run, a saved recipe), or None."""
    held = st.session_state.get(_FORM_VALUES)
    return (held["task"], held["values"]) if held else None


def clear_form_values() -> None:
    """Back to the preset."""
    st.session_state.pop(_FORM_VALUES, None)
    st.session_state[_FORM_VERSION] = form_version() + 1


def form_version() -> int:
    """Part of the keys of the form's widgets: a new version makes them take their values anew."""
    return st.session_state.get(_FORM_VERSION, 0)


def is_open(form: str, field: str) -> bool:
    """Whether the form with this field was on the page already: what a person is writing there is to stay."""
    return f"{form}.{field}" in st.session_state


def fill(form: str, texts: Mapping[str, str]) -> None:
    """Set the fields of a form, whose keys are "form.field"; from a callback, or before they are drawn."""
    for field, text in texts.items():
        st.session_state[f"{form}.{field}"] = text


def seen(form: str) -> dict[str, Any]:
    """What the person who writes in a form knows to be on disk."""
    return st.session_state.get(_SEEN, {}).get(form, {})


def see(form: str, told: Mapping[str, Any]) -> None:
    """The person has been shown what is on disk, or been told of a part of it."""
    st.session_state[_SEEN] = st.session_state.get(_SEEN, {}) | {form: {**seen(form), **told}}


def held(key: str, otherwise: Any) -> Any:
    """What the field ``key`` of a form was set to, also while it is folded away; ``otherwise`` if it never was."""
    return st.session_state.get(key, otherwise)


def hold(key: str, value: Any) -> None:
    """What the field ``key`` of a form is set to, for :func:`held`, of a field that is made of several widgets."""
    st.session_state[key] = value


def remember_launch(token: str, run_id: str, name: str) -> None:
    """``token`` stands for exactly this request: it is not launched again by a second click."""
    st.session_state[_LAUNCHED] = (token, run_id, name)
    st.session_state.pop(_LAUNCH_PROBLEM, None)


def launched(token: str) -> tuple[str, str] | None:
    """(id, name) of the run that this very request became, or None."""
    held = st.session_state.get(_LAUNCHED)
    return held[1:] if held and held[0] == token else None


def forget_launch() -> None:
    """The same request may be launched once more."""
    st.session_state.pop(_LAUNCHED, None)


def remember_problem(token: str, error: SealifeError) -> None:
    """Why the request could not be launched."""
    st.session_state[_LAUNCH_PROBLEM] = (token, error)


def launch_problem(token: str) -> SealifeError | None:
    """What :func:`remember_problem` kept for this request."""
    held = st.session_state.get(_LAUNCH_PROBLEM)
    return held[1] if held and held[0] == token else None


def draw() -> int:
    """Which drawing of random views is on the screen; a link carries it."""
    return _count(_DRAW)


def draw_again() -> None:
    """Another drawing of the same pictures."""
    st.query_params[_DRAW] = str(draw() + 1)


def shuffle() -> int:
    """Which random pictures are on the screen; a link carries it."""
    return _count(_SHUFFLE)


def other_pictures() -> None:
    """Other random pictures instead of those shown or picked."""
    st.query_params[_SHUFFLE] = str(shuffle() + 1)
    st.query_params.pop(_PICTURES, None)


def _count(key: str) -> int:
    return whole_number(st.query_params.get(key, ""), 0)


def whole_number(text: str, otherwise: int) -> int:
    """A number of a URL: ``otherwise`` for what is none, or has more digits than any count here."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else otherwise


def picked(dataset: Dataset, otherwise: Sequence[int]) -> list[int]:
    """The rows that were picked on the Views page: their ids are in the URL; ``otherwise`` if none is known."""
    ids = dict.fromkeys(st.query_params.get_all(_PICTURES))
    known = set(dataset.manifest["id"])
    rows = [dataset.row_of(image_id) for image_id in ids if image_id in known]
    return rows[:MOST_PICTURES] or list(otherwise)


def pick(dataset: Dataset, rows: Sequence[int]) -> None:
    """Put ``rows`` on the Views page."""
    st.query_params[_PICTURES] = [str(dataset.manifest["id"].iloc[row]) for row in rows]


def toggle_picture(dataset: Dataset, rows: Sequence[int], row: int) -> None:
    """Add ``row`` to ``rows``, or take it away; the oldest gives way where there are too many."""
    kept = [other for other in rows if other != row] if row in rows else [*rows, row]
    pick(dataset, kept[-MOST_PICTURES:])


# -- Runs and Data: what is chosen, what was just done ---------------------------------------------------------------

RUN_TAB = "tab"
DATA_TAB = "look"
CLASS = "class"
BALANCE = "balance"
SPLIT = "split"
PAGE = "page"
DUPLICATES = "duplicates"
DUPLICATES_PAGE = "group"

_RUNS = "chosen_runs"
_NOTICE = "notice"
_EXPECTED = "expected_dataset"
_WISH = "wish"


def selected_runs() -> list[str] | None:
    """Ids of the runs chosen on the Runs page: those in the URL, else the last chosen; None: nobody chose yet."""
    in_url = list(dict.fromkeys(st.query_params.get_all(RUN)))
    if in_url:
        st.session_state[_RUNS] = in_url
    return st.session_state.get(_RUNS)


def select_runs(run_ids: list[str]) -> None:
    """Show these runs on the Runs page, and in its URL."""
    st.session_state[_RUNS] = list(run_ids)
    if run_ids:
        st.query_params[RUN] = list(run_ids)
    else:
        st.query_params.pop(RUN, None)


def say(text: str, undo: tuple[str, str] | None = None) -> None:
    """Keep one sentence (Markdown) on what was just done; ``undo`` is (kind, id), as notice.py can undo it."""
    st.session_state[_NOTICE] = (text, undo)


def said() -> tuple[str, tuple[str, str] | None] | None:
    """What :func:`say` kept, until :func:`hush`."""
    return st.session_state.get(_NOTICE)


def hush() -> None:
    """Take the sentence away."""
    st.session_state.pop(_NOTICE, None)


def chosen_dataset(names: list[str]) -> str | None:
    """The data set that is looked at, one of ``names``: that of the URL or chosen last, else the first (newest)."""
    if st.session_state.get(_EXPECTED) in names:
        choose_dataset(st.session_state.pop(_EXPECTED))
    held = st.query_params.get(DATASET) or st.session_state.get(DATASET)
    chosen = held if held in names else next(iter(names), None)
    if chosen is not None and st.session_state.get(DATASET) != chosen:
        choose_dataset(chosen)
    return chosen


def choose_dataset(name: str) -> None:
    """Look at this data set, here and on the pages that ask for one."""
    st.session_state[DATASET] = name
    st.query_params[DATASET] = name


def choose_recipe(name: str) -> None:
    """Show the view recipe of that name, from a callback."""
    st.session_state[RECIPE] = name


def open_run(run_id: str, **query: str) -> None:
    """Leave for the details of one run; ``query``: more keys of its URL, as tab="Results"."""
    st.session_state[_RUNS] = [run_id]
    go("runs", **({RUN: run_id} | query))


def wish(key: str, value: str) -> None:
    """From a callback, which cannot leave for another page: keep where the page is to go once it is drawn."""
    st.session_state[f"{_WISH}.{key}"] = value


def granted(key: str) -> str:
    """What :func:`wish` kept, once; "" if nothing."""
    return st.session_state.pop(f"{_WISH}.{key}", "")


def expect_dataset(name: str) -> None:
    """Look at this data set as soon as it is there: it is being imported or drawn."""
    st.session_state[_EXPECTED] = name


def picked_bar() -> tuple[int, int] | None:
    """(series, place) of the bar that was clicked in the chart of classes; for its callback."""
    selected = st.session_state[BALANCE].selection.selected
    return (selected[0]["series_index"], selected[0]["data_indices"][0]) if selected else None


def show_pictures(label: str, split: str) -> None:
    """Turn the Data page to the pictures of one class in one split; from a callback, before widgets are drawn."""
    st.session_state[DATA_TAB], st.session_state[CLASS], st.session_state[SPLIT] = "Pictures", label, split
    st.session_state[PAGE] = 1


# -- Studies ---------------------------------------------------------------------------------------------------------

STUDY = "study"
QUESTION = "question"
STUDY_KIND = "kind"
NEW_STUDY = "new"
_STUDY_CHOICE = "study_choice"


def chosen_study(ids: Sequence[str]) -> str:
    """The study that is looked at: that of the URL if it is one of ``ids`` or NEW_STUDY, else the first, else new."""
    held = st.query_params.get(STUDY, "")
    return held if held in (*ids, NEW_STUDY) else next(iter(ids), NEW_STUDY)


def open_study(run_id: str) -> None:
    """Look at this study (NEW_STUDY: at the form); from a callback."""
    st.session_state.pop(_STUDY_CHOICE, None)
    st.query_params[STUDY] = run_id


def study_choice(chosen: str) -> str:
    """The key of the widget that chooses a study; it shows ``chosen``, what the URL says."""
    if st.session_state.get(_STUDY_CHOICE) != chosen:
        st.session_state[_STUDY_CHOICE] = chosen
    return _STUDY_CHOICE


def study_was_chosen() -> None:
    """The widget's callback: what it was set to goes into the URL."""
    st.query_params[STUDY] = st.session_state[_STUDY_CHOICE]


# -- Gallery: the URL is the truth; its widgets follow it ------------------------------------------------------------

_GALLERY = ("show", "against", "truth", "predicted", "outcome", "sure", "set", "order", "leaf", "picture", "evidence",
            "layer", "shares", "seed", "guesses", "turn")  # fmt: skip
_GALLERY_RUN = "gallery_run"
OWN_PAGE = "own_page"
_OWN_PICTURE = "own_picture"


def gallery(key: str) -> str:
    """What the URL of the Gallery says about ``key`` ("truth", "leaf", …); "" where it says nothing."""
    return st.query_params.get(key, "")


def turn_gallery(**changes: str) -> None:
    """Change the Gallery's URL, and so the Gallery; "" takes a key out of it. From a callback or before widgets."""
    for key, value in changes.items():
        if key not in _GALLERY:
            raise KeyError(key)
        if value:
            st.query_params[key] = value
        else:
            st.query_params.pop(key, None)


def follow(key: str, value: Any) -> str:
    """The key of the widget that shows ``key``. It is given ``value``, what the URL says, where the two differ."""
    widget = f"gallery.{key}"
    if st.session_state.get(widget) != value:
        st.session_state[widget] = value
    return widget


def followed(key: str) -> Any:
    """What a person has just set the widget of :func:`follow` to; for its callback."""
    return st.session_state[f"gallery.{key}"]


def picked_places(key: str) -> list[int]:
    """The places of what was clicked in a chart; for its callback."""
    chart = st.session_state.get(key)
    return [place for series in chart.selection.selected for place in series["data_indices"]] if chart else []


def gallery_run(run_ids: Sequence[str]) -> str:
    """The run that is looked at, one of ``run_ids``: that of the URL, else the last looked at, else the first."""
    in_url = st.query_params.get(RUN, "")
    held: list[str] = [in_url, st.session_state.get(_GALLERY_RUN, ""), *st.session_state.get(_RUNS, ())]
    chosen = next((run_id for run_id in held if run_id in run_ids), run_ids[0])
    if in_url != chosen:
        st.query_params[RUN] = chosen
    st.session_state[_GALLERY_RUN] = chosen
    return chosen


def choose_gallery_run(run_id: str) -> None:
    """Look at the answers of another run, with the same filters."""
    st.query_params[RUN] = run_id
    turn_gallery(leaf="", against="" if gallery("against") == run_id else gallery("against"))


def swap_gallery(run_id: str, against: str) -> None:
    """Look at ``run_id`` with ``against`` beside it."""
    st.query_params[RUN] = run_id
    turn_gallery(against=against)


def own_picture() -> str:
    """Which of a person's own pictures is shown large; "": all of them. They are not in a URL: nobody else has them."""
    return st.session_state.get(_OWN_PICTURE, "")


def choose_own_picture(key: str) -> None:
    """Show one of a person's own pictures large, or ("") all."""
    st.session_state[_OWN_PICTURE] = key
    turn_gallery(evidence="")


def open_gallery(run_id: str, **filters: str) -> None:
    """Leave for the Gallery of one run; ``filters`` are keys of its URL: truth="crab", outcome="wrong", picture=id."""
    st.session_state[_GALLERY_RUN] = run_id
    go("gallery", **({RUN: run_id} | filters))


# -- Embeddings: what is looked at is in the URL; so is a selection as long as a link can carry it --------------------

METHOD = "method"
DIMS = "dims"
COLOUR = "colour"
CLASSES = "classes"
SPACE = "space"
CLUSTERS = "clusters"
BESIDE = "beside"
MOST_LINKED = 40  # pictures of a selection that a link carries

_EMBEDDED_RUN = "embedded_run"
_SELECTED = "selected"
_NEAR = "near"
_SELECTION = "embedding_selection"
_PROJECTION = "umap"


def embedded_run(run_ids: Sequence[str], key: str = RUN) -> str | None:
    """The run of that key of the URL (``run`` or ``beside``), else the last looked at here, else the first or None."""
    held = (st.query_params.get(key), st.session_state.get(f"{_EMBEDDED_RUN}.{key}"))
    chosen = next((run_id for run_id in held if run_id in run_ids), run_ids[0] if key == RUN and run_ids else None)
    choose_embedded_run(chosen, key)
    return chosen


def choose_embedded_run(run_id: str | None, key: str = RUN) -> None:
    """Look at the embeddings of this run; ``key`` BESIDE: beside the other."""
    st.session_state[f"{_EMBEDDED_RUN}.{key}"] = run_id
    if run_id is None:
        st.query_params.pop(key, None)
    elif st.query_params.get(key) != run_id:
        st.query_params[key] = run_id


def told(key: str, event: str) -> Any:
    """What a component of ours has just sent; for its callback."""
    return (st.session_state.get(key) or {}).get(event)


def embedding_selection(dataset: Dataset) -> tuple[np.ndarray, str]:
    """(n,) rows that are selected, sorted, and the stamp of this selection: of the session, else those of the URL."""
    held = st.session_state.get(_SELECTION)
    if held is None or held[0] != dataset.name:
        rows = _known_rows(dataset, st.query_params.get_all(_SELECTED))
        select_pictures(dataset, rows)
        held = st.session_state[_SELECTION]
    return held[1], held[2]


def select_pictures(dataset: Dataset, rows: Sequence[int], stamp: str = "") -> None:
    """Select these rows ([]: none). ``stamp`` names the selection, if a chart made it that need not be told of it."""
    kept = np.unique(np.asarray([row for row in rows if 0 <= row < len(dataset)], np.int64))
    st.session_state[_SELECTION] = (dataset.name, kept, stamp or f"s{secrets.token_hex(4)}")
    if 0 < len(kept) <= MOST_LINKED:
        st.query_params[_SELECTED] = [str(dataset.manifest["id"].iloc[row]) for row in kept]
    else:
        st.query_params.pop(_SELECTED, None)


def neighbours_of(dataset: Dataset) -> int | None:
    """The row whose neighbours are asked for; a link carries it."""
    rows = _known_rows(dataset, st.query_params.get_all(_NEAR))
    return rows[0] if rows else None


def ask_neighbours(dataset: Dataset, row: int | None) -> None:
    """Show the neighbours of this row; None: of none."""
    if row is not None and 0 <= row < len(dataset):
        st.query_params[_NEAR] = str(dataset.manifest["id"].iloc[row])
    else:
        st.query_params.pop(_NEAR, None)


def value_of(key: str) -> Any:
    """What a person has just set this widget to; for its callback."""
    return st.session_state[key]


def projection_settings() -> dict[str, Any]:
    """UMAP's settings that differ from their defaults: those of this session, else those a link carries."""
    if _PROJECTION not in st.session_state:
        try:
            held = json.loads(st.query_params.get(_PROJECTION, "{}"))
        except (ValueError, RecursionError):
            held = {}
        st.session_state[_PROJECTION] = held if isinstance(held, dict) else {}
    return st.session_state[_PROJECTION]


def keep_projection_settings(changed: dict[str, Any]) -> None:
    """Remember ``changed`` settings of UMAP, here and in the URL."""
    st.session_state[_PROJECTION] = changed
    if changed:
        st.query_params[_PROJECTION] = json.dumps(changed, separators=(",", ":"))
    else:
        st.query_params.pop(_PROJECTION, None)


def open_embeddings(run_id: str) -> None:
    """Leave for the embeddings of one run."""
    st.session_state[f"{_EMBEDDED_RUN}.{RUN}"] = run_id
    go("embeddings", **{RUN: run_id})


def _known_rows(dataset: Dataset, ids: Sequence[str]) -> list[int]:
    rows = []
    for image_id in ids:
        try:
            rows.append(dataset.row_of(image_id))
        except SealifeError:  # the link is older than the data set
            continue
    return rows


# -- Compare: the URL is the truth; its widgets follow it ------------------------------------------------------------

COMPARE_TAB = "part"
COMPARE_SCORE = "score"
COMPARE_SMOOTHING = "smoothing"
COMPARE_LOG = "log"
COMPARE_SHEET = "sheet"
COMPARE_BARS = "compare.bars"

_COMPARED = "compare"
_COMPARED_HELD = "compared_runs"
_COMPARE = ("tests", "from", "to", "pile", "of")


def compared_runs() -> list[str] | None:
    """Ids of the runs that are compared: those in the URL, else the last compared; None: nobody chose yet."""
    in_url = list(dict.fromkeys(st.query_params.get_all(_COMPARED)))
    if in_url:
        st.session_state[_COMPARED_HELD] = in_url
    return st.session_state.get(_COMPARED_HELD)


def compare_runs(run_ids: Sequence[str]) -> None:
    """Compare these runs; they are in the URL from now on."""
    st.session_state[_COMPARED_HELD] = list(run_ids)
    if not run_ids:
        st.query_params.pop(_COMPARED, None)
    elif st.query_params.get_all(_COMPARED) != list(run_ids):
        st.query_params[_COMPARED] = list(run_ids)


def compare(key: str) -> str:
    """What the URL of Compare says about ``key`` ("tests", "from", "to", "pile" or "of"); "" where it says nothing."""
    return st.query_params.get(key, "")


def turn_compare(**changes: str) -> None:
    """Change the URL of Compare, and so the page; "" takes a key out of it. Other pictures begin at their first sheet.

    From a callback, or before the widgets are drawn.
    """
    for key, value in changes.items():
        if key not in _COMPARE:
            raise KeyError(key)
        if value:
            st.query_params[key] = value
        else:
            st.query_params.pop(key, None)
    st.session_state[COMPARE_SHEET] = 1


def follow_compare(key: str, value: Any) -> str:
    """The key of the widget that shows ``key``; it is given ``value``, what the URL says, where the two differ."""
    widget = f"compare.{key}"
    if st.session_state.get(widget) != value:
        st.session_state[widget] = value
    return widget


def picked_class_bar() -> tuple[int, int] | None:
    """(series, place) of the bar that was clicked in Compare's chart of classes; for its callback."""
    selected = st.session_state[COMPARE_BARS].selection.selected
    return (selected[-1]["series_index"], selected[-1]["data_indices"][0]) if selected else None


def open_compare(run_ids: Sequence[str] = ()) -> None:
    """Leave for Compare, with these runs if there are two or more."""
    if len(run_ids) > 1:
        st.session_state[_COMPARED_HELD] = list(run_ids)
    go("compare")
