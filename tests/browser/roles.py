"""What a person is offered on the screens, and what the API answers to the same person's calls."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from enum import Enum
from functools import partial
from http import HTTPStatus
from itertools import count
from typing import Any, Final

import requests
from playwright.sync_api import Frame, FrameLocator, Locator
from playwright.sync_api import Page as Tab

from devstack.confluence import FORGE
from simulator.world.seed import BOB
from tests.browser.screens import DIALOG
from tests.browser.world import ACME, CALL_SECONDS, Json, Page, World

REASON: Final = "The release is today"
SETTINGS: Final = "/spaces/DS/settings"


class Act(Enum):
    LOCK = "lock"
    RELEASE = "unlock"
    EXTEND = "extend"
    UPLOAD = "upload a new version of"
    NOTIFY = "wait for"
    CANCEL_NOTIFY = "stop waiting for"
    REQUEST = "ask for"
    CANCEL_REQUEST = "withdraw the request for"
    DECLINE = "decline the request for"
    HAND_OVER = "hand over"
    BREAK = "end the lock on"
    TAKE_OVER = "take over"
    GIVE_ACCESS = "give access to"


WORDS: Final = {
    "Lock": Act.LOCK,
    "Lock and download": Act.LOCK,
    "Lock with options…": Act.LOCK,
    "Unlock": Act.RELEASE,
    "Extend": Act.EXTEND,
    "Extend with options…": Act.EXTEND,
    "Upload": Act.UPLOAD,
    "Notify me": Act.NOTIFY,
    "Stop notifying me": Act.CANCEL_NOTIFY,
    "Ask for the file…": Act.REQUEST,
    "Withdraw request": Act.CANCEL_REQUEST,
    "Decline…": Act.DECLINE,
    "Hand over": Act.HAND_OVER,
    "End lock…": Act.BREAK,
    "Take over…": Act.TAKE_OVER,
    "Give access": Act.GIVE_ACCESS,
}
"""Every word on a button or in a menu of a row."""
BULK: Final = {
    "lock": Act.LOCK,
    "unlock": Act.RELEASE,
    "extend": Act.EXTEND,
    "notify-me": Act.NOTIFY,
    "break": Act.BREAK,
}


class State(Enum):
    """Of a file. Alice holds most locks; `LEFT` is Charlie's, who may only view since; `SHUT…` excludes the app."""

    FREE = "a free file"
    HELD = "a file that Alice holds"
    ASKED = "a file that Alice holds and Bob asks for"
    WAITED = "a file that Alice holds and one waits for"
    OWN = "a file that one holds"
    LEFT = "a file of one who may only view"
    SHUT_FREE = "a free file without the app"
    SHUT_HELD = "a file that Alice holds without the app"
    SHUT_WAITED = "a file that Alice holds and one waits for without the app"


SHUT: Final = frozenset({State.SHUT_FREE, State.SHUT_HELD, State.SHUT_WAITED})


@dataclass(frozen=True, slots=True)
class Cell:
    person: str
    state: State
    act: Act

    def __str__(self) -> str:
        return f"{self.person}: {self.act.value} {self.state.value}"

    @property
    def holds(self) -> bool:
        holder = {State.LEFT: "charlie", State.OWN: self.person, State.FREE: "", State.SHUT_FREE: ""}
        return self.person == holder.get(self.state, "alice")

    @property
    def waits(self) -> bool:
        return self.state in {State.WAITED, State.SHUT_WAITED}

    @property
    def asks(self) -> bool:
        return self.state is State.ASKED and self.person == "bob"


@dataclass(frozen=True, slots=True)
class Excuse:
    """Calls that the API answers and a screen leaves out on purpose."""

    reason: str
    covers: Callable[[Cell], bool]


def disagreements(offered: AbstractSet[Cell], answers: Mapping[Cell, int], excuses: Sequence[Excuse] = ()) -> list[str]:
    """Return what is offered and refused, allowed and not offered, or offered and not asked, and needless excuses."""
    unknown = [f"{cell} is offered, and nobody asked the API" for cell in offered - answers.keys()]
    judged = (_judge(cell, status, cell in offered, excuses) for cell, status in answers.items())
    return [*unknown, *(words for words in judged if words)]


