"""Deliberately broken designs, each replacing the right one for one schedule.

The named machine must catch each design: a checker that catches no bug proves nothing.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from lockpoint.domain import preconditions, rules, snapshots
from lockpoint.domain.events import AuditKind
from lockpoint.domain.judge import Judgement, Restore, judge
from lockpoint.domain.lock import EndReason, Free, Held, Snapshot, Subject
from lockpoint.domain.next_record import ended, tombstone
from lockpoint.domain.signed_record import decode
from lockpoint.services.container import Services
from lockpoint.services.context import Priority, Tenant
from lockpoint.services.enforcement import protect
from lockpoint.services.errors import HostError, LostRace
from lockpoint.services.ports.confluence import StoredProperty
from lockpoint.services.ports.locks import AuditEvent, Effects
from lockpoint.services.ports.runtime import BegunRequest, RequestState
from lockpoint.services.reconciliation import reconcile
from tests.fakes.world import ACME, ALICE, APP_ACCOUNT, KEYS
from tests.properties import enforcement_model, lock_model, schedule_model
from tests.properties.enforcement_model import Hint
from tests.properties.oracle import Violation

Run = Callable[[int], Any]


@dataclass(frozen=True)
class Mutant:
    """Its run for one seed, expected violation, budget in schedules."""

    name: str
    run: Run
    found: tuple[str, ...]
    schedules: int


def hunt(mutant: Mutant) -> str | None:
    """Return the first violation within the budget, or None."""
    for seed in range(mutant.schedules):
        try:
            mutant.run(seed)
        except Violation as violation:
            return str(violation)
    return None


@contextmanager
def replaced(place: Any, **values: Any) -> Iterator[None]:
    before = {name: getattr(place, name) for name in values}
    for name, value in values.items():
        setattr(place, name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(place, name, value)


# --- machine 1: the rules ------------------------------------------------------------------------------------------


def _release_anything(state: Snapshot, *, holder: str, lock_id: str, op_id: str) -> rules.Decision:
    """As Nextcloud and Gitea do."""
    if not isinstance(state.found, Held):
        return rules.release(state, holder=holder, lock_id=lock_id, op_id=op_id)
    end = ended(state.found, state, EndReason.RELEASED, by=holder)
    return rules.Write(tombstone(state, op_id, end))


def _expire_by_age(state: Snapshot, *, lock_id: str, op_id: str) -> rules.Decision:
    """This ends extended locks."""
    held = state.found
    if isinstance(held, Held) and held.lock_id == lock_id and state.now >= held.acquired_at + lock_model.LIMITS.default:
        return rules.Write(tombstone(state, op_id, ended(held, state, EndReason.EXPIRED, by=None)))
    return rules.LockLost(held)


def _acquire_without_witness(state: Snapshot, **values: Any) -> rules.Decision:
    return rules.acquire(replace(state, witness=None, epoch=state.witness.epoch if state.witness else 0), **values)


def _heal_blindly(state: Snapshot, *, witness: Held, op_id: str) -> rules.Decision:
    return rules.heal(replace(state, witness=None), witness=witness, op_id=op_id)


def _rules(**changes: Any) -> Run:
    return lambda seed: lock_model.run(seed, **changes)


# --- machine 2: the use cases ----------------------------------------------------------------------------------------


class _NoGuard:
    """Let everybody create at once."""

    def claim(self, *_: Any, **__: Any) -> bool:
        return True

    def release(self, *_: Any) -> None:
        """Do nothing."""


class _ShortGuard(_NoGuard):
    """Release the guard when the caller times out, although the write may still land."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def claim(self, tenant: Tenant, attachment_id: str, op_id: str, *, until: Any) -> bool:
        short = until - timedelta(seconds=59)
        return bool(self._inner.claim(tenant, attachment_id, op_id, until=short))


class _NewNamesOnRetry:
    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self._fresh = itertools.count(1)

    def begin(self, *place: Any, **values: Any) -> BegunRequest:
        outcome: BegunRequest = self._inner.begin(*place, **values)
        if outcome.state is not RequestState.RESUMED:
            return outcome
        return replace(outcome, lock_id=f"{next(self._fresh):032d}", op_id=values["op_id"])

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class _NothingBegan:
    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def lock_began(self, *place: Any) -> bool:
        self._inner.lock_began(*place)
        return False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class _NoRowBeforeTheNext:
    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def record(self, tenant: Tenant, effects: Effects) -> None:
        if effects != Effects(audit=effects.audit):
            self._inner.record(tenant, effects)


