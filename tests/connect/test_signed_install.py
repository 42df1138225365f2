"""Signed installs: each verification step refuses for its own reason."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from lockpoint.connect import qsh
from lockpoint.connect.inbound import InboundCall
from lockpoint.connect.install_keys import InstallKeys
from lockpoint.connect.signed_install import SignedInstalls
from lockpoint.connect.tokens import Reason, TokenRefusedError
from tests.fakes.connect import (
    ACME,
    ALICE,
    APP_KEY,
    APP_URL,
    GLOBEX,
    START,
    FakeTime,
    MemoryInstalls,
    MemoryKeys,
    install_body,
    private_key,
    public_pem,
)

TARGET = "/connect/installed?user_key=x"
NOW = START.timestamp()


def make(
    key: Any = None, algorithm: str = "RS256", kid: str | None = "kid-1", headers: Any = None, **changes: Any
) -> str:
    claims = {
        "iss": ACME,
        "aud": [APP_URL],
        "iat": int(NOW),
        "exp": int(NOW) + 180,
        "qsh": qsh.request_hash("POST", TARGET),
        **changes,
    }
    claims = {name: value for name, value in claims.items() if value is not None}
    fields = {**({} if kid is None else {"kid": kid}), **(headers or {})}
    return jwt.encode(claims, key if key is not None else private_key(), algorithm, headers=fields)


@pytest.fixture
def memory() -> MemoryKeys:
    return MemoryKeys()


@pytest.fixture
def installs(memory: MemoryKeys) -> SignedInstalls:
    seen = MemoryInstalls()
    return SignedInstalls(InstallKeys(memory, seen, FakeTime().seconds), seen, APP_KEY, APP_URL)


def verify(installs: SignedInstalls, token: str, body: Any = None, method: str = "POST", target: str = TARGET) -> str:
    content = json.dumps(install_body() if body is None else body).encode()
    return str(installs.verify(token, InboundCall(method, target, None), lambda: content, NOW)["clientKey"])


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"aud": APP_URL},
        {"aud": [APP_URL + "/"]},
        {"aud": [APP_URL, "other"]},
        {"sub": ALICE},
        {"exp": NOW - 10, "iat": NOW - 100},
    ],
)
def test_a_good_install_is_accepted(installs: SignedInstalls, changes: dict[str, Any]) -> None:
    """Audience as text or list, one trailing slash, a person, thirty seconds of leeway."""
    assert verify(installs, make(**changes)) == ACME


def pem_as_secret() -> str:
    """Algorithm confusion: our public key as an HMAC secret (made by hand, PyJWT refuses to)."""
    payload = make().split(".")[1]
    head = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT","kid":"kid-1"}').rstrip(b"=").decode()
    text = f"{head}.{payload}"
    digest = hmac.new(public_pem(private_key()), text.encode(), hashlib.sha256).digest()
    return f"{text}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"


REFUSED = [
    ("HS256 with the public key", pem_as_secret(), {}, Reason.ALGORITHM),
    ("HS256", make("x" * 40, "HS256"), {}, Reason.ALGORITHM),
    ("RS512", make(algorithm="RS512"), {}, Reason.ALGORITHM),
    ("PS256", make(algorithm="PS256"), {}, Reason.ALGORITHM),
    ("none", jwt.encode({"iss": ACME}, "", "none"), {}, Reason.ALGORITHM),
    ("ES256", make(ec.generate_private_key(ec.SECP256R1()), "ES256"), {}, Reason.ALGORITHM),
    ("other key pair", make(private_key("mallory")), {}, Reason.SIGNATURE),
    ("no kid", make(kid=None), {}, Reason.KEY_ID),
    ("unknown kid", make(kid="kid-2"), {}, Reason.KEY_UNKNOWN),
    ("kid with a slash", make(kid="a/b"), {}, Reason.KEY_ID),
    ("kid with dots and a slash", make(kid="../kid-1"), {}, Reason.KEY_ID),
    ("kid escaped", make(kid="a%2fb"), {}, Reason.KEY_ID),
    ("kid of another host", make(kid="@evil.example.com"), {}, Reason.KEY_ID),
    ("kid with a query", make(kid="kid-1?x"), {}, Reason.KEY_ID),
    ("kid with a newline", make(kid="kid-1\n"), {}, Reason.KEY_ID),
    ("kid of 200 characters", make(kid="k" * 200), {}, Reason.KEY_ID),
    ("kid of 10 KB", make(kid="k" * 10_000), {}, Reason.TOO_LARGE),
    ("kid empty", make(kid=""), {}, Reason.KEY_ID),
    ("expired", make(exp=int(NOW) - 31, iat=int(NOW) - 200), {}, Reason.EXPIRED),
    ("no exp", make(exp=None), {}, Reason.MALFORMED),
    ("ten years", make(exp=int(NOW) + 10**9), {}, Reason.LIFE_TOO_LONG),
    ("issued tomorrow", make(iat=int(NOW) + 86400, exp=int(NOW) + 86500), {}, Reason.NOT_YET_VALID),
    ("no issuer", make(iss=None), {}, Reason.ISSUER),
    ("issuer of another site", make(iss=GLOBEX), {}, Reason.ISSUER),
    ("body of another site", make(), {"clientKey": GLOBEX}, Reason.ISSUER),
    ("body without client key", make(), {"clientKey": None}, Reason.ISSUER),
    ("body with a list of client keys", make(), {"clientKey": [ACME]}, Reason.ISSUER),
    ("no audience", make(aud=None), {}, Reason.AUDIENCE),
    ("audience empty", make(aud=[]), {}, Reason.AUDIENCE),
    ("audience of another app", make(aud=["https://evil.example.com"]), {}, Reason.AUDIENCE),
    ("audience around ours", make(aud=[APP_URL + ".evil.com"]), {}, Reason.AUDIENCE),
    ("audience below ours", make(aud=[APP_URL + "/sub"]), {}, Reason.AUDIENCE),
    ("audience with two slashes", make(aud=[APP_URL + "//"]), {}, Reason.AUDIENCE),
    ("our audience second", make(aud=["https://evil.example.com", APP_URL]), {}, Reason.AUDIENCE),
    ("no qsh", make(qsh=None), {}, Reason.ADDRESS),
    ("context qsh", make(qsh="context-qsh"), {}, Reason.ADDRESS),
    ("qsh of uninstalled", make(qsh=qsh.request_hash("POST", "/connect/uninstalled?user_key=x")), {}, Reason.ADDRESS),
    ("qsh without the query", make(qsh=qsh.request_hash("POST", "/connect/installed")), {}, Reason.ADDRESS),
    ("qsh of GET", make(qsh=qsh.request_hash("GET", TARGET)), {}, Reason.ADDRESS),
    ("other app", make(), {"key": "other-app"}, Reason.BODY),
    ("no app", make(), {"key": None}, Reason.BODY),
    ("Jira", make(), {"productType": "jira"}, Reason.BODY),
    ("no product", make(), {"productType": None}, Reason.BODY),
    ("signature cut", make()[:-2], {}, Reason.SIGNATURE),
    ("signature gone", make().rpartition(".")[0] + ".", {}, Reason.SIGNATURE),
    ("signature padded", make() + "=", {}, Reason.MALFORMED),
]


@pytest.mark.parametrize(("token", "body", "reason"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_refused(installs: SignedInstalls, token: str, body: dict[str, Any], reason: Reason) -> None:
    """F30: one defect in token or body suffices."""
    with pytest.raises(TokenRefusedError) as caught:
        verify(installs, token, install_body(**body))
    assert caught.value.reason is reason


def test_spare_bits_of_the_signature_are_not_free(installs: SignedInstalls) -> None:
    """The last character of an RS256 signature has spare bits."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    good = make()
    with pytest.raises(TokenRefusedError):
        verify(installs, good[:-1] + alphabet[alphabet.index(good[-1]) ^ 1])


