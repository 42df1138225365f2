"""The page dialog through the Forge door: Atlassian's bridge, Forge's sandbox and policy, our server as remote."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import pytest
from playwright.sync_api import FilePayload, Frame, Route, expect
from playwright.sync_api import Page as Tab

from devstack.confluence import FORGE
from devstack.stack import Stack
from tests.browser.conftest import Complaints
from tests.browser.screens import Confluence, go_to
from tests.browser.test_accessibility import SIDEWAYS, SIZES, violations
from tests.browser.test_surfaces import check_macros, check_the_links, check_the_pages_of_the_app
from tests.browser.whole_system import whole_system
from tests.browser.world import ACME, World, wait_for

pytestmark = pytest.mark.processes

INLINE: Final = """() => {
  const script = document.createElement("script");
  script.textContent = "window.ran = 1";
  document.head.append(script);
  return window.ran ?? 0;
}"""
# What `requestConfluence` of `@forge/bridge` sends for a form with a file.
UPLOAD: Final = """async ([restPath, text]) => {
  const file = `data:text/plain;base64,${btoa(text)}`;
  const body = JSON.stringify({ file, __fileName: "mine.txt", __fileType: "text/plain", minorEdit: "true" });
  const headers = [["content-type", "text/plain;charset=UTF-8"], ["x-atlassian-token", "no-check"]];
  const fetchRequestInit = { method: "POST", headers, body };
  const asked = { product: "confluence", restPath, fetchRequestInit, isMultipartFormData: true };
  return (await __bridge.callBridge("fetchProduct", asked)).status;
}"""
MODE: Final = "() => document.documentElement.dataset.colorMode"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The whole system; on the first site the Forge app alone is installed."""
    with whole_system(tmp_path_factory.mktemp("forge"), doors={ACME: FORGE}) as running:
        yield running


def app_frame(tab: Tab) -> Frame:
    return next(frame for frame in tab.frames if "/_sim/forge/app/" in frame.url)


def test_alice_locks_a_file_and_bob_sees_it(become: Callable[..., Tab], world: World) -> None:
    """L-40 through the other door: the lock is there for everybody, and the open dialogs follow."""
    page = world.page("Through Forge", "plan.docx", "other.txt")
    bob = Confluence(become("bob"), page).open().dialog_by_menu()
    alice = Confluence(become("alice"), page).open().dialog_by_byline()
    alice.press("Lock plan.docx")
    alice.wait_for_state("plan.docx", "Locked by you")
    bob.wait_for_state("plan.docx", "Locked by Alice")
    expect(bob.frame.get_by_role("button", name="Lock plan.docx", exact=True)).to_have_count(0)
    bob.press("Notify me when plan.docx is unlocked")
    alice.press("Unlock plan.docx")
    alice.wait_for_state("plan.docx", "Not locked")
    expect(bob.frame.get_by_text("plan.docx is not locked any more.")).to_be_visible(timeout=20_000)
    alice.close()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_dialog_has_no_barriers_in_either_theme(
    become: Callable[..., Tab], world: World, axe: str, dark: bool
) -> None:
    """WCAG 2.2 AA, no sideways scrolling, and the product's colours from its own tokens."""
    page = world.page("Forge and its themes", "one.txt", "two.txt")
    bob = Confluence(become("bob"), page).open().dialog_by_byline()
    bob.press("Lock two.txt")
    bob.wait_for_state("two.txt", "Locked by you")
    tab = become("dana", dark=dark)
    dialog = Confluence(tab, page).open().dialog_by_byline()
    dialog.choose("one.txt", "Lock with options…")
    frame = app_frame(tab)
    frame.wait_for_function(f"() => ({MODE})() === '{'dark' if dark else 'light'}'")
    token = "() => getComputedStyle(document.documentElement).getPropertyValue('--ds-surface').trim()"
    frame.wait_for_function(f"() => ({token})() !== ''")
    assert frame.evaluate(token) == tab.evaluate(token)
    for width, height in (*SIZES, (760, 800)):
        tab.set_viewport_size({"width": width, "height": height})
        assert violations(frame, axe) == [], f"{width} px"
        assert frame.evaluate(SIDEWAYS) <= 0, f"{width} px"


