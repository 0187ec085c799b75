"""Without a mouse: words are written, submitted, looked at and approved with Tab, Enter and letters alone."""

import pytest
from playwright.sync_api import Locator, expect

from tests.e2e.conftest import LogIn
from tests.e2e.test_studio import draft_of, ready
from tests.e2e.watched import Watched

MAIL = "Usage tip v1"
"""Of which no other story needs the first version."""
QUEUE = "/admin/compliance/review/queue/"
FARTHEST = 120
"""Presses of Tab within which everything on a page is reached."""
SEEN = """one => {
    const shown = getComputedStyle(one);
    const editor = one.closest('.wm-editor');
    const ring = style => style.outlineStyle !== 'none' && style.outlineWidth !== '0px' || style.boxShadow !== 'none';
    return ring(shown) || (editor && ring(getComputedStyle(editor)));
}"""


@pytest.fixture
def page(log_in: LogIn) -> str:
    return draft_of(log_in("marketer"), MAIL)


def test_nothing_traps_the_focus(log_in: LogIn, page: str) -> None:
    """Tab alone indents in an editor; Escape, then Tab, leaves it, and the page says so. Back again works, too."""
    seen = log_in("marketer")
    seen.open(page)
    ready(seen)
    last = seen.page.get_by_role("button", name="New draft from this")
    assert reach(seen, last) > len(seen.page.locator(".wm-editor:visible").all())
    hint = seen.page.locator(".wm-editor-many:visible .wm-editor-hint")
    expect(hint).to_contain_text("Esc then Tab leaves the editor")
    editor = seen.page.locator(".wm-editor-many:visible .cm-content")
    reach(seen, editor, "Shift+Tab")
    seen.page.keyboard.press("Escape")
    seen.page.keyboard.press("Shift+Tab")
    expect(editor).not_to_be_focused()
    assert seen.wrong == []


def test_from_a_draft_to_its_approval(log_in: LogIn, page: str) -> None:
    author, reviewer = log_in("marketer"), log_in("legal")
    author.open(page)
    ready(author)
    subject = author.page.locator(".wm-editor[data-field=subject] .cm-content")
    reach(author, subject)
    author.page.keyboard.press("ControlOrMeta+a")
    author.page.keyboard.type("Written without a mouse")
    press(author, author.page.get_by_role("button", name="Save and continue editing"))
    assert author.page.input_value("[name=content_subject]") == "Written without a mouse"
    ready(author)
    press(author, author.page.get_by_role("button", name="Submit for approval"))
    assert "Waiting since" in author.words()
    assert author.page.get_by_role("button", name="Approve").count() == 0

    reviewer.open(QUEUE)
    press(reviewer, reviewer.page.locator("#main tbody th a").last)
    expect(reviewer.page.get_by_role("heading", name="What changed")).to_be_visible()
    assert "Written without a mouse" in reviewer.words()
    reviewer.judge()
    reviewer.picture("review, by keyboard")
    reach(reviewer, reviewer.page.locator("textarea[name=reason]").first)
    reviewer.page.keyboard.type("It says what it sells.")
    press(reviewer, reviewer.page.get_by_role("button", name="Approve"))
    assert "is approved" in reviewer.words() or "In use." in reviewer.words()
    author.open(page)
    assert "In use." in author.words()
    assert author.wrong == reviewer.wrong == []


def reach(seen: Watched, wanted: Locator, key: str = "Tab") -> int:
    """Press Tab until the focus is there, in how many presses; each stop on the way can be seen."""
    for presses in range(1, FARTHEST):
        if seen.page.evaluate("!!document.activeElement?.closest('.wm-editor-many')"):
            seen.page.keyboard.press("Escape")
        seen.page.keyboard.press(key)
        if wanted.evaluate("one => one === document.activeElement"):
            wanted.evaluate("one => one.scrollIntoView({block: 'center'})")
            assert wanted.evaluate(SEEN), "The focus cannot be seen."
            return presses
    at = seen.page.evaluate("document.activeElement?.outerHTML.slice(0, 200)")
    raise AssertionError(f"{key} does not lead there; it is at {at}")


def press(seen: Watched, wanted: Locator) -> None:
    """Reach it and press Enter, and wait for the page that comes."""
    reach(seen, wanted)
    with seen.page.expect_navigation(wait_until="load"):
        seen.page.keyboard.press("Enter")
