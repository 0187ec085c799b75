"""The studio in a browser: what is typed is checked and shown at once, by keyboard alone too, and nothing of it runs."""

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import FrameLocator, Locator, expect

from tests.e2e.conftest import LogIn
from tests.e2e.watched import Watched

LIST = "/admin/channels/templateversion/"
MAIL, TEXT = "Win-back, e-mail v1", "Win-back, SMS v1"
ATTACK = (
    "<script>top.hacked = 1; window.hacked = 1; alert(1)</script><img src=x onerror='top.hacked = 1'>"
    "<iframe srcdoc='<script>top.hacked = 1</script>'></iframe><p>Harmless</p>"
)


@pytest.fixture(scope="module")
def mail(log_in: LogIn) -> str:
    """The page of a draft of a mail."""
    return draft_of(log_in("marketer"), MAIL)


@pytest.fixture(scope="module")
def text(log_in: LogIn) -> str:
    """The page of a draft of a text message."""
    return draft_of(log_in("marketer"), TEXT)


@pytest.fixture
def seen(log_in: LogIn, mail: str) -> Watched:
    """The author at the draft of the mail; what is typed goes with the tab."""
    return open_studio(log_in("marketer"), mail)


def test_what_is_typed_is_shown_and_the_history_keeps_no_trace(seen: Watched) -> None:
    before = seen.page.evaluate("history.length")
    for words in ("First thought", "Second thought"):
        write(seen, "html", f"<h1>{words}, {{{{ contact.first_name | default: 'you' }}}}</h1>")
        expect(preview(seen).locator("h1")).to_contain_text(words)
    assert seen.page.evaluate("history.length") == before
    assert seen.page.locator(".wm-stage iframe").count() == 1
    assert seen.page.locator(".wm-stage iframe").get_attribute("sandbox") == ""
    assert seen.wrong == []


def test_each_look_is_a_toggle(seen: Watched) -> None:
    for look, width in (("phone", 376), ("dark", 0), ("text", 0), ("desktop", 0)):
        button = seen.page.locator(f".wm-look[value={look}]")
        button.click()
        expect(seen.page.locator(f".wm-stage[data-look={look}]:not([aria-busy])")).to_be_visible()
        assert button.get_attribute("aria-pressed") == "true"
        assert seen.page.locator(".wm-look[aria-pressed=true]").count() == 1
        if width:
            assert seen.page.locator(".wm-stage iframe").bounding_box()["width"] == width
    assert seen.wrong == []


def test_variables_filters_and_tags_are_completed(seen: Watched) -> None:
    for typed, offered in (
        ("{{ contact.first_n", "first_name"),
        ("{{ brand.postal", "postal_address"),
        ("{{ contact.first_name | defau", "default"),
        ("{% unl", "unless"),
    ):
        write(seen, "html", "")
        editor(seen, "html").press_sequentially(typed)
        expect(seen.page.locator(".cm-tooltip-autocomplete li[aria-selected]")).to_contain_text(offered)
        seen.page.wait_for_timeout(200)  # a list that has only just come takes no key
        seen.page.keyboard.press("Enter")
        expect(editor(seen, "html")).to_contain_text(offered)
    assert "unless" in seen.page.input_value("[name=content_html]")
    assert seen.wrong == []


def test_a_problem_leads_to_its_line_behind_its_tab(seen: Watched) -> None:
    write(seen, "text", "one\ntwo\n{% if %}\nfour")
    seen.page.click("[role=tab][data-field=html]")
    problem = seen.page.locator(".wm-finding-words", has_text="Plain text, line 3").first
    problem.click()
    expect(editor(seen, "text")).to_be_focused()
    assert seen.page.evaluate("getSelection().toString()") == "{% if %}"
    assert seen.page.locator("[role=tab][data-field=text]").get_attribute("aria-selected") == "true"
    expect(seen.page.locator(".wm-editor[data-field=text] .cm-lint-marker-error")).to_be_visible()
    seen.judge()
    seen.picture("studio, problems")
    assert seen.wrong == []