def _judge(cell: Cell, status: int, offered: bool, excuses: Sequence[Excuse]) -> str:
    reason = next((one.reason for one in excuses if one.covers(cell)), None)
    if offered and not is_allowed(status):
        return f"{cell} is offered, and the API answers {status}"
    if is_allowed(status) and not offered:
        return "" if reason else f"{cell} is not offered, and the API answers {status}"
    return f"{cell} needs no excuse any more: {reason}" if reason else ""


def is_allowed(status: int) -> bool:
    return status < HTTPStatus.BAD_REQUEST


# Calls


@dataclass(frozen=True, slots=True)
class File:
    id: str
    title: str
    page: Page
    lock_id: str = "00000000000000000000000000000000"
    """Of its lock; an arbitrary one where it is free."""


Call = tuple[str, str, Json | None]


def call_of(act: Act, file: File) -> Call:
    """Return method, path and body of an act of the API."""
    if act is Act.GIVE_ACCESS:
        return ("POST", f"/pages/{file.page.id}/access", {})
    if act in _OF_WAITLIST:
        return (_OF_WAITLIST[act], f"/attachments/{file.id}/notify-me", {})
    verb, body = _OF_LOCK[act]
    named = {} if act is Act.LOCK else {"lockId": file.lock_id}
    return ("POST", f"/attachments/{file.id}/lock{verb}", {**named, **body})


_OF_WAITLIST: Final = {Act.NOTIFY: "PUT", Act.CANCEL_NOTIFY: "DELETE"}
_OF_LOCK: Final[Mapping[Act, tuple[str, Json]]] = {
    Act.LOCK: ("", {}),
    Act.RELEASE: ("/release", {}),
    Act.EXTEND: ("/extend", {}),
    Act.BREAK: ("/break", {"reason": REASON}),
    Act.TAKE_OVER: ("/take-over", {"reason": REASON}),
    Act.REQUEST: ("/request", {}),
    Act.CANCEL_REQUEST: ("/cancel-request", {}),
    Act.DECLINE: ("/decline", {"accountId": BOB}),
    Act.HAND_OVER: ("/hand-over", {"accountId": BOB, "reason": REASON}),
}
# One after the other, because a person has few places; as our screens call, by either bridge.
_CALL: Final = """async (calls) => {
  const byForge = async (method, path, body) => {
    const request = { method, path: `/forge/api/v1${path}`, headers: {}, ...(body && { body }) };
    const asked = { invokeType: "ui-remote-fetch", ...request };
    const { payload } = await __bridge.callBridge("invoke", asked);
    return [payload.status, payload.body];
  };
  const byConnect = async (method, path, body) => {
    const headers = { "Content-Type": "application/json", Authorization: `JWT ${await AP.context.getToken()}` };
    const answer = await fetch(`/api/v1${path}`, { method, headers, ...(body && { body: JSON.stringify(body) }) });
    return [answer.status, await answer.json()];
  };
  const one = globalThis.__bridge ? byForge : byConnect;
  const answers = [];
  for (const [method, path, body] of calls) {
    const asked = body && { requestId: crypto.randomUUID(), ...body };
    let answer = await one(method, path, asked);
    while (answer[0] === 429) {
      await new Promise((resolve) => setTimeout(resolve, 300));
      answer = await one(method, path, asked);
    }
    answers.push(answer);
  }
  return answers;
}"""
# To Confluence, as `upload` of `frontend/src/host` sends it.
_UPLOAD: Final = """async ([content, id, title]) => {
  const path = `/rest/api/content/${content}/child/attachment/${id}/data`;
  if (globalThis.__bridge) {
    const file = `data:text/plain;base64,${btoa("new")}`;
    const body = JSON.stringify({ file, __fileName: title, __fileType: "text/plain", minorEdit: "false" });
    const headers = [["content-type", "text/plain;charset=UTF-8"], ["x-atlassian-token", "no-check"]];
    const fetchRequestInit = { method: "POST", headers, body };
    const asked = { product: "confluence", restPath: `/wiki${path}`, fetchRequestInit, isMultipartFormData: true };
    return (await __bridge.callBridge("fetchProduct", asked)).status;
  }
  const data = { file: new File(["new"], title, { type: "text/plain" }), minorEdit: "false" };
  const headers = { "X-Atlassian-Token": "no-check" };
  const asked = { url: path, type: "POST", contentType: "multipart/form-data", headers, data };
  const told = await AP.request(asked).catch((refusal) => refusal);
  return (typeof told === "string" ? JSON.parse(told) : told).xhr.status;
}"""


