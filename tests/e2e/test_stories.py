"""A day with the product, in a browser: words are written and approved, a journey sends them, and a person has had enough."""

import time
from datetime import datetime
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser

from tests.e2e.conftest import LogIn
from tests.e2e.site import Site
from tests.e2e.watched import Watched
from tests.patience import PATIENCE

ROW = "#result_list tbody a[href*='/change/']"
VERSIONS = "/admin/channels/templateversion"
QUEUE = "/admin/compliance/review/queue/"
STOPS = "/admin/compliance/stop/"
WORDS = {
    "content_subject": "{{ contact.first_name | default: 'Hello' }}, your ticket is booked",
    "content_html": "<h1>See you on Friday</h1><p>Seat {{ event.seat | default: 'of your choice' }}.</p>"
    '<p><a href="https://shop.example.test/tickets">Your tickets</a></p>'
    '<p>{{ brand.postal_address }} <a href="{{ unsubscribe_url }}">Unsubscribe</a></p>',
    "content_text": "See you on Friday. Seat {{ event.seat | default: 'of your choice' }}. Unsubscribe: {{ unsubscribe_url }}",
}
ZONES = "Pacific/Auckland Asia/Tokyo Asia/Kolkata Europe/Berlin America/New_York America/Los_Angeles Pacific/Honolulu"
BUYER = "e2e-grace"
SENT, WAITING = "accepted by the provider", "waiting for the gate"
"""What a list calls the states of a message, in small letters."""


@pytest.fixture(scope="module")
def words(log_in: LogIn) -> str:
    """The page of a version that one person wrote and another approved."""
    marketer, legal = log_in("marketer"), log_in("legal")
    page = write(marketer)
    assert "Approve" not in marketer.words()
    marketer.click("text=Submit for approval")
    assert "You wrote it, so somebody else decides." in marketer.words()
    assert marketer.page.locator("button:has-text('Approve')").count() == 0
    marketer.judge()
    approve(legal, "Ticket booked", page)
    marketer.open(page)
    assert "In use. What it says is sealed" in marketer.words()
    assert marketer.page.locator("[name=content_subject]").count() == 0
    marketer.judge()
    marketer.picture("template version, approved")
    assert marketer.wrong == legal.wrong == []
    return page


@pytest.fixture(scope="module")
def journey(log_in: LogIn, words: str) -> str:
    """The page of a live journey with one step, which sends those words."""
    seen = log_in("marketer")
    seen.open("/admin/journeys/journey/add/")
    seen.page.fill("[name=name]", "Tickets")
    seen.page.select_option("[name=brand]", label="Waymark Records")
    seen.click("[name=_continue]")
    page = seen.path
    seen.judge()
    assert "Publish the draft" not in seen.words()
    seen.click("text=Edit the draft")
    design(seen)
    draft = seen.path
    seen.judge()
    seen.picture("journey, draft")
    assert seen.page.locator("a:has-text('Publish')").count() == 0
    seen.click("text=Submit for approval")
    assert "You wrote it, so somebody else decides." in seen.words()
    approve(log_in("legal"), "Tickets", draft)
    seen.open(draft)
    seen.click("a:has-text('Publish')")
    seen.click("button:has-text('Publish the draft')")
    assert seen.path == page
    assert "Published: from now on people enter the new version." in seen.page.inner_text("body")
    assert seen.wrong == []
    return page


@pytest.fixture(scope="module")
def message(log_in: LogIn, worker: Site, journey: str) -> str:
    """The page of the message that an event of the shop led to."""
    book(worker, seat="12A")
    seen = log_in("marketer")
    until(seen, "/admin/channels/message/?journey=tickets", SENT)
    seen.click(ROW)
    assert seen.path != "/admin/channels/message/"
    return seen.path


def test_the_author_cannot_approve_and_a_lawyer_can(words: str) -> None:
    assert words.startswith(VERSIONS)