def test_the_keyboard_gets_in_and_out(seen: Watched) -> None:
    write(seen, "html", "word")
    seen.page.keyboard.press("Home")
    seen.page.keyboard.press("Tab")
    assert seen.page.input_value("[name=content_html]") == "  word"
    seen.page.keyboard.press("Escape")
    seen.page.keyboard.press("Tab")
    expect(editor(seen, "html")).not_to_be_focused()
    assert seen.page.input_value("[name=content_html]") == "  word"
    assert "leaves the editor" in seen.page.inner_text("#hint_html")
    seen.page.focus("[role=tab][aria-selected=true]")
    seen.page.keyboard.press("ArrowRight")
    expect(seen.page.locator("[role=tab][data-field=text]")).to_be_focused()
    expect(seen.page.locator(".wm-editor[data-field=text]")).to_be_visible()
    assert seen.wrong == []


def test_nothing_of_hostile_words_runs(seen: Watched) -> None:
    write(seen, "html", ATTACK)
    expect(preview(seen).get_by_text("Harmless")).to_be_visible()
    seen.page.wait_for_timeout(500)
    assert seen.page.evaluate("window.hacked") is None
    seen.wrong = [one for one in seen.wrong if "Blocked script" not in one and "Content Security Policy" not in one]
    assert not [one for one in seen.wrong if "dialog" in one or "elsewhere" in one]
    seen.wrong.clear()


def test_a_text_is_counted_and_mended(log_in: LogIn, text: str) -> None:
    seen = open_studio(log_in("marketer"), text)
    write(seen, "body", "We’ve missed you: 15% off, {{ brand.name }}. Reply STOP to end")
    expect(seen.page.locator(".wm-meter-text")).to_contain_text("UCS-2")
    expect(seen.page.locator(".wm-signs")).to_contain_text("right single quotation mark")
    expect(seen.page.locator(".cm-content .wm-foreign")).to_have_text("’")
    expect(preview(seen).locator(".bubble")).to_contain_text("We’ve missed you")
    seen.judge()
    seen.picture("studio, text message")
    seen.page.click("text=Write ' instead")
    expect(seen.page.locator(".wm-meter-text")).to_contain_text("GSM-7")
    assert "We've missed you" in seen.page.input_value("[name=content_body]")
    assert seen.wrong == []


def test_two_tabs_overwrite_nothing(log_in: LogIn) -> None:
    first, second = log_in("marketer"), log_in("marketer")
    page = draft_of(first, MAIL)
    open_studio(second, page)
    write(first, "subject", "Mine came first")
    first.click("[name=_continue]")
    write(second, "subject", "I am late")
    second.click("[name=_continue]")
    assert "Nothing was saved: this draft was changed after you opened it." in second.words()
    assert second.page.locator(".wm-conflict del.wm-diff-line").all_inner_texts() == ["Mine came first"]
    second.judge()
    second.picture("studio, saved meanwhile")
    second.click("[name=_continue]")
    assert second.page.input_value("[name=content_subject]") == "I am late"
    assert first.wrong == second.wrong == []


def test_a_lost_server_is_told_and_asked_again(seen: Watched) -> None:
    seen.page.route("**/check/", lambda route: route.abort())
    write(seen, "html", "<p>Hello</p>")
    expect(seen.page.locator(".wm-findings-head")).to_have_text("The checks cannot be reached.")
    seen.page.unroute("**/check/")
    seen.page.click("text=Try again")
    expect(seen.page.locator(".wm-findings-head")).to_contain_text("problem")
    seen.wrong.clear()


