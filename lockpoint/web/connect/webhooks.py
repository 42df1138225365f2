"""`POST /connect/webhooks/<event>`: answered within milliseconds.

`WebhookDoor` answers in front of Flask, at a third of the cost; the Flask route serves apps mounted without it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import structlog
from flask import Blueprint, Response, request
from prometheus_client import Counter

from lockpoint.connect.tokens import TokenRefusedError
from lockpoint.services.context import Door
from lockpoint.services.errors import Invalid, NotFound, StorageUnavailable, UseCaseError
from lockpoint.services.reconciliation.webhook_hints import Hint, take_hint
from lockpoint.web.api.request_body import cut_off, given_up, read_body, whole_body
from lockpoint.web.errors import RETRY_SECONDS, STATUS_OF_CODE, error_body, log_storage
from lockpoint.web.guards import Guard, call_of, current_tenant, guarded_by, log_refusal
from lockpoint.web.headers import BARE_HEADERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lockpoint.connect.inbound import Inbound
    from lockpoint.services.container import Services
    from lockpoint.services.context import Tenant

PREFIX: Final = "/connect/webhooks/"

log = structlog.get_logger(__name__)

# Labels are our own words, never ids.
_HINTS: Final = Counter("lockpoint_hints", "Webhooks by event and what came of them", ["event", "outcome"])

_ID: Final = re.compile(r"(?:att)?([1-9][0-9]{0,19})")
_ACCOUNT: Final = re.compile(r"[A-Za-z0-9:_-]{1,128}")
_CONTAINERS: Final = ("page", "blog", "blogpost", "content")
_NO_CONTENT: Final = list(BARE_HEADERS)

StartResponse = Any
WsgiApp = Any


@dataclass(frozen=True, slots=True)
class WebhookIntake:
    """Takes the events that the descriptor subscribes to."""

    services: Services
    events: frozenset[str]

    def take(self, tenant: Tenant, event: str, body: bytes) -> None:
        """Queue what a verified webhook makes necessary.

        Raises NotFound for another event, Invalid, and StorageUnavailable.
        """
        if event not in self.events:
            raise NotFound("The app does not subscribe to this webhook.")
        if tenant.door is not Door.CONNECT:
            # Two app users would undo each other's work.
            _HINTS.labels(event=event, outcome="other_door").inc()
            return
        try:
            queued = take_hint(self.services, tenant, read_hint(event, body))
        except StorageUnavailable:
            _HINTS.labels(event=event, outcome="lost").inc()
            raise
        _HINTS.labels(event=event, outcome="queued" if queued else "not_locked").inc()


def read_hint(event: str, body: bytes) -> Hint:
    """Return what a webhook's body names, and ignore the rest.

    Ids come as numbers, digits or `att` and digits, in lists or alone: the sources disagree. Skips odd entries. Raises
    Invalid when the body is no JSON object.
    """
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        raise Invalid("The body is not JSON.") from None
    if not isinstance(fields, dict):
        raise Invalid("The body is not a JSON object.")
    family = event.partition("_")[0]
    if family == "attachment":
        thrown_away = event in {"attachment_trashed", "attachment_removed"}
        return Hint(
            attachment_ids=_ids(fields, ("attachments", "attachment")),
            trashed_by=_account(fields) if thrown_away else None,
        )
    if family == "space":
        return Hint(whole_site=True)
    return Hint(container_ids=_ids(fields, _CONTAINERS), moved=event.endswith("_moved"))


def _account(fields: dict[str, Any]) -> str | None:
    """Return the claimed actor; the job believes it only where all else agrees."""
    account = fields.get("userAccountId")
    return account if isinstance(account, str) and _ACCOUNT.fullmatch(account) else None


def webhook_routes(intake: WebhookIntake) -> Blueprint:
    blueprint = Blueprint("webhooks", __name__)

    @blueprint.post(f"{PREFIX}<event>")
    @guarded_by(Guard.SERVER)
    def webhook(event: str) -> Response:
        intake.take(current_tenant(), event, whole_body(request.environ))
        return Response(status=204)

    return blueprint


class WebhookDoor:
    """WSGI; answers webhooks and hands other requests to `behind`."""

    def __init__(self, behind: WsgiApp, inbound: Inbound, intake: WebhookIntake) -> None:
        self._behind = behind
        self._inbound = inbound
        self._intake = intake

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if environ["REQUEST_METHOD"] == "POST" and path.startswith(PREFIX):
            event = path[len(PREFIX) :]
            if event in self._intake.events:
                return self._answer(event, environ, start_response)
        answer: Iterable[bytes] = self._behind(environ, start_response)
        return answer

    def _answer(self, event: str, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        code = self._outcome(event, environ)
        if code is None:
            start_response("204 No Content", _NO_CONTENT)
            return []
        content = json.dumps(error_body(*code)).encode()
        status = STATUS_OF_CODE[code[0]]
        length, answer = cut_off(content) if given_up(environ) else (str(len(content)), [content])
        headers = [("Content-Type", "application/json"), ("Content-Length", length), *BARE_HEADERS]
        if status == STATUS_OF_CODE["busy"]:
            headers.append(("Retry-After", str(RETRY_SECONDS)))
        start_response(f"{status} {code[0]}", headers)
        return answer

    def _outcome(self, event: str, environ: dict[str, Any]) -> tuple[str, str | None] | None:
        """None: the webhook was taken."""
        try:
            caller = self._inbound.server(call_of(environ))
            body = read_body(environ)
            if body is None:
                return "too_large", None
            self._intake.take(caller.tenant, event, body)
        except TokenRefusedError as refusal:
            log_refusal(refusal, Guard.SERVER, PREFIX + event)
            return "unauthorized", None
        except UseCaseError as error:
            return error.code, error.message
        except StorageUnavailable as error:
            log_storage(error)
            return "busy", None
        except Exception as error:
            # The outermost frame: nothing may escape.
            log.exception("request_crashed", error=type(error).__name__)
            return "internal_error", None
        return None


def _ids(fields: dict[str, Any], names: Iterable[str]) -> tuple[str, ...]:
    found = (_id(entry) for name in names for entry in _entries(fields.get(name)))
    return tuple(dict.fromkeys(value for value in found if value))


def _entries(value: object) -> Iterator[object]:
    yield from value if isinstance(value, list) else [value]


def _id(entry: object) -> str | None:
    """Return bare digits; `idAsString` is preferred, since numbers may have lost digits."""
    if isinstance(entry, dict):
        return _id_text(entry.get("idAsString")) or _id_text(entry.get("id"))
    return _id_text(entry)


def _id_text(value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    try:
        match = _ID.fullmatch(str(value))
    except ValueError:  # more digits than Python prints
        return None
    return match[1] if match else None
