"""Machine 4: everything at once, with one part broken."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from lockpoint.domain import next_record
from lockpoint.domain.events import AuditKind, MailKind
from lockpoint.domain.history import lineage
from lockpoint.domain.history.judge import History, UndoTrash
from lockpoint.domain.lock import EndReason, Free, Held, Snapshot
from lockpoint.domain.next_record import ended
from lockpoint.services.container import Services
from lockpoint.services.context import Priority, Tenant
from lockpoint.services.enforcement import (
    check_after_end,
    overwrite_effects,
    protect,
    restore_version,
    superseded,
    undo_changes,
)
from lockpoint.services.enforcement.held_file import HeldFile, ProtectionResult
from lockpoint.services.lock_record import compare_and_set, end_notices, file_state, record_effects
from lockpoint.services.lock_record.file_state import Written
from lockpoint.services.locks import acquire, end_lock
from lockpoint.services.ports.locks import AuditEvent
from lockpoint.services.reconciliation import reconcile
from tests.properties import system_model
from tests.properties.mutants.mutant import Mutant, Run, replaced


def _all_at_once(place: Any, *, calm: bool = False, first: int = 0, **values: Any) -> Run:
    """Run seeds from `first` on, where a rare schedule is near."""

    def run(seed: int) -> None:
        with replaced(place, **values):
            system_model.run(first + seed, calm=calm)

    return run


def _without_began(seed: int) -> None:
    """The lock protects what was read."""
    with (
        replaced(file_state, since=lambda record, _row: record),
        replaced(compare_and_set, since=lambda record, _row: record),
        replaced(acquire, _protect_newest=lambda _action, outcome: (outcome.state, None)),
    ):
        system_model.run(seed)


def _base_from_the_read(seed: int) -> None:
    with (
        replaced(lineage, _protected_since=lambda _history, held: held.base.created),
        replaced(acquire, _protect_newest=lambda _action, outcome: (outcome.state, None)),
    ):
        system_model.run(seed)


def _undo_trash_and_stop(held_file: HeldFile, verdict: UndoTrash) -> ProtectionResult | None:
    result = undo_changes.undo_trash(held_file, verdict)
    return result and replace(result, again=False)


def _look_back_from_the_first_read(seed: int) -> None:
    """What was there at the first read counts as told; from seed 200 on a schedule is near."""

    def looking_back(services: Services, tenant: Tenant, written: Written, *, priority: Priority) -> Written:
        first = written.state.attachment.head.created

        def newer(held_file: HeldFile) -> History:
            history = protect.history_of(held_file)
            base = held_file.held.base.created
            left = tuple(v for v in history.versions if v.created > first or v.created <= base)
            return replace(history, versions=left)

        with replaced(check_after_end, history_of=newer):
            return check_after_end.check_after_end(services, tenant, written, priority=priority)

    with replaced(end_lock, check_after_end=looking_back):
        system_model.run(200 + seed)


def _guessed_kind(record: Held | Free) -> AuditKind:
    """A record found alone reads as an extension."""
    return AuditKind(record.ended.reason) if isinstance(record, Free) else AuditKind.EXTENDED


def _kinds_guessed(seed: int) -> None:
    with replaced(record_effects, kind_of=_guessed_kind):
        system_model.run(seed, calm=True)


def _forget_pending(held: Held, state: Snapshot, reason: EndReason, **more: Any) -> Any:
    return replace(ended(held, state, reason, **more), pending=())


def _row_of_a_look() -> Callable[..., AuditEvent]:
    """A look repeated leaves its rows again."""
    row_about, looks = overwrite_effects.row_about, itertools.count(1)
    return lambda *facts: replace(row_about(*facts), at=facts[-1].created + timedelta(days=next(looks)))


def _any_version_of_the_holder(held_file: HeldFile, history: History, _until: Any) -> frozenset[datetime]:
    """A new name overrules what lies below."""
    return frozenset(v.created for v in history.versions if v.author == held_file.held.holder)


def _only_the_holder(services: Any, tenant: Any, attachment: Any, record: Any, *earlier: Any) -> Any:
    mails = end_notices.owed_end_notices(services, tenant, attachment, record, *earlier)
    return tuple(mail for mail in mails if mail.kind is not MailKind.FILE_AVAILABLE)


def _whole_history(held_file: HeldFile) -> History:
    """Also what came after the record was read."""
    versions, complete = held_file.services.attachments.versions(
        held_file.tenant, held_file.attachment.id, back_to=None, priority=held_file.priority
    )
    get = held_file.services.attachments.version
    detailed = tuple(
        get(held_file.tenant, held_file.attachment.id, v.number, priority=held_file.priority) for v in versions
    )
    return History(held_file.attachment.status, detailed, complete)


def _read_once(services: Any, tenant: Any, written: Any, priority: Any) -> Any:
    return file_state.read_state(services, tenant, written.state.attachment.id, priority=priority)


MACHINE_4 = (
    Mutant("no second look", _all_at_once(HeldFile, calm=True, unchanged=lambda _: True), ("G1",), 600),
    Mutant(
        "a look of many calls is fresh",
        _all_at_once(HeldFile, calm=True, first=1500, just_read=lambda held: held.numbered is not None),
        ("G1",),
        100,
    ),
    Mutant(
        "the look goes on after the lock changed",
        _all_at_once(HeldFile, first=4300, still_held=lambda _self, _state: True),
        ("I11", "I12", "L-41", "L-44"),
        600,
    ),
    Mutant("base from the read", _base_from_the_read, ("G1", "I11", "L-44"), 400),
    Mutant("no began", _without_began, ("G1", "I11", "L-44"), 400),
    Mutant(
        "a new name counts as content",
        _all_at_once(lineage, _AUTHORISED_LATER=frozenset()),
        ("I11", "I2", "L-24", "L-41", "L-44"),
        400,
    ),
    Mutant(
        "who uploads under a wrong name chooses it",
        _all_at_once(lineage, calm=True, _chosen=lambda version, _before, _named: version),
        ("I11: the right name",),
        1000,
    ),
    Mutant(
        "out of the trash, and no second judgement",
        _all_at_once(protect, calm=True, undo_trash=_undo_trash_and_stop),
        ("L-34",),
        1500,
    ),
    Mutant("look back from the first read", _look_back_from_the_first_read, ("L-41",), 3000),
    Mutant("no look back", _all_at_once(check_after_end, calm=True, _look_back=lambda *_: None), ("L-41",), 600),
    Mutant("audit kinds are guessed", _kinds_guessed, ("I16",), 600),
    Mutant(
        "the name is not brought back",
        _all_at_once(restore_version, calm=True, _with_its_name=lambda _file, _verdict, made: made),
        ("I11: the right name",),
        400,
    ),
    Mutant(
        "a tombstone forgets what stands",
        _all_at_once(next_record, calm=True, ended=_forget_pending),
        ("L-34",),
        1500,
    ),
    Mutant(
        "rows and mails of a look, not of a version",
        _all_at_once(overwrite_effects, row_about=_row_of_a_look()),
        ("L-44",),
        100,
    ),
    Mutant(
        "a new name of the holder overrules",
        _all_at_once(superseded, calm=True, first=900, _uploads_of_holder=_any_version_of_the_holder),
        ("L-41", "G1"),
        1500,
    ),
    Mutant(
        "who waits is told by the sweep alone",
        _all_at_once(record_effects, calm=True, owed_end_notices=_only_the_holder),
        ("L-26",),
        400,
    ),
    Mutant(
        "judged by what came after the record",
        _all_at_once(protect, calm=True, first=2700, history_of=_whole_history),
        ("L-44", "I11", "I19"),
        400,
    ),
    Mutant(
        "what a record owes is decided on what was known before the look",
        _all_at_once(reconcile, first=5005774, decided_on=lambda *_: None),
        ("L-21",),
        1,
    ),
    Mutant(
        "a read that lacks our own write is believed",
        _all_at_once(check_after_end, first=6007118, _read_after=_read_once),
        ("L-41",),
        1,
    ),
    Mutant(
        "nobody looks for a restore that came late",
        _all_at_once(reconcile, first=500, bring_back_buried=lambda *_, **__: None),
        ("I11, I12",),
        400,
    ),
)
