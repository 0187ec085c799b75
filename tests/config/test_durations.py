"""Durations as people write them."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from config import durations


@pytest.mark.parametrize(("text", "duration"), [
    ("90s", timedelta(seconds=90)), ("60m", timedelta(hours=1)), ("2h", timedelta(hours=2)), ("3d", timedelta(days=3)), ("1w", timedelta(days=7)), ("0", timedelta(0)), ("0s", timedelta(0)),
    ("1d12h", timedelta(hours=36)), (" 1 D 12 H ", timedelta(hours=36)), ("12h1d", timedelta(hours=36)), ("1h1h", timedelta(hours=2)), ("520w", timedelta(days=3640)),
])  # fmt: skip
def test_what_they_mean(text, duration):
    assert durations.parse(text) == duration


@pytest.mark.parametrize("text", ["", "soon", "3", "3 days", "-1h", "1.5h", "h", "3d!", "1y", "1d,12h", "None", "٣d x"])
def test_what_is_none_is_told_with_an_example(text):
    with pytest.raises(ValueError, match="is not a duration; write for example 90s, 60m, 2h"):
        durations.parse(text)


@pytest.mark.parametrize("text", ["523w", "99999999999999d"])
def test_ten_years_are_the_longest(text):
    with pytest.raises(ValueError, match="longer than ten years"):
        durations.parse(text)


@given(st.integers(0, int(durations.LONGEST.total_seconds())).map(lambda seconds: timedelta(seconds=seconds)))
def test_what_is_written_is_read_back(duration):
    assert durations.parse(durations.write(duration)) == duration


@pytest.mark.parametrize(("duration", "words"), [
    (timedelta(0), "no time"), (timedelta(days=1), "1 day"), (timedelta(days=3), "3 days"), (timedelta(days=1, hours=12), "1 day 12 hours"), (timedelta(weeks=2, seconds=1), "14 days 1 second"),
])  # fmt: skip
def test_they_can_be_read_aloud(duration, words):
    assert durations.words(duration) == words


def test_the_form_field_keeps_the_text_and_refuses_the_rest():
    field = durations.DurationField(required=False)
    assert (field.clean("3d"), field.clean("")) == ("3d", "")
    with pytest.raises(ValidationError, match="'soon' is not a duration"):
        field.clean("soon")
