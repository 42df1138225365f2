"""Bringing back the protected version of a file, and writing down what was done."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from enum import Enum, auto

from lockpoint.domain.events import AuditKind
from lockpoint.domain.judge import Flag, FlagReason, Restore, Version
from lockpoint.domain.version_marker import marker
from lockpoint.services.enforcement.held_file import REFUSALS, Case, Settled, flag, reason_of
from lockpoint.services.enforcement.overwrite_effects import conflicts, row_about, tell
from lockpoint.services.enforcement.restore_budget import over_budget
from lockpoint.services.errors import GoneOrInvisible, HostError, LostRace, Rejected, Unauthorised
from lockpoint.services.ports.locks import Effects, Restoration
from lockpoint.services.tenancy.site_settings import site_settings


class Way(Enum):
    """How a version can be brought back on a site."""

    OPERATION = auto()
    COPY = auto()


def restore(case: Case, verdict: Restore) -> Settled | None:
    """Make the protected version current again; None when the file moved meanwhile and must be judged anew."""
    if over_budget(case, verdict.offenders):
        return flag(case, Flag(FlagReason.PAUSED, verdict.offenders))
    way = _way(case)
    if way is None:
        return flag(case, Flag(FlagReason.RESTORE_REFUSED, verdict.offenders))
    case.mark("restoring")
    return _restore(case, verdict, way) if _still_so(case, verdict.version) else None


def _restore(case: Case, verdict: Restore, way: Way) -> Settled | None:
    """Bring the version back, and write down what came of it."""
    try:
        made = _bring_back(case, way, verdict.version)
    except LostRace:
        return None
    except REFUSALS as refused:
        return _refused(case, way, verdict, refused)
    named = _named_since(case, verdict.version)
    if named.get(verdict.version.number) != verdict.version.created:
        _record_doubtful(case, made)
        return None
    alone = named.get(made.number - 1) == case.attachment.head.created
    _record_restored(case, verdict, made, believed=alone)
    return Settled(replace(case.seen, attachment=replace(case.attachment, head=made))) if alone else None


def _still_so(case: Case, source: Version) -> bool:
    """The second look: the same version is current, and the number to bring back still names the same version.

    Numbers are places in the history, and deleting a version moves them.
    """
    present = case.services.tenants.by_id(case.tenant.id)
    if present is None or not present.active:
        raise Unauthorised("the site uninstalled or disabled the app meanwhile")
    if case.look().attachment.head.created != case.attachment.head.created:
        return False
    return _numbered(case, source)


def _numbered(case: Case, source: Version) -> bool:
    """Whether the number of a version still names that version."""
    try:
        found = case.services.attachments.version(case.tenant, case.attachment.id, source.number, lane=case.lane)
    except GoneOrInvisible:
        return False
    return found.created == source.created


def _named_since(case: Case, source: Version) -> dict[int, datetime]:
    """Which versions the numbers name from `source` on, asked after the use of its number.

    Deleting only moves numbers down, so a number that is right afterwards was right when it was used; and the version
    before ours tells whether another one slipped in.
    """
    versions, _ = case.services.attachments.versions(
        case.tenant, case.attachment.id, back_to=source.created, lane=case.lane
    )
    return {version.number: version.created for version in versions}


def _way(case: Case) -> Way | None:
    """Confluence's own operation unless it is known to refuse; then copying, where a site admin allows it."""
    if case.services.site_states.get(case.tenant).restore_works is not False:
        return Way.OPERATION
    return Way.COPY if site_settings(case.services, case.tenant, lane=case.lane).copy_mode else None


def _bring_back(case: Case, way: Way, source: Version) -> Version:
    message = marker(case.held.lock_id, source.created)
    attachments = case.services.attachments
    if way is Way.COPY:
        return attachments.copy(case.tenant, case.attachment, source, message, lane=case.lane)
    return attachments.restore(case.tenant, case.attachment.id, source.number, message, lane=case.lane)


def _refused(case: Case, way: Way, verdict: Restore, refused: HostError) -> Settled | None:
    """Learn from a refusal: a site that refuses the operation is remembered, and copying is tried where allowed."""
    if way is Way.COPY or not isinstance(refused, Rejected):
        return flag(case, Flag(reason_of(refused), verdict.offenders))
    now = case.services.clock.now()
    case.services.site_states.note_test(case.tenant, works=False, at=now, scratch_id=None)
    return None


def _record_doubtful(case: Case, made: Version) -> None:
    """Write down that a version of ours carries nobody knows which content: it stands for itself only."""
    doubtful = Restoration(
        attachment_id=case.attachment.id,
        lock_id=case.held.lock_id,
        created=made.created,
        source_created=made.created,
        at=case.services.clock.now(),
    )
    case.services.ledger.record(case.tenant, Effects(restorations=(doubtful,)))


def _record_restored(case: Case, verdict: Restore, made: Version, *, believed: bool) -> None:
    """Write down what was undone.

    Where another version slipped in before ours the judge must look once more, so nothing is kept that spares a look.
    """
    restoration = Restoration(
        attachment_id=case.attachment.id,
        lock_id=case.held.lock_id,
        created=made.created,
        source_created=verdict.version.created,
        offenders=tuple(sorted({v.author for v in verdict.offenders if v.author})),
        at=case.services.clock.now(),
    )
    restored = row_about(case.attachment, case.held, AuditKind.RESTORED, made)
    effects = Effects(
        restorations=(restoration,) if believed else (),
        audit=(*conflicts(case.attachment, case.held, verdict.offenders, "undone"), restored),
        intents=tell(case.attachment, case.held, verdict.offenders, "undone"),
    )
    case.services.ledger.record(case.tenant, effects)
    case.mark("protected")
