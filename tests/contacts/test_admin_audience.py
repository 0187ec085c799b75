"""Brands with topics, and segments with a look at who fits."""

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from config import clock
from contacts import segments
from contacts.admin import audience
from contacts.models import Brand, Segment, Topic
from tests import staff
from tests.builders import NOW, brand, contact, event, segment, topic

pytestmark = pytest.mark.django_db
PREVIEW = "/admin/contacts/segment/preview/"
PRO = {"kind": "attribute", "path": "plan", "op": "is", "value": "pro"}


@pytest.fixture
def marketer():
    return staff.client("Marketer")


def preview(browser, condition):
    text = condition if isinstance(condition, str) else json.dumps(condition)
    with clock.at(NOW):
        return " ".join(browser.post(PREVIEW, {"condition": text}).content.decode().split())


def save(browser, found=None, **fields):
    data = {
        "name": "Pros",
        "key": "pros",
        "brand": brand().pk,
        "refresh_every": "1h",
        "condition": json.dumps(PRO),
        **fields,
    }
    return browser.post(
        f"/admin/contacts/segment/{found.pk}/change/" if found else "/admin/contacts/segment/add/", data
    )


def problems(response):
    assert response.status_code == 200, "it was saved"
    return " ".join(text for texts in response.context["adminform"].form.errors.values() for text in texts)


def test_the_preview_counts_and_names_ten(marketer):
    for number in range(13):
        contact(f"pro-{number}", email=f"p{number}@example.test", plan="pro")
    contact("free", plan="free")
    html = preview(marketer, PRO)
    assert ">13</strong> people fit this condition." in html
    assert html.count("wm-row") == 10
    assert "p12@example.test" in html
    assert "free" not in html


def test_the_preview_uses_the_condition_as_it_is_typed_not_as_it_is_saved(marketer):
    contact("pro", plan="pro")
    segment("pros", PRO)
    assert ">0</strong> people fit" in preview(marketer, {**PRO, "value": "gold"})
    assert ">1</strong> person fits" in preview(marketer, PRO)


def test_the_preview_knows_the_time(marketer):
    event(contact("old"), "order.completed", at=NOW - timedelta(days=200))
    event(contact("new"), "order.completed", at=NOW - timedelta(days=2))
    within = {"kind": "event", "name": "order.completed", "within": "180d"}
    assert ">1</strong> person fits" in preview(marketer, within)


@pytest.mark.parametrize(
    ("condition", "sentence"),
    [
        ("", "This is not JSON: line 1, column 1"),
        ('{"all": [\n{"kind": }]}', "This is not JSON: line 2, column 10"),
        ("[]", "is not a condition"),
        ({"kind": "horoscope"}, "is not known; write one of"),
        ({"all": []}, "write a list of at least one condition"),
        ('{"kind": "<script>alert(1)</script>"}', "&lt;script&gt;"),
        ("9" * 5000, "This cannot be stored"),
        ("[" * 100_000, "This cannot be stored"),
    ],
)
def test_what_is_wrong_with_a_condition(marketer, condition, sentence):
    assert sentence in preview(marketer, condition)


def test_a_count_is_capped(marketer, monkeypatch):
    monkeypatch.setattr(audience, "MOST", 3)
    for number in range(5):
        contact(f"c-{number}", plan="pro")
    assert ">more than 3</strong> people fit" in preview(marketer, PRO)


def test_the_preview_is_for_those_who_may_see_people():
    assert staff.client("Support agent").post(PREVIEW, {"condition": "{}"}).status_code == 403


@pytest.mark.postgres
def test_a_count_that_takes_too_long_says_so(marketer, monkeypatch):
    monkeypatch.setattr(audience, "PATIENCE", 1)
    for number in range(300):
        event(contact(f"c-{number}"), "order.completed")
    slow = {"all": [{"not": {"kind": "event", "name": "order.completed", "op": "at_least", "times": 1}}] * 60}
    html = preview(marketer, slow)
    assert "Counting takes longer than 2 seconds" in html or "not known" in html or "</strong>" in html
    assert Segment.objects.count() == 0  # the connection is usable again


# -- saving ------------------------------------------------------------------------------------------------------------


def test_a_segment_is_made(marketer):
    assert save(marketer).status_code == 302
    found = Segment.objects.get()
    assert (found.condition, found.refresh_due_at) == (PRO, None)
    assert found.history.get().history_user.username == "marketer"


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"condition": "{"}, "This is not JSON: line 1, column 2"),
        ({"condition": '{"kind": "horoscope"}'}, "is not known; write one of"),
        ({"refresh_every": "10s"}, "Once a minute is the most"),
        ({"refresh_every": "often"}, "often"),
        ({"key": "two words"}, "valid “slug”"),
        ({"key": "known"}, "already exists"),
        ({"condition": '{"kind": "segment", "key": "known"}', "key": "known2", "name": ""}, "This field is required."),
    ],
)
def test_a_bad_segment_is_told_what_is_wrong(marketer, fields, sentence):
    segment("known")
    assert sentence in problems(save(marketer, **fields))
    assert Segment.objects.count() == 1


def test_what_was_typed_is_not_lost(marketer):
    page = save(marketer, condition='{"all": [oh').content.decode()
    assert "{&quot;all&quot;: [oh" in page


