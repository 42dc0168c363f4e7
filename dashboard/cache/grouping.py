"""What grouping the pictures of a data set, or of one to import, would do."""

from typing import BinaryIO

import streamlit as st

from dashboard.cache.keeping import kept
from sealife_core.datasets.dataset import Dataset
from sealife_core.datasets.grouping import preview
from sealife_core.datasets.grouping.patterns import Pattern
from sealife_core.datasets.grouping.preview import ImportPreview
from sealife_core.datasets.grouping.regrouping import Regrouping, plan_regrouping
from sealife_core.datasets.imports.finding import ClassFolder
from sealife_core.folders import path_of


@kept(16, spinner="Grouping the pictures…")
def regrouping(dataset: Dataset, pattern: Pattern) -> Regrouping:
    """What grouping ``dataset`` by ``pattern`` would do. Raises DatasetError."""
    return plan_regrouping(dataset, pattern)


@st.cache_resource(ttl=60, max_entries=16, show_spinner="Looking at the names…")
def import_preview(
    path: str, _upload: BinaryIO | None, file_id: str, pattern: Pattern, class_folder: ClassFolder
) -> ImportPreview:
    """What ``pattern`` makes of the folder, zip or CSV at ``path``, as it was within the last minute; or of a zip that
    was uploaded, which ``file_id`` tells from others. Raises DatasetError."""
    return preview.preview_import(_upload or path_of(path), pattern, class_folder)


@st.cache_resource(ttl=60, max_entries=16, show_spinner="Looking at the table…")
def columns_to_import(path: str, _upload: BinaryIO | None, file_id: str) -> tuple[str, ...]:
    """The further columns of the table that ``path`` or the upload brings along; as ``import_preview``."""
    return preview.columns_to_import(_upload or path_of(path))
