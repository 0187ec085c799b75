"""A browser page that notes whatever goes wrong on it, and can be judged as a reader would."""

import re
from pathlib import Path
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import ConsoleMessage, Page, Request, Response, TimeoutError

SCREENSHOTS = Path(__file__).parent / "screenshots"
UNFOLD_S_OWN = {
    "landmark-unique": "Unfold's sidebar nests two navigations without names of their own.",
    "empty-table-header": "Unfold leaves the head of its delete column empty.",
}
"""What axe finds in the theme's own parts, and we cannot mend in ours."""
UNSEEN = {
    "#result_list tbody tr:nth-child(n+4)": "Rows of a list are all alike: three are enough, and four times as fast.",
    ".selector": "Django's chooser with two lists labels its hints in a way that axe refuses.",
    ".select2-container": "Select2 draws its box without the name that the field has.",
}
"""Where axe does not look."""
axe = Axe()


class Watched:
    """A page of one reader. `wrong` holds console errors, failed requests, and requests to anybody else."""

    def __init__(self, page: Page, home: str) -> None:
        self.page, self.home = page, home
        self.wrong: list[str] = []
        page.on("console", self._console)
        page.on("pageerror", lambda error: self._note(f"script: {error}"))
        page.on("request", self._request)
        page.on("requestfailed", self._failed)
        page.on("response", self._response)
        page.on("dialog", lambda dialog: (self._note(f"dialog: {dialog.message}"), dialog.dismiss()))

    def _failed(self, request: Request) -> None:
        """A live preview that is under way when its reader leaves the page is ended by the browser, as it should be."""
        left = request.failure == "net::ERR_ABORTED" and request.url.endswith(("/preview/", "/check/"))
        if not left:
            self._note(f"failed: {request.url} ({request.failure})")

    @property
    def path(self) -> str:
        """Where the reader is."""
        return urlsplit(self.page.url).path

    def open(self, path: str) -> None:
        """Go there; anything but a 200 is noted."""
        answer = self.page.goto(self.home + path, wait_until="load")
        if answer is None or answer.status != 200:
            self._note(f"status: {answer.status if answer else 'none'}")

    def click(self, selector: str) -> None:
        """Click and wait for the page that comes."""
        with self.page.expect_navigation(wait_until="load"):
            self.page.click(selector)

    def words(self, selector: str = "#main") -> str:
        """What the reader reads there."""
        return self.page.inner_text(selector)

    def picture(self, name: str) -> None:
        """Keep a screenshot for people to look at."""
        SCREENSHOTS.mkdir(exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)

    def judge(self, access: bool = True) -> None:
        """Note a title that says nothing, a page wider than the screen, and (with `access`) what axe finds."""
        if not re.search(r"\w.* \| \w", self.page.title()) or "None" in self.page.title():
            self._note(f"title: {self.page.title()!r}")
        self.judge_width()
        if access:
            self.judge_access()

    def judge_width(self) -> None:
        """Note a page that is wider than the screen, once charts have had a second to follow."""
        root = "document.documentElement"
        try:
            self.page.wait_for_function(f"{root}.scrollWidth <= {root}.clientWidth", timeout=1_000)
        except TimeoutError:
            wide, room = self.page.evaluate(f"[{root}.scrollWidth, {root}.clientWidth]")
            self._note(f"width: {wide} px on a screen of {room} px")

    def judge_access(self, known: dict[str, str] = UNFOLD_S_OWN) -> None:
        """Note what axe finds, but for what is known."""
        for violation in axe.run(self.page, context={"exclude": list(UNSEEN)}).response["violations"]:
            if violation["id"] not in known:
                for node in violation["nodes"][:3]:
                    self._note(f"axe {violation['id']}: {node['html'][:160]}")

    def _note(self, what: str) -> None:
        self.wrong.append(f"{self.path} {what}")

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._note(f"console: {message.text}")

    def _request(self, request: Request) -> None:
        if not request.url.startswith((self.home + "/", "data:", "blob:")):
            self._note(f"elsewhere: {request.url}")

    def _response(self, response: Response) -> None:
        if response.status >= 400:
            self._note(f"answer {response.status}: {response.url}")
