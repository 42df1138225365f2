"""App tokens, impersonation, people, scopes."""

from __future__ import annotations

import time
from typing import Any

import jwt
import pytest
from atlassian_jwt import encode_token
from atlassian_jwt.url_utils import hash_url

from simulator.model import tokens
from simulator.world import seed
from tests.simulator.conftest import Sim

BUDGET = f"/api/v2/attachments/att{seed.BUDGET_ID}"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def _secret(sim: Sim, site: str = "acme") -> str:
    secret: str = sim.world.sites[site].installations["test-app"].shared_secret
    return secret


def _claims(path: str, method: str = "GET", **changes: Any) -> dict[str, Any]:
    now = int(time.time())
    claims = {"iss": "test-app", "iat": now, "exp": now + 180, "qsh": hash_url(method, path)}
    return {name: value for name, value in {**claims, **changes}.items() if value is not None}


@pytest.mark.parametrize(
    "url",
    [
        "/path/to/service?zee_last=param&repeated=parameter 1&first=param&repeated=parameter 2",
        "/path?a=1&A=2&b=3&B=4",
        "/",
        "/some/path/?param=value",
        "/p?q=a+b",
        "/p?q=*~!'()",
        "/p?q=b&q=a",
        "/p?q=",
        "/a&b?x=1",
        "/p?file=r%C3%A9sum%C3%A9%20v2.pdf",
    ],
)
def test_query_string_hash_equals_that_of_the_published_package(url: str) -> None:
    """Atlassian's Python package."""
    assert tokens.qsh("GET", url) == hash_url("GET", url)


def test_a_token_of_the_published_package_is_accepted(installed: Sim) -> None:
    """The app key is the issuer; the caller is the app user."""
    signed = encode_token("GET", BUDGET, "test-app", _secret(installed), timeout_secs=180)
    assert installed.with_token(f"JWT {signed}", "GET", BUDGET).status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"qsh": tokens.CONTEXT_QSH},
        {"qsh": None},
        {"qsh": hash_url("GET", BUDGET + "?version=1")},
        {"exp": -60},
        {"exp": None},
        {"iat": 600},
        {"iss": "other-app"},
        {"iss": None},
    ],
)
def test_a_token_with_wrong_claims_is_refused(installed: Sim, changes: dict[str, Any]) -> None:
    """Hash, times and issuer; numbers are seconds from now."""
    now = int(time.time())
    wrong = {name: now + value if isinstance(value, int) else value for name, value in changes.items()}
    signed = tokens.sign(_claims(BUDGET, **wrong), _secret(installed))
    assert installed.with_token(f"JWT {signed}", "GET", BUDGET).status_code == 401


def test_a_token_is_good_on_its_own_site_only(installed: Sim) -> None:
    installed.install("globex")
    assert _secret(installed) != _secret(installed, "globex")
    signed = tokens.sign(_claims(BUDGET), _secret(installed))
    assert installed.with_token(f"JWT {signed}", "GET", BUDGET, "globex").status_code == 401


def test_without_credentials_or_with_unknown_ones_nothing_is_open(installed: Sim) -> None:
    for value in ("Basic YTpi", "JWT garbage", "JWT", "Bearer nothing"):
        assert installed.with_token(value, "GET", BUDGET).status_code == 401
    assert installed.session.get(installed.acme.base_url + BUDGET).status_code == 401


def test_missing_scopes_are_403(installed: Sim) -> None:
    """WRITE does not imply DELETE; people have no scopes."""
    assert installed.as_app("DELETE", BUDGET).status_code == 403
    body = {"key": "k", "value": 1}
    assert installed.as_app("POST", f"{BUDGET}/properties", json=body).status_code == 200
    installed.app.scopes = ["READ"]
    installed.install()
    assert installed.as_app("POST", f"{BUDGET}/properties", json={**body, "key": "l"}).status_code == 403
    assert installed.as_person("alice", "POST", f"{BUDGET}/properties", json={**body, "key": "l"}).status_code == 200


def _assertion(sim: Sim, account: str = seed.BOB, secret: str | None = None, **changes: Any) -> str:
    now = int(time.time())
    installation = sim.acme.installations["test-app"]
    claims = {
        "iss": f"urn:atlassian:connect:clientid:{installation.oauth_client_id}",
        "sub": f"urn:atlassian:connect:useraccountid:{account}",
        "tnt": sim.acme.base_url,
        "aud": sim.running.oauth_url,
        "iat": now,
        "exp": now + 60,
    }
    return jwt.encode({**claims, **changes}, secret or installation.shared_secret, algorithm="HS256")


