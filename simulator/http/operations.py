"""Declaration of REST operations: method, path, scope, handler."""

from __future__ import annotations

import base64
import binascii
import functools
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar, cast
from urllib.parse import urlencode

from flask import Blueprint, request
from werkzeug.wrappers import Request, Response

from simulator.http.auth import Caller, check_scope
from simulator.model.errors import ApiError, error_response, not_found
from simulator.model.permissions import may, may_file

if TYPE_CHECKING:
    from simulator.model.entities import Attachment, Content
    from simulator.model.quota import Charge
    from simulator.model.site import Site
    from simulator.world.world import World

MAX_PAGE = 250
T = TypeVar("T")


@dataclass(slots=True)
class Call:
    """`stale`, `stale_versions`: seconds that reads of properties and versions lag; `twice`: a POST makes two rows."""

    world: World
    site: Site
    caller: Caller
    request: Request
    charge: Charge
    stale: float = 0.0
    twice: bool = False
    stale_versions: float = 0.0

    @property
    def account(self) -> str:
        """401 without one."""
        if self.caller.account_id is None:
            raise ApiError(401, "Authentication is required")
        return self.caller.account_id

    def body(self) -> dict[str, object]:
        """The JSON object; 415 or 400."""
        if self.request.mimetype != "application/json":
            raise ApiError(415, "Content-Type must be application/json")
        try:
            found = json.loads(self.request.get_data())
        except (ValueError, RecursionError) as error:
            raise ApiError(400, "The request body is not JSON") from error
        if not isinstance(found, dict):
            raise ApiError(400, "The request body must be an object")
        return found

    def flag(self, name: str, *, default: bool = False) -> bool:
        return self.request.args.get(name, str(default)).lower() == "true"

    def number(self, name: str, default: int, low: int, high: int) -> int:
        """400 beyond the bounds."""
        try:
            value = int(self.request.args.get(name, default))
        except ValueError as error:
            raise ApiError(400, f"{name} must be an integer") from error
        if not low <= value <= high:
            raise ApiError(400, f"{name} must be between {low} and {high}")
        return value


def json_answer(body: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(json.dumps(body), status=status, headers=headers, content_type="application/json")


def empty(status: int = 204) -> Response:
    return Response(status=status)


Handler = Callable[..., Response | dict[str, object]]


def operation(blueprint: Blueprint, method: str, rule: str, scope: str | None) -> Callable[[Handler], Handler]:
    """Register a handler; it runs under the world's lock after authentication and scope check."""

    def register(handler: Handler) -> Handler:
        @functools.wraps(handler)
        def view(**arguments: str) -> Response:
            call = cast("Call", request.environ["sim.call"](request))
            call.charge.route = f"{method} {rule}"
            try:
                with call.world.lock:
                    return _run(call, handler, scope, arguments)
            except ApiError as error:
                return error_response(error, request.path)

        blueprint.add_url_rule(
            rule, endpoint=f"{handler.__name__}.{method}.{rule}".replace(".", "_"), view_func=view, methods=[method]
        )
        return handler

    return register


def _run(call: Call, handler: Handler, scope: str | None, arguments: dict[str, str]) -> Response:
    # CHANGE-2328: a GET with a body is refused.
    if call.request.method == "GET" and call.request.content_length:
        raise ApiError(403, "A GET request must not have a body")
    check_scope(call.caller, scope)
    call.account  # noqa: B018 - raises 401: no operation is open to anonymous callers
    answer = handler(call, **arguments)
    return answer if isinstance(answer, Response) else json_answer(answer)


def content_id(text: str) -> int:
    """400 unless numeric."""
    if not text.isdigit():
        raise ApiError(400, f"'{text}' is not a valid id")
    return int(text)


def file_id(text: str) -> int:
    """`att` is optional; 400."""
    return content_id(text.removeprefix("att"))


def visible_content(call: Call, text: str, kinds: Sequence[str] = ("page", "blogpost")) -> Content:
    """404 unless visible."""
    content = call.site.contents.get(content_id(text))
    if content is None or content.type not in kinds or not may(call.site, call.account, "read", content):
        raise not_found("content")
    return content


def visible_file(call: Call, text: str) -> Attachment:
    """Also trashed ones; 404 unless visible."""
    attachment = call.site.attachments.get(file_id(text))
    if attachment is None or not may_file(call.site, call.account, "read", attachment):
        raise not_found("attachment")
    return attachment


def _cursor(offset: int) -> str:
    return base64.urlsafe_b64encode(json.dumps({"offset": offset}).encode()).decode()


def _offset(cursor: str) -> int:
    try:
        return int(json.loads(base64.urlsafe_b64decode(cursor))["offset"])
    except (ValueError, KeyError, TypeError, binascii.Error) as error:
        raise ApiError(400, "The cursor is not valid") from error


def page_of(call: Call, items: Sequence[T], default_limit: int) -> tuple[Sequence[T], str | None]:
    """One page by limit and cursor, and the next page's query."""
    limit = call.number("limit", default_limit, 1, MAX_PAGE)
    start = _offset(call.request.args["cursor"]) if "cursor" in call.request.args else 0
    more = start + limit < len(items)
    if not more:
        return items[start : start + limit], None
    others = [
        (name, value) for name, value in call.request.args.items(multi=True) if name not in {"cursor", "limit", "jwt"}
    ]
    query = urlencode([*others, ("limit", str(limit)), ("cursor", _cursor(start + limit))])
    return items[start : start + limit], query


def paged(call: Call, results: Sequence[object], next_query: str | None) -> Response:
    """A v2 list: next address, with /wiki, in body and Link header."""
    links = {"base": call.site.base_url}
    headers = {}
    if next_query:
        links["next"] = f"{call.request.path}?{next_query}"
        headers["Link"] = f'<{links["next"]}>; rel="next"'
    return json_answer({"results": list(results), "_links": links}, headers=headers)
