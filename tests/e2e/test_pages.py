"""Every page that the sidebar leads to, for each person of the demo, on a desk and on a telephone."""

from collections.abc import Iterator

import pytest

from demo.staff import LOGINS
from tests.e2e.conftest import LogIn
from tests.e2e.watched import Watched

FIRST_ROW = "#main #result_list a[href*='/change/'], #main tbody th a[href*='/change/']"
ADD = "#main a[href$='/add/']"


@pytest.mark.parametrize(("name", "screen"), [*((login.name, "light") for login in LOGINS), ("admin", "telephone")])
def test_every_page_of_the_sidebar_stands(log_in: LogIn, name: str, screen: str) -> None:
    seen = log_in(name, screen)
    lists = sidebar(seen)
    assert len(lists) > 10
    assert len(set(lists)) == len(lists)
    opened = [path for path in lists for path in (path, *visit(seen, path, name == "admin"))]
    assert len(opened) > len(lists) * 1.4
    assert not seen.wrong, "\n".join(dict.fromkeys(seen.wrong))


def test_each_person_sees_what_their_work_needs(log_in: LogIn) -> None:
    found = {login.name: set(sidebar(log_in(login.name))) for login in LOGINS}
    assert "/admin/journeys/journey/" in found["marketer"]
    assert "/admin/channels/account/" not in found["marketer"]
    assert "/admin/compliance/review/queue/" in found["legal"]
    assert "/admin/operations/" in found["operator"]
    assert "/admin/auth/user/" not in found["operator"]
    assert found["admin"] > found["marketer"] | found["legal"] | found["operator"]


def sidebar(seen: Watched) -> list[str]:
    """The addresses in the sidebar."""
    return seen.page.eval_on_selector_all(
        "#nav-sidebar-apps a[href]", "links => links.map(a => a.getAttribute('href'))"
    )


def visit(seen: Watched, path: str, thorough: bool) -> Iterator[str]:
    """Open and judge a page, the first row's page, and the page for adding another.

    A list looks the same to everybody, so axe reads it once (`thorough`); forms differ by what one may do.
    """
    seen.open(path)
    judge(seen, access=thorough)
    further = [first(seen, selector) for selector in (FIRST_ROW, ADD)]
    for found in filter(None, further):
        seen.open(found)
        judge(seen)
        yield found


def judge(seen: Watched, access: bool = True) -> None:
    """As it is, and drawn together to the width of a telephone."""
    seen.judge(access)
    size = seen.page.viewport_size
    seen.page.set_viewport_size({"width": 390, "height": 900})
    seen.judge_width()
    seen.page.set_viewport_size(size)


def first(seen: Watched, selector: str) -> str:
    """Where the first such link leads; empty when there is none."""
    links = seen.page.locator(selector)
    found = links.first.evaluate("a => a.pathname + a.search") if links.count() else ""
    return str(found)
