"""Mails, health, audit and get started, as Sam; and as those who may not."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Page as Tab
from playwright.sync_api import expect

from tests.browser.conftest import Complaints
from tests.browser.screens import Confluence
from tests.browser.settings_screens import GET_STARTED, SITE, SPACE, Settings
from tests.browser.test_accessibility import SIDEWAYS, SIZES, violations
from tests.browser.world import Page, World, wait_for

pytestmark = [pytest.mark.processes, pytest.mark.timeout(240)]

Become = Callable[..., Tab]
FOLDER: Final = os.environ.get("LOCKPOINT_PICTURES")
"""Where to put pictures, for who wants to look at the screens."""


class Started(Settings):
    """A screen without tabs."""

    def choose(self, part: str) -> Started:
        self.frame.get_by_role("heading", name=part).first.wait_for()
        return self

    def check(self, name: str, found: str) -> None:
        expect(self.frame.locator(f'[data-check="{name}"]')).to_have_attribute("data-found", found, timeout=30_000)


def _lock(become: Become, page: Page, title: str) -> None:
    alice = Confluence(become("alice"), page).open().dialog_by_byline()
    alice.press(f"Lock {title}")
    alice.wait_for_state(title, "Locked by you")


def _look(screen: Settings, axe: str, name: str, *, dark: bool) -> None:
    frame = screen.app_frame
    mode = "dark" if dark else "light"
    frame.wait_for_function(f"() => document.documentElement.dataset.colorMode === '{mode}'")
    for width, height in SIZES:
        screen.tab.set_viewport_size({"width": width, "height": height})
        if FOLDER:
            screen.tab.wait_for_timeout(500)
            screen.tab.screenshot(path=str(Path(FOLDER) / f"{name}-{mode}-{width}.png"))
        assert violations(frame, axe) == [], f"{name}, {width} px"
        assert frame.evaluate(SIDEWAYS) <= 0, f"{name}, {width} px"


def test_sam_writes_a_mail(become: Become, world: World, complaints: Complaints) -> None:
    """P: text with a placeholder by click, live preview, a wrong place, test mail in that language, saved, and back."""
    page = world.page("Mail texts")
    sam = Settings(become("sam"), world, page, SITE).open("Mails")
    sam.frame.get_by_label("Language").select_option("de")
    expect(sam.frame.locator(".letter")).to_contain_text("Kim Example")
    sam.frame.get_by_label("Subject", exact=True).fill("Bald frei: ")
    subject = sam.frame.get_by_role("group", name="Insert into the subject")
    subject.get_by_role("button", name="Insert File name").click()
    expect(sam.frame.get_by_label("Subject", exact=True)).to_have_value("Bald frei: {attachment}")
    expect(sam.frame.locator(".letter-subject")).to_have_text("Subject: Bald frei: Budget.xlsx")

    text = sam.frame.get_by_label("Text", exact=True)
    text.fill("Hallo {nobody}")
    expect(sam.frame.locator(".wrong-places li")).to_contain_text("At character 7")
    complaints.forgive("422")
    text.fill("Dein Lock endet bald.")
    expect(sam.frame.locator(".letter")).to_contain_text("Dein Lock endet bald.")
    sam.press("Plain text")
    expect(sam.frame.locator(".letter.plain")).to_contain_text("Dein Lock endet bald.")

    sam.press("Send a test mail to me")
    expect(sam.frame.get_by_text("The test mail is on its way")).to_be_visible()
    wait_for(lambda: any("Bald frei: Budget.xlsx" in mail["subject"] for mail in world.mails("sam")), "the test mail")

    sam.choose("Health")
    sam.press("Keep editing")
    sam.press("Save this text")
    sam.frame.locator(".save-bar").wait_for(state="detached")
    expect(sam.frame.locator(".lozenge.own")).to_have_text("Own text")

    sam.press("Back to Lockpoint's words")
    sam.press("Delete own text")
    expect(sam.frame.locator(".lozenge")).to_have_text("Lockpoint's words")


def test_two_admins_write_the_same_mail(become: Become, world: World, complaints: Complaints) -> None:
    """Who saves second sees both texts and loses nothing; another mail is nobody's collision."""
    page = world.page("Mail collision")
    first, second = (Settings(become("sam"), world, page, SITE).open("Mails") for _ in range(2))
    for sam, words in ((first, "First {attachment}"), (second, "Second {attachment}")):
        sam.frame.get_by_label("Subject", exact=True).fill(words)
    first.press("Save this text")
    first.frame.locator(".save-bar").wait_for(state="detached")
    second.press("Save this text")
    expect(second.frame.get_by_role("heading", name="Somebody else changed this text")).to_be_focused()
    complaints.forgive("412")
    expect(second.frame.locator(".collision")).to_contain_text("First {attachment}")
    second.press("Save mine")
    second.frame.locator(".save-bar").wait_for(state="detached")
    expect(second.frame.get_by_label("Subject", exact=True)).to_have_value("Second {attachment}")
    second.press("Back to Lockpoint's words")
    second.press("Delete own text")
    expect(second.frame.locator(".lozenge")).to_have_text("Lockpoint's words")


@pytest.fixture
def no_restoring(world: World) -> Iterator[None]:
    """Confluence refuses to restore versions of attachments, until the test is over."""
    world.act("behaviour", {"restoreAttachments": "refused"})
    yield
    world.act("behaviour", {"restoreAttachments": "allowed"})
    world.test_restoring()


