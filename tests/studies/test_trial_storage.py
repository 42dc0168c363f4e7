"""The trials of a search in Optuna's storage."""

from pathlib import Path

import optuna
import pytest

from sealife_core.studies.trial_storage import DATABASE, open_database


@pytest.mark.parametrize("folder", ["a?b", "a%3Fb#c", "{SCHEMA_VERSION} {x}", "a?mode=memory&uri=true"])
def test_storage__of_any_path_is_that_file(folder: str, tmp_path: Path) -> None:
    for place in (tmp_path / folder, tmp_path / f"{folder}2"):
        place.mkdir()
        storage = open_database(place / DATABASE)
        optuna.create_study(storage=storage, study_name="search")  # a second one of that name would be refused
        storage.engine.dispose()
        assert (place / DATABASE).stat().st_size > 0
    assert {path.name for path in tmp_path.iterdir()} == {folder, f"{folder}2"}
