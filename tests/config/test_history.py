"""Everything that people edit keeps its history; nothing secret is in it."""

import pytest
from django.apps import apps
from django.contrib.admin import site
from django.contrib.auth.models import Group, User
from django.core.management import CommandError, call_command
from django.test import RequestFactory
from django.urls import reverse

from compliance.models import FrequencyCap, PrivacyRequest, ReviewPolicy
from config.adminsite import HistoryAdmin
from config.history import begin
from contacts.models import Source
from journeys import blueprints, histories
from tests import builders, staff
from tests.builders import NOW
from tests.journeys import driving

pytestmark = pytest.mark.django_db

WITHOUT = {
    "config.ApiToken": "never changed: made and revoked, both in the audit chain",
    "channels.Tester": "never changed: marked with a reason and unmarked, both in the audit chain",
    "contacts.Contact": "changes by events on the timeline, which name who edited what",
    "contacts.Suppression": "never changed: added, and lifted with a reason",
    "compliance.RuleSet": "each number is a state of its own; every row of a draft that changes is in the audit chain",
}
"""What may be added or edited in the admin, and why it has no history table."""
SECRETS = {"write_key", "password", "token", "token_key", "digest", "config", "secret"}


def edited(model) -> bool:
    """Whether somebody who may do everything finds a form for it in the admin."""
    request = RequestFactory().get("/")
    request.user = User(is_active=True, is_staff=True, is_superuser=True)
    admin = site._registry[model]
    return admin.has_add_permission(request) or admin.has_change_permission(request)


def test_what_people_edit_keeps_its_history() -> None:
    kept = {model._meta.label for model, admin in site._registry.items() if isinstance(admin, HistoryAdmin)}
    assert all(hasattr(model, "history") for model in site._registry if model._meta.label in kept)
    lacking = {model._meta.label for model in site._registry if edited(model)} - kept
    assert lacking - WITHOUT.keys() == set()


def test_the_exceptions_are_there_and_needed() -> None:
    labels = {model._meta.label: model for model in site._registry}
    assert WITHOUT.keys() <= labels.keys()
    assert not [label for label in WITHOUT if hasattr(labels[label], "history")]


def test_inlines_keep_theirs_too() -> None:
    inlines = {inline.model for admin in site._registry.values() for inline in admin.inlines}
    editable = {i.model for a in site._registry.values() for i in a.inlines if not i.__name__.startswith("ReadOnly")}
    bare = {model._meta.label for model in inlines & editable if not hasattr(model, "history")}
    assert bare <= {"contacts.Address"}  # of a contact, see above


def test_no_secret_is_in_any_history() -> None:
    for model in site._registry:
        if hasattr(model, "history"):
            assert not SECRETS & {field.name for field in model.history.model._meta.fields}, model


def test_a_source_says_who_turned_it_off_and_why_and_comes_back() -> None:
    root = staff.superuser()
    shop = Source.objects.create(brand=builders.brand(), name="Shop")
    page = f"/admin/contacts/source/{shop.pk}/change/"
    data = {"name": "Shop", "brand": shop.brand_id, "consent_grants": "[]"}
    refused = root.post(page, data)
    assert "Say why you change “Enabled”" in refused.content.decode()
    root.post(page, {**data, "change_reason": "It sends doubles."})
    shop.refresh_from_db()
    latest = shop.history.first()
    assert (shop.enabled, latest.enabled, latest.history_change_reason) == (False, False, "It sends doubles.")
    assert latest.history_user.username == "root"
    key = shop.write_key
    earlier = reverse("admin:contacts_source_simple_history", args=[shop.pk, shop.history.last().history_id])
    assert key not in root.get(earlier).content.decode()
    root.post(earlier)  # also the way back is a change of what goes in
    shop.refresh_from_db()
    assert not shop.enabled
    root.post(earlier, {"change_reason": "Mended."})
    shop.refresh_from_db()
    assert (shop.enabled, shop.write_key) == (True, key)


