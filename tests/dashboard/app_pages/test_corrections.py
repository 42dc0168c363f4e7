"""Correcting pictures and classes on the page, and the history that takes any of it back."""

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from streamlit.testing.v1 import AppTest

from dashboard import media, state
from dashboard.correction_routes import correct_url, picture_url, routes
from dashboard.data.corrections import history, picture_history, suggested
from dashboard.media import thumb_url
from dashboard.words import plain
from sealife_core.datasets.corrections.draft import Draft
from sealife_core.datasets.corrections.editing import add_entries, correct, rename_class, undo
from sealife_core.datasets.dataset import Dataset, open_dataset
from sealife_core.evaluation.curation.agreement import independent_labels
from tests.dashboard.app_pages.data.opened import open_data, text
from tests.finished.runs import features_run, simclr_run


@pytest.fixture
def client(tiny_reef: Dataset) -> TestClient:
    return TestClient(Starlette(routes=[*routes(), *media.routes()]))


def test_history__undoes_and_redoes_one_correction(tiny_reef: Dataset):
    ids = tiny_reef.manifest["id"].tolist()
    corrected = correct(tiny_reef, {ids[0]: {"label": "sea *hare*"}}, by="Ada", why="queue")
    app = open_data(look="History")
    assert f"{plain(tiny_reef.file_names[0])} relabelled\\: 'crab' → 'sea \\*hare\\*'." in text(app)
    assert "Ada, labelled next" in text(app)
    app.button(key="correction.1").click().run()
    assert not app.exception
    assert open_dataset("reef").content_hash == tiny_reef.content_hash
    assert f"~~{plain(tiny_reef.file_names[0])} relabelled" in text(app)
    app.button(key="correction.1").click().run()
    assert open_dataset("reef").content_hash == corrected.content_hash


def test_history__shows_what_is_left_out_and_what_to_do_at_first(tiny_reef: Dataset):
    assert "Nothing was corrected yet" in text(open_data(look="History"))
    correct(tiny_reef, {tiny_reef.manifest["id"][5]: {"excluded": "yes"}})
    assert "**1 picture is left out.**" in text(open_data(look="History"))


def test_balance__merges_two_classes(tiny_reef: Dataset):
    app = open_data(look="Balance")
    app.selectbox(key="rename_class.from").select("ray").run()
    app.selectbox(key="rename_class.to").select("whale").run()
    assert "join the class whale" in text(app)
    next(button for button in app.button if button.label == "Merge them").click().run()
    assert not app.exception
    assert "ray" not in open_dataset("reef").classes
    next(button for button in app.button if button.label == "Undo").click().run()
    assert open_dataset("reef").content_hash == tiny_reef.content_hash


def test_balance__leads_to_the_pictures_of_a_class_as_points_to_split_it(
    tiny_reef: Dataset, monkeypatch: pytest.MonkeyPatch
):
    went: list[tuple] = []
    monkeypatch.setattr(state, "go", lambda page, query: went.append((page, query)))
    app = open_data(look="Balance")
    assert next(button for button in app.button if button.label == "Split it").disabled, "no run has its features"
    run = features_run(tiny_reef)
    app.selectbox(key="rename_class.from").select("ray").run()
    next(button for button in app.button if button.label == "Split it").click().run()
    assert went == [("embeddings", {"run": run.id, "classes": ["ray"]})]


def test_correct__is_on_the_disk_when_the_answer_comes_and_faults_are_told(client: TestClient, tiny_reef: Dataset):
    image, address = str(tiny_reef.manifest["id"][0]), correct_url(tiny_reef)
    done = client.post(address, json={"images": {image: {"label": "ray"}}, "by": "Ada", "why": "queue"}).json()
    assert (done["number"], done["version"]) == (1, 1)
    assert "relabelled" in done["said"]
    assert open_dataset("reef").entries[0].why == "queue"
    refused = client.post(address, json={"images": {image: {"split": "nowhere"}}})
    assert (refused.status_code, "no split 'nowhere'" in refused.json()["error"]) == (409, True)
    assert client.post(address, json={"undo": 1, "by": "Bo"}).json()["number"] == 0
    assert client.post(address, content=b"x").status_code == 400
    assert client.post(address, json={"images": {image: {"label": 3}}}).status_code == 400
    assert client.post("/correct/nobody", json={"undo": 1}).status_code == 404
    assert client.get(address).status_code == 405
    assert [entry.by for entry in open_dataset("reef").entries] == ["Ada", "Bo"]


