"""Protecting a locked file: read its history, judge, and act."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from lockpoint.domain.history.judge import (
    FileStatus,
    Flag,
    FlagReason,
    History,
    Judgement,
    Nothing,
    Policy,
    Restore,
    UndoRename,
    UndoTrash,
    Verdict,
    Version,
    judge,
)
from lockpoint.domain.lock import Held
from lockpoint.services.container import Services
from lockpoint.services.context import Priority, Tenant
from lockpoint.services.enforcement.held_file import HeldFile, ProtectionResult, flag
from lockpoint.services.enforcement.restore_version import restore
from lockpoint.services.enforcement.superseded import record_superseded
from lockpoint.services.enforcement.undo_changes import undo_rename, undo_trash
from lockpoint.services.errors import BadAnswer, Forbidden, GoneOrInvisible
from lockpoint.services.lock_record.file_state import FileState
from lockpoint.services.ports.jobs import Job, JobKind
from lockpoint.services.ports.locks import Protection

RECENT = 10
LOOKS = 4  # how often a moving file is judged anew before the rest is left to the next look
SHOWN_AFTER = timedelta(seconds=30)  # Confluence shows a version by then


def protect(
    services: Services, tenant: Tenant, state: FileState, held: Held, *, priority: Priority
) -> ProtectionResult:
    """Undo what others did to a locked file; the host's errors pass through, and lose nothing.

    No further call when the newest version is the protected one or our restoration of it.
    """
    return keep_right(HeldFile(services, tenant, state, held, priority))


def keep_right(held_file: HeldFile) -> ProtectionResult:
    """Judge and act until nothing is left to undo, or the file moves too often."""
    verdict: Verdict | None = None
    for _ in range(LOOKS):
        if _untouched(held_file):
            return _as_it_should_be(held_file)
        if _behind_us(held_file):
            return _look_later(held_file)
        own = held_file.own_accounts()
        history = history_of(held_file)
        held_file = replace(held_file, numbered=len(history.versions) - 1 if history.numbered else None)
        judgement = judged(held_file, history, own)
        if not isinstance(judgement.verdict, Nothing) and not held_file.protects_here():
            return ProtectionResult(held_file.state)
        record_superseded(held_file, history, judgement, own)
        verdict = judgement.verdict
        result = _act(held_file, verdict)
        if result is not None and not result.again:
            uploaded = judgement.head if judgement.uploaded else None
            waits = judgement.name_waits
            return replace(result, uploaded=uploaded, by_holder=judgement.by_holder, name_waits=waits)
        state = result.state if result else held_file.read_state()
        if not held_file.still_held(state):
            return ProtectionResult(state)
        held_file = replace(held_file, state=state, numbered=None)
    left = verdict.offenders if isinstance(verdict, Restore | UndoTrash) else ()
    return ProtectionResult(held_file.state, pending=tuple(v.created for v in left))


def _untouched(held_file: HeldFile) -> bool:
    head, base = held_file.attachment.head, held_file.held.base
    if held_file.attachment.status is not FileStatus.CURRENT:
        return False
    if head.created == base.created:
        return True
    known = held_file.services.restorations.recent(held_file.tenant, held_file.held.lock_id)
    return any(own.created == head.created and own.source_created == base.created for own in known)


def _behind_us(held_file: HeldFile) -> bool:
    """Return whether what was read lacks a version that we have just made: a read may be older than a write."""
    now, head = held_file.services.clock.now(), held_file.attachment.head
    known = held_file.services.restorations.recent(held_file.tenant, held_file.held.lock_id)
    return any(own.created > head.created and now - own.at < SHOWN_AFTER for own in known)


def _look_later(held_file: HeldFile) -> ProtectionResult:
    """Take our version for the newest until Confluence shows it; whatever else is there is seen by then."""
    job = Job(JobKind.RECONCILE, held_file.tenant.id, held_file.attachment.id, SHOWN_AFTER)
    held_file.services.jobs.defer([job])
    return ProtectionResult(held_file.state)


def judged(
    held_file: HeldFile, history: History, own_accounts: frozenset[str], *, until: datetime | None = None
) -> Judgement:
    """Return what the lock requires of this history; `until`, by the host's clock, for a lock that is over."""
    return judge(
        history,
        held_file.held,
        policy=_policy(held_file, history),
        own_accounts=own_accounts,
        restorations=held_file.services.restorations.known(held_file.tenant, held_file.attachment.id),
        until=until,
    )