def test_a_persons_roles_are_in_the_history_and_come_back() -> None:
    root = staff.superuser()
    lena = builders.user("lena")
    lena.groups.add(Group.objects.get(name="Legal reviewer"))
    with_role = lena.history.first()
    lena.groups.clear()
    page = reverse("admin:auth_user_simple_history", args=[lena.pk, with_role.history_id])
    shown = root.get(page).content.decode()
    assert "Legal reviewer" in shown
    assert lena.password not in shown
    root.post(page, {"change_reason": "She is back."})
    assert [group.name for group in lena.groups.all()] == ["Legal reviewer"]
    assert lena.history.first().history_change_reason == "She is back."


def test_a_login_is_no_change() -> None:
    lena = builders.user("lena")
    before = lena.history.count()
    lena.last_login = NOW
    lena.save(update_fields=["last_login"])
    assert lena.history.count() == before


def test_a_role_that_is_given_from_the_roles_side_is_kept_of_the_person() -> None:
    lena, analysts = builders.user("lena"), Group.objects.get(name="Analyst")
    analysts.user_set.add(lena)
    assert [link.group.name for link in lena.history.first().groups.all()] == ["Analyst"]
    rows = lena.history.count()
    analysts.user_set.add(lena)
    assert lena.history.count() == rows


def test_a_role_that_is_taken_from_everybody_is_kept_of_each_who_had_it() -> None:
    lena, max_, ida = (builders.user(name) for name in ("lena", "max", "ida"))
    analysts = Group.objects.get(name="Analyst")
    analysts.user_set.add(lena, max_)
    rows = {one: one.history.count() for one in (lena, max_, ida)}
    analysts.user_set.clear()
    assert {one: one.history.count() - rows[one] for one in rows} == {lena: 1, max_: 1, ida: 0}
    assert [list(one.history.first().groups.all()) for one in (lena, max_)] == [[], []]
    analysts.user_set.clear()
    assert lena.history.count() == rows[lena] + 1


def test_what_somebody_asked_for_is_kept_without_who_it_was() -> None:
    ada = builders.contact("ada", email="ada@example.org")
    asked = PrivacyRequest.objects.create(kind="access", contact=ada, address="ada@example.org", received_at=NOW)
    asked.extended_because = "Ada asked for much."
    asked.save()
    assert asked.history.first().due_at == asked.due_at > asked.history.last().due_at
    assert not {"contact", "address", "note", "extended_because"} & {f.name for f in asked.history.model._meta.fields}


@pytest.mark.django_db(transaction=True)
def test_what_is_there_when_a_history_begins_is_its_first_state() -> None:
    """Otherwise the first change after an update would be beyond recall."""
    lena = builders.user("lena")
    lena.groups.add(Group.objects.get(name="Analyst"))
    version = driving.draft(driving.step("wait", for_="3d"))
    User.history.all().delete()
    type(version).history.all().delete()
    begin("auth", "User", "config")(apps, None)
    begin("journeys", "Version", "journeys")(apps, None)
    first = lena.history.get()
    assert (first.username, [link.group.name for link in first.groups.all()]) == ("lena", ["Analyst"])
    assert histories.design(version.history.get()) == blueprints.of(version)


