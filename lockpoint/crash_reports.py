"""Crashes for an operator's Sentry: as logged, without the message.

Sentry's library collects variables, requests, log lines, host names: all off. What leaves is built here from a scrubbed
log event.
"""

from __future__ import annotations

import atexit
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from lockpoint import __version__

if TYPE_CHECKING:
    from sentry_sdk.types import Event, Hint

Report = Callable[[Mapping[str, Any]], None]

SECONDS_AT_END: Final = 2.0
"""How long an ending process waits for its last report."""


def reporter(dsn: str | None) -> Report | None:
    """None without DSN. Settings checked DSN and library."""
    if dsn is None:
        return None
    from sentry_sdk import Client  # noqa: PLC0415 - an optional extra, and slow to import

    client = Client(
        dsn=dsn,
        before_send=_built,
        default_integrations=False,
        auto_enabling_integrations=False,
        send_default_pii=False,
        include_local_variables=False,
        include_source_context=False,
        max_breadcrumbs=0,
        auto_session_tracking=False,
        send_client_reports=False,
        spotlight=False,  # else an environment variable sends everything to a second address
        server_name="",
        debug=False,
    )
    atexit.register(client.close, SECONDS_AT_END)

    def report(line: Mapping[str, Any]) -> None:
        client.capture_event({}, hint={"line": line})

    return report


def _built(event: Event, hint: Hint) -> Event:
    """The library's number and time, the rest from the line."""
    line = hint["line"]
    return {
        "event_id": event["event_id"],
        "timestamp": event["timestamp"],
        "platform": "python",
        "level": "fatal" if line["level"] == "critical" else "error",
        "logger": str(line["logger"]),
        "release": f"lockpoint@{__version__}",
        "exception": {"values": [_exception(str(line["exception"]), line["at"])]},
    }


def _exception(kinds: str, places: list[str]) -> dict[str, Any]:
    """Kinds and codes of the error and its causes replace texts."""
    return {
        "type": kinds.partition(",")[0].partition(" ")[0],
        "value": kinds,
        "stacktrace": {"frames": [_frame(str(place)) for place in places]},
    }


def _frame(place: str) -> dict[str, object]:
    """Parse `file:line function`."""
    where, _, function = place.rpartition(" ")
    file, _, line = where.rpartition(":")
    return {"filename": file, "lineno": int(line) if line.isdecimal() else 0, "function": function}