def test_a_journey_is_made_and_published(journey: str, log_in: LogIn) -> None:
    seen = log_in("legal")
    seen.open(journey)
    assert "Send a message" in seen.words()
    assert seen.page.locator("button:has-text('Pause'), a:has-text('New draft')").count() == 0
    seen.judge()
    assert seen.wrong == []


def test_an_event_becomes_a_mail_that_explains_itself(message: str, log_in: LogIn) -> None:
    seen = log_in("marketer")
    seen.open(message)
    said = seen.words()
    assert "Grace, your ticket is booked" in said
    assert "by the journey tickets" in said
    assert "Consent" in said
    assert "A service message may be sent until the person says no." in said
    assert (
        "See you on Friday"
        in seen.page.frame_locator("iframe[title='The mail as it was sent']").locator("body").inner_text()
    )
    seen.judge()
    seen.picture("message")
    read_in_the_sandbox(seen)
    assert seen.wrong == []


def test_clicks_count_and_the_way_out_works_at_once(
    message: str, log_in: LogIn, worker: Site, chromium: Browser
) -> None:
    seen = log_in("marketer")
    unsubscribe(seen, chromium)
    book(worker, seat="14C")
    until(seen, "/admin/channels/message/?journey=tickets&reason=opted_out", "not sent")
    seen.click(ROW)
    assert "Withdrawn on" in seen.words()
    seen.judge()
    seen.picture("message, blocked")
    seen.click("#main .wm-person a[href*='/contacts/contact/']")
    said = seen.words()
    assert "opted_out" in said
    assert "withdrawn" in said.lower()
    seen.judge()
    seen.picture("contact")
    assert seen.wrong == []


@pytest.mark.parametrize("who", ["legal", "operator"])
def test_the_kill_switch_holds_and_lets_go(who: str, journey: str, log_in: LogIn, worker: Site) -> None:
    seen, buyer = log_in(who), f"e2e-{who}"
    stop(seen, f"Wrong seats on the tickets, says {who}")
    book(worker, seat="1A", user=buyer)
    until(seen, f"/admin/channels/message/?q={buyer}", WAITING)
    until(seen, STOPS, "it holds 1 message,")
    seen.judge()
    seen.picture(f"kill switch, {who}")
    time.sleep(2)  # the worker's pulse beats every second: it had its chance
    until(seen, f"/admin/channels/message/?q={buyer}", WAITING)
    lift(seen)
    until(seen, f"/admin/channels/message/?q={buyer}", SENT)
    assert seen.wrong == []


def test_a_marketer_sees_a_stop_and_cannot_touch_it(log_in: LogIn) -> None:
    seen = log_in("marketer")
    seen.open(STOPS)
    assert "Stopping needs the permission of an operator or legal reviewer." in seen.words()
    assert seen.page.locator("#main form").count() == 0


# -- what people do ----------------------------------------------------------------------------------------------------


def write(seen: Watched) -> str:
    """A new template with a first version; that version's address."""
    seen.open("/admin/channels/messagetemplate/")
    seen.click("#main a[href$='/add/'], a[href$='/messagetemplate/add/']")
    seen.judge()
    seen.click("a:has-text('E-mail')")
    seen.page.fill("[name=name]", "Ticket booked")
    seen.page.select_option("[name=brand]", label="Waymark Records")
    seen.page.select_option("[name=topic]", label="Your orders")
    seen.click("[name=_continue]")
    seen.click("text=New version")
    seen.judge()
    seen.page.select_option("[name=message_class]", "service")
    for name, value in WORDS.items():
        type_into(seen, name, value)
    seen.click("[name=_continue]")
    preview = seen.page.frame_locator("iframe[name=preview]").locator("body")
    assert "See you on Friday" in preview.inner_text()
    seen.judge()
    seen.picture("template version, draft")
    return seen.path


def type_into(seen: Watched, name: str, value: str) -> None:
    """Write over what an editor of the studio holds; one of several is behind its tab."""
    field = name.removeprefix("content_")
    if (tab := seen.page.locator(f"[role=tab][data-field={field}]")).count():
        tab.click()
    seen.page.locator(f".wm-editor[data-field={field}] .cm-content").fill(value)


