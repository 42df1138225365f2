"""F15: Confluence shows a version of ours only seconds after it was made."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from lockpoint.domain.events import AuditKind
from lockpoint.domain.lock import Free
from lockpoint.services.enforcement.protect import SHOWN_AFTER
from tests.fakes.confluence.site import APP_ACCOUNT
from tests.fakes.world import BOB, CHARLIE
from tests.services.stage import Stage

READS = ("get", "versions", "version")


@dataclass
class LateAttachments:
    """What the app makes is not read for `lag`, nor what comes after it."""

    port: Any
    stage: Stage
    lag: timedelta

    def __getattr__(self, name: str) -> Any:
        call = getattr(self.port, name)
        if name not in READS:
            return call

        def late(*args: Any, **kwargs: Any) -> Any:
            with self._as_before():
                return call(*args, **kwargs)

        return late

    @contextmanager
    def _as_before(self) -> Iterator[None]:
        versions, now = self.stage.file.versions, self.stage.world.clock.now()
        every = list(versions)
        hidden = (n for n, v in enumerate(every) if v.author == APP_ACCOUNT and v.created > now - self.lag)
        versions[:] = every[: next(hidden, len(every))]
        try:
            yield
        finally:
            versions[:] = every


@pytest.fixture
def late(stage: Stage) -> Stage:
    """Bob has overwritten Alice's file, and our version will be late."""
    stage.lock()
    stage.world.clock.advance(minutes=1)
    stage.upload(BOB, b"Bob's")
    stage.world.clock.advance(seconds=10)
    host = LateAttachments(stage.world.services.attachments, stage, timedelta(seconds=5))
    object.__setattr__(stage.world.services, "attachments", host)
    return stage


def test_nothing_is_restored_twice(late: Stage) -> None:
    """F15, I13: events and sweeps in between make no version, and tell nothing again."""
    for _ in range(3):
        late.reconcile()
        late.sweep()
        late.world.clock.advance(seconds=1)
    late.world.clock.advance(seconds=SHOWN_AFTER.total_seconds())
    late.run_jobs(also_later=True)
    assert [v.content for v in late.file.versions] == [b"first", b"Bob's", b"first"]
    assert late.audit() == [AuditKind.ACQUIRED, AuditKind.CONFLICT, AuditKind.RESTORED]
    assert len(late.mails()) == 2
    assert late.show().protection == "protected"


def test_what_comes_behind_it_is_undone(late: Stage) -> None:
    """F15: Charlie uploads before our version is shown; one more look is due, without an event."""
    late.reconcile()
    late.upload(CHARLIE, b"Charlie's")
    late.reconcile()
    assert late.content == b"Charlie's"
    late.world.clock.advance(seconds=SHOWN_AFTER.total_seconds())
    late.run_jobs(also_later=True)
    assert late.content == b"first"
    assert len(late.file.versions) == 5


def test_an_end_meanwhile_names_nothing(late: Stage) -> None:
    """F15: what was undone a second ago does not stand in the tombstone."""
    late.reconcile()
    late.release(late.held.lock_id)
    assert isinstance(late.found, Free)
    assert late.tombstone.ended.pending == ()
    late.world.clock.advance(minutes=1)
    late.run_jobs(also_later=True)
    assert late.content == b"first"
    assert len(late.file.versions) == 3


def test_our_version_that_an_admin_deleted_is_made_again(late: Stage) -> None:
    """After the time by which Confluence shows a version, a missing one is gone."""
    late.reconcile()
    late.world.site().delete_version(late.file.id, 3)
    late.world.clock.advance(seconds=SHOWN_AFTER.total_seconds())
    late.sweep()
    assert late.content == b"first"
