"""Odd, large and slow answers; deadlines, and sites that are left alone."""

from __future__ import annotations

import time
from typing import Any

import pytest

from lockpoint.confluence.http import transport
from lockpoint.confluence.http.client import DEADLINE_SECONDS
from lockpoint.services.context import Priority
from lockpoint.services.deadlines import answering_within
from lockpoint.services.errors import BadAnswer, Forbidden, HostUnavailable, QuotaExceeded, TooLarge
from tests.confluence.doubles import Kit, as_alice, as_app
from tests.confluence.http.sample_calls import CREATE, GOOD, READ, VERSIONED
from tests.confluence.oddhost import Step, answer, late, odd_host, trickle


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
