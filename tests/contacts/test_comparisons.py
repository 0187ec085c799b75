"""One language, three answers: memory, SQLite and PostgreSQL agree on every document."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contacts import comparisons
from contacts.models import Contact
from tests.builders import NOW, contact
from tests.contacts.documents import COMPARISONS, DOCUMENTS

IN_DATABASE = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much, HealthCheck.too_slow],
)
DOCUMENT = {
    "plan": "pro", "total": 29.9, "price": "29.90", "tags": ["a", "b", 3, True], "vip": True, "seen": "2026-11-24T12:00:00Z", "day": "2026-11-24",
    "nothing": None, "empty": "", "zero": 0, "company": {"size": 12, "name": "Acme", "tags": ["x"]}, "list": [{"a": 1}], "odd": "2026-02-31",
}  # fmt: skip


def agreed(document: dict, one: dict) -> bool:
    """The answer, the same in memory and in the database."""
    found = contact(attributes=document)
    in_database = Contact.objects.filter(comparisons.as_q([one], "attributes"), pk=found.pk).exists()
    found.refresh_from_db()
    assert comparisons.holds([one], found.attributes) == in_database
    assert Contact.objects.filter(~comparisons.as_q([one], "attributes"), pk=found.pk).exists() == (not in_database)
    return in_database


@pytest.mark.django_db
@pytest.mark.parametrize(("path", "op", "value", "answer"), [
    ("plan", "is", "pro", True), ("plan", "is", "Pro", False), ("plan", "is", 1, False), ("plan", "is_not", "pro", False), ("plan", "is_not", "free", True),
    ("gone", "is", "pro", False), ("gone", "is_not", "pro", True), ("nothing", "is_not", "pro", True), ("gone.deeper", "is_not", "pro", True),
    ("total", "is", 29.9, True), ("total", "is", "29.9", False), ("price", "is", 29.9, True), ("price", "is", "29.90", True), ("price", "is", "29.9", False),
    ("vip", "is", True, True), ("vip", "is", 1, False), ("vip", "is", "true", False), ("zero", "is", False, False), ("zero", "is", 0, True), ("empty", "is", "", True),
    ("total", "gt", 29.8, True), ("total", "gt", 29.9, False), ("total", "gte", 29.9, True), ("price", "lt", 30, True), ("price", "lte", 29.9, True), ("plan", "gt", 1, False), ("gone", "lt", 1, False), ("vip", "gte", 0, False),
    ("plan", "contains", "r", True), ("plan", "contains", "R", False), ("tags", "contains", "a", True), ("tags", "contains", "c", False), ("tags", "contains", 3, True), ("tags", "contains", True, True), ("tags", "contains", False, False), ("total", "contains", 2, False),
    ("plan", "starts_with", "pr", True), ("plan", "starts_with", "ro", False), ("tags", "starts_with", "a", False),
    ("plan", "in", ["free", "pro"], True), ("plan", "in", ["free"], False), ("total", "in", [1, 29.9], True), ("vip", "in", ["x", True], True), ("gone", "in", ["x"], False),
    ("plan", "exists", None, True), ("nothing", "exists", None, False), ("gone", "exists", None, False), ("empty", "exists", None, True), ("nothing", "not_exists", None, True), ("plan", "not_exists", None, False),
    ("seen", "before", "2026-11-24T12:00:01Z", True), ("seen", "before", "2026-11-24T12:00:00Z", False), ("seen", "after", "2026-11-24", True), ("seen", "after", "2026-11-24T13:30:00+02:00", True),
    ("day", "before", "2026-11-24T00:00:01Z", True), ("odd", "before", "2027-01-01", False), ("plan", "after", "1000-01-01", False),
    ("company.size", "gte", 12, True), ("company.name", "is", "Acme", True), ("company.tags", "contains", "x", True), ("company", "exists", None, True), ("list.0.a", "exists", None, False), ("plan.x", "exists", None, False),
])  # fmt: skip
def test_what_they_mean(path, op, value, answer):
    assert agreed(DOCUMENT, {"path": path, "op": op, **({} if value is None else {"value": value})}) is answer


@pytest.mark.django_db
@IN_DATABASE
@given(st.data())
def test_memory_and_database_agree(data):
    documents = data.draw(st.lists(DOCUMENTS, min_size=1, max_size=4))
    asked = data.draw(st.lists(COMPARISONS, min_size=1, max_size=6))
    people = Contact.objects.bulk_create([Contact(attributes=one, created_at=NOW, updated_at=NOW) for one in documents])
    stored = dict(Contact.objects.filter(pk__in=[person.pk for person in people]).values_list("pk", "attributes"))
    for one in asked:
        found = set(
            Contact.objects.filter(comparisons.as_q([one], "attributes"), pk__in=list(stored)).values_list(
                "pk", flat=True
            )
        )
        assert found == {pk for pk, document in stored.items() if comparisons.holds([one], document)}
    together = set(
        Contact.objects.filter(comparisons.as_q(asked, "attributes"), pk__in=list(stored)).values_list("pk", flat=True)
    )
    assert together == {pk for pk, document in stored.items() if comparisons.holds(asked, document)}


@pytest.mark.parametrize(("comparison", "words"), [
    (None, "None is not a comparison"), ("plan", "is not a comparison"), ({}, "path: None names no property"),
    ({"path": "", "op": "is", "value": 1}, "path: '' names no property"), ({"path": "a..b", "op": "is", "value": 1}, "path: 'a..b' names no property"),
    ({"path": 'a"b', "op": "is", "value": 1}, "names no property"), ({"path": "x" * 301, "op": "is", "value": 1}, "names no property"), ({"path": 5, "op": "is", "value": 1}, "names no property"),
    ({"path": "a", "op": "equals", "value": 1}, "op: 'equals' is not known; write one of: is, is_not"), ({"path": "a", "op": ["is"], "value": 1}, "op: ['is'] is not known"),
    ({"path": "a", "op": "is"}, "value: is needs a text, a number, true or false."), ({"path": "a", "op": "is", "value": [1]}, "value: is needs"),
    ({"path": "a", "op": "gt", "value": "2026-01-01"}, "value: gt needs a number; dates are compared with before and after."), ({"path": "a", "op": "gt", "value": True}, "value: gt needs a number"),
    ({"path": "a", "op": "gt", "value": float("nan")}, "value: gt needs a number"), ({"path": "a", "op": "gt", "value": 1e300}, "value: gt needs a number"),
    ({"path": "a", "op": "contains", "value": ""}, "value: contains needs a text that is not empty"), ({"path": "a", "op": "starts_with", "value": 1}, "value: starts_with needs"),
    ({"path": "a", "op": "in", "value": []}, "value: in needs a list of 1 to 1000"), ({"path": "a", "op": "in", "value": "abc"}, "value: in needs a list"), ({"path": "a", "op": "in", "value": [None]}, "value: in needs a list"),
    ({"path": "a", "op": "before", "value": "soon"}, "value: before needs a date, for example 2026-11-24"), ({"path": "a", "op": "after", "value": "2026-02-31"}, "value: after needs a date"),
    ({"path": "a", "op": "exists", "value": 1}, "value: exists takes none; leave it out."), ({"path": "a", "op": "is", "value": "nul\x00"}, "value: is needs"), ({"path": "a", "op": "is", "value": "\ud800"}, "value: is needs"),
    ({"path": "a", "op": "is", "value": 1, "values": 2}, "values: not known here"),
])  # fmt: skip
def test_a_bad_one_is_told_what_is_wrong(comparison, words):
    [sentence] = comparisons.check(comparison) if comparison != {} else comparisons.check(comparison)[:1]
    assert words in sentence


def test_of_several_the_bad_one_is_named():
    good, bad = {"path": "a", "op": "is", "value": 1}, {"path": "a", "op": "gt", "value": "x"}
    assert comparisons.check([good, bad]) == [
        "Comparison 2: value: gt needs a number; dates are compared with before and after."
    ]
    assert comparisons.check([good, good]) == []


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(["path", "op", "value"]), inner),
        max_leaves=8,
    )
)
def test_whatever_is_written_is_answered_with_sentences(anything):
    assert all(isinstance(sentence, str) and sentence for sentence in comparisons.check(anything))
