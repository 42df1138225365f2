"""Keys of signed installs: fetched from two hosts over real HTTP, checked, cached, rate-limited."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from lockpoint.connect import install_keys
from lockpoint.connect.install_keys import HttpKeySource, InstallKeys, KeyUnavailableError
from lockpoint.connect.tokens import Reason, TokenRefusedError
from lockpoint.services.errors import Busy
from tests.fakes.connect import FakeTime, MemoryInstalls, MemoryKeys, private_key, public_pem

GOOD = public_pem(private_key())

Answer = tuple[int, dict[str, str], bytes]


@dataclass
class KeyHost:
    """A local key host; `answers` by path, everything else is 404 with an HTML page."""

    url: str = ""
    answers: dict[str, Answer | Callable[[Any], None]] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)


@pytest.fixture
def hosts() -> Iterator[tuple[KeyHost, KeyHost]]:
    with ExitStack() as stack:
        yield serve(stack), serve(stack)


def serve(stack: ExitStack) -> KeyHost:
    host = KeyHost()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            host.asked[self.path] += 1
            answer = host.answers.get(self.path, (404, {"Content-Type": "text/html"}, b"<html>no such key</html>"))
            if callable(answer):
                answer(self)
                return
            status, headers, body = answer
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()

    def stop() -> None:
        server.shutdown()
        thread.join()
        server.server_close()

    stack.callback(stop)
    host.url = f"http://127.0.0.1:{server.server_port}"
    return host


def source(*hosts: KeyHost, read_seconds: float = 5) -> HttpKeySource:
    return HttpKeySource([host.url for host in hosts], read_seconds=read_seconds)


def test_the_first_host_that_knows_the_key_is_believed(hosts: tuple[KeyHost, KeyHost]) -> None:
    """The second host is asked only if the first does not know the key."""
    first, second = hosts
    second.answers["/k"] = (200, {}, GOOD)
    found = source(first, second).fetch("k")
    assert found is not None
    assert found.public_numbers() == private_key().public_key().public_numbers()
    first.answers["/k"] = (200, {}, GOOD)
    source(first, second).fetch("k")
    assert (first.asked["/k"], second.asked["/k"]) == (2, 1)


def test_404_from_both_hosts_means_there_is_no_such_key(hosts: tuple[KeyHost, KeyHost]) -> None:
    assert source(*hosts).fetch("k") is None


def pem_of(key: Any) -> bytes:
    return public_pem(key)


def private_pem() -> bytes:
    return private_key().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def pkcs1_pem() -> bytes:
    return private_key().public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.PKCS1)


BAD_BODIES = {
    "HTML with 200": b"<html>" + GOOD + b"</html>",
    "empty": b"",
    "EC key": pem_of(ec.generate_private_key(ec.SECP256R1())),
    "Ed25519 key": pem_of(ed25519.Ed25519PrivateKey.generate()),
    "1024 bits": pem_of(private_key("short", 1024)),
    "private key": private_pem(),
    "PKCS1 public key": pkcs1_pem(),
    "broken PEM": GOOD[:200] + GOOD[260:],
    "too large": GOOD + b"\n" * 20_000,
}


@pytest.mark.parametrize("body", BAD_BODIES.values(), ids=BAD_BODIES)
def test_only_a_pem_rsa_public_key_of_2048_bits_is_a_key(hosts: tuple[KeyHost, KeyHost], body: bytes) -> None:
    """Anything but a PEM RSA public key of 2048 bits or more, in 10 KB or less: the other host is asked."""
    first, second = hosts
    first.answers["/k"] = (200, {}, body)
    with pytest.raises(KeyUnavailableError):
        source(first, second).fetch("k")
    second.answers["/k"] = (200, {}, GOOD)
    assert source(first, second).fetch("k") is not None


@pytest.mark.parametrize("status", [204, 400, 403, 500, 503])
def test_other_answers_are_trouble_not_an_unknown_key(hosts: tuple[KeyHost, KeyHost], status: int) -> None:
    """F31: a status other than 200 and 404 says nothing about the key."""
    hosts[0].answers["/k"] = (status, {}, b"" if status == 204 else GOOD)
    with pytest.raises(KeyUnavailableError):
        source(*hosts).fetch("k")


def test_redirects_are_not_followed(hosts: tuple[KeyHost, KeyHost]) -> None:
    """F31: the redirect's target is not asked."""
    first, second = hosts
    second.answers["/other"] = (200, {}, GOOD)
    for status in (301, 302, 307, 308):
        first.answers["/k"] = (status, {"Location": f"{second.url}/other"}, b"")
        with pytest.raises(KeyUnavailableError):
            source(first).fetch("k")
    assert second.asked["/other"] == 0


