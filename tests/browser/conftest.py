"""Real processes of the whole system, and one browser per person."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, sync_playwright
from playwright.sync_api import Page as Tab

from devstack.confluence import FORGE
from devstack.stack import ROOT, Stack
from tests.browser.whole_system import whole_system
from tests.browser.world import World

ARGUMENTS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    # Only this machine: a request to the CDN must fail.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
)
WIDE: Final = (1280, 900)
# Only in Confluence's page: a frame may have no storage.
PREFER_DARK: Final = "if (window === window.top) localStorage.setItem('sim.colorMode', 'dark')"
# Connect's library logs its measurements and rejected promises below this level.
ERROR_LEVELS: Final = frozenset({"error"})
PUT_OFF: Final = "status of 429"
MOST_PUT_OFF: Final = 12
"""Requests of a test that may find a person's few places taken: screens come again, and a busy machine is slow."""


@dataclass
class Complaints:
    lines: list[str] = field(default_factory=list)

    def watch(self, tab: Tab) -> None:
        """Collect console errors, exceptions, failed requests and policy violations of a tab and its frames."""
        tab.on("console", self._console)
        tab.on("pageerror", lambda error: self.lines.append(f"exception: {error}"))

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ERROR_LEVELS:
            self.lines.append(f"{message.type}: {message.text}")

    def forgive(self, pattern: str) -> None:
        """Drop errors that the test provoked."""
        self.lines = [line for line in self.lines if not re.search(pattern, line)]

    def forgive_being_put_off(self) -> None:
        if sum(PUT_OFF in line for line in self.lines) <= MOST_PUT_OFF:
            self.forgive(PUT_OFF)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Everything `bin/run` starts, on spare ports, with the app installed on both sites."""
    with whole_system(tmp_path_factory.mktemp("stack")) as running:
        yield running


@pytest.fixture(scope="module", params=["connect", FORGE])
def door(request: pytest.FixtureRequest) -> str:
    """By which the first site comes, for tests that run the whole system by either."""
    return str(request.param)


@pytest.fixture
def world(stack: Stack) -> World:
    return World(stack)


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))
        yield launched
        launched.close()


@pytest.fixture
def complaints() -> Iterator[Complaints]:
    """Fail if a browser reported an error."""
    heard = Complaints()
    yield heard
    heard.forgive_being_put_off()
    assert heard.lines == []


def context_of(browser: Browser, origin: str, name: str | None, size: tuple[int, int] = WIDE) -> BrowserContext:
    """Return a browser of somebody's own; None is not logged in."""
    context = browser.new_context(viewport={"width": size[0], "height": size[1]})
    if name is not None:
        context.request.post(f"{origin}/_sim/be", data={"account": name})
    return context


@pytest.fixture
def become(browser: Browser, world: World, complaints: Complaints) -> Iterator[Callable[..., Tab]]:
    """`become("alice")` gives a tab in a browser of Alice's own; `size` and `dark` choose how she looks at it.

    `become(None)` is somebody who is not logged in.
    """
    with ExitStack() as opened:

        def open_browser(name: str | None, *, size: tuple[int, int] = WIDE, dark: bool = False) -> Tab:
            context = context_of(browser, world.origin, name, size)
            opened.callback(context.close)
            if dark:
                context.add_init_script(PREFER_DARK)
            tab = context.new_page()
            complaints.watch(tab)
            return tab

        yield open_browser


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core, from the front end's packages."""
    path: Path = ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
    if not path.is_file():
        pytest.skip("no axe-core: bin/setup installs the front end's packages")
    return path.read_text(encoding="utf-8")
