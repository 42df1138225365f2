"""Typed errors from answers. Messages name the operation, never an address."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from lockpoint.confluence.http.quota import HostQuota
from lockpoint.services.errors import (
    BadAnswer,
    Forbidden,
    GoneOrInvisible,
    HostError,
    HostUnavailable,
    LostRace,
    OperationRemoved,
    QuotaExceeded,
    Rejected,
    ScopeMissing,
    TooLarge,
    Unauthorised,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

RETRY_AFTER_UNKNOWN: Final = 30.0
"""Seconds after a 429 without `Retry-After`, which the gateway sometimes omits."""

_BY_STATUS: Final[Mapping[int, type[HostError]]] = {
    HTTPStatus.BAD_REQUEST: Rejected,
    HTTPStatus.UNAUTHORIZED: Unauthorised,
    HTTPStatus.FORBIDDEN: Forbidden,
    HTTPStatus.NOT_FOUND: GoneOrInvisible,
    HTTPStatus.REQUEST_TIMEOUT: HostUnavailable,
    HTTPStatus.CONFLICT: LostRace,
    HTTPStatus.GONE: OperationRemoved,
    HTTPStatus.PRECONDITION_FAILED: LostRace,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: TooLarge,
    HTTPStatus.NOT_IMPLEMENTED: OperationRemoved,
    HTTPStatus.INSUFFICIENT_STORAGE: TooLarge,
}

# A property write that lost its race, or meets a duplicate row, was seen answered by 400 with this sentence.
_CANNOT_UPDATE: Final = re.compile(rb"cannot update", re.IGNORECASE)

_UNENTITLED: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
_SCOPE: Final = re.compile(rb"scope does not match", re.IGNORECASE)
"""What Atlassian's gateway says of an app, never of a person."""

_PAUSES: Final = frozenset(
    {
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)


def worth_repeating(status: int) -> bool:
    return status in _PAUSES


def error_for(operation: str, status: int, headers: Mapping[str, str], body: bytes) -> HostError:
    message = f"{operation}: HTTP {status}"
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        wait, sent = retry_after(headers) or RETRY_AFTER_UNKNOWN, http_date(headers.get("Date", ""))
        return QuotaExceeded(message, wait, sent + timedelta(seconds=wait) if sent else None)
    if status == HTTPStatus.BAD_REQUEST and _CANNOT_UPDATE.search(body):
        return LostRace(message)
    if status in _UNENTITLED and _SCOPE.search(body):
        return ScopeMissing(message)
    if status in _BY_STATUS:
        return _BY_STATUS[status](message)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return HostUnavailable(message)
    return Rejected(message) if status >= HTTPStatus.BAD_REQUEST else BadAnswer(message)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return seconds of `Retry-After` (dates count from `Date`), None when missing or nonsense."""
    value = headers.get("Retry-After", "").strip()
    if value.isdecimal():
        return float(value)
    until, sent = http_date(value), http_date(headers.get("Date", ""))
    return max(0.0, (until - sent).total_seconds()) if until and sent else None


def http_date(value: str) -> datetime | None:
    """None when missing or unreadable."""
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def host_quota(headers: Mapping[str, str]) -> HostQuota | None:
    """None when the headers say nothing.

    Ignores `Beta-` headers: the host does not enforce them.
    """
    remaining, limit = headers.get("X-RateLimit-Remaining", ""), headers.get("X-RateLimit-Limit", "")
    near = headers.get("X-RateLimit-NearLimit")
    if not remaining.isdecimal() and near is None:
        return None
    return HostQuota(
        limit=int(limit) if limit.isdecimal() else None,
        remaining=int(remaining) if remaining.isdecimal() else None,
        near_limit=(near or "").strip().lower() == "true",
        reset_at=_iso(headers.get("X-RateLimit-Reset", "")),
    )


def _iso(value: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def whole_pool(headers: Mapping[str, str]) -> bool | None:
    """Return whose points a 429 is about: True the app's, False this site's, None a short burst.

    Matched loosely: the spelling of `RateLimit-Reason` differs between documents and answers.
    """
    reason = headers.get("RateLimit-Reason", "").lower()
    if "global" in reason:
        return True
    return False if "tenant" in reason else None
