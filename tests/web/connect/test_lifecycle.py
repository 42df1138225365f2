"""Install, rename, import and uninstall over HTTP with a real database."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
from sqlalchemy import text

from lockpoint.services.errors import Invalid, StorageUnavailable
from lockpoint.services.ports.tenancy import Installation
from lockpoint.services.tenancy import lifecycle
from lockpoint.services.tenancy.lifecycle import InstallRequest, allowed_base_url
from lockpoint.storage.engine import Database
from lockpoint.storage.jobs.enqueue import PostgresJobs
from lockpoint.storage.keyring import keyring
from lockpoint.storage.locks.witness import PostgresWitnesses
from lockpoint.storage.tenancy.installations import PostgresInstallations
from tests.fakes.connect import (
    ACME,
    ACME_SECRET,
    ACME_URL,
    ALLOWED,
    GLOBEX,
    ConnectServices,
    ConnectWorld,
    FakeTime,
    install_body,
    make_world,
)
from tests.fakes.tenancy import FakeInstallations

FRESH = "33333333-cccc-4ccc-8ccc-cccccccccccc"
FRESH_URL = "https://fresh.atlassian.net/wiki"
OTHER_SECRET = "a-fresh-secret-a-fresh-secret-a-fresh-secret"


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url.replace("postgresql://", "postgresql+psycopg://"), size=8)
    yield database
    database.close()


@pytest.fixture
def installations(database: Database) -> PostgresInstallations:
    return PostgresInstallations(database, keyring(["a root key of more than thirty-two characters"]))


@pytest.fixture
def world(database: Database, installations: PostgresInstallations) -> ConnectWorld:
    return make_world(installations=installations, witnesses=PostgresWitnesses(database), jobs=PostgresJobs(database))


@pytest.fixture(autouse=True)
def globex_is_untouched(request: pytest.FixtureRequest) -> Iterator[None]:
    if "world" not in request.fixturenames:
        yield
        return
    installations = request.getfixturevalue("world").installations
    before = installations.find(GLOBEX)
    assert before is not None
    yield
    assert installations.find(GLOBEX) == before


def post(world: ConnectWorld, event: str, body: dict[str, Any], **claims: Any) -> int:
    """A signed lifecycle call; the token's issuer is the body's client key by default."""
    target = f"/connect/{event}"
    token = world.signed(target, **{"iss": body["clientKey"], **claims})
    answer = world.client.post(target, json=body, headers={"Authorization": f"JWT {token}"})
    if answer.status_code == 204:
        assert answer.data == b""
    return answer.status_code


def switch(world: ConnectWorld, event: str, secret: str = ACME_SECRET, issuer: str = ACME) -> int:
    target = f"/connect/{event}"
    token = world.token("POST", target, secret, iss=issuer)
    return world.client.post(target, json={}, headers={"Authorization": f"JWT {token}"}).status_code


def install(world: ConnectWorld, site_key: str = ACME, **changes: Any) -> int:
    return post(world, "installed", install_body(site_key, **changes))


def stored(world: ConnectWorld, site_key: str = ACME) -> Installation:
    found: Installation | None = world.installations.find(site_key)
    assert found is not None
    return found


def events(database: Database, tenant_id: int) -> list[str]:
    statement = text("SELECT event FROM installation_event WHERE tenant_id = :tenant ORDER BY id")
    with database.single() as connection:
        return list(connection.execute(statement, {"tenant": tenant_id}).scalars())


def jobs(database: Database, tenant_id: int) -> list[str]:
    statement = text("SELECT task_name FROM procrastinate_jobs WHERE (args->>'tenant_id')::int = :tenant")
    with database.single() as connection:
        return sorted(connection.execute(statement, {"tenant": tenant_id}).scalars())


def api(world: ConnectWorld, secret: str = ACME_SECRET, issuer: str = ACME) -> int:
    headers = {"Authorization": f"JWT {world.context(secret, iss=issuer)}"}
    return world.client.get("/api/v1/things/1", headers=headers).status_code


def test_a_new_site(world: ConnectWorld, database: Database) -> None:
    """A tenant that can call at once, with its log entry and first jobs."""
    changes = {"baseUrl": FRESH_URL, "sharedSecret": OTHER_SECRET, "displayUrl": "https://wiki.fresh.io"}
    assert install(world, FRESH, **changes) == 204
    found = stored(world, FRESH)
    assert (found.tenant.base_url, found.tenant.display_url) == (FRESH_URL, "https://wiki.fresh.io")
    assert found.tenant.active
    assert found.tenant.oauth_client_id == "oauth-client"
    assert found.registration.secret == OTHER_SECRET
    assert found.registration.previous_secret is None
    assert events(database, found.tenant.id) == ["installed"]
    assert jobs(database, found.tenant.id) == ["rediscover", "self_test", "sweep"]
    assert api(world, OTHER_SECRET, FRESH) == 200


def test_secrets_are_sealed_in_the_table(world: ConnectWorld, database: Database) -> None:
    install(world, sharedSecret=OTHER_SECRET)
    with database.single() as connection:
        rows = repr(connection.execute(text("SELECT * FROM installation")).all())
    assert OTHER_SECRET not in rows
    assert ACME_SECRET not in rows


def test_a_new_secret(world: ConnectWorld, database: Database) -> None:
    """F30: the former secret stays valid for three minutes; the tenant id stays."""
    before = stored(world).tenant.id
    assert api(world) == 200
    assert install(world, sharedSecret=OTHER_SECRET) == 204
    found = stored(world)
    assert found.tenant.id == before
    assert (found.registration.secret, found.registration.previous_secret) == (OTHER_SECRET, ACME_SECRET)
    assert found.registration.secret_changed_at == world.time.now()
    assert events(database, before) == ["reinstalled", "secret_changed"]
    assert [api(world, OTHER_SECRET), api(world, ACME_SECRET)] == [200, 200]
    world.time.advance(181)
    assert [api(world, OTHER_SECRET), api(world, ACME_SECRET)] == [200, 401]


def test_the_same_secret_again_does_not_renew_the_former_one(world: ConnectWorld) -> None:
    """The three minutes of the former secret do not restart."""
    install(world, sharedSecret=OTHER_SECRET)
    changed = stored(world).registration.secret_changed_at
    world.time.advance(100)
    install(world, sharedSecret=OTHER_SECRET)
    found = stored(world).registration
    assert (found.previous_secret, found.secret_changed_at) == (ACME_SECRET, changed)
    world.time.advance(100)
    assert api(world) == 401


def test_a_renamed_site(world: ConnectWorld, database: Database) -> None:
    """F30: same client key, other base URL: the same tenant."""
    before = stored(world).tenant.id
    assert install(world, baseUrl="https://acme-new.atlassian.net/wiki/") == 204
    assert stored(world).tenant.id == before
    assert stored(world).tenant.base_url == "https://acme-new.atlassian.net/wiki"
    assert events(database, before) == ["reinstalled", "renamed"]


def test_an_imported_site(world: ConnectWorld, database: Database) -> None:
    """F30: a new client key at the same base URL is a new tenant; the former row stays, marked uninstalled."""
    former = stored(world).tenant.id
    assert api(world) == 200
    assert install(world, FRESH, sharedSecret=OTHER_SECRET) == 204
    assert stored(world, FRESH).tenant.id != former
    assert not stored(world).tenant.installed
    assert stored(world).registration.secret is None
    assert events(database, former) == ["superseded"]
    assert [api(world), api(world, OTHER_SECRET, FRESH)] == [401, 200]


def test_uninstalling(world: ConnectWorld, database: Database) -> None:
    """Erases the secrets, is logged once, ends every call; a repeat or an unknown site is 204."""
    body = {name: value for name, value in install_body().items() if name != "sharedSecret"}
    install(world, sharedSecret=OTHER_SECRET)
    assert [post(world, "uninstalled", body) for _ in range(2)] == [204, 204]
    found = stored(world)
    assert not found.tenant.installed
    assert (found.registration.secret, found.registration.previous_secret) == (None, None)
    assert events(database, found.tenant.id)[-2:] == ["secret_changed", "uninstalled"]
    assert [api(world), api(world, OTHER_SECRET)] == [401, 401]
    assert post(world, "uninstalled", {**body, "clientKey": FRESH}) == 204
    assert world.installations.find(FRESH) is None


def test_disabled_after_uninstalled(world: ConnectWorld, database: Database) -> None:
    """`disabled` after `uninstalled`, with a token or without: refused."""
    post(world, "uninstalled", install_body())
    before = stored(world)
    assert switch(world, "disabled") == 401
    assert world.client.post("/connect/disabled", json=install_body()).status_code == 401
    assert stored(world) == before
    assert events(database, before.tenant.id) == ["uninstalled"]


def test_coming_back(world: ConnectWorld, database: Database) -> None:
    """The same tenant, with the new secret only."""
    before = stored(world).tenant.id
    post(world, "uninstalled", install_body())
    assert install(world, sharedSecret=OTHER_SECRET) == 204
    found = stored(world)
    assert (found.tenant.id, found.tenant.active) == (before, True)
    assert found.registration.previous_secret is None
    assert events(database, before) == ["uninstalled", "reinstalled"]
    assert [api(world, OTHER_SECRET), api(world, ACME_SECRET)] == [200, 401]


def test_disabling_and_enabling(world: ConnectWorld, database: Database) -> None:
    """`enabled` queues rediscover and sweep; repeating is harmless."""
    assert [switch(world, "disabled"), switch(world, "disabled"), api(world)] == [204, 204, 403]
    assert jobs(database, stored(world).tenant.id) == []
    assert [switch(world, "enabled"), switch(world, "enabled"), api(world)] == [204, 204, 200]
    assert jobs(database, stored(world).tenant.id) == ["rediscover", "sweep"]


def test_an_install_enables(world: ConnectWorld) -> None:
    """`enabled` may be lost, so an install enables."""
    switch(world, "disabled")
    install(world)
    assert stored(world).tenant.active


def test_use_cases_pass_over_a_site_that_left(world: ConnectWorld) -> None:
    """`enabled` racing with `uninstalled` does not reinstall the site."""
    tenant = stored(world).tenant
    lifecycle.uninstall(world.services, ACME)
    lifecycle.enable(world.services, tenant)
    lifecycle.disable(world.services, tenant)
    assert not stored(world).tenant.installed


def test_concurrent_installs(world: ConnectWorld) -> None:
    """F30."""
    secrets = [f"{number}-secret-secret-secret-secret-secret" for number in range(8)]
    answers: list[int] = []

    def call(secret: str) -> None:
        answers.append(install(world, FRESH, baseUrl=FRESH_URL, sharedSecret=secret))

    threads = [threading.Thread(target=call, args=(secret,)) for secret in secrets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [204] * 8
    assert stored(world, FRESH).registration.secret in secrets


def test_two_sites_that_swap_names_do_not_block_each_other(world: ConnectWorld) -> None:
    """Installs that lock each other's base URLs in turn do not deadlock."""
    answers: list[int] = []

    def call(site_key: str, url: str) -> None:
        answers.extend(install(world, site_key, baseUrl=url) for _ in range(5))

    pairs = [(ACME, FRESH_URL), (FRESH, ACME_URL), (ACME, ACME_URL), (FRESH, FRESH_URL)]
    threads = [threading.Thread(target=call, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [204] * 20


@pytest.mark.parametrize(
    "changes",
    [
        {"baseUrl": None},
        {"baseUrl": "https://evil.example.com/wiki"},
        {"baseUrl": ["https://acme.atlassian.net/wiki"]},
        {"baseUrl": "https://acme.atlassian.net/wiki\u2028"},
        {"sharedSecret": None},
        {"sharedSecret": "short"},
        {"sharedSecret": 123456789012345678901234567890},
        {"sharedSecret": "x" * 2000},
        {"sharedSecret": "with\0nul-and-more-characters-to-be-long"},
        {"sharedSecret": '{"kty": "oct", "k": "c2VjcmV0c2VjcmV0"}'},
        {"sharedSecret": "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQ"},
        {"sharedSecret": "-----BEGIN PUBLIC KEY-----MIIBIjANBgkq-----END PUBLIC KEY-----"},
    ],
)
def test_a_signed_install_that_makes_no_sense(world: ConnectWorld, changes: dict[str, Any]) -> None:
    """F30: 422 names the field; nothing changes."""
    before = stored(world)
    target = "/connect/installed"
    answer = world.client.post(
        target, json=install_body(**changes), headers={"Authorization": f"JWT {world.signed(target)}"}
    )
    assert answer.status_code == 422
    assert answer.get_json()["error"] == "invalid_request"
    assert next(iter(changes)) in answer.get_json()["message"]
    assert stored(world) == before


@pytest.mark.parametrize(
    "changes",
    [
        {"displayUrl": "javascript:alert(1)"},
        {"displayUrl": "https://x y"},
        {"displayUrl": "https://[::1"},
        {"displayUrl": 5},
        {"oauthClientId": {"a": 1}},
        {"oauthClientId": "a\nb"},
    ],
)
def test_optional_fields_that_make_no_sense_are_left_out(world: ConnectWorld, changes: dict[str, Any]) -> None:
    """Custom domain and OAuth client id are optional."""
    assert install(world, **changes) == 204
    tenant = stored(world).tenant
    assert (tenant.display_url is None) if "displayUrl" in changes else (tenant.oauth_client_id is None)


def test_the_database_is_away() -> None:
    """503; the call may be sent again."""
    stored_rows = FakeInstallations()
    world = make_world(installations=stored_rows)
    stored_rows.down = True
    target = "/connect/installed"
    answer = world.client.post(target, json=install_body(), headers={"Authorization": f"JWT {world.signed(target)}"})
    assert answer.status_code == 503
    assert answer.get_json()["error"] == "busy"
    assert int(answer.headers["Retry-After"]) > 0


def test_nothing_is_stored_when_something_fails(world: ConnectWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """An install is one transaction: if its last step fails, nothing is stored."""
    before = stored(world)

    def fail(*_arguments: object) -> None:
        raise StorageUnavailable

    monkeypatch.setattr("lockpoint.storage.tenancy.installations.enqueue", fail)
    assert install(world, sharedSecret=OTHER_SECRET) == 503
    assert stored(world) == before


def test_the_body_of_a_server_call_is_not_believed(world: ConnectWorld) -> None:
    """The token names the site."""
    target = "/connect/disabled"
    answer = world.client.post(
        target,
        data=json.dumps(install_body(GLOBEX)),
        headers={"Authorization": f"JWT {world.token('POST', target)}"},
    )
    assert answer.status_code == 204
    assert not stored(world).tenant.enabled


def test_a_context_token_cannot_uninstall(world: ConnectWorld) -> None:
    token = world.context()
    for event in ("installed", "uninstalled", "enabled", "disabled"):
        answer = world.client.post(f"/connect/{event}", json=install_body(), headers={"Authorization": f"JWT {token}"})
        assert answer.status_code == 401
    assert jwt.decode(token, ACME_SECRET, ["HS256"], options={"verify_exp": False, "verify_iat": False})["iss"] == ACME
    assert stored(world).tenant.active


GOOD_URLS = {
    "https://acme.atlassian.net/wiki": "https://acme.atlassian.net/wiki",
    "https://acme.atlassian.net/wiki/": "https://acme.atlassian.net/wiki",
    "https://a.b.atlassian.net/wiki": "https://a.b.atlassian.net/wiki",
    "https://acme.jira.com/wiki": "https://acme.jira.com/wiki",
    "http://localhost:8080/wiki": "http://localhost:8080/wiki",
}
BAD_URLS = [
    "http://acme.atlassian.net/wiki",
    "https://atlassian.net/wiki",
    "https://.atlassian.net/wiki",
    "https://acme.atlassian.net.evil.com/wiki",
    "https://evilatlassian.net/wiki",
    "https://evil.com/.atlassian.net",
    "https://evil.com#.atlassian.net",
    "https://evil.com?.atlassian.net",
    "https://evil.com\\.atlassian.net/wiki",
    "https://user@acme.atlassian.net/wiki",
    "https://acme.atlassian.net@evil.com/wiki",
    "https://acme.atlassian.net:8443/wiki",
    "https://acme.atlassian.net:443/wiki",
    "https://acme.atlassian.net./wiki",
    "https://ACME.atlassian.net/wiki",
    "https://acmé.atlassian.net/wiki",
    "https://xn--acm-dma.atlassian.net%00/wiki",
    "https://acme.atlassian.net/wiki?x=1",
    "https://acme.atlassian.net/wiki#x",
    "https://acme.atlassian.net/wiki/../x",
    "https://acme.atlassian.net/wi ki",
    "https://acme.atlassian.net/%77iki",
    "https:///wiki",
    "//acme.atlassian.net/wiki",
    "ftp://acme.atlassian.net/wiki",
    "https://127.0.0.1/wiki",
    "https://[::1]/wiki",
    "https://a..atlassian.net/wiki",
    f"https://{'a' * 64}.atlassian.net/wiki",
    "https://" + "a." * 125 + "atlassian.net/wiki",
    "https://-a.atlassian.net/wiki",
    "https://[acme.atlassian.net/wiki",
    "http://localhost:9999/wiki",
    "http://localhost/wiki",
    "https://acme.atlassian.net:port/wiki",
    "",
]
PATTERNS = (*ALLOWED, "localhost:8080")


@pytest.mark.parametrize(("url", "expected"), GOOD_URLS.items())
def test_allowed_base_urls(url: str, expected: str) -> None:
    """The trailing slash is dropped."""
    assert allowed_base_url(url, PATTERNS) == expected


@pytest.mark.parametrize("url", BAD_URLS)
def test_base_urls_that_are_not_allowed(url: str) -> None:
    assert allowed_base_url(url, PATTERNS) is None
    request = InstallRequest(site_key=ACME, base_url=url, secret=OTHER_SECRET)
    with pytest.raises(Invalid):
        lifecycle.install(ConnectServices(FakeInstallations(), None, None, FakeTime(), PATTERNS), request)
