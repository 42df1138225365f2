"""Spaces that are switched off: nothing is shown, enforced, swept or mailed; on the return locks count again (P-15)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from lockpoint.domain.events import AuditKind, MailKind
from lockpoint.domain.history.judge import FileStatus
from lockpoint.domain.lock import EndReason
from lockpoint.domain.settings import SpaceSettings
from lockpoint.services.listing import lock_list, notices, page_files
from lockpoint.services.listing.byline import refresh
from lockpoint.services.listing.lock_list import LockListQuery, LockScope
from lockpoint.services.notifications.send_mail import send
from lockpoint.services.ports.confluence import PropertyHost
from lockpoint.services.ports.jobs import Job, JobKind
from lockpoint.services.ports.locks import Protection
from lockpoint.services.reconciliation.reconcile import confirm
from lockpoint.services.reconciliation.rediscover import rediscover
from lockpoint.services.reconciliation.webhook_hints import Hint, take_hint
from lockpoint.services.tenancy import site_settings, space_settings
from tests.fakes.world import ACME, ALICE, BOB, CHARLIE, DANA, SAM
from tests.services.stage import Stage, refusal_of

ELSEWHERE = "65539"


def site_rules(stage: Stage, **changes: Any) -> None:
    sam = stage.world.actor(SAM)
    revision = site_settings.overview(stage.world.services, sam).settings.revision
    site_settings.change(stage.world.services, sam, revision=revision, changes=changes)


def space_rules(stage: Stage, space: str | None = None, **own: bool | int | None) -> None:
    dana, space = stage.world.actor(DANA), space or stage.world.site().space_id
    version = space_settings.overview(stage.world.services, dana, space).settings.version
    space_settings.change(stage.world.services, dana, space, SpaceSettings(own=own, version=version))


def by_space(stage: Stage, *, on: bool) -> None:
    space_rules(stage, active=on)


def by_site(stage: Stage, *, on: bool) -> None:
    site_rules(stage, active=on)


def under_an_inactive_site(stage: Stage, *, on: bool) -> None:
    """The space decides for itself; without its decision it is as its site, which is off."""
    site_rules(stage, active=False)
    if on:
        space_rules(stage, active=True)
    else:
        space_rules(stage)


WAYS: dict[str, Any] = {
    "the space": by_space,
    "the site": by_site,
    "a space of an inactive site": under_an_inactive_site,
}
Switch = Callable[..., None]


@pytest.fixture(params=WAYS)
def switch(request: pytest.FixtureRequest) -> Switch:
    found: Switch = WAYS[request.param]
    return found


def absence(stage: Stage, switch: Switch, *, hours: float = 1) -> None:
    """Bob uploads while the space is off."""
    stage.run_jobs()
    switch(stage, on=False)
    stage.world.clock.advance(hours=hours / 2)
    stage.upload(BOB, b"meanwhile")
    stage.world.clock.advance(hours=hours / 2)
    switch(stage, on=True)
    stage.world.clock.advance(minutes=1)


def conflicts(stage: Stage) -> list[tuple[str | None, str | None]]:
    return [(row.account, row.detail) for row in stage.world.tables.audit_of(ACME) if row.kind is AuditKind.CONFLICT]


def look_at_everything(stage: Stage) -> None:
    stage.reconcile()
    stage.sweep()
    take_hint(stage.world.services, ACME, Hint(attachment_ids=(stage.file.id,), trashed_by=BOB))
    stage.run_jobs()


def test_an_inactive_space_is_left_alone(stage: Stage, switch: Switch) -> None:
    """P-15, L-71: no overwrite, rename or trash is undone, no record changes, and looks cost no point."""
    stage.lock()
    switch(stage, on=False)
    stage.run_jobs()
    before = stage.found
    stage.world.clock.advance(minutes=1)
    stage.upload(BOB, b"Bob's")
    stage.world.site().rename(stage.file.id, BOB, "other.txt")
    stage.world.site().trash(stage.file.id)
    stage.taps.clear()
    look_at_everything(stage)
    assert stage.taps.host_calls() == []
    assert (stage.found, stage.content, stage.file.title) == (before, b"Bob's", "other.txt")
    assert stage.file.status is FileStatus.TRASHED
    assert stage.mails() == []


WAKERS: dict[str, Callable[[Stage], object]] = {
    "a hint": Stage.reconcile,
    "a sweep": Stage.sweep,
    "a search": lambda stage: rediscover(stage.world.services, ACME),
    "its own job": lambda stage: stage.run_jobs(JobKind.SWITCHED),
    "all jobs": Stage.run_jobs,
}


@pytest.mark.parametrize("waker", WAKERS)
def test_whoever_looks_first_undoes_nothing_of_the_absence(stage: Stage, switch: Switch, waker: str) -> None:
    """L-71: what came between stands and is told; the next upload is undone. A lost job delays it only."""
    lock_id = stage.lock().lock.lock_id
    absence(stage, switch)
    for _ in range(2):
        WAKERS[waker](stage)
    assert stage.content == b"meanwhile"
    assert (stage.held.lock_id, stage.held.base.author) == (lock_id, BOB)
    assert stage.mails() == [(MailKind.OVERWRITE_ATTEMPT, ALICE, "while_away")]
    assert conflicts(stage) == [(BOB, "while_away")]
    stage.upload(CHARLIE, b"now it counts")
    stage.reconcile()
    assert stage.content == b"meanwhile"


def test_a_lock_that_was_forgotten_meanwhile_is_found_again(stage: Stage, switch: Switch) -> None:
    """Rows are kept for 30 days without a look: the return searches, and nothing of the absence is undone."""
    site_rules(stage, longest_days=90)
    stage.lock(life=timedelta(days=60))
    stage.run_jobs()
    switch(stage, on=False)
    stage.world.clock.advance(days=31)
    stage.upload(BOB, b"meanwhile")
    stage.world.tables.witnesses.clear()
    switch(stage, on=True)
    stage.run_jobs()
    assert (stage.content, stage.held.base.author) == (b"meanwhile", BOB)
    assert stage.world.tables.witnesses[ACME.id, stage.file.id].space_id == stage.world.site().space_id


def test_trash_and_names_of_the_absence_stay(stage: Stage, switch: Switch) -> None:
    """L-71: renamed and trashed in between; afterwards both are undone again."""
    other = stage.world.add_file()
    stage.lock()
    stage.lock(file=other)
    stage.run_jobs()
    switch(stage, on=False)
    stage.world.clock.advance(minutes=1)
    stage.world.site().rename(stage.file.id, BOB, "other.txt")
    stage.world.site().trash(other.id)
    stage.world.clock.advance(minutes=1)
    switch(stage, on=True)
    stage.run_jobs()
    for _ in range(3):
        stage.world.clock.advance(minutes=20)
        stage.sweep()
    assert (stage.file.title, other.status) == ("other.txt", FileStatus.TRASHED)
    stage.world.site().trash(stage.file.id)
    stage.reconcile()
    assert stage.file.status is FileStatus.CURRENT


def test_what_was_undone_before_the_absence_stays_undone(stage: Stage, switch: Switch) -> None:
    stage.lock()
    stage.world.clock.advance(minutes=1)
    stage.upload(BOB, b"refused")
    stage.reconcile()
    absence_without_upload(stage, switch)
    stage.reconcile()
    assert (stage.content, stage.held.base.author) == (b"first", ALICE)


def absence_without_upload(stage: Stage, switch: Switch) -> None:
    stage.world.clock.advance(minutes=1)
    switch(stage, on=False)
    stage.world.clock.advance(hours=1)
    switch(stage, on=True)
    stage.world.clock.advance(minutes=1)


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
    listed = _listing(stage)
    assert (listed.rows, listed.switched_off) == ((), True)
    switch(stage, on=True)
    assert [row.lock.protection for row in _listing(stage).rows] == ["protected"]


def _listing(stage: Stage) -> page_files.Listing:
    actor, page = stage.world.actor(BOB), stage.file.container
    return page_files.of_container(stage.world.services, actor, page, page_files.Query())


def test_open_lists_hear_of_it(stage: Stage, switch: Switch) -> None:
    """A tag of before holds no longer."""
    stage.lock()
    services, actor, page = stage.world.services, stage.world.actor(BOB), stage.file.container
    for on in (False, True):
        tag = _listing(stage).etag
        assert page_files.unchanged(services, actor, page, tag)
        switch(stage, on=on)
        assert not page_files.unchanged(services, actor, page, tag)


def byline(stage: Stage) -> tuple[object, object]:
    (row,) = stage.world.site().rows[PropertyHost.PAGE, stage.file.container.id, "lockpointpage"]
    return row.value["name"], row.value["lockedCount"]


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


@pytest.mark.parametrize("minutes", [10, 59, 90])
def test_a_lock_that_is_due_soon_gets_an_hour_more(stage: Stage, switch: Switch, minutes: int) -> None:
    """Lock-semantics §6: once, however often it is looked at."""
    stage.lock(life=timedelta(hours=3))
    due = stage.held.expires_at
    switch(stage, on=False)
    stage.world.clock.advance(minutes=180 - minutes)
    switch(stage, on=True)
    for _ in range(3):
        stage.world.clock.advance(minutes=1)
        stage.sweep()
    assert due is not None
    assert stage.held.expires_at == (due + timedelta(hours=1) if minutes < 60 else due)


def test_a_lock_that_was_extended_since_gets_nothing_more(stage: Stage) -> None:
    """Its holder has decided."""
    lock_id = stage.lock(life=timedelta(hours=2)).lock.lock_id or ""
    by_space(stage, on=False)
    stage.world.clock.advance(minutes=100)
    by_space(stage, on=True)
    stage.world.clock.advance(minutes=1)
    stage.extend(lock_id, hours=1)
    due = stage.held.expires_at
    stage.world.clock.advance(minutes=5)
    stage.sweep()
    assert stage.held.expires_at == due


def test_a_lock_that_expired_meanwhile_and_is_taken_by_another(stage: Stage, switch: Switch) -> None:
    """Overwritten, expired, then locked by Bob at once: nothing is undone, the holder is told of the end."""
    stage.lock(life=timedelta(hours=1))
    absence(stage, switch, hours=3)
    stage.lock(BOB)
    stage.run_jobs()
    assert (stage.content, stage.held.holder, stage.held.base.author) == (b"meanwhile", BOB, BOB)
    assert (MailKind.LOCK_ENDED, ALICE, "expired") in stage.mails()
    assert (MailKind.UPLOAD_UNDONE, BOB, "undone") not in stage.mails()


def test_a_lock_that_is_taken_over_after_the_return(stage: Stage, switch: Switch) -> None:
    lock_id = stage.lock().lock.lock_id or ""
    absence(stage, switch)
    stage.take_over(lock_id, DANA)
    stage.run_jobs()
    assert (stage.content, stage.held.holder) == (b"meanwhile", DANA)
    assert conflicts(stage) == [(BOB, "while_away")]


def test_two_switches_within_seconds(stage: Stage, switch: Switch) -> None:
    """One look waits; what was uploaded before them is accepted, what comes after is undone."""
    stage.lock()
    stage.world.clock.advance(minutes=1)
    for _ in range(2):
        switch(stage, on=False)
        stage.world.clock.advance(seconds=2)
        stage.upload(BOB, b"between")
        switch(stage, on=True)
    assert len(stage.jobs(JobKind.SWITCHED)) == len({job.subject for job in stage.jobs(JobKind.SWITCHED)})
    stage.world.clock.advance(minutes=1)
    stage.upload(BOB, b"after")
    stage.run_jobs()
    assert stage.content == b"between"


@pytest.mark.parametrize("call", ["attachments.version", "attachments.restore"])
def test_switched_off_between_read_and_write_of_an_undo(stage: Stage, call: str) -> None:
    """Before the restore is sent, what was decided is asked again; one that was sent stands."""
    stage.lock()
    stage.world.clock.advance(minutes=1)
    stage.upload(BOB, b"Bob's")
    stage.taps.before[call, 1] = lambda: by_space(stage, on=False)
    stage.reconcile()
    assert stage.content == (b"first" if call == "attachments.restore" else b"Bob's")
    assert [mail for mail in stage.mails() if call != "attachments.restore"] == []


def test_spaces_that_decide_themselves_do_not_return_with_their_site(stage: Stage) -> None:
    """P-15: an overwrite that waits there is undone, as the space was active all the time."""
    space_rules(stage, active=True)
    stage.lock()
    stage.world.clock.advance(minutes=1)
    site_rules(stage, active=False)
    stage.upload(BOB, b"Bob's")
    stage.world.clock.advance(minutes=1)
    site_rules(stage, active=True)
    stage.reconcile()
    assert stage.content == b"first"
    assert stage.world.tables.witnesses[ACME.id, stage.file.id].protection is not Protection.UNCHECKED


def move(stage: Stage, space: str, *, told: bool = True) -> None:
    """Move the page of the file; `told`: its webhook arrives."""
    page = stage.file.container.id
    stage.world.site().pages[page].space_id = space
    if told:
        take_hint(stage.world.services, ACME, Hint(container_ids=(page,), moved=True))
        stage.run_jobs()


def test_a_page_that_moves_into_an_inactive_space_and_back(stage: Stage) -> None:
    """E22: suspended; moved back, the lock is active, and what came between stands and is told."""
    lock_id = stage.lock().lock.lock_id
    space_rules(stage, ELSEWHERE, active=False)
    move(stage, ELSEWHERE)
    stage.world.clock.advance(minutes=1)
    stage.upload(BOB, b"meanwhile")
    look_at_everything(stage)
    assert (stage.content, stage.show().protection) == (b"meanwhile", "suspended")
    stage.world.clock.advance(minutes=1)
    move(stage, stage.world.site().space_id)
    assert (stage.held.lock_id, stage.held.base.author, stage.show().protection) == (lock_id, BOB, "protected")
    assert conflicts(stage) == [(BOB, "while_away")]
    stage.world.clock.advance(minutes=1)
    stage.upload(BOB, b"against the lock")
    stage.reconcile()
    assert stage.content == b"meanwhile"


def test_a_move_into_an_inactive_space_that_nobody_told_of(stage: Stage) -> None:
    """E22: before anything is undone the page is asked where it is."""
    stage.lock()
    space_rules(stage, ELSEWHERE, active=False)
    stage.run_jobs()
    stage.world.clock.advance(minutes=1)
    move(stage, ELSEWHERE, told=False)
    stage.upload(BOB, b"meanwhile")
    stage.reconcile()
    stage.sweep()
    assert (stage.content, stage.mails()) == (b"meanwhile", [])


def test_a_sweep_finds_a_silent_move_into_an_inactive_space(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """E22: the lock's space is what Confluence says now; from then on nothing is shown, warned of or ended there."""
    stage.lock(life=timedelta(hours=3))
    space_rules(stage, ELSEWHERE, active=False)
    stage.run_jobs()
    move(stage, ELSEWHERE, told=False)
    monkeypatch.setattr(stage.world.services.ids, "fraction", lambda: 0.1)
    stage.taps.clear()
    stage.sweep()
    assert (stage.taps.calls["people.container"], stage.taps.calls["attachments.get"]) == (1, 0)
    stage.run_jobs()
    assert stage.world.tables.witnesses[ACME.id, stage.file.id].space_id == ELSEWHERE
    assert byline(stage) == ({"value": "File locks"}, 1)
    stage.world.clock.advance(hours=4)
    stage.sweep()
    assert (stage.held.holder, stage.mails()) == (ALICE, [])


