"""A content block's variants in a browser: added, moved and taken away by keyboard, and without the script."""

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import LogIn
from tests.e2e.watched import Watched

CONDITIONS = ["contact.country == 'DE'", "contact.vip", "contact.locale == 'fr'"]


def new_version(seen: Watched, key: str) -> None:
    """The page of a new version of a new block."""
    seen.open("/admin/channels/contentblock/add/")
    seen.page.select_option("[name=brand]", index=1)
    seen.page.fill("[name=name]", key)
    seen.page.fill("[name=key]", key)
    seen.click("[name=_continue]")
    seen.click("a[href*='blockversion/add']")
    seen.page.fill("[name=source]", "<p>Imprint</p>")


def order(seen: Watched) -> list[str]:
    return seen.page.locator("[name=variants_when]").evaluate_all("all => all.map(one => one.value)")


@pytest.mark.parametrize("screen", ["light", "dark", "telephone"])
def test_variants_are_written_and_moved_by_keyboard(log_in: LogIn, screen: str) -> None:
    seen = log_in("marketer", screen)
    new_version(seen, f"imprint-{screen}")
    keyboard = seen.page.keyboard
    assert order(seen) == []
    for number, condition in enumerate([*CONDITIONS, "== 3"]):
        seen.page.get_by_role("button", name="Add a variant").focus()
        keyboard.press("Enter")
        keyboard.type(condition)
        keyboard.press("Tab")
        keyboard.type(f"Words {number}")
    seen.page.get_by_role("button", name="Up contact.locale == 'fr'").focus()
    keyboard.press("Enter")
    keyboard.press("Enter")
    expect(seen.page.get_by_role("button", name="Down contact.locale == 'fr'")).to_be_focused()
    expect(seen.page.locator("[data-variants] [role=status]")).to_have_text(
        "contact.locale == 'fr' is number 1 of 4 now."
    )
    seen.click("[name=_continue]")
    row = seen.page.get_by_role("group", name="== 3")
    expect(row.get_by_label("Condition")).to_have_attribute("aria-invalid", "true")
    expect(row.locator(".wm-var-wrong")).to_contain_text("Variant 4: '== 3' is not a condition")
    seen.judge()
    seen.picture(f"block, variants, {screen}")
    seen.page.get_by_role("button", name="Remove == 3").focus()
    keyboard.press("Enter")
    expect(seen.page.get_by_role("group", name="contact.vip").get_by_label("Condition")).to_be_focused()
    seen.click("[name=_continue]")
    assert order(seen) == [CONDITIONS[2], *CONDITIONS[:2]]
    seen.judge()
    assert seen.wrong == []


def test_variants_are_moved_and_removed_without_the_script(log_in: LogIn) -> None:
    seen = log_in("marketer")
    seen.page.route("**/blocks*.js", lambda route: route.fulfill(body=""))
    new_version(seen, "imprint-plain")
    for number, condition in enumerate(CONDITIONS[:2]):
        seen.page.locator("[name=variants_when]").nth(number).fill(condition)
    seen.click("[name=_continue]")
    seen.page.get_by_label("Place of contact.vip").fill("1")
    seen.page.locator("[name=variants_when]").nth(2).fill(CONDITIONS[2])
    seen.click("[name=_continue]")
    assert order(seen) == ["contact.vip", CONDITIONS[0], CONDITIONS[2], "", ""]
    seen.page.get_by_label(f"Remove {CONDITIONS[0]}").check()
    seen.judge()
    seen.click("[name=_continue]")
    assert order(seen) == ["contact.vip", CONDITIONS[2], "", ""]
    assert seen.wrong == []
