"""Each kind of object, made on the running sites."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import datetime, timedelta

from lockpoint.services.clock_skew import ClockOffsets, ClockState
from lockpoint.services.context import Actor
from lockpoint.services.idempotency import RequestKey
from lockpoint.services.locks.acquire import acquire
from lockpoint.services.locks.action import LockOptions
from lockpoint.services.ports.runtime import Clock
from simulator.world.seed import ALICE, BOB, SPACE_ID
from tests.web.access.table import ALICES_ALONE, APPOINTED, LAST_STATES, MANAGERS, REASON, UNKNOWN, Target, Thing
from tests.web.live_app import ERIN, SAME_FILE, SAME_PAGE, LiveApp, request_id

OFF_ID, OFF = 987_654, "OFF"


PAST_END = {Thing.ENDING: timedelta(seconds=1), Thing.OVER: timedelta(seconds=40)}


def make(live: LiveApp, thing: Thing, kept: dict[Thing, Target]) -> Target:
    """Make a fresh object of this kind where possible; `lock_id` is its lock's, or an arbitrary one."""
    if thing in PAST_END:
        page = live.page()
        file = live.file(page)
        return Target(file, page, _lock_that_ended(live, file, PAST_END[thing]))
    if thing in LAST_STATES:
        made = make(live, Thing.HELD, kept)
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


def kept_files(live: LiveApp) -> dict[Thing, Target]:
    """Two locked files of globex: one id unknown to acme, one known to both."""
    with live.running.world.lock:
        for _ in range(1000):  # the sites' ids start at the same number; skip far ahead
            live.running.world.sites["globex"].next_id()
    page = live.page(site="globex", author="gina")
    file = live.file(page, site="globex", author="gina")
    hold = live.lock("gina", file, site="globex")
    shown = live.call("gina", "GET", f"/attachments/{SAME_FILE}/lock", site="globex").json()["lock"]
    return {Thing.FOREIGN: Target(file, page, hold), Thing.SAME_ID: Target(SAME_FILE, SAME_PAGE, shown["lockId"])}


def appoint(live: LiveApp) -> None:
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


def add_inactive_space(live: LiveApp) -> None:
    """As the other space, with its people, but that Lockpoint is off."""
    with live.running.world.lock:
        spaces = live.running.world.sites["acme"].spaces
        spaces[OFF_ID] = other = copy.deepcopy(spaces[SPACE_ID])
        other.id, other.key = OFF_ID, OFF
        other.bag = type(other.bag)()
    body = {"version": 0, "rules": {"active": False}, "managers": APPOINTED}
    assert live.call("dana", "PUT", f"/spaces/{OFF}/settings", body).status_code == 200
