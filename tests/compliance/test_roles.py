"""Roles: one table, written into groups; nothing in it is a typing mistake."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext

from compliance import roles
from tests import staff

pytestmark = pytest.mark.django_db


def names(group):
    return {f"{p.content_type.app_label}.{p.codename}" for p in group.permissions.select_related("content_type")}


def may(role, permission):
    return staff.user(role, f"{role}-{permission}").has_perm(permission)


@pytest.mark.parametrize("role", roles.TABLE)
def test_every_permission_of_the_table_exists(role):
    known = {
        f"{app}.{codename}" for app, codename in Permission.objects.values_list("content_type__app_label", "codename")
    }
    assert roles.permissions(role) - known == set()


@pytest.mark.parametrize("role", roles.TABLE)
def test_the_group_holds_exactly_the_permissions_of_the_table(role):
    assert names(Group.objects.get(name=role)) == roles.permissions(role)


def test_there_are_the_six_roles():
    assert set(Group.objects.values_list("name", flat=True)) == set(staff.ROLES)


@pytest.mark.parametrize(
    ("permission", "who"),
    [
        ("journeys.publish_journey", {"Marketer", "Administrator"}),
        ("channels.submit_templateversion", {"Marketer", "Administrator"}),
        ("compliance.decide_approval", {"Legal reviewer", "Administrator"}),
        ("compliance.change_quiethours", {"Legal reviewer", "Administrator"}),
        ("compliance.change_frequencycap", {"Legal reviewer", "Administrator"}),
        ("compliance.change_housepolicy", {"Legal reviewer", "Administrator"}),
        ("compliance.add_withdrawnwording", {"Legal reviewer", "Administrator"}),
        ("compliance.change_rules", {"Legal reviewer", "Administrator"}),
        ("compliance.view_ruleset", {"Marketer", "Legal reviewer", "Operator", "Analyst", "Administrator"}),
        ("compliance.add_stop", {"Legal reviewer", "Operator", "Administrator"}),
        ("contacts.add_suppression", {"Legal reviewer", "Administrator"}),
        ("contacts.change_topic", {"Legal reviewer", "Administrator"}),
        ("contacts.add_consent", {"Legal reviewer", "Administrator"}),
        ("contacts.override_consent", {"Legal reviewer", "Administrator"}),
        ("channels.send_test", {"Marketer", "Legal reviewer", "Administrator"}),
        ("compliance.export_personal_data", {"Legal reviewer", "Administrator"}),
        ("contacts.change_consentstate", {"Legal reviewer", "Support agent", "Administrator"}),
        ("contacts.change_contact", {"Marketer", "Administrator"}),
        ("contacts.change_segment", {"Marketer", "Administrator"}),
        ("channels.change_account", {"Operator", "Administrator"}),
        ("contacts.add_source", {"Operator", "Administrator"}),
        ("config.add_apitoken", {"Operator", "Administrator"}),
        ("config.view_operations", {"Operator", "Administrator"}),
        ("channels.view_message", set(staff.ROLES)),
        ("channels.view_inboundmessage", set(staff.ROLES)),
        ("channels.review_inboundmessage", {"Legal reviewer", "Support agent", "Administrator"}),
        ("compliance.view_decision", set(staff.ROLES)),
        ("auth.change_user", {"Administrator"}),
    ],
)
def test_who_may(permission, who):
    assert {role for role in staff.ROLES if may(role, permission)} == who


@pytest.mark.parametrize("role", sorted(set(roles.TABLE) - {"Marketer", "Legal reviewer", "Operator", "Support agent"}))
def test_analysts_only_look(role):
    assert {name.partition(".")[2].partition("_")[0] for name in roles.permissions(role)} == {"view"}


def test_nobody_deletes_what_a_ledger_keeps():
    for role in roles.TABLE:
        for model in ("consent", "event", "suppression"):
            assert f"contacts.delete_{model}" not in roles.permissions(role)
        assert "compliance.delete_decision" not in roles.permissions(role)


def test_no_role_both_writes_templates_and_approves_them():
    for role in roles.TABLE:
        assert not {"channels.submit_templateversion", "compliance.decide_approval"} <= roles.permissions(role)


def test_an_administrator_may_everything_of_ours_and_nothing_of_others():
    apps = {name.partition(".")[0] for name in names(Group.objects.get(name="Administrator"))}
    assert apps == set(roles.OURS)


def test_what_was_changed_by_hand_is_set_back():
    group = Group.objects.get(name="Analyst")
    group.permissions.set(Permission.objects.filter(codename="decide_approval"))
    roles.sync()
    assert names(group) == roles.permissions("Analyst")


def test_groups_of_others_are_left_alone():
    own = Group.objects.create(name="Interns")
    own.permissions.set(Permission.objects.filter(codename="view_contact"))
    roles.sync()
    assert names(own) == {"contacts.view_contact"}


def test_a_second_time_nothing_is_written():
    roles.sync()
    with CaptureQueriesContext(connection) as queries:
        roles.sync()
    assert not [query["sql"] for query in queries if query["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]


def test_a_deleted_group_comes_back():
    Group.objects.filter(name="Operator").delete()
    roles.sync()
    assert names(Group.objects.get(name="Operator")) == roles.permissions("Operator")


def test_the_demo_finds_its_roles():
    from demo.staff import LOGINS

    wanted = {login.role for login in LOGINS} - {"admin"}
    assert all(Group.objects.filter(name__iexact=role).exists() for role in wanted)


def test_an_unknown_role_is_an_error():
    with pytest.raises(KeyError):
        roles.permissions("Intern")
