"""`invokeRemote` between a screen and the remote, as Forge documents it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import jwt
import pytest
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from simulator.forge import invocations
from simulator.world.seed import ALICE, PAGE_ID
from tests.simulator.conftest import Sim, _Quiet

APP = "ari:cloud:ecosystem::app/00000000-0000-4000-8000-000000000000"


@dataclass
class Remote:
    """A server of an app: records requests, answers `answer`."""

    url: str = ""
    answer: Response = field(default_factory=lambda: Response("{}", content_type="application/json"))
    delay: float = 0.0
    asked: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)

    def __call__(self, environ: Any, start_response: Any) -> Any:
        request = Request(environ)
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.asked.append((request.method, request.full_path.rstrip("?"), headers, request.get_data()))
        time.sleep(self.delay)
        return self.answer(environ, start_response)


@pytest.fixture
def remote(sim: Sim) -> Iterator[Remote]:
    """Installed on acme."""
    made = Remote()
    listener = make_server("127.0.0.1", 0, made, threaded=True, request_handler=_Quiet)
    made.url = f"http://127.0.0.1:{listener.server_port}"
    thread = threading.Thread(target=listener.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    sim.control("/forge/install", {"site": "acme", "appId": APP, "remoteUrl": made.url, "announce": False})
    yield made
    listener.shutdown()
    thread.join()
    listener.server_close()


def invoke(sim: Sim, person: str = "alice", module: str = "byline", **asked: Any) -> Any:
    body = {"contentId": str(PAGE_ID), "request": {"method": "GET", "path": "/forge/api/v1/me", **asked}}
    url = f"{sim.acme.origin}/_sim/forge/invoke/{module}"
    return sim.session.post(url, json=body, headers={"X-Sim-Account": person})


def test_a_call_brings_proof_of_person_place_and_app(sim: Sim, remote: Remote) -> None:
    answer = invoke(sim, method="POST", path="/forge/api/v1/x?y=1", headers={"If-None-Match": "t"}, body={"a": 1})
    assert answer.json()["answer"]["status"] == 200
    ((method, path, headers, body),) = remote.asked
    assert (method, path, body) == ("POST", "/forge/api/v1/x?y=1", b'{"a": 1}')
    assert (headers["if-none-match"], headers["content-type"]) == ("t", "application/json")
    claims = jwt.decode(headers["authorization"].removeprefix("Bearer "), options={"verify_signature": False})
    assert (claims["principal"], claims["aud"], claims["app"]["module"]["key"]) == (ALICE, APP, "ep-ui")
    assert claims["context"]["moduleKey"] == "byline"
    assert claims["context"]["extension"]["content"] == {"id": str(PAGE_ID), "type": "page"}
    assert {"x-forge-oauth-user", "x-forge-oauth-system", "x-b3-traceid"} <= headers.keys()


@pytest.mark.parametrize("name", ["Authorization", "authorization", "X-Forge-OAuth-System", "x-forge-oauth-user"])
def test_a_screen_cannot_send_the_platforms_headers(sim: Sim, remote: Remote, name: str) -> None:
    invoke(sim, headers={name: "invented"})
    assert "invented" not in remote.asked[0][2].values()


@pytest.mark.parametrize(
    ("status", "content", "kind"),
    [(200, '{"a": 1}', "application/json"), (409, '{"error": "e"}', "application/json"), (204, "", "text/plain")],
)
def test_json_answers_and_refusals_are_handed_over(
    sim: Sim, remote: Remote, status: int, content: str, kind: str
) -> None:
    remote.answer = Response(content, status=status, content_type=kind, headers={"ETag": "t"})
    found = invoke(sim).json()["answer"]
    assert (found["status"], found["headers"]["etag"]) == (status, ["t"])
    assert (found["body"] is None) == (content == "")


@pytest.mark.parametrize(
    ("status", "content", "kind", "words"),
    [
        (401, '{"error": "unauthorized"}', "application/json", "Invocation Token"),
        (304, "", "", "304"),
        (302, "", "text/html", "302"),
        (500, "<html>", "text/html", "text/html"),
        (403, "", "application/json", "not JSON"),
        (200, "a,b", "text/csv", "not JSON"),
    ],
)
def test_anything_else_is_a_breakdown(
    sim: Sim, remote: Remote, status: int, content: str, kind: str, words: str
) -> None:
    remote.answer = Response(content, status=status, content_type=kind, headers={"Location": "/elsewhere"})
    assert words in invoke(sim).json()["breakdown"]
    assert len(remote.asked) == 1


@pytest.mark.parametrize(("more", "broken"), [(0, False), (1, True)])
def test_sizes_are_limited(sim: Sim, remote: Remote, more: int, broken: bool) -> None:
    letters = "x" * (invocations.LARGEST_ANSWER + more - 2)
    remote.answer = Response(f'"{letters}"', content_type="application/json")
    assert ("breakdown" in invoke(sim).json()) == broken
    request = "x" * (invocations.LARGEST_REQUEST + more - 2)
    remote.answer = Response("{}", content_type="application/json")
    assert ("breakdown" in invoke(sim, method="POST", body=request).json()) == broken
    assert len(remote.asked) == 2 - broken


def test_a_remote_that_does_not_answer_is_a_breakdown(
    sim: Sim, remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After 25 seconds in reality."""
    assert invocations.SECONDS == 25
    monkeypatch.setattr(invocations, "SECONDS", 0.1)
    remote.delay = 1.0
    assert "did not answer" in invoke(sim).json()["breakdown"]


def test_only_people_of_the_site_invoke_and_only_modules_that_exist(sim: Sim, remote: Remote) -> None:
    assert invoke(sim, person="nobody").status_code == 403
    assert invoke(sim, module="nothing").status_code == 404
    assert invoke(sim, method="HEAD").status_code == 400
    assert invoke(sim, path="https://elsewhere.example").status_code == 400
    assert remote.asked == []
