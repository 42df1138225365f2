"""Keys of invocation tokens: fetched once a day, kept while the host fails, asked again for unknown ids with pauses."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from lockpoint.connect.tokens import Reason, TokenRefusedError
from lockpoint.forge.key_set import (
    KEEP_SECONDS,
    LARGEST_BODY,
    PAUSE_SECONDS,
    HttpKeySet,
    KeySet,
    KeySetUnavailableError,
    read_key_set,
)
from lockpoint.services.errors import Busy
from tests.confluence.oddhost import answer, drop, late, odd_host, redirect

KID = "forge/invocation-token/1"
KEY = rsa.generate_private_key(65537, 2048)
WEAK = rsa.generate_private_key(65537, 1024)  # noqa: S505 - to be refused


def jwk(kid: str = KID, key: Any = KEY, **changes: Any) -> dict[str, Any]:
    made = json.loads(RSAAlgorithm.to_jwk(key.public_key()))
    fields = {name: made[name] for name in ("kty", "n", "e")} | {"kid": kid, "use": "sig", "alg": "RS256", **changes}
    return {name: value for name, value in fields.items() if value is not None}


def listed(*keys: object) -> bytes:
    return json.dumps({"keys": keys}).encode()


@dataclass
class Host:
    keys: Mapping[str, RSAPublicKey] = field(default_factory=lambda: {KID: KEY.public_key()})
    down: bool = False
    fetched: int = 0

    def fetch(self) -> Mapping[str, RSAPublicKey]:
        self.fetched += 1
        if self.down:
            raise KeySetUnavailableError("503")
        return self.keys


@dataclass
class Time:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


def refusal(keys: KeySet, key_id: str) -> Reason:
    with pytest.raises(TokenRefusedError) as caught:
        keys.key(key_id)
    return caught.value.reason


def test_a_key_set_is_fetched_once_a_day() -> None:
    host, now = Host(), Time()
    keys = KeySet(host, now)
    for _ in range(3):
        assert keys.key(KID) == KEY.public_key()
    assert host.fetched == 1
    now.now += KEEP_SECONDS
    keys.key(KID)
    assert host.fetched == 2


def test_an_unknown_id_asks_again_but_seldom() -> None:
    """Inventing ids costs one fetch in 30 seconds."""
    host, now = Host(), Time()
    keys = KeySet(host, now)
    keys.key(KID)
    for number in range(50):
        assert refusal(keys, f"invented/{number}") is Reason.KEY_UNKNOWN
    assert host.fetched == 1
    now.now += PAUSE_SECONDS
    assert refusal(keys, "invented") is Reason.KEY_UNKNOWN
    assert refusal(keys, "invented too") is Reason.KEY_UNKNOWN
    assert host.fetched == 2


def test_a_rotated_key_is_found_and_the_old_one_gone() -> None:
    host, now = Host(), Time()
    keys = KeySet(host, now)
    keys.key(KID)
    newer = rsa.generate_private_key(65537, 2048).public_key()
    host.keys = {"forge/invocation-token/2": newer}
    now.now += PAUSE_SECONDS
    assert keys.key("forge/invocation-token/2") == newer
    assert refusal(keys, KID) is Reason.KEY_UNKNOWN


def test_known_keys_work_while_the_host_is_down() -> None:
    host, now = Host(), Time()
    keys = KeySet(host, now)
    keys.key(KID)
    host.down = True
    now.now += 3 * KEEP_SECONDS
    assert keys.key(KID) == KEY.public_key()
    assert keys.key(KID) == KEY.public_key()
    assert host.fetched == 2, "a failure is not repeated at once"
    host.down = False
    now.now += PAUSE_SECONDS
    keys.key(KID)
    assert host.fetched == 3


def test_nobody_is_let_in_before_the_first_key() -> None:
    assert refusal(KeySet(Host(down=True), Time()), KID) is Reason.KEY_UNAVAILABLE


def test_those_who_wait_for_a_slow_host_are_few() -> None:
    """One fetch, some that wait for it, and the rest are told to try again."""
    begun, go_on = threading.Event(), threading.Event()

    class Slow(Host):
        def fetch(self) -> Mapping[str, RSAPublicKey]:
            begun.set()
            assert go_on.wait(10)
            return super().fetch()

    host = Slow()
    keys = KeySet(host, Time())
    found: list[object] = []
    waiting = [threading.Thread(target=lambda: found.append(keys.key(KID))) for _ in range(3)]
    for thread in waiting:
        thread.start()
    assert begun.wait(10)
    while keys._places._value:
        pass
    with pytest.raises(Busy):
        keys.key(KID)
    go_on.set()
    for thread in waiting:
        thread.join()
    assert (found, host.fetched) == ([KEY.public_key()] * 3, 1)


@pytest.mark.parametrize(
    "odd",
    [
        jwk(key=WEAK),
        jwk(alg="RS512"),
        jwk(use="enc"),
        jwk(kid=None),
        jwk(kid=""),
        jwk(kid="k" * 300),
        jwk(kid=7),
        jwk(n="!"),
        jwk(n=None),
        jwk(kty="oct"),
        {**json.loads(ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP256R1()).public_key())), "kid": KID},
        {"kty": "oct", "k": "c2VjcmV0", "kid": KID, "alg": "HS256"},
        "text",
        None,
    ],
    ids=lambda odd: type(odd).__name__,
)
def test_odd_keys_are_skipped(odd: object) -> None:
    """One alone makes no set; beside a good one it is left out."""
    with pytest.raises(KeySetUnavailableError):
        read_key_set(listed(odd))
    assert set(read_key_set(listed(odd, jwk("good")))) == {"good"}


NONSENSE = [b"", b"[]", b"{}", b'{"keys": {}}', b'{"keys": []}', b"<html>", b"[" * 100_000]


@pytest.mark.parametrize("body", NONSENSE, ids=len)
def test_nonsense_is_no_key_set(body: bytes) -> None:
    with pytest.raises(KeySetUnavailableError):
        read_key_set(body)


def test_a_key_without_use_and_algorithm_is_taken() -> None:
    assert set(read_key_set(listed(jwk(use=None, alg=None)))) == {KID}


def test_the_set_comes_over_http() -> None:
    with odd_host(answer(200, {"keys": [jwk()]})) as host:
        found = HttpKeySet(f"{host.base}/jwks.json").fetch()
    assert found[KID] == KEY.public_key()
    assert jwt.PyJWK(jwk(), algorithm="RS256").key == found[KID]


@pytest.mark.parametrize(
    "step",
    [
        answer(503),
        answer(404),
        answer(200, {}),
        drop,
        redirect("/elsewhere"),
        answer(200, {"keys": ["x" * LARGEST_BODY]}),
    ],
    ids=["down", "not there", "empty", "dropped", "redirected", "too large"],
)
def test_a_host_that_fails_is_unavailable(step: Any) -> None:
    with odd_host(step) as host, pytest.raises(KeySetUnavailableError):
        HttpKeySet(f"{host.base}/jwks.json", connect_seconds=1, read_seconds=1).fetch()


def test_a_slow_host_is_unavailable() -> None:
    with odd_host(late(2, answer(200))) as host, pytest.raises(KeySetUnavailableError):
        HttpKeySet(f"{host.base}/jwks.json", connect_seconds=0.3, read_seconds=0.3).fetch()