@pytest.mark.parametrize(("elsewhere", "share"), [(False, 0), (True, 1 / 8)])
def test_what_finding_silent_moves_costs_a_sweep(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, elsewhere: bool, share: float
) -> None:
    """P-19: a site whose spaces are all on or off together pays nothing; elsewhere it is 2 points and a quarter."""
    stage.lock()
    if elsewhere:
        space_rules(stage, ELSEWHERE, active=False)
    stage.run_jobs()
    stage.taps.clear()
    for number in range(16):
        monkeypatch.setattr(stage.world.services.ids, "fraction", lambda number=number: number / 16)
        stage.sweep()
    assert stage.taps.calls["attachments.get"] == 16
    assert stage.taps.calls["people.container"] == 16 * share


def test_a_silent_move_is_followed_though_another_is_at_the_file(stage: Stage) -> None:
    """E22: whoever waits for the file still asks where its page is."""
    stage.lock()
    stage.run_jobs()
    with stage.world.services.mutexes.hold(f"reconcile:{ACME.id}:{stage.file.id}", 60):
        take_hint(stage.world.services, ACME, Hint(container_ids=(stage.file.container.id,), moved=True))
        stage.run_jobs()
    assert [job.subject for job in stage.jobs(JobKind.MOVED)] == [stage.file.id]


