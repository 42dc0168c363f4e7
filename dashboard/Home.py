"""The entry: ``streamlit run dashboard/Home.py``. The page frame (navigation and run strip) is ``frame.py``.

Streamlit finds ``app`` here and serves the thumbnails beside the pages, so that a grid of pictures costs the script
nothing: the browser fetches each one when it comes into sight.
"""

import sys
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

ROOT = Path(__file__).resolve().parent.parent
# Streamlit puts only this folder on the path; `dashboard` is imported by its name everywhere.
sys.path.insert(0, str(ROOT))

from dashboard import correction_routes, media  # noqa: E402
from dashboard.error_display import show_script_error  # noqa: E402
from dashboard.origin_check import OriginCheck  # noqa: E402 - the path comes first

app = st.App(
    ROOT / "dashboard" / "frame.py",
    routes=[*media.routes(), *correction_routes.routes()],
    middleware=[Middleware(OriginCheck)],
    on_script_error=show_script_error,
)
