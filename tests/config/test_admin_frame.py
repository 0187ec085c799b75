"""What is around every page: where one is, in whose time zone, and JSON fields that say where they are wrong."""

from datetime import timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from django import forms
from django.urls import reverse
from django.utils import timezone

from config import sidebar
from config.adminsite.fields import ReadableJSONField
from config.reader import COOKIE
from config.templatetags import waymark
from tests import staff
from tests.builders import NOW, contact

BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("environment", "delivery", "colour"),
    [
        ("development", "sandbox", "info"),
        ("development", "live", "danger"),
        ("staging", "sandbox", "info"),
        ("staging", "live", "danger"),
        ("production", "sandbox", "warning"),
        ("production", "live", "success"),
    ],
)
def test_the_label_says_where_one_is_and_whether_messages_leave(settings, environment, delivery, colour):
    settings.ENVIRONMENT, settings.DELIVERY = environment, delivery
    assert sidebar.environment(SimpleNamespace()) == (f"{environment} · {delivery}", colour)


def test_the_tab_names_the_environment_except_in_production(settings):
    settings.ENVIRONMENT = "staging"
    assert sidebar.title_prefix(SimpleNamespace()) == "[staging]"
    settings.ENVIRONMENT = "production"
    assert sidebar.title_prefix(SimpleNamespace()) == ""


@pytest.mark.django_db
def test_the_label_is_on_the_page():
    assert "development · sandbox" in staff.client().get("/admin/").content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("cookie", "shown"),
    [
        ("Europe/Berlin", "13:00"),
        ("America/New_York", "07:00"),
        ("", "12:00"),
        ("../etc/passwd", "12:00"),
        ("Mars/Base", "12:00"),
    ],
)
def test_times_are_in_the_reader_s_zone(cookie, shown):
    contact("p-1", now=NOW)
    browser = staff.client("Analyst")
    browser.cookies[COOKIE] = cookie
    assert f"24 Nov 2026, {shown}" in browser.get("/admin/contacts/contact/").content.decode()


@pytest.mark.parametrize(
    ("passed", "words"),
    [
        (timedelta(0), "just now"),
        (timedelta(seconds=1), "1 second ago"),
        (timedelta(seconds=59), "59 seconds ago"),
        (timedelta(minutes=1), "1 minute ago"),
        (timedelta(hours=25), "1 day ago"),
        (timedelta(days=3), "3 days ago"),
    ],
)
def test_ago(passed, words):
    assert waymark.ago(NOW - passed, NOW) == words


def test_no_instant_is_nothing():
    assert (waymark.ago(None, NOW), waymark.moment(None)) == ("", "")


def test_the_person_s_own_clock_is_shown_where_it_differs():
    with timezone.override(BERLIN):
        assert waymark.there(NOW, NEW_YORK) == "07:00 there"
        assert waymark.there(NOW, ZoneInfo("Pacific/Auckland")) == "25 Nov, 01:00 there"
        assert waymark.there(NOW, ZoneInfo("Europe/Paris")) == ""
        assert waymark.there(NOW, None) == ""


@pytest.mark.parametrize(
    ("value", "words"), [(True, "yes"), (False, "no"), ("pro", "pro"), (3, "3"), ({"a": [1]}, '{"a": [1]}')]
)
def test_a_value_in_words(value, words):
    assert waymark.said(value) == words


@pytest.mark.parametrize(("text", "words"), [("21d", "3 weeks"), ("1d12h", "1 day 12 hours"), ("soon", "soon")])
def test_a_duration_in_words(text, words):
    assert waymark.lasting(text) == words


class OneField(forms.Form):
    tree = ReadableJSONField(required=False)


def test_json_is_shown_indented():
    html = str(OneField(initial={"tree": {"all": [1]}})["tree"])
    assert "{\n  &quot;all&quot;: [\n    1\n  ]\n}" in html


def test_what_is_not_json_is_refused_with_its_place():
    form = OneField({"tree": '{"all": [\n  1,\n}'})
    assert form.errors["tree"] == ["This is not JSON: line 3, column 1: Expecting value."]


@pytest.mark.parametrize("text", ['{"a": NaN}', "[-Infinity]", '"\\ud800"', '"\\u0000"', "9" * 5000, "[" * 100_000])
def test_what_no_database_can_keep_is_refused(text):
    [sentence] = OneField({"tree": text}).errors["tree"]
    assert sentence.startswith("This cannot be stored")


def test_what_was_typed_is_shown_again_after_an_error():
    assert "{&quot;all&quot;: oh" in str(OneField({"tree": '{"all": oh'})["tree"])


def test_json_is_taken():
    form = OneField({"tree": '{"all": ["ä"]}'})
    assert form.is_valid()
    assert form.cleaned_data["tree"] == {"all": ["ä"]}


@pytest.mark.django_db
def test_command_search_finds_people_for_those_who_may_see_them():
    contact("user-77", email="ada@example.test", first_name="Ada", last_name="Lovelace")
    url = "/admin/search/?extended=1&s=ada@ex"
    assert "Ada Lovelace" in staff.client("Support agent").get(url).content.decode()
    assert "Ada Lovelace" not in staff.client("").get(url).content.decode()


@pytest.mark.django_db
def test_an_empty_list_says_why_it_is_empty() -> None:
    chief = staff.client("Administrator")
    address = reverse("admin:compliance_copyretention_changelist")
    nothing = chief.get(address).content.decode()
    assert "No retention of copies yet" in nothing
    assert "Copies of what was sent are kept for ever, until a brand says otherwise here." in nothing
    found = chief.get(reverse("admin:channels_messagetemplate_changelist"), {"q": "zzz"}).content.decode()
    assert "No message templates fit what you search or filter for." in found
    assert "Show all" in found