@pytest.mark.usefixtures("no_restoring")
def test_sam_switches_copy_mode_on_from_health(become: Become, world: World) -> None:
    """P-04, P-18: a lock that does not protect is listed with its reason, and one click protects it again."""
    page = world.page("No restoring", "copied.txt")
    _lock(become, page, "copied.txt")
    world.act("upload", {"account": "bob", "pageId": page.id, "fileName": "copied.txt", "text": "over it"})
    sam = Settings(become("sam"), world, page, SITE).open("Health")
    group = sam.frame.locator('[data-reason="restore_refused"]')

    def looked(*, there: bool) -> bool:
        sam.press("Look again")
        sam.tab.wait_for_timeout(1500)
        return (group.get_by_text("copied.txt").count() > 0) is there

    wait_for(lambda: looked(there=True), "the lock in the list")
    group.get_by_role("button", name="Switch on copy mode").click()
    expect(sam.frame.get_by_text("Copy mode is on").first).to_be_visible()
    wait_for(lambda: looked(there=False), "the lock to protect again")
    world.act("behaviour", {"restoreAttachments": "allowed"})
    sam.choose("General")
    sam.frame.get_by_label("Copy mode").uncheck()
    sam.save()


def test_sam_reads_the_log_and_takes_it_along(become: Become, world: World) -> None:
    """U-07: filters by person and file; a sentence for each row; all of it as CSV through the frame's sandbox."""
    page = world.page("Logged", "logged.txt")
    _lock(become, page, "logged.txt")
    file = str(world.file(page, "logged.txt")["id"]).removeprefix("att")
    sam = Settings(become("sam"), world, page, SITE).open("Audit")
    rows = sam.frame.locator("tr[data-event]")
    expect(rows.first).to_be_visible()
    sam.frame.get_by_label("File", exact=True).fill(file)
    sam.frame.get_by_label("File", exact=True).press("Enter")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("locked the file.")
    expect(rows.get_by_role("button", name="Show only the file logged.txt")).to_be_visible()
    sam.box("Person").fill("Bob")
    sam.frame.get_by_role("option", name="Bob").click()
    expect(sam.frame.get_by_role("heading", name="Nothing matches")).to_be_visible()
    sam.press("Show everything")
    expect(rows.first).to_be_visible()
    with sam.tab.expect_download() as download:
        sam.press("Download CSV")
    text = Path(download.value.path()).read_text(encoding="utf-8-sig")
    assert download.value.suggested_filename == "lockpoint-audit.csv"
    assert text.startswith("time,event,")
    assert file in text

    dana = Settings(become("dana"), world, page, SPACE).open("Audit")
    expect(dana.frame.locator("tr[data-event=acquired]").first).to_be_visible()


def test_checks_turn_green_by_themselves(become: Become, world: World) -> None:
    """U-08: the self-test says which way of undoing works, and whether it ran; all is seen without a reload."""
    page = world.page("First steps", "first.txt")
    sam = Started(become("sam"), world, page, GET_STARTED).open("Lockpoint may read and restore")
    sam.press("Run it again")
    last = sam.frame.get_by_text("This is still the last result. The self-test can run again in")
    expect(sam.frame.get_by_text("The self-test has run").or_(last)).to_be_visible()
    sam.press("Run it again")
    expect(last).to_be_visible()
    sam.check("restore", "done")
    expect(sam.frame.get_by_role("link", name="Open the settings of Lockpoint")).to_be_visible()
    sam.press("Send a test mail to me")
    sam.check("mail", "done")
    _lock(become, page, "first.txt")
    sam.check("lock", "done")
    expect(sam.frame.get_by_text("Lockpoint is ready")).to_be_visible()


def test_others_are_told_in_words(become: Become, world: World, complaints: Complaints) -> None:
    page = world.page("Told in words")
    for part in ("Mails", "Health", "Audit"):
        dana = Settings(become("dana"), world, page, SITE).open(part)
        expect(dana.frame.get_by_role("heading", name="Only site admins see these settings")).to_be_visible()
    bob = Settings(become("bob"), world, page, SPACE).open("Audit")
    expect(bob.frame.get_by_role("heading", name="Only admins of this space see its log")).to_be_visible()
    bob_too = Started(become("bob"), world, page, GET_STARTED).open("Lockpoint is installed on this site")
    assert bob_too.frame.get_by_role("main").get_by_role("button").count() == 0
    complaints.forgive("403")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_tabs_have_no_barriers(
    become: Become, world: World, axe: str, complaints: Complaints, *, dark: bool
) -> None:
    """WCAG 2.2 AA in each tab, with a wrong text and with filters; no sideways scrolling."""
    page = world.page("Tabs for everybody", "seen.txt")
    _lock(become, page, "seen.txt")
    site = Settings(become("sam", dark=dark), world, page, SITE).open("Health")
    site.frame.get_by_role("heading", name="Undoing uploads").wait_for()
    _look(site, axe, "health", dark=dark)
    site.choose("Audit").frame.locator("tr[data-event]").first.wait_for()
    _look(site, axe, "audit", dark=dark)
    site.choose("Mails").frame.locator(".letter").wait_for()
    _look(site, axe, "mails", dark=dark)
    site.frame.get_by_label("Text", exact=True).fill("Hello {nobody} <b>")
    site.frame.get_by_text("At character 7").wait_for()
    complaints.forgive("422")
    _look(site, axe, "mails-wrong", dark=dark)
    started = Started(become("sam", dark=dark), world, page, GET_STARTED).open("What comes next")
    _look(started, axe, "get-started", dark=dark)
