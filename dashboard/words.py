"""What is called how on the screen: splits, runs, their states, times and sizes; and any text as plain Markdown."""

import re
from typing import Any

from sealife_core.config import marked
from sealife_core.neutral import terminal_text
from sealife_core.runs.liveness import Shown, State
from sealife_core.runs.run import Run
from sealife_core.runs.scheduling.forecast import QueueForecast
from sealife_core.wording import duration, percent

# Streamlit's renderer finds these in text however it is escaped: emoji and icons, addresses of pages and of mail, and
# signs that it draws as arrows or dashes. A word joiner, which has no width, takes them apart.
_FOUND_IN_TEXT = re.compile(
    r":(?=[\w+-]+[:/])|(?<=www)(?=\.)|(?<=http)(?=s?://)|(?=@)|(?<!\S)[<>~-](?=(?:[=>-]|->)(?!\S))", re.IGNORECASE
)
_SIGNS = re.compile(r"[\\`*_{}\[\]()#+!|<>~$:^&]")
_BLOCK_AT_START = re.compile(r"^(?:[-=]|\d+(?=[.)]))")
_WORD_JOINER = "\u2060"
_STATE_SIGNS = {
    State.RUNNING: "◐ ",
    State.QUEUED: "◌ ",
    State.FINISHED: "✓ ",
    State.FAILED: "✕ ",
    State.DAMAGED: "✕ ",
    State.INTERRUPTED: "! ",
    State.NOT_RESPONDING: "! ",
}


def plain(text: str) -> str:
    """``text`` as Markdown that shows it letter by letter: names of files and classes are data, never mark-up.

    For every call of Streamlit's that reads Markdown: labels of buttons, captions and tooltips do too. Controls and
    marks that turn the direction of text are written out, as in a terminal.
    """
    return "\n".join(map(_plain_line, text.split("\n")))


def unbroken(text: str) -> str:
    """``text`` with shares whose sign stays on their line: "61 %", "< 1 %"."""
    return text.replace(" %", "\N{NO-BREAK SPACE}%").replace("< ", "<\N{NO-BREAK SPACE}")


def _plain_line(line: str) -> str:
    text = _FOUND_IN_TEXT.sub(lambda found: found[0] + _WORD_JOINER, terminal_text(line))
    text = _BLOCK_AT_START.sub(_as_text, _SIGNS.sub(r"\\\g<0>", text))
    # A blank at an end would make code of a line, or keep the bold around a name from ending.
    return re.sub(r"^(?=\s)|(?<=\s)$", _WORD_JOINER, text)


def _as_text(found: re.Match[str]) -> str:
    """A sign that would begin a list, a line or a heading, escaped; of "1." the dot."""
    return f"\\{found[0]}" if found[0] in "-=" else f"{found[0]}\\"


def whole_number(text: str, otherwise: int) -> int:
    """A number of a URL: ``otherwise`` for what is none, or has more digits than any count here."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else otherwise


def run_name(run: Run) -> str:
    """The name a person gave the run, or its id; with what was broken in it on purpose."""
    return marked(run.notes()["name"], run.broken)


def with_method(name: str, kind: str, between: str = " · ") -> str:
    """``name``, and the kind of run where the name does not say it."""
    return name if kind.lower() in name.lower() else f"{name}{between}{kind}"


def key_number(run: Run) -> str:
    """The one number that says how well it went, "" while there is none."""
    results = run.results() or {}
    for split, name, says in (
        ("test", "accuracy", "test"),
        ("val", "knn_accuracy", "k-NN"),
        ("val", "accuracy", "validation"),
    ):
        share = (results.get(split) or {}).get(name)
        if share is not None:
            return f"{percent(share)} {says}"
    return ""


def state_words(run: Run, now: float, forecast: QueueForecast | None = None) -> str:
    """ "◐ running, epoch 3 of 20", "✓ finished 3 min ago", "✓ finished 3 min ago ✕ with a damaged file"; of a run that
    waits when it begins, as far as that is known."""
    shown = run.shown(now)
    damaged = shown.state is not State.DAMAGED and run.problems()
    return _state_words(run, shown, now, forecast) + (" ✕ with a damaged file" if damaged else "")


def _state_words(run: Run, shown: Shown, now: float, forecast: QueueForecast | None) -> str:
    status = run.status()
    words = _STATE_SIGNS.get(shown.state, "") + ("stopping" if shown.stopping else shown.state.value)
    if shown.state is State.RUNNING and status.get("epochs"):
        return f"{words}, epoch {int(status.get('epoch') or 0)} of {status['epochs']}"
    if shown.state is State.QUEUED and forecast is not None:
        return f"{words}, {forecast.in_short}"
    if shown.state is State.NOT_RESPONDING and shown.age_s is not None:
        return f"{words} for {duration(shown.age_s)}"
    ended = status.get("ended")
    if not shown.state.active and ended is not None:
        return f"{words} {ago(now - ended)}"
    return words


def ago(seconds: float) -> str:
    """ "just now", "3 min ago", "2 days ago"."""
    if seconds < 10:
        return "just now"
    return f"{duration(seconds)} ago" if seconds < 36 * 3600 else f"{round(seconds / 86400)} days ago"


def between(low: Any, high: Any) -> str:
    """ "51 to 70 %", the 95 % interval; "" if unknown."""
    if low is None or high is None:
        return ""
    return f"{100 * low:.0f} to {100 * high:.0f} %"


def percent_within(share: float, low: Any, high: Any) -> str:
    """ "61.0 % (51 to 70 %)": a share and its 95 % interval."""
    return f"{percent(share)} ({between(low, high)})"
