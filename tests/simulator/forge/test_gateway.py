"""Forge's gateway: whose token reaches which site, and as whom."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from simulator.world import seed
from tests.simulator.conftest import Sim

APP = "ari:cloud:ecosystem::app/00000000-0000-4000-8000-000000000000"
SCOPES = ["read:attachment:confluence", "read:app-data:confluence", "write:app-data:confluence"]


@pytest.fixture
def forge(sim: Sim) -> Sim:
    for site in ("acme", "globex"):
        sim.control("/forge/install", {"site": site, "appId": APP, "remoteUrl": sim.app.base_url})
    return sim


def token(forge: Sim, kind: str, site: str = "acme", **more: Any) -> str:
    return str(forge.control("/forge/token", {"site": site, "kind": kind, **more})["token"])


def ask(forge: Sim, bearer: str, path: str, site: str = "acme", method: str = "GET", **more: Any) -> requests.Response:
    cloud = forge.world.sites[site].cloud_id
    url = f"{forge.running.control_url}/ex/confluence/{cloud}/wiki{path}"
    return forge.session.request(method, url, headers={"Authorization": f"Bearer {bearer}"}, **more)


def test_the_app_and_people_are_told_apart(forge: Sim) -> None:
    app = ask(forge, token(forge, "system"), "/rest/api/user/current").json()
    alice = ask(forge, token(forge, "user", account="alice"), "/rest/api/user/current").json()
    assert (app["accountType"], alice["accountId"]) == ("app", seed.ALICE)


def test_a_token_of_another_site_is_refused(forge: Sim) -> None:
    assert ask(forge, token(forge, "system", "globex"), "/rest/api/user/current").status_code == 401


def test_a_site_s_own_address_takes_no_token_of_forge(forge: Sim) -> None:
    answer = forge.with_token(f"Bearer {token(forge, 'system')}", "GET", "/rest/api/user/current")
    assert answer.status_code == 401


def test_the_same_token_comes_again_until_half_its_life_is_over(forge: Sim) -> None:
    first = token(forge, "system")
    assert token(forge, "system") == first
    forge.control("/clock", {"advanceSeconds": 2 * 3600 + 1, "tokens": True})
    assert token(forge, "system") != first
    assert ask(forge, first, "/rest/api/user/current").status_code == 200


def test_app_properties_are_for_the_app_itself(forge: Sim) -> None:
    app, alice = token(forge, "system"), token(forge, "user", account="alice")
    path = "/api/v2/app/properties/lockpointsite"
    assert ask(forge, app, path, method="PUT", json={"a": 1}).status_code == 201
    assert ask(forge, app, path).json()["value"] == {"a": 1}
    assert ask(forge, alice, path).status_code == 403
    assert ask(forge, token(forge, "system", "globex"), path, "globex").status_code == 404


def test_connects_operations_are_not_there(forge: Sim) -> None:
    assert ask(forge, token(forge, "system"), "/rest/atlassian-connect/1/addons/x").status_code == 404


@pytest.mark.usefixtures("specs")
def test_scopes_are_checked_by_atlassian_s_documents(forge: Sim) -> None:
    forge.control("/forge/install", {"appId": APP, "remoteUrl": forge.app.base_url, "scopes": SCOPES})
    bearer = token(forge, "system")
    assert ask(forge, bearer, f"/api/v2/attachments/{seed.BUDGET_ID}").status_code == 200
    refused = ask(forge, bearer, f"/api/v2/pages/{seed.PAGE_ID}")
    assert (refused.status_code, "scope does not match" in refused.text) == (401, True)


def impersonate(forge: Sim, bearer: str, account: str, site: str = "acme") -> requests.Response:
    context = f"ari:cloud:confluence::site/{forge.world.sites[site].cloud_id}"
    body = {
        "query": "mutation m($input: OfflineUserAuthTokenInput!) { offlineUserAuthToken(input: $input) { success } }",
        "variables": {"input": {"contextIds": [context], "userId": account}},
    }
    url = f"{forge.running.control_url}/graphql"
    return forge.session.post(url, json=body, headers={"Authorization": f"Bearer {bearer}"})


def test_the_app_s_token_buys_a_person_s(forge: Sim) -> None:
    answer = impersonate(forge, token(forge, "system"), seed.BOB).json()["data"]["offlineUserAuthToken"]
    bob = ask(forge, answer["authToken"]["token"], "/rest/api/user/current").json()
    assert (answer["success"], bob["accountId"]) == (True, seed.BOB)


@pytest.mark.usefixtures("specs")
def test_a_bought_token_has_the_manifest_s_impersonated_scopes_alone(forge: Sim) -> None:
    """A screen's token has all."""
    answer = impersonate(forge, token(forge, "system"), seed.ALICE).json()["data"]["offlineUserAuthToken"]
    bought, brought = answer["authToken"]["token"], token(forge, "user", account="alice")
    assert ask(forge, bought, f"/api/v2/pages/{seed.PAGE_ID}").status_code == 200
    groups = "/rest/api/group/picker?query=a"
    refused = ask(forge, bought, groups)
    assert (refused.status_code, "scope does not match" in refused.text) == (401, True)
    assert ask(forge, brought, groups).status_code == 200
    with forge.world.lock:
        (installation,) = forge.world.sites["acme"].forge.values()
        installation.app.scopes = frozenset(SCOPES)
    assert ask(forge, bought, f"/api/v2/pages/{seed.PAGE_ID}").status_code == 401


def test_nobody_else_is_impersonated(forge: Sim) -> None:
    """Not a person of another site, not by a person's token, not on another site, and not too often."""
    system = token(forge, "system")
    for bearer, account, site in (
        (system, seed.GINA, "acme"),
        (token(forge, "user", account="alice"), seed.BOB, "acme"),
        (system, seed.GINA, "globex"),
    ):
        assert not impersonate(forge, bearer, account, site).json()["data"]["offlineUserAuthToken"]["success"]
    forge.control("/forge/outage", {"perMinute": 0})
    assert impersonate(forge, system, seed.BOB).status_code == 429


def test_an_uninstalled_app_s_tokens_are_dead(forge: Sim) -> None:
    bearer = token(forge, "system")
    forge.control("/forge/uninstall", {"site": "acme"})
    assert ask(forge, bearer, "/rest/api/user/current").status_code == 401
    assert [call.path for call in forge.app.received][-1] == "/forge/goodbye"


def test_reports_go_to_the_gateway(forge: Sim) -> None:
    forge.world.sites["acme"].people[seed.BOB].status = "closed"
    body = {"accounts": [{"accountId": seed.BOB, "updatedAt": "2026-01-01T00:00:00.000Z"}]}
    url = f"{forge.running.control_url}/app/report-accounts/"
    for kind, status in (("system", 200), ("user", 403)):
        bearer = token(forge, kind, account="alice")
        answer = forge.session.post(url, json=body, headers={"Authorization": f"Bearer {bearer}"})
        assert answer.status_code == status
