"""Every route is guarded, the descriptor's addresses are routes, error codes are explained."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import urlsplit

import pytest
from flask import Flask

from lockpoint.connect import descriptor
from lockpoint.forge.inbound import ForgeInbound
from lockpoint.forge.invocation import Invocations
from lockpoint.mail.link_pages import GettextPages
from lockpoint.services import errors
from lockpoint.services.container import Services
from lockpoint.web.api.locks import api_routes
from lockpoint.web.api.many.bulk import bulk_routes
from lockpoint.web.api.many.health import site_health_routes
from lockpoint.web.api.many.lock_lists import lock_list_routes
from lockpoint.web.api.many.notices import notice_routes
from lockpoint.web.api.me import me_routes
from lockpoint.web.api.settings import settings_routes
from lockpoint.web.api.templates import template_routes
from lockpoint.web.connect.frontend_bundle import Bundle, Screen
from lockpoint.web.connect.surfaces import PREPAINT_ENTRY, SURFACES, surface_routes
from lockpoint.web.errors import STATUS_OF_CODE
from lockpoint.web.forge.door import ForgeDoor
from lockpoint.web.guards import Guard, guard_at, guard_of
from lockpoint.web.macro_export import export_routes
from lockpoint.web.mail_links import mail_routes
from tests.fakes.connect import BRIDGE, make_world
from tests.support.checkout import ROOT

EXPECTED = [
    (re.compile(r"/(atlassian-connect\.json|privacy|guide/(user|admin))?"), Guard.PUBLIC),
    (re.compile(r"/(healthz|readyz|metrics)"), Guard.PUBLIC),
    (re.compile(r"/static/<path:name>"), Guard.PUBLIC),
    (re.compile(r"/connect/(installed|uninstalled)"), Guard.SIGNED_INSTALL),
    (re.compile(r"/connect/(enabled|disabled)"), Guard.SERVER),
    (re.compile(r"/connect/webhooks/<event>"), Guard.SERVER),
    (re.compile(r"/connect/(byline|page|macro|my-locks|space|admin|get-started)"), Guard.FRAME),
    (re.compile(r"/connect/macro/export"), Guard.EXPORT),
    (re.compile(r"/api/v1/.+"), Guard.CONTEXT),
    (re.compile(r"/mail/<token>"), Guard.MAIL_LINK),
    (re.compile(r"/forge/api/v1/.+"), Guard.FORGE_PERSON),
    (re.compile(r"/forge/(events|tick|goodbye)"), Guard.FORGE_PLATFORM),
    (re.compile(r"/forge/lifecycle"), Guard.FORGE_ARRIVAL),
    (re.compile(r"/forge/macro/export"), Guard.FORGE_EXPORT),
]
"""The guards of the contract, by address."""


@pytest.fixture(scope="module")
def app() -> Flask:
    """All routes, around services of which only the words of pages are asked for."""
    services = cast("Services", SimpleNamespace(link_pages=GettextPages()))
    blueprints = [
        api_routes(services),
        bulk_routes(services),
        lock_list_routes(services),
        notice_routes(services),
        site_health_routes(services),
        settings_routes(services),
        template_routes(services),
        me_routes(services),
        mail_routes(services),
        export_routes(services),
        surface_routes(bundle(), BRIDGE, "lockpoint"),
    ]
    return make_world(blueprints=blueprints, forge=forge_door()).app


def forge_door() -> ForgeDoor:
    """It refuses whoever brings no token, before anything is asked."""
    unused: Any = object()
    inbound = ForgeInbound(Invocations(unused, "ari:cloud:ecosystem::app/x", "https://api.example", ()), float)
    return ForgeDoor(inbound=inbound, services=unused, sites=unused, people=unused, tokens=unused, owner=unused)


def bundle() -> Bundle:
    screen = Screen(script="a.js", styles=())
    return Bundle(screens={PREPAINT_ENTRY: screen} | {surface.entry: screen for surface in SURFACES}, files={})


def rules(app: Flask) -> list[tuple[str, set[str], Guard | None]]:
    return [
        (str(rule), set(rule.methods or ()), guard_at(str(rule), app.view_functions[rule.endpoint]))
        for rule in app.url_map.iter_rules()
    ]


def test_every_route_declares_the_guard_of_the_contract(app: Flask) -> None:
    """Add a new address here."""
    found = rules(app)
    assert len(found) > 15
    for address, _, guard in found:
        wanted = [kind for pattern, kind in EXPECTED if pattern.fullmatch(address)]
        assert wanted == [guard], f"{address} declares {guard}, the contract says {wanted}"


def test_public_routes_do_not_write(app: Flask) -> None:
    for address, methods, guard in rules(app):
        if guard in {Guard.PUBLIC, Guard.FRAME, Guard.EXPORT}:
            assert methods <= {"GET", "HEAD", "OPTIONS"}, address


def test_every_route_refuses_a_caller_without_a_token(app: Flask) -> None:
    client = app.test_client()
    for address, methods, guard in rules(app):
        path = re.sub(r"<[^>]+>", "131203", address)
        for method in methods if guard is not Guard.PUBLIC else ():
            answer = client.open(path, method=method)
            # Forge keeps 401 from screens.
            refused = 403 if guard is Guard.FORGE_PERSON else 401
            assert answer.status_code == refused, f"{method} {address}"


def addresses(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set().union(*(addresses(item) for item in value.values()))
    if isinstance(value, list):
        return set().union(*(addresses(item) for item in value))
    return {value} if isinstance(value, str) and value.startswith("/") else set()


def test_the_descriptors_addresses_are_routes(app: Flask) -> None:
    """The route accepts the method Confluence uses."""
    document = descriptor.read_template()
    matcher = app.url_map.bind("app.example.com")
    posted = set(document["lifecycle"].values()) | {hook["url"] for hook in document["modules"]["webhooks"]}
    for address in addresses(document):
        endpoint, _ = matcher.match(urlsplit(address).path, method="POST" if address in posted else "GET")
        guard = guard_of(app.view_functions[endpoint])
        if address in posted:
            assert guard in {Guard.SERVER, Guard.SIGNED_INSTALL}
        else:
            assert guard in {Guard.FRAME, Guard.EXPORT, Guard.PUBLIC}


def test_routes_under_connect_are_in_the_descriptor(app: Flask) -> None:
    told = {urlsplit(address).path for address in addresses(descriptor.read_template())}
    for address, _, guard in rules(app):
        if guard in {Guard.SERVER, Guard.FRAME, Guard.SIGNED_INSTALL} and "<" not in address:
            assert address in told


def test_error_codes_are_explained() -> None:
    text = (ROOT / "docs" / "api-errors.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (\d{3}) \|", text, re.MULTILINE)
    assert {code: int(status) for code, status in rows} == dict(STATUS_OF_CODE)
    assert len(rows) == len(STATUS_OF_CODE)


def test_every_refusal_of_a_use_case_has_a_status() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.UseCaseError)]
    assert len(kinds) > 8
    assert {kind.code for kind in kinds} <= set(STATUS_OF_CODE)


def test_without_its_app_id_the_forge_door_does_not_exist() -> None:
    """Not even to refuse: 404."""
    services = cast("Services", object())
    closed = make_world(blueprints=[api_routes(services), me_routes(services)]).app.test_client()
    for address in ("/forge/events", "/forge/tick", "/forge/goodbye", "/forge/lifecycle"):
        assert closed.post(address, headers={"Authorization": "Bearer x.y.z"}).status_code == 404
    assert closed.get("/forge/api/v1/me/preferences").status_code == 404
    assert closed.get("/api/v1/me/preferences").status_code == 401


def test_every_call_of_the_api_is_at_either_door(app: Flask) -> None:
    found = {(address, frozenset(methods)) for address, methods, _ in rules(app)}
    of_connect = {one for one in found if one[0].startswith("/api/v1/")}
    assert len(of_connect) > 15
    assert {(f"/forge{address}", methods) for address, methods in of_connect} <= found