def _policy(held_file: HeldFile, history: History) -> Policy:
    settings = held_file.settings
    admins = _admins(held_file, history) if settings.site.admins_may_overwrite else frozenset()
    return Policy(
        undo_rename=settings.rules.undo_rename,
        undo_trash=settings.rules.undo_trash and held_file.undoes_trash,
        allowed=admins | set(settings.site.allowed_apps),
        absence_until=held_file.absence_until(),
    )


def _admins(held_file: HeldFile, history: History) -> frozenset[str]:
    """Return who of those that made newer versions administers the space or the site now, asked as that person."""
    base, known = held_file.held.base.created, {held_file.held.holder} | held_file.own_accounts()
    authors = {v.author for v in history.versions if v.author and v.created > base} - known
    return frozenset(author for author in authors if _administers(held_file, author))


def _administers(held_file: HeldFile, account: str) -> bool:
    """A person whose rights Confluence does not tell is no admin."""
    people, tenant, space = held_file.services.people, held_file.tenant, held_file.space_id
    try:
        of_space = space is not None and people.administers_space(tenant, account, space, priority=held_file.priority)
        return of_space or people.administers_site(tenant, account, priority=held_file.priority)
    except (GoneOrInvisible, Forbidden):
        return False


def history_of(held_file: HeldFile) -> History:
    """Return the versions since the protected one, with sizes, content ids and names from single reads.

    None is newer than the record that was read with the file: whoever holds it by then may have made such a version.
    Where a listing has shown that the protected one is gone, no walk can meet it.
    """
    gone = held_file.listed and held_file.held.base.created not in held_file.listed
    numbered = None if gone else _numbered_history(held_file)
    return numbered or _listed_history(held_file)


def _numbered_history(held_file: HeldFile) -> History | None:
    """Read the versions by number, from the newest down to the protected one; None where it is not met.

    Deleting one only moves numbers down, so on the way down none is missed, and a move shows by a version that is met
    twice. The newest was read with the file.
    """
    base, found = held_file.held.base.created, [held_file.attachment.head]
    while found[-1].created > base:
        try:
            version = held_file.version(found[-1].number - 1)
        except (GoneOrInvisible, BadAnswer):
            return None
        if version.created >= found[-1].created:
            return None
        found.append(version)
    if found[-1].created != base:
        return None
    return History(held_file.attachment.status, tuple(reversed(found)), numbered=True)


def _listed_history(held_file: HeldFile) -> History:
    """List the versions, and read them singly.

    When the protected version was deleted, older ones count too; the last `RECENT` of them are read singly.
    """
    base = held_file.held.base.created
    versions, complete = held_file.versions(base)
    if all(version.created != base for version in versions):
        versions, complete = held_file.versions(None)
    versions = tuple(version for version in versions if version.created <= held_file.attachment.head.created)
    recent = versions[-RECENT:]
    detailed = tuple(_read(held_file, v) if v.created >= base or v in recent else v for v in versions)
    return History(held_file.attachment.status, detailed, complete)


def _read(held_file: HeldFile, version: Version) -> Version:
    """Return a whole version, reading it once; the newest was read with the file.

    Numbers move when a version is deleted: where another version answers, the listing's word stands.
    """
    head, known = held_file.attachment.head, held_file.listed
    if version.created == head.created:
        known[head.created] = head
    if version.created not in known:
        found = held_file.version(version.number)
        known[found.created] = found
    return replace(known[version.created], number=version.number) if version.created in known else version


def _act(held_file: HeldFile, verdict: Verdict) -> ProtectionResult | None:
    """Carry out one verdict; None when the file moved and must be judged again."""
    if isinstance(verdict, Restore | UndoRename) and not held_file.state.writable:
        return flag(held_file, Flag(FlagReason.APP_BLOCKED, verdict.offenders))
    if isinstance(verdict, Restore):
        return restore(held_file, verdict)
    if isinstance(verdict, UndoRename):
        return undo_rename(held_file, verdict)
    if isinstance(verdict, UndoTrash):
        return undo_trash(held_file, verdict)
    if isinstance(verdict, Flag):
        return flag(held_file, verdict)
    return _as_it_should_be(held_file)


def _as_it_should_be(held_file: HeldFile) -> ProtectionResult:
    """Nothing is wrong; but where the app may not edit the file, only its holder could undo anything."""
    if held_file.attachment.status is FileStatus.CURRENT and held_file.state.blocked:
        return flag(held_file, Flag(FlagReason.APP_BLOCKED))
    held_file.mark(Protection.PROTECTED)
    return ProtectionResult(held_file.state)
