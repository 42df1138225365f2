"""Tokens signed with a shared secret: HMAC by hand and Atlassian's package as oracles."""

from __future__ import annotations

import base64
import hmac
import json
import time
from typing import Any

import atlassian_jwt
import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockpoint.connect import qsh, tokens
from lockpoint.connect.tokens import Expectations, Reason, SigningKey, TokenRefusedError

SECRET = "a-secret-of-forty-characters-or-so-000000"
KEY = SigningKey(SECRET)
NOW = 1_795_262_400.0
HASH = qsh.request_hash("GET", "/p?q=1")
EXPECTED = Expectations((HASH,), ("lockpoint", "https://lockpoint.example.com"))


def claims(**changes: Any) -> dict[str, Any]:
    usual = {"iss": "client-1", "iat": int(NOW), "exp": int(NOW) + 180, "qsh": HASH, "sub": "557058:a", **changes}
    return {name: value for name, value in usual.items() if value is not None}


def make(secret: str = SECRET, algorithm: str = "HS256", headers: dict[str, Any] | None = None, **changes: Any) -> str:
    return jwt.encode(claims(**changes), secret, algorithm, headers=headers)


def check(token: str, now: float = NOW, keys: tuple[SigningKey, ...] = (KEY,)) -> tokens.Claims:
    return tokens.verify(tokens.parse(token, "HS256"), keys, EXPECTED, now)


def refused(token: str, now: float = NOW) -> Reason:
    with pytest.raises(TokenRefusedError) as caught:
        check(token, now)
    assert SECRET not in str(caught.value)
    return caught.value.reason


def segment(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def by_hand(payload: bytes, header: bytes = b'{"alg":"HS256","typ":"JWT"}') -> str:
    """A token with exactly these bytes, signed with the right secret."""
    start = f"{segment(header)}.{segment(payload)}"
    mac = hmac.digest(SECRET.encode(), start.encode(), "sha256")
    return f"{start}.{segment(mac)}"


def test_a_good_token_gives_its_claims() -> None:
    found = check(make(aud="lockpoint"))
    assert (found.issuer, found.account_id, found.qsh) == ("client-1", "557058:a", HASH)


def test_accepts_what_atlassians_package_makes() -> None:
    """The order of claims does not matter."""
    times = {"iat": int(NOW), "exp": int(NOW) + 180, "aud": None}
    token = atlassian_jwt.encode_token("GET", "/p?q=1", "client-1", SECRET, payload_kwargs=times)
    assert check(token).issuer == "client-1"


class Oracle(atlassian_jwt.Authenticator):
    def get_shared_secret(self, client_key: str) -> str:
        assert client_key == "lockpoint"
        return SECRET


@given(
    path=st.from_regex(r"/rest/[a-z]{1,5}", fullmatch=True),
    value=st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=6),
)
def test_our_own_tokens_satisfy_atlassians_package(path: str, value: str) -> None:
    """The issuer is the app key, the life 180 seconds, the hash that of the address below the site's context path."""
    target = f"{path}?q={base64.b16encode(value.encode()).decode()}"
    base = "https://x.atlassian.net/wiki"
    token = tokens.sign_call("PUT", f"{base}{target}", base, app_key="lockpoint", key=KEY, now=time.time())
    client_key, found = Oracle().authenticate("PUT", target, {"Authorization": f"JWT {token}"})
    assert client_key == found["iss"] == "lockpoint"
    assert found["exp"] - found["iat"] == 180


