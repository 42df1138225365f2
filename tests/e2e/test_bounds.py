"""One caller, one site or one slow host takes no place from others: real sockets, the real server."""

from __future__ import annotations

import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import pytest
import requests

from tests.e2e.system import System, request_id, wait_for

HOOK = "/connect/webhooks/attachment_updated"
QUICK = 3.0
SILENT = b"{"
PAGE = "/pages/98311/attachments"
CUT_OFF = 0  # without a word: who never ends a body may not read, either


def _connected(system: System, stack: ExitStack) -> socket.socket:
    made = socket.create_connection(("127.0.0.1", int(system.app_url.rpartition(":")[2])), timeout=30)
    return stack.enter_context(made)


def _post(path: str, token: str | None = None, length: int = 100) -> bytes:
    head = [f"POST {path} HTTP/1.1", "Host: app", f"Content-Length: {length}", "Content-Type: application/json"]
    head += [f"Authorization: JWT {token}"] if token else []
    return "\r\n".join([*head, "", ""]).encode()


@contextmanager
def _silent(system: System, count: int, path: str, token: str | None = None) -> Iterator[list[socket.socket]]:
    """So many calls that begin a body and say no more."""
    with ExitStack() as stack:
        made = [_connected(system, stack) for _ in range(count)]
        for one in made:
            one.sendall(_post(path, token) + SILENT)
        yield made


def _status(one: socket.socket) -> int:
    """Return the answer's status, or `CUT_OFF`; the connection is closed after it."""
    answer = b""
    while part := one.recv(4096):
        answer += part
    return int(answer.split(b" ", 2)[1]) if answer else CUT_OFF


def _healthy(system: System) -> float:
    begun = time.monotonic()
    assert requests.get(f"{system.app_url}/healthz", timeout=30).ok
    return time.monotonic() - begun


def _stays_quick(system: System, seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        assert _healthy(system) < QUICK
        time.sleep(0.05)


def _token(system: System, **asked: str) -> str:
    return str(system.confluence.post("/_sim/tokens", asked)["token"])


def test_strangers_who_send_no_body_take_no_thread(system: System) -> None:
    """F12: they are refused at once."""
    for path in ("/connect/installed", "/connect/uninstalled", HOOK, "/api/v1/x"):
        with _silent(system, 40, path) as calls:
            _stays_quick(system, 0.5)
            begun = time.monotonic()
            assert {_status(one) for one in calls} <= {401, 404}
            assert time.monotonic() - begun < QUICK


@pytest.mark.parametrize(
    "asked",
    [{"kind": "webhook", "path": HOOK}, {"kind": "context", "account": "alice", "path": "/api/v1/attachments/1/lock"}],
    ids=["site", "person"],
)
def test_a_proven_caller_s_slow_bodies_take_no_thread_from_others(system: System, asked: dict[str, str]) -> None:
    """F12: 200 calls that begin a body and stop; each is answered within its five seconds."""
    with _silent(system, 200, asked["path"], _token(system, site="acme", **asked)) as calls:
        begun = time.monotonic()
        _stays_quick(system, 2)
        token = _token(system, site="globex", kind="webhook", path=HOOK)
        headers = {"Authorization": f"JWT {token}"}
        assert requests.post(f"{system.app_url}{HOOK}", json={}, headers=headers, timeout=5).status_code == 204
        came = Counter(_status(one) for one in calls)
        assert time.monotonic() - begun < 10
    assert set(came) <= {408, 429, 503, CUT_OFF}
    assert came[408] > came[CUT_OFF], "few were given the time and told"
    _stays_quick(system, 0.5)


def test_a_body_that_trickles_has_the_same_five_seconds(system: System) -> None:
    """F12: bytes that arrive do not buy time; what is complete within it is accepted."""
    token = _token(system, site="acme", kind="webhook", path=HOOK)
    with _silent(system, 2, HOOK, token) as (slow, fair):
        begun = time.monotonic()
        fair.settimeout(0.1)
        slow.settimeout(0.1)
        for _ in range(10):
            slow.sendall(b" ")
            fair.sendall(b" ")
            time.sleep(0.2)
        fair.sendall(b"}".rjust(89))
        fair.settimeout(5)
        assert fair.recv(4096).startswith(b"HTTP/1.1 204 ")
        while time.monotonic() - begun < 4.8:
            slow.sendall(b" ")
            time.sleep(0.2)
        slow.settimeout(5)
        assert _status(slow) == 408
        assert time.monotonic() - begun < 9


@contextmanager
def _slow(system: System, seconds: float = 8) -> Iterator[None]:
    """Acme's Confluence answers each call after so long."""
    slow = {"kind": "delay", "seconds": seconds}
    system.confluence.post("/_sim/faults", {**slow, "path": "^/wiki/", "site": "acme", "times": None})
    try:
        yield
    finally:
        requests.delete(f"{system.confluence.origin}/_sim/faults", timeout=30)
        alice = system.person("alice")
        wait_for("acme to be served again", lambda: alice.call("GET", PAGE).ok or None, 60)


def _timed(call: Callable[[], requests.Response]) -> tuple[requests.Response, float]:
    begun = time.monotonic()
    return call(), time.monotonic() - begun


def test_one_person_at_a_slow_site_holds_up_nobody(system: System) -> None:
    """F12, F48: 40 lists at once; health and another site answer within a second, the person in 25 s or at once."""
    gina = system.person("gina", "globex")
    assert gina.call("GET", PAGE).ok
    alice = system.person("alice")
    alice.token()
    with _slow(system), ThreadPoolExecutor(40) as pool:
        lists = [pool.submit(_timed, lambda: alice.call("GET", PAGE)) for _ in range(40)]
        time.sleep(0.3)
        for _ in range(20):
            assert _healthy(system) < QUICK
            answer, took = _timed(lambda: gina.call("GET", PAGE))
            assert answer.ok, answer.text
            assert took < QUICK
            time.sleep(0.1)
        came = [one.result() for one in lists]
    statuses = Counter(answer.status_code for answer, _ in came)
    assert statuses[429] >= 36, statuses
    assert max(took for answer, took in came if answer.status_code == 429) < 2
    assert all(int(answer.headers["Retry-After"]) >= 1 for answer, _ in came if answer.status_code in {429, 503})
    assert max(took for _, took in came) < 25


def test_a_request_is_answered_within_25_seconds(system: System) -> None:
    """F12: done, or 503 and safe to repeat; what was begun is recognised."""
    file = system.new_file("slow host.txt")
    alice = system.person("alice")
    body = {"requestId": request_id()}
    with _slow(system):
        answer, took = _timed(lambda: alice.call("POST", f"/attachments/{file['id']}/lock", body))
        assert took < 25
        assert answer.status_code in {201, 503}
        assert answer.status_code == 201 or int(answer.headers["Retry-After"]) >= 1
    wait_for(
        "the repeated request to succeed",
        lambda: alice.call("POST", f"/attachments/{file['id']}/lock", body).status_code in {200, 201} or None,
        30,
    )
    listed = alice.call("GET", PAGE).json()["items"]
    assert next(one for one in listed if one["id"] == file["id"].removeprefix("att"))["lock"]["state"] == "mine"