@pytest.mark.parametrize("who", ["a sweep, by chance", "somebody who opens the page"])
def test_a_move_back_that_nobody_told_of(stage: Stage, monkeypatch: pytest.MonkeyPatch, who: str) -> None:
    """E22, P-19: no lost webhook leaves a lock suspended for ever."""
    stage.lock()
    space_rules(stage, ELSEWHERE, active=False)
    move(stage, ELSEWHERE)
    move(stage, stage.world.site().space_id, told=False)
    stage.sweep()
    assert stage.world.tables.witnesses[ACME.id, stage.file.id].space_id == ELSEWHERE
    if who == "a sweep, by chance":
        monkeypatch.setattr(stage.world.services.ids, "fraction", lambda: 0.1)
        stage.sweep()
    else:
        _listing(stage)
        stage.run_jobs()
    stage.world.clock.advance(minutes=1)
    stage.upload(BOB, b"against the lock")
    stage.reconcile()
    assert stage.content == b"first"


def test_only_the_spaces_own_locks_are_looked_at(stage: Stage) -> None:
    """No storm: the locks of other spaces are not read for it, and hints of their pages not written."""
    stage.lock()
    page = stage.world.site().add_page(space_id=ELSEWHERE)
    other = stage.world.site().add_file(page, ALICE)
    stage.lock(file=other)
    stage.run_jobs()
    space_rules(stage, ELSEWHERE, active=False)
    space_rules(stage, ELSEWHERE, active=True)
    assert stage.jobs(JobKind.SWITCHED) == [Job(JobKind.SWITCHED, ACME.id, ELSEWHERE)]
    stage.taps.clear()
    stage.run_jobs(JobKind.SWITCHED)
    assert stage.taps.calls["attachments.get"] == 1
    assert [job.subject for job in stage.jobs(JobKind.PAGE_HINT)] == [f"page:{page.container.id}"]


