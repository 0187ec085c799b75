"""Who may open which page of the admin and use which route of the API: a walk over all of them, compared with a table."""

import pytest
from django.contrib.admin import site
from django.test import Client
from django.urls import get_resolver, reverse

from tests import builders, staff
from tests.config import walking
from tests.config.access import ACCESS
from tests.granted import MARKETER, browser, holder

pytestmark = pytest.mark.django_db
ROLES = dict(zip("MLOSAXe", (*staff.ROLES, ""), strict=True))
BRANDS = {"b": "acme", "f": "other"}


@pytest.fixture
def things():
    """One row of each model, all of the brand `acme`; their keys by the name of the model."""
    return walking.things()


@pytest.mark.parametrize("letter", [*ROLES, *BRANDS])
def test_each_gets_through_to_exactly_what_the_table_says(letter, things):
    if letter in ROLES:
        reader = staff.client(ROLES[letter])
    else:
        reader = browser(holder("mara", builders.brand(BRANDS[letter]), *MARKETER))
    found = walking.opened(reader, things)
    assert found == {name for name, who in ACCESS.items() if letter in who}


def test_the_table_names_every_page_and_route_and_nothing_else(things):
    """A new one must be entered in the table."""
    assert {*walking.pages(things), *walking.routes(things)} == set(ACCESS)


def test_a_superuser_gets_through_to_all_that_anybody_may(things):
    found = walking.opened(staff.superuser(), things)
    assert {name for name, who in ACCESS.items() if who} - found == set()


def test_outsiders_are_sent_to_the_login(things):
    outsider = Client()
    for name, address in walking.pages(things).items():
        response = outsider.get(address)
        assert (response.status_code, "/admin/login/" in response.get("Location", "")) == (302, True), name
    for name, (method, address) in walking.routes(things).items():
        assert getattr(outsider, method)(address).status_code == 401, name


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
    assert titles("") == {"Home", "Notices"}


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
