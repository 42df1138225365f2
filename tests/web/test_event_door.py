"""The door for events, alone: what it answers itself, and what goes on to Flask."""

from __future__ import annotations

import json
from typing import Any

import pytest
from werkzeug.test import EnvironBuilder, run_wsgi_app

from lockpoint.connect.tokens import Reason, TokenRefusedError
from lockpoint.services.errors import Busy, Invalid, StorageUnavailable
from lockpoint.web.event_door import Environ, EventDoor, Intake
from lockpoint.web.guards import Guard
from lockpoint.web.headers import BARE_HEADERS

PLACE = "/events"


def behind(_environ: Environ, start_response: Any) -> list[bytes]:
    start_response("200 OK", [])
    return [b"behind"]


def answer(
    raises: Exception | None = None, path: str = PLACE, method: str = "POST"
) -> tuple[str, dict[str, str], bytes]:
    def take(_environ: Environ) -> None:
        if raises is not None:
            raise raises

    door = EventDoor(behind, {PLACE: Intake(Guard.SERVER, take)})
    content, status, headers = run_wsgi_app(door, EnvironBuilder(path, method=method).get_environ(), buffered=True)
    return status, dict(headers), b"".join(content)


@pytest.mark.parametrize(("path", "method"), [(PLACE, "GET"), (f"{PLACE}/", "POST"), ("/other", "POST")])
def test_everything_else_goes_on(path: str, method: str) -> None:
    assert answer(path=path, method=method)[2] == b"behind"


def test_a_taken_event_says_nothing() -> None:
    assert answer() == ("204 No Content", dict(BARE_HEADERS), b"")


@pytest.mark.parametrize(
    ("raised", "status", "code", "wait"),
    [
        (TokenRefusedError(Reason.SIGNATURE), "401", "unauthorized", None),
        (Invalid("No."), "422", "invalid_request", None),
        (Busy("Later.", details={"retryAfter": 6.2}), "503", "busy", "7"),
        (StorageUnavailable("away"), "503", "busy", "5"),
        (RuntimeError("secret words"), "500", "internal_error", None),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_refusals_are_those_of_every_route(raised: Exception, status: str, code: str, wait: str | None) -> None:
    """With the wait that the refusal names, and never with the words of a mistake of ours."""
    said, headers, content = answer(raised)
    assert (said.split()[0], json.loads(content)["error"], headers.get("Retry-After")) == (status, code, wait)
    assert b"secret" not in content
