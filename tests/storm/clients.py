"""People at work in a storm: they lock, upload, extend, unlock, break, take over and wait; intruders do not ask."""

from __future__ import annotations

import hashlib
import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import requests

from devstack.errors import EmbeddedError
from tests.e2e.system import Json, Person, System, request_id
from tests.storm.evidence import Call, Outcome, Upload

NAMES: Final = ("alice", "bob", "dana", "sam", "charlie", "alice", "bob", "dana", "sam", "bob", "alice", "charlie")
MANAGERS: Final = frozenset({"dana", "sam"})
VIEWERS: Final = frozenset({"charlie"})
INTRUDERS: Final = ("bob", "dana", "sam", None)
ATTEMPTS: Final = 3
UNKNOWN: Final = frozenset({401, 429, 500, 502, 503, 504})
PAUSE: Final = 0.5


@dataclass
class Log:
    """What everybody did, in the order of the answers."""

    calls: list[Call] = field(default_factory=list)
    uploads: list[Upload] = field(default_factory=list)
    trashed_by: dict[str, set[str]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, call: Call) -> None:
        with self.lock:
            self.calls.append(call)

    def uploaded(self, file: Json, text: str) -> None:
        with self.lock:
            self.uploads.append(Upload(file=bare(file), digest=digest_of(text.encode())))


def bare(file: Json) -> str:
    return str(file["id"]).removeprefix("att")


def digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def now() -> float:
    return time.time() * 1000


@dataclass
class Client:
    """One person with the dialog open; `mine` are the locks they know to have, by file."""

    system: System
    name: str
    files: Sequence[Json]
    log: Log
    chance: random.Random
    mine: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._person = Person(self.system, self.name, "acme")
        self._account = self.system.account_of(self.name)

    def work(self, over: threading.Event) -> None:
        while not over.wait(self.chance.random() * PAUSE):
            file = self.chance.choice(self.files)
            if self.name in VIEWERS:
                self._wait_for(file)
            elif bare(file) in self.mine:
                self._use(file, self.mine[bare(file)])
            else:
                self._want(file)

    def _use(self, file: Json, lock: str) -> None:
        roll = self.chance.random()
        if roll < 0.35:
            upload(self.system, self.log, file, self.name, f"{self.name} {request_id()}")
        elif roll < 0.5:
            self._ask("extend", file, "/lock/extend", {"lockId": lock, "hours": self.chance.randint(1, 9)}, lock)
        elif self._ask("release", file, "/lock/release", {"lockId": lock}, lock).outcome is not Outcome.INFO:
            self.mine.pop(bare(file), None)

    def _want(self, file: Json) -> None:
        got = self._ask("acquire", file, "/lock", {"unlockOnUpload": self.chance.random() < 0.1})
        if got.error != "already_locked" or got.state != "other":
            return
        roll, named = self.chance.random(), {"lockId": got.lock, "reason": "storm"}
        if roll < 0.3:
            self._wait_for(file)
        elif roll < 0.5 and self.name in MANAGERS:
            self._ask("break", file, "/lock/break", named, got.lock)
        elif roll < 0.7 and self.name in MANAGERS:
            self._ask("take_over", file, "/lock/take-over", named, got.lock)

    def _wait_for(self, file: Json) -> None:
        wants = self.chance.random() < 0.8
        self._ask("notify" if wants else "forget", file, "/notify-me", {}, method="PUT" if wants else "DELETE")

    def _ask(self, verb: str, file: Json, path: str, body: Json, named: str = "", method: str = "POST") -> Call:
        """Repeat a call whose fate is unknown with the same request id; every attempt is logged."""
        asked = {"requestId": request_id(), **body}
        address = f"/attachments/{file['id']}{path}"
        for attempt in range(ATTEMPTS):
            call = self._attempt(verb, file, method, address, asked, named)
            self.log.add(call)
            if call.outcome is not Outcome.INFO or attempt == ATTEMPTS - 1:
                return self._noted(call)
            time.sleep(self.chance.random() * (attempt + 1))
        raise AssertionError("there is a last attempt")

    def _noted(self, call: Call) -> Call:
        """Remember which locks are one's own."""
        if call.outcome is Outcome.OK and call.state == "mine":
            self.mine[call.file] = call.lock
        elif call.error in {"lock_lost", "not_found"}:
            self.mine.pop(call.file, None)
        return call

    def _attempt(self, verb: str, file: Json, method: str, path: str, body: Json, named: str) -> Call:
        begin = now()
        status, answer = self._answer(method, path, body)
        lock, error = answer.get("lock") or {}, str(answer.get("error", ""))
        return Call(
            person=self._account,
            verb=verb,
            file=bare(file),
            request=body["requestId"],
            begin=begin,
            end=now(),
            outcome=_outcome(status, error),
            status=status,
            error=error,
            named=named,
            lock=lock.get("lockId") or "",
            state=lock.get("state", ""),
        )

    def _answer(self, method: str, path: str, body: Json) -> tuple[int, Json]:
        try:
            answer = self._person.call(method, path, body)
            return answer.status_code, dict(answer.json())
        except requests.RequestException:
            return 0, {}


def _outcome(status: int, error: str) -> Outcome:
    if status == 0 or status in UNKNOWN or error == "in_progress":
        return Outcome.INFO
    return Outcome.OK if status < 300 else Outcome.FAIL


@dataclass
class Intruder:
    """Changes files in Confluence without a look at their locks."""

    system: System
    files: Sequence[Json]
    log: Log
    chance: random.Random

    def work(self, over: threading.Event) -> None:
        deeds: tuple[Callable[[Json], None], ...] = (*(self._upload,) * 6, self._rename, self._trash, self._back)
        while not over.wait(self.chance.random() * PAUSE * 4):
            self.chance.choice(deeds)(self.chance.choice(self.files))

    def _upload(self, file: Json) -> None:
        upload(self.system, self.log, file, self.chance.choice(INTRUDERS), f"intruder {request_id()}")

    def _rename(self, file: Json) -> None:
        act(self.system, "rename", file, self._who(), title=f"{request_id()[:8]}.txt")

    def _trash(self, file: Json) -> None:
        who = self._who()
        with self.log.lock:
            self.log.trashed_by.setdefault(bare(file), set()).add(self.system.account_of(who))
        act(self.system, "trash", file, who)

    def _back(self, file: Json) -> None:
        act(self.system, "untrash", file, "dana")

    def _who(self) -> str:
        return self.chance.choice([name for name in INTRUDERS if name])


def upload(system: System, log: Log, file: Json, name: str | None, text: str) -> None:
    """Upload a version under the present name of the file, unless Confluence refuses."""
    title = system.file(file)["title"]
    if act(system, "upload", file, name, fileName=title, text=text):
        log.uploaded(file, text)


def act(system: System, deed: str, file: Json, name: str | None, **values: object) -> bool:
    """Return whether Confluence allowed it."""
    try:
        system.confluence.post(f"/_sim/sites/acme/{deed}", {"account": name, "attachmentId": file["id"], **values})
    except EmbeddedError:
        return False
    return True
