"""How fluid lists of 1,000 rows are: `python -m bench.screens`.

The built screens in the system's Chromium, in frames of the local Confluence. Their calls are answered from memory
inside the frame (`bench/screens.js`), so the server has no part in the figures. A moment is the first frame that shows
a result.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, CDPSession, Frame, sync_playwright
from playwright.sync_api import Page as Tab

from devstack.environment import spare_ports
from devstack.stack import Stack
from tests.browser.conftest import ARGUMENTS, WIDE
from tests.browser.screens import Confluence
from tests.browser.world import Page, World
from tests.support.installed import wait_for_installs

SERVER: Final = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
ROWS: Final = 1_000
STEP_PIXELS: Final = 400
IDLE_FRAMES: Final = 120
FILTERED: Final = "other"
SEARCH, SEARCHED = ".tool-search input", "Conti"
MS_OF_TYPING: Final = 300
"""How long the lists wait for the next letter before they ask."""
TARGETS: Final = {
    "usable": None,
    "search": 100,
    "filter": 100,
    "sort": 100,
    "frame": 50,
    "usual": 50,
    "blank": 1,
    "idle": None,
}


@dataclass(frozen=True)
class Screen:
    """Where a list is, and how to act on it."""

    name: str
    open: Callable[[Confluence], object]
    address: str
    filter: str
    sort: str
    pause: int = 0
    """Milliseconds that a search waits on purpose."""
    whole: bool = False
    """Whether all rows are loaded before the viewer scrolls."""


def _site_list(confluence: Confluence) -> None:
    confluence.admin().locator('[data-tab="locks"]').click()


SCREENS: Final = (
    Screen(
        "page dialog",
        lambda confluence: confluence.tab.locator(".byline-item").click(),
        "/connect/page",
        ".tool-state select",
        ".cell-since .sorter",
        whole=True,
    ),
    Screen(
        "site list",
        _site_list,
        "/connect/admin",
        ".tool-state select",
        ".lk-since .sorter",
        pause=MS_OF_TYPING,
    ),
)


@dataclass
class Figures:
    """Milliseconds of every round, by what was done; `work` is the processor's part, whatever else the machine does."""

    of: dict[str, list[float]] = field(default_factory=dict)
    work: dict[str, list[float]] = field(default_factory=dict)

    def add(self, what: str, milliseconds: float) -> None:
        self.of.setdefault(what, []).append(milliseconds)


class Watched:
    """A screen's frame, and how long its main thread worked."""

    def __init__(self, frame: Frame, session: CDPSession, figures: Figures) -> None:
        self.frame = frame
        self._session = session
        self._figures = figures
        session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def act(self, what: str, script: str, arguments: list[str], pause: int = 0) -> None:
        """Do something in the frame that tells how long it took, `pause` of it on purpose."""
        before = self._worked()
        self._figures.add(what, self.frame.evaluate(script, arguments) - pause)
        self._figures.work.setdefault(what, []).append(self._worked() - before)

    def _worked(self) -> float:
        metrics = self._session.send("Performance.getMetrics")["metrics"]
        return next(1_000 * float(one["value"]) for one in metrics if one["name"] == "TaskDuration")