REFUSED = [
    ("other secret", make("another-secret-of-forty-characters-00000"), Reason.SIGNATURE),
    ("HS384", make(SECRET + "0123456789", "HS384"), Reason.ALGORITHM),
    ("alg none", jwt.encode(claims(), "", "none"), Reason.ALGORITHM),
    ("alg in lower case", by_hand(json.dumps(claims()).encode(), b'{"alg":"hs256"}'), Reason.ALGORITHM),
    ("no alg", by_hand(json.dumps(claims()).encode(), b'{"typ":"JWT"}'), Reason.MALFORMED),
    ("alg twice", by_hand(json.dumps(claims()).encode(), b'{"alg":"none","alg":"HS256"}'), Reason.MALFORMED),
    ("critical header", make(headers={"crit": ["b64"], "b64": False}), Reason.MALFORMED),
    ("other type", make(headers={"typ": "JWE"}), Reason.MALFORMED),
    ("kid with a slash", make(headers={"kid": "../../etc"}), Reason.KEY_ID),
    ("no exp", make(exp=None), Reason.MALFORMED),
    ("no iat", make(iat=None), Reason.MALFORMED),
    ("exp true", by_hand(json.dumps(claims(exp=True)).encode()), Reason.MALFORMED),
    ("exp text", by_hand(json.dumps(claims(exp="9999999999")).encode()), Reason.MALFORMED),
    ("exp infinite", by_hand(json.dumps(claims(exp=float("inf"))).encode()), Reason.MALFORMED),
    ("exp of 400 digits", by_hand(json.dumps(claims(exp=10**400)).encode()), Reason.MALFORMED),
    ("exp of 5000 digits", by_hand(b'{"exp":' + b"9" * 5000 + b"}"), Reason.MALFORMED),
    ("expired", make(exp=int(NOW) - 31), Reason.EXPIRED),
    ("expires this very second", make(exp=int(NOW) - 30), Reason.EXPIRED),
    ("ten years", make(exp=int(NOW) + 10 * 365 * 86400), Reason.LIFE_TOO_LONG),
    ("a day and a second", make(exp=int(NOW) + 86401), Reason.LIFE_TOO_LONG),
    ("ends before it begins", make(iat=int(NOW) + 20, exp=int(NOW) + 10), Reason.LIFE_TOO_LONG),
    ("issued in the future", make(iat=int(NOW) + 31), Reason.NOT_YET_VALID),
    ("not yet valid", make(nbf=int(NOW) + 31), Reason.NOT_YET_VALID),
    ("nbf text", by_hand(json.dumps(claims(nbf="1")).encode()), Reason.MALFORMED),
    ("no qsh", make(qsh=None), Reason.ADDRESS),
    ("qsh of another address", make(qsh=qsh.request_hash("GET", "/p?q=2")), Reason.ADDRESS),
    ("qsh upper case", make(qsh=HASH.upper()), Reason.ADDRESS),
    ("context qsh", make(qsh="context-qsh"), Reason.ADDRESS),
    ("qsh a list", make(qsh=[HASH]), Reason.ADDRESS),
    ("qsh not ASCII", make(qsh="é" * 64), Reason.ADDRESS),
    ("no issuer", make(iss=None), Reason.ISSUER),
    ("issuer a number", by_hand(json.dumps(claims(iss=5)).encode()), Reason.ISSUER),
    ("issuer empty", make(iss=""), Reason.ISSUER),
    ("issuer of 300 characters", make(iss="a" * 300), Reason.ISSUER),
    ("issuer with NUL", make(iss="a\0b"), Reason.ISSUER),
    ("audience of another", make(aud="https://evil.example.com"), Reason.AUDIENCE),
    ("audience a part of ours", make(aud="lockpoin"), Reason.AUDIENCE),
    ("audience around ours", make(aud="https://lockpoint.example.com.evil.com"), Reason.AUDIENCE),
    ("audience an empty list", make(aud=[]), Reason.AUDIENCE),
    ("audience a list with a number", by_hand(json.dumps(claims(aud=[1, "lockpoint"])).encode()), Reason.AUDIENCE),
    ("audience an object", by_hand(json.dumps(claims(aud={"a": 1})).encode()), Reason.AUDIENCE),
    ("account a number", by_hand(json.dumps(claims(sub=5)).encode()), Reason.MALFORMED),
    ("account with a slash", make(sub="../admin"), Reason.MALFORMED),
    ("claims twice", by_hand(b'{"iss":"a","iss":"client-1"}'), Reason.MALFORMED),
    ("claims a list", by_hand(b"[1]"), Reason.MALFORMED),
    ("claims not UTF-8", by_hand(b'{"iss":"\xff"}'), Reason.MALFORMED),
    ("claims NaN", by_hand(b'{"exp":NaN}'), Reason.MALFORMED),
    ("claims deep", by_hand(b"[" * 5000), Reason.MALFORMED),
    ("header deep", by_hand(b"{}", b"[" * 700), Reason.MALFORMED),
    ("header of 2 KB", by_hand(b"{}", b" " * 2000 + b"{}"), Reason.MALFORMED),
    ("two parts", "a.b", Reason.MALFORMED),
    ("four parts", make() + ".x", Reason.MALFORMED),
    ("empty parts", "..", Reason.MALFORMED),
    ("not ASCII", make() + "é", Reason.MALFORMED),
    ("100 KB", make(pad="x" * 100_000), Reason.TOO_LARGE),
    ("no signature", make().rpartition(".")[0] + ".", Reason.SIGNATURE),
    ("half a signature", make()[:-20], Reason.MALFORMED),
    ("padded signature", make() + "=", Reason.MALFORMED),
]


