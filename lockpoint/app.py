"""The WSGI application: routes, guards, headers and errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, Flask, Response
from werkzeug.middleware.proxy_fix import ProxyFix

from lockpoint.services.deadlines import answering_within
from lockpoint.web.api.request_body import LARGEST_BODY
from lockpoint.web.connect.lifecycle import lifecycle_routes
from lockpoint.web.connect.webhooks import WebhookIntake, webhook_intakes, webhook_routes
from lockpoint.web.document_pages import document_routes
from lockpoint.web.errors import handle_errors
from lockpoint.web.event_door import EventDoor
from lockpoint.web.forge.routes import event_intakes, mount_api, platform_routes
from lockpoint.web.guards import Guard, LinkReader, guard_of, guarded_by, protect
from lockpoint.web.headers import send_headers
from lockpoint.web.health import Ping, health_routes
from lockpoint.web.macro_export import forge_export_routes
from lockpoint.web.metrics import StateOfSites
from lockpoint.web.places import Places

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lockpoint.connect.descriptor import Descriptor
    from lockpoint.connect.inbound import Inbound
    from lockpoint.services.container import Services
    from lockpoint.services.ports.maintenance import Gauges
    from lockpoint.web.forge.door import ForgeDoor

REQUEST_SECONDS: Final = 22.0
"""For the calls of one request; with the last waits, an answer is there within 25. Heroku's router waits for 30."""

FRONT_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Lockpoint</title></head>
<body><h1>Lockpoint</h1>
<p>Exclusive locks for the attachments of Confluence Cloud: while a file is locked, uploads by others are undone.</p>
<p>This is the app's server; people use the app inside Confluence. <a href="/atlassian-connect.json">Descriptor</a>,
<a href="/privacy">privacy</a>, <a href="/guide/user">user guide</a>, <a href="/guide/admin">admin guide</a></p>
</body></html>
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    """`blueprints` are the API and the surfaces, each route with its guard; without `forge` there is no such door."""

    inbound: Inbound
    descriptor: Descriptor
    services: Services
    gauges: Gauges
    pings: Sequence[Ping] = ()
    read_link: LinkReader = lambda _: None
    blueprints: Sequence[Blueprint] = ()
    connect_js_url: str
    proxy_hops: int = 0
    forge: ForgeDoor | None = None


def create_app(shell: Shell) -> Flask:
    """Raises ValueError when a route has no guard."""
    app = Flask("lockpoint", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    # Redirects would repeat the token in the address.
    app.url_map.merge_slashes = False
    app.url_map.redirect_defaults = False
    handle_errors(app)
    protect(app, shell.inbound, Places(), shell.read_link, shell.forge)
    send_headers(app, shell.connect_js_url)
    intake = WebhookIntake(shell.services, shell.descriptor.webhook_events)
    for blueprint in (
        public_routes(shell.descriptor),
        document_routes(),
        health_routes(shell.pings, StateOfSites(shell.gauges)),
        lifecycle_routes(shell.services),
        webhook_routes(intake),
        *shell.blueprints,
    ):
        app.register_blueprint(blueprint)
    if shell.forge is not None:
        mount_api(app, shell.blueprints, shell.inbound.base_url)
        app.register_blueprint(platform_routes(shell.services))
        app.register_blueprint(forge_export_routes(shell.services))
    _check_guards(app)
    _mount(app, shell, intake)
    return app


def public_routes(descriptor: Descriptor) -> Blueprint:
    blueprint = Blueprint("public", __name__)

    @blueprint.get("/atlassian-connect.json")
    @guarded_by(Guard.PUBLIC)
    def atlassian_connect() -> Response:
        return Response(descriptor.content, content_type="application/json")

    @blueprint.get("/", strict_slashes=False)
    @guarded_by(Guard.PUBLIC)
    def front_page() -> Response:
        return Response(FRONT_PAGE, content_type="text/html; charset=utf-8")

    return blueprint


def _check_guards(app: Flask) -> None:
    bare = [str(rule) for rule in app.url_map.iter_rules() if guard_of(app.view_functions[rule.endpoint]) is None]
    if bare:
        raise ValueError(f"routes without a guard: {', '.join(bare)}")


def _mount(app: Flask, shell: Shell, intake: WebhookIntake) -> None:
    behind = _in_time(app.wsgi_app)
    if shell.proxy_hops:
        hops = shell.proxy_hops
        behind = ProxyFix(behind, x_for=hops, x_proto=hops, x_host=hops)
    intakes = webhook_intakes(intake, shell.inbound)
    if shell.forge is not None:
        intakes |= event_intakes(shell.services, shell.forge)
    app.wsgi_app = EventDoor(behind, intakes)  # type: ignore[method-assign]


def _in_time(behind: Any) -> Any:
    def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        with answering_within(REQUEST_SECONDS):
            found: Iterable[bytes] = behind(environ, start_response)
        return found

    return answer
