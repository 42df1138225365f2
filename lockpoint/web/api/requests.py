"""Ids, queries and bodies of `/api/v1`, checked before any use case."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final, TypeVar

from flask import request
from pydantic import ValidationError
from werkzeug.exceptions import UnsupportedMediaType

from lockpoint.connect.tokens import unique_pairs
from lockpoint.services.errors import Invalid, NotFound
from lockpoint.services.idempotency import RequestKey
from lockpoint.web.api.request_body import whole_body
from lockpoint.web.api.schemas import SPACE_KEY, Command, Incoming

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_FIELDS, LONGEST_NAME = 20, 64
"""How many problems an answer tells."""

_ID: Final = re.compile(r"(?:att)?([1-9][0-9]{0,18})")

C = TypeVar("C", bound=Incoming)
Q = TypeVar("Q", bound=Incoming)


def bare_id(text: str) -> str:
    """Return the digits of an id, with or without `att`; `NotFound` otherwise."""
    match = _ID.fullmatch(text)
    if match is None:
        raise NotFound("Nothing was found with this id.")
    return match[1]


def space_key(text: str) -> str:
    """Return the key of a space, `NotFound` for what cannot be one."""
    if re.fullmatch(SPACE_KEY, text) is None:
        raise NotFound("No space has this key.")
    return text


def body_as(model: type[C]) -> C:
    """Return the JSON body; 415, 413, or `Invalid` with the fields (never values)."""
    if request.mimetype != "application/json":
        raise UnsupportedMediaType
    try:
        return model.model_validate(_json(whole_body(request.environ, placed=True)))
    except ValidationError as error:
        raise _invalid(error) from None


def query_as(model: type[Q]) -> Q:
    """`Invalid` for wrong fields, and for one given twice."""
    values: Mapping[str, list[str]] = request.args.to_dict(flat=False)
    repeated = sorted(name for name, given in values.items() if len(given) > 1)
    if repeated:
        raise Invalid(f"Given more than once: {', '.join(repeated)}.")
    try:
        return model.model_validate({name: given[0] for name, given in values.items()})
    except ValidationError as error:
        raise _invalid(error) from None


def key_of(command: Command) -> RequestKey:
    """Return the request's id, and all it asks for, its ids normalised."""
    named = (request.view_args or {}).items()
    ids = sorted((name, bare_id(value) if name.endswith("_id") else value) for name, value in named)
    text = f"{request.method} {request.url_rule} {ids}\n{command.model_dump_json()}"
    return RequestKey(command.request_id, text)


def _json(body: bytes) -> object:
    """`Invalid` also where a name comes twice."""
    try:
        return json.loads(body.decode(), object_pairs_hook=unique_pairs)
    except (ValueError, RecursionError):
        raise Invalid("The body is not JSON, or repeats a name.") from None


def _invalid(error: ValidationError) -> Invalid:
    found = error.errors(include_url=False, include_input=False, include_context=False)
    wrong = [{"field": _name(item["loc"]), "problem": item["msg"]} for item in found[:MOST_FIELDS]]
    return Invalid("The request is invalid; see `fields`.", details={"fields": wrong})


def _name(place: tuple[int | str, ...]) -> str:
    """Callers choose the names of unknown fields, so these are cut."""
    return ".".join(str(part) for part in place)[:LONGEST_NAME]
