"""Access matrix: every person, route and kind of object, generated from product.md §4.

Expectations are computed from role and object. Each refused call must change nothing on either site, and an
invisible object must be answered like one that does not exist.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum
from itertools import product

import pytest
import requests

from lockpoint.services.clock_skew import ClockOffsets, ClockState
from lockpoint.services.context import Actor
from lockpoint.services.idempotency import RequestKey
from lockpoint.services.locks.acquire import acquire
from lockpoint.services.locks.action import LockOptions
from lockpoint.services.ports.runtime import Clock
from simulator.world.seed import ALICE, BOB, SPACE_ID
from tests.web.api.document import CheckedApi
from tests.web.live_app import ERIN, SAME_FILE, SAME_PAGE, Json, LiveApp, request_id

UNKNOWN = "999999999999"
REASON = "access matrix"


class Role(Enum):
    SITE_ADMIN = "site admin"
    SPACE_ADMIN = "space admin"
    LOCK_MANAGER = "lock manager"
    EDITOR = "editor"
    VIEWER = "viewer"
    NOBODY = "not one of this site's people"
    CLOSED = "an account that is deactivated"
    ANONYMOUS = "no account"


LOCKS = {Role.SITE_ADMIN, Role.SPACE_ADMIN, Role.LOCK_MANAGER, Role.EDITOR}
ENDS_OTHERS = {Role.SITE_ADMIN, Role.SPACE_ADMIN, Role.LOCK_MANAGER}
SETS_SPACE = {Role.SITE_ADMIN, Role.SPACE_ADMIN}
SETS_SITE = {Role.SITE_ADMIN}
SEES = {*LOCKS, Role.VIEWER}


@dataclass(frozen=True)
class Person:
    """The owner of a site's token."""

    name: str
    role: Role
    site: str = "acme"


PEOPLE = (
    Person("alice", Role.EDITOR),
    Person("bob", Role.EDITOR),
    Person("charlie", Role.VIEWER),
    Person("mona", Role.LOCK_MANAGER),
    Person("greg", Role.LOCK_MANAGER),
    Person("dana", Role.SPACE_ADMIN),
    Person("sam", Role.SITE_ADMIN),
    Person("erin", Role.CLOSED),
    Person("gina", Role.NOBODY, "globex"),
    Person("anonymous", Role.ANONYMOUS),
)

MANAGERS = {
    "mona": "557058:0a0a0000-0000-4000-8000-0000000a0a0a",
    "greg": "557058:06e60000-0000-4000-8000-0000000006e6",
}
APPOINTED = {"people": [MANAGERS["mona"]], "groups": ["keepers"]}
"""Mona by name, Greg by his group."""


class Thing(Enum):
    """What a call asks for; only Alice sees `restricted` and `shut` pages; `shut` excludes the app."""

    FREE = "free file"
    HELD = "file that Alice holds"
    ASKED = "file that Alice holds and Bob asks for"
    RESTRICTED = "restricted file that Alice holds"
    SHUT = "restricted file, app shut out"
    SAME_ID = "file whose id is another one's on the other site"
    FOREIGN = "file of the other site"
    UNKNOWN = "nothing"
    SWITCHED_OFF = "file that Alice holds, in an inactive space"
    ENDING = "file whose lock of Alice's is past its end, within the margin"
    OVER = "file whose lock of Alice's is over, not yet swept"
    TRASHED = "file that Alice holds, in the trash, not yet looked at"


ALICES_ALONE = {Thing.RESTRICTED, Thing.SHUT}
LAST_STATES = (Thing.SWITCHED_OFF, Thing.ENDING, Thing.OVER, Thing.TRASHED)
OFF_ID, OFF = 987_654, "OFF"
PAST_END = {Thing.ENDING: timedelta(seconds=1), Thing.OVER: timedelta(seconds=40)}


@dataclass(frozen=True)
class Target:
    """The ids to ask with."""

    file: str
    page: str
    lock_id: str


@dataclass(frozen=True)
class Route:
    """A call; `about_file` routes take any object, the others concern the site."""

    name: str
    method: str
    path: str
    body: Callable[[Target], Json]
    about_file: bool = True


