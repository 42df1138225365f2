"""What can go wrong: with the neighbours (`HostError`), and in a use case (`UseCaseError`)."""

from __future__ import annotations

from collections.abc import Mapping


class HostError(Exception):
    """A call to Confluence did not give what was asked for."""


class GoneOrInvisible(HostError):
    """404: the object is not there, or not for this caller; the host does not tell which."""


class LostRace(HostError):
    """409, or a 400 that says a property cannot be updated: somebody else wrote first."""


class Forbidden(HostError):
    """403: visible, but not allowed."""


class Unauthorised(HostError):
    """401: the credentials were refused."""


class Rejected(HostError):
    """400: the host understood the call and refuses it (an operation that does not apply to this object)."""


class QuotaExceeded(HostError):
    """429, or our own budget said stop; `retry_after` is in seconds."""

    def __init__(self, message: str, retry_after: float) -> None:
        """Keep how long to wait."""
        super().__init__(message)
        self.retry_after = retry_after


class OperationRemoved(HostError):
    """410: Confluence has removed the operation; nothing about the object follows from it."""


class HostUnavailable(HostError):
    """Time-out, dropped connection or 5xx: for a write, nobody knows whether it was applied."""


class BadAnswer(HostError):
    """The host answered with something that is not what the operation documents."""


class TooLarge(HostError):
    """More bytes than we are willing to carry."""


class NoAddress(HostError):
    """The host gives no e-mail address for this person; `reason` is a code, never an address."""

    def __init__(self, reason: str) -> None:
        """Keep the code."""
        super().__init__(reason)
        self.reason = reason


class StorageUnavailable(Exception):
    """The database did not answer; nothing was changed."""


class SecretUnreadable(StorageUnavailable):
    """A stored secret was sealed with a key that is no longer configured, or for another row.

    Only the operator can help, by putting the key back; until then the site is as good as unknown. The text names the
    site by number and what is wrong, for logs and commands.
    """


class OperatorRefusal(Exception):
    """A command cannot do what its operator asked for; nothing was changed, and the text tells the reason."""


class UseCaseError(Exception):
    """A use case refused; `code` is the word of the API, `details` go into the error body."""

    code = "invalid_request"

    def __init__(self, message: str, *, details: Mapping[str, object] | None = None) -> None:
        """Keep a sentence for people and details for programs."""
        super().__init__(message)
        self.message = message
        self.details: Mapping[str, object] = details or {}


class NotFound(UseCaseError):
    """The object is not there for this person (also: it belongs to another tenant)."""

    code = "not_found"


class NotAllowed(UseCaseError):
    """This person may not do this."""

    code = "forbidden"


class Unlicensed(UseCaseError):
    """The site has no licence, so nothing can be locked anew."""

    code = "unlicensed"


class AlreadyLockedError(UseCaseError):
    """Somebody else holds the file."""

    code = "already_locked"


class EndingError(UseCaseError):
    """The last hold is just ending; `details` carry `retryAfter` seconds."""

    code = "ending"


class OutOfDateError(UseCaseError):
    """The file changed since the caller looked at it."""

    code = "out_of_date"


class AppBlocked(UseCaseError):
    """The app itself may not edit the file here, so it could not protect it."""

    code = "app_blocked"


class TooMany(UseCaseError):
    """This person or this site holds too many locks."""

    code = "too_many"


class InProgress(UseCaseError):
    """The same request is being worked on."""

    code = "in_progress"


class LockLostError(UseCaseError):
    """The hold that was named is not the present one."""

    code = "lock_lost"


class RequestReused(UseCaseError):
    """The same request id came with another body."""

    code = "request_id_reused"


class Invalid(UseCaseError):
    """The request makes no sense."""

    code = "invalid_request"


class Busy(UseCaseError):
    """Nobody knows yet; asking again with the same request id is safe. `details` carry `retryAfter` seconds."""

    code = "busy"
