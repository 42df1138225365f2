"""Protecting a held file: look, let the judge say what must be done, and do it."""

from __future__ import annotations

from dataclasses import replace

from lockpoint.locking.enforcement import (
    FileStatus,
    Flag,
    History,
    Judgement,
    Policy,
    RenameBack,
    Restore,
    Undelete,
    Verdict,
    judge,
)
from lockpoint.locking.lock import Held
from lockpoint.services.context import Lane, Tenant
from lockpoint.services.ports import Effects
from lockpoint.services.services import Services
from lockpoint.services.telling import conflicts
from lockpoint.services.undoing import Case, Settled, flag, rename_back, restore, undelete
from lockpoint.services.looking import Seen

LOOKS = 3  # how often a moving file is judged anew before the rest is left to the next look


def protect(services: Services, tenant: Tenant, seen: Seen, held: Held, *, lane: Lane) -> Settled:
    """Undo what others did to a held file. Errors of the host pass through, and nothing is lost by them.

    A file whose newest version is the protected one, or our own restoration of it, costs no further call.
    """
    case = Case(services, tenant, seen, held, lane)
    if _untouched(case):
        case.mark("protected")
        return Settled(seen)
    for _ in range(LOOKS):
        judgement = _judged(case)
        _note_overruled(case, judgement)
        settled = _act(case, judgement.verdict)
        if settled is not None:
            return replace(settled, uploaded=judgement.head if judgement.uploaded else None)
        case = replace(case, seen=case.look())
    return Settled(case.seen)


def _untouched(case: Case) -> bool:
    head, base = case.attachment.head, case.held.base
    if case.attachment.status is not FileStatus.CURRENT:
        return False
    if head.created == base.created:
        return True
    known = case.services.restorations.known(case.tenant, case.attachment.id)
    return any(own.created == head.created and own.source_created == base.created for own in known)


def _judged(case: Case) -> Judgement:
    return judge(
        _history(case),
        case.held,
        policy=Policy(),
        own_account=case.services.people.own_account(case.tenant, lane=case.lane),
        restorations=case.services.restorations.known(case.tenant, case.attachment.id),
    )


def _history(case: Case) -> History:
    """The versions since the protected one, with the sizes, content ids and names that only single reads give."""
    attachments, base = case.services.attachments, case.held.base
    versions, complete = attachments.versions(case.tenant, case.attachment.id, back_to=base.created, lane=case.lane)
    detailed = tuple(
        attachments.version(case.tenant, case.attachment.id, v.number, lane=case.lane)
        if v.created >= base.created
        else v
        for v in versions
    )
    return History(case.attachment.status, detailed, complete)


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
    case.mark("protected")
    return Settled(case.seen)


def _note_overruled(case: Case, judgement: Judgement) -> None:
    if judgement.overruled:
        rows = conflicts(case.attachment, case.held, judgement.overruled, "overruled")
        case.services.ledger.record(case.tenant, Effects(audit=rows))
