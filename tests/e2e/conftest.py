"""One site for the whole session, and browsers in which its people have logged in."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from demo.staff import LOGINS
from tests import needs
from tests.config.running import postgres_database
from tests.e2e.site import Site
from tests.e2e.watched import Watched
from tests.patience import PATIENCE

PASSWORDS = {login.name: login.password for login in LOGINS}
SCREENS = {"light": (1400, "light"), "dark": (1400, "dark"), "telephone": (390, "dark")}
LogIn = Callable[..., Watched]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All tests of this folder need the browser and share a site (see `tests.together`)."""
    for item in items:
        if "tests/e2e/" in item.path.as_posix():
            for mark in (pytest.mark.browser, pytest.mark.slow):
                item.add_marker(mark)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Loaded and serving."""
    folder, server = tmp_path_factory.mktemp("e2e"), os.environ.get("DATABASE_URL", "")
    with ExitStack() as stack:
        postgres = server.startswith("postgres")
        database = stack.enter_context(postgres_database(server)) if postgres else f"sqlite:///{folder}/e2e.sqlite3"
        found = Site(folder, database, os.environ.get("BROKER_URL", ""))
        found.load()
        stack.enter_context(found.serving())
        yield found


@pytest.fixture(scope="session")
def worker(site: Site) -> Iterator[Site]:
    """The site with its worker and mail sandbox."""
    with site.working():
        yield site


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Not for longer than a module: playwright keeps an event loop running, and other tests of this process need theirs."""
    expect.set_options(timeout=PATIENCE * 1000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=needs.CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def cookies() -> dict[str, Any]:
    """Who has logged in already: the form is filled in once a person."""
    return {}


@pytest.fixture(scope="module")
def log_in(chromium: Browser, site: Site, cookies: dict[str, Any]) -> Iterator[LogIn]:
    """A page on which this person of the demo has logged in."""
    contexts = []

    def build(name: str, screen: str = "light") -> Watched:
        width, scheme = SCREENS[screen]
        context = chromium.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=scheme,
            timezone_id="Europe/Berlin",
            storage_state=cookies.get(name),
        )
        contexts.append(context)
        context.set_default_timeout(PATIENCE * 1000)
        found = Watched(context.new_page(), site.url)
        found.open("/admin/")
        if name not in cookies:
            fill_in(found, name)
            cookies[name] = context.storage_state()
        assert found.page.title().startswith("[development] Home"), found.page.title()
        return found

    yield build
    for context in contexts:
        context.close()


def fill_in(found: Watched, name: str) -> None:
    """The log-in form."""
    found.page.fill("#id_username", name)
    found.page.fill("#id_password", PASSWORDS[name])
    with found.page.expect_navigation(wait_until="load"):
        found.page.press("#id_password", "Enter")
