"""``study`` from a shell."""

import json
from pathlib import Path

import pytest

from sealife_core.__main__ import main
from sealife_core.datasets.dataset import Dataset
from sealife_core.runs import State, create_run, list_runs
from sealife_core.studies.questions import LABELS, build_study