def test_no_key_is_fetched_for_a_token_that_is_wrong_anyway(installs: SignedInstalls, memory: MemoryKeys) -> None:
    """Checks that need no key come before the fetch."""
    for token in (make(aud=["x"]), make(exp=int(NOW) - 99), make(qsh="context-qsh")):
        with pytest.raises(TokenRefusedError):
            verify(installs, token)
    assert not memory.asked


def test_known_keys_work_while_the_hosts_are_down(installs: SignedInstalls, memory: MemoryKeys) -> None:
    """A new key is refused until they answer."""
    verify(installs, make())
    memory.trouble = True
    assert verify(installs, make()) == ACME
    with pytest.raises(TokenRefusedError) as caught:
        verify(installs, make(kid="kid-2"))
    assert caught.value.reason is Reason.KEY_UNAVAILABLE


def test_the_body_is_read_once_the_token_is_proven(installs: SignedInstalls) -> None:
    """Who proves nothing sends nothing."""
    stranger = private_key("stranger")

    def read() -> bytes:
        pytest.fail("a body was read")

    for token in (make(stranger), make(aud=["x"]), make(kid=None), make(exp=int(NOW) - 99), make(kid="kid-2")):
        with pytest.raises(TokenRefusedError):
            installs.verify(token, InboundCall("POST", TARGET, None), read, NOW)


def test_a_token_fits_the_first_body_only(installs: SignedInstalls) -> None:
    """A captured token registers no other secret; the same call may come again."""
    token = make()
    for _ in range(2):
        assert verify(installs, token) == ACME
    with pytest.raises(TokenRefusedError) as caught:
        verify(installs, token, install_body(sharedSecret="another secret of sufficient length"))
    assert caught.value.reason is Reason.USED
    assert verify(installs, make(jti="another")) == ACME