def _named(target: Target) -> Json:
    return {"lockId": target.lock_id}


def _managed(target: Target) -> Json:
    return {"lockId": target.lock_id, "reason": REASON}


def _answered(target: Target) -> Json:
    return {"lockId": target.lock_id, "accountId": BOB}


def _handed_over(target: Target) -> Json:
    return {"lockId": target.lock_id, "accountId": BOB, "reason": REASON}


def _nothing(_: Target) -> Json:
    return {}


def _trial(_: Target) -> Json:
    return {"language": "en", "mail": "lock_ended", "subject": "{attachment}", "body": "x"}


MULTI = 207
BULK = ("lock", "unlock", "extend", "notify-me", "break")
"""As the single calls, with 207 around their status."""


SINGLE = {
    "bulk lock": "acquire",
    "bulk unlock": "release",
    "bulk extend": "extend",
    "bulk notify-me": "ask",
    "bulk break": "break",
}


def _status(answer: requests.Response) -> int:
    """Of the one file, where many were possible."""
    return int(answer.json()["items"][0]["status"]) if answer.status_code == MULTI else answer.status_code


def _bulk(action: str) -> Callable[[Target], Json]:
    def body(target: Target) -> Json:
        named = {} if action in {"lock", "notify-me"} else {"lockId": target.lock_id}
        reason = {"reason": REASON} if action == "break" else {}
        return {"action": action, "items": [{"id": target.file, **named}], **reason}

    return body


LEAVES_ALL = {"show", "list", "request", "cancel request", "ask", "bulk notify-me", "cancel", "give access"}
"""One after the other may call them on one file."""

FILE_ROUTES = (
    Route("show", "GET", "/attachments/{file}/lock", _nothing),
    Route("list", "GET", "/pages/{page}/attachments", _nothing),
    Route("acquire", "POST", "/attachments/{file}/lock", _nothing),
    Route("release", "POST", "/attachments/{file}/lock/release", _named),
    Route("extend", "POST", "/attachments/{file}/lock/extend", _named),
    Route("break", "POST", "/attachments/{file}/lock/break", _managed),
    Route("take over", "POST", "/attachments/{file}/lock/take-over", _managed),
    Route("request", "POST", "/attachments/{file}/lock/request", _named),
    Route("cancel request", "POST", "/attachments/{file}/lock/cancel-request", _named),
    Route("decline", "POST", "/attachments/{file}/lock/decline", _answered),
    Route("hand over", "POST", "/attachments/{file}/lock/hand-over", _handed_over),
    Route("ask", "PUT", "/attachments/{file}/notify-me", _nothing),
    Route("cancel", "DELETE", "/attachments/{file}/notify-me", _nothing),
    Route("give access", "POST", "/pages/{page}/access", _nothing),
    *(Route(f"bulk {action}", "POST", "/locks/bulk", _bulk(action)) for action in BULK),
)
SITE_ROUTES = (
    Route("show settings", "GET", "/settings", _nothing, about_file=False),
    Route("change settings", "PUT", "/settings", _nothing, about_file=False),
    Route("show templates", "GET", "/settings/templates?language=de", _nothing, about_file=False),
    Route("change templates", "PUT", "/settings/templates", _nothing, about_file=False),
    Route("preview template", "POST", "/settings/templates/preview", _trial, about_file=False),
    Route("send test mail", "POST", "/settings/templates/test", _trial, about_file=False),
    Route("show space settings", "GET", "/spaces/DS/settings", _nothing, about_file=False),
    Route("change space settings", "PUT", "/spaces/DS/settings", _nothing, about_file=False),
    Route("list locks of space", "GET", "/spaces/DS/locks", _nothing, about_file=False),
    Route("list locks of site", "GET", "/locks?scope=site", _nothing, about_file=False),
    Route("own locks", "GET", "/locks?scope=mine", _nothing, about_file=False),
    Route("own waits for locks", "GET", "/locks?scope=waiting", _nothing, about_file=False),
    Route("own notices", "GET", "/notices", _nothing, about_file=False),
    Route("health of site", "GET", "/health", _nothing, about_file=False),
    Route("health of space", "GET", "/health?space=DS", _nothing, about_file=False),
    Route("run self-test", "POST", "/health/self-test", _nothing, about_file=False),
    Route("adopt former site", "POST", "/health/former-site", _nothing, about_file=False),
    Route("read audit", "GET", "/audit", _nothing, about_file=False),
    Route("read audit of space", "GET", "/audit?space=DS", _nothing, about_file=False),
    Route("find people", "GET", "/people?q=a", _nothing, about_file=False),
    Route("find groups", "GET", "/groups?q=a", _nothing, about_file=False),
    Route("find names of files", "GET", "/files?ids=1", _nothing, about_file=False),
    Route("document", "GET", "/openapi.json", _nothing, about_file=False),
)


