"""The dialog with several users, by keyboard, and in conflicts."""

from collections.abc import Callable

import pytest
from playwright.sync_api import FilePayload, expect
from playwright.sync_api import Page as Tab

from tests.browser.conftest import Complaints
from tests.browser.screens import Confluence, Dialog, go_to
from tests.browser.world import World, wait_for

pytestmark = pytest.mark.processes


def test_take_over_is_seen_by_the_owner(become: Callable[..., Tab], world: World) -> None:
    """L-25: the owner's open dialog names the manager and shows the reason."""
    page = world.page("Take-over", "plan.docx")
    alice = Confluence(become("alice"), page).open().dialog_by_byline()
    alice.press("Lock plan.docx")
    alice.wait_for_state("plan.docx", "Locked by you")

    dana = Confluence(become("dana"), page).open().dialog_by_byline()
    dana.choose("plan.docx", "Take over…")
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
    alice.choose("draft.pdf", "Lock with options…")
    form = alice.frame.get_by_role("form")
    form.get_by_label("Unlock by itself after").select_option(label="4 hours")
    form.get_by_label("Note for others").fill("Back after lunch")
    form.get_by_label("Unlock after my next upload").check()
    form.get_by_role("button", name="Lock", exact=True).click()
    alice.wait_for_state("draft.pdf", "Locked by you")

    bob = Confluence(become("bob"), page).open().dialog_by_byline()
    bob.wait_for_state("draft.pdf", "Locked by Alice")
    expect(bob.row("draft.pdf")).to_contain_text("Back after lunch")
    expect(bob.row("draft.pdf")).to_contain_text("Unlocks after the owner's next upload")
    expect(bob.row("draft.pdf").locator(".cell-ends")).to_contain_text("4 hrs")


def _file(text: str, name: str = "draft.txt") -> FilePayload:
    return FilePayload(name=name, mimeType="text/plain", buffer=text.encode())


def _choose_file(tab: Tab, dialog: Dialog, title: str, file: FilePayload) -> None:
    with tab.expect_file_chooser() as chooser:
        dialog.press(f"Upload a new version of {title}")
    chooser.value.set_files([file])


def test_upload_from_the_row(become: Callable[..., Tab], world: World) -> None:
    """P-21: the browser sends the bytes to Confluence as the person, past our server; then one click unlocks."""
    page = world.page("Upload", "draft.txt")
    tab = become("alice")
    alice = Confluence(tab, page).open().dialog_by_byline()
    to_us: list[str] = []
    tab.on(
        "request", lambda asked: to_us.append(asked.post_data or "") if asked.url.startswith(world.app_url) else None
    )
    alice.choose("draft.txt", "Lock and download")
    alice.wait_for_state("draft.txt", "Locked by you")
    _choose_file(tab, alice, "draft.txt", _file("Alice's second draft"))
    expect(alice.frame.get_by_text("draft.txt is in Confluence as version 2.")).to_be_visible(timeout=15_000)
    assert world.text(world.file(page, "draft.txt")["versions"][0]) == "Alice's second draft"
    assert not any("second draft" in body for body in to_us)

    row = alice.row("draft.txt")
    frame = next(frame for frame in tab.frames if "/connect/page" in frame.url)
    drop = """([row, name]) => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File(["dropped"], name, { type: "text/plain" }));
      const how = { dataTransfer, bubbles: true, cancelable: true };
      for (const kind of ["dragover", "drop"]) row.dispatchEvent(new DragEvent(kind, how));
    }"""
    frame.evaluate(drop, [row.element_handle(), "draft of tomorrow.txt"])
    expect(alice.frame.get_by_text("draft of tomorrow.txt is in Confluence as version 3.")).to_be_visible(
        timeout=15_000
    )
    assert world.file(page, "draft.txt")["versions"][0]["title"] == "draft.txt"
    alice.press("Unlock draft.txt now")
    alice.wait_for_state("draft.txt", "Not locked")
    frame.evaluate(drop, [row.element_handle(), "draft.txt"])
    expect(alice.frame.get_by_text("Lock draft.txt first.")).to_be_visible()
    assert world.file(page, "draft.txt")["version"] == 3


def test_an_upload_that_confluence_refuses_and_one_that_ends_the_lock(
    become: Callable[..., Tab], world: World, complaints: Complaints
) -> None:
    """P-05, L-24: a refusal says why and can be tried again; "unlock after my next upload" ends the lock."""
    page = world.page("Refused upload", "big.txt")
    tab = become("alice")
    alice = Confluence(tab, page).open().dialog_by_byline()
    alice.choose("big.txt", "Lock with options…")
    alice.frame.get_by_label("Unlock after my next upload").check()
    alice.frame.get_by_role("form").get_by_role("button", name="Lock", exact=True).click()
    alice.wait_for_state("big.txt", "Locked by you")
    tab.route("**/child/attachment/*/data", lambda route: route.fulfill(status=413, body="{}"), times=1)
    _choose_file(tab, alice, "big.txt", _file("big", "big.txt"))
    expect(alice.frame.get_by_role("alert")).to_contain_text("larger than this site allows")
    alice.press("Try again")
    alice.wait_for_state("big.txt", "Not locked")
    expect(alice.frame.get_by_text("Your lock has ended.")).to_be_visible()
    complaints.forgive(r"413")


