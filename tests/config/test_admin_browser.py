"""The admin in a real browser, in both themes and on a telephone: nothing breaks, overflows, or asks others for anything."""

import os
from collections.abc import Iterator
from datetime import timedelta

import pytest

from config.models import Heartbeat
from contacts import suppressions
from contacts.models import Source, Suppression
from tests import needs, staff
from tests.builders import NOW, brand, consent, contact, event, segment, source, topic

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SCREENS = {"light": (1400, "light"), "dark": (1400, "dark"), "telephone": (390, "dark")}


@pytest.fixture(scope="module")
def chromium() -> Iterator:
    from playwright.sync_api import sync_playwright

    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # playwright keeps a loop running in this thread
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=needs.CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def people():
    """One person with everything, and one of whom nothing is known."""
    ada = contact(
        "user-1", email="ada@example.test", phone="+33612345678", first_name="Ada", timezone="Asia/Tokyo", plan="pro"
    )
    for number in range(50):
        event(ada, "order.completed", at=NOW - timedelta(hours=number), revenue=number)
    consent(ada)
    suppressions.add([suppressions.Suppress(ada.addresses.first().digest, "email", "bounce")], NOW)
    segment("pros", refreshed=NOW)
    source()
    Heartbeat.objects.create(name="a-very-long-name-of-a-machine.example.internal", beat_at=NOW, started_at=NOW)
    return ada, contact()


@pytest.fixture
def log_in(chromium, live_server, people):
    """A page of a user in this role, and what went wrong on it."""
    contexts = []

    def build(role: str, screen: str = "light"):
        width, scheme = SCREENS[screen]
        user = staff.user(role)
        user.set_password("secret")
        user.save()
        context = chromium.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, timezone_id="Europe/Berlin"
        )
        contexts.append(context)
        page, wrong = context.new_page(), []
        page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on(
            "request",
            lambda sent: wrong.append(sent.url) if not sent.url.startswith((live_server.url, "data:")) else None,
        )
        page.goto(f"{live_server.url}/admin/")
        page.fill("#id_username", user.username)
        page.fill("#id_password", "secret")
        page.press("#id_password", "Enter")
        page.wait_for_selector("#nav-sidebar-apps", state="attached")
        return page, wrong

    yield build
    for context in contexts:
        context.close()


def addresses(ada, stranger):
    """Every kind of page of these floors."""
    row = "/admin/contacts"
    return [
        "/admin/",
        "/admin/operations/",
        f"{row}/contact/",
        f"{row}/contact/?q=nobody",
        f"{row}/contact/{ada.pk}/change/",
        f"{row}/contact/{stranger.pk}/change/",
        f"{row}/contact/{ada.pk}/edit/",
        f"{row}/contact/{ada.pk}/consent/",
        f"{row}/contact/{ada.pk}/withdraw/?topic={topic().pk}&channel=email",
        f"{row}/brand/{brand().pk}/change/",
        f"{row}/segment/",
        f"{row}/segment/add/",
        f"{row}/source/{Source.objects.get().pk}/change/",
        f"{row}/suppression/add/",
        f"{row}/suppression/{Suppression.objects.get().pk}/lift/",
        f"{row}/rejectedevent/",
        "/admin/config/apitoken/add/",
        "/admin/auth/user/",
    ]


def violations(page):
    """What axe finds, but for what Unfold draws itself: its sidebar's scroller, and the empty head of its delete column."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [
        (violation["id"], node["html"][:120])
        for violation in found
        if violation["id"] not in ("landmark-unique", "empty-table-header")
        for node in violation["nodes"]
    ]


@pytest.mark.parametrize("screen", SCREENS)
def test_every_page_stands(log_in, live_server, people, screen):
    page, wrong = log_in("Administrator", screen)
    wide, barriers = [], []
    for path in addresses(*people):
        page.goto(live_server.url + path)
        page.wait_for_load_state("networkidle")
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            wide.append(path)
        if path != "/admin/":  # its cards are other floors', and tested there
            barriers += [(path, *found) for found in violations(page)]
    assert wrong == []
    assert wide == []
    assert barriers == []


def test_times_are_told_in_the_browser_s_zone(log_in, live_server, people):
    page, _ = log_in("Analyst")
    page.goto(f"{live_server.url}/admin/contacts/contact/{people[0].pk}/change/")
    first = page.locator(".wm-line").first.inner_text()
    assert first.startswith("13:00")
    assert "21:00 there" in first


def test_the_count_follows_what_is_typed(log_in, live_server, people):
    page, wrong = log_in("Marketer")
    page.goto(f"{live_server.url}/admin/contacts/segment/add/")
    page.wait_for_selector("#segment-preview >> text=Write a condition")
    page.fill("#id_condition", '{"kind": "attribute", "path": "plan", "op": "is", "value": "pro"}')
    page.wait_for_selector("#segment-preview >> text=person fits this condition")
    assert "ada@example.test" in page.inner_text("#segment-preview")
    page.fill("#id_condition", '{"kind": ')
    page.wait_for_selector("#segment-preview >> text=This is not JSON: line 1")
    assert wrong == []


def test_a_line_of_the_timeline_opens_with_the_keyboard(log_in, live_server, people):
    page, _ = log_in("Support agent")
    page.goto(f"{live_server.url}/admin/contacts/contact/{people[0].pk}/change/")
    line = page.locator(".wm-line").first
    line.locator("summary").focus()
    page.keyboard.press("Enter")
    assert line.locator("pre").is_visible()
    assert '"segment": "pros"' in line.locator("pre").inner_text()


def test_older_events_are_a_click_away(log_in, live_server, people):
    page, _ = log_in("Analyst")
    page.goto(f"{live_server.url}/admin/contacts/contact/{people[0].pk}/change/")
    page.click("text=Older")
    page.wait_for_url("**before=**")
    assert page.locator(".wm-line").count() == 50 + 1 + 1 - 40  # with the consent, and the entry into the segment


def test_a_token_is_made_in_three_steps(log_in, live_server):
    page, wrong = log_in("Operator")
    page.goto(f"{live_server.url}/admin/config/apitoken/add/")
    page.fill("#id_name", "CRM")
    page.check("text=contacts:read")
    page.click("text=Save")
    assert page.inner_text("#token").startswith("wm_")
    assert wrong == []
