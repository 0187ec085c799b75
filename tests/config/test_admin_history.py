"""Who changed what, when and why; and back to an earlier state, as far as the form would allow it."""

import pytest
from django.contrib.admin import site
from django.urls import reverse

from channels.models import TemplateVersion
from compliance.models import FrequencyCap
from config.adminsite import HistoryAdmin
from config.adminsite.history import written
from contacts.models import Topic
from journeys.models import Journey
from tests import builders, staff
from tests.journeys import driving

pytestmark = pytest.mark.django_db


@pytest.fixture
def root():
    return staff.superuser()


def earlier(thing, number=-1) -> str:
    """The address of one of its states, the oldest by default."""
    record = list(type(thing).history.filter(id=thing.pk))[number]
    name = f"{thing._meta.app_label}_{thing._meta.model_name}"
    return reverse(f"admin:{name}_simple_history", args=[thing.pk, record.history_id])


def test_a_change_keeps_its_reason(root) -> None:
    acme = builders.brand()
    page = root.get(f"/admin/contacts/brand/{acme.pk}/change/")
    assert "Reason for this change" in page.content.decode()
    data = {"name": "Acme Ltd", "key": "acme", "timezone": "UTC", "change_reason": "  The company was renamed. "}
    inline = {"topic_set-TOTAL_FORMS": 0, "topic_set-INITIAL_FORMS": 0}
    root.post(f"/admin/contacts/brand/{acme.pk}/change/", {**data, **inline})
    latest = acme.history.first()
    assert (latest.name, latest.history_change_reason, latest.history_user.username) == (
        "Acme Ltd",
        "The company was renamed.",
        "root",
    )
    shown = root.get(f"/admin/contacts/brand/{acme.pk}/history/").content.decode()
    assert "The company was renamed." in shown
    assert '<ins class="wm-ins">Acme Ltd</ins>' in shown
    assert "None" not in shown[shown.index('id="change-history"') :].split("</table>")[0]


def test_an_earlier_state_is_shown_beside_todays_and_restored(root) -> None:
    topic = builders.topic("news", description="Old words")
    topic.description = "New words"
    topic.save()
    page = root.get(earlier(topic)).content.decode()
    assert "Old words" in page
    assert "New words" in page
    root.post(earlier(topic), {"change_reason": "A mistake."})
    topic.refresh_from_db()
    assert topic.description == "Old words"
    latest = topic.history.first()
    assert (latest.history_change_reason, latest.history_type) == ("A mistake.", "~")


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"subject": "Hi", "html": "<p>\n</p>", "text": ""}, "html: <p>\n</p>\nsubject: Hi\ntext: "),
        (["a"], '[\n  "a"\n]'),
        ({"a": 1}, '{\n  "a": 1\n}'),
        ("words", "words"),
        (None, ""),
    ],
)
def test_texts_by_name_are_told_without_the_signs_of_json(value, told) -> None:
    assert written(value) == told


def test_json_is_shown_as_people_write_it_in_a_stable_order(root) -> None:
    segment = builders.segment("vip", {"kind": "attribute", "path": "vip", "op": "eq", "value": True})
    first = list(segment.history.all())[-1]
    segment.condition = {"value": None, "path": "<b>", "op": "eq", "kind": "attribute"}
    segment.save()
    listed = root.get(f"/admin/contacts/segment/{segment.pk}/history/").content.decode()
    for sign, path, value in (("del", "vip", "true"), ("ins", "&lt;b&gt;", "null")):
        told = '{\n  "kind": "attribute",\n  "op": "eq",\n  "path": "%s",\n  "value": %s\n}' % (path, value)  # noqa: UP031
        assert f'<{sign} class="wm-{sign}">{told.replace(chr(34), "&quot;")}</{sign}>' in listed
    page = root.get(reverse("admin:contacts_segment_simple_history", args=[segment.pk, first.history_id]))
    assert "&quot;value&quot;: true\n}</pre>" in page.content.decode()
    # Another order of the same is no difference.
    segment.condition = dict(reversed(first.condition.items()))
    segment.save()
    page = root.get(reverse("admin:contacts_segment_simple_history", args=[segment.pk, first.history_id]))
    assert "It says the same now." in page.content.decode()


def test_the_change_in_long_json_is_what_is_shown(root) -> None:
    words = [f"word {number}" for number in range(200)]
    segment = builders.segment("vip", {"kind": "attribute", "path": "x", "op": "in", "value": words})
    segment.condition = {**segment.condition, "value": [*words[:100], "here it is", *words[101:]]}
    segment.save()
    listed = root.get(f"/admin/contacts/segment/{segment.pk}/history/").content.decode()
    assert "here it is" in listed
    assert "word 150" not in listed


def test_what_the_form_refuses_is_not_restored(root) -> None:
    topic = builders.topic("news")
    topic.key = "moved"
    topic.save()
    Topic.objects.create(brand=topic.brand, key="news", name="Another")
    page = root.post(earlier(topic), follow=True).content.decode()
    assert "already exists" in page
    topic.refresh_from_db()
    assert topic.key == "moved"


def test_lists_and_numbers_come_back_as_they_were(root) -> None:
    cap = FrequencyCap.objects.create(brand=builders.brand(), name="Weekly", limit=3, days=7, classes=["marketing"])
    cap.limit, cap.classes = 9, ["marketing", "service"]
    cap.save()
    root.post(earlier(cap), {"change_reason": "A mistake."})
    cap.refresh_from_db()
    assert (cap.limit, cap.classes, cap.days) == (3, ["marketing"], 7)


def test_what_no_form_edits_stays_as_it_is(root) -> None:
    journey = driving.draft(driving.step("wait", for_="3d")).journey
    journey.description = "New"
    journey.save()
    driving.publish(journey.versions.get())
    root.post(earlier(journey))
    journey.refresh_from_db()
    assert (journey.description, journey.state) == ("", Journey.State.LIVE)


def test_a_version_is_never_set_back_but_begins_a_new_draft(root) -> None:
    template = builders.template(content={"subject": "First", "text": "First"})
    version = template.versions.get()
    page = root.get(earlier(version)).content.decode()
    assert "New draft from this state" in page
    root.post(earlier(version))
    draft = TemplateVersion.objects.get(template=template, number=2)
    assert (draft.state, draft.content["subject"], draft.author.username) == ("draft", "First", "root")
    version.refresh_from_db()
    assert version.state == "approved"


def test_who_may_only_look_restores_nothing() -> None:
    topic = builders.topic("news", description="Old")
    topic.description = "New"
    topic.save()
    analyst = staff.client("Analyst")
    assert "Restore this state" not in analyst.get(earlier(topic)).content.decode()
    assert analyst.post(earlier(topic)).status_code == 403


def test_a_state_that_never_was_is_not_found(root) -> None:
    topic = builders.topic()
    address = reverse("admin:contacts_topic_simple_history", args=[topic.pk, 999999])
    assert root.get(address).status_code == 404
    assert root.get(address.replace("999999", "abc")).status_code == 404


def test_every_state_of_every_kind_can_be_looked_at(root) -> None:
    """Also of those whose form changes once the thing exists."""
    for thing in (
        builders.account("email"),
        builders.template(),
        driving.draft(driving.step("wait", for_="1d")).journey,
    ):
        assert root.get(earlier(thing)).status_code == 200, thing


def test_what_keeps_a_history_offers_it() -> None:
    kept = {model for model in site._registry if hasattr(model, "history")}
    assert {model for model in kept if not isinstance(site._registry[model], HistoryAdmin)} == set()