def main() -> None:
    """Measure both screens and print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--slow", type=float, default=1, help="slow the browser's processor so many times")
    options = parser.parse_args()
    print("| list | what | median | worst | wanted | holds | processor |\n|---|---|---|---|---|---|---|", flush=True)
    with _running() as world, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_chromium(), args=list(ARGUMENTS))
        page = world.page("Many files", "one.txt")
        for screen in SCREENS:
            figures = Figures()
            for _ in range(options.rounds):
                _measure(screen, _tab(browser, world, options.slow), page, figures)
            print("\n".join(_rows(screen, figures)), flush=True)
        browser.close()


def _chromium() -> str:
    found = shutil.which(os.environ.get("LOCKPOINT_CHROMIUM", "chromium"))
    return found or sys.exit("no Chromium; install one or set LOCKPOINT_CHROMIUM")


@contextmanager
def _running() -> Iterator[World]:
    with tempfile.TemporaryDirectory(prefix="lockpoint-screens-") as folder:
        stack = Stack(Path(folder), spare_ports(), {}, lambda _name, _line: None, durable=False)
        try:
            stack.start(threading.Event())
            wait_for_installs(stack)
            yield World(stack)
        finally:
            stack.stop()


def _tab(browser: Browser, world: World, slow: float) -> Tab:
    """Open a browser of a site admin, in whose frames of the app the server in memory answers."""
    context = browser.new_context(viewport={"width": WIDE[0], "height": WIDE[1]})
    context.request.post(f"{world.origin}/_sim/be", data={"account": "sam"})
    context.add_init_script(f"if (location.pathname.startsWith('/connect/')) {{ {SERVER} }}")
    tab = context.new_page()
    context.new_cdp_session(tab).send("Emulation.setCPUThrottlingRate", {"rate": slow})
    return tab


def _measure(screen: Screen, tab: Tab, page: Page, figures: Figures) -> None:
    screen.open(Confluence(tab, page).open())
    frame = _frame(tab, screen.address)
    figures.add("usable", frame.evaluate("stopwatch.usable()"))
    if screen.whole:
        frame.evaluate("count => stopwatch.whole(count)", ROWS)
    figures.add("idle", max(frame.evaluate("count => stopwatch.idle(count)", IDLE_FRAMES)))
    scrolled = _scrolled(tab, frame, figures)
    if scrolled["rows"] != ROWS:
        raise RuntimeError(f"{screen.name}: {scrolled['rows']} rows at the end")
    figures.add("frame", max(scrolled["frames"]))
    figures.add("usual", statistics.quantiles(scrolled["frames"], n=20)[-1])
    figures.add("blank", scrolled["blank"])
    watched = Watched(frame, tab.context.new_cdp_session(frame), figures)
    watched.act("sort", "([head]) => stopwatch.sort(head)", [screen.sort])
    watched.act("filter", "([at, value]) => stopwatch.filter(at, value)", [screen.filter, FILTERED])
    watched.act("search", "([at, text]) => stopwatch.search(at, text)", [SEARCH, SEARCHED], screen.pause)
    tab.context.close()


def _scrolled(tab: Tab, frame: Frame, figures: Figures) -> dict[str, Any]:
    """Scroll through all rows while the browser notes how long each task of the main thread used the processor."""
    browser = tab.context.browser
    assert browser is not None  # noqa: S101 - every context here has one
    browser.start_tracing(page=tab, categories=["toplevel"])
    scrolled: dict[str, Any] = frame.evaluate("step => stopwatch.scroll(step)", STEP_PIXELS)
    figures.work.setdefault("frame", []).append(_longest_task(json.loads(browser.stop_tracing())["traceEvents"]))
    return scrolled


def _longest_task(events: list[dict[str, Any]]) -> float:
    """Return the milliseconds of processor time of the longest task in any frame's main thread."""
    names = {(one["pid"], one["tid"]): one["args"]["name"] for one in events if one["name"] == "thread_name"}
    tasks = (one for one in events if names.get((one["pid"], one["tid"])) == "CrRendererMain" and "tdur" in one)
    return max(float(one["tdur"]) for one in tasks) / 1_000


def _frame(tab: Tab, address: str) -> Frame:
    """Wait for the frame at this address."""
    while (found := next((frame for frame in tab.frames if address in frame.url), None)) is None:
        tab.wait_for_event("framenavigated")
    return found


WORDS: Final = {
    "usable": "first row shown and enabled, since the frame began to load",
    "search": "search",
    "filter": "filter",
    "sort": "sort",
    "frame": "longest frame while scrolling",
    "usual": "19 of 20 frames while scrolling",
    "blank": "frames without rows in the middle, while scrolling",
    "idle": "longest frame while nothing happens",
}
COUNTED: Final = frozenset({"blank"})


def _rows(screen: Screen, figures: Figures) -> Iterator[str]:
    for what, words in WORDS.items():
        found, target = figures.of[what], TARGETS[what]
        median = statistics.median(found)
        unit = "" if what in COUNTED else " ms"
        wanted, holds = ("", "") if target is None else (f"< {target}{unit}", "yes" if median < target else "**no**")
        work = f"{statistics.median(figures.work[what]):.0f} ms" if what in figures.work else ""
        yield f"| {screen.name} | {words} | {median:.0f}{unit} | {max(found):.0f}{unit} | {wanted} | {holds} | {work} |"


if __name__ == "__main__":
    main()
