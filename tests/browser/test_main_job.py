"""The main job in Confluence's page and the app's dialog."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page as Tab
from playwright.sync_api import expect

from tests.browser.screens import Confluence
from tests.browser.world import GLOBEX, Json, Page, World, wait_for

pytestmark = pytest.mark.processes

FILE = "forecast.xlsx"
BOBS = "Bob: my own figures"


def test_main_job(become: Callable[..., Tab], world: World) -> None:
    """L-40, L-41: alice locks, Bob uploads, the old version is restored, and everybody concerned gets mail."""
    page = world.page("Forecast", FILE, "other.txt")
    second_site = world.site(GLOBEX)["attachments"]

    alice = Confluence(become("alice"), page).open()
    dialog = alice.dialog_by_byline()
    dialog.press(f"Lock {FILE}")
    dialog.wait_for_state(FILE, "Locked by you")
    expect(dialog.frame.get_by_text(f"{FILE} is locked for you.")).to_be_attached()

    bob = Confluence(become("bob"), page).open()
    bob.upload(FILE, BOBS)

    file = wait_for(lambda: _undone(world, page), "Bob's version to be undone")
    assert file is not None
    assert world.text(file["versions"][0]) == world.text(file["versions"][2]) == f"Alice: {FILE}"
    assert world.text(file["versions"][1]) == BOBS
    versions = bob.history(FILE)
    expect(versions).to_have_count(3, timeout=15_000)
    expect(versions.nth(0)).to_contain_text("Current")
    expect(versions.nth(1)).to_contain_text("Bob")
    world.mail_about("bob", FILE)
    world.mail_about("alice", FILE)

    charlie = Confluence(become("charlie"), page).open()
    asking = charlie.dialog_by_menu()
    asking.wait_for_state(FILE, "Locked by Alice")
    asking.press(f"Notify me when {FILE} is unlocked")
    expect(asking.row(FILE)).to_contain_text("1 person waiting")
    assert world.mails("charlie") == []

    dialog.press(f"Unlock {FILE}")
    dialog.wait_for_state(FILE, "Not locked")
    world.mail_about("charlie", FILE)
    asking.wait_for_state(FILE, "Not locked")
    expect(asking.frame.get_by_text(f"{FILE} is not locked any more.")).to_be_visible()

    assert world.site(GLOBEX)["attachments"] == second_site
    assert [person["name"] for person in world.site(GLOBEX)["people"] if world.mails(person["name"], GLOBEX)] == []


def _undone(world: World, page: Page) -> Json | None:
    file = world.file(page, FILE)
    return file if file["version"] == 3 else None
