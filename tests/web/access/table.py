"""The table: every person, route and kind of object, and what product.md §4 expects of each call.

Expectations are computed from role and object.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from simulator.world.seed import BOB
from tests.web.live_app import Json

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


BULK = ("lock", "unlock", "extend", "notify-me", "break")
"""As the single calls, with 207 around their status."""


SINGLE = {
    "bulk lock": "acquire",
    "bulk unlock": "release",
    "bulk extend": "extend",
    "bulk notify-me": "ask",
    "bulk break": "break",
}


def _bulk(action: str) -> Callable[[Target], Json]:
    def body(target: Target) -> Json:
        named = {} if action in {"lock", "notify-me"} else {"lockId": target.lock_id}
        reason = {"reason": REASON} if action == "break" else {}
        return {"action": action, "items": [{"id": target.file, **named}], **reason}

    return body


LEAVES_ALL = {"show", "list", "request", "cancel request", "ask", "bulk notify-me", "cancel", "give access"}
"""One after the other may call them on one file."""


LOCK_ROUTES = (
    Route("show", "GET", "/attachments/{file}/lock", _nothing),
    Route("list", "GET", "/pages/{page}/attachments", _nothing),
    Route("acquire", "POST", "/attachments/{file}/lock", _nothing),
    Route("release", "POST", "/attachments/{file}/lock/release", _named),
    Route("extend", "POST", "/attachments/{file}/lock/extend", _named),
    Route("break", "POST", "/attachments/{file}/lock/break", _managed),
    Route("take over", "POST", "/attachments/{file}/lock/take-over", _managed),
)


REQUEST_ROUTES = (
    Route("request", "POST", "/attachments/{file}/lock/request", _named),
    Route("cancel request", "POST", "/attachments/{file}/lock/cancel-request", _named),
    Route("decline", "POST", "/attachments/{file}/lock/decline", _answered),
    Route("hand over", "POST", "/attachments/{file}/lock/hand-over", _handed_over),
    Route("ask", "PUT", "/attachments/{file}/notify-me", _nothing),
    Route("cancel", "DELETE", "/attachments/{file}/notify-me", _nothing),
    Route("give access", "POST", "/pages/{page}/access", _nothing),
)


BULK_ROUTES = tuple(Route(f"bulk {action}", "POST", "/locks/bulk", _bulk(action)) for action in BULK)
FILE_ROUTES = (*LOCK_ROUTES, *REQUEST_ROUTES, *BULK_ROUTES)
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
    if not sees(person, thing):
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


def sees(person: Person, thing: Thing) -> bool:
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
