"""A row of a draft in the admin: added, changed, deleted; what is impossible is refused in a sentence at its field."""

import pytest
from django.urls import reverse

from compliance.law import drafts, rule_sets
from compliance.models import RuleSet
from tests import staff
from tests.builders import NOW
from tests.pages import who

pytestmark = pytest.mark.django_db

HOURS = {
    "jurisdiction": "GB", "channels": ["sms", "voice"], "category": "marketing", "weekday": ["mon", "tue", "sat"],
    "allowed_start_local": "09:00", "allowed_end_local": "24:00", "holidays_excluded": "on", "source": "An Act",
    "confidence": "low", "kind": "statute", "lifted_by_consent": "no", "effective_from": "2026-10-18",
    "effective_to": "", "note": "As read by counsel",
}  # fmt: skip
BAN = {
    "jurisdiction": "CN",
    "channels": ["all"],
    "category": "marketing",
    "code": "channel_restricted",
    "source": "A law",
}
CAP = {
    "jurisdiction": "US-NY", "channels": ["sms"], "category": "marketing", "limit": "2", "counts": "messages",
    "window": "local-day", "source": "A law",
}  # fmt: skip
ROWS = {"hours": HOURS, "bans": BAN, "caps": CAP}


@pytest.fixture
def draft() -> RuleSet:
    return rule_sets.copy_of_active(NOW)


@pytest.fixture
def lawyer():
    return staff.client("Legal reviewer")


def add(browser, rule_set: RuleSet, data: dict, table: str = "hours") -> str:
    address = reverse("admin:compliance_ruleset_row_add", args=(rule_set.pk, table))
    return browser.post(address, data, follow=True).content.decode()


def page(rule_set: RuleSet, table: str, pk: int, name: str = "row") -> str:
    return reverse(f"admin:compliance_ruleset_{name}", args=(rule_set.pk, table, pk))


def last(rule_set: RuleSet, table: str = "hours"):
    return drafts.placed(rule_set, table)[-1]


def test_a_row_of_hours_is_added_at_the_end(lawyer, draft) -> None:
    html = add(lawyer, draft, HOURS)
    assert "Saved: GB, sms voice, marketing: mon tue sat 09:00-24:00." in html
    assert len(rule_sets.content(draft).hours) == len(rule_sets.shipped().hours) + 1
    assert drafts.said("hours", last(draft).row) == {
        "jurisdiction": "GB", "channels": "sms voice", "category": "marketing", "weekday": "mon tue sat",
        "allowed_start_local": "09:00", "allowed_end_local": "24:00", "holidays_excluded": "yes", "source": "An Act",
        "confidence": "low", "kind": "statute", "lifted_by_consent": "no", "effective_from": "2026-10-18",
        "effective_to": "", "note": "As read by counsel",
    }  # fmt: skip


def test_days_on_which_nothing_is_allowed(lawyer, draft) -> None:
    html = add(lawyer, draft, {**HOURS, "allowed_start_local": "", "allowed_end_local": ""})
    assert "mon tue sat nothing." in html
    assert last(draft).row.start is None


def test_a_ban_and_a_cap(lawyer, draft) -> None:
    assert "Saved: CN, all, marketing: barred (channel_restricted)." in add(lawyer, draft, BAN, "bans")
    assert "Saved: US-NY, sms, marketing: at most 2 messages in a day." in add(lawyer, draft, CAP, "caps")


@pytest.mark.parametrize(
    ("table", "change", "field", "sentence"),
    [
        ("hours", {"jurisdiction": "XX"}, "jurisdiction", "is not known; write a country or a region of it"),
        ("hours", {"jurisdiction": "US-XX"}, "jurisdiction", "is not known"),
        ("hours", {"allowed_start_local": "25:00"}, "allowed_start_local", "is not a time of day"),
        ("hours", {"allowed_start_local": "20:00", "allowed_end_local": "08:00"}, "allowed_end_local", "The end is before the start"),
        ("hours", {"allowed_start_local": "08:00", "allowed_end_local": "08:00"}, "allowed_end_local", "It is the same as the start"),
        ("hours", {"allowed_end_local": ""}, "allowed_end_local", "Write both times, or neither"),
        ("hours", {"weekday": []}, "weekday", "Tick at least one weekday."),
        ("hours", {"channels": []}, "channels", "Tick at least one channel."),
        ("hours", {"source": ""}, "source", "This field is required."),
        ("hours", {"source": "x" * 401}, "source", "at most 400 characters"),
        ("hours", {"effective_to": "2026-01-01"}, "effective_to", "is before 2026-10-18"),
        ("hours", {"effective_from": "soon"}, "effective_from", "Enter a valid date."),
        ("hours", {"kind": "rumour"}, "kind", "Select a valid choice."),
        ("bans", {"code": "because"}, "code", "Select a valid choice."),
        ("caps", {"limit": "0"}, "limit", "is not a limit; write a whole number from 1 on."),
        ("caps", {"limit": "many"}, "limit", "is not a limit"),
    ],
)  # fmt: skip
def test_what_is_impossible_is_refused_at_its_field(lawyer, draft, table, change, field, sentence) -> None:
    before = rule_sets.content(draft)
    address = reverse("admin:compliance_ruleset_row_add", args=(draft.pk, table))
    answer = lawyer.post(address, {**ROWS[table], **change})
    assert any(sentence in told for told in answer.context["form"].errors[field])
    assert "An Act" in answer.content.decode() or table != "hours" or "source" in change
    assert rule_sets.content(draft) == before