def test_what_is_weighty_can_be_changed_in_the_form_and_not_deleted_without_a_reason() -> None:
    root = staff.superuser()
    for model, admin in site._registry.items():
        names = {field.name for field in model._meta.fields}
        assert set(getattr(admin, "weighty", ())) <= names, model
    cap = FrequencyCap.objects.create(brand=builders.brand(), name="Weekly", limit=3, days=7)
    change = reverse("admin:compliance_frequencycap_change", args=[cap.pk])
    data = {
        "brand": cap.brand_id,
        "name": "New",
        "limit": 3,
        "days": 7,
        "classes": ["marketing"],
        "action": "defer",
        "enabled": "on",
    }
    assert "Say why you change “Channels”" in root.post(change, {**data, "channels": ["webhook"]}).content.decode()
    assert root.post(change, data).status_code == 302  # a new name says itself
    page = reverse("admin:compliance_frequencycap_delete", args=[cap.pk])
    assert 'name="change_reason"' in root.get(page).content.decode()
    for asked in (page, reverse("admin:compliance_frequencycap_change", args=[cap.pk])):
        assert "Name no customer: an erasure does not search histories." in root.get(asked).content.decode()
    assert "Say why you delete it" in root.post(page, {"post": "yes"}, follow=True).content.decode()
    root.post(page, {"post": "yes", "change_reason": "The law changed."})
    gone = FrequencyCap.history.first()
    assert (gone.history_type, gone.history_change_reason) == ("-", "The law changed.")
    assert not FrequencyCap.objects.exists()


LIGHT = {"name", "key", "config", "next_slot_at", "write_key", "created_at", "withdrawn_at", "reason", "history"}
FIXED = {"compliance.HousePolicy": {"brand"}, "channels.Account": {"brand", "channel"}}
"""What nobody can change once it is there."""


def test_of_what_decides_what_goes_out_all_but_names_is_weighty() -> None:
    weighed = {model: set(admin.weighty) for model, admin in site._registry.items() if getattr(admin, "weighty", ())}
    for model, names in weighed.items():
        label = model._meta.label
        known = {field.name for field in model._meta.fields if not field.primary_key}
        assert known - LIGHT - FIXED.get(label, set()) - names == set(), label
    assert len(weighed) == 8


def test_the_steps_of_a_review_policy_are_not_changed_without_a_reason() -> None:
    root = staff.superuser()
    policy = ReviewPolicy.objects.create(name="Texts", words=["sale", "free"])
    step = policy.steps.create(name="Legal", approvers=2)
    page = reverse("admin:compliance_reviewpolicy_change", args=[policy.pk])
    rows = {"steps-TOTAL_FORMS": 1, "steps-INITIAL_FORMS": 1, "steps-0-id": step.pk, "steps-0-policy": policy.pk,
            "steps-0-position": 1, "steps-0-name": "Legal", "steps-0-approvers": 2, "steps-0-due_hours": 24}  # fmt: skip
    data = {"name": "SMS", "words": "sale, free", "audience_from": 0, "valid_days": 0, "enabled": "on", **rows}
    assert root.post(page, data).status_code == 302
    fewer = {**data, "steps-0-approvers": 1}
    assert "Say why you change the steps" in root.post(page, fewer).content.decode()
    step.refresh_from_db()
    assert step.approvers == 2
    assert root.post(page, {**fewer, "change_reason": "One is enough."}).status_code == 302
    assert step.history.first().history_change_reason == "One is enough."


@pytest.mark.parametrize(("verb", "state"), [("pause", "paused"), ("archive", "archived"), ("retire", "live")])
def test_commands_ask_who_and_why(verb, state, capsys) -> None:
    version = driving.live(driving.step("wait", for_="3d"))
    who = driving.publisher().username
    with pytest.raises(CommandError, match="--reason"):
        call_command("journeys", verb, "welcome", "--user", who)
    with pytest.raises(CommandError, match="Say why you"):
        call_command("journeys", verb, "welcome", "--user", who, "--reason", " ")
    with pytest.raises(CommandError, match="permission to publish"):
        call_command("journeys", verb, "welcome", "--user", builders.user("max").username, "--reason", "x")
    call_command("journeys", verb, "welcome", "--user", who, "--reason", "A complaint.")
    version.journey.refresh_from_db()
    assert version.journey.state == state
    kept = version.history if verb == "retire" else version.journey.history
    assert (kept.first().history_change_reason, kept.first().history_user.username) == ("A complaint.", who)
