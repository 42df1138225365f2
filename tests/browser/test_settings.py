"""Settings of site and space, as those who may change them, and as those who may not."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page as Tab
from playwright.sync_api import expect

from tests.browser.conftest import Complaints
from tests.browser.screens import Confluence
from tests.browser.settings_screens import SITE, SPACE, Settings
from tests.browser.test_accessibility import SIDEWAYS, SIZES, violations
from tests.browser.world import GLOBEX, World

pytestmark = [pytest.mark.processes, pytest.mark.timeout(240)]

Become = Callable[..., Tab]


@pytest.fixture(autouse=True)
def second_site_untouched(world: World) -> Iterator[None]:
    """Nobody of the second site notices."""
    before = world.site(GLOBEX)["attachments"]
    yield
    assert world.site(GLOBEX)["attachments"] == before
    assert [person["name"] for person in world.site(GLOBEX)["people"] if world.mails(person["name"], GLOBEX)] == []


def test_dana_decides_for_her_space_and_goes_back_to_the_site(become: Become, world: World) -> None:
    """P-14: a space's own timeouts beside the site's; running locks are thought of, and leaving is asked."""
    page = world.page("Timeouts")
    space = Settings(become("dana"), world, page, SPACE).open("Timeouts and protection")
    unlock = space.row("unlockAfterHours")
    expect(unlock).to_contain_text("From the site: 48 hours")
    hours = unlock.get_by_label("Unlock by itself: hours")
    expect(hours).to_be_disabled()

    space.press("Set for this space: Unlock by itself")
    hours.fill("24")
    expect(space.row("warnAfterHours")).to_contain_text("The warning must come before the automatic unlock")
    space.press("Save")
    expect(space.frame.locator(".save-bar")).to_contain_text("1 setting needs a correction")
    hours.fill("36")
    expect(space.frame.locator(".save-bar")).to_contain_text("Running locks may end sooner")

    space.choose("Permissions")
    space.press("Keep editing")
    space.save()
    expect(unlock).to_contain_text("Set for this space. The site has: 48 hours")

    again = Settings(become("dana"), world, page, SPACE).open("Timeouts and protection")
    expect(again.row("unlockAfterHours").get_by_label("Unlock by itself: hours")).to_have_value("36")
    again.press("Use the site's setting: Unlock by itself")
    again.save()
    expect(again.row("unlockAfterHours")).to_contain_text("From the site: 48 hours")


def test_dana_names_lock_managers_by_keyboard(become: Become, world: World) -> None:
    """P-03: who is named ends others' locks within seconds; the focus is never lost."""
    page = world.page("Managers", "plan.docx")
    alice = Confluence(become("alice"), page).open().dialog_by_byline()
    alice.press("Lock plan.docx")
    alice.wait_for_state("plan.docx", "Locked by you")
    world.act("group", {"id": "editors", "name": "demo editors", "members": []})

    tab = become("dana")
    space = Settings(tab, world, page, SPACE).open("Permissions")
    for label, text, name in (("Groups", "demo", "demo editors"), ("People", "Bo", "Bob")):
        space.box(label).focus()
        tab.keyboard.type(text)
        expect(space.frame.get_by_role("option", name=name)).to_have_attribute("aria-selected", "true")
        tab.keyboard.press("Enter")
        expect(space.frame.get_by_role("button", name=f"Remove {name}")).to_be_visible()
        expect(space.box(label)).to_be_focused()
    expect(space.frame.locator(".save-bar")).to_contain_text("2 changes are not saved")
    for key in ("Tab", "Tab", "Tab", "Tab"):  # remove the group, its box, discard, save
        tab.keyboard.press(key)
    tab.keyboard.press("Enter")
    space.saved()
    expect(space.frame.locator("form.settings")).to_be_focused()

    bob = Confluence(become("bob"), page).open().dialog_by_byline()
    bob.press("More for plan.docx")
    expect(bob.row("plan.docx").get_by_role("menuitem", name="End lock…")).to_be_visible(timeout=15_000)

    again = Settings(become("dana"), world, page, SPACE).open("Permissions")
    for name in ("Bob", "demo editors"):
        again.frame.get_by_role("button", name=f"Remove {name}").click()
    again.save()


