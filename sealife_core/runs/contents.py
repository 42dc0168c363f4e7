"""What each file of a run holds, and of which type: this tells a damaged file from a good one.

A file that does not fit is unreadable as a whole, so that a :class:`~sealife_core.runs.run.Run` never returns a value
of another type, a NaN or a number out of range. Keys that are not named here may hold anything, and any key may be
missing or null.
"""

from typing import (
    Annotated,
    Any,
    Literal,
    NotRequired,  # pydantic takes the one of `typing` from Python 3.12 on
)

from pydantic import ConfigDict, Field, TypeAdapter, with_config
from typing_extensions import TypedDict

MOST = 1e15
ID = r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}"  # of a run: the name of its directory

Number = Annotated[float, Field(ge=-MOST, le=MOST, allow_inf_nan=False)] | None
Share = Annotated[float, Field(ge=-1e-6, le=1 + 1e-6)] | None  # rounding may go past an end
Count = Annotated[int, Field(ge=0, le=int(MOST))] | None
Time = Annotated[float, Field(ge=0, le=1e11, allow_inf_nan=False)] | None  # unix seconds, up to the year 5138
Seconds = Annotated[float, Field(ge=0, le=1e11, allow_inf_nan=False)] | None
Text = Annotated[str, Field(max_length=100_000)] | None
RunId = Annotated[str, Field(pattern=f"^({ID})?$")] | None


@with_config(ConfigDict(strict=True, extra="allow"))
class Contents(TypedDict, total=False):
    """A JSON object: values are not converted, and keys that are not named may hold anything."""


class _Error(Contents, total=False):
    what: Text
    next: Text


class _Status(Contents, total=False):
    state: Text
    stage: Text
    message: Text
    attempt: Count
    epoch: Annotated[float, Field(ge=0, le=MOST, allow_inf_nan=False)] | None
    epochs: Count
    step: Count
    steps: Count
    done: Count
    total: Count
    stage_began: Time
    place: Number
    queued: Time
    started: Time
    ended: Time
    heartbeat: Time
    warnings: list[Text] | None
    error: _Error | None


class _Process(Contents, total=False):
    attempt: Count
    pid: Annotated[int, Field(ge=1, lt=2**31)] | None
    start_time: Time
    start_ticks: Count
    boot: Text
    host: Text
    device: Text
    command: list[Text] | None
    started: Time
    ended: Time
    exit_code: Annotated[int, Field(ge=-(2**31), lt=2**31)] | None
    lost: Text
    job: Text
    cluster: Text
    cores: Count
    gpus: Count
    try_: Annotated[Count, Field(alias="try")]


class _Notes(Contents, total=False):
    name: Text
    tags: list[Text] | None
    notes: Text
    study: RunId


class _Tracking(Contents, total=False):
    wandb_url: Text


class _MinutesPlan(Contents):
    epochs: Annotated[int, Field(ge=1, le=int(MOST))]
    images_per_epoch: Annotated[int, Field(ge=1, le=int(MOST))]
    copies: Annotated[int, Field(ge=0, le=int(MOST))]


class _Environment(Contents, total=False):
    versions: dict[str, Text] | None
    device: Text
    device_kind: Text
    devices: Count
    precision: Text
    stem: Text
    threads: Count
    cores: Count
    git_revision: Text
    images: dict[str, Count] | None
    chance_accuracy: Share
    chance_loss: Number
    cache_size_px: Count
    batch_size: Count
    steps_per_epoch: Count
    parameters_trained: Count
    labels_used: Count
    rarest_class: Text
    fast_convolutions: list[Text] | None
    plan: _MinutesPlan | None
    tracking: _Tracking | None


class _ClassScores(Contents, total=False):
    label: Text
    n: Count
    precision: Share
    recall: Share
    f1: Share


