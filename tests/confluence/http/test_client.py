"""Calls to a host: signed as the app or as a person, and the meaning of a refusal."""

from __future__ import annotations

import threading

import pytest

from lockpoint.confluence.http.retries import MOST_TRIES
from lockpoint.confluence.http.sessions import Sessions
from lockpoint.services.errors import (
    BadAnswer,
    Forbidden,
    GoneOrInvisible,
    HostError,
    HostUnavailable,
    LostRace,
    OperationRemoved,
    Rejected,
    ScopeMissing,
    TooLarge,
    Unauthorised,
)
from tests.confluence.doubles import ALICE, Kit, as_alice, as_app
from tests.confluence.http.sample_calls import CREATE, GOOD, READ, VERSIONED
from tests.confluence.oddhost import answer, odd_host, redirect


def test_app_calls_are_signed_over_the_address_that_goes_over_the_wire(kit: Kit) -> None:
    """Method, path and query as sent, relative to the tenant's base address."""
    with odd_host(GOOD) as host:
        kit.client.ask(as_app(host.base), READ)
    (received,) = host.requests
    assert kit.signer.asked == [(1, "GET", received.target.removeprefix("/wiki"))]
    assert received.headers["Authorization"] == f"JWT 1:GET:{received.target.removeprefix('/wiki')}"
    assert received.target == "/wiki/api/v2/things/1?b=x+y&a=%C3%BC%2F%3F%26"


def test_a_base_address_with_a_closing_slash_is_the_same_site(kit: Kit) -> None:
    with odd_host(GOOD) as host:
        kit.client.ask(as_app(host.base + "/"), READ)
    assert host.targets()[0].startswith("/wiki/api/v2/things/1?")
    assert kit.signer.asked[0][2].startswith("/api/v2/things/1?")


def test_calls_of_a_person_carry_that_persons_token_and_nothing_of_the_app(kit: Kit) -> None:
    with odd_host(GOOD) as host:
        kit.client.ask(as_alice(host.base), READ)
    assert host.requests[0].headers["Authorization"] == f"Bearer of-{ALICE}-on-1"
    assert kit.signer.asked == []


def test_every_try_is_signed_again(kit: Kit) -> None:
    """The old token may have expired, and a token serves one request."""
    with odd_host(answer(503), GOOD) as host:
        kit.client.ask(as_app(host.base), READ)
    tokens = [received.headers["Authorization"] for received in host.requests]
    assert len(set(tokens)) == 2


def test_a_refused_person_token_is_dropped(kit: Kit) -> None:
    """The next call fetches a new token."""
    with odd_host(answer(401)) as host, pytest.raises(Unauthorised):
        kit.client.ask(as_alice(host.base), READ)
    assert kit.tokens.dropped == [(1, ALICE)]


def test_a_refused_call_of_the_app_goes_out_again_with_another_token(kit: Kit) -> None:
    """Another process may have stored one meanwhile; nothing was done by the refused try."""
    kit.signer.spare = 1
    with odd_host(answer(401), GOOD) as host:
        kit.client.ask(as_app(host.base), CREATE)
    assert (len(host.requests), kit.signer.refusals) == (2, [1])


def test_a_token_that_is_refused_again_and_again_ends_the_call(kit: Kit) -> None:
    kit.signer.spare = 100
    with odd_host(answer(401)) as host, pytest.raises(Unauthorised):
        kit.client.ask(as_app(host.base), READ)
    assert len(host.requests) <= MOST_TRIES


@pytest.mark.parametrize("status", [401, 403])
def test_a_missing_scope_is_not_a_missing_right(kit: Kit, status: int) -> None:
    """The app's manifest is wrong: no token is dropped, and nothing is concluded about the object."""
    body = {"code": status, "message": "Unauthorized; scope does not match"}
    with odd_host(answer(status, body)) as host, pytest.raises(ScopeMissing):
        kit.client.ask(as_app(host.base), READ)
    assert kit.signer.refusals == []


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, Rejected),
        (401, Unauthorised),
        (403, Forbidden),
        (404, GoneOrInvisible),
        (409, LostRace),
        (410, OperationRemoved),
        (412, LostRace),
        (413, TooLarge),
        (415, Rejected),
        (500, HostUnavailable),
        (501, OperationRemoved),
        (507, TooLarge),
    ],
)
def test_each_refusal_has_its_own_error_and_is_not_repeated(kit: Kit, status: int, error: type[HostError]) -> None:
    """F08."""
    with odd_host(answer(status, {"errors": []})) as host, pytest.raises(HostError) as caught:
        kit.client.ask(as_app(host.base), READ)
    assert type(caught.value) is error
    assert len(host.requests) == 1


def test_cannot_update_is_a_lost_race(kit: Kit) -> None:
    """F07: a 400 "Cannot update content property"."""
    body = {"errors": [{"status": 400, "code": "INVALID_REQUEST_PARAMETER", "title": "Cannot update content property"}]}
    with odd_host(answer(400, body)) as host, pytest.raises(LostRace):
        kit.client.ask(as_app(host.base), VERSIONED)


def test_errors_name_the_operation_and_never_the_address(kit: Kit) -> None:
    """Messages are logged: no addresses, ids or tokens."""
    with odd_host(answer(404)) as host, pytest.raises(GoneOrInvisible) as caught:
        kit.client.ask(as_app(host.base), READ)
    assert str(caught.value) == "things.get: HTTP 404"
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(kit: Kit, status: int) -> None:
    """F18: credentials are never repeated; only downloads follow redirects."""
    with odd_host(redirect("{origin}/wiki/login", status), GOOD) as host, pytest.raises((BadAnswer, HostUnavailable)):
        kit.client.ask(as_app(host.base), READ)
    assert len(host.requests) == 1


def test_cookies_are_neither_kept_nor_sent(kit: Kit) -> None:
    """One gateway serves many tenants."""
    with odd_host(answer(200, {}, Set_Cookie="session=1; Path=/")) as host:
        kit.client.ask(as_app(host.base), READ)
        kit.client.ask(as_app(host.base), READ)
    assert "Cookie" not in host.requests[1].headers


def test_the_environment_is_not_trusted(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    """Proxy variables."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with odd_host(GOOD) as host:
        kit.client.ask(as_app(host.base), READ)
    assert len(host.requests) == 1


def test_each_thread_has_its_own_session() -> None:
    sessions, found = Sessions(), []
    thread = threading.Thread(target=lambda: found.append(sessions.mine()))
    thread.start()
    thread.join()
    assert sessions.mine() is sessions.mine()
    assert found[0] is not sessions.mine()
    sessions.mine().close()
    found[0].close()


def test_a_read_has_no_body_and_a_write_says_no_check(kit: Kit) -> None:
    """Confluence refuses a GET with a body; v1 writes need the header against cross-site forgery."""
    with odd_host(GOOD) as host:
        kit.client.ask(as_app(host.base), READ)
        kit.client.ask(as_app(host.base), CREATE)
    read, write = host.requests
    assert "Content-Length" not in read.headers
    assert "X-Atlassian-Token" not in read.headers
    assert write.headers["X-Atlassian-Token"] == "no-check"
    assert write.headers["Content-Type"] == "application/json"
