"""Each person is offered on the screens what the API allows them, no more and no less; through either door.

The API's answer to the same person's call decides, whatever the table of roles says.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

import pytest
from playwright.sync_api import Browser, FrameLocator, Route, expect

from devstack.confluence import FORGE
from devstack.stack import Stack
from tests.browser.conftest import Complaints, context_of
from tests.browser.roles import (
    BULK,
    SETTINGS,
    SHUT,
    Act,
    Cell,
    Excuse,
    File,
    Seat,
    Stage,
    State,
    answers_to,
    disagreements,
    is_allowed,
    offered_in,
    offered_to_many,
    row_of,
    uploads_of,
)
from tests.browser.screens import Confluence
from tests.browser.whole_system import whole_system
from tests.browser.world import ACME, Json, Page, World, wait_for

pytestmark = [pytest.mark.processes, pytest.mark.long, pytest.mark.timeout(600)]

ALL: Final = (State.FREE, State.HELD, State.ASKED)
PEOPLE: Final = {
    "alice": (*ALL, State.LEFT, State.SHUT_FREE, State.SHUT_HELD),
    "bob": (*ALL, State.OWN, State.WAITED, State.LEFT, State.SHUT_FREE, State.SHUT_WAITED),
    "charlie": (*ALL, State.WAITED, State.LEFT, State.SHUT_FREE, State.SHUT_WAITED),
    "dana": (*ALL, State.OWN, State.LEFT, State.SHUT_FREE, State.SHUT_HELD),
    "sam": ALL,
    "mona": ALL,
    "vera": (*ALL, State.SHUT_HELD),
}
"""Holder, editor, viewer, space admin, site admin, two lock managers (Vera may only view); and what each meets."""
MANAGERS: Final = {"mona": ["read", "update", "delete"], "vera": ["read"]}
ENOUGH: Final = {"LOCKPOINT_POINTS_PER_HOUR": "100000000"}
"""Each person calls everything within minutes, which is more than one person's share of the usual points."""
NOBODY: Final[Json] = {"people": [], "groups": []}
PATIENCE_MS: Final = 30_000
REFUSED: Final = r"status of (401|403|404|409|412|422|429)"


