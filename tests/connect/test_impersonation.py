"""Acting as a person: the assertion, the answer, the token cache, and every failure of the server."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

import jwt
import pytest
import requests
import responses

from lockpoint.connect.impersonation import (
    Impersonation,
    ImpersonationRefusedError,
    ImpersonationUnavailableError,
)
from lockpoint.connect.sites import SiteDirectory
from lockpoint.services.context import Tenant
from lockpoint.services.errors import HostUnavailable, Unauthorised
from tests.fakes.connect import ACME, ACME_SECRET, ACME_URL, ALICE, BOB, FakeTime, registration
from tests.fakes.tenancy import FakeInstallations

OAUTH = "https://oauth.example.com"
TOKEN_URL = f"{OAUTH}/oauth2/token"


@pytest.fixture
def clock() -> FakeTime:
    return FakeTime()


@pytest.fixture
def stored() -> FakeInstallations:
    installations = FakeInstallations()
    put(installations)
    return installations


def put(stored: FakeInstallations, **changes: Any) -> Tenant:
    with stored.change(ACME) as change:
        tenant: Tenant = change.store(replace(registration(ACME), **changes))
    return tenant


@pytest.fixture
def sites(stored: FakeInstallations, clock: FakeTime) -> SiteDirectory:
    return SiteDirectory(stored, clock.seconds)


@pytest.fixture
def people(sites: SiteDirectory, clock: FakeTime) -> Impersonation:
    return Impersonation(sites, OAUTH, clock.seconds)


TENANT = Tenant(1, ACME, ACME_URL, oauth_client_id="oauth-client")


def grant(server: responses.RequestsMock, token: str = "bearer-1", **changes: Any) -> None:
    body = {"access_token": token, "expires_in": 900, "token_type": "Bearer", **changes}
    server.post(TOKEN_URL, json=body)


def test_the_assertion_is_what_the_server_wants(people: Impersonation, clock: FakeTime) -> None:
    """A form post with a JWT bearer grant, signed with the site's secret, valid for a minute."""
    with responses.RequestsMock() as server:
        grant(server)
        assert people.token(TENANT, ALICE) == "bearer-1"
        sent = server.calls[0].request
    assert sent.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert sent.headers["Accept"] == "application/json"
    form = parse_qs(str(sent.body))
    assert form["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
    options: Any = {"verify_exp": False, "verify_iat": False}
    claims = jwt.decode(form["assertion"][0], ACME_SECRET, algorithms=["HS256"], audience=OAUTH, options=options)
    now = int(clock.seconds())
    assert claims == {
        "iss": "urn:atlassian:connect:clientid:oauth-client",
        "sub": f"urn:atlassian:connect:useraccountid:{ALICE}",
        "tnt": ACME_URL,
        "aud": OAUTH,
        "iat": now,
        "exp": now + 60,
    }


def test_a_token_is_kept_per_person_until_a_minute_before_it_ends(people: Impersonation, clock: FakeTime) -> None:
    with responses.RequestsMock() as server:
        grant(server, "alice-1")
        grant(server, "bob-1")
        grant(server, "alice-2")
        assert [people.token(TENANT, ALICE), people.token(TENANT, BOB)] == ["alice-1", "bob-1"]
        clock.advance(839)
        assert people.token(TENANT, ALICE) == "alice-1"
        clock.advance(2)
        assert people.token(TENANT, ALICE) == "alice-2"


def test_a_new_secret_ends_every_token(people: Impersonation, sites: SiteDirectory, stored: FakeInstallations) -> None:
    with responses.RequestsMock() as server:
        grant(server, "old")
        grant(server, "new")
        assert people.token(TENANT, ALICE) == "old"
        put(stored, secret="another-secret-another-secret-another")
        sites.forget(TENANT)
        assert people.token(TENANT, ALICE) == "new"


@pytest.mark.parametrize("left", [{"enabled": False}, {"installed": False, "secret": None}])
def test_a_token_that_is_kept_is_not_used_on_a_site_that_left(
    people: Impersonation, stored: FakeInstallations, left: dict[str, Any]
) -> None:
    """F32: also in a process that did not receive the uninstall."""
    with responses.RequestsMock() as server:
        grant(server)
        people.token(TENANT, ALICE)
        put(stored, **left)
        with pytest.raises(ImpersonationRefusedError):
            people.token(TENANT, ALICE)


def test_dropping_a_person_or_a_site(people: Impersonation) -> None:
    """A dropped token is requested again; others stay."""
    with responses.RequestsMock() as server:
        for token in ("a1", "b1", "a2", "b2"):
            grant(server, token)
        people.token(TENANT, ALICE)
        people.token(TENANT, BOB)
        people.drop(TENANT.id, ALICE)
        assert [people.token(TENANT, ALICE), people.token(TENANT, BOB)] == ["a2", "b1"]
        people.forget(TENANT)
        assert people.token(TENANT, BOB) == "b2"


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_refusal_is_permanent_for_half_a_minute(people: Impersonation, clock: FakeTime, status: int) -> None:
    """400, 401 and 403 mean: not as this person."""
    with responses.RequestsMock() as server:
        server.post(TOKEN_URL, status=status, json={"error": "invalid_grant"})
        for _ in range(3):
            with pytest.raises(ImpersonationRefusedError) as caught:
                people.token(TENANT, ALICE)
            assert isinstance(caught.value, Unauthorised)
        assert len(server.calls) == 1
        clock.advance(31)
        server.remove("POST", TOKEN_URL)
        grant(server, "again")
        assert people.token(TENANT, ALICE) == "again"


@pytest.mark.parametrize("status", [302, 404, 429, 500, 502, 503])
def test_other_failures_pass(people: Impersonation, status: int) -> None:
    """Other failures may be temporary; Retry-After is passed on; redirects are not followed."""
    with responses.RequestsMock() as server:
        server.post(TOKEN_URL, status=status, headers={"Retry-After": "17", "Location": "https://evil.example.com/"})
        with pytest.raises(ImpersonationUnavailableError) as caught:
            people.token(TENANT, ALICE)
        assert isinstance(caught.value, HostUnavailable)
        assert caught.value.retry_after == 17
        assert len(server.calls) == 1


@pytest.mark.parametrize(
    "answer",
    [
        {"body": "<html>login</html>"},
        {"json": []},
        {"json": {"expires_in": 900}},
        {"json": {"access_token": "", "expires_in": 900}},
        {"json": {"access_token": 5, "expires_in": 900}},
        {"json": {"access_token": "é", "expires_in": 900}},
        {"json": {"access_token": "t"}},
        {"json": {"access_token": "t", "expires_in": "900"}},
        {"json": {"access_token": "t", "expires_in": True}},
        {"json": {"access_token": "t" * 20_000, "expires_in": 900}},
        {"body": requests.ConnectTimeout("https://oauth.example.com?assertion=secret")},
        {"body": requests.ConnectionError()},
    ],
)
def test_an_answer_that_makes_no_sense_is_an_outage(people: Impersonation, answer: dict[str, Any]) -> None:
    """No token is invented; the error contains nothing of answer or request."""
    with responses.RequestsMock() as server:
        server.post(TOKEN_URL, **answer)
        with pytest.raises(ImpersonationUnavailableError) as caught:
            people.token(TENANT, ALICE)
        assert "assertion" not in str(caught.value)
        assert ALICE not in str(caught.value)


def test_a_site_without_oauth_client_or_installation_acts_as_nobody(
    people: Impersonation, sites: SiteDirectory, stored: FakeInstallations
) -> None:
    """The server is not called."""
    with responses.RequestsMock() as server:
        put(stored, oauth_client_id=None)
        with pytest.raises(ImpersonationRefusedError):
            people.token(TENANT, ALICE)
        put(stored, installed=False, secret=None)
        sites.forget(TENANT)
        with pytest.raises(ImpersonationRefusedError):
            people.token(TENANT, BOB)
        assert len(server.calls) == 0


def test_a_refusal_tells_the_time_of_the_server(sites: SiteDirectory, clock: FakeTime) -> None:
    """G11: our clock may be why it refuses."""
    heard: list[tuple[int, str | None]] = []
    people = Impersonation(
        sites, OAUTH, clock.seconds, on_refused=lambda tenant, _seconds, date: heard.append((tenant, date))
    )
    with responses.RequestsMock() as server:
        server.post(TOKEN_URL, status=401, headers={"Date": "Sat, 28 Nov 2026 12:00:00 GMT"})
        grant(server)
        with pytest.raises(ImpersonationRefusedError):
            people.token(TENANT, ALICE)
        people.token(TENANT, BOB)
    assert heard == [(1, "Sat, 28 Nov 2026 12:00:00 GMT")]