def test_a_host_that_is_down_is_trouble(hosts: tuple[KeyHost, KeyHost]) -> None:
    """The other host is asked; a 404 from it alone does not prove the key unknown."""
    dead = KeyHost("http://127.0.0.1:9")
    with pytest.raises(KeyUnavailableError):
        source(dead, hosts[0]).fetch("k")
    hosts[0].answers["/k"] = (200, {}, GOOD)
    assert source(dead, hosts[0]).fetch("k") is not None


def drip(handler: Any) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(GOOD)))
    handler.end_headers()
    try:
        for letter in GOOD:
            handler.wfile.write(bytes([letter]))
            time.sleep(0.05)
    except OSError:
        pass


def silent(_handler: Any) -> None:
    time.sleep(1)


@pytest.mark.parametrize("answer", [drip, silent])
def test_a_slow_host_is_given_up(hosts: tuple[KeyHost, KeyHost], answer: Callable[[Any], None]) -> None:
    """F31: the time limit covers the whole body; the host is silent or drips."""
    hosts[0].answers["/k"] = answer
    began = time.monotonic()
    with pytest.raises(KeyUnavailableError):
        source(hosts[0], read_seconds=0.3).fetch("k")
    assert time.monotonic() - began < len(GOOD) * 0.05 / 2


def refusal(keys: InstallKeys, key_id: str = "kid-1") -> Reason:
    with pytest.raises(TokenRefusedError) as caught:
        keys.key(key_id)
    return caught.value.reason


@pytest.fixture
def clock() -> FakeTime:
    return FakeTime()


@pytest.fixture
def memory() -> MemoryKeys:
    return MemoryKeys()


def test_a_key_is_fetched_once_a_day(clock: FakeTime, memory: MemoryKeys) -> None:
    keys = InstallKeys(memory, MemoryInstalls(), clock.seconds)
    for _ in range(3):
        keys.key("kid-1")
        clock.advance(8 * 3600 - 1)
    assert memory.asked["kid-1"] == 1
    clock.advance(4)
    keys.key("kid-1")
    assert memory.asked["kid-1"] == 2


def test_old_keys_work_while_the_hosts_are_down(clock: FakeTime, memory: MemoryKeys) -> None:
    """F31: a known key stays valid while the hosts fail; they are asked once a minute."""
    keys = InstallKeys(memory, MemoryInstalls(), clock.seconds)
    known = keys.key("kid-1")
    memory.trouble = True
    clock.advance(install_keys.KEEP_SECONDS + 1)
    assert [keys.key("kid-1") for _ in range(5)] == [known] * 5
    assert memory.asked["kid-1"] == 2
    clock.advance(61)
    assert keys.key("kid-1") is known
    assert memory.asked["kid-1"] == 3


def test_a_withdrawn_key_goes(clock: FakeTime, memory: MemoryKeys) -> None:
    """A known key that every host denies is no longer used."""
    keys = InstallKeys(memory, MemoryInstalls(), clock.seconds)
    keys.key("kid-1")
    memory.keys.clear()
    clock.advance(install_keys.KEEP_SECONDS + 1)
    assert refusal(keys) is Reason.KEY_UNKNOWN
    assert refusal(keys) is Reason.KEY_UNKNOWN
    assert memory.asked["kid-1"] == 2


@pytest.mark.parametrize(("trouble", "reason"), [(False, Reason.KEY_UNKNOWN), (True, Reason.KEY_UNAVAILABLE)])
def test_a_refused_key_id_is_remembered_for_a_minute(
    clock: FakeTime, memory: MemoryKeys, trouble: bool, reason: Reason
) -> None:
    """At most one fetch a minute; the key works once the host knows it."""
    keys = InstallKeys(memory, MemoryInstalls(), clock.seconds)
    memory.trouble = trouble
    assert [refusal(keys, "kid-2") for _ in range(10)] == [reason] * 10
    assert memory.asked["kid-2"] == 1
    memory.trouble = False
    memory.keys["kid-2"] = private_key().public_key()
    clock.advance(61)
    assert keys.key("kid-2") is memory.keys["kid-2"]