def _grant(sim: Sim, assertion: str, **form: str) -> Any:
    data = {"grant_type": GRANT, "assertion": assertion, **form}
    return sim.session.post(f"{sim.running.oauth_url}/oauth2/token", data=data)


def test_an_impersonation_token_acts_as_the_person_with_the_persons_permissions(installed: Sim) -> None:
    answer = _grant(installed, _assertion(installed)).json()
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 900)
    bearer = f"Bearer {answer['access_token']}"
    made = installed.with_token(bearer, "POST", f"{BUDGET}/properties", json={"key": "k", "value": 1})
    assert made.json()["version"]["authorId"] == seed.BOB
    private = f"/api/v2/attachments/att{seed.PRIVATE_FILE_ID}"
    assert installed.with_token(bearer, "GET", private).status_code == 404
    assert installed.with_token(bearer, "GET", BUDGET, "globex").status_code == 401


def test_a_token_ends_with_its_time_its_person_and_its_installation(installed: Sim) -> None:
    bearer = f"Bearer {_grant(installed, _assertion(installed)).json()['access_token']}"
    installed.control("/clock", {"advanceSeconds": 901, "tokens": True})
    assert installed.with_token(bearer, "GET", BUDGET).status_code == 401
    installed.control("/clock", {"offsetSeconds": 0, "tokens": False})
    assert installed.with_token(bearer, "GET", BUDGET).status_code == 200
    installed.control("/sites/acme/person", {"account": "bob", "status": "inactive"})
    assert installed.with_token(bearer, "GET", BUDGET).status_code == 401
    assert _grant(installed, _assertion(installed)).status_code == 400
    bearer = f"Bearer {_grant(installed, _assertion(installed, seed.ALICE)).json()['access_token']}"
    installed.control("/sites/acme/uninstall", {})
    assert installed.with_token(bearer, "GET", BUDGET).status_code == 401


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"aud": "https://elsewhere.example"}, "invalid_grant"),
        ({"tnt": "https://elsewhere.example/wiki"}, "invalid_grant"),
        ({"exp": int(time.time()) + 3600}, "invalid_grant"),
        ({"exp": int(time.time()) - 60}, "invalid_grant"),
        ({"sub": seed.BOB}, "invalid_grant"),
        ({"sub": f"urn:atlassian:connect:useraccountid:{seed.GINA}"}, "invalid_grant"),
        ({"iss": "urn:atlassian:connect:clientid:nobody"}, "invalid_client"),
    ],
)
def test_bad_assertions_are_refused(installed: Sim, changes: dict[str, Any], error: str) -> None:
    """Audience, tenant, life time, person and client."""
    answer = _grant(installed, _assertion(installed, **changes))
    assert (answer.status_code, answer.json()["error"]) == (400, error)


def test_scopes_of_a_token_can_be_narrowed_but_not_widened(installed: Sim) -> None:
    bearer = f"Bearer {_grant(installed, _assertion(installed), scope='READ').json()['access_token']}"
    assert installed.with_token(bearer, "GET", BUDGET).status_code == 200
    written = installed.with_token(bearer, "POST", f"{BUDGET}/properties", json={"key": "k", "value": 1})
    assert written.status_code == 403
    assert _grant(installed, _assertion(installed), scope="DELETE").json()["error"] == "invalid_scope"
    assert _grant(installed, _assertion(installed, secret="x" * 40)).json()["error"] == "invalid_grant"


def test_an_app_without_act_as_user_gets_no_token(installed: Sim) -> None:
    """The descriptor's scope decides."""
    installed.app.scopes = ["READ", "WRITE"]
    installed.install()
    assert _grant(installed, _assertion(installed)).json()["error"] == "unauthorized_client"


@pytest.mark.parametrize(("scopes", "status"), [(["READ", "WRITE"], 200), (["READ"], 403)])
def test_a_frame_asks_as_the_person_within_the_apps_scopes(sim: Sim, scopes: list[str], status: int) -> None:
    """AP.request names the app; the person's own rights do not widen its scopes."""
    sim.app.scopes = scopes
    sim.install()
    path = f"/rest/api/content/{seed.PAGE_ID}/child/attachment/att{seed.BUDGET_ID}/data"
    headers = {"AP-Client-Key": "test-app", "X-Atlassian-Token": "no-check"}
    assert sim.as_person("bob", "POST", path, files={"file": ("a", b"a")}, headers=headers).status_code == status


def test_an_app_that_is_not_installed_asks_for_nobody(sim: Sim) -> None:
    path = f"/api/v2/attachments/att{seed.BUDGET_ID}"
    assert sim.as_person("bob", "GET", path, headers={"AP-Client-Key": "test-app"}).status_code == 403
