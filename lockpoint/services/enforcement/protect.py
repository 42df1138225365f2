"""Protecting a held file: look, let the judge say what must be done, and do it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from lockpoint.domain.judge import (
    FileStatus,
    Flag,
    FlagReason,
    History,
    Judgement,
    Policy,
    RenameBack,
    Restore,
    Undelete,
    Verdict,
    Version,
    judge,
)
from lockpoint.domain.lock import Held
from lockpoint.services.container import Services
from lockpoint.services.context import Lane, Tenant
from lockpoint.services.enforcement.held_file import Case, Settled, flag
from lockpoint.services.enforcement.restore_version import restore
from lockpoint.services.enforcement.superseded import note_overruled
from lockpoint.services.enforcement.undo_changes import rename_back, undelete
from lockpoint.services.lock_record.file_state import Seen
from lockpoint.services.tenancy.absence import free_until

RECENT = 10
LOOKS = 3  # how often a moving file is judged anew before the rest is left to the next look


def protect(services: Services, tenant: Tenant, seen: Seen, held: Held, *, lane: Lane) -> Settled:
    """Undo what others did to a held file. Errors of the host pass through, and nothing is lost by them.

    A file whose newest version is the protected one, or our own restoration of it, costs no further call.
    """
    case = Case(services, tenant, seen, held, lane)
    if _untouched(case):
        return _as_it_should_be(case)
    verdict: Verdict | None = None
    for _ in range(LOOKS):
        own = services.people.own_account(tenant, lane=lane)
        history = history_of(case)
        judgement = judged(case, history, own)
        note_overruled(case, history, judgement, own)
        verdict = judgement.verdict
        settled = _act(case, verdict)
        if settled is not None:
            uploaded = judgement.head if judgement.uploaded else None
            return replace(settled, uploaded=uploaded, by_holder=_by_holder(history, held))
        case = replace(case, seen=case.look())
    left = verdict.offenders if isinstance(verdict, Restore) else ()
    return Settled(case.seen, unsettled=tuple(v.created for v in left))


def _by_holder(history: History, held: Held) -> bool:
    return any(version.author == held.holder and version.created > held.base.created for version in history.versions)


def _untouched(case: Case) -> bool:
    head, base = case.attachment.head, case.held.base
    if case.attachment.status is not FileStatus.CURRENT:
        return False
    if head.created == base.created:
        return True
    if head.author != case.services.people.own_account(case.tenant, lane=case.lane):
        return False
    known = case.services.restorations.known(case.tenant, case.attachment.id)
    return any(own.created == head.created and own.source_created == base.created for own in known)


def judged(case: Case, history: History, own_account: str, *, until: datetime | None = None) -> Judgement:
    """What the hold requires of this history; `until`, on the host's clock, for a hold that is over."""
    return judge(
        history,
        case.held,
        policy=Policy(free_until=free_until(case.services, case.tenant, case.held)),
        own_account=own_account,
        restorations=case.services.restorations.known(case.tenant, case.attachment.id),
        until=until,
    )


def history_of(case: Case) -> History:
    """The versions since the protected one, with the sizes, content ids and names that only single reads give.

    When the protected version was deleted, the older ones count, too; of those the last `RECENT` are read singly.
    """
    attachments, base = case.services.attachments, case.held.base.created
    versions, complete = attachments.versions(case.tenant, case.attachment.id, back_to=base, lane=case.lane)
    if all(version.created != base for version in versions):
        versions, complete = attachments.versions(case.tenant, case.attachment.id, back_to=None, lane=case.lane)
    recent = versions[-RECENT:]
    detailed = tuple(_read(case, v) if v.created >= base or v in recent else v for v in versions)
    return History(case.attachment.status, detailed, complete)


def _read(case: Case, version: Version) -> Version:
    """One version with everything; the newest was read with the file.

    Numbers move when a version is deleted: where another version answers, what the listing said must do.
    """
    head = case.attachment.head
    if version.created == head.created:
        return replace(head, number=version.number)
    found = case.services.attachments.version(case.tenant, case.attachment.id, version.number, lane=case.lane)
    return found if found.created == version.created else version


def _act(case: Case, verdict: Verdict) -> Settled | None:
    """Carry out one verdict; None when the file moved meanwhile and must be judged anew."""
    if isinstance(verdict, Restore):
        return restore(case, verdict)
    if isinstance(verdict, RenameBack):
        return rename_back(case, verdict)
    if isinstance(verdict, Undelete):
        return undelete(case)
    if isinstance(verdict, Flag):
        return flag(case, verdict)
    return _as_it_should_be(case)


def _as_it_should_be(case: Case) -> Settled:
    """Nothing is wrong with the file; but where the app may not edit it, nothing could be undone either."""
    if case.attachment.status is FileStatus.CURRENT and not case.attachment.may_update:
        return flag(case, Flag(FlagReason.APP_BLOCKED))
    case.mark("protected")
    return Settled(case.seen)
