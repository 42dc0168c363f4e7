"""While it learns, on the Contrast page, without a browser."""

import numpy as np
from streamlit.testing.v1 import AppTest

from sealife_core.config import SimclrConfig, preset
from sealife_core.datasets.corrections.editing import move
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.contrast.training_dynamics import moment
from sealife_core.evaluation.embeddings.stored_embeddings import read_pairs, write_pairs, write_snapshot
from sealife_core.runs.run import Run
from sealife_core.runs.writer import RunWriter
from tests.dashboard.pages import components, visit
from tests.finished.files import write_rows
from tests.finished.runs import clustered, finished, simclr_run


def paired(run: Run, epoch: int, alike: float) -> None:
    """Beside a snapshot, pairs of views of 20 pictures around a common point that is ``alike`` away."""
    draw = np.random.default_rng(0)
    z = draw.normal(size=(20, 16)) + 0.1 * draw.normal(size=(2, 20, 16))
    write_pairs(run.path, epoch, z + alike * np.eye(16)[0])


def opened(run: Run | None = None) -> AppTest:
    app = visit("contrast", {"section": "learning"} | ({"run": run.id} if run else {}))
    assert not app.exception
    return app


def data_of(app: AppTest) -> dict:
    (shown,) = components(app)
    return shown


def test_learning__shows_each_epoch_and_says_that_nothing_collapsed(tiny_reef: Dataset) -> None:
    run = simclr_run(tiny_reef, snapshots=3)
    for epoch in range(3):
        paired(run, epoch, 9 - 4.5 * epoch)
    app = opened(run)
    data = data_of(app)
    assert data["epochs"] == [0, 1, 2]
    assert len(data["pictures"]["near"]) == len(data["says"]) == 3
    assert len(data["knn"]) == 3, "of the stored features: also before training"
    assert "**No collapse**" in app.info[0].value
    assert not app.error


def test_learning__asks_the_pictures_that_were_for_validation_when_the_run_trained(tiny_reef: Dataset) -> None:
    seen = {"data": tiny_reef.name, "data_hash": tiny_reef.content_hash}
    run, ids = finished(preset("simclr", "Quick look", **seen)), tuple(tiny_reef.manifest["id"])
    for epoch in range(3):
        write_snapshot(run.path, ids, epoch, clustered(tiny_reef))
        paired(run, epoch, 9 - 4.5 * epoch)
    before = len(tiny_reef.rows("val"))
    move(tiny_reef, dict.fromkeys(tiny_reef.rows("train")[:4].tolist(), "val"))
    assert data_of(opened(run))["knnOf"] == f"of {before} validation pictures"


def test_learning__tells_the_loss_and_the_accuracy_of_the_task_that_the_run_trained_on(tiny_reef: Dataset) -> None:
    ids = tuple(tiny_reef.manifest["id"])
    for broken, said in (("", "The loss is"), ("no-normalisation", "The loss, which compares dot products, is")):
        config = preset("simclr", "Quick look", data=tiny_reef.name, broken=broken)
        assert isinstance(config, SimclrConfig)
        run = finished(config)
        write_snapshot(run.path, ids, 1, clustered(tiny_reef))
        paired(run, 1, 3)
        data = data_of(opened(run))
        z = read_pairs(run.path).values[0]
        expected = moment(1, z, None, config.temperature, normalised=not broken)
        assert data["accuracy"] == [round(expected.accuracy, 6)]
        assert f"{said} {expected.loss:.2f} nats" in data["says"][0]
        other = moment(1, z, None, config.temperature, normalised=bool(broken))
        assert (other.accuracy, other.loss) != (expected.accuracy, expected.loss)


def test_learning__announces_a_collapse(tiny_reef: Dataset) -> None:
    run = simclr_run(tiny_reef, snapshots=3)
    for epoch in range(3):
        paired(run, epoch, 40 * epoch)
    app = opened(run)
    assert "**Complete collapse**" in app.error[0].value
    assert not app.info


def test_learning__of_a_run_that_diverged_is_shown_up_to_there(tiny_reef: Dataset) -> None:
    run = simclr_run(tiny_reef, snapshots=3)
    for epoch in range(2):
        paired(run, epoch, 3)
    write_pairs(run.path, 2, np.full((2, 20, 16), np.nan))
    write_snapshot(run.path, tuple(tiny_reef.manifest["id"].iloc[:40]), 2, np.full((40, 16), np.nan))
    app = opened(run)
    assert "**Divergence**: at epoch 2" in app.error[0].value
    assert data_of(app)["accuracy"][2] is None


def captions(app: AppTest) -> str:
    return " ".join(text.value for text in app.caption)


def test_learning__without_its_pictures_draws_what_the_run_measured_and_says_why(tiny_reef: Dataset) -> None:
    run = finished(preset("simclr", "Quick look", data="gone"))
    for epoch in range(3):
        write_snapshot(run.path, ("lost", "too"), epoch, np.eye(2))
        paired(run, epoch, 9 - 4.5 * epoch)
    write_rows(run, [{"step": n, "epoch": float(n), "val/knn_accuracy": 0.1 * n} for n in (1, 3)])
    app = opened(run)
    assert data_of(app)["knn"] == [[1, 0.1], [3, 0.3]]
    assert "k-NN accuracy is that of training: There is no data set 'gone'" in captions(app)
    other = simclr_run(tiny_reef)
    write_snapshot(other.path, ("lost", "too"), 0, np.eye(2))
    paired(other, 0, 9)
    app = opened(other)
    assert data_of(app)["knn"] == []
    assert "k-NN accuracy is missing: None of the pictures that this run stored is in" in captions(app)


def test_learning__of_an_older_run_says_why_and_fills_the_form(tiny_reef: Dataset) -> None:
    app = opened(simclr_run(tiny_reef, snapshots=3))
    assert any("made before pairs of views were stored" in text.value for text in app.markdown)
    assert not components(app)
    next(button for button in app.button if button.label == "Train it again").click().run()
    assert not app.exception
    assert app.title[0].value == "Train"


def test_learning__follows_a_run_that_trains(tiny_reef: Dataset) -> None:
    run = simclr_run(tiny_reef)
    RunWriter(run).status(state="running", stage="training", epoch=1, epochs=9, step=4, steps=90, message="training")
    app = opened(run)
    assert any("first epoch appears" in text.value for text in app.caption)
    write_snapshot(
        run.path, tuple(tiny_reef.manifest["id"].iloc[:40]), 0, np.random.default_rng(0).normal(size=(40, 16))
    )
    paired(run, 0, 40)
    app.run()
    assert data_of(app)["epochs"] == [0]
    assert not app.error, "an untrained network is no collapse"


def test_learning__without_a_simclr_run_offers_one(tiny_reef: Dataset) -> None:
    app = opened()
    assert "Train SimCLR" in [button.label for button in app.button]