def approve(seen: Watched, title: str, page: str) -> None:
    """From the queue to the review's page, and to the decision."""
    seen.open(QUEUE)
    seen.judge()
    seen.picture(f"review queue, {title}")
    seen.click(f"#main tbody th a:has-text('{title}')")
    assert "What it is about" in seen.words()
    seen.judge()
    seen.picture(f"review, {title}")
    seen.click("button:has-text('Approve')")
    assert seen.path == page
    assert "Approved by legal" in seen.words()


def design(seen: Watched) -> None:
    """An entry and one step."""
    seen.click("section:has(#rules-title) >> text=Edit")
    seen.page.fill("[name=config_name]", "ticket.booked")
    seen.page.select_option("[name=reentry]", "always")
    seen.judge()
    seen.click("button:has-text('Save')")
    seen.click("text=Add a step")
    seen.judge()
    seen.click("a:has-text('Send a message')")
    seen.page.fill("[name=title]", "Booking")
    seen.page.select_option("[name=config_template]", "ticket-booked")
    seen.judge()
    seen.click("button:has-text('Save')")
    assert "What keeps it from being published" not in seen.words()


def book(site: Site, seat: str, user: str = BUYER) -> None:
    """Somebody books, where it is day now."""
    zone = next(name for name in ZONES.split() if 9 <= datetime.now(ZoneInfo(name)).hour < 18)
    traits = {"email": f"{user}@example.test", "firstName": "Grace", "timezone": zone}
    site.track("ticket.booked", user, {"seat": seat}, traits)


def until(seen: Watched, path: str, words: str, seconds: float = PATIENCE) -> None:
    """Look again until the page says so (`words` in small letters: badges shout)."""
    end = time.monotonic() + seconds
    seen.open(path)
    while words not in seen.words().lower():
        assert time.monotonic() < end, f"{path} does not say {words!r} but: {seen.words()}"
        time.sleep(0.3)
        seen.open(path)


def read_in_the_sandbox(seen: Watched) -> None:
    """The mail as it arrived."""
    seen.open(f"/admin/channels/sandboxmessage/?q={BUYER}@example.test")
    seen.click(ROW)
    mail = seen.page.frame_locator("iframe").locator("body")
    assert "Seat 12A." in mail.inner_text()
    assert "Springfield" in mail.inner_text()
    seen.judge()
    seen.picture("sandbox")


def unsubscribe(seen: Watched, chromium: Browser) -> None:
    """Follow the link of the mail as its reader does: without a login, and without JavaScript."""
    seen.open(f"/admin/channels/sandboxmessage/?q={BUYER}@example.test")
    seen.click(ROW)
    link = seen.page.frame_locator("iframe").locator("a:has-text('Unsubscribe')").get_attribute("href")
    context = chromium.new_context(java_script_enabled=False)
    try:
        reader = Watched(context.new_page(), seen.home)
        reader.open(urlsplit(str(link)).path)
        assert "Your orders" in reader.words("main")
        reader.click("button")
        assert "You are unsubscribed." in reader.words("main")
        assert reader.wrong == []
    finally:
        context.close()


def stop(seen: Watched, reason: str) -> None:
    """Stop the journey."""
    seen.open(STOPS)
    seen.page.select_option("[name=what]", "journey:tickets")
    seen.page.fill("[name=reason]", reason)
    seen.page.check("[name=sure]")
    seen.click("button:has-text('Stop it now')")
    assert reason in seen.words()


def lift(seen: Watched) -> None:
    """Take the stop away, after the question."""
    seen.open(STOPS)
    seen.page.click("text=Let it go on…")
    seen.page.fill("details[open] [name=reason]", "The seats are right now.")
    seen.click("button:has-text('Yes, lift this stop')")
    assert "Nothing is stopped" in seen.words()