def test_a_new_version_goes_from_the_row_to_confluence(become: Callable[..., Tab], world: World) -> None:
    """P-21 through the other door: `requestConfluence` carries the file; no byte passes our server."""
    page = world.page("Forge uploads", "draft.txt")
    tab = become("alice")
    dialog = Confluence(tab, page).open().dialog_by_byline()
    dialog.press("Lock draft.txt")
    dialog.wait_for_state("draft.txt", "Locked by you")
    with tab.expect_file_chooser() as chooser:
        dialog.press("Upload a new version of draft.txt")
    chooser.value.set_files([FilePayload(name="other name.txt", mimeType="text/plain", buffer=b"by Forge")])
    expect(dialog.frame.get_by_text("other name.txt is in Confluence as version 2.")).to_be_visible(timeout=15_000)
    newest = world.file(page, "draft.txt")["versions"][0]
    assert (newest["title"], world.text(newest)) == ("draft.txt", "by Forge")
    dialog.press("Unlock draft.txt now")
    dialog.wait_for_state("draft.txt", "Not locked")


def test_the_theme_is_followed_live(become: Callable[..., Tab], world: World) -> None:
    page = world.page("Forge at night", "a.txt")
    tab = become("alice")
    Confluence(tab, page).open().dialog_by_byline()
    tab.evaluate("() => document.documentElement.setAttribute('data-color-mode', 'dark')")
    frame = app_frame(tab)
    frame.wait_for_function(f"() => ({MODE})() === 'dark'")
    assert frame.evaluate("() => getComputedStyle(document.documentElement).colorScheme") == "dark"


def test_keyboard_alone(become: Callable[..., Tab], world: World) -> None:
    """Without a mouse, from the page into the dialog and back."""
    page = world.page("Forge by keyboard", "keys.txt")
    tab = become("alice")
    Confluence(tab, page).open()
    byline = tab.locator(".byline-item")
    byline.focus()
    tab.keyboard.press("Enter")
    frame = tab.frame_locator("dialog.dialog iframe")
    lock = frame.get_by_role("button", name="Lock keys.txt", exact=True)
    lock.wait_for()
    go_to(lock, "Tab")
    tab.keyboard.press("Enter")
    expect(frame.get_by_role("button", name="Unlock keys.txt")).to_be_focused()
    close = frame.get_by_role("button", name="Close")
    go_to(close, "Shift+Tab")
    tab.keyboard.press("Enter")
    tab.locator("dialog.dialog").wait_for(state="detached")
    expect(byline).to_be_focused()


def test_links_open_in_confluence_by_the_router(become: Callable[..., Tab], world: World) -> None:
    """The sandbox opens no tab; the product does, at the site's own address, and a download is a download."""
    page = world.page("Forge and its links", "report.txt")
    tab = become("alice")
    dialog = Confluence(tab, page).open().dialog_by_byline()
    with tab.context.expect_page() as opened:
        dialog.frame.get_by_role("link", name="Open report.txt (new tab)").click()
    assert opened.value.url.startswith(f"{world.origin}/wiki/")
    with tab.context.expect_event("request", lambda asked: "/download/attachments/" in asked.url) as asked:
        dialog.frame.get_by_role("link", name="Download report.txt").click()
    assert asked.value.url.startswith(f"{world.origin}/wiki/download/attachments/{page.id}/report.txt")


def test_the_guides_of_our_server_are_a_click_away(become: Callable[..., Tab], world: World) -> None:
    """The frame learns from the first answer where our server is."""
    tab = become("sam")
    screen = Confluence(tab, world.page("Guides by Forge")).get_started()
    with tab.context.expect_page() as opened:
        screen.get_by_role("link", name="Guide for admins").click()
    assert opened.value.url == f"{world.app_url}/guide/admin"


def test_the_frame_is_as_confined_as_on_forge(become: Callable[..., Tab], world: World, complaints: Complaints) -> None:
    """No call to our server past the bridge, no tab of its own, no inline script; another origin than the page."""
    page = world.page("Forge's walls", "a.txt")
    tab = become("alice")
    Confluence(tab, page).open().dialog_by_byline()
    frame = app_frame(tab)
    assert frame.evaluate("() => location.origin") != tab.evaluate("() => location.origin")
    assert (
        frame.evaluate("(url) => fetch(url).then(() => 'reached', (error) => error.name)", world.app_url) == "TypeError"
    )
    assert frame.evaluate("() => window.open('https://example.com')") is None
    assert frame.evaluate(INLINE) == 0
    assert "connect" not in "".join(one.url for one in tab.frames)
    complaints.forgive(r"Content Security Policy|Fetch API cannot load|allow-popups")


