"""What the files of embeddings and projections hold; see :mod:`~sealife_core.runs.contents`."""

from typing import Any

from pydantic import TypeAdapter

from sealife_core.runs.contents import Contents, Count, Seconds, Share, Text, Time


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


INDEX_SHAPE: TypeAdapter[Any] = TypeAdapter(_Index)  # which images the rows of an array belong to
PROJECTION_SHAPE: TypeAdapter[Any] = TypeAdapter(_Projection)  # status.json of a projection
FACTS_SHAPE: TypeAdapter[Any] = TypeAdapter(_Facts)  # facts.json of a projection