class _Scores(Contents, total=False):
    n: Count
    chance: Share
    accuracy: Share
    accuracy_low: Share
    accuracy_high: Share
    macro_f1: Share
    macro_f1_low: Share
    macro_f1_high: Share
    top3: Share
    balanced_accuracy: Share
    ece: Share
    knn_accuracy: Share
    knn_low: Share
    knn_high: Share
    alignment: Number
    uniformity: Number
    effective_rank: Number
    per_class: list[_ClassScores] | None
    confusion: list[list[Count]] | None


class _Start(Contents):
    knn_accuracy: Annotated[float, Field(ge=0, le=1)]
    n: Annotated[int, Field(ge=1, le=int(MOST))]


class _Gain(Contents):
    value: Annotated[float, Field(ge=-1, le=1)]
    low: Annotated[float, Field(ge=-1, le=1)]
    high: Annotated[float, Field(ge=-1, le=1)]


class _Penalty(Contents, total=False):
    penalty: Number
    macro_f1: Share


class _Results(Contents, total=False):
    method: Text
    val: _Scores | None
    test: _Scores | None
    test_hash: Text
    train_s: Seconds
    parameters_trained: Count
    kept_epoch: Count
    start: _Start | None
    gain: _Gain | None
    penalty: Number
    penalties: list[_Penalty] | None


class MeasuredRate(Contents):
    """What was measured, and how fast it was."""

    kind: str
    encoder: str
    stem: str
    precision: str
    device: str
    trained_stages: Annotated[int, Field(ge=0, le=5)]
    image_size_px: Annotated[int, Field(gt=0, le=10_000)]
    images_per_s: Annotated[float, Field(gt=0, le=MOST)]


class _Rate(MeasuredRate):
    host: str


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


class _Index(Contents, total=False):
    ids: list[str] | None
    epochs: list[Count] | None
    data: Text
    data_hash: Text


class _Projection(Contents, total=False):
    state: Text
    stage: Text
    done: Count
    total: Count
    heartbeat: Time
    error: Text


class _Facts(Contents, total=False):
    notes: list[str] | None
    fit_s: Seconds
    sampled_from: Count
    trustworthiness: Share | list[Share]
    trustworthiness_n: Count
    knn_accuracy: Share | list[Share]
    knn_n: Count
    knn_bank_n: Count
    knn_split: Text


STATUS_SHAPE: TypeAdapter[Any] = TypeAdapter(_Status)
PROCESS_SHAPE: TypeAdapter[Any] = TypeAdapter(_Process)
NOTES_SHAPE: TypeAdapter[Any] = TypeAdapter(_Notes)
ENVIRONMENT_SHAPE: TypeAdapter[Any] = TypeAdapter(_Environment)
RESULTS_SHAPE: TypeAdapter[Any] = TypeAdapter(_Results)
# A row of metrics.jsonl: step, epoch, time, and what was measured; or resumed_from alone. A loss that diverges is at
# most the largest number of 32 bits.
_Measured = Annotated[float, Field(ge=-1e39, le=1e39)]
ROW_SHAPE: TypeAdapter[Any] = TypeAdapter(
    dict[str, Annotated[int, Field(ge=-int(MOST), le=int(MOST))] | _Measured | None], config=ConfigDict(strict=True)
)
RATE_SHAPE: TypeAdapter[Any] = TypeAdapter(_Rate)  # a row of .rates.jsonl, beside the runs
STUDY_SHAPE: TypeAdapter[Any] = TypeAdapter(_Study)  # study.json
SEARCH_SHAPE: TypeAdapter[Any] = TypeAdapter(_Search)  # search.json
TRIAL_SHAPE: TypeAdapter[Any] = TypeAdapter(_Trial)  # one in it: a damaged one does not hide the others
INDEX_SHAPE: TypeAdapter[Any] = TypeAdapter(_Index)  # which images the rows of an array belong to
PROJECTION_SHAPE: TypeAdapter[Any] = TypeAdapter(_Projection)  # status.json of a projection
FACTS_SHAPE: TypeAdapter[Any] = TypeAdapter(_Facts)  # facts.json of a projection