def expected(person: Person, route: Route, thing: Thing) -> int:
    """The status required by product.md §4 and lock-semantics L-63."""
    if person.role is Role.ANONYMOUS:
        return 401
    if not route.about_file:
        return _about_site(person, route)
    if person.role is Role.CLOSED:
        return 403
    if not _sees(person, thing):
        return 404
    return _about_file(person, route, thing)


def _about_file(person: Person, route: Route, thing: Thing) -> int:
    if thing is Thing.SHUT:
        return _on_shut(route)
    if thing in LAST_STATES:
        return _in_last_state(person, SINGLE.get(route.name, route.name), thing)
    held = thing in {Thing.HELD, Thing.ASKED, Thing.RESTRICTED}
    state = State(held=held, holds=held and person.name == "alice", asked=thing is Thing.ASKED)
    return _about_requests(person, state).get(route.name) or _on_visible(person, route, state)


@dataclass(frozen=True)
class State:
    """Of a lock: whether there is one, whether it is the caller's, and whether Bob asks for it."""

    held: bool
    holds: bool
    asked: bool


def _about_site(person: Person, route: Route) -> int:
    if route.name == "document" or route.name in OWN_FACTS:
        return 200
    if route.name == "find names of files":
        return 200  # each is asked for as the person: who may not ask is told nothing
    if route.name.startswith(("find", "own")):
        return 403 if person.role is Role.CLOSED else 200
    if "space" in route.name:
        return _about_space(person, ENDS_OTHERS if route.name in OF_SPACE else SETS_SPACE)
    if person.role not in SETS_SITE:
        return 403
    return 503 if route.name == "send test mail" else 200  # there is no mail server here


OWN_FACTS = {"own locks", "own notices"}
"""Told from rows that name the person; for any other, Confluence is asked as the person."""

OF_SPACE = {"list locks of space", "health of space"}
"""Whoever ends others' locks there may read them."""


def _about_space(person: Person, roles: set[Role]) -> int:
    """Sam administers the space, too. Gina sees none with this key."""
    if person.role is Role.NOBODY:
        return 404
    return 200 if person.role in roles else 403


def _sees(person: Person, thing: Thing) -> bool:
    if thing in {Thing.UNKNOWN, Thing.FOREIGN} or person.role not in SEES:
        return False
    return person.name == "alice" or thing not in ALICES_ALONE


def _on_shut(route: Route) -> int:
    """Alice alone, who may edit and manages nothing: locks cannot begin, and there is none to end."""
    name = SINGLE.get(route.name, route.name)
    return {
        "acquire": 409,
        "extend": 409,
        "request": 409,
        "decline": 412,
        "hand over": 412,
        "ask": 409,
        "release": 412,
        "break": 403,
        "take over": 403,
    }.get(name, 200)


def _in_last_state(person: Person, call: str, thing: Thing) -> int:
    """P-15, L-30, L-46: what everybody may do, what a role is needed for, and what the state then says."""
    locks, manages, holds = person.role in LOCKS, person.role in ENDS_OTHERS, person.name == "alice"
    always = {"show": 200, "list": 200, "cancel": 200, "cancel request": 200, "release": 200 if holds else 412}
    if thing is Thing.SWITCHED_OFF:
        return always.get(call, 403)
    if call in {"acquire", "extend", "request", "give access"} and not locks:
        return 403
    if call in {"break", "take over"} and not manages:
        return 403
    if thing is Thing.TRASHED:
        return (always | _in_the_trash(holds, manages))[call]
    return (always | _past_the_end(holds, thing))[call]


