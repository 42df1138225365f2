"""`/forge/api/v1` answers as `invokeRemote` takes it (forge.md §4), whatever the guard is."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import UnsupportedMediaType

from lockpoint.services.errors import Invalid, StorageUnavailable
from lockpoint.web import guards
from lockpoint.web.api.locks import refused
from lockpoint.web.api.many.csv_file import CSV
from lockpoint.web.forge.api_answers import LARGEST_ANSWER
from lockpoint.web.forge.routes import mount_api
from lockpoint.web.guards import Guard, current_actor, guarded_by
from tests.fakes.connect import ALICE, ConnectWorld, make_world

TROUBLE: dict[str, Exception] = {
    "415": UnsupportedMediaType(),
    "422": Invalid("no"),
    "500": KeyError(),
    "503": StorageUnavailable(),
}
SERVER = "https://lockpoint.example.com"
PLAIN = '\N{SNOWMAN},"a, b"\r\nc\r\n'


def odd_routes() -> Blueprint:
    """Every kind of answer that the API gives."""
    routes = Blueprint("odd", __name__, url_prefix="/api/v1")
    routes.register_error_handler(Invalid, refused)

    @routes.get("/unchanged")
    @guarded_by(Guard.CONTEXT)
    def unchanged() -> Response:
        answer = Response(status=304)
        answer.set_etag("t", weak=True)
        return answer

    @routes.get("/file")
    @guarded_by(Guard.CONTEXT)
    def file() -> Response:
        headers = {"Content-Disposition": 'attachment; filename="lockpoint-audit.csv"'}
        if request.args:
            headers["Link"] = '<?cursor=abc>; rel="next"'
        return Response(PLAIN, mimetype=CSV, headers=headers)

    @routes.get("/letters/<int:count>")
    @guarded_by(Guard.CONTEXT)
    def letters(count: int) -> Response:
        return Response('"' + "x" * (count - 2) + '"', content_type="application/json")

    @routes.route("/who", methods=["GET", "POST", "PUT", "DELETE"])
    @guarded_by(Guard.CONTEXT)
    def who() -> tuple[Response, int]:
        return jsonify(account=current_actor().account_id, header=request.headers.get("If-None-Match")), 201

    @routes.get("/trouble/<kind>")
    @guarded_by(Guard.CONTEXT)
    def trouble(kind: str) -> Response:
        raise TROUBLE[kind]

    return routes


@pytest.fixture
def both(monkeypatch: pytest.MonkeyPatch) -> ConnectWorld:
    """The two doors to the same routes; Forge's takes the tokens of Connect, so that answers alone differ."""
    monkeypatch.setattr(guards, "guard_at", lambda _rule, view: guards.guard_of(view))
    routes = odd_routes()
    world = make_world(blueprints=[routes])
    mount_api(world.app, [routes], SERVER)
    return world


def ask(world: ConnectWorld, path: str, method: str = "GET", *, token: str | None = None) -> Any:
    authorization = f"JWT {world.context() if token is None else token}"
    return world.client.open(path, method=method, headers={"Authorization": authorization, "If-None-Match": '"t"'})


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_the_same_view_answers(both: ConnectWorld, method: str) -> None:
    first, second = ask(both, "/api/v1/who", method), ask(both, "/forge/api/v1/who", method)
    assert (second.status_code, second.json) == (201, {"account": ALICE, "header": '"t"'})
    assert second.json == first.json
    assert dict(second.headers) == {**first.headers, "Lockpoint-Server": SERVER}


def test_refusals_name_our_server_too(both: ConnectWorld) -> None:
    """A screen links to the privacy page and the guides, and its frame does not know where they are."""
    for path, token in (("/who", "nonsense"), ("/nowhere", None), ("/trouble/500", None)):
        assert ask(both, f"/forge/api/v1{path}", token=token).headers["Lockpoint-Server"] == SERVER


def test_unchanged_is_a_body_and_keeps_its_tag(both: ConnectWorld) -> None:
    answer = ask(both, "/forge/api/v1/unchanged")
    assert (answer.status_code, answer.json, answer.headers["ETag"]) == (200, {"unchanged": True}, 'W/"t"')
    assert ask(both, "/api/v1/unchanged").status_code == 304


@pytest.mark.parametrize("path", ["/who", "/unchanged", "/file", "/trouble/500"])
def test_a_refused_token_is_403_with_its_code(both: ConnectWorld, path: str) -> None:
    """Forge keeps 401 from the screen, which then could only say that nothing answers."""
    answer = ask(both, f"/forge/api/v1{path}", token="nonsense")
    assert (answer.status_code, answer.json["error"]) == (403, "unauthorized")
    assert ask(both, f"/api/v1{path}", token="nonsense").status_code == 401


def test_a_file_is_text_with_its_name(both: ConnectWorld) -> None:
    answer = ask(both, "/forge/api/v1/file")
    assert (answer.mimetype, answer.json) == (
        "application/json",
        {"csv": PLAIN, "name": "lockpoint-audit.csv", "next": None},
    )
    assert "Content-Disposition" not in answer.headers
    plain = ask(both, "/api/v1/file")
    assert (plain.mimetype, plain.text) == (CSV, PLAIN)


@pytest.mark.parametrize(("more", "status"), [(0, 200), (1, 413)])
def test_more_than_forge_carries_is_refused_with_words(both: ConnectWorld, more: int, status: int) -> None:
    answer = ask(both, f"/forge/api/v1/letters/{LARGEST_ANSWER + more}")
    assert answer.status_code == status
    assert ask(both, f"/api/v1/letters/{LARGEST_ANSWER + more}").status_code == 200
    if more:
        assert answer.json["error"] == "too_large"
        assert "5 MB" in answer.json["message"]


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [
        ("/trouble/415", "GET", 415),
        ("/trouble/422", "GET", 422),
        ("/trouble/500", "GET", 500),
        ("/trouble/503", "GET", 503),
        ("/who", "PATCH", 405),
        ("/who/", "GET", 404),
        ("//who", "GET", 404),
        ("/nowhere", "GET", 404),
    ],
)
def test_a_refusal_is_json_and_never_a_redirect(both: ConnectWorld, path: str, method: str, status: int) -> None:
    """Forge follows no redirect and reports a refusal that is not JSON as a breakdown."""
    answer = ask(both, f"/forge/api/v1{path}", method)
    assert (answer.status_code, answer.mimetype) == (status, "application/json")
    assert set(answer.json) >= {"error", "message"}
    assert "Location" not in answer.headers
