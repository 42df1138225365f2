"""WCAG 2.2 AA."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Frame
from playwright.sync_api import Page as Tab

from tests.browser.screens import Confluence, Dialog
from tests.browser.world import Page, World

pytestmark = pytest.mark.processes

# Preloading would fetch style sheets by script, which the frame's policy rightly forbids.
RULES = "{preload: false, runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']}"
SIDEWAYS = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
SIZES = ((320, 700), (1280, 900), (1600, 1000))


def violations(frame: Frame, axe: str) -> list[str]:
    frame.evaluate(axe)
    result: dict[str, Any] = frame.evaluate(f"() => axe.run(document, {RULES})")
    return [
        f"{found['id']}: {node['html'][:200]} {node['failureSummary'][:200]}"
        for found in result["violations"]
        for node in found["nodes"]
    ]


def _app_frame(tab: Tab, world: World) -> Frame:
    return next(frame for frame in tab.frames if frame.url.startswith(world.app_url))


@pytest.fixture
def busy_page(world: World, become: Callable[..., Tab]) -> Page:
    """A page with one file locked by Bob, one by Dana, and one unlocked."""
    page = world.page("Accessibility", "bobs.xlsx", "danas.docx", "free-with-quite-a-long-name-for-a-phone.png")
    for name, title in (("bob", "bobs.xlsx"), ("dana", "danas.docx")):
        dialog = Confluence(become(name), page).open().dialog_by_byline()
        dialog.press(f"Lock {title}")
        dialog.wait_for_state(title, "Locked by you")
    return page


def _look_everywhere(dialog: Dialog) -> None:
    """Open every kind of form."""
    dialog.choose("bobs.xlsx", "End lock…")
    dialog.choose("danas.docx", "Take over…")
    dialog.choose("free-with-quite-a-long-name-for-a-phone.png", "Lock with options…")
    dialog.frame.get_by_label("Select bobs.xlsx").check()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_dialog_and_page_have_no_barriers(
    become: Callable[..., Tab], world: World, busy_page: Page, axe: str, dark: bool
) -> None:
    """No violation of WCAG 2.2 AA that a program can detect; no sideways scrolling."""
    tab = become("sam", dark=dark)
    confluence = Confluence(tab, busy_page).open()
    assert violations(tab.main_frame, axe) == []
    _look_everywhere(confluence.dialog_by_byline())
    frame = _app_frame(tab, world)
    mode = "dark" if dark else "light"
    frame.wait_for_function(f"() => document.documentElement.dataset.colorMode === '{mode}'")
    for width, height in SIZES:
        tab.set_viewport_size({"width": width, "height": height})
        assert violations(frame, axe) == [], f"{width} px"
        assert frame.evaluate(SIDEWAYS) <= 0, f"{width} px"


def test_theme_is_followed_live(become: Callable[..., Tab], world: World) -> None:
    page = world.page("Theme", "a.txt")
    tab = become("alice")
    Confluence(tab, page).open().dialog_by_byline()
    frame = _app_frame(tab, world)
    background = "() => getComputedStyle(document.documentElement).backgroundColor"
    light = frame.evaluate(background)
    tab.evaluate("() => document.documentElement.setAttribute('data-color-mode', 'dark')")
    frame.wait_for_function(f"() => getComputedStyle(document.documentElement).backgroundColor !== '{light}'")
    assert frame.evaluate("() => getComputedStyle(document.documentElement).colorScheme") == "dark"
