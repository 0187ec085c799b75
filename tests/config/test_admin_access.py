"""Who may open which page of the floors config and contacts: the table, and a walk over every URL of the admin."""

import pytest
from django.contrib.admin import site
from django.test import Client
from django.urls import get_resolver, reverse

from config.models import ApiToken
from contacts import merging, suppressions
from contacts.models import Consent, Event, Merge, RejectedEvent, Suppression
from tests import staff
from tests.builders import NOW, brand, consent, contact, event, segment, source, topic

pytestmark = pytest.mark.django_db
M, L, O, S, A, X = staff.ROLES  # noqa: E741
EVERYBODY = {*staff.ROLES, ""}

TABLE = {
    "index": EVERYBODY,
    "operations": {O, X},
    "password_change": EVERYBODY,
    "config_apitoken_changelist": {O, X},
    "config_apitoken_add": {O, X},
    "config_apitoken_change": {O, X},
    "config_apitoken_delete": {O, X},
    "auth_user_changelist": {X},
    "auth_user_add": {X},
    "auth_user_change": {X},
    "auth_user_password_change": {X},
    "auth_group_changelist": {X},
    "auth_group_add": {X},
    "auth_group_change": {X},
    "contacts_contact_changelist": {M, L, O, S, A, X},
    "contacts_contact_add": {X},
    "contacts_contact_change": {M, L, O, S, A, X},
    "contacts_contact_edit": {M, L, O, S, A, X},  # without the right to change, it shows the form and no button
    "contacts_contact_consent": {L, X},
    "contacts_contact_withdraw": {L, S, X},
    "contacts_contact_merge": {L, O, X},
    "contacts_contact_unmerge": {L, O, X},
    "contacts_contact_erase": {L, X},
    "contacts_contact_access": {L, X},
    "contacts_contact_evidence-json": {L, X},
    "contacts_contact_evidence-html": {L, X},
    "contacts_brand_changelist": {M, L, O, S, A, X},
    "contacts_brand_add": {X},
    "contacts_brand_change": {M, L, O, S, A, X},
    "contacts_topic_changelist": {M, L, O, S, A, X},
    "contacts_topic_add": {L, X},
    "contacts_topic_change": {M, L, O, S, A, X},
    "contacts_segment_changelist": {M, L, O, A, X},
    "contacts_segment_add": {M, X},
    "contacts_segment_change": {M, L, O, A, X},
    "contacts_segment_delete": {M, X},
    "contacts_source_changelist": {L, O, X},
    "contacts_source_add": {O, X},
    "contacts_source_change": {L, O, X},
    "contacts_rejectedevent_changelist": {L, O, X},
    "contacts_rejectedevent_change": {L, O, X},
    "contacts_event_changelist": {M, L, O, S, A, X},
    "contacts_event_change": {M, L, O, S, A, X},
    "contacts_consent_changelist": {M, L, O, S, A, X},
    "contacts_consent_change": {M, L, O, S, A, X},
    "contacts_suppression_changelist": {M, L, O, S, A, X},
    "contacts_suppression_add": {L, X},
    "contacts_suppression_change": {M, L, O, S, A, X},
    "contacts_suppression_lift": {L, X},
    "contacts_suppression_upload": {L, X},
    "contacts_suppression_download": {L, X},
    # nobody: ledgers are not written by hand, and nothing is deleted from them
    "contacts_contact_delete": set(),
    "contacts_consent_add": set(),
    "contacts_consent_delete": set(),
    "contacts_event_add": set(),
    "contacts_event_delete": set(),
    "contacts_rejectedevent_add": set(),
    "contacts_rejectedevent_delete": set(),
    "contacts_suppression_delete": set(),
}


@pytest.fixture
def things():
    """One row of each model, by URL name of its model; their ids."""
    person = contact("p-1", email="ada@example.test")
    consent(person)
    event(person)
    shop = source()
    rejected = RejectedEvent.objects.create(source=shop, received_at=NOW, reason="no name", payload={"type": "track"})
    merging.merge(person.pk, contact("p-2").pk, NOW, source="test")
    suppressions.add([suppressions.Suppress("x" * 43, "email", "bounce")], NOW)
    token, _ = ApiToken.objects.create(user=staff.user(name="robot"), name="CRM", scopes=["contacts:read"])
    return {
        "contacts_contact": person.pk,
        "contacts_brand": brand().pk,
        "contacts_topic": topic().pk,
        "contacts_segment": segment().pk,
        "contacts_source": shop.pk,
        "contacts_rejectedevent": rejected.pk,
        "contacts_event": Event.objects.first().pk,
        "contacts_consent": Consent.objects.get().pk,
        "contacts_suppression": Suppression.objects.get().pk,
        "config_apitoken": token.pk,
        "auth_user": token.user_id,
        "auth_group": 1,
    }


