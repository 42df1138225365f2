"""`POST /connect/webhooks/<event>`: hints, whose files are looked up."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, Response, request
from prometheus_client import Counter

from lockpoint.services.context import Door
from lockpoint.services.errors import NotFound, StorageUnavailable
from lockpoint.services.reconciliation.webhook_hints import Hint, take_hint
from lockpoint.web.api.request_body import whole_body
from lockpoint.web.event_bodies import bare_id, claimed_account, event_fields
from lockpoint.web.event_door import Environ, Intake
from lockpoint.web.guards import Guard, call_of, current_tenant, guarded_by

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lockpoint.connect.inbound import Inbound
    from lockpoint.services.container import Services
    from lockpoint.services.context import Tenant

PREFIX: Final = "/connect/webhooks/"

# Labels are our own words, never ids.
_HINTS: Final = Counter("lockpoint_hints", "Webhooks by event and what came of them", ["event", "outcome"])

_CONTAINERS: Final = ("page", "blog", "blogpost", "content")


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
    """Return what a webhook's body names, and ignore the rest; Invalid when it is no JSON object.

    Ids come in lists or alone: the sources disagree. Odd entries are skipped.
    """
    fields = event_fields(body)
    family = event.partition("_")[0]
    if family == "attachment":
        thrown_away = event in {"attachment_trashed", "attachment_removed"}
        return Hint(
            attachment_ids=_ids(fields, ("attachments", "attachment")),
            trashed_by=claimed_account(fields.get("userAccountId")) if thrown_away else None,
        )
    if family == "space":
        return Hint(whole_site=True)
    return Hint(container_ids=_ids(fields, _CONTAINERS), moved=event.endswith("_moved"))


def webhook_intakes(intake: WebhookIntake, inbound: Inbound) -> dict[str, Intake]:
    """By address."""

    def take(event: str, environ: Environ) -> None:
        tenant = inbound.server(call_of(environ)).tenant
        intake.take(tenant, event, whole_body(environ))

    return {PREFIX + event: Intake(Guard.SERVER, partial(take, event)) for event in intake.events}


def webhook_routes(intake: WebhookIntake) -> Blueprint:
    blueprint = Blueprint("webhooks", __name__)

    @blueprint.post(f"{PREFIX}<event>")
    @guarded_by(Guard.SERVER)
    def webhook(event: str) -> Response:
        intake.take(current_tenant(), event, whole_body(request.environ))
        return Response(status=204)

    return blueprint


def _ids(fields: dict[str, Any], names: Iterable[str]) -> tuple[str, ...]:
    found = (_id(entry) for name in names for entry in _entries(fields.get(name)))
    return tuple(dict.fromkeys(value for value in found if value))


def _entries(value: object) -> Iterator[object]:
    yield from value if isinstance(value, list) else [value]


def _id(entry: object) -> str | None:
    """Return bare digits; `idAsString` is preferred, since numbers may have lost digits."""
    if isinstance(entry, dict):
        return bare_id(entry.get("idAsString")) or bare_id(entry.get("id"))
    return bare_id(entry)