class Seat:
    """One person's browser."""

    def __init__(self, tab: Tab, person: str) -> None:
        self.tab = tab
        self.person = person

    @property
    def frame(self) -> Frame:
        """Of the screen that is open."""
        return next(one for one in self.tab.frames if "/connect/" in one.url or "/_sim/forge/app/" in one.url)

    def ask(self, calls: Iterable[Call]) -> list[tuple[int, Any]]:
        """Call the API by the bridge of the open screen, as the person; return status and body of each."""
        found: list[list[Any]] = self.frame.evaluate(_CALL, list(calls))
        return [(int(status), body) for status, body in found]

    def upload(self, file: File) -> int:
        """Return how Confluence answers the person's upload of a new version."""
        return int(self.frame.evaluate(_UPLOAD, [file.page.id, file.id, file.title]))

    def open_dialog(self, page: Page) -> FrameLocator:
        self.tab.goto(page.url)
        self.tab.locator(".byline-item").click()
        return self.tab.frame_locator(DIALOG)


# What is offered


def acts_of(words: Iterable[str]) -> set[Act]:
    return {WORDS[word] for text in words if (word := text.strip())}


def row_of(frame: FrameLocator, title: str) -> Locator:
    return frame.locator("tr[data-row]", has=frame.get_by_role("link", name=f"Open {title} (new tab)"))


def offered_in(row: Locator) -> set[Act]:
    """Return the acts on a row's buttons, in its menu, and below it where somebody asks for the file."""
    words = row.get_by_role("button").all_inner_texts()
    menu = row.locator("[aria-haspopup=menu]")
    if menu.count():
        menu.click()
        words += row.get_by_role("menuitem").all_inner_texts()
        row.get_by_role("menuitem").first.press("Escape")
    below = row.locator("xpath=following-sibling::tr[1][contains(@class, 'below')]")
    return acts_of([*words, *below.get_by_role("button").all_inner_texts()])


def offered_to_many(frame: FrameLocator, title: str) -> set[Act]:
    """Return the acts for the one file that is chosen."""
    box = frame.get_by_label(f"Select {title}", exact=True)
    box.check()
    kinds = frame.locator("[data-bulk]").evaluate_all("(buttons) => buttons.map(({ dataset }) => dataset.bulk)")
    box.uncheck()
    return {BULK[kind] for kind in kinds}


# The files


