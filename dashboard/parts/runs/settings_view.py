"""What a run was asked to do: first what sets it apart, then everything."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from dashboard.data.readable_settings import nearest_preset
from dashboard.words import plain
from sealife_core.config import describe, family_settings, flat_settings, preset, task_of
from sealife_core.evaluation.comparison.differences import difference_rows, setting_words
from sealife_core.runs.run import Run
from sealife_core.wording import with_unit


def settings_view(run: Run) -> None:
    """The settings that differ from the nearest preset, then all others, folded; then the machine."""
    config = run.config()
    size, differing = nearest_preset(config)
    values, settings = flat_settings(config), describe(type(config))
    base = family_settings(preset(task_of(config), size))
    rows = {
        s.path: {"Setting": with_unit(s.title, s.unit), "This run": setting_words(values[s.path], s)} for s in settings
    }
    changed = [rows[s.path] | {"Preset": setting_words(base[s.path], s)} for s in settings if s.path in differing]
    st.markdown(f"**Changed from the preset “{size}”**" if changed else f"**Exactly the preset “{size}”**")
    if changed:
        _table(changed)
    with st.expander("All settings"):
        _table([rows[s.path] | {"Means": s.says} for s in settings])
    _machine(run)


def what_differs(runs: Sequence[Run]) -> None:
    """A table of the settings in which ``runs`` differ: a column a run."""
    rows = difference_rows(runs)
    if rows:
        st.markdown("**Settings that differ**")
        _table(rows)
    elif len(runs) > 1:
        st.caption("These runs have exactly the same settings.")


def _machine(run: Run) -> None:
    environment = run.environment()
    if not environment:
        return
    with st.expander("Machine and versions"):
        record = run.process() or {}
        flat = {"assigned": record.get("device", "by hand").replace(",", ", ")}
        if record.get("cluster"):
            flat |= {"cluster": record["cluster"], "machine": record.get("host", "not started yet")}
        flat |= {k: v for k, v in environment.items() if not isinstance(v, dict | list)}
        flat |= dict(environment.get("versions") or {})
        _table([{"": str(key).replace("_", " "), "Value": _short(value)} for key, value in flat.items()])


def _short(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _table(rows: Sequence[dict[str, str]]) -> None:
    # st.table reads Markdown, and a weights file may be called anything.
    frame = pd.DataFrame([{plain(k): plain(v) for k, v in row.items()} for row in rows])
    st.table(frame, border="horizontal", hide_index=True)
