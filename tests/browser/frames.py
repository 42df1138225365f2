"""Screens other than the page dialog, in its frame: any screen's script can fill it, with Confluence's bridge."""

from __future__ import annotations

import json
from functools import cache
from typing import Any, Final

from playwright.sync_api import Frame, FrameLocator, Locator
from playwright.sync_api import Page as Tab

from devstack.stack import ROOT
from tests.browser.screens import DIALOG, Confluence
from tests.browser.world import Page

BUILT: Final = ROOT / "lockpoint" / "web" / "static" / ".vite" / "manifest.json"


@cache
def _manifest() -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads(BUILT.read_text(encoding="utf-8"))
    return manifest


def _styles(name: str) -> list[str]:
    part = _manifest()[name]
    return [*part.get("css", ()), *(css for other in part.get("imports", ()) for css in _styles(other))]


def _script(entry: str) -> str:
    styles = [f"/static/{css}" for css in dict.fromkeys(_styles(entry))]
    return f"""
        for (const href of {json.dumps(styles)})
            document.head.append(Object.assign(document.createElement("link"), {{ rel: "stylesheet", href }}));
        await import("/static/{_manifest()[entry]["file"]}");
    """


class Screen:
    """A screen in one person's browser, opened beside a page."""

    def __init__(self, tab: Tab, page: Page, name: str) -> None:
        entry = f"src/entries/connect-{name}.ts"
        opened = _manifest()["src/entries/connect-page.ts"]["file"]
        tab.route(
            f"**/static/{opened}", lambda route: route.fulfill(content_type="text/javascript", body=_script(entry))
        )
        Confluence(tab, page).open()
        tab.locator(".byline-item").click()
        self.tab = tab
        self.inside: FrameLocator = tab.frame_locator(DIALOG)

    @property
    def frame(self) -> Frame:
        return next(frame for frame in self.tab.frames if "/connect/" in frame.url)

    def row(self, title: str) -> Locator:
        return self.inside.locator("tr[data-row]", has=self.inside.get_by_role("link", name=f"Open {title} (new tab)"))

    def press(self, label: str) -> None:
        self.inside.get_by_role("button", name=label, exact=True).click()

    def part(self, name: str) -> None:
        self.inside.get_by_role("tab", name=name, exact=True).click()