class Stage:
    """Makes pages and files in any state, without a browser."""

    def __init__(self, world: World, door: str) -> None:
        self._world = world
        self._door = door
        self._numbers = count(1)
        self._tokens: dict[str, str] = {}
        self.twins = world.page("Twins")
        self.managers: list[str] = []

    def page(self, title: str) -> Page:
        return self._world.page(title)

    def decide(self, rules: Json) -> None:
        """Set what the space decides itself, as Dana; it keeps its lock managers."""
        version = self.call("dana", "GET", SETTINGS, None)["version"]
        named = {"people": self.managers, "groups": []}
        self.call("dana", "PUT", SETTINGS, {"version": version, "rules": rules, "managers": named})

    def is_on(self, page: Page) -> set[bool]:
        """What several calls say, because each process of the server learns of a change by itself."""
        path = f"/pages/{page.id}/attachments"
        return {bool(self.call("alice", "GET", path, None)["active"]) for _ in range(8)}

    def file(self, state: State, person: str, title: str = "", page: Page | None = None) -> File:
        """Make a file in this state, as this person finds it."""
        name = title or f"twin {next(self._numbers)}.txt"
        at = page or (self._world.page(f"Shut {name}") if state in SHUT else self.twins)
        made = self._world.act("upload", {"account": "alice", "pageId": at.id, "fileName": name, "text": name})
        file = self._locked(File(str(made["id"]).removeprefix("att"), name, at), state, person)
        if state in SHUT and page is None:
            self.shut(at)
        return file

    def _locked(self, file: File, state: State, person: str) -> File:
        match state:
            case State.FREE | State.SHUT_FREE:
                return file
            case State.OWN:
                return self._lock(file, person)
            case State.LEFT:
                self._world.act("person", {"account": "charlie", "permissions": ["read", "update", "delete"]})
                held = self._lock(file, "charlie")
                self._world.act("person", {"account": "charlie", "permissions": ["read"]})
                return held
            case State.ASKED:
                held = self._lock(file, "alice")
                self.call("bob", *call_of(Act.REQUEST, held))
                return held
            case State.WAITED | State.SHUT_WAITED:
                held = self._lock(file, "alice")
                self.call(person, *call_of(Act.NOTIFY, held))
                return held
            case State.HELD | State.SHUT_HELD:
                return self._lock(file, "alice")

    def _lock(self, file: File, person: str) -> File:
        answer = self.call(person, *call_of(Act.LOCK, file))
        return replace(file, lock_id=str(answer["lock"]["lockId"]))

    def shut(self, page: Page) -> None:
        """Let people edit the page, and no app."""
        people = ["alice", "bob", "dana", "sam", "mona"]
        self._world.act("restrict", {"account": "alice", "pageId": page.id, "update": people})

    def call(self, person: str, method: str, path: str, body: Json | None) -> Json:
        """Call the API with a person's token; it must be allowed."""
        request_id = f"staged{next(self._numbers):026}"
        asked = None if body is None else {"requestId": request_id, **body}
        way = self._by_forge if self._door == FORGE else self._by_connect
        status, answer = way(person, method, path, asked)
        assert is_allowed(status), (person, path, answer)
        return answer

    def _by_connect(self, person: str, method: str, path: str, body: Json | None) -> tuple[int, Json]:
        if person not in self._tokens:
            asked = {"site": ACME, "kind": "context", "account": person}
            made = requests.post(f"{self._world.origin}/_sim/tokens", json=asked, timeout=CALL_SECONDS)
            self._tokens[person] = str(made.json()["token"])
        headers = {"Authorization": f"JWT {self._tokens[person]}"}
        url = f"{self._world.app_url}/api/v1{path}"
        answer = requests.request(method, url, json=body, headers=headers, timeout=CALL_SECONDS)
        return answer.status_code, answer.json()

    def _by_forge(self, person: str, method: str, path: str, body: Json | None) -> tuple[int, Json]:
        request = {"method": method, "path": f"/forge/api/v1{path}", "headers": {}, "body": body}
        asked = {"contentId": self.twins.id, "request": request}
        url = f"{self._world.origin}/_sim/forge/invoke/page-menu"
        sent = requests.post(url, json=asked, headers={"X-Sim-Account": person}, timeout=CALL_SECONDS)
        answer = sent.json()["answer"]
        return int(answer["status"]), answer["body"]


def answers_to(seat: Seat, stage: Stage, files: Mapping[State, File], offered: AbstractSet[Cell]) -> dict[Cell, int]:
    """Call every act as the person: what is not offered on the file of the row, what is offered on one like it."""
    cells = [cell for state in files for act in Act if _is_asked(cell := Cell(seat.person, state, act))]
    make = partial(stage.file, person=seat.person)
    targets = [make(cell.state) if cell in offered else files[cell.state] for cell in cells]
    told = seat.ask(call_of(cell.act, file) for cell, file in zip(cells, targets, strict=True))
    return {cell: status for cell, (status, _) in zip(cells, told, strict=True)}


def uploads_of(seat: Seat, stage: Stage, answers: Mapping[Cell, int]) -> dict[Cell, int]:
    """Let the person upload over a file like each that they may unlock; return what Confluence answers."""
    held = [cell.state for cell, status in answers.items() if cell.act is Act.RELEASE and is_allowed(status)]
    files = {state: stage.file(state, seat.person) for state in held}
    return {Cell(seat.person, state, Act.UPLOAD): seat.upload(file) for state, file in files.items()}


def _is_asked(cell: Cell) -> bool:
    """Whether the API has this act here: Confluence takes uploads, and access is given to pages without it."""
    return cell.act is not Act.UPLOAD and (cell.act is not Act.GIVE_ACCESS or cell.state is State.SHUT_FREE)