def test_correct__by_a_name_that_looks_like_a_known_one_is_that_persons_and_told(
    client: TestClient, tiny_reef: Dataset
):
    correct(tiny_reef, {image: {"label": ""} for image in tiny_reef.manifest["id"]}, by="Ada")
    image, address = str(tiny_reef.manifest["id"][0]), correct_url(tiny_reef)
    done = client.post(address, json={"images": {image: {"label": "eel"}}, "by": "ada ", "why": "queue"}).json()
    assert (done["by"], done["said"].endswith("Kept under the name 'Ada'.")) == ("Ada", True)
    again = client.post(address, json={"images": {image: {"label": "ray"}}, "by": "ADA", "why": "queue"}).json()
    assert "second opinion" not in again["said"], "the same person has changed her mind"
    assert open_dataset("reef").manifest["label"].iat[0] == "ray"


def test_correct__a_class_that_another_tab_has_just_named_is_that_class(client: TestClient, tiny_reef: Dataset):
    first, second, third = tiny_reef.manifest["id"].tolist()[:3]

    def named(image: str, label: str) -> list[str]:
        return client.post(correct_url(tiny_reef), json={"images": {image: {"label": label}}}).json()["classes"]

    assert "Sea Pen" in named(first, "Sea Pen")
    assert "sea pen" not in named(second, "sea pen")
    assert named(third, "Sea Pens") == [*open_dataset("reef").classes]
    assert open_dataset("reef").manifest["label"].tolist()[:3] == ["Sea Pen", "Sea Pen", "Sea Pens"]


def test_correct__a_pasted_name_is_kept_as_it_looks_and_told_as_new_once(client: TestClient, tiny_reef: Dataset):
    first, second = tiny_reef.manifest["id"].tolist()[:2]

    def said(image: str, label: str) -> str:
        return client.post(correct_url(tiny_reef), json={"images": {image: {"label": label}}}).json()["said"]

    assert said(first, "sea\u00a0star\u200b").endswith("The class 'sea star' is new.")
    assert "is new" not in said(second, " Sea\u202fStar")
    assert open_dataset("reef").manifest["label"].tolist()[:2] == ["sea star", "sea star"]


def test_correct__an_answer_of_the_queue_to_what_somebody_has_just_labelled_is_a_second_opinion(
    client: TestClient, tiny_reef: Dataset
):
    first, second = tiny_reef.manifest["id"].tolist()[:2]
    now = correct(tiny_reef, {image: {"label": ""} for image in (first, second)})

    def answered(label: str, by: str, *images: str) -> str:
        asked = {"images": {image: {"label": label, "split": "train"} for image in images}, "by": by, "why": "queue"}
        return client.post(correct_url(tiny_reef), json=asked).json()["said"]

    assert answered("ray", "Ada", first) == "1 image labelled 'ray'."
    assert "labelled again as 'eel'" in (told := answered("eel", "Bo", first, second))
    assert told.endswith(
        "The class 'eel' is new. Somebody else has just labelled it: yours is kept as a second opinion."
    )
    assert "relabelled: 'ray' → 'crab'" in answered("crab", "Ada", first), "one's own may be changed"
    assert open_dataset("reef").manifest["label"].tolist()[:2] == ["crab", "eel"]
    assert independent_labels(open_dataset("reef").entries)["Bo"] == {first: "eel", second: "eel"}
    assert now.version == 1


def test_correct__a_class_that_was_renamed_since_the_page_was_drawn_keeps_its_new_name(
    client: TestClient, tiny_reef: Dataset
):
    first, second, third = tiny_reef.manifest["id"].tolist()[-3:]

    def labelled(image: str, label: str, version: int) -> dict:
        asked = {"images": {image: {"label": label}}, "version": version}
        return client.post(correct_url(tiny_reef), json=asked).json()

    rename_class(rename_class(tiny_reef, "ray", "skate"), "skate", "crab")
    told = labelled(first, "ray", 0)
    assert told["said"].endswith("'ray' is called 'crab' now.")
    assert "ray" not in told["classes"]
    assert "called" not in labelled(second, "ray", 3)["said"], "a page that does not know it any more means a new class"
    rename_class(open_dataset("reef"), "fish", "")
    assert labelled(third, "fish", 2)["error"] == "The class 'fish' was removed meanwhile. Choose another."
    assert open_dataset("reef").manifest["label"].tolist()[-3:-1] == ["crab", "ray"]


