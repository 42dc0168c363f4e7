"""Every click is carried out, also where the next one already waits."""

from contextvars import ContextVar
from typing import Any

from streamlit.runtime.scriptrunner.script_runner import ScriptRunner
from streamlit.runtime.state.safe_session_state import SafeSessionState

_acting: ContextVar[bool] = ContextVar("acting", default=False)
_act, _give_way = SafeSessionState.on_script_will_rerun, ScriptRunner._maybe_handle_execution_control_request


def finish_callbacks() -> None:
    """From now on callbacks end before a script gives way to the next request; for scripts that start after this.

    Streamlit looks for that request whenever the state is touched, breaks off a callback there, and forgets its click:
    of two within a tenth of a second, or within a second on a loaded machine, only the later one counted.
    """
    SafeSessionState.on_script_will_rerun = _act_whole
    ScriptRunner._maybe_handle_execution_control_request = _give_way_between


def _act_whole(self: SafeSessionState, *args: Any, **kwargs: Any) -> None:
    """Take over what the widgets say and call their callbacks. Right after it Streamlit looks for further requests."""
    before = _acting.set(True)
    try:
        _act(self, *args, **kwargs)
    finally:
        _acting.reset(before)


def _give_way_between(self: ScriptRunner) -> None:
    if not _acting.get():
        _give_way(self)
