import json
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sealife_core.config import Part, StudyConfig, preset
from sealife_core.errors import ConfigError, RunError
from sealife_core.neutral import printable
from sealife_core.runs.directory import create_run, list_runs
from sealife_core.runs.files import MetricsReader, replace_json
from sealife_core.runs.liveness import STALE_AFTER_S, State
from sealife_core.runs.notes import NotesChanged
from sealife_core.runs.run import Run
from sealife_core.runs.writer import RunWriter
from tests.finished.files import files_of
from tests.nasty_names import TEXTS


@pytest.fixture
def run(root: Path) -> Run:
    made = create_run(preset("simclr"), root=root)
    RunWriter(made).status(state="finished", message="done")
    return made


def overwrite(name: str, text: str) -> Callable[[Run], None]:
    return lambda run: (run.path / name).write_text(text) and None


def remove(name: str) -> Callable[[Run], None]:
    return lambda run: (run.path / name).unlink()


def unknown_setting(run: Run) -> None:
    values = json.loads((run.path / "config.json").read_text())
    (run.path / "config.json").write_text(json.dumps(values | {"batchsize": 3}))


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (remove("config.json"), "has no config.json"),
        (overwrite("config.json", '{"kind": "simc'), "config.json cannot be read: it is incomplete"),
        (overwrite("config.json", "[]"), "config.json holds list"),
        (overwrite("config.json", '{"kind": "gan"}'), "'kind' is 'gan'"),
        (unknown_setting, "Did you mean 'batch_size'?"),
        (remove("status.json"), "status.json is missing"),
        (overwrite("status.json", '{"state": "runn'), "status.json cannot be read"),
        (overwrite("status.json", "\x00\x01"), "status.json cannot be read"),
        (overwrite("status.json", '{"state": "flying"}'), "contains no known state"),
        (overwrite("status.json", "{}"), "contains no known state"),
    ],
)
def test_damage__is_listed_with_a_sentence(run: Run, damage: Callable[[Run], None], sentence: str):
    damage(run)
    (listed,) = list_runs(run.root)
    shown = listed.shown()
    assert shown.state is State.DAMAGED
    assert sentence in shown.message
    assert listed.error() == {"what": shown.message, "next": "Delete the run, or restore the file from a copy."}
    assert listed.notes()["name"]
    assert listed.metrics() == []
    assert listed.results() is None


@pytest.mark.parametrize("text", ['{"name": "re', "[]", "\x00", '{"name": 3, "tags": 7, "notes": null}'])
def test_damage__of_the_notes_costs_the_name_not_the_run(run: Run, text: str):
    (run.path / "notes.json").write_text(text)
    (listed,) = list_runs(run.root)
    assert listed.state() is State.FINISHED
    assert listed.notes() in (
        {"name": run.id, "tags": [], "notes": "", "study": ""},
        {"name": "3", "tags": [], "notes": "", "study": ""},
    )
    listed.write_notes(name="mended")
    assert listed.problems() == []
    assert listed.notes()["name"] == "mended"


@pytest.mark.parametrize("name", ["notes.json", "process.json", "environment.json", "results.json"])
def test_problems__names_every_unreadable_file(run: Run, name: str):
    (run.path / name).write_text('{"half')
    (listed,) = list_runs(run.root)
    assert listed.state() is State.FINISHED
    assert listed.problems() == [f"{name} cannot be read: it is incomplete or damaged."]


def test_damage__of_an_empty_folder_and_a_foreign_one(root: Path):
    (root / "empty").mkdir()
    (root / "foreign").mkdir()
    (root / "foreign" / "config.json").mkdir()
    (root / "README.md").write_text("not a run")
    assert [(run.id, run.state()) for run in list_runs(root)] == [("foreign", "damaged"), ("empty", "damaged")]


def test_config__raises_a_sentence_that_names_the_run(run: Run):
    (run.path / "config.json").unlink()
    with pytest.raises(ConfigError, match=f"Run '{run.id}' has no config.json"):
        Run(run.path).config()


def test_config__comes_back_as_it_was_given(root: Path):
    config = preset("finetune", "Thorough", weights="run:some", label_fraction=10)
    assert create_run(config, root=root).config() == config


def test_config_or_none__of_a_damaged_run_and_of_a_study_is_none(root: Path):
    well, damaged = (create_run(preset("simclr"), root=root) for _ in range(2))
    (damaged.path / "config.json").write_text("{")
    study = create_run(
        StudyConfig(title="one", data="reef", parts=(Part(key="a", config=preset("simclr")),)), root=root
    )
    assert well.config_or_none() == well.config()
    assert damaged.config_or_none() is study.config_or_none() is None


def test_metrics__leaves_a_half_written_line(run: Run):
    (run.path / "metrics.jsonl").write_text('{"step": 1, "train/loss": 2.0}\nrubbish\n{"step": 2, "tra')
    assert run.metrics() == [{"step": 1, "train/loss": 2.0}]


def test_metrics_reader__drops_what_a_resumed_run_does_again(run: Run):
    writer, reader = RunWriter(run), MetricsReader(run.path / "metrics.jsonl")
    for step in range(1, 5):
        writer.metric(step, step / 10)
    assert [row["step"] for row in reader.poll()] == [1, 2, 3, 4]
    writer.resumed_from(2)
    writer.metric(3, 0.3, **{"train/loss": 7.0})
    assert [row["step"] for row in reader.poll()] == [3]
    assert [row["step"] for row in reader.rows] == [1, 2, 3]
    assert reader.rows[-1]["train/loss"] == 7.0
    assert run.metrics() == reader.rows


