"""Uploads and other calls of a Forge screen to Confluence, as `@forge/bridge` packs them."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
import requests

from simulator.world.seed import BOB, BUDGET_ID, PAGE_ID
from tests.simulator.conftest import Sim

APP = "ari:cloud:ecosystem::app/00000000-0000-4000-8000-000000000000"
DATA = f"/wiki/rest/api/content/{PAGE_ID}/child/attachment/att{BUDGET_ID}/data"


@pytest.fixture
def forge(sim: Sim) -> Sim:
    sim.control("/forge/install", {"site": "acme", "appId": APP, "remoteUrl": sim.app.base_url, "announce": False})
    return sim


def packed(content: bytes, name: str = "budget.xlsx") -> str:
    """Return the body of a form as the bridge sends it: a data address beside the file's name and type."""
    file = "data:text/plain;base64," + base64.b64encode(content).decode()
    return json.dumps({"file": file, "__fileName": name, "__fileType": "text/plain", "comment": "by screen"})


def call(sim: Sim, path: str, body: str | None = None, who: str | None = "bob") -> requests.Response:
    headers = [["content-type", "text/plain;charset=UTF-8"], ["x-atlassian-token", "no-check"]]
    init = {"method": "GET" if body is None else "POST", "headers": headers, "body": body}
    asked = {"product": "confluence", "restPath": path, "fetchRequestInit": init, "isMultipartFormData": bool(body)}
    session = {} if who is None else {"X-Sim-Account": who}
    return sim.session.post(f"{sim.acme.origin}/_sim/forge/product", json=asked, headers=session)


def versions(sim: Sim) -> list[dict[str, Any]]:
    state = sim.control("/state")["sites"]["acme"]["attachments"]
    found: list[dict[str, Any]] = next(one for one in state if one["id"] == f"att{BUDGET_ID}")["versions"]
    return found


def test_an_upload_is_the_persons_own(forge: Sim) -> None:
    """P-21: the new version has Bob as its author and the file's own bytes."""
    answer = call(forge, DATA, packed(b"from the screen")).json()
    assert (answer["status"], json.loads(answer["body"])["version"]["number"]) == (200, 4)
    head = versions(forge)[0]
    assert (head["authorId"], head["message"], head["title"]) == (BOB, "by screen", "budget.xlsx")
    assert forge.session.get(forge.acme.origin + head["downloadUrl"], headers={"X-Sim-Account": "bob"}).content == (
        b"from the screen"
    )


def test_confluence_decides_what_the_person_may(forge: Sim) -> None:
    """Charlie may only view; the refusal reaches the screen as Confluence's answer."""
    answer = call(forge, DATA, packed(b"x"), who="charlie").json()
    assert answer["status"] == 403
    assert versions(forge)[0]["number"] == 3


@pytest.mark.parametrize(("path", "who", "status"), [("/_sim/state", "bob", 400), (DATA, None, 403)])
def test_only_people_reach_only_confluence(forge: Sim, path: str, who: str | None, status: int) -> None:
    assert call(forge, path, packed(b"x"), who=who).status_code == status


def test_what_is_read_comes_as_text(forge: Sim) -> None:
    answer = call(forge, f"/wiki/api/v2/attachments/att{BUDGET_ID}").json()
    assert answer["status"] == 200
    assert json.loads(answer["body"])["title"] == "budget.xlsx"
    assert answer["headers"]["content-type"] == "application/json"


def test_the_app_must_be_installed(sim: Sim) -> None:
    assert call(sim, DATA, packed(b"x")).status_code == 404
