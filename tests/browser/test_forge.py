"""The page dialog through the Forge door: Atlassian's bridge, Forge's sandbox and policy, our server as remote."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from typing import Final

import pytest
from playwright.sync_api import Frame, expect
from playwright.sync_api import Page as Tab

from devstack.environment import spare_ports
from devstack.stack import Stack
from tests.browser.screens import Confluence
from tests.browser.test_accessibility import SIDEWAYS, SIZES, violations
from tests.browser.world import ACME, World, wait_for
from tests.support.installed import wait_for_installs

pytestmark = [pytest.mark.processes, pytest.mark.timeout(240)]

APP: Final = "ari:cloud:ecosystem::app/00000000-0000-4000-8000-000000000000"
MODE: Final = "() => document.documentElement.dataset.colorMode"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The whole system; on the first site the Forge app alone is installed."""
    lines: list[str] = []
    ports = spare_ports()
    confluence = f"http://localhost:{ports.confluence}"
    given = {
        "LOCKPOINT_FORGE_APP_ID": APP,
        "LOCKPOINT_FORGE_KEYS_URL": f"{confluence}/.well-known/jwks.json",
        "LOCKPOINT_FORGE_API_URL": confluence,
    }
    folder = tmp_path_factory.mktemp("forge")
    running = Stack(folder, ports, given, lambda name, line: lines.append(f"{name} | {line}"), durable=False)
    try:
        running.start(threading.Event())
        wait_for_installs(running)
        running.confluence.post(f"/_sim/sites/{ACME}/uninstall", {})
        there = {"site": ACME, "appId": APP, "remoteUrl": ports.app_url}
        assert running.confluence.post("/_sim/forge/install", there)["appStatus"] == 204
        yield running
    finally:
        running.stop()
        sys.stdout.write("\n".join(lines[-80:]))  # pytest shows it with an error of this fixture


def app_frame(tab: Tab) -> Frame:
    return next(frame for frame in tab.frames if "/_sim/forge/app/" in frame.url)


def test_alice_locks_a_file_and_bob_sees_it(become: Callable[..., Tab], world: World) -> None:
    """L-40 through the other door: the lock is there for everybody, and the open dialogs follow."""
    page = world.page("Through Forge", "plan.docx", "other.txt")
    bob = Confluence(become("bob"), page).open().dialog_by_menu()
    alice = Confluence(become("alice"), page).open().dialog_by_byline()
    alice.press("Lock plan.docx")
    alice.wait_for_state("plan.docx", "Locked by you")
    bob.wait_for_state("plan.docx", "Locked by Alice")
    expect(bob.frame.get_by_role("button", name="Lock plan.docx", exact=True)).to_have_count(0)
    bob.press("Notify me when plan.docx is free")
    alice.press("Unlock plan.docx")
    alice.wait_for_state("plan.docx", "Free")
    expect(bob.frame.get_by_text("plan.docx is free now.")).to_be_visible(timeout=20_000)
    alice.close()