def test_many_files_at_once(become: Callable[..., Tab], world: World) -> None:
    """P-13: a range is locked; each file has its own result; a manager ends several with one reason."""
    names = [f"part {number}.txt" for number in range(1, 6)]
    page = world.page("Many", *names)
    bob = Confluence(become("bob"), page).open().dialog_by_byline()
    bob.press("Lock part 3.txt")
    bob.wait_for_state("part 3.txt", "Locked by you")
    alice = Confluence(become("alice"), page).open().dialog_by_byline()
    alice.wait_for_state("part 3.txt", "Locked by Bob")
    alice.frame.get_by_label("Select part 1.txt").click()
    # The bar of many files may cover a row until one scrolls.
    alice.frame.get_by_label("Select part 4.txt").evaluate("(box) => box.scrollIntoView({ block: 'center' })")
    alice.frame.get_by_label("Select part 4.txt").click(modifiers=["Shift"])
    expect(alice.frame.get_by_text("4 selected")).to_be_visible()
    alice.press("Lock 3")
    expect(alice.frame.get_by_text("3 files are locked for you.")).to_be_visible(timeout=20_000)
    for title in ("part 1.txt", "part 2.txt", "part 4.txt"):
        alice.wait_for_state(title, "Locked by you")
    expect(alice.frame.get_by_text("4 of 5 files locked")).to_be_visible(timeout=15_000)

    dana = Confluence(become("dana"), page).open().dialog_by_byline()
    dana.frame.get_by_label("Select all files shown").click()
    dana.press("End 4 locks…")
    form = dana.frame.get_by_role("form")
    form.get_by_label("Reason").fill("The release is today")
    form.get_by_role("button", name="End 4 locks").click()
    expect(dana.frame.get_by_text("4 locks are ended.")).to_be_visible(timeout=20_000)
    alice.wait_for_state("part 1.txt", "Not locked")
    expect(alice.row("part 1.txt")).to_contain_text("The release is today")


def test_bob_asks_and_alice_hands_over(become: Callable[..., Tab], world: World) -> None:
    """P-11: Bob asks with a message and is declined with a note; he asks again, and the lock moves in one step."""
    page = world.page("Hand-over", "shared.txt")
    alice = Confluence(become("alice"), page).open().dialog_by_byline()
    alice.press("Lock shared.txt")
    alice.wait_for_state("shared.txt", "Locked by you")
    bob = Confluence(become("bob"), page).open().dialog_by_byline()
    bob.choose("shared.txt", "Ask for the file…")
    bob.frame.get_by_label("Message (optional)").fill("An hour is enough")
    bob.frame.get_by_role("form").get_by_role("button", name="Ask").click()
    asked = alice.frame.locator(".request", has_text="An hour is enough")
    expect(asked).to_be_visible(timeout=15_000)
    expect(alice.frame.locator(".flag", has_text="asks for shared.txt")).to_be_visible(timeout=20_000)
    asked.get_by_role("button", name="Decline").click()
    alice.frame.get_by_label("Note (optional)").fill("After lunch")
    alice.frame.get_by_role("form").get_by_role("button", name="Decline").click()
    expect(bob.frame.locator(".request", has_text="After lunch")).to_be_visible(timeout=15_000)

    bob.choose("shared.txt", "Ask for the file…")
    bob.frame.get_by_role("form").get_by_role("button", name="Ask").click()
    expect(bob.frame.locator(".outcome")).to_contain_text("You asked for shared.txt.")
    alice.frame.locator(".request").get_by_role("button", name="Hand over").click(timeout=15_000)
    alice.wait_for_state("shared.txt", "Locked by Bob")
    bob.wait_for_state("shared.txt", "Locked by you")


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
    go_to(lock, "Tab")
    tab.keyboard.press("Enter")
    unlock = frame.get_by_role("button", name="Unlock keys.txt")
    expect(unlock).to_be_focused()
    tab.keyboard.press("Enter")
    expect(lock).to_be_focused()
    tab.keyboard.press("Tab")
    tab.keyboard.press("Enter")
    expect(frame.get_by_role("menuitem", name="Lock and download")).to_be_focused()
    tab.keyboard.press("ArrowDown")
    tab.keyboard.press("Enter")
    expect(frame.get_by_label("Unlock by itself after")).to_be_focused()
    tab.keyboard.press("Escape")
    expect(frame.get_by_role("form")).to_have_count(0)
    expect(frame.get_by_role("button", name="More for keys.txt")).to_be_focused()
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
    """Charlie only looks: within 15 seconds of each, the row says "Restoring", and the version that came back.

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
    expect(row).to_contain_text("Restoring", timeout=15_000)
    wait_for(lambda: world.file(page, "plan.txt")["version"] == 5, "Bob's second version to be undone")
    expect(row).to_contain_text("v5", timeout=15_000)
    expect(row).not_to_contain_text("Restoring")


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
