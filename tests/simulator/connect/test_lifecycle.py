from __future__ import annotations

import jwt
import pytest
from atlassian_jwt.url_utils import hash_url

from simulator.world import seed
from tests.simulator.conftest import Received, Sim

BUDGET = f"/api/v2/attachments/att{seed.BUDGET_ID}"


def test_install_is_signed_with_a_published_key_and_followed_by_enabled(sim: Sim) -> None:
    """RS256; iss is the clientKey, aud the app's base URL."""
    answer = sim.install()
    assert (answer["installed"], answer["appStatus"], answer["enabledStatus"]) == (True, 204, 204)
    installed, enabled = sim.app.received
    token = installed.authorization.partition(" ")[2]
    header = jwt.get_unverified_header(token)
    public = sim.session.get(f"{sim.running.install_keys_url}/{header['kid']}").text
    claims = jwt.decode(token, public, algorithms=["RS256"], audience=sim.app.base_url)
    assert claims["iss"] == installed.body["clientKey"] == answer["clientKey"]
    assert claims["qsh"] == hash_url("POST", "/connect/installed")
    assert installed.body["baseUrl"] == sim.acme.base_url
    assert installed.body["productType"] == "confluence"
    secret = installed.body["sharedSecret"]
    assert jwt.decode(enabled.authorization.partition(" ")[2], secret, algorithms=["HS256"])["iss"] == claims["iss"]
    assert "sharedSecret" not in enabled.body
    assert sim.session.get(f"{sim.running.install_keys_url}/unknown").status_code == 404


def test_an_app_that_refuses_is_not_installed(sim: Sim) -> None:
    """Any status but 200 and 204 fails the installation."""
    sim.app.answer = 401
    answer = sim.install()
    assert (answer["installed"], answer["appStatus"]) == (False, 401)
    assert sim.control_raw("/tokens", {"kind": "app", "path": BUDGET}).status_code == 404


def test_install_again_brings_a_new_secret_and_keeps_client_key_and_account(installed: Sim) -> None:
    """The old secret ends when the app accepts the new one, and stays when it refuses."""
    first = installed.acme.installations["test-app"]
    old_secret, key, account = first.shared_secret, first.client_key, first.account_id
    token = installed.control("/tokens", {"kind": "app", "path": BUDGET})["token"]
    installed.app.answer = 500
    assert not installed.control("/sites/acme/install", {})["installed"]
    assert installed.with_token(f"JWT {token}", "GET", BUDGET).status_code == 200
    installed.app.answer = 204
    assert installed.control("/sites/acme/install", {})["installed"]
    now = installed.acme.installations["test-app"]
    assert (now.client_key, now.account_id) == (key, account)
    assert now.shared_secret != old_secret
    assert installed.with_token(f"JWT {token}", "GET", BUDGET).status_code == 401


def test_the_app_may_call_back_while_it_is_being_installed(sim: Sim) -> None:
    """The simulator does not block."""
    codes: list[int] = []

    def call_back(call: Received) -> None:
        if call.path == "/connect/enabled":
            codes.append(sim.as_app("GET", BUDGET).status_code)

    sim.app.on_call = call_back
    sim.install()
    assert codes == [200]


def test_uninstall_is_signed_like_install_and_ends_all_access(installed: Sim) -> None:
    """Disabled is HS256, uninstalled RS256; it can be repeated."""
    assert installed.control("/sites/acme/uninstall", {}) == {"appStatus": 204, "disabledStatus": 204}
    last = installed.app.received[-1]
    header = jwt.get_unverified_header(last.authorization.partition(" ")[2])
    assert (last.path, header["alg"]) == ("/connect/uninstalled", "RS256")
    assert "sharedSecret" not in last.body
    assert installed.as_app("GET", BUDGET).status_code == 401
    assert installed.control("/sites/acme/uninstall", {}) == {"appStatus": 204, "disabledStatus": None}


def test_disabled_apps_are_shut_out_until_enabled(installed: Sim) -> None:
    installed.control("/sites/acme/disable", {})
    assert installed.as_app("GET", BUDGET).status_code == 401
    installed.upload("bob")
    installed.drain()
    assert installed.app.events() == []
    installed.control("/sites/acme/enable", {})
    assert installed.as_app("GET", BUDGET).status_code == 200


def test_a_renamed_site_keeps_its_client_key_and_redirects_from_the_old_host(installed: Sim) -> None:
    """The app gets installed with the new base URL."""
    before = installed.acme.base_url
    answer = installed.control("/sites/acme/rename-site", {})
    assert answer["baseUrl"] == before.replace("localhost", "127.0.0.1")
    payload = next(c.body for c in reversed(installed.app.received) if c.path == "/connect/installed")
    assert payload["baseUrl"] == answer["baseUrl"]
    old = installed.session.get(before + BUDGET, headers={"X-Sim-Account": "alice"}, allow_redirects=False)
    assert (old.status_code, old.headers["Location"]) == (302, answer["baseUrl"] + BUDGET)
    assert installed.as_app("GET", BUDGET).status_code == 200


