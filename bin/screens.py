"""Second part of bin/screens: one sheet of pictures for each way to look at the surfaces."""

from __future__ import annotations

import base64
import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, sync_playwright
from playwright.sync_api import Page as Tab

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from devstack.environment import spare_ports  # noqa: E402 - bin/ is not on the path of packages
from devstack.stack import Stack  # noqa: E402
from tests.browser.conftest import PREFER_DARK  # noqa: E402
from tests.browser.screens import Confluence  # noqa: E402
from tests.browser.world import Page, World  # noqa: E402
from tests.support.installed import wait_for_installs  # noqa: E402

SHEETS: Final = ROOT / "docs" / "screens"
SETTLED_MS: Final = 1_500
TABS_OF_SPACE, TABS_OF_SITE = 4, 5
Picture = tuple[str, bytes]


@dataclass(frozen=True)
class Look:
    """How somebody looks at the surfaces; `columns` of the sheet, each `width` pixels wide."""

    name: str
    size: tuple[int, int]
    columns: int
    width: int
    dark: bool = False
    locale: str = "en_GB"


LOOKS: Final = (
    Look("light", (1280, 800), 3, 640),
    Look("dark", (1280, 800), 3, 640, dark=True),
    Look("phone", (390, 844), 6, 260),
    Look("german", (1280, 800), 3, 640, locale="de_DE"),
    Look("japanese", (1280, 800), 3, 640, locale="ja_JP"),
)


def main() -> None:
    """Start everything, take the sheets, stop."""
    SHEETS.mkdir(parents=True, exist_ok=True)
    chromium = shutil.which(os.environ.get("LOCKPOINT_CHROMIUM", "chromium"))
    if chromium is None:
        sys.exit("bin/screens: no Chromium; install one or set LOCKPOINT_CHROMIUM")
    with running() as world, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = prepared(world, browser)
        for look in LOOKS:
            write_sheet(browser, look, list(pictures(world, browser, page, look)))
        browser.close()


@contextmanager
def running() -> Iterator[World]:
    """Yield the system with a temporary state folder."""
    with tempfile.TemporaryDirectory(prefix="lockpoint-screens-") as folder:
        stack = Stack(Path(folder), spare_ports(), {}, lambda _name, _line: None)
        try:
            stack.start(threading.Event())
            wait_for_installs(stack)
            yield World(stack)
        finally:
            stack.stop()


def prepared(world: World, browser: Browser) -> Page:
    """Make a page with a macro and locks of two people."""
    page = world.page("Launch in spring", "Budget 2027.xlsx", "Launch brief.docx", "Logo.png", "Timeline.pdf")
    world.macro(page, scope="page", columns="owner,ends")
    for who, titles in (("alice", ("Budget 2027.xlsx", "Timeline.pdf")), ("bob", ("Launch brief.docx",))):
        dialog = Confluence(tab_of(world, browser, who, LOOKS[0]), page).open().dialog_by_byline()
        for title in titles:
            dialog.press(f"Lock {title}")
            dialog.row(title).locator(".badge-mine").wait_for()
    return page


def tab_of(world: World, browser: Browser, who: str, look: Look) -> Tab:
    context = browser.new_context(viewport={"width": look.size[0], "height": look.size[1]})
    context.request.post(f"{world.origin}/_sim/be", data={"account": who})
    world.act("person", {"account": who, "locale": look.locale})
    if look.dark:
        context.add_init_script(PREFER_DARK)
    return context.new_page()


def pictures(world: World, browser: Browser, page: Page, look: Look) -> Iterator[Picture]:
    alice = Confluence(tab_of(world, browser, "alice", look), page)
    yield taken("page with byline and macro", alice.tab, alice.open)
    yield taken("page dialog", alice.tab, lambda: alice.tab.locator(".byline-item").click())
    yield taken("my locks", alice.tab, alice.my_locks)
    dana = Confluence(tab_of(world, browser, "dana", look), page)
    yield from with_tabs("space", dana.tab, dana.space_page, TABS_OF_SPACE)
    sam = Confluence(tab_of(world, browser, "sam", look), page)
    yield from with_tabs("site", sam.tab, sam.admin, TABS_OF_SITE)
    yield taken("get started", sam.tab, sam.get_started)
    for one in (alice, dana, sam):
        one.tab.context.close()


def with_tabs(name: str, tab: Tab, go: Callable[[], object], count: int) -> Iterator[Picture]:
    """Take the whole page of an app once for each of its tabs."""
    yield taken(f"{name}, 1", tab, go)
    for number in range(1, count):
        chosen = tab.frame_locator(".app-page iframe").get_by_role("tab").nth(number)
        yield taken(f"{name}, {number + 1}", tab, chosen.click)


def taken(name: str, tab: Tab, go: Callable[[], object]) -> Picture:
    go()
    tab.wait_for_timeout(SETTLED_MS)
    # On a phone, Confluence's own menu fills the window.
    tab.evaluate("document.querySelector('.app-page iframe')?.scrollIntoView()")
    return name, tab.screenshot()


def write_sheet(browser: Browser, look: Look, taken_: list[Picture]) -> None:
    """Put the pictures side by side, each under its name."""
    figure = (
        '<figure style="display:inline-block;margin:4px;width:{w}px;vertical-align:top"><figcaption>{n}</figcaption>'
    )
    picture = '<img style="width:100%;border:1px solid #8888" src="data:image/png;base64,{d}"></figure>'
    parts = [
        (figure + picture).format(w=look.width, n=name, d=base64.b64encode(data).decode()) for name, data in taken_
    ]
    tab = browser.new_page(viewport={"width": look.columns * (look.width + 12) + 16, "height": 400})
    tab.set_content(f'<body style="margin:8px;font:13px sans-serif;background:#eee">{"".join(parts)}</body>')
    tab.screenshot(path=SHEETS / f"{look.name}.jpg", full_page=True, type="jpeg", quality=80)
    tab.close()


if __name__ == "__main__":
    main()
