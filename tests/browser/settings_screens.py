"""The settings of site and space in one person's browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from playwright.sync_api import Frame, FrameLocator, Locator
from playwright.sync_api import Page as Tab

from tests.browser.screens import APP_PAGE, Confluence
from tests.browser.world import Page, World

Place = Callable[[Confluence], FrameLocator]
SPACE: Final[Place] = Confluence.space_page
SITE: Final[Place] = Confluence.admin
GET_STARTED: Final[Place] = Confluence.get_started


class Settings:
    """A screen with tabs, where Confluence shows it."""

    def __init__(self, tab: Tab, world: World, page: Page, place: Place) -> None:
        self.tab = tab
        self._world, self._confluence, self._place = world, Confluence(tab, page), place
        self.frame: FrameLocator = tab.frame_locator(APP_PAGE)

    def open(self, part: str) -> Settings:
        self._place(self._confluence)
        return self.choose(part)

    def choose(self, part: str) -> Settings:
        self.frame.get_by_role("tab", name=part, exact=True).click()
        return self

    @property
    def app_frame(self) -> Frame:
        return next(frame for frame in self.tab.frames if frame.url.startswith(self._world.app_url))

    def row(self, name: str) -> Locator:
        return self.frame.locator(f'[data-setting="{name}"]')

    def box(self, label: str) -> Locator:
        """A field in which one chooses by typing."""
        return self.frame.get_by_role("combobox", name=label, exact=True)

    def press(self, label: str) -> None:
        self.frame.get_by_role("button", name=label, exact=True).click()

    def save(self) -> None:
        """Save, and wait until it is told and nothing is left to save."""
        self.press("Save")
        self.saved()

    def saved(self) -> None:
        self.frame.get_by_text("The new settings hold everywhere").wait_for(state="attached")
        self.frame.locator(".save-bar").wait_for(state="detached")
