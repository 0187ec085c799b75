"""The pages that contacts see: no login, no script, no cookie, on any screen."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser

from tests.e2e.conftest import SCREENS, LogIn
from tests.e2e.site import Site
from tests.e2e.watched import Watched

INBOX = "/admin/channels/sandboxmessage"


@pytest.fixture(scope="module")
def link(log_in: LogIn) -> str:
    """The way out in a mail of the demo."""
    seen = log_in("marketer")
    seen.open(f"{INBOX}/?q=Make your new discs last")
    seen.click("#result_list tbody a[href*='/change/']")
    found = seen.page.frame_locator("iframe").locator("a:has-text('Unsubscribe')").get_attribute("href")
    return urlsplit(str(found)).path


@contextmanager
def reading(chromium: Browser, site: Site, screen: str, scripts: bool = True) -> Iterator[Watched]:
    """Somebody with a browser who has never been here."""
    width, scheme = SCREENS[screen]
    context = chromium.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, java_script_enabled=scripts
    )
    try:
        yield Watched(context.new_page(), site.url)
    finally:
        context.close()


def judge(seen: Watched) -> None:
    """As any page, and with nothing that runs or remembers."""
    assert seen.page.title()
    seen.judge_width()
    seen.judge_access(known={})
    assert seen.page.locator("script").count() == 0
    assert seen.page.context.cookies() == []


@pytest.mark.parametrize("screen", SCREENS)
def test_the_way_out_asks_first_and_stands_on_every_screen(
    chromium: Browser, site: Site, link: str, screen: str
) -> None:
    with reading(chromium, site, screen) as seen:
        seen.open(link)
        assert "Tips, news and offers" in seen.words("main")
        judge(seen)
        seen.picture(f"unsubscribe, {screen}")
        assert seen.wrong == []


@pytest.mark.parametrize("screen", SCREENS)
def test_a_broken_link_says_so_in_words(chromium: Browser, site: Site, screen: str) -> None:
    with reading(chromium, site, screen) as seen:
        seen.open("/u/made-up")
        judge(seen)
        seen.picture(f"broken link, {screen}")
        assert len(seen.words("main")) > 40
        assert [found for found in seen.wrong if "404" not in found] == []


def test_looking_changes_nothing_and_the_button_does_without_scripts(
    chromium: Browser, site: Site, link: str, log_in: LogIn
) -> None:
    withdrawn = "/admin/contacts/consent/?state__exact=withdrawn&q="
    with reading(chromium, site, "telephone", scripts=False) as seen:
        seen.open(link)
        seen.open(link)
        before = how_many(log_in, withdrawn)
        seen.click("button")
        assert "You are unsubscribed." in seen.words("main")
        seen.judge_width()
        seen.picture("unsubscribed")
        assert seen.wrong == []
    assert how_many(log_in, withdrawn) == before + 1


def how_many(log_in: LogIn, path: str) -> int:
    """The rows of a list, as a lawyer reads them."""
    seen = log_in("legal")
    seen.open(path)
    return int(seen.page.locator("#result_list tbody tr").count())