class _AuditFirst:
    def __init__(self, services: Services) -> None:
        self._inner: Any = services.lock_properties
        self._ledger = services.effects

    def replace(
        self, tenant: Tenant, attachment_id: str, row_id: str, value: Any, version: int, *, priority: Priority
    ) -> StoredProperty:
        record = decode(value, version, Subject(tenant.client_key, attachment_id), KEYS)
        assert isinstance(record, Held | Free)
        row = AuditEvent(
            at=record.at,
            kind=AuditKind.EXTENDED,
            attachment_id=attachment_id,
            account=None,
            epoch=record.epoch,
            seq=record.seq,
        )
        self._ledger.record(tenant, Effects(audit=(row,)))
        stored: StoredProperty = self._inner.replace(tenant, attachment_id, row_id, value, version, priority=priority)
        return stored

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class _Unconditional:
    """As seven studied systems do."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def replace(self, *place: Any, priority: Priority) -> StoredProperty:
        *first, version = place
        while True:
            try:
                stored: StoredProperty = self._inner.replace(*first, version, priority=priority)
            except LostRace:
                version += 1
                if version > place[-1] + 20:
                    raise
            else:
                return stored

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


def _use_cases(patch: Callable[[Services], Services]) -> Run:
    return lambda seed: schedule_model.run(seed, patch=patch)


def _rush(patch: Callable[[Services], Services]) -> Run:
    return lambda seed: schedule_model.run_rush(seed, patch=patch)


def _no_margin(seed: int) -> None:
    with replaced(preconditions, MARGIN=timedelta()), replaced(snapshots, MARGIN=timedelta()):
        schedule_model.run(seed)


# --- machine 3: enforcement ------------------------------------------------------------------------------------------

Judge = Callable[..., Judgement]


def _judging(judging: Judge) -> Run:
    def run(seed: int) -> None:
        with replaced(protect, judge=judging):
            enforcement_model.run(seed)

    return run


def _target(choose: Callable[[Any, Held, Restore], Any]) -> Judge:
    def judging(history: Any, held: Held, **more: Any) -> Judgement:
        judgement = judge(history, held, **more)
        if not isinstance(judgement.verdict, Restore):
            return judgement
        target = choose(history, held, judgement.verdict)
        return replace(judgement, verdict=replace(judgement.verdict, version=target))

    return judging


def _one_before(history: Any, held: Held, verdict: Restore) -> Any:  # noqa: ARG001 - the design reads nothing else
    return history.versions[-2] if len(history.versions) > 1 else verdict.version


def _at_lock_time(history: Any, held: Held, verdict: Restore) -> Any:
    return next((v for v in history.versions if v.created == held.base.created), verdict.version)


def _lock_time_only(seed: int) -> None:
    """Ignore the holder's own uploads, as the rival product does."""
    with replaced(reconcile, rebase=lambda *_, **__: None):
        _judging(_target(_at_lock_time))(seed)


def _by_number(history: Any, held: Held, **more: Any) -> Judgement:
    """The number moves when an admin deletes a version."""
    numbered = next((v for v in history.versions if v.number == held.base.number), None)
    found = replace(held.base, created=numbered.created) if numbered else held.base
    return judge(history, replace(held, base=found), **more)


def _echoes_count(history: Any, held: Held, **more: Any) -> Judgement:
    """Treat our own restorations as uploads."""
    plain = tuple(replace(v, message="", file_id=None) for v in history.versions)
    return judge(replace(history, versions=plain), held, **more | {"restorations": (), "own_account": "nobody"})


def _echoes(seed: int) -> None:
    with replaced(protect, _untouched=lambda case: case.attachment.head.created == case.held.base.created):
        _judging(_echoes_count)(seed)


def _react(services: Services, file_id: str, hint: Hint) -> None:
    """Trust the event: restore the version before any other person's upload."""
    if hint.author in {ALICE, APP_ACCOUNT} or hint.number < 2:
        return
    try:
        services.attachments.restore(ACME, file_id, hint.number - 1, "", priority=Priority.EVENT)
    except HostError:
        return


MUTANTS = (
    Mutant("a lock is ended by deleting its property", _rules(delete_to_end=True), ("I1", "I2", "I9"), 400),
    Mutant("release does not check the lock id", _rules(release=_release_anything), ("I2",), 50),
    Mutant("clean-up by the age of a lock", _rules(expire=_expire_by_age), ("I10",), 200),
    Mutant("a removed record is a free file", _rules(acquire=_acquire_without_witness), ("I1", "I2", "I10"), 400),
    Mutant(
        "an old witness is healed over a newer one",
        _rules(heal=_heal_blindly),
        ("I2", "I5", "I7", "I8", "I9", "L-31"),
        2000,
    ),
    Mutant("no creation guard", _rush(lambda s: replace(s, guard=_NoGuard())), ("I1",), 3000),
    Mutant("guard dropped on time-out", _rush(lambda s: replace(s, guard=_ShortGuard(s.guard))), ("I1",), 3000),
    Mutant("no margin at expiry", _no_margin, ("I1", "I10"), 300),
    Mutant(
        "a retry gets a new lock id",
        _use_cases(lambda s: replace(s, requests=_NewNamesOnRetry(s.requests))),
        ("I8",),
        1500,
    ),
    Mutant(
        "a retry does not know that its lock began",
        _use_cases(lambda s: replace(s, requests=_NothingBegan(s.requests))),
        ("I8",),
        3000,
    ),
    Mutant(
        "a record is replaced before it is recorded",
        _use_cases(lambda s: replace(s, effects=_NoRowBeforeTheNext(s.effects))),
        ("I16",),
        3000,
    ),
    Mutant("audit before commit", _use_cases(lambda s: replace(s, lock_properties=_AuditFirst(s))), ("I16",), 300),
    Mutant(
        "read, then write unconditionally",
        _use_cases(lambda s: replace(s, lock_properties=_Unconditional(s.lock_properties))),
        ("I1", "I2", "I3", "I5", "I10"),
        300,
    ),
    Mutant("target is the version at lock time", _lock_time_only, ("I11",), 200),
    Mutant("target is the version before", _judging(_target(_one_before)), ("I11", "I13", "I14"), 200),
    Mutant("base known by number", _judging(_by_number), ("I11", "I13", "I14"), 600),
    Mutant("own echoes not filtered", _echoes, ("I11", "I13", "I14"), 50),
    Mutant(
        "react to each event without a fresh read",
        lambda seed: enforcement_model.run(seed, wake=_react, swept=False),
        ("I11", "I13"),
        50,
    ),
    Mutant("no sweep", lambda seed: enforcement_model.run(seed, swept=False), ("I11",), 300),
)
