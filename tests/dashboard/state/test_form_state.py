"""What forms keep: values from elsewhere, notes as they were shown, what was launched."""

import pytest

from dashboard.state import forms, train
from sealife_core.errors import RunError

pytestmark = pytest.mark.usefixtures("session", "url")


def test_train_form__takes_its_values_anew_when_it_is_filled_or_cleared() -> None:
    assert (train.form_values(), train.form_version()) == (None, 0)
    train.set_form_values("probe", {"epochs": 3})
    assert (train.form_values(), train.form_version()) == (("probe", {"epochs": 3}), 1)
    train.clear_form_values()
    assert (train.form_values(), train.form_version()) == (None, 2)


def test_notes__seen_are_kept_for_each_form_field_by_field() -> None:
    form = forms.NOTES.of("run")
    forms.see(form, {"name": "a", "tags": []})
    forms.see(form, {"name": "b"})
    assert forms.seen(form) == {"name": "b", "tags": []}
    assert forms.seen(forms.NOTES.of("another")) == {}


def test_launch__is_remembered_for_exactly_this_request() -> None:
    forms.remember_launch("request", "id", "name")
    assert forms.launched("request") == ("id", "name")
    assert forms.launched("another") is None
    forms.LAUNCHED.take()
    assert forms.launched("request") is None


def test_launch__that_succeeds_clears_the_problem_of_before() -> None:
    forms.remember_problem("request", RunError("The disk is full."))
    assert str(forms.launch_problem("request")) == "The disk is full."
    assert forms.launch_problem("another") is None
    forms.remember_launch("request", "id", "name")
    assert forms.launch_problem("request") is None
