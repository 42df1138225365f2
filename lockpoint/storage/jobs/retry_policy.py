"""What happens to a failed job: dropped, retried, or parked for a person to look at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from lockpoint.services.errors import (
    Busy,
    Forbidden,
    GoneOrInvisible,
    HostError,
    NoTokenYet,
    QuotaExceeded,
    StorageUnavailable,
    Unauthorised,
    UseCaseError,
)
from lockpoint.services.ports.jobs import JobKind
from lockpoint.services.ports.notifications import MailRefused, MailUnavailable

ATTEMPTS: Final = 5
MAIL_ATTEMPTS: Final = 12
"""About a day with the pauses below, as long as mail servers themselves try."""

EXPECTED: Final = (HostError, UseCaseError, StorageUnavailable, MailRefused, MailUnavailable)
"""What neighbours and rules answer; any other error is a fault in the code."""

FIRST_PAUSE: Final = 10.0
LONGEST_PAUSE: Final = {JobKind.SEND_MAIL: 4 * 3600.0}
LONGEST_PAUSE_OTHERWISE: Final = 1800.0
WAIT_FOR_TOKEN: Final = 3600.0
"""The next token makes the job due at once."""


@dataclass(frozen=True, slots=True)
class Drop:
    """Nothing is left to do."""


@dataclass(frozen=True, slots=True)
class Later:
    """`counts`: one attempt is used up."""

    seconds: float
    counts: bool = True


@dataclass(frozen=True, slots=True)
class Park:
    """Keep it as failed until a person retries or drops it."""


Fate = Drop | Later | Park


def fate_of(error: Exception, kind: JobKind, attempts: int) -> Fate:
    """Decide by the error and the attempts before this one.

    One "not there" or "not allowed" can be passing; two in a row are believed. Anything else is retried a bounded
    number of times, with growing pauses, never earlier than the error asked for.
    """
    if isinstance(error, MailRefused) or (
        attempts > 0 and isinstance(error, GoneOrInvisible | Forbidden | Unauthorised)
    ):
        return Drop()
    if isinstance(error, NoTokenYet):
        return Later(WAIT_FOR_TOKEN, counts=False)
    if attempts + 1 >= (MAIL_ATTEMPTS if kind is JobKind.SEND_MAIL else ATTEMPTS):
        return Park()
    return Later(max(_asked_for(error), _pause(kind, attempts)))


def _pause(kind: JobKind, attempts: int) -> float:
    longest = LONGEST_PAUSE.get(kind, LONGEST_PAUSE_OTHERWISE)
    pause: float = FIRST_PAUSE * 4**attempts
    return min(pause, longest)


def _asked_for(error: Exception) -> float:
    if isinstance(error, QuotaExceeded):
        return error.retry_after
    options = error.details.get("retryAfter") if isinstance(error, Busy) else None
    return float(options) if isinstance(options, int | float) else 0.0