def _in_the_trash(holds: bool, manages: bool) -> dict[str, int]:
    """The lock goes on, but nobody new gets the file. Nobody asked for it."""
    return {
        "acquire": 422,
        "extend": 200 if holds else 412,
        "break": 200,
        "take over": 422,
        "request": 422 if holds else 200,
        "decline": 422 if holds else 403,
        "hand over": 422 if holds or manages else 403,
        "ask": 422 if holds else 200,
        "give access": 200,
    }


def _past_the_end(holds: bool, thing: Thing) -> dict[str, int]:
    """Within the margin nobody but the last holder begins a lock; then anybody. To end it again is no error."""
    ending = thing is Thing.ENDING
    return {
        "acquire": 409 if ending and not holds else 201,
        "extend": 412,
        "break": 200,
        "take over": 201,
        "request": 412,
        "decline": 412,
        "hand over": 412,
        "ask": 200 if ending and not holds else 422,
        "give access": 200,
    }


def _about_requests(person: Person, state: State) -> dict[str, int]:
    """The owner answers; whoever ends others' locks may hand them over; only who asks gets the file."""
    locks, manages = person.role in LOCKS, person.role in ENDS_OTHERS
    answers = 200 if state.asked else 422
    return {
        "request": 403 if not locks else 412 if not state.held else 422 if state.holds else 200,
        "cancel request": 200,
        "decline": 412 if not state.held else answers if state.holds else 403,
        "hand over": 412 if not state.held else answers if state.holds or manages else 403,
    }


def _on_visible(person: Person, route: Route, state: State) -> int:
    locks, manages = person.role in LOCKS, person.role in ENDS_OTHERS
    holds, held = state.holds, state.held
    waits = 200 if held and not holds else 422
    return {
        "show": 200,
        "list": 200,
        "acquire": 403 if not locks else (200 if holds else 409 if held else 201),
        "release": 200 if holds else 412,
        "extend": 403 if not locks else (200 if holds else 412),
        "break": 403 if not manages else (200 if held else 412),
        "take over": 403 if not manages else (201 if held else 412),
        "ask": waits,
        "cancel": 200,
        "give access": 200 if locks else 403,
    }[SINGLE.get(route.name, route.name)]


def _make(live: LiveApp, thing: Thing, kept: dict[Thing, Target]) -> Target:
    """Make a fresh object of this kind where possible; `lock_id` is its lock's, or an arbitrary one."""
    if thing in PAST_END:
        page = live.page()
        file = live.file(page)
        return Target(file, page, _lock_that_ended(live, file, PAST_END[thing]))
    if thing in LAST_STATES:
        made = _make(live, Thing.HELD, kept)
        if thing is Thing.TRASHED:
            live.control("sites/acme/trash", account="bob", attachmentId=made.file)
        else:
            live.control("sites/acme/page-move", account="alice", pageId=made.page, spaceKey=OFF)
        return made
    if thing in {Thing.FREE, Thing.HELD, Thing.ASKED, Thing.RESTRICTED, Thing.SHUT}:
        page = live.page()
        file = live.file(page)
        held = thing in {Thing.HELD, Thing.ASKED, Thing.RESTRICTED}
        hold = live.lock("alice", file) if held else request_id()
        if thing is Thing.ASKED:
            asked = live.call("bob", "POST", f"/attachments/{file}/lock/request", {"lockId": hold, "message": REASON})
            assert asked.status_code == 200, asked.text
        if thing in ALICES_ALONE:
            live.restrict(page, "alice", *([live.app_user] if thing is Thing.RESTRICTED else []))
        return Target(file, page, hold)
    return Target(UNKNOWN, UNKNOWN, request_id()) if thing is Thing.UNKNOWN else kept[thing]


class _Earlier:
    """A clock that is some time behind."""

    def __init__(self, clock: Clock, by: timedelta) -> None:
        self._clock, self._by = clock, by

    def now(self) -> datetime:
        return self._clock.now() - self._by

    def sleep(self, seconds: float) -> None:
        self._clock.sleep(seconds)