def test_sam_settles_a_collision_with_himself(become: Become, world: World, complaints: Complaints) -> None:
    """P-07, P-20: who saves second sees what differs, chooses, and loses nothing."""
    page = world.page("Collision")
    first = Settings(become("sam"), world, page, SITE).open("General")
    second = Settings(become("sam"), world, page, SITE).open("General")
    for sam, times in ((first, "5"), (second, "7")):
        sam.frame.get_by_label("Undone uploads before a pause").fill(times)
    first.frame.get_by_label("Longest life of a lock").fill("40")
    first.save()
    second.frame.get_by_label("Admins may overwrite").check()
    second.press("Save")

    expect(second.frame.get_by_role("heading", name="Somebody else saved first")).to_be_focused()
    complaints.forgive("412")
    expect(second.frame.get_by_text("saved these settings at")).to_contain_text("Sam")
    pauses = second.frame.get_by_role("group", name="Undone uploads before a pause")
    expect(pauses).to_contain_text("3 times")
    expect(pauses).to_contain_text("5 times")
    expect(second.frame.get_by_role("button", name="Save", exact=True)).to_be_disabled()
    pauses.get_by_label("Keep mine").check()
    second.save()

    shown = Settings(become("sam"), world, page, SITE).open("General")
    expect(shown.frame.get_by_label("Undone uploads before a pause")).to_have_value("7")
    expect(shown.frame.get_by_label("Longest life of a lock")).to_have_value("40")
    expect(shown.frame.get_by_label("Admins may overwrite")).to_be_checked()
    shown.frame.get_by_label("Undone uploads before a pause").fill("3")
    shown.frame.get_by_label("Longest life of a lock").fill("30")
    shown.frame.get_by_label("Admins may overwrite").uncheck()
    shown.save()


def test_bob_is_told_that_he_may_not(become: Become, world: World, complaints: Complaints) -> None:
    """Roles: settings of a space are for its admins, those of the site for site admins."""
    page = world.page("Refused")
    space = Settings(become("bob"), world, page, SPACE).open("Permissions")
    expect(space.frame.get_by_role("heading", name="Only admins of this space see these settings")).to_be_visible()
    site = Settings(become("dana"), world, page, SITE).open("General")
    expect(site.frame.get_by_role("heading", name="Only site admins see these settings")).to_be_visible()
    assert site.frame.get_by_role("switch").count() == space.frame.get_by_role("switch").count() == 0
    complaints.forgive("403")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_settings_have_no_barriers(
    become: Become, world: World, axe: str, complaints: Complaints, *, dark: bool
) -> None:
    """WCAG 2.2 AA in each part, with changes, wrong values, an open list and a collision; no sideways scrolling."""
    page = world.page("Settings for everybody")
    sam = become("sam", dark=dark)
    space = Settings(sam, world, page, SPACE).open("Permissions")
    space.box("People").fill("a")
    space.frame.get_by_role("option").first.wait_for()
    _look(space, axe, dark=dark)
    space.box("People").fill("")
    space.choose("Timeouts and protection").press("Set for this space: Warn the owner")
    space.frame.get_by_label("Warn the owner: hours").fill("x")
    _look(space, axe, dark=dark)

    site, other = (Settings(become("sam", dark=dark), world, page, SITE).open("General") for _ in range(2))
    for one, times in ((site, "9"), (other, "8")):
        one.frame.get_by_label("Undone uploads before a pause").fill(times)
    _look(site, axe, dark=dark)
    other.save()
    site.tab.bring_to_front()
    site.press("Save")
    site.frame.get_by_role("heading", name="Somebody else saved first").wait_for(timeout=60_000)
    complaints.forgive("412")
    _look(site, axe, dark=dark)
    other.frame.get_by_label("Undone uploads before a pause").fill("3")
    other.save()


def _look(screen: Settings, axe: str, *, dark: bool) -> None:
    frame = screen.app_frame
    mode = "dark" if dark else "light"
    frame.wait_for_function(f"() => document.documentElement.dataset.colorMode === '{mode}'")
    for width, height in SIZES:
        screen.tab.set_viewport_size({"width": width, "height": height})
        assert violations(frame, axe) == [], f"{width} px"
        assert frame.evaluate(SIDEWAYS) <= 0, f"{width} px"
