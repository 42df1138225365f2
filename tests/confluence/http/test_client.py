from __future__ import annotations

import socket
import threading
import time
from typing import Any

import pytest

from lockpoint.confluence.http import transport
from lockpoint.confluence.http.calls import Call, Repeat, get
from lockpoint.confluence.http.client import DEADLINE_SECONDS
from lockpoint.confluence.http.retries import MOST_TRIES
from lockpoint.confluence.http.sessions import Sessions
from lockpoint.services.context import Priority
from lockpoint.services.deadlines import answering_within
from lockpoint.services.errors import (
    BadAnswer,
    Forbidden,
    GoneOrInvisible,
    HostError,
    HostUnavailable,
    LostRace,
    OperationRemoved,
    QuotaExceeded,
    Rejected,
    ScopeMissing,
    TooLarge,
    Unauthorised,
)
from tests.confluence.doubles import ALICE, Kit, as_alice, as_app
from tests.confluence.oddhost import Step, answer, cut, drop, late, odd_host, redirect, trickle
from tests.support.limits import no_more_files

READ = get("things.get", "/api/v2/things/1", query=(("b", "x y"), ("a", "ü/?&")))
VERSIONED = Call(name="things.put", method="PUT", path="/api/v2/things/1", body={"v": 2}, repeat=Repeat.FREELY)
CREATE = Call(name="things.post", method="POST", path="/api/v2/things", body={"v": 1})
GOOD = answer(200, {"ok": True})


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


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_read_is_tried_four_times_with_growing_jittered_waits(kit: Kit, status: int) -> None:
    """Full jitter below an exponential bound."""
    with odd_host(answer(status)) as host, pytest.raises((HostUnavailable, QuotaExceeded)):
        kit.client.ask(as_app(host.base), READ)
    assert len(host.requests) == 4
    assert kit.pace.slept == [0.25, 0.5, 1.0]


def test_a_read_survives_a_lost_answer(kit: Kit) -> None:
    """F13."""
    with odd_host(drop, cut(b'{"ok', 20), GOOD) as host:
        reply = kit.client.ask(as_app(host.base), READ)
    assert reply.answer.data == {"ok": True}
    assert len(host.requests) == 3


def test_retry_after_is_obeyed(kit: Kit) -> None:
    """F10: never shorter than Retry-After, and a little longer so that callers spread."""
    with odd_host(answer(429, Retry_After="3"), GOOD) as host:
        kit.client.ask(as_app(host.base), READ)
    assert kit.pace.slept == [pytest.approx(3 * 1.15)]


def test_a_long_retry_after_is_told_and_not_waited_out(kit: Kit) -> None:
    """The caller gets the waiting time; the thread is freed."""
    with odd_host(answer(429, Retry_After="1800")) as host, pytest.raises(QuotaExceeded) as caught:
        kit.client.ask(as_app(host.base), READ)
    assert caught.value.retry_after == 1800
    assert (kit.pace.slept, len(host.requests)) == ([], 1)


def test_retry_after_may_be_a_date(kit: Kit) -> None:
    """A date is compared with the host's clock."""
    step = answer(429, Retry_After="Sat, 21 Nov 2026 10:00:40 GMT", Date="Sat, 21 Nov 2026 10:00:00 GMT")
    with odd_host(step) as host, pytest.raises(QuotaExceeded) as caught:
        kit.client.ask(as_app(host.base), READ)
    assert caught.value.retry_after == 40


@pytest.mark.parametrize("value", ["soon", "", "-1", "Sat, 99 Nov 2026 10:00:40 GMT"])
def test_a_nonsensical_retry_after_counts_as_none(kit: Kit, value: str) -> None:
    """Counts as missing: own waits, and 30 s in the error."""
    with odd_host(answer(429, Retry_After=value)) as host, pytest.raises(QuotaExceeded) as caught:
        kit.client.ask(as_app(host.base), READ)
    assert caught.value.retry_after == 30
    assert len(host.requests) == 4


def test_a_spent_pool_stops_all_sites_without_calling(kit: Kit) -> None:
    """F10: a 429 about the whole pool; a burst limit stops no other call."""
    spent = answer(429, Retry_After="600", RateLimit_Reason="confluence-quota-global-based")
    with odd_host(spent, GOOD) as host:
        with pytest.raises(QuotaExceeded):
            kit.client.ask(as_app(host.base), READ)
        with pytest.raises(QuotaExceeded) as caught:
            kit.client.ask(as_app(host.base), READ)
        assert caught.value.retry_after == pytest.approx(600)
        kit.now.advance(seconds=601)
        kit.client.ask(as_app(host.base), READ)
    assert len(host.requests) == 2


