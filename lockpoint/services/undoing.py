"""Undoing: bring back a version, a name, or a file from the trash, and write down what was done."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum, auto

from lockpoint.locking.enforcement import Flag, FlagReason, RenameBack, Restore, Version
from lockpoint.locking.events import AuditKind
from lockpoint.locking.lock import Held
from lockpoint.locking.marker import marker
from lockpoint.services.configuration import site_settings
from lockpoint.services.context import Lane, Tenant
from lockpoint.services.errors import Forbidden, GoneOrInvisible, HostError, LostRace, Rejected, TooLarge, Unauthorised
from lockpoint.services.looking import Seen, look
from lockpoint.services.ports import Attachment, Effects, Restoration
from lockpoint.services.services import Services
from lockpoint.services.telling import conflicts, row_about, tell, unprotected

PER_PERSON, PERSON_WINDOW, PER_LOCK = 3, timedelta(minutes=10), 10
REFUSALS = (Rejected, Forbidden, GoneOrInvisible, TooLarge)


@dataclass(frozen=True, slots=True)
class Settled:
    """A file after everything that could be undone was undone.

    `uploaded` is the holder's newer version to protect from now on; `unsettled` are overwrites that stand because
    undoing was impossible, by the host's time; `flag` says why.
    """

    seen: Seen
    uploaded: Version | None = None
    unsettled: tuple[datetime, ...] = ()
    flag: FlagReason | None = None


class Way(Enum):
    """How a version can be brought back on a site."""

    OPERATION = auto()
    COPY = auto()


@dataclass(frozen=True, slots=True)
class Case:
    """One held file at work: passed along instead of five arguments."""

    services: Services
    tenant: Tenant
    seen: Seen
    held: Held
    lane: Lane

    @property
    def attachment(self) -> Attachment:
        """The file as it was read."""
        return self.seen.attachment

    @property
    def marked(self) -> str | None:
        """How the file was said to be protected before this look; None when nothing was said yet."""
        return self.seen.witness.protection if self.seen.witness else None

    def mark(self, protection: str) -> None:
        """Say in the witness how the file is protected."""
        self.services.witnesses.set_protection(self.tenant, self.attachment.id, protection)

    def look(self) -> Seen:
        """Read the file afresh."""
        return look(self.services, self.tenant, self.attachment.id, lane=self.lane)


def restore(case: Case, verdict: Restore) -> Settled | None:
    """Make the protected version current again; None when the file moved meanwhile and must be judged anew."""
    if _over_budget(case, verdict.offenders):
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
    if not _numbered(case, verdict.version):
        _record_doubtful(case, made)
        return None
    alone = made.number == case.attachment.head.number + 1
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
    """Whether the number of a version still names that version; asked before and after it was used.

    Deleting only moves numbers down, so a number that is right afterwards was right when it was used.
    """
    try:
        found = case.services.attachments.version(case.tenant, case.attachment.id, source.number, lane=case.lane)
    except GoneOrInvisible:
        return False
    return found.created == source.created


def rename_back(case: Case, verdict: RenameBack) -> Settled | None:
    """Give the file its name back; None when it moved meanwhile."""
    try:
        case.services.attachments.rename(case.tenant, case.attachment, verdict.title, lane=case.lane)
    except LostRace:
        return None
    except REFUSALS as refused:
        return flag(case, Flag(_reason_of(refused), (verdict.offender,)))
    return _own_change(case, AuditKind.RENAMED_BACK, verdict.offender, verdict.head.created)


def undelete(case: Case) -> Settled | None:
    """Bring the file back from the trash; where its name is taken meanwhile, under a name that says so."""
    title = case.attachment.title
    try:
        _undelete_as(case, title, suffixed(title))
    except LostRace:
        return None
    except REFUSALS as refused:
        return flag(case, Flag(_reason_of(refused)))
    return _own_change(case, AuditKind.UNDELETED, None, _content_source(case))


def suffixed(title: str) -> str:
    """A name for a file whose own name is taken: `plan.docx` becomes `plan (restored).docx`."""
    stem, dot, ending = title.rpartition(".")
    return f"{stem} (restored).{ending}" if dot and stem else f"{title} (restored)"


def flag(case: Case, verdict: Flag) -> Settled:
    """Leave the file alone, and say so: in the audit log, in every list, and to the holder."""
    rows = list(conflicts(case.attachment, case.held, verdict.offenders, "not_undone"))
    intents = list(tell(case.attachment, case.held, verdict.offenders, "not_undone"))
    if case.marked != verdict.reason.value:
        row = row_about(case.attachment, case.held, AuditKind.FLAGGED, case.attachment.head)
        rows.append(replace(row, at=case.services.clock.now(), account=None, detail=verdict.reason.value))
        intents.append(unprotected(case.attachment, case.held, verdict.reason))
    if rows or intents:
        case.services.ledger.record(case.tenant, Effects(audit=tuple(rows), intents=tuple(intents)))
    case.mark(verdict.reason.value)  # last: a crash before it says things twice rather than never
    return Settled(case.seen, unsettled=tuple(v.created for v in verdict.offenders), flag=verdict.reason)


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
        return flag(case, Flag(_reason_of(refused), verdict.offenders))
    state = case.services.site_states.get(case.tenant)
    tested = replace(state, restore_works=False, tested_at=case.services.clock.now())
    case.services.site_states.put(case.tenant, tested)
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


def _undelete_as(case: Case, *titles: str) -> None:
    """Try the names in turn; a lost race under the last one passes through."""
    *first, last = titles
    for title in first:
        try:
            case.services.attachments.undelete(case.tenant, case.attachment, title, lane=case.lane)
        except LostRace:
            continue
        return
    case.services.attachments.undelete(case.tenant, case.attachment, last, lane=case.lane)


def _own_change(case: Case, kind: AuditKind, offender: Version | None, source: datetime) -> Settled:
    """Write down the version that our own change of name or status made, so that the judge knows it as ours."""
    after = case.look()
    made = after.attachment.head
    restoration = Restoration(
        attachment_id=case.attachment.id,
        lock_id=case.held.lock_id,
        created=made.created,
        source_created=source,
        offenders=(offender.author,) if offender and offender.author else (),
        at=case.services.clock.now(),
    )
    own_account = case.services.people.own_account(case.tenant, lane=case.lane)
    before = case.attachment.head
    moved = made.created != before.created and made.author == own_account and made.file_id == before.file_id
    rows = conflicts(case.attachment, case.held, (offender,) if offender else (), "renamed")
    effects = Effects(
        restorations=(restoration,) if moved else (),
        audit=(*rows, row_about(case.attachment, case.held, kind, made)),
    )
    case.services.ledger.record(case.tenant, effects)
    case.mark("protected")
    return Settled(after)


def _content_source(case: Case) -> datetime:
    """The version whose content the return from the trash left in place."""
    head = case.attachment.head
    known = {
        own.created: own.source_created for own in case.services.restorations.known(case.tenant, case.attachment.id)
    }
    return known.get(head.created, head.created)


def _over_budget(case: Case, offenders: tuple[Version, ...]) -> bool:
    """Whether restoring once more would be the endless fight of a sync client."""
    done = case.services.restorations.recent(case.tenant, case.held.lock_id)
    since = case.services.clock.now() - PERSON_WINDOW
    lately = Counter(person for r in done if r.at >= since for person in r.offenders)
    return len(done) >= PER_LOCK or any(lately[v.author] >= PER_PERSON for v in offenders if v.author)


def _reason_of(refused: Exception) -> FlagReason:
    if isinstance(refused, Rejected):
        return FlagReason.RESTORE_REFUSED
    return FlagReason.TOO_LARGE if isinstance(refused, TooLarge) else FlagReason.APP_BLOCKED
