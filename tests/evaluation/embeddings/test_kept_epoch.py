from sealife_core.evaluation.embeddings.kept_epoch import kept_words

START = {"knn_accuracy": 0.7, "n": 200}


def results(kept: int, value: float, low: float, high: float) -> dict:
    return {"kept_epoch": kept, "start": START, "gain": {"value": value, "low": low, "high": high}}


def test_kept_words__say_that_the_start_was_kept():
    said = kept_words(results(0, 0.0, 0.0, 0.0))
    assert said.startswith("Kept the start: no epoch reached a higher k-NN accuracy than its 70.0 % on 200 validation")


def test_kept_words__tell_a_gain_and_whether_it_is_more_than_chance():
    sure, unsure = kept_words(results(4, 0.05, 0.01, 0.09)), kept_words(results(4, 0.005, -0.02, 0.03))
    assert "Kept epoch 4: k-NN accuracy on 200 validation pictures is 75.0 %, and was 70.0 % at the start" in sure
    assert "a gain of 5.0 points (95 % interval 1.0 to 9.0)." in sure
    assert "hance" not in sure
    assert "(95 % interval −2.0 to 3.0). Chance alone can make such a difference." in unsure


def test_kept_words__are_silent_about_a_run_that_could_not_choose():
    assert kept_words({"val": {"knn_accuracy": 0.5}}) == ""
