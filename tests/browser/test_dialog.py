"""The dialog with several users, by keyboard, and in conflicts."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page as Tab
from playwright.sync_api import expect

from tests.browser.conftest import Complaints
from tests.browser.screens import Confluence, Dialog
from tests.browser.world import World, wait_for

pytestmark = pytest.mark.processes


def test_take_over_is_seen_by_the_owner(become: Callable[..., Tab], world: World) -> None:
    """L-25: the owner's open dialog names the manager and shows the reason."""
    page = world.page("Take-over", "plan.docx")
    alice = Confluence(become("alice"), page).open().dialog_by_byline()
    alice.press("Lock plan.docx")
    alice.wait_for_state("plan.docx", "Locked by you")

    dana = Confluence(become("dana"), page).open().dialog_by_byline()
    dana.press("Take over plan.docx")
    form = dana.frame.get_by_role("form")
    form.get_by_label("Reason").fill("The release is today")
    form.get_by_role("button", name="Take over").click()
    dana.wait_for_state("plan.docx", "Locked by you")

    alice.wait_for_state("plan.docx", "Locked by Dana")
    notice = alice.frame.locator(".notice", has_text="Your lock on plan.docx was taken over by Dana")
    expect(notice).to_contain_text("The release is today")


def test_loser_of_a_race_is_told_who_won(become: Callable[..., Tab], world: World, complaints: Complaints) -> None:
    """L-10: the loser's dialog names the winner."""
    page = world.page("Race", "race.txt")
    alice = Confluence(become("alice"), page).open().dialog_by_byline()
    bob_tab = become("bob")
    bob = Confluence(bob_tab, page).open().dialog_by_byline()
    bob_tab.route("**/api/v1/pages/**", lambda route: route.abort())  # Bob's list does not refresh
    alice.press("Lock race.txt")
    alice.wait_for_state("race.txt", "Locked by you")
    bob.press("Lock race.txt")
    expect(bob.frame.get_by_role("alert")).to_contain_text("locked race.txt first")
    bob.wait_for_state("race.txt", "Locked by Alice")
    complaints.forgive(r"409|ERR_FAILED")


def test_lock_with_options(become: Callable[..., Tab], world: World) -> None:
    """L-24: others see duration, note and unlock after upload."""
    page = world.page("Options", "draft.pdf")
    alice = Confluence(become("alice"), page).open().dialog_by_byline()
    alice.press("Lock draft.pdf with options")
    form = alice.frame.get_by_role("form")
    form.get_by_label("Unlock after (hours)").fill("3")
    form.get_by_label("Note for others").fill("Back after lunch")
    form.get_by_label("Unlock after my next upload").check()
    form.get_by_role("button", name="Lock", exact=True).click()
    alice.wait_for_state("draft.pdf", "Locked by you")

    bob = Confluence(become("bob"), page).open().dialog_by_byline()
    bob.wait_for_state("draft.pdf", "Locked by Alice")
    expect(bob.row("draft.pdf")).to_contain_text("Back after lunch")
    expect(bob.row("draft.pdf")).to_contain_text("Unlocks after the owner's next upload")
    expect(bob.row("draft.pdf").locator(".cell-ends")).to_contain_text("2 hrs 59 mins")


def test_keyboard_alone(become: Callable[..., Tab], world: World) -> None:
    """Without a mouse; the focus is never lost."""
    page = world.page("Keyboard", "keys.txt")
    tab = become("alice")
    confluence = Confluence(tab, page).open()
    tab.locator(".byline-item").focus()
    tab.keyboard.press("Enter")
    frame = tab.frame_locator("dialog.dialog iframe")
    lock = frame.get_by_role("button", name="Lock keys.txt", exact=True)
    lock.wait_for()
    for _ in range(30):
        if lock.evaluate("(button) => button === document.activeElement"):
            break
        tab.keyboard.press("Tab")
    tab.keyboard.press("Enter")
    unlock = frame.get_by_role("button", name="Unlock keys.txt")
    expect(unlock).to_be_focused()
    tab.keyboard.press("Enter")
    expect(lock).to_be_focused()
    tab.keyboard.press("Tab")
    tab.keyboard.press("Enter")
    expect(frame.get_by_label("Unlock after (hours)")).to_be_focused()
    tab.keyboard.press("Escape")
    expect(frame.get_by_role("form")).to_have_count(0)
    expect(frame.get_by_role("button", name="Lock keys.txt with options")).to_be_focused()
    tab.keyboard.press("Escape")
    tab.locator("dialog.dialog").wait_for(state="detached")
    expect(confluence.tab.locator(".byline-item")).to_be_focused()


def test_frame_has_no_cookies_and_no_inline_code(become: Callable[..., Tab], world: World) -> None:
    """The frame is another site: no cookie in either direction, no inline code in its policy."""
    page = world.page("Frame", "a.txt")
    tab = become("alice")
    with tab.expect_response(lambda answer: "/connect/page" in answer.url) as opened:
        Confluence(tab, page).open().dialog_by_byline().close()
    answer = opened.value
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert f"frame-ancestors {world.origin}" in policy
    assert "cookie" not in answer.request.all_headers()
    assert "set-cookie" not in answer.headers


def test_an_open_dialog_shows_an_overwrite_and_its_undoing(become: Callable[..., Tab], world: World) -> None:
    """Charlie only looks: within 15 seconds of each, the row says "being undone", and the version that came back.

    An undoing that is faster than a poll shows too.
    """
    page = world.page("Overwritten", "plan.txt")
    alice = Confluence(become("alice"), page).open().dialog_by_byline()
    alice.press("Lock plan.txt")
    alice.wait_for_state("plan.txt", "Locked by you")
    charlie = Confluence(become("charlie"), page).open().dialog_by_menu()
    row = charlie.row("plan.txt")
    expect(row).to_contain_text("v1")
    overwrite = {"account": "bob", "pageId": page.id, "fileName": "plan.txt", "text": "Bob's"}
    world.act("upload", overwrite)
    wait_for(lambda: world.file(page, "plan.txt")["version"] == 3, "Bob's version to be undone")
    expect(row).to_contain_text("v3", timeout=15_000)
    world.delay("POST", "/rest/api/content/[^/]+/version$", seconds=8)
    world.act("upload", overwrite)
    expect(row).to_contain_text("Being undone", timeout=15_000)
    wait_for(lambda: world.file(page, "plan.txt")["version"] == 5, "Bob's second version to be undone")
    expect(row).to_contain_text("v5", timeout=15_000)
    expect(row).not_to_contain_text("Being undone")


def test_a_guest_is_told_what_is_possible(become: Callable[..., Tab], world: World) -> None:
    """On a public page somebody who is not logged in opens the dialog: words, no session, nothing asked of the API."""
    page = world.page("Public", "notes.txt")
    world.public(on=True)
    try:
        tab = become(None)
        asked: list[str] = []
        tab.on("request", lambda request: asked.append(request.url))
        Confluence(tab, page).open()
        tab.locator(".byline-item").click()
        dialog = Dialog(tab)
        dialog.frame.get_by_role("heading", name="Log in to see file locks").wait_for()
        expect(dialog.frame.locator("body")).to_contain_text("You can still open and download this page's files")
        expect(dialog.frame.locator("body")).not_to_contain_text("session")
        assert any("/connect/page" in url for url in asked)
        assert not any("/api/v1" in url for url in asked)
        dialog.close()
    finally:
        world.public(on=False)
