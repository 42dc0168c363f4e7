"""Streamlit puts only `dashboard/` on the path and Home.py adds the root; a test has no Home.py."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
