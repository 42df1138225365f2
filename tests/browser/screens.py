"""The screens of the browser tests."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from playwright.sync_api import FilePayload, FrameLocator, Locator
from playwright.sync_api import Page as Tab

from tests.browser.world import Page

DIALOG: Final = "dialog.dialog iframe"
APP_PAGE: Final = ".app-page iframe"
SPACE: Final = "DS"


def go_to(target: Locator, key: str) -> None:
    """Press a key until the focus is there, or has not come for long."""
    for _ in range(30):
        if target.evaluate("(element) => element === document.activeElement"):
            return
        target.page.keyboard.press(key)


class Confluence:
    """A page of the local Confluence in one person's browser."""

    def __init__(self, tab: Tab, page: Page) -> None:
        self.tab = tab
        self._page = page

    def open(self) -> Confluence:
        """Open the page and wait for its attachments."""
        self.tab.goto(self._page.url)
        self.tab.get_by_role("heading", name="Attachments").wait_for()
        return self

    def file(self, title: str) -> Locator:
        return self.tab.locator(f'tbody[data-file="{title}"]')

    def upload(self, title: str, text: str) -> None:
        """Upload a new version with the file picker."""
        payload = FilePayload(name=title, mimeType="text/plain", buffer=text.encode())
        self.file(title).locator("input[type=file]").set_input_files(payload)
        self.tab.locator(".flag", has_text="Uploaded").last.wait_for()

    def history(self, title: str) -> Locator:
        """Return the versions of a file, newest first; open the list if it is closed."""
        toggle = self.file(title).get_by_role("button", name="history of")
        if toggle.get_attribute("aria-expanded") == "false":
            toggle.click()
        return self.file(title).locator("ol.versions > li")

    def dialog_by_byline(self) -> Dialog:
        self.tab.locator(".byline-item").click()
        return self._opened()

    def dialog_by_menu(self) -> Dialog:
        self.tab.get_by_role("button", name="More actions").click()
        self.tab.get_by_role("menuitem", name="File locks").click()
        return self._opened()

    def my_locks(self) -> FrameLocator:
        return self._app_page("general", "/wiki/apps")

    def space_page(self, key: str = SPACE) -> FrameLocator:
        return self._app_page("space", f"/wiki/spaces/{key}/apps")

    def space_settings(self, key: str = SPACE) -> FrameLocator:
        """Open the second entry of a space that Forge has; on Connect there is one entry."""
        return self._app_page("settings", f"/wiki/spaces/{key}/apps")

    def admin(self) -> FrameLocator:
        return self._app_page("admin", "/wiki/admin/apps")

    def configure(self) -> FrameLocator:
        return self._app_page("configure", "/wiki/admin/apps")

    def get_started(self) -> FrameLocator:
        return self._app_page("start", "/wiki/admin/apps")

    def macro(self, number: int = 0) -> FrameLocator:
        """Return a macro of the open page; `World.macro` puts one there."""
        return self.tab.locator("[data-macro]").nth(number).frame_locator("iframe")

    def macro_settings(self) -> FrameLocator:
        """Open the settings of the only macro of the open page, as Forge has them."""
        self.tab.get_by_role("button", name="More actions").click()
        self.tab.get_by_role("menuitem", name="Settings of").click()
        return self.tab.frame_locator("dialog.dialog iframe")

    def _app_page(self, place: str, folder: str) -> FrameLocator:
        """Go to an app's page by its address: links are shown to those who may, addresses can be known to all."""
        parts = urlsplit(self._page.url)
        origin = f"{parts.scheme}://{parts.netloc}"
        site = self.tab.request.get(f"{origin}/_sim/whoami").json()["site"]
        pages = self.tab.request.get(f"{origin}/_sim/sites/{site}/home").json()["appPages"]
        key = next(one["key"] for one in pages if one["place"] == place)
        self.tab.goto(f"{origin}{folder}/{key}")
        return self.tab.frame_locator(APP_PAGE)

    def _opened(self) -> Dialog:
        dialog = Dialog(self.tab)
        dialog.frame.get_by_role("table").wait_for()
        return dialog


class Dialog:
    def __init__(self, tab: Tab) -> None:
        self.tab = tab
        self.frame: FrameLocator = tab.frame_locator(DIALOG)

    def row(self, title: str) -> Locator:
        return self.frame.locator("tr[data-row]", has=self.frame.get_by_role("link", name=f"Open {title} (new tab)"))

    def press(self, label: str) -> None:
        self.frame.get_by_role("button", name=label, exact=True).click()

    def choose(self, title: str, item: str) -> None:
        """Choose from the menu beside a row's button."""
        self.press(f"More for {title}")
        self.frame.get_by_role("menuitem", name=item).click()

    def wait_for_state(self, title: str, words: str) -> None:
        self.row(title).locator(".badge", has_text=words).wait_for()

    def close(self) -> None:
        self.press("Close")
        self.tab.locator("dialog.dialog").wait_for(state="detached")
