"""Crashes for an operator's Sentry: what the log shows of them, and nothing else.

Sentry's library collects by itself what a process holds: variables, requests, log lines, host names. All of that is
switched off. A report is made here, from a log event that has passed the scrubber.
"""

from __future__ import annotations

import atexit
from collections.abc import Callable, Mapping
from typing import Any, Final

from lockpoint import __version__

Report = Callable[[Mapping[str, Any]], None]

SECONDS_AT_END: Final = 2.0
"""How long a process that ends waits for its last report to leave."""


class CrashReportsUnavailableError(Exception):
    """SENTRY_DSN is set and cannot be used; the text says what to do."""


def reporter(dsn: str | None) -> Report | None:
    """Return what sends a scrubbed log event, None without a DSN; raises CrashReportsUnavailableError."""
    if dsn is None:
        return None
    try:
        from sentry_sdk import Client  # noqa: PLC0415 - an optional extra
        from sentry_sdk.utils import BadDsn  # noqa: PLC0415 - the same
    except ImportError:
        raise CrashReportsUnavailableError(
            "SENTRY_DSN is set, but sentry-sdk is not installed: install lockpoint[sentry], or unset SENTRY_DSN."
        ) from None
    try:
        client = Client(
            dsn=dsn,
            release=f"lockpoint@{__version__}",
            default_integrations=False,
            auto_enabling_integrations=False,
            include_local_variables=False,
            include_source_context=False,
            attach_stacktrace=False,
            max_breadcrumbs=0,
            auto_session_tracking=False,
            server_name="",
        )
    except BadDsn:
        raise CrashReportsUnavailableError("SENTRY_DSN is no address of a Sentry project.") from None
    atexit.register(client.close, SECONDS_AT_END)
    return lambda event: _send(client.capture_event, event)


def _send(capture: Callable[..., object], event: Mapping[str, Any]) -> None:
    capture(
        {
            "level": "fatal" if event.get("level") == "critical" else "error",
            "logger": str(event.get("logger", "")),
            "message": str(event.get("event", "")),
            "exception": {"values": [_exception(event)]},
        }
    )


def _exception(event: Mapping[str, Any]) -> dict[str, Any]:
    frames = [_frame(str(place)) for place in event.get("at", ())]
    return {"type": str(event["exception"]), "value": "", "stacktrace": {"frames": frames}}


def _frame(place: str) -> dict[str, object]:
    """Take `file:line function` apart, as the log writes a place."""
    where, _, function = place.rpartition(" ")
    file, _, line = where.rpartition(":")
    return {"filename": file, "lineno": int(line) if line.isdecimal() else 0, "function": function}
