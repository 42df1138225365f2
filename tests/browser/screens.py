"""The screens of the browser tests."""

from __future__ import annotations

from typing import Final

from playwright.sync_api import FilePayload, FrameLocator, Locator
from playwright.sync_api import Page as Tab

from tests.browser.world import Page

DIALOG: Final = "dialog.dialog iframe"


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

    def wait_for_state(self, title: str, words: str) -> None:
        self.row(title).locator(".badge", has_text=words).wait_for()

    def close(self) -> None:
        self.press("Close")
        self.tab.locator("dialog.dialog").wait_for(state="detached")
