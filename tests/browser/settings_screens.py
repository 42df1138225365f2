"""The settings of site and space in one person's browser."""

from __future__ import annotations

import json
from typing import Final

from playwright.sync_api import Frame, FrameLocator, Locator, Route
from playwright.sync_api import Page as Tab

from devstack.stack import ROOT
from tests.browser.screens import DIALOG
from tests.browser.world import Page, World

BUNDLE: Final = ROOT / "lockpoint" / "web" / "static" / ".vite" / "manifest.json"
PAGE_ENTRY: Final = "src/entries/connect-page.ts"
SPACE: Final = "src/entries/connect-space.ts"
SITE: Final = "src/entries/connect-admin.ts"


def _script(entry: str) -> str:
    found: str = json.loads(BUNDLE.read_text(encoding="utf-8"))[entry]["file"]
    return found


class Settings:
    """A screen with tabs, in the frame of the page dialog: the same bridge, tokens and policy, another script."""

    def __init__(self, tab: Tab, world: World, page: Page, entry: str) -> None:
        self.tab = tab
        self._world, self._page, self._entry = world, page, entry
        self.frame: FrameLocator = tab.frame_locator(DIALOG)

    def open(self, part: str) -> Settings:
        self.tab.route(f"**/static/{_script(PAGE_ENTRY)}", self._other_script)
        self.tab.goto(self._page.url)
        self.tab.locator(".byline-item").click()
        return self.choose(part)

    def choose(self, part: str) -> Settings:
        self.frame.get_by_role("tab", name=part, exact=True).click()
        return self

    def _other_script(self, route: Route) -> None:
        route.fulfill(content_type="text/javascript", body=f'import "/static/{_script(self._entry)}";')

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
