"""REST API v1: people, addresses, properties, site facts."""

from __future__ import annotations

import re

from flask import Blueprint
from werkzeug.wrappers import Response

from simulator.http.operations import Call, empty, json_answer, operation
from simulator.model.clock import iso
from simulator.model.entities import Json, Person, UserProperty
from simulator.model.errors import ApiError, not_found
from simulator.rest import v1_shapes
from simulator.rest.v1_files import API

blueprint = Blueprint("rest_v1_people", __name__)
KEY = re.compile(r"^[-_a-zA-Z0-9]+$")
MAX_BULK = 100


def _person(call: Call, account_id: str) -> Person:
    found = call.site.people.get(account_id)
    if found is None:
        raise not_found("user")
    return found


def _shape(call: Call, person: Person) -> dict[str, object]:
    call.charge.identity += 1
    expand = {part for value in call.request.args.getlist("expand") for part in value.split(",")}
    sees_email = not person.email_hidden or person.account_id == call.caller.account_id
    return v1_shapes.person_shape(call.site, person, sees_email=sees_email, operations="operations" in expand)


@operation(blueprint, "GET", f"{API}/user", "READ")
def user(call: Call) -> dict[str, object]:
    """`expand=operations` marks site admins."""
    return _shape(call, _person(call, call.request.args.get("accountId", "")))


@operation(blueprint, "GET", f"{API}/user/current", "READ")
def user_current(call: Call) -> dict[str, object]:
    """The app user for the app's token."""
    return _shape(call, _person(call, call.account))


@operation(blueprint, "GET", f"{API}/user/bulk", "READ")
def user_bulk(call: Call) -> dict[str, object]:
    """Up to 100 people; the rest and unknown ones are ignored."""
    ids = [part for value in call.request.args.getlist("accountId") for part in value.split(",")][:MAX_BULK]
    results = [_shape(call, call.site.people[account]) for account in ids if account in call.site.people]
    frame = {"start": 0, "limit": MAX_BULK, "size": len(results), "_links": v1_shapes.list_links(call.site)}
    return {"results": results, **frame}


def _check_email_lookup(call: Call) -> None:
    lookup = call.site.behaviour.email_lookup
    if lookup == "off":
        raise ApiError(501, "The operation is switched off")
    if lookup == "not_approved":
        raise ApiError(400, "The app is not approved to read e-mail addresses")


@operation(blueprint, "GET", f"{API}/user/email", "ACCESS_EMAIL_ADDRESSES")
def user_email(call: Call) -> dict[str, object]:
    """Regardless of the profile, for approved apps."""
    _check_email_lookup(call)
    person = _person(call, call.request.args.get("accountId", ""))
    if person.status == "closed":
        raise not_found("user")
    call.charge.identity += 1
    return {"accountId": person.account_id, "email": person.email}


@operation(blueprint, "GET", f"{API}/user/email/bulk", "ACCESS_EMAIL_ADDRESSES")
def user_email_bulk(call: Call) -> Response:
    _check_email_lookup(call)
    people = [call.site.people[a] for a in call.request.args.getlist("accountId") if a in call.site.people]
    call.charge.identity += len(people)
    return json_answer([{"accountId": p.account_id, "email": p.email} for p in people if p.status != "closed"])


@operation(blueprint, "GET", f"{API}/settings/systemInfo", "READ")
def system_info(call: Call) -> dict[str, object]:
    return {
        "cloudId": call.site.cloud_id,
        "commitHash": "simulator",
        "baseUrl": call.site.base_url,
        "edition": "STANDARD",
        "siteTitle": call.site.name,
        "defaultLocale": "en_GB",
        "defaultTimeZone": "Europe/Helsinki",
    }


def _property_owner(call: Call, user_id: str, key: str) -> Person:
    if not KEY.match(key):
        raise ApiError(400, "The key may have letters, digits, - and _ only")
    return _person(call, user_id)


def _value(call: Call) -> Json:
    body = call.body()
    if set(body) != {"value"} or not isinstance(body["value"], dict):
        raise ApiError(400, "The body must have value, an object, and nothing else")
    return body["value"]


@operation(blueprint, "GET", f"{API}/user/<user_id>/property", "READ")
def user_properties(call: Call, user_id: str) -> dict[str, object]:
    """Keys only."""
    keys = sorted(_person(call, user_id).properties)
    limit = call.number("limit", 5, 1, 1000)
    start = call.number("start", 0, 0, 1_000_000)
    results = [{"key": key} for key in keys[start : start + limit]]
    frame = {"start": start, "limit": limit, "size": len(results)}
    return {"results": results, **frame, "_links": v1_shapes.list_links(call.site)}


@operation(blueprint, "GET", f"{API}/user/<user_id>/property/<key>", "READ")
def user_property(call: Call, user_id: str, key: str) -> dict[str, object]:
    stored = _property_owner(call, user_id, key).properties.get(key)
    if stored is None:
        raise not_found("property")
    return {
        "key": key,
        "value": stored.value,
        "id": stored.id,
        "lastModifiedDate": iso(stored.modified_at),
        "createdDate": iso(stored.created_at),
        "_links": {"self": f"{call.site.base_url}/rest/api/user/{user_id}/property/{key}"},
    }


@operation(blueprint, "POST", f"{API}/user/<user_id>/property/<key>", "WRITE")
def user_property_create(call: Call, user_id: str, key: str) -> Response:
    """409 when it exists."""
    person = _property_owner(call, user_id, key)
    if key in person.properties:
        raise ApiError(409, "The property already exists")
    now = call.world.clock.now_ms()
    person.properties[key] = UserProperty(str(call.site.next_id()), _value(call), now, now)
    return empty(201)


@operation(blueprint, "PUT", f"{API}/user/<user_id>/property/<key>", "WRITE")
def user_property_update(call: Call, user_id: str, key: str) -> Response:
    """404; no version: the last write wins."""
    person = _property_owner(call, user_id, key)
    old = person.properties.get(key)
    if old is None:
        raise not_found("property")
    now = call.world.clock.now_ms()
    person.properties[key] = UserProperty(old.id, _value(call), old.created_at, now)
    return empty()


@operation(blueprint, "DELETE", f"{API}/user/<user_id>/property/<key>", "WRITE")
def user_property_delete(call: Call, user_id: str, key: str) -> Response:
    if _property_owner(call, user_id, key).properties.pop(key, None) is None:
        raise not_found("property")
    return empty()
