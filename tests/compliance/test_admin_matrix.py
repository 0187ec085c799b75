"""The suppression matrix in the admin: a line is a fact, what it stops, and for how long."""

import pytest
from django.urls import reverse

from compliance.admin.what_if_form import house
from compliance.models import AuditNote, MatrixRule
from compliance.whatif import evaluate
from config import clock
from tests import staff
from tests.builders import NOW, brand, topic
from tests.pages import queries, who

pytestmark = pytest.mark.django_db

LIST = reverse("admin:compliance_matrixrule_changelist")
ADD = reverse("admin:compliance_matrixrule_add")
CHANGERS = {"Legal reviewer", "Administrator"}
LOOKERS = {"Marketer", "Legal reviewer", "Operator", "Analyst", "Administrator"}


@pytest.fixture
def lawyer():
    return staff.client("Legal reviewer")


def line(**change) -> dict:
    usual = {
        "brand": brand().pk, "name": "Open case", "event": "case.opened", "where": "[]", "topics": ["news"],
        "days": "0", "lifted_by": "case.closed", "enabled": "on",
    }  # fmt: skip
    topic()
    return {**usual, **change}


def save(browser, address: str, data: dict):
    with clock.at(NOW):
        return browser.post(address, data, follow=True)


def rule(**change) -> MatrixRule:
    usual = {"brand": brand(), "name": "Open case", "event": "case.opened", "topics": ["news"]}
    return MatrixRule.objects.create(**{**usual, **change})


def test_a_line_is_saved_listed_in_words_and_noted_in_the_chain_with_who_did_it(lawyer) -> None:
    save(lawyer, ADD, line(classes=["marketing"], channels=["sms"], days="1"))
    found = MatrixRule.objects.get()
    assert (found.event, found.topics, found.classes, found.channels) == (
        "case.opened",
        ["news"],
        ["marketing"],
        ["sms"],
    )
    html = lawyer.get(LIST).content.decode()
    assert "marketing messages, by sms, about news" in html
    assert "for 1 day or until case.closed" in html
    note = AuditNote.objects.get(subject_type="compliance.matrixrule")
    assert (note.kind, note.payload["lifted_by"]) == ("policy.added", "case.closed")
    assert note.actor == found.history.get().history_user_id
    assert note.actor


def test_empty_properties_are_none_and_a_line_without_an_end_says_so(lawyer) -> None:
    save(lawyer, ADD, line(where="", lifted_by=""))
    assert MatrixRule.objects.get().where == []
    html = lawyer.get(LIST).content.decode()
    assert "all but essential messages, about news" in html
    assert "for good" in html


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"topics": []}, "journeys", "Nothing would stop"),
        ({"event": "case.*"}, "event", "does not name one event"),
        ({"event": ""}, "event", "required"),
        ({"lifted_by": "case.opened"}, "lifted_by", "name another event"),
        ({"where": '[{"path": "total"}]'}, "where", "is not known; write one of"),
        ({"where": "[{"}, "where", "This is not JSON: line 1"),
        ({"channels": ["pigeon"]}, "channels", "pigeon"),
        ({"days": "-1"}, "days", "0"),
    ],
)
def test_a_mistake_is_told_at_its_field(lawyer, change: dict, field: str, words: str) -> None:
    errors = save(lawyer, ADD, line(**change)).context["adminform"].form.errors
    assert list(errors) == [field]
    assert words in errors[field][0]
    assert not MatrixRule.objects.exists()


def test_a_topic_that_is_gone_is_shown_and_must_be_taken_out(lawyer) -> None:
    one = rule(topics=["gone"])
    address = reverse("admin:compliance_matrixrule_change", args=[one.pk])
    assert "gone" in lawyer.get(address).content.decode()
    errors = save(lawyer, address, line(topics=["gone"], change_reason="A test.")).context["adminform"].form.errors
    assert errors == {"topics": ["gone: not a topic of this brand."]}


def test_the_what_if_page_asks_with_the_brands_matrix() -> None:
    rule(name="Off", enabled=False)
    rule(days=30, where=[{"path": "total", "op": "gt", "value": 5}])
    case = {"now": NOW.isoformat(), **house(brand())}
    assert [one["name"] for one in case["policy"]["matrix"]] == ["Open case"]
    opened = {"name": "case.opened", "occurred_at": NOW.isoformat(), "properties": {"total": 6}}
    assert evaluate({**case, "contact": {"facts": [opened]}})["reason"] == "suppression_matrix"


def test_the_list_costs_the_same_for_many_lines(lawyer) -> None:
    rule()
    few = queries(lawyer, LIST)
    for number in range(20):
        rule(name=f"Rule {number}")
    assert queries(lawyer, LIST) == few


def test_who() -> None:
    one = rule()
    assert who(LIST) == LOOKERS
    assert who(ADD) == CHANGERS
    assert who(reverse("admin:compliance_matrixrule_change", args=[one.pk])) == LOOKERS
    assert who(reverse("admin:compliance_matrixrule_delete", args=[one.pk])) == CHANGERS
    assert who(reverse("admin:compliance_matrixrule_history", args=[one.pk])) == LOOKERS


def test_it_stands_in_the_sidebar_beside_the_policies(lawyer) -> None:
    html = lawyer.get(LIST).content.decode()
    assert html.index("Frequency caps") < html.index("Suppression matrix") < html.index("Kill switch")
