"""What the caller of a use case about a lock gets: the lock from their side, or the error for a refusal."""

from __future__ import annotations

from dataclasses import dataclass

from lockpoint.domain import rules
from lockpoint.services.errors import (
    AlreadyLockedError,
    EndingError,
    Invalid,
    LockLostError,
    OutOfDateError,
    UseCaseError,
)
from lockpoint.services.locks.lock_view import LockView


@dataclass(frozen=True, slots=True)
class HeadMoved:
    """A warning: the file changed while it was being locked; the lock protects the newest version."""

    author: str | None
    version: int


@dataclass(frozen=True, slots=True)
class LockResult:
    """The result of a call: its HTTP status (201 for a new lock, else 200) and the lock from the caller's side."""

    status: int
    lock: LockView
    warning: HeadMoved | None = None


def error_for(refusal: rules.Refusal | rules.Already) -> UseCaseError:
    """Return the error for a rule's refusal; the caller adds the present state of the lock."""
    match refusal:
        case rules.Already():
            return Invalid("There is nothing to do.")
        case rules.AlreadyLocked():
            return AlreadyLockedError("Another person has locked this file.")
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
            return LockLostError("This lock has ended or was replaced.")
        case rules.TooLong():
            hours = int(refusal.longest.total_seconds() // 3600)
            return Invalid(f"A lock can last {hours} hours at most.", details={"longestHours": hours})


def shows_lock(refusal: rules.Refusal | rules.Already) -> bool:
    """Whether the refusal is about a lock that the caller should see."""
    return isinstance(refusal, rules.AlreadyLocked | rules.Ending | rules.LockLost)
