"""Signed installs over HTTP: what strangers and captured tokens get."""

from __future__ import annotations

import time
from collections import Counter
from urllib.parse import quote

import jwt
import pytest
import requests

from lockpoint.connect import install_keys, qsh
from tests.fakes.connect import private_key
from tests.web.live_app import Json, LiveApp

INSTALLED = "/connect/installed"


def call(live: LiveApp, token: str, body: Json) -> requests.Response:
    return live.http.post(f"{live.url}{INSTALLED}", json=body, headers={"Authorization": f"JWT {token}"}, timeout=10)


def install_of(live: LiveApp, secret: str) -> Json:
    """An install of acme that is refused for its short secret, so that nothing happens."""
    site = live.running.world.sites["acme"]
    key = next(iter(site.installations.values())).client_key
    return {"key": "lockpoint", "clientKey": key, "productType": "confluence", "sharedSecret": secret, "baseUrl": "x"}


def invented(live: LiveApp, number: int) -> str:
    now = int(time.time())
    claims = {"iss": "x", "aud": [live.url], "iat": now, "exp": now + 60, "qsh": qsh.request_hash("POST", INSTALLED)}
    return jwt.encode(claims, private_key("stranger"), "RS256", headers={"kid": f"invented-{number}"})


def test_a_captured_token_registers_no_other_secret(live: LiveApp, other_site_untouched: None) -> None:
    """F30: it fits the body that it came with; whoever holds it cannot send another."""
    del other_site_untouched
    token = live.control("tokens", site="acme", kind="install", path=INSTALLED)["token"]
    first = install_of(live, "short")
    assert [call(live, token, first).status_code for _ in range(2)] == [422, 422]
    answer = call(live, token, install_of(live, "a secret of an attacker, which is long enough"))
    assert (answer.status_code, answer.json()["error"]) == (401, "unauthorized")
    assert live.call("alice", "GET", f"/pages/{live.page()}/attachments").ok


def test_invented_keys_do_not_stop_real_installs(live: LiveApp) -> None:
    """F31: 60 strangers' installs; without a turn they get 503, and installs with a known key go on."""
    answers = [call(live, invented(live, number), {}) for number in range(60)]
    came = Counter(answer.status_code for answer in answers)
    assert set(came) == {401, 503}
    assert came[401] <= install_keys.OF_ONE_CALLER + 3
    assert all(int(answer.headers["Retry-After"]) >= 1 for answer in answers if answer.status_code == 503)
    time.sleep(1)  # two tokens of one second are the same token
    assert live.control("sites/acme/install")["installed"]
    live.forget_tokens()


@pytest.mark.parametrize("order", [qsh.Order.USUAL, qsh.Order.NODE])
def test_a_frame_s_odd_parameters_may_come_in_two_orders(live: LiveApp, order: qsh.Order) -> None:
    path = f"/connect/page?{quote('中')}=1&a=2&%2C=3"
    hashed = qsh._digest(qsh.canonical_request("GET", path, order=order))
    token = live.control("tokens", site="acme", kind="surface", account="alice", path=path, claims={"qsh": hashed})
    assert live.http.get(f"{live.url}{path}&jwt={token['token']}", timeout=10).status_code == 200
