"""Users and roles: an administrator who is no superuser makes none."""

import pytest
from django.contrib.auth.models import Group, User

from tests import staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrator():
    return staff.client("Administrator")


def save(browser, user, **fields):
    data = {
        "username": user.username,
        "first_name": "",
        "last_name": "",
        "email": "",
        "is_active": "on",
        "is_staff": "on",
        **fields,
    }
    return browser.post(f"/admin/auth/user/{user.pk}/change/", data)


def test_roles_are_given(administrator):
    user = staff.user(name="new")
    role = Group.objects.get(name="Analyst")
    assert save(administrator, user, groups=[role.pk]).status_code == 302
    assert list(user.groups.all()) == [role]


def test_nobody_makes_themselves_a_superuser(administrator):
    me = User.objects.get(username="administrator")
    save(administrator, me, is_superuser="on")
    me.refresh_from_db()
    assert not me.is_superuser


def test_a_superuser_is_out_of_reach(administrator):
    boss = User.objects.create_superuser("boss", password="old")
    save(administrator, boss, email="mine@example.test")
    administrator.post(
        f"/admin/auth/user/{boss.pk}/password/", {"password1": "n3w-passw0rd!", "password2": "n3w-passw0rd!"}
    )
    administrator.post(f"/admin/auth/user/{boss.pk}/delete/", {"post": "yes"})
    boss.refresh_from_db()
    assert boss.email == ""
    assert boss.check_password("old")


def test_a_superuser_may(client):
    other = staff.user(name="other")
    save(staff.superuser(), other, is_superuser="on")
    other.refresh_from_db()
    assert other.is_superuser


def test_a_user_is_added_and_can_log_in(administrator, client):
    data = {"username": "grace", "password1": "n3w-passw0rd!", "password2": "n3w-passw0rd!", "usable_password": "true"}
    assert administrator.post("/admin/auth/user/add/", data).status_code == 302
    assert client.login(username="grace", password="n3w-passw0rd!")


@pytest.mark.parametrize("number", [10, 60])
def test_the_list_costs_the_same_for_many(number, django_assert_max_num_queries):
    for index in range(number):
        User.objects.create(username=f"user-{index}")
    browser = staff.superuser()
    with django_assert_max_num_queries(9):
        assert browser.get("/admin/auth/user/").status_code == 200
