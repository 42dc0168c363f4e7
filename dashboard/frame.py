"""What every page has around it: the navigation and the strip of what is running."""

from pathlib import Path

import streamlit as st

from dashboard import garbage_collection, state, theme
from dashboard.parts.pictures.large_pictures import large_pictures
from dashboard.parts.runs.strip import run_strip
from dashboard.parts.single_clicks import single_clicks

PAGES = (
    ("home", "Home", ":material/waves:"),
    ("data", "Data", ":material/photo_library:"),
    ("label", "Label", ":material/label:"),
    ("views", "Views", ":material/flip:"),
    ("contrast", "Contrast", ":material/contrast:"),
    ("lessons", "Lessons", ":material/school:"),
    ("train", "Train", ":material/model_training:"),
    ("runs", "Runs", ":material/monitoring:"),
    ("studies", "Studies", ":material/science:"),
    ("embeddings", "Embeddings", ":material/bubble_chart:"),
    ("compare", "Compare", ":material/balance:"),
    ("gallery", "Gallery", ":material/imagesmode:"),
)
FOLDER = Path(__file__).parent / "app_pages"

st.set_page_config(page_title="Sea life lab", page_icon=str(FOLDER.parent / "icon.svg"), layout="wide")
theme.apply()
garbage_collection.freeze_imported()
state.arrive()
single_clicks()
large_pictures()
presenting = state.lessons.presenting()
page = st.navigation(
    [
        st.Page(FOLDER / name / "page.py", title=title, icon=icon, url_path=name, default=name == "home")
        for name, title, icon in PAGES
    ],
    position="hidden" if presenting else "top",
)
page.run()
if not presenting:
    run_strip()
