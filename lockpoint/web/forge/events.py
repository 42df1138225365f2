"""Events of Confluence as Forge sends them: hints, whose files are looked up, and nothing else is believed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from prometheus_client import Counter

from lockpoint.services.reconciliation.webhook_hints import Hint, take_hint
from lockpoint.web.event_bodies import bare_id, claimed_account, event_fields

if TYPE_CHECKING:
    from lockpoint.services.container import Services
    from lockpoint.services.context import Tenant

# Labels are our own words, never ids.
_EVENTS: Final = Counter("lockpoint_forge_events", "Events by kind and what came of them", ["kind", "outcome"])

_EVENT: Final = re.compile(r"avi:confluence:([a-z_]{1,40}):(attachment|page|blogpost|space)(?::V2)?")
_GONE: Final = frozenset({"trashed", "deleted"})
_CONTAINERS: Final = ("content", "page", "blogpost")


def take_event(services: Services, tenant: Tenant, body: bytes) -> None:
    """Queue what an event makes necessary; what the app did itself, it has read back. Invalid, StorageUnavailable.

    Forge delivers again after any refusal: unlike Connect's webhooks, an event outlives an outage of ours.
    """
    event = read_event(body)
    kind = _kind(event)
    if kind is None or event.get("selfGenerated") is True:
        _EVENTS.labels(kind=kind or "unknown", outcome="unknown" if kind is None else "own").inc()
        return
    queued = take_hint(services, tenant, _hint(kind, event))
    _EVENTS.labels(kind=kind, outcome="queued" if queued else "not_locked").inc()


def read_event(body: bytes) -> dict[str, Any]:
    """Return the event: the body itself, or below `payload`, as the documents print a repeated one (F2)."""
    fields = event_fields(body)
    inner = fields.get("payload")
    return inner if isinstance(inner, dict) and "eventType" not in fields else fields


def _kind(event: dict[str, Any]) -> str | None:
    name = event.get("eventType")
    match = _EVENT.fullmatch(name) if isinstance(name, str) else None
    return match[2] if match else None


def _hint(kind: str, event: dict[str, Any]) -> Hint:
    if kind == "space":
        return Hint(whole_site=True)
    if kind == "attachment":
        return Hint(attachment_ids=_ids(event, ("attachment", "content")), trashed_by=_thrown_away_by(event))
    return Hint(container_ids=_ids(event, _CONTAINERS), moved=_deed(event) == "moved")


def _thrown_away_by(event: dict[str, Any]) -> str | None:
    return claimed_account(event.get("atlassianId")) if _deed(event) in _GONE else None


def _deed(event: dict[str, Any]) -> str:
    return str(event["eventType"]).split(":")[2]


def _ids(event: dict[str, Any], names: tuple[str, ...]) -> tuple[str, ...]:
    found = (_id(event.get(name)) for name in names)
    return tuple(dict.fromkeys(one for one in found if one is not None))


def _id(entry: object) -> str | None:
    return bare_id(entry.get("id")) if isinstance(entry, dict) else None
