"""Lists of 1,000 rows, of which those near the view are drawn: keyboard, selection, focus, forms and live refresh."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import pytest
from playwright.sync_api import Frame, expect
from playwright.sync_api import Page as Tab

from devstack.stack import Stack
from tests.browser.many_rows import ROWS, ManyRows, name
from tests.browser.screens import Confluence
from tests.browser.test_accessibility import SIDEWAYS, violations
from tests.browser.whole_system import whole_system
from tests.browser.world import ACME, World, wait_for

pytestmark = [pytest.mark.processes, pytest.mark.timeout(240)]

DRAWN_AT_MOST: Final = 60
PHONE: Final = (390, 844)
DRAWN: Final = "() => [...document.querySelectorAll('tr[data-row]')].map(({ ariaRowIndex }) => Number(ariaRowIndex))"
FOCUSED: Final = "() => Number(document.activeElement.closest('tr[data-row]')?.ariaRowIndex ?? 0)"
MIDDLE: Final = """() => {
  const row = document.elementFromPoint(innerWidth / 2, innerHeight / 2).closest("tr[data-row]");
  return [row.dataset.row, Math.round(row.getBoundingClientRect().top)];
}"""


@pytest.fixture(scope="module")
def stack(door: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with whole_system(tmp_path_factory.mktemp("long"), doors={ACME: door}) as running:
        yield running


class LongList:
    """A list of many files on a screen."""

    def __init__(self, tab: Tab, shelf: ManyRows) -> None:
        self.tab = tab
        self.shelf = shelf

    @property
    def frame(self) -> Frame:
        return next(one for one in self.tab.frames if "/connect/" in one.url or "/_sim/forge/app/" in one.url)

    def drawn(self) -> list[int]:
        found: list[int] = self.frame.evaluate(DRAWN)
        return found

    def focused(self) -> int:
        return int(self.frame.evaluate(FOCUSED))

    def wheel(self, pixels: int) -> None:
        """Turn the wheel over the list, as a person does, in steps."""
        size = self.tab.viewport_size
        assert size is not None
        self.tab.mouse.move(size["width"] / 2, size["height"] / 2)
        step = 1_000 if pixels > 0 else -1_000
        for _ in range(abs(pixels) // 1_000):
            self.tab.mouse.wheel(0, step)
            self.tab.wait_for_timeout(30)

    def middle(self) -> tuple[str, int]:
        """Return the row in the middle of the view, and where its top is."""
        row, top = self.frame.evaluate(MIDDLE)
        return str(row), int(top)


def served_to(tab: Tab) -> LongList:
    """Answer this tab's lists with many rows."""
    shelf = ManyRows()
    shelf.serve(tab)
    return LongList(tab, shelf)


Open = Callable[..., LongList]


@pytest.fixture
def open_dialog(become: Callable[..., Tab], world: World) -> Open:
    def open_it(size: tuple[int, int] = (1280, 900)) -> LongList:
        shown = served_to(become("alice", size=size))
        dialog = Confluence(shown.tab, world.page("Long", "one.txt")).open().dialog_by_byline()
        expect(dialog.frame.get_by_role("table")).to_have_attribute("aria-rowcount", str(ROWS + 1), timeout=30_000)
        return shown

    return open_it


@pytest.fixture
def open_site(become: Callable[..., Tab], world: World) -> Open:
    def open_it(size: tuple[int, int] = (1280, 900)) -> LongList:
        shown = served_to(become("sam", size=size))
        screen = Confluence(shown.tab, world.page("Long", "one.txt")).admin()
        screen.locator('[data-tab="locks"]').click()
        screen.locator("tr[data-row]").first.wait_for()
        return shown

    return open_it


@pytest.mark.parametrize("size", [(1280, 900), PHONE], ids=["wide", "phone"])
def test_the_dialog_draws_what_is_near_the_view(open_dialog: Open, size: tuple[int, int], axe: str) -> None:
    """U-02: the table says how many rows there are and which these are; its end is reached, and its beginning again."""
    shown = open_dialog(size)
    table = shown.frame.get_by_role("table")
    assert table.get_attribute("aria-rowcount") == str(ROWS + 1)
    assert shown.drawn()[0] == 2
    assert violations(shown.frame, axe) == []
    assert shown.frame.evaluate(SIDEWAYS) <= 0
    shown.frame.locator("tbody").evaluate("(body) => body.lastElementChild.scrollIntoView({ block: 'end' })")
    expect(shown.frame.locator("tr[data-row]").last).to_have_attribute("aria-rowindex", str(ROWS + 1))
    expect(shown.frame.get_by_role("link", name=f"Open {name(ROWS)} (new tab)")).to_be_visible()
    assert len(shown.drawn()) <= DRAWN_AT_MOST
    shown.frame.locator("tbody").evaluate("(body) => body.firstElementChild.scrollIntoView()")
    expect(shown.frame.get_by_role("link", name=f"Open {name(1)} (new tab)")).to_be_visible()


