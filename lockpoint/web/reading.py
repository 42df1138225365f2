"""Reading requests of `/api/v1`: ids, queries and bodies, checked before any use case sees them."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Final, TypeVar

from flask import request
from pydantic import ValidationError
from werkzeug.exceptions import UnsupportedMediaType

from lockpoint.services.errors import Invalid, NotFound
from lockpoint.services.idempotency import RequestKey
from lockpoint.web.schemas import Command, Incoming

if TYPE_CHECKING:
    from collections.abc import Mapping

_ID: Final = re.compile(r"(?:att)?([1-9][0-9]{0,18})")

C = TypeVar("C", bound=Command)
Q = TypeVar("Q", bound=Incoming)


def bare_id(text: str) -> str:
    """The digits of an id that may begin with `att`; `NotFound` for what cannot be one."""
    match = _ID.fullmatch(text)
    if match is None:
        raise NotFound("There is nothing with this id.")
    return match[1]


def body_as(model: type[C]) -> C:
    """The JSON body; 415 for another type, `Invalid` with the fields that are wrong (never their values)."""
    if request.mimetype != "application/json":
        raise UnsupportedMediaType
    try:
        return model.model_validate_json(request.get_data())
    except ValidationError as error:
        raise _invalid(error) from None


def query_as(model: type[Q]) -> Q:
    """The query parameters, each at most once."""
    values: Mapping[str, list[str]] = request.args.to_dict(flat=False)
    repeated = sorted(name for name, given in values.items() if len(given) > 1)
    if repeated:
        raise Invalid(f"Given more than once: {', '.join(repeated)}.")
    try:
        return model.model_validate({name: given[0] for name, given in values.items()})
    except ValidationError as error:
        raise _invalid(error) from None


def key_of(command: Command) -> RequestKey:
    """The request's own name, and a digest of everything it asks for."""
    text = f"{request.method} {request.path}\n{command.model_dump_json()}"
    return RequestKey(command.request_id, hashlib.sha256(text.encode()).hexdigest())


def _invalid(error: ValidationError) -> Invalid:
    wrong = [
        {"field": ".".join(str(part) for part in item["loc"]), "problem": item["msg"]}
        for item in error.errors(include_url=False, include_input=False, include_context=False)
    ]
    return Invalid("The request makes no sense; see `fields`.", details={"fields": wrong})
