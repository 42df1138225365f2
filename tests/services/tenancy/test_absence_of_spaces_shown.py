"""What calls, lists, bylines, notices and mails say of a space that is switched off."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from lockpoint.domain.events import MailKind
from lockpoint.domain.lock import EndReason
from lockpoint.domain.settings import SpaceSettings
from lockpoint.services.listing import lock_list, notices, page_files
from lockpoint.services.listing.byline import refresh
from lockpoint.services.listing.lock_list import LockListQuery, LockScope
from lockpoint.services.notifications.send_mail import send
from lockpoint.services.ports.jobs import JobKind
from lockpoint.services.tenancy import space_settings
from tests.fakes.world import ACME, ALICE, BOB, CHARLIE, DANA, SAM
from tests.services.stage import Stage, refusal_of
from tests.services.tenancy.switches import Switch, by_space, byline, listing


@pytest.mark.parametrize("call", ["lock", "extend", "break", "take_over", "ask"])
def test_calls_in_an_inactive_space_are_refused(stage: Stage, switch: Switch, call: str) -> None:
    """P-15, L-63: with a code of its own; who may not do it anyway gets that answer."""
    lock_id = stage.lock().lock.lock_id or ""
    switch(stage, on=False)
    calls: dict[str, Callable[[], object]] = {
        "lock": lambda: stage.lock(BOB),
        "extend": lambda: stage.extend(lock_id),
        "break": lambda: stage.break_(lock_id, DANA),
        "take_over": lambda: stage.take_over(lock_id, DANA),
        "ask": lambda: stage.ask(CHARLIE),
    }
    assert refusal_of(calls[call]).code == "inactive"
    assert not any(getattr(stage.show(SAM).can, flag) for flag in ("lock", "extend", "break_", "take_over"))
    switch(stage, on=True)
    calls[call]() if call != "lock" else stage.lock()


def test_a_holder_can_release_in_an_inactive_space(stage: Stage, switch: Switch) -> None:
    """Nobody is bound to a lock that does nothing; the upload below it stands."""
    lock_id = stage.lock().lock.lock_id or ""
    switch(stage, on=False)
    stage.world.clock.advance(minutes=1)
    stage.upload(BOB, b"Bob's")
    assert stage.show().can.release
    stage.release(lock_id)
    assert stage.tombstone.ended.reason is EndReason.RELEASED
    assert (stage.content, stage.mails()) == (b"Bob's", [])


def test_a_lock_is_shown_as_suspended(stage: Stage, switch: Switch) -> None:
    """L-62, lock-semantics §6: with its expiry, which goes on; the list shows nothing, and says so."""
    expires_at = stage.lock().lock.expires_at
    switch(stage, on=False)
    view = stage.show(BOB)
    assert (view.protection, view.unprotected_reason, view.expires_at) == ("suspended", "inactive", expires_at)
    listed = listing(stage)
    assert (listed.rows, listed.switched_off) == ((), True)
    switch(stage, on=True)
    assert [row.lock.protection for row in listing(stage).rows] == ["protected"]


def test_open_lists_hear_of_it(stage: Stage, switch: Switch) -> None:
    """A tag of before holds no longer."""
    stage.lock()
    services, actor, page = stage.world.services, stage.world.actor(BOB), stage.file.container
    for on in (False, True):
        tag = listing(stage).etag
        assert page_files.unchanged(services, actor, page, tag)
        switch(stage, on=on)
        assert not page_files.unchanged(services, actor, page, tag)


def test_the_byline_tells_nothing_when_the_last_lock_is_released_in_an_inactive_space(stage: Stage) -> None:
    """P-15: nobody there looks after what is locked; the next lock after the return is told."""
    lock_id = stage.lock().lock.lock_id or ""
    by_space(stage, on=False)
    stage.run_jobs()
    stage.release(lock_id)
    stage.run_jobs()
    assert byline(stage) == ({"value": "File locks"}, 0)
    by_space(stage, on=True)
    stage.lock()
    stage.run_jobs()
    assert byline(stage) == ({"value": "1 file locked"}, 1)


def test_bylines_tell_nothing(stage: Stage, switch: Switch) -> None:
    """The count stays for the search that finds locks again."""
    stage.lock()
    names = []
    for on in (True, False, True):
        switch(stage, on=on)
        stage.run_jobs()
        names.append(byline(stage))
    shown = ({"value": "1 file locked"}, 1)
    assert names == [shown, ({"value": "File locks"}, 1), shown]
    refresh(stage.world.services, ACME, stage.file.container)


def test_mails_wait(stage: Stage, switch: Switch) -> None:
    """No mail leaves an inactive space, and the one that waits costs nothing; it goes after the return."""
    lock_id = stage.lock().lock.lock_id or ""
    stage.break_(lock_id, DANA)
    switch(stage, on=False)
    stage.taps.clear()
    (mail,) = stage.jobs(JobKind.SEND_MAIL)
    send(stage.world.services, int(mail.subject))
    read = {"properties.read", "properties.read_app"}  # the settings, once an hour
    assert (stage.world.tables.sent, set(stage.taps.host_calls()) - read) == ([], set())
    stage.run_jobs(JobKind.SEND_MAIL)
    assert [job.delay for job in stage.jobs(JobKind.SEND_MAIL)] == [timedelta(hours=1)]
    switch(stage, on=True)
    stage.run_jobs(JobKind.SEND_MAIL, also_later=True)
    assert stage.world.tables.sent == [(1, "sent")]


def test_what_is_refused_is_refused_again(stage: Stage) -> None:
    """L-12: the same request id has the same outcome."""
    by_space(stage, on=False)
    key = stage.key()
    assert [refusal_of(lambda: stage.lock(key=key)).code for _ in range(2)] == ["inactive"] * 2


def test_notices_tell_nothing_of_an_inactive_space(stage: Stage) -> None:
    """P-15: as mails."""
    stage.lock()
    stage.world.clock.advance(minutes=1)
    stage.upload(BOB, b"Bob's")
    stage.reconcile()
    alice = stage.world.actor(ALICE)
    assert [one.intent.kind for one in notices.owed(stage.world.services, alice)] == [MailKind.OVERWRITE_ATTEMPT]
    by_space(stage, on=False)
    assert notices.owed(stage.world.services, alice) == ()


@pytest.mark.parametrize(("scope", "who"), [(LockScope.MINE, ALICE), (LockScope.SPACE, DANA), (LockScope.SITE, SAM)])
def test_lists_across_pages_show_a_suspended_lock(stage: Stage, scope: LockScope, who: str) -> None:
    """I23: with what the calls allow."""
    stage.lock()
    key = stage.world.site().space_key if scope is LockScope.SPACE else None
    query = LockListQuery(scope=scope, space_key=key)
    lock_list.read(stage.world.services, stage.world.actor(who), query)
    by_space(stage, on=False)
    stage.world.clock.advance(seconds=5)
    (row,) = lock_list.read(stage.world.services, stage.world.actor(who), query).rows
    shown = stage.show(who)
    assert (row.lock.protection, row.lock.unprotected_reason) == ("suspended", "inactive")
    assert (row.lock.protection, row.lock.can) == (shown.protection, shown.can)


def test_managers_of_a_space_count_in_open_lists(stage: Stage) -> None:
    """P-03: within five seconds, as everything that is set."""
    stage.lock()
    assert not stage.rows(BOB)[0].lock.can.break_
    dana, space = stage.world.actor(DANA), stage.world.site().space_id
    for managers, may in (((BOB,), True), ((), False)):
        version = space_settings.overview(stage.world.services, dana, space).settings.version
        space_settings.change(stage.world.services, dana, space, SpaceSettings(managers=managers, version=version))
        stage.world.clock.advance(seconds=5)
        assert stage.rows(BOB)[0].lock.can.break_ is may