@pytest.mark.parametrize("size", [(1280, 900), PHONE], ids=["wide", "phone"])
def test_the_sites_list_goes_on_while_it_is_scrolled(open_site: Open, size: tuple[int, int], axe: str) -> None:
    """U-07: on Forge the page around the frame scrolls, of which the frame hears nothing."""
    shown = open_site(size)
    for _ in range(120):
        shown.wheel(3_000)
        if shown.drawn()[-1] == ROWS + 1:
            break
    expect(shown.frame.get_by_role("link", name=f"Open {name(ROWS)} (new tab)")).to_be_visible()
    assert len(shown.drawn()) <= DRAWN_AT_MOST
    assert violations(shown.frame, axe) == []
    assert shown.frame.evaluate(SIDEWAYS) <= 0


def test_tab_goes_from_row_to_row_beyond_what_was_drawn(open_dialog: Open) -> None:
    """No row is skipped, and the focus is always in view."""
    shown = open_dialog()
    shown.frame.get_by_label(f"Select {name(1)}", exact=True).focus()
    met = [shown.focused()]
    while met[-1] < 45:
        shown.tab.keyboard.press("Tab")
        now = shown.focused()
        assert now in {met[-1], met[-1] + 1}, met[-5:]
        met += [now] if now != met[-1] else []
    expect(shown.frame.locator(":focus")).to_be_in_viewport()
    while met[-1] > 20:
        shown.tab.keyboard.press("Shift+Tab")
        now = shown.focused()
        assert now in {met[-1], met[-1] - 1}, met[-5:]
        met += [now] if now != met[-1] else []


def test_the_focus_stays_while_the_wheel_turns_and_the_list_is_read_again(open_dialog: Open) -> None:
    shown = open_dialog()
    box = shown.frame.get_by_label(f"Select {name(3)}", exact=True)
    box.focus()
    shown.wheel(20_000)
    expect(box).not_to_be_in_viewport()
    asked = shown.shelf.asked
    wait_for(lambda: shown.tab.wait_for_timeout(200) or shown.shelf.asked > asked, "a refresh")
    expect(box).to_be_focused()
    shown.tab.keyboard.press("Tab")
    assert shown.focused() == 4
    expect(shown.frame.get_by_role("link", name=f"Open {name(3)} (new tab)")).to_be_in_viewport()


def test_what_is_typed_in_a_row_stays_while_it_is_out_of_view(open_dialog: Open) -> None:
    shown = open_dialog()
    shown.frame.get_by_role("button", name=f"More for {name(1)}", exact=True).click()
    shown.frame.get_by_role("menuitem", name="End lock").click()
    reason = shown.frame.get_by_label("Reason")
    reason.fill("half a sen")
    shown.wheel(30_000)
    expect(reason).not_to_be_in_viewport()
    shown.wheel(-30_000)
    expect(reason).to_be_in_viewport()
    expect(reason).to_have_value("half a sen")


def test_rows_that_are_not_drawn_are_selected_too(open_dialog: Open) -> None:
    """By a range with Shift, by the box at the top, and taken back."""
    shown = open_dialog()
    shown.frame.get_by_label(f"Select {name(2)}", exact=True).check()
    shown.wheel(20_000)
    number = int(shown.middle()[0]) - 100_000
    shown.frame.get_by_label(f"Select {name(number)}", exact=True).click(modifiers=["Shift"])
    bar = shown.frame.locator(".bulk")
    expect(bar).to_contain_text(f"{number - 1} selected")
    assert len(shown.drawn()) <= DRAWN_AT_MOST
    shown.frame.get_by_label("Select all", exact=False).first.check()
    expect(bar).to_contain_text("1,000 selected")
    shown.frame.locator("tbody").evaluate("(body) => body.lastElementChild.scrollIntoView({ block: 'end' })")
    expect(shown.frame.get_by_label(f"Select {name(ROWS)}", exact=True)).to_be_checked()


def test_a_new_row_above_moves_nothing_that_is_read(open_dialog: Open) -> None:
    shown = open_dialog()
    shown.wheel(20_000)
    shown.tab.wait_for_timeout(500)
    row, top = shown.middle()
    shown.shelf.put_first()
    expect(shown.frame.get_by_role("table")).to_have_attribute("aria-rowcount", str(ROWS + 2), timeout=30_000)
    shown.tab.wait_for_timeout(300)
    again, then = shown.middle()
    assert (again, abs(then - top) <= 2) == (row, True)


def test_another_order_begins_at_the_top(open_dialog: Open) -> None:
    shown = open_dialog()
    shown.wheel(20_000)
    shown.frame.get_by_label("Sort by").select_option(label="Name, descending")
    expect(shown.frame.locator("tr[data-row]").first).to_contain_text(name(ROWS))
    expect(shown.frame.get_by_role("link", name=f"Open {name(ROWS)} (new tab)")).to_be_in_viewport()
    shown.frame.get_by_role("searchbox").fill("file 0500")
    expect(shown.frame.locator("tr[data-row]")).to_have_count(1)
    expect(shown.frame.locator("[data-gap]")).to_have_count(0)