@pytest.mark.parametrize(("token", "reason"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_refused(token: str, reason: Reason) -> None:
    assert refused(token) is reason


def test_every_changed_character_is_noticed() -> None:
    """Not even the spare bits of the last character are free."""
    good = make()
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    for place, letter in enumerate(good):
        other = alphabet[alphabet.index(letter) ^ 1] if letter in alphabet else "A"
        refused(good[:place] + other + good[place + 1 :])


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": int(NOW) - 29, "iat": int(NOW) - 200},
        {"iat": int(NOW) + 30},
        {"nbf": int(NOW) + 30},
        {"nbf": int(NOW) - 5},
        {"exp": int(NOW) + 86400},
        {"exp": NOW + 90.5},
        {"aud": ["other", "lockpoint"]},
        {"aud": "https://lockpoint.example.com"},
        {"sub": None},
        {"sub": ""},
        {"context": {"confluence": {"content": {"id": "1"}}}},
    ],
)
def test_accepted(changes: dict[str, Any]) -> None:
    """Thirty seconds of leeway, up to a day, our audience in a list, unknown claims."""
    assert check(make(**changes)).account_id == (changes.get("sub", "557058:a") or None)


def test_the_previous_key_counts_when_it_is_given() -> None:
    other = SigningKey("another-secret-of-forty-characters-00000")
    assert check(make(), keys=(other, KEY)).issuer == "client-1"


NUMBER = st.integers(int(NOW) - 200, int(NOW) + 200)


@given(
    exp=st.none() | NUMBER | st.sampled_from(["1", True, 1.5]),
    iat=NUMBER,
    nbf=st.none() | NUMBER,
    secret=st.sampled_from([SECRET, "another-secret-of-forty-characters-00000"]),
    algorithm=st.sampled_from(["HS256", "HS512"]),
    noise=st.integers(0, 400),
)
def test_accepts_what_pyjwt_accepts(
    exp: Any, iat: int, nbf: int | None, secret: str, algorithm: str, noise: int
) -> None:
    """Neither more lenient nor stricter than PyJWT, also on damaged tokens."""
    body = {name: value for name, value in claims(exp=exp, iat=iat, nbf=nbf).items() if value is not None}
    key = secret.ljust(64, "0") if algorithm == "HS512" else secret
    token = jwt.PyJWS().encode(json.dumps(body).encode(), key, algorithm)
    if noise < len(token) // 4:
        token = token[:noise] + ("A" if token[noise] != "A" else "B") + token[noise + 1 :]
    assert ours(token) == pyjwt(token)


def ours(token: str) -> bool:
    try:
        check(token)
    except TokenRefusedError:
        return False
    return True


def pyjwt(token: str) -> bool:
    """PyJWT at `NOW`, plus the rules it lacks."""
    options: Any = {"require": ["exp", "iat", "iss"], "verify_exp": False, "verify_iat": False, "verify_nbf": False}
    try:
        found = jwt.decode(token, SECRET, algorithms=["HS256"], options=options)
    except jwt.PyJWTError:
        return False
    times = [found.get(name, NOW) for name in ("exp", "iat", "nbf")]
    if any(isinstance(value, bool) or not isinstance(value, int | float) for value in times):
        return False
    exp, iat, nbf = times
    return exp > NOW - 30 and iat <= NOW + 30 and nbf <= NOW + 30 and exp >= iat
