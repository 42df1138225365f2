"""Eight people lock the same files through two web processes; the records are replayed."""

from __future__ import annotations

import json
import random
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.e2e.history import BrokenHistoryError, holds_of
from tests.e2e.system import Json, Person, System

CLIENTS = ("alice", "bob", "dana", "sam", "alice", "bob", "dana", "sam")
ROUNDS = 100
LONG_ROUNDS = 500
"""Of each client; with `--long` these."""
FILES = 3


@dataclass
class Told:
    """The app's answers."""

    yes: list[tuple[str, str, str]] = field(default_factory=list)  # file, lock id, account
    ended: list[tuple[str, str]] = field(default_factory=list)  # file, lock id
    no: list[tuple[str, str]] = field(default_factory=list)  # file, lock id of the winner
    statuses: dict[int, int] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, status: int) -> None:
        with self.lock:
            self.statuses[status] = self.statuses.get(status, 0) + 1


@pytest.mark.timeout(900)
def test_there_is_never_a_second_owner(system: System, pytestconfig: pytest.Config) -> None:
    """R4, L-10: every success has a record, in one order."""
    rounds = LONG_ROUNDS if pytestconfig.getoption("--long") else ROUNDS
    files = [system.new_file(f"race-{number}.txt") for number in range(FILES)]
    marker = system.confluence.get("/_sim/requests")["exchanges"]
    since = marker[-1]["id"] if marker else 0
    told = Told()
    with ThreadPoolExecutor(len(CLIENTS)) as pool:
        runs = [pool.submit(_fight, system, name, seed, files, told, rounds) for seed, name in enumerate(CLIENTS)]
        for run in runs:
            run.result()

    writes = _writes(system, since)
    for file in files:
        holds = {hold.lock_id: hold for hold in holds_of(writes[file["id"]])}
        for of, lock_id, account in told.yes:
            if of == file["id"]:
                assert holds[lock_id].holder == account, "a yes without a record"
        for of, lock_id in told.ended:
            if of == file["id"]:
                assert holds[lock_id].ended is not None, "an answered release left the hold alive"
        for of, lock_id in told.no:
            if of == file["id"]:
                assert lock_id in holds, "a no named a holder who never was"
    assert told.statuses.get(500, 0) == 0
    assert len(told.yes) > rounds, "hardly anybody got a lock: the race proves nothing"
    assert len(told.no) > rounds, "hardly anybody lost: there was no race"


def _fight(system: System, name: str, seed: int, files: list[Json], told: Told, rounds: int) -> None:
    """Lock a random file and unlock it; managers sometimes take it over."""
    chance = random.Random(seed)  # noqa: S311 - dice for a game, not a secret
    person = system.person(name)
    account = system.account_of(name)
    for _ in range(rounds):
        file = chance.choice(files)
        answer = person.call("POST", f"/attachments/{file['id']}/lock", {})
        told.count(answer.status_code)
        body = answer.json()
        if answer.status_code == 201:
            _won(person, account, file, body["lock"]["lockId"], told)
        elif answer.status_code == 409 and body["error"] == "already_locked":
            _lost(person, account, file, body["lock"], told, take=chance.random() < 0.5)
        else:
            assert answer.status_code in {200, 409, 503}, answer.text


def _won(person: Person, account: str, file: Json, lock_id: str, told: Told) -> None:
    with told.lock:
        told.yes.append((file["id"], lock_id, account))
    answer = person.call("POST", f"/attachments/{file['id']}/lock/release", {"lockId": lock_id})
    told.count(answer.status_code)
    assert answer.status_code in {200, 412, 503}, answer.text
    if answer.status_code == 200:
        with told.lock:
            told.ended.append((file["id"], lock_id))


def _lost(person: Person, account: str, file: Json, lock: Json, told: Told, *, take: bool) -> None:
    with told.lock:
        told.no.append((file["id"], lock["lockId"]))
    if not (take and lock["can"]["takeOver"]):
        return
    body = {"lockId": lock["lockId"], "reason": "needed now"}
    answer = person.call("POST", f"/attachments/{file['id']}/lock/take-over", body)
    told.count(answer.status_code)
    assert answer.status_code in {201, 409, 412, 503}, answer.text
    if answer.status_code == 201:
        _won(person, account, file, answer.json()["lock"]["lockId"], told)


def _writes(system: System, since: int) -> dict[str, list[Json]]:
    """The successive values of each file's record, in Confluence's order."""
    found: dict[str, list[Json]] = {}
    wanted = urlencode({"path": "/attachments/[^/]+/properties", "site": "acme", "since": since})
    exchanges = system.confluence.get(f"/_sim/requests?{wanted}")["exchanges"]
    for exchange in exchanges:
        if exchange["method"] in {"POST", "PUT"} and exchange["status"] == 200:
            stored = _parsed(exchange["responseBody"])
            if stored["key"] == "lockpointlock":
                file_id = exchange["path"].split("/attachments/")[1].split("/")[0]
                found.setdefault(file_id, []).append(stored)
    for stored_values in found.values():
        stored_values.sort(key=lambda stored: stored["version"]["number"])
    return {file_id: [stored["value"] for stored in values] for file_id, values in found.items()}


def _parsed(body: Any) -> Json:
    return dict(json.loads(body)) if isinstance(body, str) else dict(body)


def _held(holder: str, lock_id: str, seq: int, ended: Json | None = None) -> Json:
    return {"state": "held", "epoch": 1, "seq": seq, "holder": holder, "lock_id": lock_id, "ended": ended}


def test_the_replay_sees_a_second_owner() -> None:
    """R27"""
    with pytest.raises(BrokenHistoryError):
        holds_of([_held("alice", "a", 1), _held("bob", "b", 2)])


def test_the_replay_sees_a_hold_that_comes_back() -> None:
    """I7"""
    ended = {"lock_id": "a"}
    tombstone = {"state": "free", "epoch": 1, "seq": 2, "ended": ended}
    with pytest.raises(BrokenHistoryError):
        holds_of([_held("alice", "a", 1), tombstone, _held("alice", "a", 3, ended)])


def test_the_replay_accepts_a_take_over() -> None:
    """L-22: one write ends a lock and begins the next."""
    holds = holds_of([_held("alice", "a", 1), _held("bob", "b", 2, {"lock_id": "a"})])
    assert [(hold.holder, hold.ended) for hold in holds] == [("alice", 1), ("bob", None)]
