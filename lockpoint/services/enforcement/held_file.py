"""One held file at work: what is passed along while it is protected, and how it is left when that is impossible."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from lockpoint.domain.events import AuditKind
from lockpoint.domain.judge import Flag, FlagReason, Version
from lockpoint.domain.lock import Held
from lockpoint.services.container import Services
from lockpoint.services.context import Lane, Tenant
from lockpoint.services.enforcement.overwrite_effects import conflicts, row_about, tell, unprotected
from lockpoint.services.errors import Forbidden, GoneOrInvisible, Rejected, TooLarge
from lockpoint.services.lock_record.file_state import Seen, look
from lockpoint.services.ports.confluence import Attachment
from lockpoint.services.ports.locks import Effects

REFUSALS = (Rejected, Forbidden, GoneOrInvisible, TooLarge)
SUSPENDED = "suspended"  # the protection of a file that is away together with its page
LEFT = "left"  # nobody has looked since the app is at work again: a file that is in the trash stays there


@dataclass(frozen=True, slots=True)
class Settled:
    """A file after everything that could be undone was undone.

    `uploaded` is the newer version to protect from now on, and `by_holder` whether the holder made one since the base;
    `unsettled` are overwrites that stand because undoing was impossible, by the host's time; `flag` says why.
    """

    seen: Seen
    uploaded: Version | None = None
    by_holder: bool = False
    unsettled: tuple[datetime, ...] = ()
    flag: FlagReason | None = None


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


def reason_of(refused: Exception) -> FlagReason:
    """What a refusal of the host means for the protection of a file."""
    if isinstance(refused, Rejected):
        return FlagReason.RESTORE_REFUSED
    return FlagReason.TOO_LARGE if isinstance(refused, TooLarge) else FlagReason.APP_BLOCKED
