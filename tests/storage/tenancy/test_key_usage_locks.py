"""Locks, preferences and requests, signed again with a new root key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from lockpoint.domain import signed_record as records
from lockpoint.domain.events import AuditKind, MailKind
from lockpoint.domain.lock import Held, Unreadable
from lockpoint.domain.signed_json import key_id_of
from lockpoint.services.context import Priority, Tenant
from lockpoint.services.edit_requests.ask import ask
from lockpoint.services.errors import AlreadyLockedError, HostUnavailable, QuotaExceeded
from lockpoint.services.idempotency import RequestKey
from lockpoint.services.key_rotation import SigningReport, sign_again
from lockpoint.services.lock_record.waitlist import KEY as LINE
from lockpoint.services.locks import notify_me
from lockpoint.services.locks.release import release
from lockpoint.services.locks.show import show
from lockpoint.services.notifications import preferences
from lockpoint.services.ports.confluence import PropertyHost
from lockpoint.services.ports.locks import Effects
from lockpoint.services.reconciliation.reconcile import reconcile
from lockpoint.services.tenancy.site_settings import change, site_settings
from lockpoint.storage.keyring import Keyring
from tests.fakes.people import FakeUserProperties
from tests.fakes.world import ALICE, BOB, SAM
from tests.storage.tenancy.rotation import BEFORE_THE_MOVE, BOTH, ONLY_NEW, ONLY_OLD, Stage


def test_in_every_half_rotated_state_locks_are_understood(stage: Stage) -> None:
    """F53: processes with the old key, with both, and with the new key in use."""
    stages_ = [(ONLY_OLD, BEFORE_THE_MOVE), (BEFORE_THE_MOVE, BOTH), (BOTH, BEFORE_THE_MOVE), (BOTH, ONLY_NEW)]
    for number, (writer, reader) in enumerate(stages_, start=1):
        file_id = stage.locked_file(writer, request=str(number))
        held = stage.found(file_id, reader)
        assert isinstance(held, Held)
        key = RequestKey(f"{number + 4:x}" * 32, "digest")
        answer = release(stage.process(reader), stage.actor(ALICE), file_id, key, held.lock_id)
        assert answer is not None
        assert stage.signer(file_id) == reader.newest


def test_a_lock_is_signed_by_the_newest_key_at_its_next_write(stage: Stage) -> None:
    """The witness stores which key signed it."""
    file_id = stage.locked_file(ONLY_OLD)
    assert stage.signer(file_id) == ONLY_OLD.newest
    assert stage.uses(BOTH)[ONLY_OLD.newest].live_locks == 1
    stage.lock(BOTH, file_id, request="2")
    assert stage.signer(file_id) == ONLY_NEW.newest
    assert stage.uses(BOTH)[ONLY_OLD.newest].live_locks == 0
    assert stage.uses(BOTH)[ONLY_NEW.newest].live_locks == 1


def test_rotating_locks_signs_each_once_through_the_conditional_write(stage: Stage) -> None:
    """`keys rotate --locks`: a second run reads no file."""
    files = [stage.locked_file(ONLY_OLD, request=str(number)) for number in range(1, 4)]
    before = {file_id: stage.found(file_id, BOTH) for file_id in files}
    steps: list[None] = []
    report = sign_again(stage.process(BOTH), stage.tenant, step=lambda: steps.append(None))
    assert report == SigningReport(signed=3, already=0, left=())
    assert len(steps) == 3
    for file_id in files:
        old, new = before[file_id], stage.found(file_id, ONLY_NEW)
        assert isinstance(old, Held)
        assert isinstance(new, Held)
        assert new == replace(old, seq=old.seq + 1, op_id=new.op_id, at=new.at, kind=new.kind, began=new.began)
        assert stage.audit(file_id)[-1] == (AuditKind.SIGNED_AGAIN.value, None)
    looked: list[str] = []
    process = stage.process(BOTH)
    counting = replace(process, attachments=Noting(process.attachments, looked))
    assert sign_again(counting, stage.tenant) == SigningReport(signed=0, already=3, left=())
    assert looked == []


@dataclass
class Noting:
    """Attachments that log each read; `failing` may raise first."""

    inner: Any
    looked: list[str]
    failing: Callable[[str], None] = lambda _file_id: None

    def get(self, tenant: Tenant, attachment_id: str, **values: Any) -> Any:
        assert values["priority"] is Priority.SWEEP
        self.looked.append(attachment_id)
        self.failing(attachment_id)
        return self.inner.get(tenant, attachment_id, **values)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


def test_rotating_locks_waits_for_points_and_names_what_it_cannot_reach(stage: Stage) -> None:
    """At priority SWEEP; an error on one file does not stop the others."""
    files = sorted(stage.locked_file(ONLY_OLD, request=str(number)) for number in range(1, 4))
    looked: list[str] = []

    def failing(file_id: str) -> None:
        if file_id == files[0] and looked.count(file_id) < 3:
            raise QuotaExceeded("the hour's points are used up", 600)
        if file_id == files[1]:
            raise HostUnavailable

    process = stage.process(BOTH)
    before = stage.world.clock.now()
    report = sign_again(replace(process, attachments=Noting(process.attachments, looked, failing)), stage.tenant)
    assert report == SigningReport(signed=2, already=0, left=(files[1],))
    assert stage.world.clock.now() - before >= timedelta(seconds=1200)
    assert stage.signer(files[1]) == ONLY_OLD.newest
    assert sign_again(process, stage.tenant) == SigningReport(signed=1, already=2, left=())


def test_points_that_never_come_stop_the_rotation_where_it_is(stage: Stage) -> None:
    """After three waits; finished work stays."""
    stage.locked_file(ONLY_OLD)

    def failing(_file_id: str) -> None:
        raise QuotaExceeded("the hour's points are used up", 600)

    process = stage.process(BOTH)
    with pytest.raises(QuotaExceeded):
        sign_again(replace(process, attachments=Noting(process.attachments, [], failing)), stage.tenant)


CHOSEN = preferences.Preferences(off=frozenset({MailKind.LOCK_ENDED}), locale="de", time_zone="Europe/Berlin")


def prefers(stage: Stage, keys: Keyring, account: str) -> preferences.Preferences:
    return preferences.read(stage.process(keys), stage.tenant, account, priority=Priority.EVENT)


def test_preferences_of_known_people_come_along(stage: Stage) -> None:
    """Nothing is written for people without choices."""
    stage.locked_file(ONLY_OLD)
    preferences.change(stage.process(ONLY_OLD), stage.actor(ALICE), CHOSEN)
    report = sign_again(stage.process(BOTH), stage.tenant)
    assert (report.people, report.people_left) == (1, 0)
    assert prefers(stage, ONLY_NEW, ALICE) == CHOSEN
    assert sign_again(stage.process(BOTH), stage.tenant).people == 0


def test_preferences_that_cannot_be_reached_are_counted(stage: Stage) -> None:
    """A second rotation signs them."""
    file_id = stage.locked_file(ONLY_OLD)
    preferences.change(stage.process(ONLY_OLD), stage.actor(ALICE), CHOSEN)
    process = stage.process(BOTH)
    failing = FakeUserProperties(trouble=HostUnavailable())
    report = sign_again(replace(process, user_properties=failing), stage.tenant)
    assert (report.people, report.people_left) == (0, 1)
    assert stage.signer(file_id) == ONLY_NEW.newest
    assert sign_again(process, stage.tenant).people == 1


def test_preferences_of_others_are_signed_again_when_they_are_read(stage: Stage) -> None:
    """As before each mail; a refused write does not fail the read."""
    preferences.change(stage.process(ONLY_OLD), stage.actor(BOB), CHOSEN)
    process = stage.process(BOTH)

    class Full(FakeUserProperties):
        def write(self, *_place: Any, **_options: Any) -> None:
            raise HostUnavailable

    full = replace(process, user_properties=Full(process.user_properties.stored))
    assert preferences.read(full, stage.tenant, BOB, priority=Priority.EVENT) == CHOSEN
    assert prefers(stage, ONLY_NEW, BOB) == preferences.Preferences()
    assert prefers(stage, BOTH, BOB) == CHOSEN
    assert prefers(stage, ONLY_NEW, BOB) == CHOSEN


def test_those_who_ask_for_a_file_come_along(stage: Stage) -> None:
    """P-11: requests lie in the waitlist, also where nobody else waits."""
    file_id = stage.locked_file(ONLY_OLD)
    old = stage.process(ONLY_OLD)
    lock_id = show(old, stage.actor(BOB), file_id).lock_id or ""
    ask(old, stage.actor(BOB), file_id, RequestKey("request-of-bob-1", "x"), lock_id, "please")
    sign_again(stage.process(BOTH), stage.tenant)
    line = stage.world.host.rows(stage.tenant, PropertyHost.ATTACHMENT, file_id, LINE)[0]
    assert key_id_of(line.value) == ONLY_NEW.newest
    shown = show(stage.process(ONLY_NEW), stage.actor(BOB), file_id)
    assert [one.message for one in shown.requests] == ["please"]


def test_those_who_wait_and_the_settings_come_along(stage: Stage) -> None:
    file_id = stage.locked_file(ONLY_OLD)
    notify_me.ask(stage.process(ONLY_OLD), stage.actor(BOB), file_id)
    change(stage.process(ONLY_OLD), stage.actor(SAM), revision=0, changes={"copy_mode": True})
    sign_again(stage.process(BOTH), stage.tenant)
    after = stage.process(ONLY_NEW)
    line = stage.world.host.rows(stage.tenant, PropertyHost.ATTACHMENT, file_id, LINE)[0]
    assert key_id_of(line.value) == ONLY_NEW.newest
    assert notify_me.ask(after, stage.actor(BOB), file_id).position == 1
    assert site_settings(after, stage.tenant, priority=Priority.SWEEP).copy_mode
    assert site_settings(after, stage.tenant, priority=Priority.SWEEP).revision == 1


def test_a_key_dropped_too_early_is_healed_from_the_witness(stage: Stage) -> None:
    """The audit log reports it; the lock continues."""
    file_id = stage.locked_file(ONLY_OLD)
    before = stage.found(file_id, ONLY_OLD)
    assert isinstance(before, Held)
    assert stage.found(file_id, ONLY_NEW) == Unreadable(records.Flaw.UNKNOWN_KEY, 1)
    reconcile(stage.process(ONLY_NEW), stage.tenant, file_id)
    healed = stage.found(file_id, ONLY_NEW)
    assert isinstance(healed, Held)
    assert (healed.lock_id, healed.holder, healed.expires_at) == (before.lock_id, ALICE, before.expires_at)
    kinds = stage.audit(file_id)
    assert (AuditKind.FLAGGED.value, "unreadable_unknown_key") in kinds
    assert (AuditKind.HEALED.value, "removed_outside") in kinds


def test_with_the_key_dropped_too_early_nobody_takes_a_held_file(stage: Stage) -> None:
    file_id = stage.locked_file(ONLY_OLD)
    with pytest.raises(AlreadyLockedError):
        stage.lock(ONLY_NEW, file_id, BOB, request="2")


def test_the_sweep_learns_who_signed_what_was_written_before_it_was_noted(stage: Stage) -> None:
    """Without a write to Confluence."""
    file_id = stage.locked_file(ONLY_OLD)
    services = stage.process(BOTH)
    known = services.witnesses.get(stage.tenant, file_id)
    assert known is not None
    services.effects.record(stage.tenant, Effects(witness=replace(known, signed_by=None)))
    assert stage.uses(BOTH)[None].live_locks == 1
    reconcile(services, stage.tenant, file_id)
    assert stage.uses(BOTH)[ONLY_OLD.newest].live_locks == 1
    assert stage.signer(file_id) == ONLY_OLD.newest
