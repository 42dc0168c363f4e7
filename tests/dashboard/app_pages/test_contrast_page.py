"""The Contrast page without a browser: what is sent to the matrix, and that a link shows the same."""

import inspect
import json
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from sealife_core.config import SimclrConfig
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.contrast.similarities import anchor_loss
from sealife_core.runs.run import Run
from tests.dashboard.pages import visit


def sent(app: AppTest) -> dict[str, Any]:
    """What the matrix is given."""
    (found,) = app.get("bidi_component")
    return json.loads(found.proto.json)
