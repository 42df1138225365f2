"""The calls of the table, and what must hold of each.

Each refused call must change nothing on either site.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any, Self

import pytest
import requests

from tests.web.access.table import (
    APPOINTED,
    LAST_STATES,
    LEAVES_ALL,
    PEOPLE,
    Person,
    Role,
    Route,
    Target,
    Thing,
    expected,
)
from tests.web.access.things import add_inactive_space, appoint, kept_files, make
from tests.web.api.document import CheckedApi
from tests.web.live_app import SAME_FILE, Json, LiveApp, request_id

MULTI = 207


def status_of(answer: requests.Response) -> int:
    """Of the one file, where many were possible."""
    return int(answer.json()["items"][0]["status"]) if answer.status_code == MULTI else answer.status_code


@dataclass
class Matrix:
    live: LiveApp
    api: CheckedApi
    kept: dict[Thing, Target]
    cells: int = 0
    leaks: int = 0

    @classmethod
    def on(cls, live: LiveApp) -> Self:
        """Add the people and places of the table to the running sites."""
        live.control("sites/acme/person", account="erin", status="inactive")
        appoint(live)
        add_inactive_space(live)
        return cls(live, CheckedApi(live), kept_files(live))

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


def cells(routes: tuple[Route, ...]) -> list[Any]:
    return [pytest.param(route, thing, id=f"{route.name}, {thing.value}") for route, thing in product(routes, Thing)]


def each_role_may_do_what_the_table_says(live: LiveApp, matrix: Matrix, route: Route, thing: Thing) -> None:
    """First those who may not, on one object that must not change; then each who may, on a fresh one."""
    wanted = {person: expected(person, route, thing) for person in PEOPLE}
    if thing in {Thing.SAME_ID, Thing.FOREIGN}:
        # On globex Gina may act on her own files, so she is left out.
        wanted = {person: status for person, status in wanted.items() if person.site == "acme"}
    if thing in LAST_STATES:
        # One lock manager is enough for what a state does.
        wanted = {person: status for person, status in wanted.items() if person.name != "greg"}
    target = make(live, thing, matrix.kept)
    refused = {person: status for person, status in wanted.items() if status >= 400}
    before = live.properties(target.file) if _exists(live, target) else None
    for person, status in refused.items():
        answer = matrix.call(person, route, target)
        assert status_of(answer) == status, (person.name, answer.text)
    if before is not None:
        assert live.properties(target.file) == before
    for person, status in wanted.items():
        if status < 400:
            fresh = target if route.name in LEAVES_ALL else make(live, thing, matrix.kept)
            answer = matrix.call(person, route, fresh)
            assert status_of(answer) == status, (person.name, answer.text)
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
