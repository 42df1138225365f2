"""Content and space properties: versioned, one per key, updated by compare and set."""

from __future__ import annotations

import json
from dataclasses import replace

from simulator.model.clock import Clock
from simulator.model.entities import Json, PropertyBag, PropertyRow
from simulator.model.errors import ApiError, not_found
from simulator.model.site import Site

MAX_KEY = 255


def _check(site: Site, key: object, value: object) -> str:
    if not isinstance(key, str) or not 0 < len(key) <= MAX_KEY:
        raise ApiError(400, "Property key must be 1 to 255 characters long")
    if value is None:
        raise ApiError(400, "Property value must not be empty")
    if len(json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")) > site.behaviour.max_property_bytes:
        raise ApiError(400, "Property value is too long")
    return key


def create(
    site: Site, clock: Clock, bag: PropertyBag, key: object, value: Json, author: str | None, *, twice: bool = False
) -> PropertyRow:
    """At version 1; 409 when the key exists. `twice` stores two rows, as observed in Confluence."""
    name = _check(site, key, value)
    if bag.by_key(name) is not None and not twice:
        raise ApiError(409, f"A property with key {name} already exists")
    row = PropertyRow(site.next_id(), name, value, 1, clock.now_ms(), author)
    rows = (*bag.rows, row)
    if twice:
        row = replace(row, id=site.next_id())
        rows = (*rows, row)
    bag.replace(rows)
    return row


def find(bag: PropertyBag, property_id: int, seconds_ago: float = 0.0) -> PropertyRow:
    """The row as of `seconds_ago`; 404."""
    for row in bag.seen(seconds_ago):
        if row.id == property_id:
            return row
    raise not_found("property")


def update(
    site: Site, clock: Clock, bag: PropertyBag, property_id: int, body: dict[str, object], author: str | None
) -> PropertyRow:
    """409 unless the body's version is the current one plus one."""
    row = find(bag, property_id)
    version = body.get("version")
    number = version.get("number") if isinstance(version, dict) else None
    if not isinstance(version, dict) or not isinstance(number, int) or isinstance(number, bool):
        raise ApiError(400, "version.number is required")
    value: Json = body.get("value")
    if _check(site, body.get("key"), value) != row.key:
        raise ApiError(400, "The key of a property cannot be changed")
    if sum(other.key == row.key for other in bag.rows) > 1:
        raise ApiError(400, "Cannot update content property")
    if number != row.number + 1:
        raise ApiError(409, f"Version must be incremented when updating. Current version is {row.number}")
    message = str(version.get("message") or "")
    fresh = replace(row, value=value, number=number, created_at=clock.now_ms(), author_id=author, message=message)
    bag.replace(tuple(fresh if other.id == row.id else other for other in bag.rows))
    return fresh


def delete(bag: PropertyBag, property_id: int) -> None:
    """At any version; 404."""
    row = find(bag, property_id)
    bag.replace(tuple(other for other in bag.rows if other.id != row.id))