@pytest.fixture(scope="module")
def stack(door: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The whole system as `bin/run` starts it, the first site by either door."""
    with whole_system(tmp_path_factory.mktemp("roles"), ENOUGH, doors={ACME: door}) as running:
        yield running


@pytest.fixture(scope="module")
def stage(stack: Stack, door: str) -> Stage:
    """The space has two lock managers."""
    world = World(stack)
    made = Stage(world, door)
    for name, permissions in MANAGERS.items():
        made.managers.append(world.act("newcomer", {"name": name, "permissions": permissions})["accountId"])
    made.decide({})
    return made


class Seats:
    """A browser for each person, kept for the module."""

    def __init__(self, browser: Browser, origin: str, opened: ExitStack) -> None:
        self._browser = browser
        self._origin = origin
        self._opened = opened
        self._seats: dict[str | None, Seat] = {}
        self.complaints = Complaints()

    def of(self, person: str | None) -> Seat:
        if person not in self._seats:
            context = context_of(self._browser, self._origin, person)
            self._opened.callback(context.close)
            tab = context.new_page()
            self.complaints.watch(tab)
            self._seats[person] = Seat(tab, person or "a guest")
        return self._seats[person]


@pytest.fixture(scope="module")
def seats(browser: Browser, stack: Stack) -> Iterator[Seats]:
    """Fail if a browser reported anything but refusals."""
    with ExitStack() as opened:
        made = Seats(browser, stack.confluence.origin, opened)
        yield made
        made.complaints.forgive(REFUSED)
        assert made.complaints.lines == []


@dataclass
class Found:
    """Of each person: their pages and files, what rows and the bar of many files offer, what the API answers."""

    pages: dict[str, Page] = field(default_factory=dict)
    shut: dict[str, Page] = field(default_factory=dict)
    files: dict[str, dict[State, File]] = field(default_factory=dict)
    offered: set[Cell] = field(default_factory=set)
    to_many: set[Cell] = field(default_factory=set)
    answers: dict[Cell, int] = field(default_factory=dict)


def prepare(found: Found, stage: Stage, person: str) -> None:
    """Make a page with a file in each state, and one that the app may not edit."""
    found.pages[person], found.shut[person] = stage.page(f"Seen by {person}"), stage.page(f"Shut for {person}")
    places = {state: (found.shut if state in SHUT else found.pages)[person] for state in PEOPLE[person]}
    found.files[person] = {
        state: stage.file(state, person, f"{state.name} {person}.txt", page) for state, page in places.items()
    }
    stage.shut(found.shut[person])


def cells_of(seat: Seat, frame: FrameLocator, files: Mapping[State, File]) -> set[Cell]:
    """Return what the rows of these files offer."""
    rows = {state: row_of(frame, file.title) for state, file in files.items()}
    return {Cell(seat.person, state, act) for state, row in rows.items() for act in offered_in(row)}


def read(seat: Seat, page: Page, files: Mapping[State, File]) -> tuple[set[Cell], set[Cell]]:
    """Return what a page's dialog offers on the row of each file, and for each alone in the bar of many files."""
    frame = seat.open_dialog(page)
    frame.get_by_role("table").wait_for()
    here = {state: file for state, file in files.items() if file.page == page}
    rows = cells_of(seat, frame, here)
    many = {Cell(seat.person, state, act) for state, file in here.items() for act in offered_to_many(frame, file.title)}
    if State.SHUT_FREE in here and frame.get_by_role("button", name="Give access", exact=True).count():
        rows.add(Cell(seat.person, State.SHUT_FREE, Act.GIVE_ACCESS))
    return rows, many


@pytest.fixture(scope="module")
def found(stage: Stage, seats: Seats) -> Found:
    told = Found()
    for person in PEOPLE:
        prepare(told, stage, person)
        seat = seats.of(person)
        for page in {file.page for file in told.files[person].values()}:
            rows, many = read(seat, page, told.files[person])
            told.offered |= rows
            told.to_many |= many
        answers = answers_to(seat, stage, told.files[person], told.offered)
        told.answers |= answers | uploads_of(seat, stage, answers)
        seat.tab.goto("about:blank")
    return told


NO_EFFECT: Final = "nothing to take back; the answer is the same, so that a lost one can be asked for again"
IN_THE_DIALOG: Final = (
    Excuse(
        "asking for one's own lock again renews it, which the row calls Extend",
        lambda cell: cell.act is Act.LOCK and cell.holds and cell.state not in {State.LEFT, *SHUT},
    ),
    Excuse(NO_EFFECT, lambda cell: cell.act is Act.CANCEL_NOTIFY and not cell.waits),
    Excuse(NO_EFFECT, lambda cell: cell.act is Act.CANCEL_REQUEST and not cell.asks),
    Excuse("one waits already", lambda cell: cell.act is Act.NOTIFY and cell.state is State.WAITED),
    Excuse("one asks already", lambda cell: cell.act is Act.REQUEST and cell.asks),
)


def test_a_row_offers_what_the_api_allows(found: Found) -> None:
    """Both directions, with every excuse needed."""
    assert disagreements(found.offered, found.answers, IN_THE_DIALOG) == []


def test_the_bar_of_many_files_offers_what_each_row_does(found: Found) -> None:
    assert found.to_many == {cell for cell in found.offered if cell.act in BULK.values()}


def test_a_wrong_flag_is_caught(found: Found, seats: Seats) -> None:
    """A planted fault in the answer: Bob may end locks, as he is told, and may not ask for a file."""
    seat = seats.of("bob")

    def spoil(route: Route) -> None:
        if "/attachments?" not in f"{route.request.url} {route.request.post_data}":
            route.continue_()
            return
        answer = route.fetch()
        told = answer.json()
        page = told.get("answer", {}).get("body", told)
        for row in page.get("items", ()):
            row["lock"]["can"] |= {"break": row["lock"]["state"] == "other", "request": False}
        route.fulfill(response=answer, json=told)

    for way in ("**/api/v1/pages/**", "**/_sim/forge/invoke/**"):
        seat.tab.route(way, spoil)
    try:
        rows, _ = read(seat, found.pages["bob"], found.files["bob"])
    finally:
        seat.tab.goto("about:blank")
        seat.tab.unroute_all(behavior="ignoreErrors")
    seen = {cell: status for cell, status in found.answers.items() if cell.person == "bob" and cell.state not in SHUT}
    wrong = disagreements(rows, seen, IN_THE_DIALOG)
    held = [state for state in seen_states(seen) if state not in {State.FREE, State.OWN}]
    asked = [state for state in held if state is not State.ASKED]
    assert sorted(wrong) == sorted(
        [f"{Cell('bob', state, Act.BREAK)} is offered, and the API answers 403" for state in held]
        + [f"{Cell('bob', state, Act.REQUEST)} is not offered, and the API answers 200" for state in asked]
    )


def seen_states(cells: Iterable[Cell]) -> set[State]:
    return {cell.state for cell in cells}


def test_an_excuse_must_be_needed() -> None:
    """Where a call is refused or offered it excuses nothing; what nobody asked the API is not taken on trust."""
    cell = Cell("bob", State.FREE, Act.LOCK)
    excuse = Excuse("as an example", lambda one: one == cell)
    assert disagreements(set(), {cell: 201}, [excuse]) == []
    needless = [f"{cell} needs no excuse any more: as an example"]
    assert disagreements(set(), {cell: 403}, [excuse]) == needless
    assert disagreements({cell}, {cell: 201}, [excuse]) == needless
    assert disagreements({cell}, {}) == [f"{cell} is offered, and nobody asked the API"]


# Lists across pages

NOT_IN_LISTS: Final = {
    Act.LOCK: "a list shows what is locked",
    Act.UPLOAD: "uploads belong to the page's dialog, where the file is dropped",
    Act.GIVE_ACCESS: "access is given to a page, in its dialog and under Health",
    Act.REQUEST: "one asks where one wants to edit: in the page's dialog",
}
MANAGE: Final = ("dana", "sam", "mona", "vera")


def open_tab(frame: FrameLocator, name: str) -> None:
    """Open a tab and wait until it is shown instead of the one before."""
    tab = frame.get_by_role("tab", name=name, exact=True)
    tab.click()
    expect(tab).to_have_attribute("aria-selected", "true")


def in_list(frame: FrameLocator, seat: Seat, found: Found, states: Iterable[State]) -> set[Cell]:
    """Search the list for the person's files; return what it offers on each. All of them must be there."""
    files = {state: found.files[seat.person][state] for state in states if state in found.files[seat.person]}
    frame.get_by_role("searchbox").fill(f"{seat.person}.txt")
    expect(frame.locator("tr[data-row]")).to_have_count(len(files), timeout=PATIENCE_MS)
    return cells_of(seat, frame, files)


def judged(found: Found, offered: set[Cell]) -> list[str]:
    """Compare a list with the API, for the acts that lists have."""
    rows = {(cell.person, cell.state) for cell in offered}
    asked = {
        cell: status
        for cell, status in found.answers.items()
        if (cell.person, cell.state) in rows and cell.act not in NOT_IN_LISTS
    }
    return disagreements(offered, asked, [one for one in IN_THE_DIALOG if any(map(one.covers, asked))])


HELD: Final = tuple(state for state in State if state not in {State.FREE, State.SHUT_FREE})


@pytest.mark.parametrize("person", MANAGE)
def test_lists_for_managers_offer_what_the_api_allows(found: Found, seats: Seats, person: str) -> None:
    seat = seats.of(person)
    confluence = Confluence(seat.tab, found.pages[person])
    offered = in_list(confluence.space_page(), seat, found, HELD)
    assert judged(found, offered) == []
    if person == "sam":
        frame = confluence.admin()
        open_tab(frame, "Locked attachments")
        assert in_list(frame, seat, found, HELD) == offered


@pytest.mark.parametrize(
    ("person", "held", "waited"),
    [
        ("alice", tuple(state for state in HELD if state is not State.LEFT), ()),
        ("bob", (State.OWN,), (State.ASKED, State.WAITED, State.SHUT_WAITED)),
        ("charlie", (State.LEFT,), (State.WAITED, State.SHUT_WAITED)),
    ],
)
def test_my_locks_offer_what_the_api_allows(
    found: Found, seats: Seats, person: str, held: tuple[State, ...], waited: tuple[State, ...]
) -> None:
    """Who asks for a file waits for it, too."""
    seat = seats.of(person)
    frame = Confluence(seat.tab, found.pages[person]).my_locks()
    offered = in_list(frame, seat, found, held)
    if waited:
        open_tab(frame, "Files I wait for")
        offered |= in_list(frame, seat, found, waited)
    assert judged(found, offered) == []


def test_what_lists_leave_out_is_in_the_dialog(found: Found) -> None:
    assert set(NOT_IN_LISTS) <= {cell.act for cell in found.offered}


# Tabs

Part = tuple[str, str]
"""Where the API answers for a tab, and the heading of the designed refusal."""
SPACE_TABS: Final = {
    "Locked attachments": ("/spaces/DS/locks", "You can't see this list"),
    "Permissions": (SETTINGS, "Only admins of this space see these settings"),
    "Timeouts and protection": (SETTINGS, "Only admins of this space see these settings"),
    "Audit": ("/audit?space=DS", "Only admins of this space see its log"),
}
SITE_TABS: Final = {
    "General": ("/settings", "Only site admins see these settings"),
    "Locked attachments": ("/locks?scope=site", "You can't see this list"),
    "Mails": ("/settings/templates?language=en", "Only site admins see these settings"),
    "Health": ("/health", "Only site admins see these settings"),
    "Audit": ("/audit", "Only site admins see these settings"),
}
CONTROLS: Final = "[role=tabpanel] :is(button, input, select, textarea):not(.blank *)"


def wrong_tabs(seat: Seat, frame: FrameLocator, tabs: Mapping[str, Part]) -> list[str]:
    """Open every tab; return those that show controls where the API refuses, or a refusal where it answers."""
    frame.get_by_role("tab").first.wait_for()
    assert frame.get_by_role("tab").all_inner_texts() == list(tabs)
    asked = seat.ask(("GET", path, None) for path, _ in tabs.values())
    answers = dict(zip(tabs, asked, strict=True))
    return [name for name, (status, _) in answers.items() if is_open(frame, name, tabs[name][1]) != is_allowed(status)]


def is_open(frame: FrameLocator, name: str, refusal: str) -> bool:
    """Whether a tab shows its controls; otherwise it must show the designed refusal, and nothing to press."""
    open_tab(frame, name)
    refused = frame.get_by_role("heading", name=refusal)
    controls = frame.locator(CONTROLS)
    expect(refused.or_(controls).first).to_be_visible(timeout=PATIENCE_MS)
    assert refused.count() == 0 or controls.count() == 0
    return refused.count() == 0


@pytest.mark.parametrize("person", ["bob", "charlie", "mona", "dana", "sam"])
def test_tabs_are_open_to_whom_the_api_answers(seats: Seats, stage: Stage, person: str) -> None:
    """Everybody sees the same tabs; who opens one that is not theirs is told so."""
    seat = seats.of(person)
    confluence = Confluence(seat.tab, stage.twins)
    assert wrong_tabs(seat, confluence.space_page(), SPACE_TABS) == []
    assert wrong_tabs(seat, confluence.admin(), SITE_TABS) == []
    frame = confluence.get_started()
    told = frame.get_by_role("heading", name="Lockpoint is installed on this site")
    expect(told.or_(frame.locator("[data-check]")).first).to_be_visible(timeout=PATIENCE_MS)
    [(status, _)] = seat.ask([("GET", "/health", None)])
    assert is_allowed(status) is (told.count() == 0)
    assert is_allowed(status) is (frame.get_by_role("main").get_by_role("button").count() > 0)


@pytest.mark.parametrize("person", ["bob", "mona", "dana", "sam"])
def test_who_reads_settings_may_change_them(seats: Seats, stage: Stage, person: str) -> None:
    """What a tab lets one save is saved: with the values that are stored, so that nothing changes."""
    seat = seats.of(person)
    seat.open_dialog(stage.twins).get_by_role("main").wait_for()
    (read_space, space), (read_site, site) = seat.ask([("GET", SETTINGS, None), ("GET", "/settings", None)])
    stored = {"version": space.get("version", 1), "rules": {}, "managers": space.get("managers", NOBODY)}
    changes = {"revision": site.get("revision", 1), "copyMode": site.get("copyMode", False)}
    (wrote_space, _), (wrote_site, _) = seat.ask([("PUT", SETTINGS, stored), ("PUT", "/settings", changes)])
    assert (wrote_space, wrote_site) == (read_space, read_site)


# A space where Lockpoint is off

OFF: Final = (
    Excuse(NO_EFFECT, lambda cell: cell.act in {Act.CANCEL_NOTIFY, Act.CANCEL_REQUEST}),
    Excuse("the page shows no locks; My locks offers it", lambda cell: cell.act is Act.RELEASE and cell.holds),
)


def test_an_inactive_space_offers_nothing_but_the_end_of_ones_own_locks(seats: Seats, stage: Stage) -> None:
    """Alice calls last, because her lock ends."""
    people = ("bob", "charlie", "dana", "sam", "alice")
    page = stage.page("Switched off")
    files = {state: stage.file(state, "alice", f"{state.name}.txt", page) for state in (State.FREE, State.HELD)}
    stage.decide({"active": False})
    wait_for(lambda: stage.is_on(page) == {False}, "Lockpoint to be off")
    try:
        for seat in map(seats.of, people):
            frame = seat.open_dialog(page)
            frame.get_by_text("Lockpoint is switched off in this space").wait_for()
            assert frame.get_by_role("table").count() == 0
            assert disagreements(set(), answers_to(seat, stage, files, set()), OFF) == []
    finally:
        stage.decide({})
        wait_for(lambda: stage.is_on(page) == {True}, "Lockpoint to be on")


def test_a_guest_is_offered_nothing_and_allowed_nothing(seats: Seats, stage: Stage, world: World, door: str) -> None:
    """Connect shows guests the dialog, which tells them to log in; Forge does not show them the app."""
    page = stage.page("Public")
    files = {state: stage.file(state, "alice", f"{state.name}.txt", page) for state in (State.FREE, State.HELD)}
    seat = seats.of(None)
    world.public(on=True)
    try:
        seat.tab.goto(page.url)
        seat.tab.get_by_role("heading", name="Attachments").wait_for()
        if door == FORGE:
            assert seat.tab.locator("[data-module]").count() == 0
            return
        frame = seat.open_dialog(page)
        frame.get_by_role("heading", name="Log in to see file locks").wait_for()
        assert [one.get_attribute("aria-label") for one in frame.get_by_role("button").all()] == ["Close"]
        assert set(answers_to(seat, stage, files, set()).values()) == {HTTPStatus.UNAUTHORIZED}
    finally:
        world.public(on=False)
