"""Words of others never run in the admin: proven in a browser, on every page that shows them."""

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.test import Client
from playwright.sync_api import Page, sync_playwright

from channels import archive
from channels.models import Message, MessageTemplate, SandboxMessage, TemplateVersion
from compliance import reviews, stops
from tests import staff
from tests.builders import NOW, contact, message, review_of, template
from tests.needs import CHROMIUM

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

ATTACK = (
    "<script>alert('script')</script><img src=x onerror=\"alert('image')\"><svg onload=\"alert('svg')\"></svg>"
    "<iframe srcdoc=\"<script>parent.alert('nested')</script>\"></iframe>"
    "<a href=\"javascript:alert('link')\" id=trap>Trap</a><form action=https://evil.example><button>Go</button></form>"
    "<meta http-equiv=refresh content=\"0;url=javascript:alert('refresh')\"><base href=https://evil.example/>"
    "<link rel=stylesheet href=https://evil.example/x.css><style>@import 'https://evil.example/y.css'</style>"
)
WAY_OUT = "{{ brand.postal_address }} <a href='{{ unsubscribe_url }}'>Unsubscribe</a>"


class Watched:
    """A browser page with everything that must not happen on it."""

    def __init__(self, page: Page, home: str) -> None:
        self.page, self.home = page, home
        self.dialogs: list[str] = []
        self.answered: list[str] = []
        page.on("dialog", lambda dialog: (self.dialogs.append(dialog.message), dialog.dismiss()))
        page.on("response", lambda response: self.answered.append(response.url))

    def visit(self, address: str) -> str:
        """Open it, give attacks a moment, and return what the server sent."""
        answer = self.page.goto(self.home + address, wait_until="commit")
        assert answer is not None
        words = answer.text()
        self.page.wait_for_timeout(700)
        return words

    def unharmed(self) -> None:
        assert self.dialogs == []
        assert [url for url in self.answered if not url.startswith((self.home, "data:", "blob:"))] == []


@pytest.fixture
def submitted() -> TemplateVersion:
    """Hostile words by a marketer, waiting for approval; they came round the checks, which refuse them."""
    maria = staff.user("Marketer", "maria")
    version = TemplateVersion.objects.create(
        template=template("offer"),
        number=2,
        author=maria,
        content={
            "subject": ATTACK[:200],
            "html": f"<body>{ATTACK}{WAY_OUT}</body>",
            "text": f"{ATTACK} {{{{ brand.postal_address }}}} {{{{ unsubscribe_url }}}}",
        },
    )
    with pytest.raises(ValidationError, match="<script> has no place in a mail"):
        reviews.submit(version, maria, NOW)
    TemplateVersion.objects.filter(pk=version.pk).update(state="submitted", submitted_at=NOW)
    version.refresh_from_db()
    review_of(version, title=ATTACK[:200])
    return version


@pytest.fixture
def sent() -> Message:
    """A message with a hostile copy, in a hostile mood."""
    ada = contact("ada", phone="+447700900123", first_name=ATTACK)
    one = message(ada, template("text", channel="sms", content={"body": "Hi"}), context={"note": ATTACK})
    content = {"to": ATTACK, "subject": ATTACK, "html": f"<body>{ATTACK}</body>", "text": ATTACK}
    archive.keep([(one.pk, None, content)])
    Message.objects.filter(pk=one.pk).update(error=ATTACK, provider_id=ATTACK[:200])
    return one


@pytest.fixture
def caught(sent) -> SandboxMessage:
    return SandboxMessage.objects.create(
        channel="email", sender=ATTACK[:300], recipient="ada@example.test", subject=ATTACK,
        text=ATTACK, html=f"<html><head></head><body>{ATTACK}</body></html>", raw=ATTACK, received_at=NOW,
    )  # fmt: skip


@pytest.fixture
def addresses(submitted, sent, caught) -> list[str]:
    stops.set("all", "", ATTACK[:300], None, NOW)
    MessageTemplate.objects.update(name=ATTACK[:120])
    old = submitted.template.versions.get(number=1)
    return [
        "/admin/",
        f"/admin/channels/templateversion/{submitted.pk}/change/",
        f"/admin/channels/templateversion/{submitted.pk}/preview/",
        f"/admin/channels/templateversion/{submitted.pk}/preview/?look=text",
        f"/admin/channels/templateversion/{submitted.pk}/diff/?against={old.pk}",
        f"/admin/channels/messagetemplate/{submitted.template_id}/change/",
        "/admin/compliance/review/queue/",
        "/admin/channels/message/",
        f"/admin/channels/message/{sent.pk}/change/",
        f"/admin/channels/message/{sent.pk}/copy/",
        f"/admin/channels/message/{sent.pk}/copy/?look=text",
        "/admin/channels/sandboxmessage/",
        f"/admin/channels/sandboxmessage/{caught.pk}/change/",
        f"/admin/channels/sandboxmessage/{caught.pk}/change/?view=text",
        f"/admin/channels/sandboxmessage/{caught.pk}/change/?view=raw",
        f"/admin/channels/sandboxmessage/{caught.pk}/frame/",
        "/admin/compliance/stop/",
    ]


@pytest.fixture
def session() -> str:
    """The session of somebody who may see everything."""
    client: Client = staff.superuser()
    return client.cookies[settings.SESSION_COOKIE_NAME].value


@pytest.fixture
def watched(live_server, session, addresses) -> Iterator[Watched]:
    """The rows are made before: Django forbids queries in the thread in which the browser's loop runs."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context()
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}])
        yield Watched(context.new_page(), live_server.url)
        browser.close()


def test_nothing_runs_and_nothing_is_fetched(watched, addresses) -> None:
    for address in addresses:
        shown = watched.visit(address)
        assert "alert(" in shown, f"{address} shows none of it, so it proves nothing"
        watched.unharmed()


def test_a_trap_that_is_clicked_does_nothing(watched, addresses) -> None:
    for address in (one for one in addresses if one.endswith(("/preview/", "/copy/", "/frame/"))):
        watched.visit(address)
        watched.page.click("#trap", no_wait_after=True)
        watched.page.wait_for_timeout(300)
        watched.unharmed()


def test_the_attack_would_work_without_the_frames_policy(live_server, watched) -> None:
    """The proof that the tests above can fail."""
    watched.page.goto(f"{live_server.url}/health")
    watched.page.set_content(f"<body>{ATTACK}</body>")
    watched.page.wait_for_timeout(400)
    assert watched.dialogs
