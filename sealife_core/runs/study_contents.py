"""What the files of studies and searches hold; see :mod:`~sealife_core.runs.contents`."""

from typing import (
    Annotated,
    Any,
    Literal,
    NotRequired,  # pydantic takes the one of `typing` from Python 3.12 on
)

from pydantic import Field, TypeAdapter

from sealife_core.runs.contents import Contents, RunId, Share


class _Study(Contents, total=False):
    runs: dict[str, RunId] | None
    reused: list[str] | None
    left_out: dict[str, str] | None


_Value = bool | int | float | str | None


class _Trial(Contents):
    number: Annotated[int, Field(ge=1, le=1_000_000)]
    values: dict[str, _Value]
    state: Literal["running", "finished", "pruned", "failed"]
    value: NotRequired[Share]
    run_id: NotRequired[RunId]
    epochs: NotRequired[Annotated[int, Field(ge=0, le=1_000_000)]]
    why: NotRequired[str]
    reused: NotRequired[bool]
    curve: NotRequired[dict[Annotated[str, Field(pattern=r"^\d{1,7}$")], Annotated[float, Field(ge=-1, le=2)]]]


class _Search(Contents, total=False):
    trials: list[_Trial] | None


STUDY_SHAPE: TypeAdapter[Any] = TypeAdapter(_Study)  # study.json
SEARCH_SHAPE: TypeAdapter[Any] = TypeAdapter(_Search)  # search.json
TRIAL_SHAPE: TypeAdapter[Any] = TypeAdapter(_Trial)  # one in it: a damaged one does not hide the others
