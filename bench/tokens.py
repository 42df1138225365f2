"""What a token costs: PyJWT with our checks beside a check written by hand, side by side in one run.

usage: python -m bench.tokens [--calls N]

The peer does the least that is still safe: one HMAC from a prepared state, one JSON decoding, the same claims. Rounds
alternate, so that the machine's moods meet both; the medians of the rounds count.
"""

from __future__ import annotations

import argparse
import hmac
import json
import statistics
import time
from base64 import urlsafe_b64encode
from binascii import a2b_base64
from collections.abc import Callable

from lockpoint.connect import qsh, tokens
from lockpoint.connect.tokens import HS256, Expectations, SigningKey

SECRET = "s" * 43
TARGET = "/connect/webhooks/attachment_updated?user_account_id=557058%3Aabc"
ROUNDS = 15


class HandWritten:
    """The check that PyJWT replaced: no library between the text and the HMAC."""

    def __init__(self, secret: str) -> None:
        self._state = hmac.new(secret.encode(), digestmod="sha256")
        self._headers: dict[str, str] = {}

    def verify(self, text: str, hashes: tuple[str, ...], now: float) -> str:
        """Return the issuer; ValueError for anything that does not fit."""
        header, payload, signature = text.split(".")
        if self._algorithm(header) != HS256:
            raise ValueError("algorithm")
        claims = json.loads(_decoded(payload))
        state = self._state.copy()
        state.update(f"{header}.{payload}".encode())
        expected = urlsafe_b64encode(state.digest()).rstrip(b"=").decode()
        if not hmac.compare_digest(expected, signature):
            raise ValueError("signature")
        if not claims["iat"] - 30 <= now < claims["exp"] + 30 or claims["qsh"] not in hashes:
            raise ValueError("claims")
        return str(claims["iss"])

    def _algorithm(self, header: str) -> str:
        if header not in self._headers:
            self._headers[header] = json.loads(_decoded(header))["alg"]
        return self._headers[header]


def main() -> None:
    """Measure both ways, and print medians and ratios."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--calls", type=int, default=3000)
    calls = parser.parse_args().calls
    now = time.time()
    key = SigningKey(SECRET)
    hashes = qsh.accepted_hashes("POST", TARGET, "")
    claims = {"iss": "c" * 36, "iat": int(now), "exp": int(now) + 180, "qsh": hashes[0], "sub": "557058:abc"}
    token = key.sign(claims)
    peer, expected = HandWritten(SECRET), Expectations(hashes)

    def by_pyjwt() -> None:
        tokens.verify(tokens.parse(token, HS256), (key,), expected, now)

    def by_hand() -> None:
        peer.verify(token, hashes, now)

    def hashed() -> None:
        qsh.accepted_hashes("POST", TARGET, "")

    def signed() -> None:
        key.sign(claims)

    timed = _alternating((by_pyjwt, by_hand, hashed, signed), calls)
    for name, microseconds in timed.items():
        print(f"{name:<10} {microseconds:7.1f} us")
    whole = timed["hashed"]
    print(f"verification alone:       {timed['by_pyjwt'] / timed['by_hand']:.2f} times the hand-written")
    print(f"with the query hash:      {(timed['by_pyjwt'] + whole) / (timed['by_hand'] + whole):.2f} times")


def _alternating(functions: tuple[Callable[[], None], ...], calls: int) -> dict[str, float]:
    """Return the median microseconds of CPU a call, each round timing every function."""
    rounds: dict[str, list[float]] = {function.__name__: [] for function in functions}
    for _ in range(ROUNDS):
        for function in functions:
            begun = time.process_time()
            for _ in range(calls):
                function()
            rounds[function.__name__].append((time.process_time() - begun) / calls * 1e6)
    return {name: statistics.median(times) for name, times in rounds.items()}


def _decoded(segment: str) -> bytes:
    return a2b_base64(segment.replace("-", "+").replace("_", "/") + "=" * (-len(segment) % 4))


if __name__ == "__main__":
    main()
