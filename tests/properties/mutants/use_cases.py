"""Machine 2: broken use cases, at any point of their schedules."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from lockpoint.domain import preconditions, snapshots
from lockpoint.domain.events import AuditKind
from lockpoint.domain.lock import Free, Held, Subject
from lockpoint.domain.signed_record import decode
from lockpoint.services.container import Services
from lockpoint.services.context import Tenant
from lockpoint.services.edit_requests import hand_over
from lockpoint.services.errors import LostRace
from lockpoint.services.ports.confluence import StoredProperty
from lockpoint.services.ports.locks import AuditEvent, Effects
from lockpoint.services.ports.runtime import BegunRequest, RequestState
from tests.fakes.world import KEYS
from tests.properties import schedule_model
from tests.properties.mutants.mutant import Mutant, Run, replaced


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
        if effects != Effects(audit=effects.audit, decided_on=effects.decided_on):
            self._inner.record(tenant, effects)


class _AuditFirst:
    def __init__(self, services: Services) -> None:
        self._inner: Any = services.lock_properties
        self._ledger = services.effects

    def replace(
        self, tenant: Tenant, attachment_id: str, row_id: str, value: Any, version: int, **how: Any
    ) -> StoredProperty:
        record = decode(value, version, Subject(tenant.site_key, attachment_id), KEYS)
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
        stored: StoredProperty = self._inner.replace(tenant, attachment_id, row_id, value, version, **how)
        return stored

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class _Unconditional:
    """As seven studied systems do."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def replace(self, *place: Any, **how: Any) -> StoredProperty:
        *first, version = place
        while True:
            try:
                stored: StoredProperty = self._inner.replace(*first, version, **how)
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


def _handed_to_anybody(seed: int) -> None:
    with replaced(hand_over, _must_ask=lambda *_: None):
        schedule_model.run(seed)


def _no_margin(seed: int) -> None:
    with replaced(preconditions, MARGIN=timedelta()), replaced(snapshots, MARGIN=timedelta()):
        schedule_model.run(seed)


MACHINE_2 = (
    Mutant("a file is handed to who did not ask", _handed_to_anybody, ("P-11",), 300),
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
)
