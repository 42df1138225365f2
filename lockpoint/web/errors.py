"""One error body: `{"error": code, "message": text, …details}`; causes are only logged."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import structlog
from flask import Flask, Response, jsonify
from werkzeug.exceptions import HTTPException

from lockpoint.connect.tokens import Reason, TokenRefusedError
from lockpoint.services import errors

if TYPE_CHECKING:
    from collections.abc import Mapping

log = structlog.get_logger(__name__)

STATUS_OF_CODE: Final[Mapping[str, int]] = {
    "unauthorized": 401,
    "forbidden": 403,
    "unlicensed": 403,
    "inactive": 403,
    "not_found": 404,
    "method_not_allowed": 405,
    "too_slow": 408,
    "already_locked": 409,
    "ending": 409,
    "out_of_date": 409,
    "app_blocked": 409,
    "too_many": 409,
    "in_progress": 409,
    "newer_settings": 409,
    "lock_lost": 412,
    "settings_changed": 412,
    "too_large": 413,
    "unsupported_media_type": 415,
    "invalid_request": 422,
    "request_id_reused": 422,
    "too_many_requests": 429,
    "internal_error": 500,
    "busy": 503,
}
"""Every error code; `docs/api-errors.md` explains them."""

UNAUTHORIZED_TEXT: Final = "The request is not signed correctly. Reload the page and try again."
GUEST_TEXT: Final = "Lockpoint is for people with an account. Log in to Confluence and try again."
RETRY_SECONDS: Final = 5
SHORT_WAIT: Final = 60
"""Seconds that people count in seconds."""

HOST_AWAY_TEXT: Final = f"Confluence cannot be reached right now. Try again in {RETRY_SECONDS} s."
HOST_BUSY_TEXT: Final = "Confluence takes no calls right now. Try again {when}."
QUOTA_USED_UP_TEXT: Final = "Lockpoint has used up what Confluence allows it this hour. It goes on {when}."
SHARE_USED_UP_TEXT: Final = (
    "You have asked for more than your share, which the others here need too. You can go on {when}."
)

_CODE_OF_STATUS: Final[Mapping[int, str]] = {
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "unsupported_media_type",
    429: "too_many_requests",
    503: "busy",
}
_TEXT_OF_CODE: Final[Mapping[str, str]] = {
    "forbidden": "You are not allowed to do this.",
    "not_found": "Nothing was found at this address, or you may not see it.",
    "method_not_allowed": "This address does not accept this method.",
    "too_large": "The request is too large.",
    "unsupported_media_type": "The body must be application/json.",
    "invalid_request": "The request is invalid.",
    "too_many_requests": "There are too many requests. Try again in a moment.",
    "internal_error": "Something went wrong in Lockpoint. Try again later.",
    "busy": "The service is busy. Try again; a repeated request has no second effect.",
    "unauthorized": UNAUTHORIZED_TEXT,
}
_CODE_OF_HOST_ERROR: Final[Mapping[type[errors.HostError], str]] = {
    errors.GoneOrInvisible: "not_found",
    errors.Forbidden: "forbidden",
    errors.Unauthorised: "forbidden",
}


def error_body(code: str, message: str | None = None, details: Mapping[str, object] | None = None) -> dict[str, object]:
    """Details never replace code or message."""
    return {**(details or {}), "error": code, "message": message or _TEXT_OF_CODE[code]}


def error_answer(code: str, message: str | None = None, details: Mapping[str, object] | None = None) -> Response:
    """Sends Retry-After where waiting helps."""
    answer = jsonify(error_body(code, message, details))
    answer.status_code = STATUS_OF_CODE[code]
    wait = retry_after(code, details or {})
    if wait is not None:
        answer.headers["Retry-After"] = wait
    return answer


def retry_after(code: str, details: Mapping[str, object]) -> str | None:
    """Return the header's seconds, where waiting helps."""
    seconds = details.get("retryAfter", RETRY_SECONDS if code in {"busy", "too_many_requests"} else None)
    return str(max(1, math.ceil(seconds))) if isinstance(seconds, int | float) else None


def handle_errors(app: Flask) -> None:
    app.register_error_handler(TokenRefusedError, _unproven)
    app.register_error_handler(errors.UseCaseError, _refused)
    app.register_error_handler(errors.HostError, host_failed)
    app.register_error_handler(errors.StorageUnavailable, _storage_failed)
    app.register_error_handler(HTTPException, _http_failed)
    app.register_error_handler(Exception, _crashed)


def _unproven(error: TokenRefusedError) -> Response:
    return error_answer("unauthorized", GUEST_TEXT if error.reason is Reason.NO_ACCOUNT else None)


def _refused(error: errors.UseCaseError) -> Response:
    return error_answer(error.code, error.message, error.details)


def host_failed(error: errors.HostError) -> Response:
    log.warning("host_failed", error=type(error).__name__)
    if isinstance(error, errors.QuotaExceeded):
        return _used_up(error)
    code = next((code for kind, code in _CODE_OF_HOST_ERROR.items() if isinstance(error, kind)), "busy")
    return error_answer(code, HOST_AWAY_TEXT if code == "busy" else None)


def _used_up(error: errors.QuotaExceeded) -> Response:
    """Names the time where waiting takes more than a minute."""
    seconds = max(1, math.ceil(error.retry_after))
    until = _whole_minute(error.until) if error.until else None
    if isinstance(error, errors.ShareUsedUp):
        code, text = "too_many_requests", SHARE_USED_UP_TEXT
    else:
        code, text = "busy", QUOTA_USED_UP_TEXT if seconds > SHORT_WAIT else HOST_BUSY_TEXT
    when = f"at {until:%H:%M} UTC" if until and seconds > SHORT_WAIT else f"in {seconds} s"
    details = {"retryAfter": seconds, "until": until.isoformat() if until else None}
    return error_answer(code, text.format(when=when), details)


def _whole_minute(moment: datetime) -> datetime:
    """The next, so that the time is never too early."""
    return (moment.astimezone(UTC) + timedelta(seconds=59)).replace(second=0, microsecond=0)


def _storage_failed(error: errors.StorageUnavailable) -> Response:
    log_storage(error)
    return error_answer("busy")


def log_storage(error: errors.StorageUnavailable) -> None:
    if isinstance(error, errors.SecretUnreadable):
        log.error("secret_unreadable", reason=str(error), remedy="put the old key back; docs/secrets.md")
    else:
        log.error("storage_unavailable")


def _http_failed(error: HTTPException) -> Response:
    """Keep status and headers (`Allow`)."""
    status = error.code or 500
    code = _CODE_OF_STATUS.get(status, "internal_error" if status >= 500 else "invalid_request")  # noqa: PLR2004
    wait = getattr(error, "retry_after", None)
    answer = error_answer(code, details={"retryAfter": wait} if wait else None)
    answer.status_code = status
    if "Allow" in (headers := dict(error.get_headers())):
        answer.headers["Allow"] = headers["Allow"]
    return answer


def _crashed(error: Exception) -> Response:
    # The traceback is logged without local variables: they hold names and tokens.
    log.error("request_crashed", error=type(error).__name__, exc_info=error)
    return error_answer("internal_error")