class _NoDoubt(ClockOffsets):
    """Takes a clock that is behind for right."""

    def note(self, *_: object) -> ClockState:
        return ClockState.RIGHT

    def of(self, _: int) -> ClockState:
        return ClockState.RIGHT


def _lock_that_ended(live: LiveApp, file: str, ago: timedelta) -> str:
    """A lock of Alice's for an hour, made by a process whose clock is behind; no job has run since."""
    services = live.services
    then = _Earlier(services.clock, timedelta(hours=1) + ago)
    behind = replace(services, clock=then, clock_offsets=_NoDoubt())
    tenant = services.tenants.by_id(live.tenant_id("acme"))
    assert tenant is not None
    key, wanted = RequestKey(request_id(), ""), LockOptions(life=timedelta(hours=1))
    return acquire(behind, Actor(tenant, ALICE), file, key, wanted).lock.lock_id or ""


def _kept(live: LiveApp) -> dict[Thing, Target]:
    """Two locked files of globex: one id unknown to acme, one known to both."""
    with live.running.world.lock:
        for _ in range(1000):  # the sites' ids start at the same number; skip far ahead
            live.running.world.sites["globex"].next_id()
    page = live.page(site="globex", author="gina")
    file = live.file(page, site="globex", author="gina")
    hold = live.lock("gina", file, site="globex")
    shown = live.call("gina", "GET", f"/attachments/{SAME_FILE}/lock", site="globex").json()["lock"]
    return {Thing.FOREIGN: Target(file, page, hold), Thing.SAME_ID: Target(SAME_FILE, SAME_PAGE, shown["lockId"])}


@dataclass
class Matrix:
    live: LiveApp
    api: CheckedApi
    kept: dict[Thing, Target]
    cells: int = 0
    leaks: int = 0

    def call(self, person: Person, route: Route, target: Target) -> requests.Response:
        self.cells += 1
        path = route.path.format(file=target.file, page=target.page)
        body = None if route.method == "GET" else {**route.body(target), "requestId": request_id()}
        if route.name == "change settings":
            seen = self.live.call("sam", "GET", "/settings").json()
            body = {"copyMode": not seen["copyMode"], "revision": seen["revision"], "requestId": request_id()}
        if route.name == "change templates":
            seen = self.live.call("sam", "GET", "/settings/templates").json()
            texts: Json = {"language": "en", "templates": {"lock_ended": None}}
            body = {**texts, "revision": seen["revision"], "requestId": request_id()}
        if route.name == "change space settings":
            seen = self.live.call("dana", "GET", "/spaces/DS/settings").json()
            body = {"version": seen["version"], "rules": {}, "managers": APPOINTED, "requestId": request_id()}
        token = self._token(person)
        answer = self.live.raw(route.method, path, token, json=body)
        self.api.document.check(route.method, path.partition("?")[0], answer)
        return answer

    def _token(self, person: Person) -> str:
        if person.role is Role.ANONYMOUS:
            return self.live.token("alice", sub=None)
        return self.live.token(person.name, person.site)


@pytest.fixture(scope="module")
def matrix(live: LiveApp) -> Iterator[Matrix]:
    """Counts the cells; `pytest -s` shows the total."""
    live.control("sites/acme/person", account="erin", status="inactive")
    _appoint(live)
    _add_inactive_space(live)
    made = Matrix(live, CheckedApi(live), _kept(live))
    yield made
    print(f"\naccess matrix: {made.cells} calls, {made.leaks} leaks")  # noqa: T201 - a figure of the release


def _appoint(live: LiveApp) -> None:
    """Make two people who may edit, as anybody else, and lock managers of the space."""
    with live.running.world.lock:
        site = live.running.world.sites["acme"]
        pattern = type(site.people[BOB])
        for name, account in MANAGERS.items():
            site.people[account] = pattern(account, name, f"{name.title()} Moss", f"{name}@acme.example")
            site.spaces[SPACE_ID].permissions[account] = set(site.spaces[SPACE_ID].permissions[ERIN])
    live.control("sites/acme/group", id="keepers", name="Keepers", members=["greg"])
    version = live.call("dana", "GET", "/spaces/DS/settings").json()["version"]
    body = {"version": version, "rules": {}, "managers": APPOINTED}
    changed = live.call("dana", "PUT", "/spaces/DS/settings", body)
    assert changed.status_code == 200, changed.text


