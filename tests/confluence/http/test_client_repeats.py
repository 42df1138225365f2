"""Which calls are repeated, when, and what is unknown afterwards."""

from __future__ import annotations

import socket

import pytest

from lockpoint.services.errors import HostUnavailable, LostRace, QuotaExceeded
from tests.confluence.doubles import Kit, as_app
from tests.confluence.http.sample_calls import CREATE, GOOD, READ, VERSIONED
from tests.confluence.oddhost import answer, cut, drop, odd_host
from tests.support.limits import no_more_files


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
    with odd_host(step, GOOD) as host, pytest.raises(HostUnavailable):
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