def test_an_extension_does_not_bring_a_lock_back_to_where_its_page_was(stage: Stage) -> None:
    """E22: the page is read anew where spaces differ; what came meanwhile stands."""
    home = stage.world.site().space_id
    space_rules(stage, ELSEWHERE, active=False)
    lock_id = stage.lock().lock.lock_id or ""
    stage.run_jobs()
    move(stage, ELSEWHERE)
    stage.world.clock.advance(minutes=1)
    assert refusal_of(lambda: stage.extend(lock_id)).code == "inactive"
    stage.upload(BOB, b"meanwhile")
    stage.world.clock.advance(minutes=1)
    move(stage, home)
    stage.reconcile()
    stage.sweep()
    assert stage.content == b"meanwhile"


def test_a_new_lock_lives_as_the_space_wants_where_its_page_is_now(stage: Stage) -> None:
    """L-30: also within minutes of a move."""
    space_rules(stage, ELSEWHERE, unlock_after_hours=2, warn_after_hours=1)
    stage.release(stage.lock().lock.lock_id or "")
    move(stage, ELSEWHERE)
    stage.world.clock.advance(seconds=30)
    stage.lock()
    assert stage.held.expires_at == stage.held.acquired_at + timedelta(hours=2)


def test_what_is_refused_is_refused_again(stage: Stage) -> None:
    """L-12: the same request id has the same outcome."""
    by_space(stage, on=False)
    key = stage.key()
    assert [refusal_of(lambda: stage.lock(key=key)).code for _ in range(2)] == ["inactive"] * 2


def test_a_lock_whose_row_is_lost_is_found_where_spaces_decide(stage: Stage) -> None:
    """E2b: on a site that is off but for this space."""
    under_an_inactive_site(stage, on=True)
    stage.lock()
    stage.world.tables.witnesses.clear()
    confirm(stage.world.services, ACME, stage.file.id)
    assert stage.world.tables.witnesses[ACME.id, stage.file.id].space_id == stage.world.site().space_id


def test_a_returned_lock_is_warned_of_once(stage: Stage) -> None:
    """L-33: the hour more is nobody's choice; before it the holder is told when the lock ends."""
    stage.lock()
    stage.world.clock.advance(hours=1)
    by_space(stage, on=False)
    stage.world.clock.advance(hours=46.5)
    by_space(stage, on=True)
    stage.world.clock.advance(seconds=10)
    stage.run_jobs()
    for _ in range(3):
        stage.sweep()
    warnings = [mail for mail in stage.mails() if mail[0] is MailKind.LOCK_WILL_END]
    assert (len(warnings), stage.held.chosen) == (1, False)


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
