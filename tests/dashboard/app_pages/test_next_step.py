"""Home's primary button: each step follows from what has finished, and the form of the next run is filled with it."""

from dashboard import state
from dashboard.app_pages.home.next_step import advice
from sealife_core.config import preset


def test_advice__goes_on_from_the_newest_encoder_of_ones_own_pictures() -> None:
    simclr = preset("simclr", data="survey", image_size_px=96)
    finished = [("demo", preset("simclr", data="reef")), ("mine", simclr)]
    says, page, query, filled = advice(["reef", "survey"], finished)
    assert (says, page, query) == ("Train a linear probe", "train", {"task": "probe", "dataset": "survey"})
    assert (filled["weights"], filled["image_size_px"]) == ("run:mine", 96)
    probe = preset("probe", data="survey", weights="run:mine")
    says, _, query, filled = advice(["reef", "survey"], [("probe", probe), *finished])
    assert (says, query[state.train.TASK], filled["weights"]) == ("Fine-tune it", "finetune", "run:mine")


def test_advice__before_that_is_to_import_and_to_train() -> None:
    assert advice(["reef"], []) == ("Import my own photographs", "data", {}, {})
    assert advice(["survey"], [])[:2] == ("Train SimCLR on survey", "train")