def test_an_imported_site_has_a_new_client_key_under_the_old_address(installed: Sim) -> None:
    """The old key ends without uninstalled."""
    before = installed.acme.installations["test-app"]
    answer = installed.control("/sites/acme/import-site", {})
    assert answer["clientKey"] != before.client_key
    assert [c.path for c in installed.app.received].count("/connect/uninstalled") == 0
    payload = next(c.body for c in reversed(installed.app.received) if c.path == "/connect/installed")
    assert payload["baseUrl"] == installed.acme.base_url


def test_lifecycle_calls_can_be_forged_for_tests(sim: Sim) -> None:
    """Payload, claims, secret and key id of an install."""
    sim.install()
    sim.control("/install-keys", {"kid": "weak", "kind": "rsa1024"})
    forged = {"payload": {"clientKey": "other"}, "claims": {"iss": "evil"}, "kid": "weak", "secret": "s" * 40}
    sim.control("/sites/acme/install", forged)
    call = next(c for c in reversed(sim.app.received) if c.path == "/connect/installed")
    assert (call.body["clientKey"], call.claims["iss"], call.body["sharedSecret"]) == ("other", "evil", "s" * 40)
    assert jwt.get_unverified_header(call.authorization.partition(" ")[2])["kid"] == "weak"


@pytest.mark.parametrize("descriptor", [{"key": "a"}, {"key": "a", "name": "b", "baseUrl": "http://x"}])
def test_a_descriptor_without_the_needed_fields_is_refused(sim: Sim, descriptor: dict[str, str]) -> None:
    """Key, name, base URL and JWT authentication are needed."""
    assert sim.control_raw("/apps", {"descriptor": descriptor}).status_code == 400
    assert sim.control_raw("/apps", {"descriptorUrl": "http://127.0.0.1:9/none"}).status_code == 400


def test_both_sites_install_the_app_on_their_own(installed: Sim) -> None:
    installed.install("globex")
    one, two = (installed.world.sites[key].installations["test-app"] for key in ("acme", "globex"))
    assert one.client_key != two.client_key
    assert one.shared_secret != two.shared_secret
    assert one.account_id != two.account_id


def test_an_app_that_cannot_be_reached_is_not_installed(sim: Sim) -> None:
    """No answer is status 0."""
    descriptor = sim.app.descriptor() | {"baseUrl": "http://127.0.0.1:9"}
    sim.control("/apps", {"descriptor": descriptor})
    answer = sim.control("/sites/acme/install", {})
    assert (answer["installed"], answer["appStatus"]) == (False, 0)


def test_an_app_without_lifecycle_addresses_is_called_nowhere(sim: Sim) -> None:
    sim.control("/apps", {"descriptor": {**sim.app.descriptor(), "lifecycle": {}}})
    assert sim.control("/sites/acme/install", {})["appStatus"] is None
    assert sim.app.received == []


def test_a_key_of_another_kind_is_published_but_never_signed_with(sim: Sim) -> None:
    """The token names the elliptic-curve key but is RS256."""
    sim.install()
    pem = sim.control("/install-keys", {"kid": "curve", "kind": "ec"})["publicKey"]
    assert sim.session.get(f"{sim.running.install_keys_url}/curve").text == pem
    sim.control("/sites/acme/install", {"kid": "curve"})
    call = next(c for c in reversed(sim.app.received) if c.path == "/connect/installed")
    header = jwt.get_unverified_header(call.authorization.partition(" ")[2])
    assert (header["kid"], header["alg"]) == ("curve", "RS256")


def test_a_licence_is_told_at_install(installed: Sim) -> None:
    """Entitlement in the payload, lic in addresses."""
    installed.control("/sites/acme/licence", {"active": True})
    installed.control("/sites/acme/install", {})
    payload = next(c.body for c in reversed(installed.app.received) if c.path == "/connect/installed")
    assert payload["entitlementNumber"] == "E-1"
    assert "lic=active" in installed.control("/resolve?module_key=menu&account=alice")["url"]


def test_an_uninstalled_app_cannot_be_enabled(installed: Sim) -> None:
    """404 for an unknown app."""
    installed.control("/sites/acme/uninstall", {})
    assert installed.control_raw("/sites/acme/enable", {}).status_code == 409
    assert installed.control_raw("/sites/globex/enable", {}).status_code == 404
