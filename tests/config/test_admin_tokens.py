"""API tokens in the admin: shown once, no more rights than their maker's, revoked for good."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from compliance.models import AuditNote
from config.models import ApiToken
from tests import builders, granted, staff

pytestmark = pytest.mark.django_db
ADD = "/admin/config/apitoken/add/"


def make(browser, user, **fields):
    data = {"name": "CRM", "user": user.pk, "scopes": ["contacts:read"], "days": 30, **fields}
    return browser.post(ADD, data)


def me(browser):
    return browser.get("/admin/").wsgi_request.user


def errors(response):
    return " ".join(text for texts in response.context["adminform"].form.errors.values() for text in texts)


@pytest.fixture
def operator():
    return staff.client("Operator")


def test_a_new_token_is_shown_once_and_works(operator):
    page = make(operator, me(operator))
    token = re.search(r"wm_[0-9a-f]{20,}", page.content.decode()).group()
    assert "no-store" in page["Cache-Control"]
    stored = ApiToken.objects.get()
    assert token not in (stored.digest, stored.token_key)
    listed = operator.get("/admin/config/apitoken/").content.decode()
    assert "CRM" in listed
    assert token not in listed
    assert token not in operator.get(f"/admin/config/apitoken/{stored.pk}/change/").content.decode()


def test_it_lives_as_long_as_was_asked_for(operator):
    make(operator, me(operator), days=30)
    token = ApiToken.objects.get()
    assert (token.expiry - token.created).days in (29, 30)
    assert token.scopes == ["contacts:read"]


def test_nobody_hands_out_more_than_they_hold(operator):
    admin = User.objects.create_superuser("boss")
    response = make(operator, admin)
    assert "boss may do things that you may not; only boss or a superuser can make this token." in errors(response)
    assert not ApiToken.objects.exists()


@pytest.mark.parametrize("right", ["approve_in_brand", "edit_in_brand"])
def test_nor_what_is_given_on_one_brand_only(operator, right):
    rita = granted.holder("rita", builders.brand(), right)
    assert "rita may do things that you may not" in errors(make(operator, rita))
    assert not ApiToken.objects.exists()


def test_an_administrator_holds_whatever_can_be_given():
    rita = granted.holder("rita", builders.brand(), "approve_in_brand")
    assert make(staff.client("Administrator"), rita).status_code == 200
    assert ApiToken.objects.get().user == rita


def test_a_superuser_makes_tokens_for_others():
    robot = staff.user("Marketer", "robot")
    assert make(staff.superuser(), robot).status_code == 200
    assert ApiToken.objects.get().user == robot


def test_an_operator_makes_tokens_for_those_who_may_less(operator):
    make(operator, staff.user(name="robot"))
    assert ApiToken.objects.get().user.username == "robot"


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"name": ""}, "This field is required."),
        ({"scopes": ["everything"]}, "Select a valid choice. everything is not one of the available choices."),
        ({"scopes": []}, "This field is required."),
        ({"days": 0}, "greater than or equal to 1"),
        ({"days": 4000}, "less than or equal to 3650"),
    ],
)
def test_bad_input(operator, fields, sentence):
    assert sentence in errors(make(operator, me(operator), **fields))
    assert not ApiToken.objects.exists()


def test_revoking_takes_a_reason_and_is_for_good(operator):
    page = make(operator, me(operator))
    secret = re.search(r"wm_[0-9a-f]{20,}", page.content.decode()).group()
    token = ApiToken.objects.get()
    address = f"/admin/config/apitoken/{token.pk}/revoke/"
    assert address in operator.get(f"/admin/config/apitoken/{token.pk}/change/").content.decode()
    assert "Whatever uses it is refused" in operator.get(address).content.decode()
    assert operator.post(address, {"reason": " "}).status_code == 400
    token.refresh_from_db()
    assert token.revoked_at is None
    operator.post(address, {"reason": "It was in a chat."})
    operator.post(address, {"reason": "Twice."})
    token.refresh_from_db()
    assert token.revoked_because == "It was in a chat."
    assert "It was in a chat." in operator.get(f"/admin/config/apitoken/{token.pk}/change/").content.decode()
    refused = Client(headers={"Authorization": f"Bearer {secret}"}).get("/api/contacts/")
    assert (refused.status_code, "This token was revoked on" in refused.json()["detail"]) == (401, True)
    note = AuditNote.objects.get(kind="token.changed")
    assert (note.actor, "reason" in note.payload) == (token.user_id, True)


@pytest.mark.parametrize("role", ["Marketer", "Legal reviewer", "Support agent", "Analyst"])
def test_other_roles_revoke_none(operator, role):
    make(operator, me(operator))
    token = ApiToken.objects.get()
    assert staff.client(role).post(f"/admin/config/apitoken/{token.pk}/revoke/", {"reason": "No."}).status_code == 403
    token.refresh_from_db()
    assert token.revoked_at is None


def test_a_token_cannot_be_changed(operator):
    make(operator, me(operator))
    token = ApiToken.objects.get()
    operator.post(f"/admin/config/apitoken/{token.pk}/change/", {"name": "other"})
    assert ApiToken.objects.get().name == "CRM"
