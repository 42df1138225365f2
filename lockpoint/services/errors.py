"""What can go wrong: with the neighbours (`HostError`), and in a use case (`UseCaseError`)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime


class HostError(Exception):
    """A call to Confluence failed."""


class GoneOrInvisible(HostError):
    """404: the object is not there, or not for this caller; the host does not say which."""


class LostRace(HostError):
    """409, or a 400 that says a property cannot be updated: another write came first."""


class Forbidden(HostError):
    """403: visible, but not allowed."""


class Unauthorised(HostError):
    """401: the credentials were refused."""


class Rejected(HostError):
    """400: the host refuses an operation that does not apply to this object."""


class QuotaExceeded(HostError):
    """429, or our own quota said stop; `retry_after` is in seconds, `until` the same as a time where it is known."""

    def __init__(self, message: str, retry_after: float, until: datetime | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.until = until


class ShareUsedUp(QuotaExceeded):
    """This person, or everybody on this page, asks more than the others can spare; the rest goes on."""


class OperationRemoved(HostError):
    """410: Confluence has removed the operation; this says nothing about the object."""


class HostUnavailable(HostError):
    """Time-out, dropped connection or 5xx: a write may or may not have been applied."""


class NoTokenYet(HostUnavailable):
    """Forge has given no token for this site since the last one expired: nobody is gone, work waits for the next."""


class ScopeMissing(OperationRemoved):
    """The app's manifest lacks a scope; this says nothing about the object."""


class BadAnswer(HostError):
    """The host's answer is not what the operation documents."""


class TooLarge(HostError):
    """More bytes than we carry."""


class NoAddress(HostError):
    """The host gives no e-mail address for this person; `reason` is a code, never an address."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class StorageUnavailable(Exception):
    """The database did not answer; nothing was changed."""


class WitnessMoved(StorageUnavailable):
    """A newer record became known since the effects were decided; nothing was stored, and deciding anew is right."""


class SecretUnreadable(StorageUnavailable):
    """A stored secret was sealed with a key that is no longer configured, or for another row.

    Until the operator puts the key back, the site counts as unknown. The text names the site by number, for logs and
    commands.
    """


class OperatorRefusal(Exception):
    """A command cannot do what was asked; nothing was changed, and the text says why."""


class UseCaseError(Exception):
    """A use case refused; `code` is the API's word, `details` go into the error body."""

    code = "invalid_request"

    def __init__(self, message: str, *, details: Mapping[str, object] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.details: Mapping[str, object] = details or {}


class NotFound(UseCaseError):
    """The object is not there for this person, or belongs to another tenant."""

    code = "not_found"


class NotAllowed(UseCaseError):
    code = "forbidden"


class Unlicensed(UseCaseError):
    """The site has no licence, so nothing can be locked."""

    code = "unlicensed"


class Inactive(UseCaseError):
    """Lockpoint is switched off in this space; only a lock of one's own can be ended."""

    code = "inactive"


class AlreadyLockedError(UseCaseError):
    """Another person holds the file."""

    code = "already_locked"


class EndingError(UseCaseError):
    """The last lock is just ending; `details` carry `retryAfter` seconds."""

    code = "ending"


class OutOfDateError(UseCaseError):
    code = "out_of_date"


class SettingsChanged(UseCaseError):
    """Somebody else saved first; `details` name what `differs`."""

    code = "settings_changed"


class NewerSettings(UseCaseError):
    """A newer version of the app saved what would be written over."""

    code = "newer_settings"


class AppBlocked(UseCaseError):
    """The app may not edit the file here, so it could not protect it."""

    code = "app_blocked"


class TooMany(UseCaseError):
    """This person or this site holds too many locks."""

    code = "too_many"


class InProgress(UseCaseError):
    """The same request is being worked on."""

    code = "in_progress"


class LockLostError(UseCaseError):
    """The named lock is not the present one."""

    code = "lock_lost"


class RequestReused(UseCaseError):
    """The same request id came with another body."""

    code = "request_id_reused"


class Invalid(UseCaseError):
    code = "invalid_request"


class TooSlow(UseCaseError):
    """The request's body did not arrive in time."""

    code = "too_slow"


class Busy(UseCaseError):
    """The outcome is unknown; the same request can be repeated. `details` carry `retryAfter` seconds."""

    code = "busy"
