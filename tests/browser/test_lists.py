"""Locks across pages: my locks, those of a space and of the site, the macro, and notices."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import FrameLocator, expect
from playwright.sync_api import Page as Tab

from tests.browser.conftest import Complaints
from tests.browser.frames import Screen
from tests.browser.screens import Confluence, Dialog
from tests.browser.test_accessibility import SIDEWAYS, SIZES, violations
from tests.browser.world import Page, World

pytestmark = [pytest.mark.processes, pytest.mark.timeout(240)]

TOLD_WITHIN: Final = 15.0


def _lock(tab: Tab, page: Page, *titles: str) -> None:
    dialog = Confluence(tab, page).open().dialog_by_byline()
    for title in titles:
        dialog.press(f"Lock {title}")
        dialog.wait_for_state(title, "Locked by you")


def _has_no_barriers(screen: Screen, axe: str) -> None:
    """WCAG 2.2 AA, and no sideways scrolling, at every width."""
    before = screen.tab.viewport_size
    for width, height in SIZES:
        screen.tab.set_viewport_size({"width": width, "height": height})
        assert violations(screen.frame, axe) == [], f"{width} px"
        assert screen.frame.evaluate(SIDEWAYS) <= 0, f"{width} px"
    if before is not None:
        screen.tab.set_viewport_size(before)


def _macro(confluence: Confluence) -> FrameLocator:
    return confluence.open().macro()


def _download(screen: Screen, label: str) -> str:
    with screen.tab.expect_download() as saved:
        screen.press(label)
    return Path(saved.value.path()).read_text(encoding="utf-8-sig")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_my_locks(become: Callable[..., Tab], world: World, axe: str, dark: bool) -> None:
    """U-05: all my locks and what I wait for, preferences, and all that is stored about me, as a file too."""
    mode = "dark" if dark else "light"
    page = world.page(f"My locks, {mode}", f"plan-{mode}.docx", f"budget-{mode}.xlsx", f"bobs-{mode}.txt")
    _lock(become("bob"), page, f"bobs-{mode}.txt")
    tab = become("alice", dark=dark)
    _lock(tab, page, f"plan-{mode}.docx", f"budget-{mode}.xlsx")
    dialog = Dialog(tab)
    dialog.press(f"Notify me when bobs-{mode}.txt is unlocked")
    dialog.frame.get_by_text("You will be told when").wait_for()

    mine = Screen(tab, page, Confluence.my_locks)
    mine.row(f"plan-{mode}.docx").get_by_role("button", name="Extend").click()
    expect(mine.inside.locator(".outcome")).to_contain_text(f"Your lock on plan-{mode}.docx is extended.")
    mine.row(f"budget-{mode}.xlsx").get_by_role("button", name="Unlock").click()
    expect(mine.row(f"budget-{mode}.xlsx").locator(".badge")).to_have_text("Not locked")
    _has_no_barriers(mine, axe)

    mine.part("Files I wait for")
    expect(mine.row(f"bobs-{mode}.txt")).to_contain_text("You are number 1")

    mine.part("Preferences")
    wanted = mine.inside.get_by_label("My lock will end soon")
    before = wanted.is_checked()
    wanted.set_checked(not before)
    mine.inside.get_by_label("Language of mails").select_option(label="Deutsch")
    mine.press("Save")
    mine.inside.get_by_text("Your preferences are saved.").wait_for()
    _has_no_barriers(mine, axe)
    mine.part("My data")
    mine.part("Preferences")
    expect(wanted).to_be_checked(checked=not before)
    expect(mine.inside.get_by_label("Language of mails")).to_have_value("de")

    mine.part("My data")
    mine.press("Show my data")
    data = json.loads(_download(mine, "Download as JSON"))
    shown = mine.inside.get_by_role("heading", name="Your locks").locator("xpath=..")
    expect(shown).to_contain_text("entr")
    assert data["locks"]
    assert world.file(page, f"plan-{mode}.docx")["id"].removeprefix("att") in json.dumps(data["locks"])
    _has_no_barriers(mine, axe)


@pytest.mark.parametrize("who", ["dana", "sam"])
def test_locks_of_space_and_site(become: Callable[..., Tab], world: World, axe: str, who: str) -> None:
    """U-06, U-07: searched, sorted, filtered, taken home as a table, and many ended with one reason."""
    page = world.page(f"Locks for {who}", f"{who}-one.txt", f"{who}-two.txt", f"{who}-three.txt")
    _lock(become("alice"), page, f"{who}-one.txt", f"{who}-two.txt")
    _lock(become("bob"), page, f"{who}-three.txt")
    screen = Screen(become(who, dark=who == "sam"), page, Confluence.space_page if who == "dana" else Confluence.admin)
    if who == "sam":
        screen.part("Locked attachments")

    screen.inside.get_by_role("searchbox").fill(f"{who}-")
    expect(screen.inside.locator("tr[data-row]")).to_have_count(3)
    expect(screen.inside.locator(".count")).to_have_text("3 locks")
    screen.inside.get_by_role("button", name="Since").click()
    screen.inside.get_by_role("button", name="Since").click()
    expect(screen.inside.locator("tr[data-row]").first).to_contain_text(f"{who}-three.txt")
    table = _download(screen, "Download CSV")
    assert [line.split(",")[0] for line in table.splitlines()] == [
        "file", f"{who}-three.txt", f"{who}-two.txt", f"{who}-one.txt"
    ]  # fmt: skip
    screen.inside.get_by_label("Show", exact=True).select_option(label="Locked by me")
    screen.inside.get_by_role("heading", name="No lock matches").wait_for()
    screen.inside.get_by_label("Show", exact=True).select_option(label="Locked by others")

    for name in ("one", "two"):
        screen.row(f"{who}-{name}.txt").get_by_role("checkbox").check()
    screen.press("End 2 locks…")
    _has_no_barriers(screen, axe)
    screen.inside.get_by_label("Reason").fill("The release is today")
    screen.inside.get_by_role("form").get_by_role("button", name="End 2 locks").click()
    screen.inside.get_by_text("2 locks are ended.").wait_for()
    expect(screen.inside.locator("tr[data-row]")).to_have_count(1)
    assert "The release is today" in world.mail_about("alice", f"{who}-one.txt")["text"]


def test_requests_are_declined_and_withdrawn_in_lists(become: Callable[..., Tab], world: World, axe: str) -> None:
    """P-11: the owner declines with a note; who asks sees their own words and takes them back."""
    page = world.page("Asked in lists", "asked-one.txt", "asked-two.txt")
    alice, bob = become("alice"), become("bob")
    _lock(alice, page, "asked-one.txt", "asked-two.txt")
    dialog = Confluence(bob, page).open().dialog_by_byline()
    for name in ("one", "two"):
        dialog.choose(f"asked-{name}.txt", "Ask for the file")
        dialog.frame.get_by_label("Message").fill(f"for the fair, {name}")
        dialog.frame.get_by_role("form").get_by_role("button", name="Ask").click()
        dialog.frame.get_by_text(f"You asked for asked-{name}.txt.").wait_for()

    mine = Screen(alice, page, Confluence.my_locks)
    mine.press("Decline Bob Baker's request for asked-one.txt")
    _has_no_barriers(mine, axe)
    mine.inside.get_by_label("Note (optional)").fill("After the release")
    mine.inside.get_by_role("form").get_by_role("button", name="Decline").click()
    mine.inside.get_by_text("The request for asked-one.txt is declined.").wait_for()
    expect(mine.inside.locator("q")).to_have_text(["for the fair, two"])
    assert "After the release" in world.mail_about("bob", "asked-one.txt")["text"]

    waiting = Screen(bob, page, Confluence.my_locks)
    waiting.part("Files I wait for")
    expect(waiting.inside.locator(".request")).to_contain_text("You asked Alice Arden for this file")
    _has_no_barriers(waiting, axe)
    waiting.press("Withdraw request for asked-two.txt")
    waiting.inside.get_by_text("Your request for asked-two.txt is withdrawn.").wait_for()
    expect(waiting.inside.locator(".request")).to_have_count(0)


def test_who_manages_no_locks_is_told_so(become: Callable[..., Tab], world: World, complaints: Complaints) -> None:
    page = world.page("Not for Bob", "a.txt")
    screen = Screen(become("bob"), page, Confluence.space_page)
    screen.inside.get_by_role("heading", name="You can't see this list").wait_for()
    complaints.forgive("403")


def test_the_macro_shows_the_locks_of_its_page(become: Callable[..., Tab], world: World, axe: str) -> None:
    """U-04: to whoever sees the page."""
    page = world.page("Macro", "held.txt", "free.txt")
    world.macro(page)
    tab = become("alice")
    empty = Screen(become("charlie"), page, _macro)
    empty.inside.get_by_text("No attachment of this page is locked.").wait_for()
    _lock(tab, page, "held.txt")
    macro = Screen(become("charlie"), page, _macro)
    rows = macro.inside.get_by_role("table").locator("tbody tr")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("held.txt")
    expect(rows).to_contain_text("Alice Arden")
    _has_no_barriers(macro, axe)


def test_whose_upload_was_undone_learns_it_at_once(become: Callable[..., Tab], world: World, axe: str) -> None:
    """U-09: within 15 seconds, on any open screen, and once while it is open."""
    page = world.page("Blocked", "locked.txt")
    _lock(become("alice"), page, "locked.txt")
    bob = become("bob")
    screen = Screen(bob, page, Confluence.my_locks)
    screen.inside.get_by_role("searchbox").wait_for()
    since = time.monotonic()
    world.act("upload", {"account": "bob", "pageId": page.id, "fileName": "locked.txt", "text": "Bob's"})
    flag = screen.inside.locator(".flag", has_text="Your upload of locked.txt was undone")
    flag.wait_for()
    assert time.monotonic() - since < TOLD_WITHIN
    expect(flag).to_contain_text("Alice Arden has locked this file.")
    expect(flag.get_by_role("link", name="Open locked.txt (new tab)")).to_be_visible()
    _has_no_barriers(screen, axe)
    flag.get_by_role("button", name="Dismiss").click()
    bob.wait_for_timeout(9_000)
    expect(flag).to_have_count(0)
