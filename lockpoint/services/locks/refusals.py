"""From a rule's no to the error that the caller sees, with the winner in it."""

from __future__ import annotations

from lockpoint.domain import rules
from lockpoint.services.errors import (
    AlreadyLockedError,
    EndingError,
    Invalid,
    LockLostError,
    OutOfDateError,
    UseCaseError,
)


def error_for(refusal: rules.Refusal) -> UseCaseError:
    """The error that tells this refusal; the caller adds the present state of the lock."""
    match refusal:
        case rules.AlreadyLocked():
            return AlreadyLockedError("Somebody else holds this file.")
        case rules.Ending():
            seconds = max(1, round(refusal.retry_after.total_seconds()))
            return EndingError(
                f"The last lock on this file is just ending; try again in {seconds} seconds.",
                details={"retryAfter": seconds},
            )
        case rules.OutOfDate():
            head = refusal.head
            return OutOfDateError(
                "The file has changed since you opened it. Get the newest version, then lock it.",
                details={"version": head.number, "author": head.author, "created": head.created.isoformat()},
            )
        case rules.LockLost():
            return LockLostError("That lock is not the present one any more.")
        case rules.TooLong():
            hours = int(refusal.longest.total_seconds() // 3600)
            return Invalid(f"A lock can last {hours} hours at most.", details={"longestHours": hours})


def shows_lock(refusal: rules.Refusal) -> bool:
    """Whether the refusal is about a lock that the caller should see."""
    return isinstance(refusal, rules.AlreadyLocked | rules.Ending | rules.LockLost)
