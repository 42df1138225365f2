"""Declaration of control calls: functions from Control to JSON."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import Blueprint, request
from werkzeug.wrappers import Response

from simulator.http.auth import session_account
from simulator.http.operations import file_id, json_answer
from simulator.model.entities import Attachment, Content, Person, Space
from simulator.model.errors import ApiError, error_response, not_found

if TYPE_CHECKING:
    from simulator.model.site import Site
    from simulator.world.world import World

Answer = dict[str, object]
ControlHandler = Callable[..., Response | Answer]


@dataclass(slots=True)
class Control:
    """One control call, on the named site or the port's."""

    world: World
    site: Site
    data: dict[str, object]

    def text(self, name: str, default: str | None = None) -> str:
        """400 when missing without default."""
        value = self.data.get(name, default)
        if value is None:
            raise ApiError(400, f"{name} is missing")
        return str(value)

    def number(self, name: str, default: float | None = None) -> float:
        """Raise 400 for other text."""
        try:
            return float(self.text(name, None if default is None else str(default)))
        except ValueError as error:
            raise ApiError(400, f"{name} must be a number") from error

    def flag(self, name: str, *, default: bool = False) -> bool:
        return self.data.get(name, default) in {True, "true", "1", "on"}

    def person(self, name: str = "account") -> Person:
        """404 when unknown."""
        found = self.site.person(self.text(name))
        if found is None:
            raise not_found(f"person {self.data.get(name)}")
        return found

    def actor(self) -> str | None:
        """Field `account` (null: anonymous), else the browser's person."""
        if "account" in self.data:
            return self.person().account_id if self.data["account"] else None
        return session_account(self.site, request)

    def attachment(self) -> Attachment:
        """By `attachmentId`, `att` optional; 404."""
        found = self.site.attachments.get(file_id(self.text("attachmentId")))
        if found is None:
            raise not_found("attachment")
        return found

    def content(self, name: str = "pageId") -> Content:
        """A page or blog post; 404."""
        found = self.site.contents.get(file_id(self.text(name)))
        if found is None:
            raise not_found("page")
        return found

    def space(self) -> Space:
        """By `spaceKey`, by default the first; 404."""
        key = self.data.get("spaceKey")
        found = self.site.space_by_key(str(key)) if key else next(iter(self.site.spaces.values()), None)
        if found is None:
            raise not_found("space")
        return found

    def accounts(self, name: str) -> set[str] | None:
        """Account ids of names or ids; None without the field."""
        listed = self.data.get(name)
        if listed is None:
            return None
        if not isinstance(listed, list):
            raise ApiError(400, f"{name} is a list")
        people = [self.site.person(str(entry)) for entry in listed]
        if None in people:
            raise not_found(f"person in {name}")
        return {person.account_id for person in people if person}


def _data() -> dict[str, object]:
    if request.mimetype == "multipart/form-data":
        return dict(request.form.items())
    if request.method in {"GET", "DELETE"} or not request.get_data():
        return dict(request.args.items())
    try:
        found = json.loads(request.get_data())
    except ValueError as error:
        raise ApiError(400, "The body is not JSON") from error
    if not isinstance(found, dict):
        raise ApiError(400, "The body must be an object")
    return found


def _control(site_key: str | None) -> Control:
    world: World = request.environ["sim.world"]
    data = _data()
    key = site_key or data.get("site") or request.environ["sim.site"]
    site = world.sites.get(str(key))
    if site is None:
        raise not_found(f"site {key}")
    return Control(world, site, data)


def control(
    blueprint: Blueprint, method: str, rule: str, *, locked: bool = True
) -> Callable[[ControlHandler], ControlHandler]:
    """Register a handler under /_sim; it runs under the world's lock unless it talks to the app."""

    def register(handler: ControlHandler) -> ControlHandler:
        @functools.wraps(handler)
        def view(**arguments: str) -> Response:
            try:
                call = _control(arguments.pop("site", None))
                with call.world.lock if locked else nullcontext():
                    answer = handler(call, **arguments)
                return answer if isinstance(answer, Response) else json_answer(answer)
            except ApiError as error:
                return error_response(error, request.path)
            except (ValueError, TypeError) as error:
                return error_response(ApiError(400, str(error)), request.path)

        blueprint.add_url_rule(
            f"/_sim{rule}", endpoint=f"{method}{rule}".replace(".", "_"), view_func=view, methods=[method]
        )
        return handler

    return register


def camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.title() for part in rest)