def no_turn(keys: InstallKeys, key_id: str, caller: str = "") -> bool:
    """Whether this caller has to wait for a turn to ask for an unknown key."""
    try:
        keys.key(key_id, caller)
    except TokenRefusedError:
        return False
    except Busy as busy:
        return bool(busy.details["retryAfter"])
    return False


def test_invented_key_ids_spend_only_their_callers_ration(clock: FakeTime, memory: MemoryKeys) -> None:
    """F31: a bounded number of fetches; known keys keep working, and others can ask for new ones."""
    keys = InstallKeys(memory, MemoryInstalls(), clock.seconds)
    keys.key("kid-1", "198.51.100.1")
    refused = 0
    for number in range(2000):
        refused += no_turn(keys, f"junk-{number}", "203.0.113.9")
        clock.advance(0.05)
    fetched = install_keys.OF_ONE_CALLER + 100 / install_keys.SECONDS_OF_ONE_CALLER
    assert sum(memory.asked.values()) <= fetched + 2
    assert refused >= 2000 - fetched - 2
    assert keys.key("kid-1", "203.0.113.9") is memory.keys["kid-1"]
    memory.keys["kid-new"] = private_key().public_key()
    assert keys.key("kid-new", "198.51.100.2") is memory.keys["kid-new"]
    assert len(keys._refused) <= install_keys.MOST_REFUSALS


def test_all_callers_together_are_bounded(clock: FakeTime, memory: MemoryKeys) -> None:
    """F31: one network's addresses are one caller; many networks have a ration in all, and the memory an end."""
    keys = InstallKeys(memory, MemoryInstalls(), clock.seconds)
    for number in range(50):
        no_turn(keys, f"near-{number}", f"2001:db8:1:1::{number:x}")
    assert sum(memory.asked.values()) == install_keys.OF_ONE_CALLER
    for number in range(3 * install_keys.MOST_CALLERS):
        no_turn(keys, f"far-{number}", f"10.0.{number // 256}.{number % 256}")
    assert sum(memory.asked.values()) == install_keys.OF_ALL_CALLERS
    assert len(keys._of_one._left) <= install_keys.MOST_CALLERS


def test_waiting_for_the_hosts_takes_few_threads(memory: MemoryKeys) -> None:
    """F31: while the hosts are slow, further unknown keys are told to come again."""
    begun, end = threading.Semaphore(0), threading.Event()

    class Slow:
        def fetch(self, key_id: str) -> Any:
            begun.release()
            assert end.wait(10)
            return memory.fetch(key_id)

    keys = InstallKeys(Slow(), MemoryInstalls())
    threads = [
        threading.Thread(target=no_turn, args=(keys, f"kid-{n}", f"10.0.0.{n}"))
        for n in range(install_keys.FETCHES_TOGETHER)
    ]
    for thread in threads:
        thread.start()
        assert begun.acquire(timeout=10)
    assert no_turn(keys, "kid-1", "10.0.1.1")
    end.set()
    for thread in threads:
        thread.join()
    assert not no_turn(keys, "kid-1", "10.0.1.1")


def test_a_key_that_one_process_fetched_serves_all(clock: FakeTime, memory: MemoryKeys) -> None:
    """F31: kept outside the process; what every host denies is dropped there too."""
    store = MemoryInstalls()
    InstallKeys(memory, store, clock.seconds).key("kid-1")
    memory.trouble = True
    other = InstallKeys(memory, store, clock.seconds)
    assert other.key("kid-1") == memory.keys["kid-1"]
    memory.trouble = False
    memory.keys.clear()
    clock.advance(install_keys.STORED_SECONDS + 1)
    assert refusal(other) is Reason.KEY_UNKNOWN
    assert store.pems == {}


def test_the_cache_is_bounded(clock: FakeTime, memory: MemoryKeys) -> None:
    keys = InstallKeys(memory, MemoryInstalls(), clock.seconds)
    for number in range(install_keys.MOST_KEYS + 40):
        memory.keys[f"kid-{number}"] = private_key().public_key()
        keys.key(f"kid-{number}", str(number))
        clock.advance(10)
    assert len(keys._kept) == install_keys.MOST_KEYS
