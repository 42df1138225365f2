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

from playwright.sync_api import Browser, FloatRect, FrameLocator, ViewportSize, sync_playwright
from playwright.sync_api import Page as Tab

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from devstack.environment import spare_ports  # noqa: E402 - bin/ is not on the path of packages
from devstack.stack import Stack  # noqa: E402
from tests.browser.screens import Confluence, Dialog  # noqa: E402
from tests.browser.world import Page, World, wait_for  # noqa: E402
from tests.support.installed import wait_for_installs  # noqa: E402

IMAGES: Final = ROOT / "docs" / "images"
SIZE: Final = ViewportSize(width=1280, height=800)
TALL: Final = ViewportSize(width=1280, height=1080)
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
TOP_OF_PAGE: Final = FloatRect(x=260, y=56, width=800, height=178)


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
            wait_for_installs(stack)
            yield World(stack)
        finally:
            stack.stop()


def take_all(world: World, browser: Browser) -> None:
    """Take every picture, as one story."""
    page = launch_page(world)
    alice = Confluence(tab_of(world, browser, "alice"), page)
    bob = Confluence(tab_of(world, browser, "bob"), page)
    sam = Confluence(tab_of(world, browser, "sam", TALL), page)
    get_started(sam)
    prepare(world, browser, page, alice, bob)
    dialog_light(alice)
    undone(world, page, bob)
    notice(bob)
    dialog_dark(world, browser, page)
    mail(world, browser)
    my_locks(alice)
    settings_of_space(Confluence(tab_of(world, browser, "dana"), page))
    settings_of_site(sam)


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
    lock_with_note(dialog, BUDGET, "Adding the figures of the fourth quarter", "lock-options")
    dialog.press(f"Lock {LOGO}")
    dialog.wait_for_state(LOGO, "Locked by you")
    dialog.close()
    dialog = bob.open().dialog_by_byline()
    lock_with_note(dialog, BRIEF, "Waiting for the wording from Legal")
    dialog.close()
    dialog = Confluence(tab_of(world, browser, "charlie"), page).open().dialog_by_byline()
    for title in (BUDGET, BRIEF):
        dialog.press(f"Notify me when {title} is unlocked")
        dialog.row(title).get_by_text("You are number 1").filter(visible=True).wait_for()
    dialog = Confluence(tab_of(world, browser, "dana"), page).open().dialog_by_byline()
    dialog.choose(LOGO, "End lock…")
    form = dialog.frame.get_by_role("form")
    form.get_by_label("Reason").fill("The agency sends the new logo today")
    form.get_by_role("button", name="End lock").click()
    dialog.wait_for_state(LOGO, "Not locked")


def lock_with_note(dialog: Dialog, title: str, note: str, picture: str = "") -> None:
    """Lock a file with a note; picture the form where a picture is named."""
    dialog.choose(title, "Lock with options…")
    form = dialog.frame.get_by_role("form")
    form.get_by_label("Note for others").fill(note)
    if picture:
        shoot(dialog.tab, picture)
    form.get_by_role("button", name="Lock", exact=True).click()
    dialog.wait_for_state(title, "Locked by you")


def get_started(sam: Confluence) -> None:
    """Picture the checks before anybody has locked a file."""
    sam.get_started().get_by_text("checks are green").wait_for()
    shoot(sam.tab, "get-started")


def dialog_light(alice: Confluence) -> None:
    """Picture the line under the title, and the dialog, as an editor."""
    shoot(alice.open().tab, "byline", TOP_OF_PAGE)
    dialog = alice.dialog_by_byline()
    dialog.wait_for_state(BRIEF, "Locked by Bob")
    shoot(alice.tab, "dialog-light")


def undone(world: World, page: Page, bob: Confluence) -> None:
    """Picture the page after a restore."""
    bob.open().upload(BUDGET, "What Bob wrote over it")
    wait_for(lambda: world.file(page, BUDGET)["version"] == RESTORED, "the overwrite to be undone")
    bob.history(BUDGET).nth(2).wait_for()
    bob.tab.locator(".flag-close").last.click()
    shoot(bob.tab, "page-undone")


def notice(bob: Confluence) -> None:
    """Picture what the overwriting person is told on the screen."""
    bob.open().dialog_by_byline().frame.get_by_text(f"Your upload of {BUDGET} was undone").wait_for()
    shoot(bob.tab, "notice")


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
    tab = browser.new_context(viewport={"width": 900, "height": 940}).new_page()
    tab.goto(world.mails_url)
    tab.get_by_role("link", name="undone").first.click()
    # The catcher's frame has a fixed height; the picture needs the whole mail.
    tab.locator("iframe").evaluate("(frame) => { frame.style.height = '720px'; }")
    shoot(tab, "mail-undone")


def my_locks(alice: Confluence) -> None:
    """Picture somebody's own list."""
    alice.my_locks().get_by_text(BUDGET).first.wait_for()
    shoot(alice.tab, "my-locks")


def settings_of_space(dana: Confluence) -> None:
    """Picture where a space differs from its site, not yet saved."""
    frame = dana.space_page()
    choose_tab(frame, "Timeouts and protection")
    frame.get_by_role("button", name="Set for this space: Unlock by itself").click()
    frame.get_by_label("Unlock by itself: hours").fill("72")
    shoot(dana.tab, "space-protection")


def settings_of_site(sam: Confluence) -> None:
    """Picture the tabs of the site's settings that say most."""
    frame = sam.admin()
    for tab, picture in (("General", "site-general"), ("Mails", "site-mails"), ("Health", "site-health")):
        choose_tab(frame, tab)
        shoot(sam.tab, picture)


def choose_tab(frame: FrameLocator, name: str) -> None:
    frame.get_by_role("tab", name=name).click()
    frame.get_by_role("tabpanel").get_by_role("heading").first.wait_for()


def tab_of(world: World, browser: Browser, name: str, size: ViewportSize = SIZE) -> Tab:
    """Return a tab in the person's own browser context."""
    context = browser.new_context(viewport=size)
    context.request.post(f"{world.origin}/_sim/be", data={"account": name})
    return context.new_page()


def shoot(tab: Tab, name: str, part: FloatRect | None = None) -> None:
    """Write one picture, of the whole window unless told otherwise, once nothing moves."""
    tab.wait_for_timeout(1_000)
    tab.screenshot(path=IMAGES / f"{name}.png", clip=part)
    print(f"docs/images/{name}.png")


if __name__ == "__main__":
    main()