def test_a_lost_answer_is_asked_for_again(become: Callable[..., Tab], world: World) -> None:
    """L-31: Forge reports a breakdown after the server locked; the same request comes again, and there is one lock."""
    page = world.page("Forge breaks down", "once.txt")
    tab = become("alice")
    dialog = Confluence(tab, page).open().dialog_by_byline()
    asked: list[str] = []

    def lose_the_first(route: Route) -> None:
        if "/lock" not in (route.request.post_data or ""):
            route.continue_()
            return
        asked.append(route.request.post_data_json["request"]["body"]["requestId"])
        answer = route.fetch()
        route.fulfill(json={"breakdown": "Something went wrong"}) if len(asked) == 1 else route.fulfill(response=answer)

    tab.route("**/_sim/forge/invoke/**", lose_the_first)
    dialog.press("Lock once.txt")
    dialog.wait_for_state("once.txt", "Locked by you")
    assert len(asked) == 2
    assert len(set(asked)) == 1
    wait_for(lambda: world.file(page, "once.txt")["properties"].get("lockpointlock"), "the lock's record")


def test_every_surface_is_where_confluence_shows_it(become: Callable[..., Tab], world: World) -> None:
    """U-05 to U-08: the same screens, where Forge's modules are."""
    check_the_pages_of_the_app(become, world)
    check_the_links(become, world)
    settings = Confluence(become("dana"), world.page("Settings of a space")).space_settings()
    settings.get_by_role("heading", level=1).wait_for()


def test_health_tells_how_long_the_app_has_access(become: Callable[..., Tab], world: World) -> None:
    """P-18: which Forge renews; the token itself is nowhere."""
    admin = Confluence(become("sam"), world.page("Health by Forge")).admin()
    admin.get_by_role("tab", name="Health").click()
    expect(admin.get_by_role("heading", name="Access through Forge")).to_be_visible()
    expect(admin.get_by_text("Forge lets Lockpoint work on this site")).to_be_visible()
    expect(admin.get_by_text("Renewed:")).to_be_visible()


def test_macros_are_in_the_page(become: Callable[..., Tab], world: World) -> None:
    check_macros(become, world)


def test_the_author_of_a_macro_chooses_what_it_lists(become: Callable[..., Tab], world: World, axe: str) -> None:
    """U-04: settings open with what was chosen; what is saved shows at once, what is cancelled is not stored."""
    page = world.page("A macro and its settings", "mine.txt")
    world.macro(page, scope="page", columns="owner")
    tab = become("alice")
    confluence = Confluence(tab, page).open()
    dialog = confluence.dialog_by_byline()
    dialog.press("Lock mine.txt")
    dialog.wait_for_state("mine.txt", "Locked by you")
    dialog.close()
    form = confluence.macro_settings()
    expect(form.get_by_label("Locked by")).to_be_checked()
    expect(form.get_by_label("Since")).not_to_be_checked()
    frame = next(one for one in tab.frames if one.parent_frame and one.locator(".macro-settings").count())
    assert violations(frame, axe) == []
    assert frame.evaluate(SIDEWAYS) <= 0
    form.get_by_label("Attachments that you have locked").check()
    form.get_by_label("Page", exact=True).check()
    form.get_by_label("Rows at most").fill("1")
    form.get_by_role("button", name="Save").click()
    tab.locator("dialog.dialog").wait_for(state="detached")
    table = confluence.macro().get_by_role("table", name="Attachments that you have locked")
    expect(table.get_by_role("columnheader")).to_have_text(["File", "Page", "Locked by"])
    expect(table.get_by_role("rowheader")).to_have_count(1)
    again = confluence.macro_settings()
    again.get_by_label("Locked attachments of this page").check()
    again.get_by_role("button", name="Cancel").click()
    tab.locator("dialog.dialog").wait_for(state="detached")
    expect(confluence.macro_settings().get_by_label("Attachments that you have locked")).to_be_checked()


def test_a_screen_uploads_as_the_person(become: Callable[..., Tab], world: World) -> None:
    """P-21: requestConfluence carries a file as the bridge packs it; the new version is Bob's."""
    page = world.page("Uploads by Forge", "mine.txt")
    tab = become("bob")
    Confluence(tab, page).open().dialog_by_byline()
    url = f"/wiki/rest/api/content/{page.id}/child/attachment/{world.file(page, 'mine.txt')['id']}/data"
    assert app_frame(tab).evaluate(UPLOAD, [url, "Bob: by the screen"]) == 200
    head = world.file(page, "mine.txt")["versions"][0]
    assert (head["author"], world.text(head)) == ("Bob Baker", "Bob: by the screen")