def _add_inactive_space(live: LiveApp) -> None:
    """As the other space, with its people, but that Lockpoint is off."""
    with live.running.world.lock:
        spaces = live.running.world.sites["acme"].spaces
        spaces[OFF_ID] = other = copy.deepcopy(spaces[SPACE_ID])
        other.id, other.key = OFF_ID, OFF
        other.bag = type(other.bag)()
    body = {"version": 0, "rules": {"active": False}, "managers": APPOINTED}
    assert live.call("dana", "PUT", f"/spaces/{OFF}/settings", body).status_code == 200


@pytest.fixture
def other_site_state(live: LiveApp, matrix: Matrix) -> Iterator[None]:
    """Globex stays unchanged, except `request_outcome` rows of Gina's calls."""
    del matrix
    state = live.site_state("globex")
    rows = live.rows_of_site("globex")
    yield
    live.drain()
    assert live.site_state("globex") == state
    after = live.rows_of_site("globex")
    assert {name: found for name, found in after.items() if name != "request_outcome"} == {
        name: found for name, found in rows.items() if name != "request_outcome"
    }


FILE_CELLS = list(product(FILE_ROUTES, Thing))


@pytest.mark.parametrize(
    ("route", "thing"), FILE_CELLS, ids=[f"{route.name}, {thing.value}" for route, thing in FILE_CELLS]
)
@pytest.mark.usefixtures("other_site_state")
def test_each_role_may_do_what_the_table_says(live: LiveApp, matrix: Matrix, route: Route, thing: Thing) -> None:
    """L-15, L-63."""
    wanted = {person: expected(person, route, thing) for person in PEOPLE}
    if thing in {Thing.SAME_ID, Thing.FOREIGN}:
        # On globex Gina may act on her own files, so she is left out.
        wanted = {person: status for person, status in wanted.items() if person.site == "acme"}
    if thing in LAST_STATES:
        # One lock manager is enough for what a state does.
        wanted = {person: status for person, status in wanted.items() if person.name != "greg"}
    target = _make(live, thing, matrix.kept)
    refused = {person: status for person, status in wanted.items() if status >= 400}
    before = live.properties(target.file) if _exists(live, target) else None
    for person, status in refused.items():
        answer = matrix.call(person, route, target)
        assert _status(answer) == status, (person.name, answer.text)
    if before is not None:
        assert live.properties(target.file) == before
    for person, status in wanted.items():
        if status < 400:
            fresh = target if route.name in LEAVES_ALL else _make(live, thing, matrix.kept)
            answer = matrix.call(person, route, fresh)
            assert _status(answer) == status, (person.name, answer.text)
            if thing is Thing.SAME_ID:
                _give_back(live, person, answer)


def _exists(live: LiveApp, target: Target) -> bool:
    return int(target.file) in live.running.world.sites["acme"].attachments


def _give_back(live: LiveApp, person: Person, answer: requests.Response) -> None:
    body = answer.json()["items"][0]["body"] if answer.status_code == MULTI else answer.json()
    lock = body.get("lock") or {}
    assert lock.get("note") != "the other site's"
    if lock.get("state") == "mine":
        body = {"lockId": lock["lockId"]}
        assert live.call(person.name, "POST", f"/attachments/{SAME_FILE}/lock/release", body).status_code == 200


@pytest.mark.parametrize("route", SITE_ROUTES, ids=[route.name for route in SITE_ROUTES])
def test_the_site_is_for_site_admins(live: LiveApp, matrix: Matrix, route: Route) -> None:
    """L-63: settings: site admins of this site; document: everybody with a token. Something is locked, so lists ask."""
    _make(live, Thing.HELD, matrix.kept)
    here = Target(UNKNOWN, UNKNOWN, "")
    for person in PEOPLE:
        answer = matrix.call(person, route, here)
        assert answer.status_code == expected(person, route, Thing.UNKNOWN), (person.name, answer.text)


INVISIBLE = (Thing.RESTRICTED, Thing.SHUT, Thing.FOREIGN)


ALONE = [route for route in FILE_ROUTES if route.name not in SINGLE]


