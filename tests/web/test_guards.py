"""A route without a guard lets nobody in; the target is read as the client sent it."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Blueprint, Flask, Response

from lockpoint.connect import qsh
from lockpoint.web.errors import handle_errors
from lockpoint.web.guards import Guard, call_of, guard_of, guarded_by, protect
from lockpoint.web.places import Places
from tests.fakes.connect import ALICE, BOB, GLOBEX, GLOBEX_SECRET, ConnectWorld, make_world


@pytest.fixture
def world() -> ConnectWorld:
    return make_world()


def test_a_route_without_a_guard_stops_the_start() -> None:
    bare = Blueprint("bare", __name__)
    bare.add_url_rule("/bare", view_func=lambda: "open", endpoint="bare")
    with pytest.raises(ValueError, match="/bare"):
        make_world(blueprints=[bare])


def test_a_route_without_a_guard_answers_nobody(world: ConnectWorld) -> None:
    """A route added after the start without a guard is refused."""
    app = Flask("late", static_folder=None)
    handle_errors(app)
    protect(app, world.inbound, Places())
    app.add_url_rule("/bare", view_func=lambda: "open", endpoint="bare")
    for headers in ({}, {"Authorization": f"JWT {world.context()}"}):
        assert app.test_client().get("/bare", headers=headers).status_code == 401


def test_marks_survive_wrapping() -> None:
    """Wrapping keeps the guard; other values do not count as one."""

    @guarded_by(Guard.CONTEXT)
    def view() -> Response:
        return Response()

    assert guard_of(view) is Guard.CONTEXT
    view.lockpoint_guard = "public"
    assert guard_of(view) is None


def test_the_actor_is_the_tokens(world: ConnectWorld) -> None:
    """Site and person come from each request's token."""
    alice = world.client.get("/api/v1/things/1", headers={"Authorization": f"JWT {world.context()}"})
    assert alice.get_json()["account"] == ALICE
    token = world.context(GLOBEX_SECRET, iss=GLOBEX, sub=BOB)
    other = world.client.get("/api/v1/things/1?account=x&site=y", headers={"Authorization": f"JWT {token}"})
    assert other.get_json() == {"thing": "1", "site": GLOBEX, "account": BOB}


def test_anonymous_viewers_may_open_a_frame_and_nothing_else(world: ConnectWorld) -> None:
    token = world.token("GET", "/connect/page", sub=None)
    assert world.client.get(f"/connect/page?jwt={token}").status_code == 200
    headers = {"Authorization": f"JWT {world.context(sub=None)}"}
    assert world.client.get("/api/v1/things/1", headers=headers).status_code == 401


ENVIRONMENTS: list[tuple[dict[str, Any], str]] = [
    ({"RAW_URI": "/a%20b?x=%2B+1", "PATH_INFO": "/a b", "QUERY_STRING": "x=%2B+1"}, "/a%20b?x=%2B+1"),
    ({"REQUEST_URI": "/a%2fb", "PATH_INFO": "/a/b", "QUERY_STRING": ""}, "/a%2fb"),
    ({"PATH_INFO": "/connect/page", "QUERY_STRING": "x=%2B+1"}, "/connect/page?x=%2B+1"),
    ({"PATH_INFO": "/connect/page", "QUERY_STRING": ""}, "/connect/page"),
    ({"PATH_INFO": "/caf\u00c3\u00a9 &", "QUERY_STRING": "q"}, "/caf%C3%A9%20&?q"),
    ({"PATH_INFO": ""}, ""),
]


@pytest.mark.parametrize(("environ", "target"), ENVIRONMENTS)
def test_the_target_is_taken_as_it_was_on_the_wire(environ: dict[str, Any], target: str) -> None:
    """Raw target where the server keeps it; otherwise rebuilt from path and query."""
    assert call_of({"REQUEST_METHOD": "GET", **environ}).target == target


@pytest.mark.parametrize("keeps_raw", [True, False])
def test_granian_and_gunicorn_alike(world: ConnectWorld, keeps_raw: bool) -> None:
    """A frame's token verifies with and without the raw target (granian keeps none)."""
    query = "pageId=1&title=r%C3%A9sum%C3%A9+v2&xdm_e=https%3A%2F%2Facme.atlassian.net"
    token = world.token("GET", f"/connect/page?{query}")
    environ = {"QUERY_STRING": f"{query}&jwt={token}", "PATH_INFO": "/connect/page"}
    raw = f"/connect/page?{query}&jwt={token}" if keeps_raw else ""
    overrides = {**environ, "RAW_URI": raw, "REQUEST_URI": raw}
    assert world.client.get("/connect/page", environ_overrides=overrides).status_code == 200


def test_forwarded_headers_do_not_change_the_address(world: ConnectWorld) -> None:
    token = world.token("GET", "/connect/page", qsh=qsh.request_hash("GET", "/admin"))
    for name in ("X-Forwarded-Prefix", "X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Path"):
        answer = world.client.get(f"/connect/page?jwt={token}", headers={name: "/admin"})
        assert answer.status_code == 401


def test_postgres_away_is_not_unauthorized(world: ConnectWorld) -> None:
    """An unknown site cannot be checked while the database is down: 503, not 401."""
    world.installations.down = True
    answer = world.client.get("/api/v1/things/1", headers={"Authorization": f"JWT {world.context()}"})
    assert (answer.status_code, answer.get_json()["error"]) == (503, "busy")


def test_known_sites_are_served_from_memory(world: ConnectWorld) -> None:
    """A verified site costs no database query on the next requests."""
    headers = {"Authorization": f"JWT {world.context()}"}
    for _ in range(20):
        assert world.client.get("/api/v1/things/1", headers=headers).status_code == 200
    assert world.installations.finds == 1