def test_a_versioned_write_is_repeated(kit: Kit) -> None:
    """It names the version it replaces: at most one wins."""
    with odd_host(answer(503), drop, GOOD) as host:
        kit.client.ask(as_app(host.base), VERSIONED)
    assert [received.json() for received in host.requests] == [{"v": 2}] * 3


def test_a_versioned_write_that_may_have_lost_against_itself_is_unknown(kit: Kit) -> None:
    """A 409 to the repetition of an unanswered write is an unknown outcome."""
    with odd_host(drop, answer(409)) as host, pytest.raises(HostUnavailable):
        kit.client.ask(as_app(host.base), VERSIONED)
    assert len(host.requests) == 2


def test_a_versioned_write_refused_after_a_429_lost_its_race(kit: Kit) -> None:
    """A 429 did nothing."""
    with odd_host(answer(429, Retry_After="0"), answer(409)) as host, pytest.raises(LostRace):
        kit.client.ask(as_app(host.base), VERSIONED)
    assert len(host.requests) == 2


@pytest.mark.parametrize("step", [drop, answer(502), answer(503), answer(504), answer(500), cut(b"{", 9)])
def test_an_unversioned_write_is_not_repeated_when_its_outcome_is_unknown(kit: Kit, step: object) -> None:
    """An unanswered POST may still land."""
    with odd_host(step, GOOD) as host, pytest.raises(HostUnavailable):  # type: ignore[arg-type]
        kit.client.ask(as_app(host.base), CREATE)
    assert len(host.requests) == 1


def test_an_unversioned_write_is_repeated_when_it_certainly_did_nothing(kit: Kit) -> None:
    """A 429 is answered before any effect."""
    with odd_host(answer(429, Retry_After="1"), GOOD) as host:
        kit.client.ask(as_app(host.base), CREATE)
    assert len(host.requests) == 2


def test_a_write_with_an_unreadable_answer_has_an_unknown_outcome(kit: Kit) -> None:
    with odd_host(answer(200, b"<html>")) as host, pytest.raises(HostUnavailable):
        kit.client.ask(as_app(host.base), CREATE)


def test_nobody_at_home_is_tried_four_times_also_for_writes(kit: Kit) -> None:
    """F47: a refused connection changed nothing and costs no points."""
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    with pytest.raises(HostUnavailable):
        kit.client.ask(as_app(f"http://127.0.0.1:{port}/wiki"), CREATE)
    assert len(kit.pace.slept) == 3
    assert kit.spent == []


def test_a_process_without_file_descriptors_is_a_host_that_is_away(kit: Kit) -> None:
    """F49: and nothing lasts: the next call works."""
    with odd_host(GOOD) as host:
        with no_more_files(), pytest.raises(HostUnavailable):
            kit.client.ask(as_app(host.base), READ)
        assert kit.client.ask(as_app(host.base), READ)