@pytest.mark.parametrize("route", ALONE, ids=[route.name for route in ALONE])
def test_invisible_is_unknown(live: LiveApp, matrix: Matrix, route: Route) -> None:
    """L-02, L-63: status, body and headers equal those for an unknown id.

    Bulk answers name the id; `web/api/many` compares the rest.
    """
    targets = {thing: _make(live, thing, matrix.kept) for thing in INVISIBLE}
    for person in (one for one in PEOPLE if one.name != "alice"):
        unknown = _visible_part(matrix.call(person, route, Target(UNKNOWN, UNKNOWN, request_id())))
        for thing, target in targets.items():
            if thing is Thing.FOREIGN and person.site == "globex":
                continue
            answer = _visible_part(matrix.call(person, route, target))
            matrix.leaks += answer != unknown
            assert answer == unknown, (person.name, thing)


def _visible_part(answer: requests.Response) -> tuple[object, ...]:
    headers = {name: value for name, value in answer.headers.items() if name != "Date"}
    return answer.status_code, answer.content, headers


def test_somebody_of_another_site_is_nobody_here(live: LiveApp, matrix: Matrix) -> None:
    """An account unknown to acme is refused like a deactivated one."""
    stranger = live.token("alice", sub="557058:061a0000-0000-4000-8000-00000000061a")
    target = _make(live, Thing.FREE, matrix.kept)
    for file in (target.file, UNKNOWN):
        answer = live.raw("GET", f"/attachments/{file}/lock", stranger)
        assert (answer.status_code, answer.json()["error"]) == (403, "forbidden")


FLAGS = {
    "release": "release",
    "extend": "extend",
    "break": "break",
    "takeOver": "take over",
    "notifyMe": "ask",
    "request": "request",
    "decline": "decline",
    "handOver": "hand over",
}
"""The call of each flag. `lock` means beginning one, `giveAccess` a closed page, `cancelRequest` one's own request:
their calls find nothing to do elsewhere."""

SHOWN = [Thing.FREE, Thing.HELD, Thing.ASKED, Thing.RESTRICTED, Thing.SHUT, *LAST_STATES]


@pytest.mark.parametrize("thing", SHOWN, ids=[thing.value for thing in SHOWN])
@pytest.mark.usefixtures("other_site_state")
def test_the_flags_say_what_the_calls_do(live: LiveApp, matrix: Matrix, thing: Thing) -> None:
    """I23, L-20: for everybody who sees the file, in the answer about it and in the list of its page.

    What each call answers is what the table says, which the tests of the single calls hold.
    """
    target = _make(live, thing, matrix.kept)
    calls = {route.name: route for route in FILE_ROUTES}
    for person in (one for one in PEOPLE if _sees(one, thing)):
        shown = matrix.call(person, calls["show"], target).json()["lock"]
        can: Json = shown["can"]
        for flag, name in FLAGS.items():
            if shown["lockId"] is not None:  # else there is nothing to name
                assert can[flag] is (expected(person, calls[name], thing) < 400), (person.name, flag)
        mine = shown["state"] == "mine"
        assert can["lock"] is (not mine and expected(person, calls["acquire"], thing) < 400), person.name
        assert can["giveAccess"] is (thing is Thing.SHUT), person.name
        assert can["cancelRequest"] is (thing is Thing.ASKED and person.name == "bob"), person.name
        listed = matrix.call(person, calls["list"], target).json()["items"]
        assert [row["lock"]["can"] for row in listed] in ([], [can]), person.name
        assert bool(listed) is (thing not in {Thing.SWITCHED_OFF, Thing.TRASHED}), person.name


def test_the_table_is_whole() -> None:
    """L-63: every cell has an expectation, and the table covers every status of the API."""
    cells = {
        (person.name, route.name, thing.name): expected(person, route, thing)
        for person, route, thing in product(PEOPLE, (*FILE_ROUTES, *SITE_ROUTES), Thing)
    }
    assert len(cells) == len(PEOPLE) * (len(FILE_ROUTES) + len(SITE_ROUTES)) * len(Thing)
    assert set(cells.values()) == {200, 201, 401, 403, 404, 409, 412, 422, 503}