def test_hours_that_overlap_are_refused_with_the_line_that_they_meet(lawyer, draft) -> None:
    add(lawyer, draft, HOURS)
    line = last(draft).line
    html = add(
        lawyer,
        draft,
        {**HOURS, "weekday": ["sat", "sun"], "allowed_start_local": "08:00", "allowed_end_local": "10:00"},
    )
    assert f"These hours overlap with line {line} (GB mon tue sat 09:00-24:00)" in html
    assert last(draft).line == line


def test_a_second_window_of_the_day_is_fine(lawyer, draft) -> None:
    add(lawyer, draft, HOURS)
    assert "Saved: GB" in add(lawyer, draft, {**HOURS, "allowed_start_local": "07:00", "allowed_end_local": "09:00"})


@pytest.mark.parametrize("table", ["hours", "bans", "caps"])
def test_the_form_shows_each_row_as_it_is(lawyer, draft, table) -> None:
    for one in drafts.placed(draft, table)[:12]:
        answer = lawyer.get(page(draft, table, one.pk))
        form = answer.context["form"]
        data = {name: form[name].value() for name in form.fields}
        data = {name: value for name, value in data.items() if value not in (None, False)}
        assert lawyer.post(page(draft, table, one.pk), data).status_code == 302
    assert rule_sets.content(draft) == rule_sets.shipped()


def test_a_row_is_changed_in_its_place(lawyer, draft) -> None:
    second = drafts.placed(draft, "hours")[1]
    lawyer.post(page(draft, "hours", second.pk), {**HOURS, "jurisdiction": "IE"})
    changed = drafts.placed(draft, "hours")[1]
    assert (changed.pk, changed.row.jurisdiction) == (second.pk, "IE")


def test_a_row_is_deleted_from_the_draft_only(lawyer, draft) -> None:
    first = drafts.placed(draft, "hours")[0]
    html = lawyer.post(page(draft, "hours", first.pk, "row_delete"), follow=True).content.decode()
    assert "Deleted from this draft: US, sms voice, marketing: mon-sun 08:00-21:00." in html
    assert rule_sets.content(draft).hours == rule_sets.shipped().hours[1:]
    assert rule_sets.active().tables == rule_sets.shipped()


def test_looking_deletes_nothing(lawyer, draft) -> None:
    first = drafts.placed(draft, "hours")[0]
    assert lawyer.get(page(draft, "hours", first.pk, "row_delete")).status_code == 405


def test_rows_of_other_sets_and_tables_are_not_found(lawyer, draft) -> None:
    other = drafts.placed(RuleSet.objects.get(state="active"), "hours")[0]
    assert lawyer.get(page(draft, "hours", other.pk)).status_code == 404
    assert lawyer.post(page(draft, "hours", other.pk), HOURS).status_code == 404
    assert lawyer.get(page(draft, "wishes", 1)).status_code == 404


def test_what_became_active_while_the_form_was_open_is_not_changed(lawyer, draft) -> None:
    form = drafts.read(draft, "bans", {**BAN, "channels": "all", "effective_from": "", "effective_to": "", "note": ""})
    rule_sets.activate(draft, staff.user("Administrator"), NOW)
    assert lawyer.post(reverse("admin:compliance_ruleset_row_add", args=(draft.pk, "bans")), BAN).status_code == 404
    with pytest.raises(Exception, match="is no draft"):
        drafts.put(draft, "bans", form, now=NOW)
    assert rule_sets.active().tables == rule_sets.shipped()


def test_who(draft) -> None:
    changers = {"Legal reviewer", "Administrator"}
    pk = drafts.placed(draft, "hours")[0].pk
    assert who(reverse("admin:compliance_ruleset_row_add", args=(draft.pk, "hours"))) == changers
    assert who(page(draft, "hours", pk)) == changers
    for role in set(staff.ROLES) - changers:
        assert staff.client(role, f"deletes-{role}").post(page(draft, "hours", pk, "row_delete")).status_code == 403
