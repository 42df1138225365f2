"""Screens with lists, where Confluence shows them, in one person's browser."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Frame, FrameLocator, Locator
from playwright.sync_api import Page as Tab

from tests.browser.screens import Confluence
from tests.browser.world import Page


class Screen:
    """A screen in one person's browser; `place` leads there from a page."""

    def __init__(self, tab: Tab, page: Page, place: Callable[[Confluence], FrameLocator]) -> None:
        self.tab = tab
        self.inside = place(Confluence(tab, page))

    @property
    def frame(self) -> Frame:
        return next(frame for frame in self.tab.frames if "/connect/" in frame.url)

    def row(self, title: str) -> Locator:
        return self.inside.locator("tr[data-row]", has=self.inside.get_by_role("link", name=f"Open {title} (new tab)"))

    def press(self, label: str) -> None:
        self.inside.get_by_role("button", name=label, exact=True).click()

    def part(self, name: str) -> None:
        self.inside.get_by_role("tab", name=name, exact=True).click()
