"""Typed keys of session state and of the URL."""

from collections.abc import Callable, Container, Mapping, Sequence
from typing import Any, Self, TypeVar

import streamlit as st

from dashboard.state.url_written import catch_up, remember
from dashboard.words import whole_number
from sealife_core.datasets.dataset import Dataset

T = TypeVar("T")


class Key(str):
    """A key of session state: of a widget, or of a value that no widget shows.

    The value of a widget is set from a callback, or before the widget is drawn.
    """

    def of(self, *what: object) -> "Key":
        """The key of one of several such widgets, told apart by ``what``."""
        return Key(".".join(map(str, (self, *what))))

    def held(self, otherwise: Any = None) -> Any:
        """Its value; of a widget, in its callback, what a person has just set it to."""
        return st.session_state.get(self, otherwise)

    def hold(self, value: Any) -> None:
        """Set its value."""
        st.session_state[self] = value

    def take(self, otherwise: Any = None) -> Any:
        """Its value, once."""
        return st.session_state.pop(self, otherwise)

    def showing(self, value: Any) -> Self:
        """This key, for a widget that shows ``value``, which something else holds."""
        if self.held() != value:
            self.hold(value)
        return self

    def on(self, event: str, act: Callable[[Any], object]) -> Callable[[], None]:
        """Of a component of ours, the callback for ``event``: calls ``act`` with what was sent, if that is anything."""

        def sent() -> None:
            if said := (self.held() or {}).get(event):
                act(said)

        return sent

    def mark(self, drawn: Sequence[T]) -> tuple[int, T] | None:
        """Of an ECharts chart, in its callback: (series, which of those ``drawn``) of the mark that was just selected.

        Each series keeps a selection of its own: a mark that was there before is told only where no other is.
        """
        series = chart.selection.selected if (chart := self.held()) else []
        marks = [(one["series_index"], place) for one in series for place in one["data_indices"]]
        before = self.of("marks")
        newest = [mark for mark in marks if mark not in before.held(())] or marks
        before.hold(marks)
        return next(((index, drawn[place]) for index, place in newest if place < len(drawn)), None)


class UrlKey(Key):
    """A key of the URL too.

    A widget that takes it with ``bind="query-params"`` and its value in the URL are kept equal by Streamlit, which
    carries the value from page to page.
    """

    def among(self, options: Container[str]) -> Self:
        """This key, for a bound widget that shows other words than its ``options``: a link may hold either."""
        in_url = st.query_params.get(self, "")
        if in_url in options and self not in st.session_state:
            self.hold(in_url)
        return self

    def write(self, value: str | Sequence[str]) -> None:
        """Put ``value`` into the URL; nothing takes the key out of it."""
        catch_up()  # what is written goes to the browser with all the rest
        remember(self, [value] if isinstance(value, str) and value else list(value))
        if value:
            st.query_params[self] = value
        else:
            st.query_params.pop(self, None)


class UrlValue(UrlKey):
    """A value in the URL and the ``widget`` that shows it: the URL is the truth, the widget follows it.

    For what several widgets change, or one widget together with other values. ``default`` is not written into the URL.
    """

    widget: Key
    default: str

    def __new__(cls, key: str, page: str = "", default: str = "") -> Self:  # noqa: D102
        made = super().__new__(cls, key)
        made.widget, made.default = Key(f"{page}.{key}"), default
        return made

    @property
    def value(self) -> str:
        """What the URL says."""
        catch_up()
        return st.query_params.get(self) or self.default

    @property
    def number(self) -> int:
        """The value as a whole number, the default if it is none."""
        return whole_number(self.value, int(self.default))

    def set(self, value: str) -> None:
        """Change the URL, and so the page."""
        self.write("" if value == self.default else value)

    def advance(self) -> None:
        """Of a number, one more."""
        self.set(str(self.number + 1))


def turn(changes: Mapping[UrlValue, str]) -> None:
    """Change the URL, and so the page; "" takes a key out of it."""
    for key, value in changes.items():
        key.set(value)


class UrlRuns(UrlKey):
    """Ids of runs in the URL; session state has the ``last`` ones, for a page that is opened without any."""

    last: Key

    def __new__(cls, key: str, page: str = "") -> Self:  # noqa: D102
        made = super().__new__(cls, key)
        made.last = Key(f"last.{page}.{key}")
        return made

    def ids(self) -> list[str] | None:
        """Those of the URL, else the last; None if nobody chose yet."""
        if in_url := list(dict.fromkeys(st.query_params.get_all(self))):
            self.last.hold(in_url)
        return self.last.held()

    def choose(self, run_ids: Sequence[str]) -> None:
        """Show these runs."""
        self.last.hold(list(run_ids))
        if st.query_params.get_all(self) != list(run_ids):
            self.write(list(run_ids))

    def one_of(self, run_ids: Sequence[str], otherwise: str = "") -> str:
        """The run that is looked at, one of ``run_ids``: that of the URL, else the last, else ``otherwise``."""
        held = (st.query_params.get(self, ""), *self.last.held(()))
        chosen = next((run_id for run_id in held if run_id in run_ids), otherwise)
        self.choose([chosen] if chosen else [])
        return chosen


class UrlPictures(UrlKey):
    """Pictures of a data set, by their ids in the URL."""

    def rows(self, dataset: Dataset) -> list[int]:
        """Their rows, without pictures that the data set does not have (any more)."""
        wanted = dict.fromkeys(st.query_params.get_all(self))
        return [dataset.row_of(image_id) for image_id in wanted if dataset.has(image_id)]

    def set(self, dataset: Dataset, rows: Sequence[int]) -> None:
        """Put the pictures of ``rows`` into the URL; a row that the data set does not have is left out."""
        self.write([str(dataset.manifest["id"].iloc[row]) for row in rows if 0 <= row < len(dataset)])
