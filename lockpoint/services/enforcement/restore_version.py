"""Restoring the protected version of a file."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from prometheus_client import Histogram

from lockpoint.domain.events import AuditKind
from lockpoint.domain.history.judge import Flag, FlagReason, Restore, Version
from lockpoint.domain.lock import Held
from lockpoint.services.enforcement.held_file import REFUSALS, HeldFile, ProtectionResult, flag, reason_of
from lockpoint.services.enforcement.late_restores import bring_back_buried, tell_buried
from lockpoint.services.enforcement.overwrite_effects import conflicts, overwrite_mails, row_about
from lockpoint.services.enforcement.restore_budget import left_in_pause
from lockpoint.services.enforcement.restore_ways import Way, make_current, promise_look, way_of
from lockpoint.services.enforcement.undo_changes import name_as
from lockpoint.services.errors import GoneOrInvisible, HostError, HostUnavailable, LostRace, Rejected, Unauthorised
from lockpoint.services.lock_record.file_state import FileState
from lockpoint.services.ports.jobs import Job, JobKind
from lockpoint.services.ports.locks import Effects, Protection, Restoration
from lockpoint.services.tenancy.activity import active_now

_UNDO_SECONDS: Final = Histogram(
    "lockpoint_undo_seconds",
    "From an overwrite to our version that undid it, by Confluence's time",
    buckets=(1, 2, 5, 10, 15, 30, 60, 300, 900, 3600),
)


def restore(held_file: HeldFile, verdict: Restore) -> ProtectionResult | None:
    """Make the protected version current again; None when the file moved and must be judged again."""
    if paused := left_in_pause(held_file, tuple(v.author for v in verdict.offenders), verdict.offenders):
        return paused
    way = way_of(held_file.services, held_file.tenant, held_file.priority)
    if way is None:
        return flag(held_file, Flag(FlagReason.RESTORE_REFUSED, verdict.offenders))
    held_file.mark(Protection.RESTORING)
    return _restore(held_file, verdict, way) if _still_so(held_file, verdict.version) else None


def _restore(held_file: HeldFile, verdict: Restore, way: Way) -> ProtectionResult | None:
    try:
        made = _make_current(held_file, way, verdict.version)
    except LostRace:
        return None
    except REFUSALS as refused:
        return _refused(held_file, way, verdict, refused)
    if not _follows(held_file, made):
        numbered = _numbered_since(held_file, verdict.version)
        if numbered.get(verdict.version.number) != verdict.version.created:
            _record_doubtful(held_file, made)
            return None
        if numbered.get(made.number - 1) != held_file.attachment.head.created:
            _record_restored(held_file, verdict, made, None)
            return _give_way(held_file, made)
    last = _with_its_name(held_file, verdict, made)
    _record_restored(held_file, verdict, made, last)
    if last is None:
        return None
    return ProtectionResult(replace(held_file.state, attachment=replace(held_file.attachment, head=last)))


def _with_its_name(held_file: HeldFile, verdict: Restore, made: Version) -> Version | None:
    """Give the restored file its name and type back; return our version that has them, None when the file moved.

    Neither way brings the name, which may be taken; whether Confluence's operation brings the type is not documented.
    """
    if verdict.renamed is None and held_file.attachment.head.named_as(verdict.version):
        return made
    state = held_file.read_state()
    head = state.attachment.head
    if head.created != made.created or head.named_as(verdict.named):
        return head if head.created == made.created else None
    now = replace(held_file, state=state)
    try:
        name_as(now, verdict.named)
    except (LostRace, *REFUSALS):
        return None
    after = now.read_state()
    return after.attachment.head if now.made_by_us(after) else None


def _give_way(held_file: HeldFile, made: Version) -> ProtectionResult | None:
    """Bring back what our version buried when the lock was over by then; None while it still holds.

    Under another lock its own look decides; where that protects our version, the author is told.
    """
    state = held_file.read_state()
    if held_file.still_held(state):
        return None
    if isinstance(state.standing, Held):
        return _leave_to(held_file, state, state.standing, made)
    bring_back_buried(
        held_file.services,
        held_file.tenant,
        held_file.attachment.id,
        priority=held_file.priority,
        person=held_file.state.person,
    )
    return ProtectionResult(held_file.read_state())


def _leave_to(held_file: HeldFile, state: FileState, held: Held, made: Version) -> ProtectionResult:
    """Have another lock look; one that began after our version protects it."""
    held_file.services.jobs.defer([Job(JobKind.RECONCILE, held_file.tenant.id, held_file.attachment.id)])
    began = held.began if held.began and not held.taken_from else held.base.created
    if max(held.base.created, began) >= made.created:
        buried = held_file.version(made.number - 1)
        tell_buried(held_file.services, held_file.tenant, held_file.attachment, held_file.held, buried)
    return ProtectionResult(state)


def _still_so(held_file: HeldFile, source: Version) -> bool:
    """Return whether all is as it was decided on, and the number still names the version to restore.

    Numbers are places in the history; deleting a version moves them. Versions that were read by number need no other
    look at it, and a look that has just begun no second one.
    """
    if active_now(held_file.services, held_file.tenant.id, licensed=False) is None:
        raise Unauthorised("the site uninstalled or disabled the app meanwhile")
    if held_file.just_read():
        return True
    return held_file.unchanged() and (held_file.numbered is not None or _numbered(held_file, source))


def _numbered(held_file: HeldFile, source: Version) -> bool:
    try:
        found = held_file.version(source.number)
    except GoneOrInvisible:
        return False
    return found.created == source.created


def _follows(held_file: HeldFile, made: Version) -> bool:
    """Return whether our version follows the one that was the newest, which has its number still.

    Then no version slipped in between, and none below was deleted since the file was read: the number of the source,
    which was looked at after that, was right when it was used.
    """
    head = held_file.attachment.head
    try:
        return made.number == head.number + 1 and held_file.version(head.number).created == head.created
    except GoneOrInvisible:
        return False


def _numbered_since(held_file: HeldFile, source: Version) -> dict[int, datetime]:
    """Return which versions the numbers name from `source` on, asked after the number was used.

    Deleting only moves numbers down, so a number that is right afterwards was right when used; the version before ours
    tells whether another slipped in.
    """
    versions, _ = held_file.versions(source.created)
    return {version.number: version.created for version in versions}


def _make_current(held_file: HeldFile, way: Way, source: Version) -> Version:
    """Have a look queued before and, when no answer came, anew: the restore may have been sent late."""
    services, tenant, state, lock_id = held_file.services, held_file.tenant, held_file.state, held_file.held.lock_id
    promise_look(services, tenant, state.attachment.id, services.ids.new())
    try:
        return make_current(services, tenant, state, way, source, lock_id, held_file.priority)
    except HostUnavailable:
        promise_look(services, tenant, state.attachment.id, services.ids.new())
        raise


def _refused(held_file: HeldFile, way: Way, verdict: Restore, refused: HostError) -> ProtectionResult | None:
    """Remember a site that refuses the operation, and try copying where allowed."""
    if way is Way.COPY or not isinstance(refused, Rejected):
        return flag(held_file, Flag(reason_of(refused), verdict.offenders))
    now = held_file.services.clock.now()
    held_file.services.site_states.note_test(held_file.tenant, works=False, at=now, scratch_id=None)
    return None


def _record_doubtful(held_file: HeldFile, made: Version) -> None:
    """Record that the content of a version of ours is unknown: it stands for itself only."""
    _record_own(held_file, made, made.created)


def _record_own(held_file: HeldFile, made: Version, source_created: datetime) -> None:
    own = Restoration(
        attachment_id=held_file.attachment.id,
        lock_id=held_file.held.lock_id,
        created=made.created,
        source_created=source_created,
        at=held_file.services.clock.now(),
    )
    held_file.services.effects.record(held_file.tenant, Effects(restorations=(own,)))


def _record_restored(held_file: HeldFile, verdict: Restore, made: Version, last: Version | None) -> None:
    """Record what was undone, and our `last` version, which spares a look.

    None does where another version slipped in before ours, or the name did not come back.
    """
    restoration = Restoration(
        attachment_id=held_file.attachment.id,
        lock_id=held_file.held.lock_id,
        created=(last or made).created,
        source_created=verdict.version.created,
        offenders=tuple(sorted({v.author for v in verdict.offenders if v.author})),
        at=held_file.services.clock.now(),
    )
    first = min((v.created for v in verdict.offenders), default=made.created)
    _UNDO_SECONDS.observe((made.created - first).total_seconds())
    restored = row_about(held_file.attachment, held_file.held, AuditKind.RESTORED, made)
    if held_file.state.person is not None:
        restored = replace(restored, account=None, detail="as_holder")
    effects = Effects(
        restorations=(restoration,) if last else (),
        audit=(*conflicts(held_file.attachment, held_file.held, verdict.offenders, "undone"), restored),
        intents=overwrite_mails(held_file.attachment, held_file.held, verdict.offenders, "undone"),
    )
    held_file.services.effects.record(held_file.tenant, effects)
    held_file.mark(Protection.PROTECTED, made)
