"""Errors on the screen, without a browser: names in them are text, and a disk that fails is a sentence."""

import errno

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.words import plain

SENTENCES = {errno.ENOSPC: "The disk is full", errno.EROFS: "The disk is read-only", errno.EACCES: "Access was refused"}


def failed_script(number: int) -> None:
    from dashboard.error_display import show_script_error

    assert show_script_error(OSError(number, "words", "/lab/*data*/.secret/x"))


def failed_job(number: int) -> None:
    from dashboard.background import BackgroundJob
    from dashboard.parts.job_progress import job_error

    def work(_: object) -> None:
        raise OSError(number, "words", "/lab/*data*/.secret/x")

    job = BackgroundJob("test", "Test", work)
    job.wait()
    job_error(job)


@pytest.mark.parametrize("script", [failed_script, failed_job])
@pytest.mark.parametrize("number", SENTENCES, ids=errno.errorcode.__getitem__)
def test_error__of_the_disk_is_a_sentence_with_the_next_step(script, number: int) -> None:
    app = AppTest.from_function(script, kwargs={"number": number}).run()
    said = app.error[0].value
    assert said.startswith(f"{SENTENCES[number]} \\(/lab/\\*data\\*\\)")
    assert "try again" in said
    assert "secret" not in said
    assert len(app.expander) == 1


def failed_page() -> None:
    from dashboard.error_display import show_script_error

    show_script_error(ValueError("*x* www.evil.example"))


def test_error__of_the_program_is_told_with_its_words_escaped() -> None:
    said = AppTest.from_function(failed_page).run().error[0].value
    assert plain("*x* www.evil.example") in said
    assert "Reload the page" in said