def test_the_page_shows_size_and_members(marketer):
    contact("pro", plan="pro")
    found = segment("pros", PRO, refreshed=NOW)
    page = marketer.get(f"/admin/contacts/segment/{found.pk}/change/").content.decode()
    assert '<strong class="wm-strong">1</strong> as of' in page
    assert "/admin/contacts/contact/?segment=pros" in page
    assert "Refresh now" in page


def test_a_failed_refresh_is_shown(marketer):
    found = segment("pros")
    Segment.objects.filter(pk=found.pk).update(error="ValueError: no such attribute")
    page = marketer.get(f"/admin/contacts/segment/{found.pk}/change/").content.decode()
    assert "The last refresh failed" in page
    assert "ValueError: no such attribute" in page
    assert "failed: ValueError" in marketer.get("/admin/contacts/segment/").content.decode()


def test_refresh_now_makes_it_due_at_once(marketer):
    found = segment("pros", PRO, refreshed=NOW)
    contact("pro", plan="pro")
    assert found.refresh_due_at > NOW
    response = marketer.post(f"/admin/contacts/segment/{found.pk}/refresh/", follow=True)
    assert "is refreshed within seconds" in response.content.decode()
    found.refresh_from_db()
    assert (found.refresh_due_at, found.refreshed_to) == (None, 0)
    segments.refresh(found, NOW)
    assert found.size == 1


def test_those_who_only_look_refresh_nothing():
    found = segment("pros", PRO, refreshed=NOW)
    analyst = staff.client("Analyst")
    assert analyst.post(f"/admin/contacts/segment/{found.pk}/refresh/").status_code == 403
    assert "Refresh now" not in analyst.get(f"/admin/contacts/segment/{found.pk}/change/").content.decode()
    found.refresh_from_db()
    assert found.refresh_due_at


def test_history_shows_who_changed_what(marketer):
    save(marketer)
    found = Segment.objects.get()
    save(marketer, found, name="Paying people")
    page = marketer.get(f"/admin/contacts/segment/{found.pk}/history/").content.decode()
    assert "Paying people" in page
    assert "marketer" in page


@pytest.mark.parametrize("number", [10, 60])
@pytest.mark.parametrize("path", ["segment", "brand"])
def test_the_lists_cost_the_same_for_many(marketer, path, number):
    for index in range(number):
        segment(f"s-{index}", brand=brand(f"b-{index}"))
    marketer.get(f"/admin/contacts/{path}/")
    with CaptureQueriesContext(connection) as queries:
        assert marketer.get(f"/admin/contacts/{path}/").status_code == 200
    assert len(queries) <= 10


# -- brands ------------------------------------------------------------------------------------------------------------


def edit_brand(browser, found, **fields):
    topics = list(found.topic_set.all())
    data = {"name": found.name, "key": found.key, "timezone": found.timezone, "website": "", "postal_address": ""}
    data |= {"topic_set-TOTAL_FORMS": len(topics) + 1, "topic_set-INITIAL_FORMS": len(topics)}
    for index, known in enumerate(topics):
        row = {"id": known.pk, "brand": found.pk, "name": known.name, "key": known.key, "description": ""}
        data |= {f"topic_set-{index}-{name}": said for name, said in row.items()}
    return browser.post(f"/admin/contacts/brand/{found.pk}/change/", {**data, **fields})


def test_topics_are_edited_on_their_brand_s_page():
    acme = brand()
    topic("news")
    edit_brand(staff.client("Administrator"), acme, **{"topic_set-1-name": "Offers", "topic_set-1-key": "offers"})
    assert Topic.objects.get(key="offers").brand == acme


def test_a_legal_reviewer_edits_topics_but_no_brand():
    lawyer = staff.client("Legal reviewer")
    data = {"name": "Offers", "key": "offers", "brand": brand().pk, "description": "What costs less"}
    assert lawyer.post("/admin/contacts/topic/add/", data).status_code == 302
    made = Topic.objects.get()
    lawyer.post(f"/admin/contacts/topic/{made.pk}/change/", {**data, "description": "What costs less this week"})
    made.refresh_from_db()
    assert made.description == "What costs less this week"
    assert [line.history_user.username for line in made.history.all()] == ["legal-reviewer"] * 2
    assert edit_brand(lawyer, brand(), name="Mine").status_code == 403


def test_a_topic_s_key_is_used_once_per_brand():
    topic("news")
    data = {"name": "Again", "key": "news", "brand": brand().pk, "description": ""}
    assert "already exists" in problems(staff.client("Legal reviewer").post("/admin/contacts/topic/add/", data))


def test_an_empty_condition_is_no_error_yet(marketer):
    html = preview(marketer, "{}")
    assert "Write a condition, for example" in html
    assert "wm-problems" not in html


def test_a_brand_s_zone_must_exist():
    response = edit_brand(staff.superuser(), brand(), timezone="Mars/Base")
    assert "is not a time zone" in problems(response)
    assert Brand.objects.get().timezone == "UTC"


def test_a_topic_that_people_spoke_of_is_kept():
    found = topic("news")
    from tests.builders import consent

    consent(contact("p"), topic_key="news")
    data = {"topic_set-0-DELETE": "on"}
    response = edit_brand(staff.superuser(), found.brand, **data)
    assert response.status_code == 200
    assert Topic.objects.filter(pk=found.pk).exists()
