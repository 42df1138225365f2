"""REST API v1: groups, and the search for people."""

from __future__ import annotations

import re
from typing import TypeVar

from flask import Blueprint

from simulator.http.operations import Call, operation
from simulator.model.entities import Group, Person
from simulator.model.errors import ApiError, not_found
from simulator.rest import v1_shapes
from simulator.rest.v1_files import API

blueprint = Blueprint("rest_v1_groups", __name__)
BY_NAME = re.compile(r'user\.fullname\s*~\s*"((?:[^"\\]|\\.)*)"')
MOST = 200

T = TypeVar("T", Group, Person)


def _page(call: Call, found: list[T], default: int) -> tuple[list[T], dict[str, object]]:
    start, limit = call.number("start", 0, 0, 1_000_000), min(call.number("limit", default, 0, 10_000), MOST)
    chosen = found[start : start + limit]
    call.charge.identity += len(chosen)
    links = v1_shapes.list_links(call.site)
    return chosen, {"start": start, "limit": limit, "size": len(chosen), "_links": links}


def _group_shape(group: Group) -> dict[str, object]:
    return {"type": "group", "name": group.name, "id": group.id, "_links": {}}


@operation(blueprint, "GET", f"{API}/user/memberof", "READ")
def groups_of_user(call: Call) -> dict[str, object]:
    """An unknown account is in no group."""
    account = call.request.args.get("accountId", "")
    found = sorted((one for one in call.site.groups.values() if account in one.members), key=lambda one: one.name)
    chosen, frame = _page(call, found, MOST)
    return {"results": [_group_shape(group) for group in chosen], **frame}


@operation(blueprint, "GET", f"{API}/group/picker", "READ")
def groups_by_name(call: Call) -> dict[str, object]:
    text = call.request.args.get("query", "").casefold()
    found = sorted((one for one in call.site.groups.values() if text in one.name.casefold()), key=lambda one: one.name)
    chosen, frame = _page(call, found, MOST)
    return {"results": [_group_shape(group) for group in chosen], **frame}


@operation(blueprint, "GET", f"{API}/group/by-id", "READ")
def group_by_id(call: Call) -> dict[str, object]:
    group = call.site.groups.get(call.request.args.get("id", ""))
    if group is None:
        raise not_found("group")
    call.charge.identity += 1
    return _group_shape(group)


@operation(blueprint, "GET", f"{API}/search/user", "READ")
def people_by_name(call: Call) -> dict[str, object]:
    """Only `user.fullname ~`, words with an asterisk at the end included; 400 for other queries."""
    cql = call.request.args.get("cql", "")
    match = BY_NAME.fullmatch(cql.strip())
    if match is None:
        raise ApiError(400, "Could not parse cql")
    words = re.sub(r"\\(.)", r"\1", match[1]).casefold().split()
    found = [person for person in call.site.people.values() if person.active and _has(person, words)]
    chosen, frame = _page(call, sorted(found, key=lambda person: person.display_name), 25)
    results = [_hit(call, person) for person in chosen]
    return {"results": results, "totalSize": len(found), "cqlQuery": cql, "searchDuration": 1, **frame}


def _has(person: Person, words: list[str]) -> bool:
    names = person.display_name.casefold().split()
    return all(any(_fits(name, word) for name in names) for word in words)


def _fits(name: str, word: str) -> bool:
    return name.startswith(word[:-1]) if word.endswith("*") else name == word


def _hit(call: Call, person: Person) -> dict[str, object]:
    return {
        "user": v1_shapes.person_shape(call.site, person, sees_email=False),
        "title": person.display_name,
        "excerpt": "",
        "url": f"/people/{person.account_id}",
        "breadcrumbs": [],
        "entityType": "user",
        "iconCssClass": "",
        "lastModified": "2026-01-01T00:00:00.000Z",
        "score": 0.0,
    }