def test_metrics_reader__of_a_file_that_began_anew_forgets_the_old_rows(run: Run):
    path = run.path / "metrics.jsonl"
    path.write_text('{"step": 1}\n{"step": 2}\n')
    reader = MetricsReader(path)
    reader.poll()
    path.unlink()
    assert reader.poll() == []
    path.write_text('{"step": 1}\n')
    assert reader.poll() == [{"step": 1}]
    assert reader.rows == [{"step": 1}]


@pytest.mark.parametrize("field", ["name", "notes", "tags"])
def test_notes__too_long_to_be_read_again_are_refused_and_cost_nothing(run: Run, field: str):
    held = run.write_notes(name="Reef", tags=["a"], notes="why")
    long = "x" * 100_001
    with pytest.raises(RunError, match="at most 100,000 characters; got 100,001"):
        run.write_notes(**{field: [long] if field == "tags" else long})
    assert run.notes() == held


@pytest.mark.parametrize("what", TEXTS)
def test_notes__keep_whatever_a_shell_can_pass_on(run: Run, what: str):
    text = TEXTS[what]
    held = run.write_notes(name=f"x{text}", tags=[f"x{text}"], notes=text)
    assert (held["name"], held["tags"], held["notes"]) == (
        printable(f"x{text}"),
        [printable(f"x{text}")],
        printable(text),
    )
    assert run.problems() == []


def test_notes__change_only_what_is_given(run: Run):
    run.write_notes(name="Reef <b>", tags=["a", "ü"], notes="long")
    assert run.write_notes(tags=[]) == {"name": "Reef <b>", "tags": [], "notes": "long", "study": ""}
    assert run.write_notes(name="")["name"] == run.id


def test_notes__that_somebody_else_changed_are_not_written_over_unseen(run: Run):
    seen = run.write_notes(name="Reef", tags=["a"], notes="mine")
    run.write_notes(notes="theirs", tags=["a", "b"])
    with pytest.raises(
        NotesChanged, match=r"changed the notes to 'theirs' meanwhile\..* is still in the form"
    ) as raised:
        run.write_notes(name="Dusk", notes="both", seen=seen)
    assert run.notes() == {"name": "Reef", "tags": ["a", "b"], "notes": "theirs", "study": ""}
    assert raised.value.now == {"notes": "theirs"}
    assert run.write_notes(name="Dusk", seen=seen)["notes"] == "theirs"
    assert run.write_notes(notes="theirs, mine", seen=seen | raised.value.now)["notes"] == "theirs, mine"


def test_shown__tells_the_age_and_the_stop_under_way(run: Run):
    now = time.time()
    (run.path / "stop").touch()
    assert run.shown().stopping is False  # it has ended
    replace_json(run.path / "status.json", {"state": "running", "heartbeat": now - 5, "message": "epoch 1 of 2"})
    shown = run.shown(now)
    assert (shown.state, shown.message, shown.stopping, shown.age_s) == ("running", "epoch 1 of 2", True, 5)
    assert run.state(now + STALE_AFTER_S) is State.STOPPED


def test_error__says_what_was_written_or_derives_it(run: Run):
    assert run.error() is None
    said = {"what": "Out of memory at batch size 512.", "next": "Try 256."}
    RunWriter(run).status(state="failed", error=said)
    assert run.error() == said
    assert run.shown().message == "Out of memory at batch size 512. Try 256."
    replace_json(run.path / "status.json", {"state": "running", "heartbeat": 0})
    assert run.error() == {
        "what": "The process is gone; what it saved is kept. Resume the run to continue.",
        "next": "Resume the run.",
    }


def test_files__lists_all_but_unfinished_ones(run: Run):
    (run.path / "figures").mkdir()
    (run.path / "figures" / "curves.png").write_bytes(b"123")
    (run.path / ".status.json.1.tmp").write_text("")
    names = [str(path.relative_to(run.path)) for path in files_of(run)]
    assert names == ["config.json", "figures/curves.png", "notes.json", "status.json"]
    assert run.size_bytes == sum(path.stat().st_size for path in files_of(run))


def test_state__of_a_dead_run_of_another_host_whose_clock_was_ahead_is_interrupted(run: Run):
    now = time.time()
    replace_json(run.path / "process.json", {"host": "another", "pid": 1, "attempt": 0})
    replace_json(run.path / "status.json", {"state": "running", "attempt": 0, "heartbeat": now + 86400.0})
    assert run.state(now) is State.RUNNING, "its file has just been written"
    os.utime(run.path / "status.json", (now - 600, now - 600))
    assert run.state(now) is State.INTERRUPTED


def test_notes__saved_by_many_at_once_lose_no_field_and_are_never_torn(run: Run):
    torn: list[dict[str, object]] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            found = json.loads((run.path / "notes.json").read_bytes())
            if found.keys() != {"name", "tags", "notes", "study"}:
                torn.append(found)

    def write(field: str) -> None:
        for number in range(40):
            value = [str(number)] if field == "tags" else str(number)
            assert Run(run.path).write_notes(**{field: value})[field] == value

    def add(tag: str) -> None:
        for _ in range(10):
            Run(run.path).write_notes(add_tags=[tag])

    run.write_notes(name="0")
    reader = threading.Thread(target=read)
    writers = [threading.Thread(target=write, args=(field,)) for field in ("name", "notes", "study")]
    writers += [threading.Thread(target=add, args=(tag,)) for tag in ("thesis", "pruned", "look")]
    for thread in (reader, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    reader.join()
    assert torn == []
    notes = run.notes()
    assert (notes["name"], notes["notes"], notes["study"]) == ("39", "39", "39")
    assert sorted(notes["tags"]) == ["look", "pruned", "thesis"]