@pytest.mark.parametrize("code", [socket.EAI_NONAME, socket.EAI_AGAIN])
def test_a_name_that_nobody_knows_is_a_host_that_is_away(kit: Kit, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    """F47: DNS knows no such name, or does not answer."""

    def fail(*_arguments: object, **_options: object) -> None:
        raise socket.gaierror(code, "no such name")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(HostUnavailable):
        kit.client.ask(as_app("https://nobody.invalid/wiki"), CREATE)
    assert kit.spent == []


@pytest.mark.parametrize(
    "body",
    [b"", b"garbage", b"<!doctype html><title>Log in</title>", b"[]", b"null", b'"text"', b"[" * 100_000, b"\xff\xfe"],
)
def test_an_answer_that_is_not_an_object_is_a_typed_error(kit: Kit, body: bytes) -> None:
    """F17: garbage, login pages, other JSON."""
    with odd_host(answer(200, body)) as host, pytest.raises(BadAnswer):
        kit.client.ask(as_app(host.base), READ)


def test_answers_have_a_largest_size(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "LONGEST_ANSWER", 1000)
    with odd_host(answer(200, {"x": "y" * 2000})) as host, pytest.raises(BadAnswer):
        kit.client.ask(as_app(host.base), READ)


def test_a_slow_answer_is_given_up(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    """F12."""
    monkeypatch.setattr(transport, "READ_SECONDS", 0.05)
    with odd_host(late(0.3, GOOD)) as host, pytest.raises(HostUnavailable):
        kit.client.ask(as_app(host.base), CREATE)


def test_the_deadline_covers_all_tries(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    """F12."""
    monkeypatch.setitem(DEADLINE_SECONDS, Priority.INTERACTIVE, 10.0)
    with odd_host(answer(503, Retry_After="5")) as host, pytest.raises(HostUnavailable):
        kit.client.ask(as_app(host.base), READ)
    assert (len(host.requests), kit.pace.slept) == (2, [5.75])


def test_the_deadline_covers_an_answer_that_trickles(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    """F13."""
    monkeypatch.setitem(DEADLINE_SECONDS, Priority.INTERACTIVE, 0.2)
    monkeypatch.setattr(transport, "_CHUNK", 1)
    with odd_host(trickle(40, 0.05)) as host, pytest.raises(HostUnavailable):
        kit.client.ask(as_app(host.base), READ)
    assert len(host.requests) == 1


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


def test_a_site_that_does_not_answer_is_left_alone(kit: Kit) -> None:
    """F11: after five failures in a row calls fail at once; after a pause one probe passes; its success ends this."""
    with odd_host(*[answer(500)] * 5, GOOD) as host:
        for _ in range(7):
            with pytest.raises(HostUnavailable):
                kit.client.ask(as_app(host.base), CREATE)
        assert len(host.requests) == 5
        kit.pace.slept.append(6)
        kit.client.ask(as_app(host.base), READ)
        kit.client.ask(as_app(host.base), READ)
    assert len(host.requests) == 7


def test_repetitions_have_a_budget(kit: Kit) -> None:
    """F11: at most a fifth of the traffic is retries once the reserve is used."""
    with odd_host(answer(429)) as host:
        for _ in range(40):
            with pytest.raises(QuotaExceeded):
                kit.client.ask(as_app(host.base), READ)
    assert 40 + 20 <= len(host.requests) <= 40 + 20 + 40 / 5


def slowly(kit: Kit, seconds: float) -> Step:
    def step(handler: Any) -> None:
        kit.pace.slept.append(seconds)
        GOOD(handler)

    return step


def test_slowness_opens_the_breaker_and_one_quick_answer_closes_it(kit: Kit) -> None:
    """F12: people do not queue up behind a site that answers after eight seconds; one call at a time goes on."""
    refused: list[HostUnavailable] = []

    def another_meanwhile(handler: Any) -> None:
        with pytest.raises(HostUnavailable, match="paused") as caught:
            kit.client.ask(as_app(host.base), READ)
        refused.append(caught.value)
        slowly(kit, 8)(handler)

    with odd_host(*[slowly(kit, 8)] * 5, another_meanwhile) as host:
        for _ in range(5):
            kit.client.ask(as_app(host.base), READ)
        kit.pace.slept.append(5)
        for _ in range(3):
            kit.client.ask(as_app(host.base), READ)
        assert len(refused) == 3
        host.steps = (GOOD,)
        for _ in range(3):
            kit.client.ask(as_app(host.base), READ)


def test_a_call_that_cannot_be_signed_takes_no_probe(kit: Kit) -> None:
    """F12: while calls are paused, somebody without a token does not make the pause longer."""
    with odd_host(answer(500)) as host:
        for _ in range(5):
            with pytest.raises(HostUnavailable):
                kit.client.tell(as_app(host.base), CREATE)
        kit.tokens.refused, host.steps = True, (GOOD,)
        kit.pace.slept.append(5)
        for _ in range(3):
            with pytest.raises(Forbidden):
                kit.client.ask(as_alice(host.base), READ)
        kit.client.ask(as_app(host.base), READ)


def test_an_odd_answer_to_the_probe_is_an_answer(kit: Kit) -> None:
    """F12: a site that answers too much is there."""
    with odd_host(answer(500)) as host:
        for _ in range(5):
            with pytest.raises(HostUnavailable):
                kit.client.tell(as_app(host.base), CREATE)
        kit.pace.slept.append(5)
        host.steps = (GOOD,)
        with pytest.raises(TooLarge):
            kit.client.fetch(as_app(host.base), READ, most=1)
        kit.client.ask(as_app(host.base), READ)


def test_jobs_wait_for_a_slow_site(kit: Kit) -> None:
    """F12: slow answers of people's calls count in a row; a job's say nothing, since protecting goes on."""
    with odd_host(slowly(kit, 8)) as host:
        for _ in range(8):
            kit.client.ask(as_app(host.base, Priority.EVENT), READ)
        for _ in range(4):
            kit.client.ask(as_app(host.base), READ)
        host.steps = (GOOD,)
        kit.client.ask(as_app(host.base), READ)
        host.steps = (slowly(kit, 8),)
        for _ in range(5):
            kit.client.ask(as_app(host.base), READ)


def test_a_call_obeys_the_deadline_of_the_work_it_serves(kit: Kit) -> None:
    """F12: what is under way ends with the time, and nothing begins without."""
    with odd_host(late(5, GOOD)) as host:
        begun = time.monotonic()
        with answering_within(1.2), pytest.raises(HostUnavailable):
            kit.client.ask(as_app(host.base), READ)
        assert 1 < time.monotonic() - begun < 4
        for call in (READ, VERSIONED, CREATE):
            with answering_within(0.9), pytest.raises(HostUnavailable, match="no time"):
                kit.client.ask(as_app(host.base), call)
        assert len(host.requests) == 1
