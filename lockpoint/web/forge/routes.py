"""`/forge/*`: the API for screens, and what the platform sends.

Bodies are believed for nothing: what matters is in the invocation token, which the guard has read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import Blueprint, Response, request
from werkzeug.datastructures import EnvironHeaders

from lockpoint.services.tenancy.forge_sites import hear_goodbye
from lockpoint.web.api.request_body import whole_body
from lockpoint.web.event_door import Environ, Intake
from lockpoint.web.forge.api_answers import adapt_answers
from lockpoint.web.forge.events import take_event
from lockpoint.web.guards import EVENTS, FORGE_PREFIX, SIGNS, Guard, current_tenant, guarded_by

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flask import Flask

    from lockpoint.services.container import Services
    from lockpoint.web.forge.door import ForgeDoor

API: Final = "/api/v1"


def mount_api(app: Flask, blueprints: Iterable[Blueprint], app_url: str) -> None:
    """Serve the API a second time, for people at Forge's screens."""
    for blueprint in blueprints:
        prefix = blueprint.url_prefix or ""
        if prefix.startswith(API):
            app.register_blueprint(blueprint, url_prefix=FORGE_PREFIX + prefix, name=f"forge_{blueprint.name}")
    adapt_answers(app, app_url)


def event_intakes(services: Services, door: ForgeDoor) -> dict[str, Intake]:
    """By address."""

    def take(environ: Environ) -> None:
        caller = door.platform(EnvironHeaders(environ), sign=SIGNS[EVENTS])
        take_event(services, caller.tenant, whole_body(environ))

    return {EVENTS: Intake(Guard.FORGE_PLATFORM, take)}


def platform_routes(services: Services) -> Blueprint:
    """Each answers 204."""
    blueprint = Blueprint("forge", __name__, url_prefix=FORGE_PREFIX)

    @blueprint.post("/lifecycle")
    @guarded_by(Guard.FORGE_ARRIVAL)
    def lifecycle() -> Response:
        return Response(status=204)

    @blueprint.post("/events")
    @guarded_by(Guard.FORGE_PLATFORM)
    def events() -> Response:
        take_event(services, current_tenant(), whole_body(request.environ))
        return Response(status=204)

    @blueprint.post("/goodbye")
    @guarded_by(Guard.FORGE_PLATFORM)
    def goodbye() -> Response:
        hear_goodbye(services, current_tenant())
        return Response(status=204)

    @blueprint.post("/tick")
    @guarded_by(Guard.FORGE_PLATFORM)
    def tick() -> Response:
        return Response(status=204)

    return blueprint