def test_picture__is_known_with_its_history_also_when_it_is_left_out(client: TestClient, tiny_reef: Dataset):
    image = str(tiny_reef.manifest["id"][3])
    address = picture_url(tiny_reef).replace("{id}", image)
    assert client.get(address).json()["excluded"] is False
    thumb = thumb_url(tiny_reef, 3)
    before = client.get(thumb).content
    now = correct(tiny_reef, {image: {"excluded": "yes"}}, by="Ada")
    known = client.get(address).json()
    assert known["excluded"] is True
    assert known["facts"][-1][1].startswith("left out · Ada, by hand, ")
    assert client.get(thumb).content == before, "a page that is open still shows the right picture"
    assert client.get(thumb_url(now, 3)).content != before
    assert client.get("/picture/reef/none.json").status_code == 404
    assert client.get("/picture/nobody/none.json").status_code == 404


def show_correct_many() -> None:
    from dashboard.cache import datasets
    from dashboard.parts.correcting.correct_many import correct_many
    from dashboard.state import Key

    correct_many(datasets.opened("reef"), [0, 1], Key("many"))


def test_correct_many__puts_pictures_into_a_group(client: TestClient, tiny_reef: Dataset):
    app = AppTest.from_function(show_correct_many, default_timeout=60).run()
    assert app.button(key="many.into").disabled
    app.text_input(key="many.group").set_value(" dive 3 ").run()
    app.button(key="many.into").click().run()
    assert not app.exception
    assert open_dataset("reef").manifest["group"].tolist()[:3] == ["dive 3", "dive 3", ""]
    image = str(tiny_reef.manifest["id"][0])
    assert client.get(picture_url(tiny_reef).format(id=image)).json()["group"] == "dive 3"


def test_picture_history__marks_what_is_undone(tiny_reef: Dataset):
    image = str(tiny_reef.manifest["id"][0])
    now = undo(correct(correct(tiny_reef, {image: {"label": "ray"}}), {image: {"label": "ray"}}), 1)
    newest, oldest = picture_history(now, image)
    assert newest.startswith("confirmed as 'ray'")
    assert oldest.endswith("(undone)")
    assert [row.stands for row in history(rename_class(now, "ray", "skate"))] == [True, None, True, False]


def test_picture_history__of_a_correction_from_a_file_tells_when_it_was_made_and_applied(tiny_reef: Dataset):
    image = str(tiny_reef.manifest["id"][0])

    def find(draft: Draft) -> None:
        draft.correct({image: {"label": "ray"}}, by="Ada", why="suspect", at="2025-07-01T10:00:00+00:00")

    now = add_entries(tiny_reef, find)
    applied = now.entries[0].applied[:16].replace("T", " ")
    assert picture_history(now, image) == [
        f"relabelled: 'crab' → 'ray' · Ada, a doubtful label, 2025-07-01 10:00 UTC, applied {applied} UTC"
    ]


def test_suggested__are_the_classes_of_the_neighbours_first(tiny_reef: Dataset):
    rays = [int(row) for row in range(len(tiny_reef)) if tiny_reef.manifest["label"][row] == "ray"]
    assert suggested(tiny_reef, rays)[0] == "ray"
    assert len(suggested(tiny_reef, [])) == 9


def test_pictures__are_found_by_name(tiny_reef: Dataset):
    assert "1 of 1" in text(open_data(named=" CRAB-0001"))
    assert "no pictures with this in their names" in text(open_data(named="no such"))


def test_picture__is_known_beside_a_damaged_run_with_what_is_most_similar(client: TestClient, tiny_reef: Dataset):
    damaged = simclr_run(tiny_reef)
    features_run(tiny_reef)
    (damaged.path / "config.json").write_text("{")
    known = client.get(picture_url(tiny_reef).replace("{id}", str(tiny_reef.manifest["id"][0]))).json()
    assert len(known["near"]) == 8
    assert known["suggested"][0] == tiny_reef.manifest["label"][0]