def address(name, things):
    model, _, page = name.rpartition("_")
    if name == "auth_user_password_change":
        return reverse(f"admin:{name}", args=[things["auth_user"]])
    if model not in things or page in ("changelist", "add", "upload", "download"):
        return reverse(f"admin:{name}")
    query = ""
    if page == "unmerge":
        query = f"?merge={Merge.objects.get().pk}"
    if page == "withdraw":
        told = Consent.objects.get()
        query = f"?topic={told.topic_id}&channel={told.channel}"
    return reverse(f"admin:{name}", args=[things[model]]) + query


@pytest.mark.parametrize("role", ["", *staff.ROLES])
def test_each_role_opens_exactly_its_pages(role, things):
    browser = staff.client(role)
    things["auth_group"] = browser.get("/admin/").wsgi_request.user.groups.values_list("pk", flat=True).first() or 1
    opened = {}
    for name in TABLE:
        opened[name] = browser.get(address(name, things)).status_code
    expected = {name: 200 if role in who else 403 for name, who in TABLE.items()}
    assert opened == expected


def test_the_table_names_every_page_of_these_floors():
    """A new page of these floors must be entered in the table above."""
    ours = ("config_", "contacts_", "auth_", "operations")
    left_out = (
        "_history",
        "_autocomplete",
        "_preview",
        "_refresh",
        "_simple_history",
        "auth_user_delete",
        "auth_group_delete",
        "contacts_brand_delete",
        "contacts_topic_delete",
        "contacts_source_delete",
    )
    names = {pattern.name for pattern in site.urls[0] if getattr(pattern, "name", None)}
    for model, model_admin in site._registry.items():
        if model._meta.app_label in ("config", "contacts", "auth"):
            names |= {pattern.name for pattern in model_admin.urls if pattern.name}
    pages = {name for name in names if name.startswith(ours) and not name.endswith(left_out)}
    assert pages - set(TABLE) == set()


def test_outsiders_are_sent_to_the_login(things):
    outsider = Client()
    for name in TABLE:
        response = outsider.get(address(name, things))
        assert (response.status_code, "/admin/login/" in response.get("Location", "")) == (302, True), name


def test_users_who_are_not_staff_are_sent_to_the_login(things):
    customer = staff.user(name="customer")
    customer.is_staff = False
    customer.save()
    browser = Client()
    browser.force_login(customer)
    assert browser.get("/admin/contacts/contact/").status_code == 302


@pytest.mark.parametrize("role", staff.ROLES)
def test_every_link_of_the_sidebar_opens(role):
    browser = staff.client(role)
    groups = browser.get("/admin/").context["sidebar_navigation"]
    links = [str(item["link"]) for group in groups for item in group["items"]]
    assert links
    assert {link: browser.get(link).status_code for link in links} == dict.fromkeys(links, 200)


def test_the_sidebar_shows_each_role_only_what_it_may():
    def titles(role):
        groups = staff.client(role, name=f"sidebar-{role}").get("/admin/").context["sidebar_navigation"]
        return {item["title"] for group in groups for item in group["items"]}

    marketer, operator = titles("Marketer"), titles("Operator")
    assert {"Contacts", "Segments", "Suppressions"} <= marketer
    assert not {"Jobs & queues", "API tokens", "Users", "Sources"} & marketer
    assert {"Jobs & queues", "API tokens", "Sources"} <= operator
    assert "Users" not in operator
    assert {"Users", "Roles"} <= titles("Administrator")
    assert titles("") == {"Home"}


def test_the_queue_engine_s_own_tables_are_not_offered():
    paths = {model._meta.app_label for model in site._registry}
    assert "django_q" not in paths


def test_get_never_changes_anything(things):
    browser = staff.superuser()
    for name in ("contacts_segment_refresh",):
        assert browser.get(reverse(f"admin:{name}", args=[things["contacts_segment"]])).status_code == 405
    assert browser.get(reverse("admin:contacts_segment_preview")).status_code == 405


def test_the_admin_has_no_url_outside_of_its_site():
    assert get_resolver().resolve("/admin/operations/").url_name == "operations"
