"""Deliberately broken designs, each replacing the right one for one schedule.

The named machine must catch each design: a checker that catches no bug proves nothing.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from lockpoint.domain import next_record, preconditions, rules, snapshots
from lockpoint.domain.events import AuditKind, MailKind
from lockpoint.domain.expiry import lock_times
from lockpoint.domain.history import lineage
from lockpoint.domain.history.judge import History, Judgement, Restore, UndoTrash, judge
from lockpoint.domain.history.restore_budget import A_DAY, USUALLY_AT_ONCE
from lockpoint.domain.history.unlocked import REACH
from lockpoint.domain.lock import EndReason, Free, Held, Limits, Phase, Snapshot, Subject
from lockpoint.domain.next_record import ended, tombstone
from lockpoint.domain.settings import InForce, SpaceRules
from lockpoint.domain.signed_record import decode
from lockpoint.services.container import Services
from lockpoint.services.context import Priority, Tenant
from lockpoint.services.edit_requests import hand_over
from lockpoint.services.enforcement import (
    check_after_end,
    overwrite_effects,
    protect,
    restore_budget,
    restore_version,
    superseded,
    undo_changes,
    unlocked_file,
)
from lockpoint.services.enforcement.held_file import HeldFile, ProtectionResult
from lockpoint.services.errors import HostError, LostRace
from lockpoint.services.lock_record import compare_and_set, end_notices, file_state, record_effects
from lockpoint.services.lock_record.file_state import Written
from lockpoint.services.locks import acquire, end_lock
from lockpoint.services.ports.confluence import StoredProperty
from lockpoint.services.ports.locks import AuditEvent, Effects
from lockpoint.services.ports.runtime import BegunRequest, RequestState
from lockpoint.services.reconciliation import reconcile, sweep
from lockpoint.services.tenancy import absence
from tests.fakes.world import ACME, ALICE, APP_ACCOUNT, KEYS
from tests.properties import (
    budget_model,
    enforcement_model,
    lock_model,
    schedule_model,
    space_model,
    system_model,
    time_model,
)
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


def _anybody_hands_over(state: Snapshot, **values: Any) -> rules.Decision:
    return rules.hand_over(state, **values | {"managed": True})


def _same_lock_for_another(state: Snapshot, **values: Any) -> rules.Decision:
    """A stale tab of the old holder could go on."""
    decision = rules.hand_over(state, **values)
    if not isinstance(decision, rules.Write) or not isinstance(decision.record, Held):
        return decision
    return rules.Write(replace(decision.record, lock_id=values["old_lock_id"]))


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
    return judge(
        replace(history, versions=plain), held, **more | {"restorations": (), "own_accounts": frozenset({"nobody"})}
    )


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


# --- machine 4: everything at once ------------------------------------------------------------------------------------


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


# --- machine 5: time -------------------------------------------------------------------------------------------------


def _over_without_margin(state: Snapshot, *, lock_id: str, op_id: str) -> rules.Decision:
    held = state.found
    if isinstance(held, Held) and held.lock_id == lock_id and held.expires_at and state.now >= held.expires_at:
        return rules.Write(tombstone(state, op_id, ended(held, state, EndReason.EXPIRED, by=None)))
    return rules.LockLost(held)


def _no_margin_for_sweeps(seed: int) -> None:
    early = snapshots.phase

    def over(record: Held | Free, now: datetime) -> Phase:
        found = early(record, now)
        return Phase.EXPIRED if found is Phase.ENDING else found

    time_model.run(seed, expire=_over_without_margin, phase=over)


def _extend_from_the_old_end(state: Snapshot, *, limits: Limits, **values: Any) -> rules.Decision:
    """As if what is left of a lock were added; this outlives the longest life."""
    decision = rules.extend(state, limits=limits, **values)
    if not isinstance(decision, rules.Write) or not isinstance(state.found, Held) or not state.found.expires_at:
        return decision
    return rules.Write(replace(decision.record, expires_at=state.found.expires_at + limits.default))


def _shorten_at_once(state: Snapshot, **values: Any) -> rules.Decision:
    with replaced(lock_times, LEAST=timedelta()):
        return rules.shorten(state, **values)


def _shorten_what_was_chosen(state: Snapshot, **values: Any) -> rules.Decision:
    held = state.found
    return rules.shorten(
        replace(state, found=replace(held, chosen=False)) if isinstance(held, Held) else state, **values
    )


def _warned_whenever(held: Held, space: SpaceRules, now: datetime) -> bool:
    at = lock_times.warning_at(held, space)
    return at is not None and at <= now


def _time(**changes: Any) -> Run:
    return lambda seed: time_model.run(seed, **changes)


MACHINE_5 = (
    Mutant("a sweep ends locks without the margin", _no_margin_for_sweeps, ("I10",), 100),
    Mutant("an extension adds to the old end", _time(extend=_extend_from_the_old_end), ("L-31",), 200),
    Mutant("shorter settings count at once", _time(shorten=_shorten_at_once), ("I10: a running lock keeps",), 200),
    Mutant("shorter settings cut what was chosen", _time(shorten=_shorten_what_was_chosen), ("P-14",), 400),
    Mutant("one warning for a lock", _time(warning_key=lambda held: held.lock_id), ("L-33: each end",), 400),
    Mutant("warned of what is over", _time(warning_due=_warned_whenever), ("L-33: nobody",), 1000),
)


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


# --- machine 6: spaces ----------------------------------------------------------------------------------------------


def _spaces(place: Any, **values: Any) -> Run:
    def run(seed: int) -> None:
        with replaced(place, **values):
            space_model.run(seed)

    return run


def _one_before_the_newest(versions: Any, settled: Any) -> Any:  # noqa: ARG001 - the design looks no further
    return sorted(versions, key=lambda version: version.number)[-2]


_SPACES = ("P-15", "L-71")
MACHINE_6 = (
    Mutant(
        "spaces inherit whatever they decide",
        _spaces(InForce, rules=property(lambda self: self.site.rules)),
        _SPACES,
        50,
    ),
    Mutant("the return of a space is not remembered", _spaces(absence, last_return=lambda *_: None), _SPACES, 100),
    Mutant("no sweep asks where a page is", _spaces(sweep, _may_have_moved=lambda *_: False), _SPACES, 400),
    Mutant("a moved page returns unnoted", _spaces(absence, _own=lambda _: None), _SPACES, 400),
    Mutant(
        "strict from the beginning of time",
        _spaces(unlocked_file, settled_until=lambda now, *_: now - REACH),
        _SPACES,
        100,
    ),
    Mutant(
        "strict brings back the version before", _spaces(unlocked_file, base_among=_one_before_the_newest), _SPACES, 100
    ),
    Mutant("strict whatever was switched off", _spaces(unlocked_file, is_strict=lambda *_, **__: True), _SPACES, 100),
)


# --- machine 7: the restore budget ------------------------------------------------------------------------------------


def _paused(pause_end: Any) -> Run:
    def run(seed: int) -> None:
        with replaced(restore_budget, pause_end=pause_end):
            budget_model.run(seed)

    return run


def _for_ever(services: Services, tenant: Tenant, lock_id: str, _offenders: Any) -> datetime | None:
    """As rivals do: after some restores they give up."""
    spent = len(services.restorations.recent(tenant, lock_id)) >= USUALLY_AT_ONCE
    return services.clock.now() + A_DAY if spent else None


MACHINE_7 = (
    Mutant("nobody is ever paused", _paused(lambda *_: None), ("I13: no more restores than the budget",), 20),
    Mutant("a pause without an end", _paused(_for_ever), ("P-20",), 20),
)
MUTANTS = (
    Mutant("a lock is ended by deleting its property", _rules(delete_to_end=True), ("I1", "I2", "I9"), 400),
    Mutant("release does not check the lock id", _rules(release=_release_anything), ("I2",), 50),
    Mutant("clean-up by the age of a lock", _rules(expire=_expire_by_age), ("I2", "I10"), 200),
    Mutant("a removed record is a free file", _rules(acquire=_acquire_without_witness), ("I1", "I2", "I10"), 400),
    Mutant(
        "an old witness is healed over a newer one",
        _rules(heal=_heal_blindly),
        ("I2", "I5", "I7", "I8", "I9", "L-31"),
        2000,
    ),
    Mutant("anybody hands over", _rules(hand_over=_anybody_hands_over), ("I2",), 100),
    Mutant("a lock is handed over under its name", _rules(hand_over=_same_lock_for_another), ("I2", "I3"), 200),
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
    *MACHINE_4,
    *MACHINE_5,
    *MACHINE_6,
    *MACHINE_7,
)
