"""Second part of bin/screenshots: writes docs/images/*.png."""

import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, sync_playwright
from playwright.sync_api import Page as Tab

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from devstack.environment import spare_ports  # noqa: E402 - bin/ is not on the path of packages
from devstack.stack import Stack  # noqa: E402
from tests.browser.screens import Confluence, Dialog  # noqa: E402
from tests.browser.world import Page, World, wait_for  # noqa: E402

IMAGES: Final = ROOT / "docs" / "images"
SIZE: Final = {"width": 1280, "height": 800}
FILES: Final = {
    "Budget 2027.xlsx": 48,
    "Launch brief.docx": 121,
    "Logo.png": 17,
    "Press release.docx": 64,
    "Timeline.pdf": 310,
}
BUDGET, BRIEF, LOGO, *_ = FILES
PARAGRAPHS: Final = (
    "We launch on 14 April. What is attached here is what we work from; please keep it current.",
    "Lock a file before you change it, and say in the note how long you need it.",
)
# Alice's version, Bob's overwrite, Alice's restored.
RESTORED: Final = 3


def main() -> None:
    """Start everything, take pictures, stop."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    chromium = shutil.which(os.environ.get("LOCKPOINT_CHROMIUM", "chromium"))
    if chromium is None:
        sys.exit("bin/screenshots: no Chromium; install one or set LOCKPOINT_CHROMIUM")
    with running() as world, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        take_all(world, browser)
        browser.close()


@contextmanager
def running() -> Iterator[World]:
    """Yield the system with a temporary state folder."""
    with tempfile.TemporaryDirectory(prefix="lockpoint-pictures-") as folder:
        stack = Stack(Path(folder), spare_ports(), {}, lambda _name, _line: None)
        try:
            stack.start(threading.Event())
            yield World(stack)
        finally:
            stack.stop()


def take_all(world: World, browser: Browser) -> None:
    """Take every picture, as one story."""
    page = launch_page(world)
    alice = Confluence(tab_of(world, browser, "alice"), page)
    bob = Confluence(tab_of(world, browser, "bob"), page)
    prepare(world, browser, page, alice, bob)
    dialog_light(alice)
    undone(world, page, bob)
    dialog_dark(world, browser, page)
    mail(world, browser)


def launch_page(world: World) -> Page:
    """Create a page with realistic files."""
    body = "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)
    made = world.act("page", {"account": "alice", "spaceKey": "DS", "title": "Launch in spring", "body": body})
    page = Page(str(made["id"]), world.origin + str(made["url"]))
    for title, kilobytes in FILES.items():
        text = f"{title}\n" * (kilobytes * 1024 // (len(title) + 1))
        world.act("upload", {"account": "alice", "pageId": page.id, "fileName": title, "text": text})
    return page


def prepare(world: World, browser: Browser, page: Page, alice: Confluence, bob: Confluence) -> None:
    """Alice locks the budget, Bob the brief; Charlie waits; a manager ended the logo's lock."""
    dialog = alice.open().dialog_by_byline()
    lock_with_note(dialog, BUDGET, "Adding the figures of the fourth quarter")
    dialog.press(f"Lock {LOGO}")
    dialog.wait_for_state(LOGO, "Locked by you")
    dialog.close()
    dialog = bob.open().dialog_by_byline()
    lock_with_note(dialog, BRIEF, "Waiting for the wording from Legal")
    dialog.close()
    dialog = Confluence(tab_of(world, browser, "charlie"), page).open().dialog_by_byline()
    for title in (BUDGET, BRIEF):
        dialog.press(f"Notify me when {title} is unlocked")
        dialog.row(title).get_by_text("You are number 1").wait_for()
    dialog = Confluence(tab_of(world, browser, "dana"), page).open().dialog_by_byline()
    dialog.choose(LOGO, "End lock…")
    form = dialog.frame.get_by_role("form")
    form.get_by_label("Reason").fill("The agency sends the new logo today")
    form.get_by_role("button", name="End lock").click()
    dialog.wait_for_state(LOGO, "Not locked")


def lock_with_note(dialog: Dialog, title: str, note: str) -> None:
    """Lock a file with a note."""
    dialog.choose(title, "Lock with options…")
    form = dialog.frame.get_by_role("form")
    form.get_by_label("Note for others").fill(note)
    form.get_by_role("button", name="Lock", exact=True).click()
    dialog.wait_for_state(title, "Locked by you")


def dialog_light(alice: Confluence) -> None:
    """Picture the dialog as an editor."""
    dialog = alice.open().dialog_by_byline()
    dialog.wait_for_state(BRIEF, "Locked by Bob")
    shoot(alice.tab, "dialog-light")


def undone(world: World, page: Page, bob: Confluence) -> None:
    """Picture the page after a restore."""
    bob.open().upload(BUDGET, "What Bob wrote over it")
    wait_for(lambda: world.file(page, BUDGET)["version"] == RESTORED, "the overwrite to be undone")
    bob.history(BUDGET).nth(2).wait_for()
    bob.tab.locator(".flag-close").last.click()
    shoot(bob.tab, "page-undone")


def dialog_dark(world: World, browser: Browser, page: Page) -> None:
    """Picture the dialog as a space admin, dark theme, about to take over."""
    dana = Confluence(tab_of(world, browser, "dana"), page).open()
    dana.tab.get_by_role("button", name="Dark theme").click()
    dialog = dana.dialog_by_byline()
    dialog.choose(BRIEF, "Take over…")
    dialog.frame.get_by_role("form").get_by_label("Reason").fill("Bob is on leave, and the brief goes out today")
    shoot(dana.tab, "dialog-dark")


def mail(world: World, browser: Browser) -> None:
    """Picture the mail to the overwriting person in the local mail catcher."""
    world.mail_about("bob", BUDGET)
    tab = browser.new_context(viewport={"width": 900, "height": 960}).new_page()
    tab.goto(world.mails_url)
    tab.get_by_role("link", name="undone").first.click()
    # The catcher's frame has a fixed height; the picture needs the whole mail.
    tab.locator("iframe").evaluate("(frame) => { frame.style.height = '720px'; }")
    shoot(tab, "mail-undone")


def tab_of(world: World, browser: Browser, name: str) -> Tab:
    """Return a tab in the person's own browser context."""
    context = browser.new_context(viewport=SIZE)
    context.request.post(f"{world.origin}/_sim/be", data={"account": name})
    return context.new_page()


def shoot(tab: Tab, name: str) -> None:
    """Write one picture, once nothing moves."""
    tab.wait_for_timeout(600)
    tab.screenshot(path=IMAGES / f"{name}.png")
    print(f"docs/images/{name}.png")


if __name__ == "__main__":
    main()