@pytest.mark.parametrize("screen", ["light", "dark", "telephone"])
def test_variables_are_declared_by_keyboard(log_in: LogIn, screen: str) -> None:
    seen = log_in("marketer", screen)
    draft_of(seen, MAIL)
    write(seen, "html", "{{ event.order_id }} {{ event.total | default: 1 | money: 'EUR' }}")
    seen.page.fill("[name=reader]", "")
    keyboard = seen.page.keyboard
    seen.page.get_by_role("button", name="Declare event.total").focus()
    keyboard.press("Enter")
    row = seen.page.get_by_role("group", name="event.total")
    expect(row.get_by_label("Fall-back")).to_be_focused()
    expect(row.get_by_label("Type")).to_have_value("money")
    keyboard.type("much")
    expect(seen.page.locator(".wm-finding-words", has_text="its fallback 'much' is no money")).to_be_visible()
    seen.page.get_by_role("button", name="Add a variable").focus()
    keyboard.press("Enter")
    keyboard.type("event.order_id")
    for _ in range(3):
        keyboard.press("Tab")
    keyboard.type("A-17")
    expect(preview(seen).locator("body")).to_contain_text("A-17")
    seen.click("[name=_continue]")
    ready(seen)
    expect(row.get_by_label("Fall-back")).to_have_attribute("aria-invalid", "true")
    expect(row.locator(".wm-var-wrong")).to_have_text("event.total: its fallback 'much' is no money.")
    seen.judge()
    seen.picture(f"studio, variables, {screen}")
    seen.page.get_by_role("button", name="Remove event.total").focus()
    keyboard.press("Enter")
    expect(seen.page.get_by_role("group", name="event.order_id").get_by_label("Name")).to_be_focused()
    expect(seen.page.get_by_role("button", name="Declare event.total")).to_be_visible()
    seen.click("[name=_continue]")
    ready(seen)
    assert seen.page.locator(".wm-var").count() == 1
    assert seen.page.input_value("[name=variables_sample]") == "A-17"
    assert seen.wrong == []


@pytest.mark.parametrize("screen", ["light", "dark", "telephone"])
def test_it_is_fit_for_everybody(log_in: LogIn, mail: str, screen: str) -> None:
    seen = open_studio(log_in("marketer", screen), mail)
    write(seen, "html", "<h1>Hello</h1>\n{{ brand.postal_address }} <a href='{{ unsubscribe_url }}'>Unsubscribe</a>")
    expect(preview(seen).locator("h1")).to_have_text("Hello")
    seen.judge()
    seen.picture(f"studio, {screen}")
    assert seen.wrong == []
    seen = open_studio(log_in("marketer", screen), mail)
    other = seen.page.locator("a[href*='/diff/?against=']").get_attribute("href")
    seen.open(str(other))
    seen.judge()
    seen.picture(f"studio, what changed, {screen}")
    assert seen.wrong == []


def test_without_its_script_the_form_still_saves(log_in: LogIn, mail: str) -> None:
    seen = log_in("marketer")
    page = draft_of(seen, MAIL)
    seen.page.route("**/studio.js", lambda route: route.fulfill(body=""))
    seen.open(page)
    assert seen.page.locator(".wm-editor").count() == 0
    seen.page.fill("[name=content_subject]", "By hand")
    seen.page.get_by_role("group", name="New variable").last.get_by_label("Name").fill("event.mine")
    seen.page.click(".wm-look[value=text]")
    expect(seen.page.frame_locator("iframe[name=preview]").locator(".subject")).to_have_text("By hand")
    seen.click("[name=_continue]")
    assert seen.page.input_value("[name=content_subject]") == "By hand"
    seen.page.get_by_label("Remove event.mine").check()
    seen.click("[name=_continue]")
    assert "event.mine" not in seen.page.locator("[name=variables_name]").evaluate_all(
        "all => all.map(one => one.value)"
    )
    seen.judge()
    assert seen.wrong == []


# -- what people do ----------------------------------------------------------------------------------------------------


def draft_of(seen: Watched, name: str) -> str:
    """A draft of one's own with the words of this version; its page."""
    seen.open(f"{LIST}?q={name.split(' v')[0].replace(' ', '+')}&state__exact=approved")
    seen.click(f"#result_list a:has-text('{name}')")
    seen.click("button:has-text('New draft from this')")
    ready(seen)
    return urlsplit(seen.page.url).path


def open_studio(seen: Watched, page: str) -> Watched:
    seen.open(page)
    ready(seen)
    return seen


def ready(seen: Watched) -> None:
    """Until the first checks are back."""
    expect(seen.page.locator(".wm-findings[data-kind]:not([aria-busy])")).to_be_visible()


def editor(seen: Watched, field: str) -> Locator:
    return seen.page.locator(f".wm-editor[data-field={field}] .cm-content")


def write(seen: Watched, field: str, words: str) -> None:
    """Write over what the field holds."""
    if (tab := seen.page.locator(f"[role=tab][data-field={field}]")).count():
        tab.click()
    editor(seen, field).fill(words)


def preview(seen: Watched) -> FrameLocator:
    return seen.page.frame_locator(".wm-stage iframe:not([data-next])")
