"""Every surface is where Confluence shows it, and its frame starts without a complaint."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

import pytest
from playwright.sync_api import FrameLocator, expect
from playwright.sync_api import Page as Tab

from tests.browser.screens import Confluence
from tests.browser.world import World, wait_for

pytestmark = pytest.mark.processes

GROWN: Final = 600
GROW: Final = f"(app) => {{ app.firstElementChild.style.minHeight = '{GROWN}px'; }}"
UPLOAD: Final = """async ([url, text]) => {
  const file = new File([text], "mine.txt", { type: "text/plain" });
  const asked = { url, type: "POST", contentType: "multipart/form-data", data: { file, minorEdit: "true" } };
  return (await AP.request(asked)).xhr.status;
}"""


def headings(frame: FrameLocator) -> list[str]:
    frame.get_by_role("heading", level=1).first.wait_for()
    return frame.get_by_role("heading", level=1).all_inner_texts()


def check_the_pages_of_the_app(become: Callable[..., Tab], world: World) -> None:
    """U-05 to U-08: each opens for the person who is shown its link, in the sidebar or the list of apps."""
    page = world.page("Around the pages", "a.txt")
    dana = Confluence(become("dana"), page)
    for open_page in (dana.my_locks, dana.space_page):
        assert headings(open_page()) != []
    sam = Confluence(become("sam"), page)
    for open_page in (sam.admin, sam.configure, sam.get_started):
        assert headings(open_page()) != []
        assert sam.tab.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


def check_the_links(become: Callable[..., Tab], world: World) -> None:
    """Confluence shows links of its administration to site admins alone."""
    for who, admin in (("charlie", False), ("sam", True)):
        tab = become(who)
        Confluence(tab, world.page(f"Links of {who}")).open()
        sidebar = tab.get_by_role("navigation", name="Space")
        expect(sidebar.get_by_role("link", name="My locks", exact=True)).to_be_visible()
        expect(sidebar.get_by_role("link", name="Installed apps", exact=True)).to_have_count(1 if admin else 0)
    tab.get_by_role("link", name="Installed apps", exact=True).click()
    tab.get_by_role("main").get_by_role("link", name="Get started").click()
    tab.locator(".app-page iframe").wait_for()


def is_grown(confluence: Confluence, number: int) -> bool:
    """Let a macro need more room; return whether its frame has it. Browsers lay out only what is in sight."""
    confluence.macro(number).locator("#app").evaluate(GROW)
    frame = confluence.tab.locator("[data-macro] iframe").nth(number)
    frame.scroll_into_view_if_needed()
    box = frame.bounding_box()
    return box is not None and box["height"] >= GROWN


def check_macros(become: Callable[..., Tab], world: World) -> None:
    """U-04: several on a page, each as high as its content, and none loads again when the page is drawn anew."""
    page = world.page("With macros", "a.txt")
    world.macro(page, scope="page", columns="owner")
    world.macro(page, scope="mine")
    tab = become("alice")
    confluence = Confluence(tab, page).open()
    for number in (0, 1):
        confluence.macro(number).locator("#app > *").first.wait_for()
        wait_for(partial(is_grown, confluence, number), "a frame as high as its content")
    loads: list[str] = []
    tab.on("framenavigated", lambda frame: loads.append(frame.url))
    confluence.upload("a.txt", "drawn anew")
    assert loads == []


def test_the_app_has_its_pages(become: Callable[..., Tab], world: World) -> None:
    check_the_pages_of_the_app(become, world)


def test_links_are_where_confluence_shows_them(become: Callable[..., Tab], world: World) -> None:
    check_the_links(become, world)


def test_macros_are_in_the_page(become: Callable[..., Tab], world: World) -> None:
    check_macros(become, world)


def test_guests_meet_the_macro(become: Callable[..., Tab], world: World) -> None:
    """Connect shows macros to people without an account."""
    page = world.page("For guests, with a macro", "a.txt")
    world.macro(page)
    world.public(on=True)
    try:
        confluence = Confluence(become(None), page).open()
        confluence.macro().locator("#app[data-guest] > *").first.wait_for()
    finally:
        world.public(on=False)


def test_a_screen_uploads_as_the_person(become: Callable[..., Tab], world: World) -> None:
    """P-21: AP.request carries a file; the new version is Bob's, and Confluence refuses Charlie's."""
    page = world.page("Uploads of a screen", "mine.txt")
    file = world.file(page, "mine.txt")
    url = f"/rest/api/content/{page.id}/child/attachment/{file['id']}/data"
    tab = become("bob")
    Confluence(tab, page).open().dialog_by_byline()
    frame = next(frame for frame in tab.frames if "/connect/page" in frame.url)
    assert frame.evaluate(UPLOAD, [url, "Bob: by the screen"]) == 200
    head = world.file(page, "mine.txt")["versions"][0]
    assert (head["author"], world.text(head)) == ("Bob Baker", "Bob: by the screen")
