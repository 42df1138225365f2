"""Time that moves: what the top bar of the local Confluence shows of a lock's life."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page as Tab
from playwright.sync_api import expect

from devstack.stack import Stack
from tests.browser.conftest import Complaints
from tests.browser.screens import Confluence
from tests.browser.test_accessibility import violations
from tests.browser.whole_system import whole_system
from tests.browser.world import ACME, World, wait_for

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def stack(door: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The whole system as `bin/run` starts it, the first site by either door."""
    with whole_system(tmp_path_factory.mktemp("time"), doors={ACME: door}, movable_time=True) as running:
        yield running


def test_a_lock_is_seen_to_warn_and_to_end(
    become: Callable[..., Tab], world: World, axe: str, complaints: Complaints
) -> None:
    """The holder is warned a day later; after two the waiting person is told, also by the dialog that is still open."""
    page = world.page("Two days", "plan.docx")
    tab = become("alice")
    alice = Confluence(tab, page).open().dialog_by_byline()
    alice.press("Lock plan.docx")
    alice.wait_for_state("plan.docx", "Locked by you")
    alice.close()
    bob = Confluence(become("bob"), page).open().dialog_by_byline()
    bob.press("Notify me when plan.docx is unlocked")
    time = tab.get_by_role("group", name="Time of Confluence and the app")
    expect(time.get_by_role("button", name="Back to now")).to_be_hidden()
    assert violations(tab.main_frame, axe) == []

    time.get_by_role("button", name="+1 day").click()
    expect(tab.get_by_text("Warnings and the ends of locks follow within seconds.")).to_be_visible()
    assert world.mail_about("alice", "plan.docx")["subject"] == "Your lock on plan.docx will end soon"
    time.get_by_role("button", name="+1 day").click()
    assert world.mail_about("bob", "plan.docx")["subject"] == "plan.docx is available again"
    expect(bob.frame.get_by_text("plan.docx is not locked any more.")).to_be_visible(timeout=20_000)
    time.get_by_role("button", name="+1 hour").click()
    wait_for(lambda: world.time()["aheadSeconds"] // 3600 == 49, "the hour")
    expect(time.get_by_role("button", name="Back to now")).to_be_visible()
    complaints.forgive("401")  # Bob's token was over, and the dialog took another
    assert violations(tab.main_frame, axe) == []

    time.get_by_role("button", name="Back to now").click()
    wait_for(lambda: world.time()["aheadSeconds"] == 0, "the machine's time")
    expect(time.get_by_role("button", name="Back to now")).to_be_hidden()
