"""What each file of a run holds, and of which type: this tells a damaged file from a good one.

A file that does not fit is unreadable as a whole, so that a :class:`~sealife_core.runs.run.Run` never returns a value
of another type, a NaN or a number out of range. Keys that are not named here may hold anything, and any key may be
missing or null.
"""

from typing import Annotated, Any, Literal, NotRequired, cast

from pydantic import ConfigDict, Field, TypeAdapter, with_config
from typing_extensions import TypedDict  # pydantic takes the one of `typing` from Python 3.12 on

MOST = 1e15

Number = Annotated[float, Field(ge=-MOST, le=MOST, allow_inf_nan=False)] | None
Share = Annotated[float, Field(ge=-1e-6, le=1 + 1e-6)] | None  # rounding may go past an end
_ZeroOrMore = Annotated[int, Field(ge=0, le=int(MOST))]
Count = _ZeroOrMore | None
Seconds = Annotated[float, Field(ge=0, le=1e11, allow_inf_nan=False)] | None  # or a unix time, up to the year 5138
MOST_CHARACTERS = 100_000
Text = Annotated[str, Field(max_length=MOST_CHARACTERS)] | None
RunId = Annotated[str, Field(pattern=r"^([A-Za-z0-9][A-Za-z0-9._-]{0,199})?$")] | None  # the name of its directory
_OneOrMore = Annotated[int, Field(ge=1, le=int(MOST))]
_Difference = Annotated[float, Field(ge=-1, le=1)]
_Epoch = Annotated[float, Field(ge=0, le=MOST, allow_inf_nan=False)] | None  # a fraction within an epoch
_Pid = Annotated[int, Field(ge=1, lt=2**31)] | None
_ExitCode = Annotated[int, Field(ge=-(2**31), lt=2**31)] | None

_strict = with_config(ConfigDict(strict=True, extra="allow"))  # no value is converted


def _object(keys: dict[str, Any], *, total: bool = False) -> Any:
    """The type of a JSON object. keys: one name or several → the type of each; total: none of them may be missing."""
    types = {name: kind for names, kind in keys.items() for name in names.split()}
    return _strict(cast(Any, TypedDict)("Contents", types, total=total))


@_strict
class MeasuredRate(TypedDict):
    """What was measured, and how fast it was. ``run``: the id of the run, None where steps were only measured."""

    kind: str
    encoder: str
    stem: str
    precision: str
    device: str
    trained_stages: Annotated[int, Field(ge=0, le=5)]
    image_size_px: Annotated[int, Field(gt=0, le=10_000)]
    images_per_s: Annotated[float, Field(gt=0, le=MOST)]
    run: NotRequired[Text]


class _Rate(MeasuredRate):
    host: str


@_strict
class _Trial(TypedDict):
    number: Annotated[int, Field(ge=1, le=1_000_000)]
    values: dict[str, bool | int | float | str | None]
    state: Literal["running", "finished", "pruned", "failed"]
    value: NotRequired[Share]
    run_id: NotRequired[RunId]
    epochs: NotRequired[Annotated[int, Field(ge=0, le=1_000_000)]]
    why: NotRequired[str]
    reused: NotRequired[bool]
    curve: NotRequired[dict[Annotated[str, Field(pattern=r"^\d{1,7}$")], Annotated[float, Field(ge=-1, le=2)]]]


_class_scores = _object({"label": Text, "n": Count, "precision recall f1": Share})
_scores = _object(
    {
        "n": Count,
        "chance accuracy accuracy_low accuracy_high macro_f1 macro_f1_low macro_f1_high": Share,
        "top3 balanced_accuracy ece knn_accuracy knn_low knn_high": Share,
        "alignment uniformity effective_rank": Number,
        "per_class": list[_class_scores] | None,
        "confusion": list[list[Count]] | None,
    }
)
_plan = _object({"epochs images_per_epoch": _OneOrMore, "copies": _ZeroOrMore}, total=True)
_penalty = _object({"penalty": Number, "macro_f1": Share})
_start = _object({"knn_accuracy": Annotated[float, Field(ge=0, le=1)], "n": _OneOrMore}, total=True)

_FILES: dict[str, dict[str, Any]] = {
    "status.json": {
        "state stage message": Text,
        "attempt epochs step steps done total": Count,
        "epoch": _Epoch,
        "stage_began queued started ended heartbeat": Seconds,
        "place": Number,
        "warnings": list[Text] | None,
        "error": _object({"what next": Text}) | None,
    },
    "process.json": {
        "attempt start_ticks cores gpus try": Count,
        "pid": _Pid,
        "start_time started ended": Seconds,
        "boot host device lost job cluster": Text,
        "command": list[Text] | None,
        "exit_code": _ExitCode,
    },
    "notes.json": {"name notes": Text, "tags": list[Text] | None, "study": RunId},
    "environment.json": {
        "versions": dict[str, Text] | None,
        "device device_kind precision stem git_revision rarest_class": Text,
        "devices threads cores cache_size_px batch_size steps_per_epoch parameters_trained labels_used": Count,
        "images": dict[str, Count] | None,
        "chance_accuracy": Share,
        "chance_loss": Number,
        "fast_convolutions": list[Text] | None,
        "plan": _plan | None,
        "tracking": _object({"wandb_url": Text}) | None,
    },
    "results.json": {
        "method test_hash": Text,
        "val test": _scores | None,
        "train_s": Seconds,
        "parameters_trained kept_epoch": Count,
        "start": _start | None,
        "gain": _object({"value low high": _Difference}, total=True) | None,
        "penalty": Number,
        "penalties": list[_penalty] | None,
    },
    "study.json": {"runs": dict[str, RunId] | None, "reused": list[str] | None, "left_out": dict[str, str] | None},
    "search.json": {"trials": list[_Trial] | None},
}
SHAPES: dict[str, TypeAdapter[Any]] = {name: TypeAdapter(_object(keys)) for name, keys in _FILES.items()}
PROCESS_SHAPE = SHAPES["process.json"]
TRIAL_SHAPE: TypeAdapter[Any] = TypeAdapter(_Trial)  # one in search.json: a damaged one does not hide the others
# A row of metrics.jsonl: step, epoch, time, and what was measured; or resumed_from alone. A loss that diverges is at
# most the largest number of 32 bits.
_measured = Annotated[int, Field(ge=-int(MOST), le=int(MOST))] | Annotated[float, Field(ge=-1e39, le=1e39)] | None
ROW_SHAPE: TypeAdapter[Any] = TypeAdapter(dict[str, _measured], config=ConfigDict(strict=True))
RATE_SHAPE: TypeAdapter[Any] = TypeAdapter(_Rate)  # a row of .rates.jsonl, beside the runs
# Which images the rows of an array belong to; status.json and facts.json of a projection.
INDEX_SHAPE = TypeAdapter(_object({"ids": list[str] | None, "epochs": list[Count] | None, "data data_hash": Text}))
PROJECTION_SHAPE = TypeAdapter(_object({"state stage error": Text, "done total": Count, "heartbeat": Seconds}))
FACTS_SHAPE = TypeAdapter(
    _object(
        {
            "notes": list[str] | None,
            "fit_s": Seconds,
            "sampled_from trustworthiness_n knn_n knn_bank_n": Count,
            "trustworthiness knn_accuracy": Share | list[Share],
            "knn_split": Text,
        }
    )
)
