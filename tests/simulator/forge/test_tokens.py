"""Invocation tokens and their keys, read by PyJWT as a remote would."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import jwt
import pytest

from simulator.model.clock import SharedTime
from simulator.world import seed
from tests.simulator.conftest import Sim

APP = "ari:cloud:ecosystem::app/00000000-0000-4000-8000-000000000000"


@pytest.fixture
def forge(sim: Sim) -> Sim:
    sim.control("/forge/install", {"appId": APP, "remoteUrl": sim.app.base_url})
    return sim


def test_moved_time_brings_the_tick_that_would_have_come(
    forge: Sim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a token that is still good then."""
    monkeypatch.setattr(forge.running.world.clock, "shared", SharedTime(tmp_path / "clock"))
    forge.app.received.clear()
    forge.control("/time", {"advanceSeconds": 86_400})
    (tick,) = [call for call in forge.app.received if call.path == "/forge/tick"]
    assert tick.claims["exp"] > time.time() + 86_400


def key_set(forge: Sim) -> dict[str, Any]:
    answer = forge.session.get(f"{forge.running.control_url}/.well-known/jwks.json")
    assert answer.ok
    return {entry["kid"]: jwt.PyJWK(entry, algorithm="RS256").key for entry in answer.json()["keys"]}


def read(forge: Sim, token: str) -> dict[str, Any]:
    key = key_set(forge)[jwt.get_unverified_header(token)["kid"]]
    claims: dict[str, Any] = jwt.decode(token, key, ["RS256"], audience=APP, issuer="forge/invocation-token")
    return claims


def token(forge: Sim, **options: Any) -> str:
    return str(forge.control("/forge/token", {"module": "ep-tick", **options})["token"])


def test_an_event_s_token_names_site_and_app_but_no_person(forge: Sim) -> None:
    claims = read(forge, token(forge))
    cloud = forge.world.sites["acme"].cloud_id
    assert claims["app"]["apiBaseUrl"] == f"{forge.running.control_url}/ex/confluence/{cloud}"
    assert claims["app"]["module"] == {"type": "core:endpoint", "key": "ep-tick"}
    assert "principal" not in claims
    assert "context" not in claims


def test_a_screen_s_token_names_the_person_and_where_they_are(forge: Sim) -> None:
    extension = {"type": "confluence:contentBylineItem", "content": {"id": "98311"}}
    claims = read(forge, token(forge, module="byline", account="alice", extension=extension))
    assert claims["principal"] == seed.ALICE
    assert claims["context"]["extension"] == extension


def test_key_ids_have_slashes_and_rotate(forge: Sim) -> None:
    before = token(forge)
    forge.control("/forge/keys", {"rotate": True, "keepOld": True})
    assert "/" in jwt.get_unverified_header(before)["kid"]
    assert read(forge, before)["aud"] == read(forge, token(forge))["aud"] == APP
    forge.control("/forge/keys", {"rotate": True})
    assert jwt.get_unverified_header(before)["kid"] not in key_set(forge)


@pytest.mark.parametrize(
    "spoiling", [{"otherKey": True}, {"algorithm": "none"}, {"algorithm": "HS256"}, {"claims": {"exp": 1}}], ids=str
)
def test_spoilt_tokens_are_spoilt(forge: Sim, spoiling: dict[str, Any]) -> None:
    with pytest.raises(jwt.InvalidTokenError):
        read(forge, token(forge, **spoiling))


def test_the_key_host_can_be_down_or_nonsense(forge: Sim) -> None:
    for trouble, status in (("down", 503), ("nonsense", 200)):
        forge.control("/forge/keys", {"trouble": trouble})
        answer = forge.session.get(f"{forge.running.control_url}/.well-known/jwks.json")
        assert (answer.status_code, "keys" in answer.text) == (status, False)
