"""What may be put in place of any value of a run's files."""

import copy
from typing import Any

from hypothesis import strategies as st

_odd = st.sampled_from([
    {}, [], "", None, True, 0, -1, 10**400, 1e308, float("nan"), float("inf"), -float("inf"), "\ud800", "\0", "../x",
    [[[]]], {"a": {}}, "x" * 300, 2**63, "\n", "\x1b[31m", -0.5, 1e18,
])  # fmt: skip
values = st.one_of(
    _odd,
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
        max_leaves=5,
    ),
)


@st.composite
def mutated(draw: st.DrawFn, whole: Any) -> Any:
    """``whole`` with one value, at any depth, replaced or taken away."""
    if draw(st.integers(0, 9)) == 0:
        return draw(values)
    changed = copy.deepcopy(whole)
    holder, key = draw(st.sampled_from(_places(changed)))
    if isinstance(holder, dict) and draw(st.integers(0, 4)) == 0:
        del holder[key]
    else:
        holder[key] = draw(values)
    return changed


def _places(value: Any) -> list[tuple[Any, Any]]:
    inner = (
        list(value.items()) if isinstance(value, dict) else list(enumerate(value)) if isinstance(value, list) else []
    )
    return [place for key, item in inner for place in [(value, key), *_places(item)]]
