"""What Confluence reports, answered in front of Flask, which saves a fifth of the cost and more.

Flask's routes behind it do the same for an application mounted without it. Nothing here calls Confluence.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import structlog
from werkzeug.exceptions import RequestEntityTooLarge

from lockpoint.connect.tokens import TokenRefusedError
from lockpoint.services.errors import StorageUnavailable, UseCaseError
from lockpoint.web.api.request_body import cut_off, given_up
from lockpoint.web.errors import STATUS_OF_CODE, error_body, log_storage, retry_after
from lockpoint.web.guards import Guard, log_refusal
from lockpoint.web.headers import BARE_HEADERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

log = structlog.get_logger(__name__)

_NO_CONTENT: Final = list(BARE_HEADERS)

Environ = dict[str, Any]
StartResponse = Any
WsgiApp = Any


@dataclass(frozen=True, slots=True)
class Intake:
    """`take` verifies the caller, reads the body and queues what it makes necessary, or raises a refusal."""

    guard: Guard
    take: Callable[[Environ], None]


class _Refusal(NamedTuple):
    code: str
    message: str | None = None
    details: Mapping[str, object] = {}


class EventDoor:
    """WSGI; answers requests to POST at the addresses of intakes, and hands others to `behind`."""

    def __init__(self, behind: WsgiApp, intakes: Mapping[str, Intake]) -> None:
        self._behind = behind
        self._intakes = intakes

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        intake = self._intakes.get(environ["PATH_INFO"])
        if intake is None or environ["REQUEST_METHOD"] != "POST":
            answer: Iterable[bytes] = self._behind(environ, start_response)
            return answer
        refusal = _refusal(intake, environ)
        if refusal is None:
            start_response("204 No Content", _NO_CONTENT)
            return []
        return _say(refusal, environ, start_response)


def _refusal(intake: Intake, environ: Environ) -> _Refusal | None:
    """None: the event was taken."""
    try:
        intake.take(environ)
    except TokenRefusedError as refusal:
        log_refusal(refusal, intake.guard, environ["PATH_INFO"])
        return _Refusal("unauthorized")
    except RequestEntityTooLarge:
        return _Refusal("too_large")
    except UseCaseError as error:
        return _Refusal(error.code, error.message, error.details)
    except StorageUnavailable as error:
        log_storage(error)
        return _Refusal("busy")
    except Exception as error:
        # The outermost frame: nothing may escape.
        log.exception("request_crashed", error=type(error).__name__)
        return _Refusal("internal_error")
    return None


def _say(refusal: _Refusal, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    content = json.dumps(error_body(*refusal), default=str).encode()
    length, answer = cut_off(content) if given_up(environ) else (str(len(content)), [content])
    headers = [("Content-Type", "application/json"), ("Content-Length", length), *BARE_HEADERS]
    wait = retry_after(refusal.code, refusal.details)
    if wait is not None:
        headers.append(("Retry-After", wait))
    start_response(f"{STATUS_OF_CODE[refusal.code]} {refusal.code}", headers)
    return answer
