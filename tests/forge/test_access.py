"""Calls to Atlassian's API outside Confluence's client: what is sent, and what odd answers mean."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests

from lockpoint.forge.access import AppTokenRefusedError, AtlassianApi, AtlassianUnavailableError
from tests.confluence.oddhost import answer, drop, late, odd_host, redirect
from tests.fakes.world import ALICE

CLOUD = "d0d52620-3203-4cfa-8db5-f2587155f0dd"
SECRET = "a-token-never-to-be-told"


def api(url: str = "") -> AtlassianApi:
    return AtlassianApi(url, requests.Session, (1.0, 1.0))


def granted(**changes: Any) -> dict[str, Any]:
    outcome = {"success": True, "errors": [], "authToken": {"token": "of-alice", "ttl": 3600}, **changes}
    return {"data": {"offlineUserAuthToken": outcome}}


def test_the_owner_is_asked_of_the_site_with_the_token() -> None:
    with odd_host(answer(200, {"accountId": ALICE})) as host:
        assert api().owner(host.base, SECRET) == ALICE
    (asked,) = host.requests
    assert (asked.method, asked.target) == ("GET", "/wiki/rest/api/user/current")
    assert asked.headers["Authorization"] == f"Bearer {SECRET}"


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_refused_token_has_no_owner(status: int) -> None:
    with odd_host(answer(status)) as host:
        assert api().owner(host.base, SECRET) is None


@pytest.mark.parametrize("body", [{}, {"accountId": 7}, {"accountId": None}], ids=str)
def test_an_answer_without_an_account_names_nobody(body: object) -> None:
    with odd_host(answer(200, body)) as host:
        assert api().owner(host.base, SECRET) is None


def test_a_person_s_token_is_bought_with_the_app_s() -> None:
    with odd_host(answer(200, granted())) as host:
        assert api(host.origin).impersonate(CLOUD, SECRET, ALICE) == ("of-alice", 3600.0)
    (asked,) = host.requests
    assert (asked.method, asked.target) == ("POST", "/graphql")
    body = json.loads(asked.body)
    context = f"ari:cloud:confluence::site/{CLOUD}"
    assert body["variables"] == {"input": {"contextIds": [context], "userId": ALICE}}
    assert ALICE not in body["query"], "ids travel as variables"


@pytest.mark.parametrize(
    "step", [answer(200, granted(success=False)), answer(403), answer(404)], ids=["no", "403", "404"]
)
def test_a_person_may_be_refused(step: Any) -> None:
    with odd_host(step) as host:
        assert api(host.origin).impersonate(CLOUD, SECRET, ALICE) is None


def test_the_app_s_token_may_be_refused() -> None:
    with odd_host(answer(401)) as host, pytest.raises(AppTokenRefusedError):
        api(host.origin).impersonate(CLOUD, SECRET, ALICE)


TROUBLES: dict[str, Any] = {
    "down": answer(503),
    "too many": answer(429, Retry_After="60"),
    "dropped": drop,
    "slow": late(2, answer(200, granted())),
    "redirected": redirect("{origin}/elsewhere"),
    "no JSON": answer(200, b"<html>"),
    "a list": answer(200, []),
    "no data": answer(200, {"errors": [{"message": "x"}]}),
    "nothing": answer(200, {"data": {"offlineUserAuthToken": None}}),
    "no token": answer(200, granted(authToken=None)),
    "an empty token": answer(200, granted(authToken={"token": "", "ttl": 1})),
    "a token of two lines": answer(200, granted(authToken={"token": "a\r\nb", "ttl": 1})),
    "no life": answer(200, granted(authToken={"token": "x"})),
    "a life that is true": answer(200, granted(authToken={"token": "x", "ttl": True})),
}


@pytest.mark.parametrize("case", TROUBLES, ids=str)
def test_trouble_is_neither_yes_nor_no_and_tells_nothing(case: str) -> None:
    """The message names no person, address or token."""
    with odd_host(TROUBLES[case]) as host, pytest.raises(AtlassianUnavailableError) as caught:
        api(host.origin).impersonate(CLOUD, SECRET, ALICE)
    assert not any(word in str(caught.value) for word in (SECRET, ALICE, CLOUD, "127.0.0.1", "localhost"))
    assert caught.value.__cause__ is None
