"""The invocation token: every spoiling is refused, every honest variant accepted. Tokens are made by hand here."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.utils import base64url_encode

from lockpoint.connect.tokens import Reason, TokenRefusedError
from lockpoint.forge.invocation import LARGEST_TOKEN, Invocation, Invocations

NOW = 1_795_262_400
UUID = "00000000-0000-4000-8000-000000000000"
APP = f"ari:cloud:ecosystem::app/{UUID}"
OTHER_APP = "ari:cloud:ecosystem::app/11111111-1111-4111-8111-111111111111"
API = "https://api.atlassian.com"
CLOUD = "d0d52620-3203-4cfa-8db5-f2587155f0dd"
OTHER_CLOUD = "e1d52620-3203-4cfa-8db5-f2587155f0dd"
ADDRESS = f"{API}/ex/confluence/{CLOUD}"
KID = "forge/invocation-token/3f0c"
ALICE = "655362:312d3308-8954-42b0-aa38-771a10c88656"
INSTALLATION = "ari:cloud:ecosystem::installation/0a3a7799-53ae-4a5b-9e7e-03338980abb5"
CONTEXT = {
    "cloudId": CLOUD,
    "siteUrl": "https://example.atlassian.net",
    "moduleKey": "byline",
    "extension": {"type": "macro", "content": {"id": "5341185"}},
}


@cache
def key(name: str) -> RSAPrivateKey:
    assert name
    return generate_private_key(65537, 2048)


@dataclass
class Keys:
    asked: list[str] = field(default_factory=list)

    def key(self, key_id: str) -> RSAPublicKey:
        self.asked.append(key_id)
        if key_id != KID:
            raise TokenRefusedError(Reason.KEY_UNKNOWN)
        return key("ours").public_key()


def app(**changes: Any) -> dict[str, Any]:
    usual: dict[str, Any] = {
        "id": APP,
        "version": "16",
        "appVersion": "16.0.1",
        "installationId": INSTALLATION,
        "apiBaseUrl": ADDRESS,
        "installation": {"id": INSTALLATION, "contexts": [{"name": "confluence", "apiBaseUrl": ADDRESS}]},
        "environment": {"type": "PRODUCTION", "id": "ari:cloud:ecosystem::environment/a/b"},
        "module": {"type": "core:endpoint", "key": "ep-tick"},
        **changes,
    }
    return {name: value for name, value in usual.items() if value is not None}


def claims(**changes: Any) -> dict[str, Any]:
    usual = {
        "app": app(),
        "aud": APP,
        "iss": "forge/invocation-token",
        "iat": NOW,
        "nbf": NOW,
        "exp": NOW + 25,
        "jti": "d8a496253ec8c18a54631e4c82cbedd5d0ae8570",
        **changes,
    }
    return {name: value for name, value in usual.items() if value is not None}


def b64(data: bytes) -> str:
    return base64url_encode(data).decode()


def by_hand(payload: bytes, header: bytes, sign: Callable[[bytes], bytes]) -> str:
    start = f"{b64(header)}.{b64(payload)}"
    return f"{start}.{b64(sign(start.encode()))}"


def rs256(data: bytes) -> bytes:
    return key("ours").sign(data, PKCS1v15(), SHA256())


HEADER = json.dumps({"alg": "RS256", "typ": "JWT", "kid": KID}).encode()


def signed(header: dict[str, Any] | None = None, signer: str = "ours", **changes: Any) -> str:
    fields = json.dumps({"alg": "RS256", "typ": "JWT", "kid": KID, **(header or {})}).encode()
    payload = json.dumps(claims(**changes)).encode()
    return by_hand(payload, fields, lambda data: key(signer).sign(data, PKCS1v15(), SHA256()))


def screen(**changes: Any) -> str:
    module = {"module": {"type": "xen:macro", "key": "byline"}}
    return signed(app=app(**module), context=CONTEXT, principal=ALICE, **changes)


def with_header(**header: Any) -> str:
    """Signed rightly over a header of our own making."""
    fields = {"alg": "RS256", "typ": "JWT", "kid": KID, **header}
    kept = {name: value for name, value in fields.items() if value is not None}
    return by_hand(json.dumps(claims()).encode(), json.dumps(kept).encode(), rs256)


def invocations(keys: Keys | None = None, *environments: str) -> Invocations:
    return Invocations(keys or Keys(), APP, API, environments or ("PRODUCTION",))


def read(token: str | None, now: float = NOW, scheme: str = "Bearer ") -> Invocation:
    return invocations().verify(None if token is None else scheme + token, now)


def public_pem() -> bytes:
    return key("ours").public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def confused(payload: bytes = json.dumps(claims()).encode()) -> str:
    """HS256 with the public key as its secret."""
    header = json.dumps({"alg": "HS256", "typ": "JWT", "kid": KID}).encode()
    return by_hand(payload, header, lambda data: hmac.digest(public_pem(), data, "sha256"))


def none_signed(signature: bytes = b"") -> str:
    header = json.dumps({"alg": "none", "typ": "JWT", "kid": KID}).encode()
    return by_hand(json.dumps(claims()).encode(), header, lambda _: signature)


def rs384() -> str:
    header = json.dumps({"alg": "RS384", "typ": "JWT", "kid": KID}).encode()
    return by_hand(json.dumps(claims()).encode(), header, lambda data: key("ours").sign(data, PKCS1v15(), SHA384()))


def changed_payload(**changes: Any) -> str:
    head, _, signature = signed().split(".")
    return f"{head}.{b64(json.dumps(claims(**changes)).encode())}.{signature}"


def twice(name: str) -> str:
    text = json.dumps(claims())
    doubled = text[:-1] + f', "{name}": {json.dumps(claims()[name])}}}'
    return by_hand(doubled.encode(), HEADER, rs256)


def contexts(*places: dict[str, Any]) -> dict[str, Any]:
    return {"installation": {"id": INSTALLATION, "contexts": list(places)}}


REFUSED: dict[str, tuple[str, Reason]] = {
    # the signature
    "another key": (signed(signer="theirs"), Reason.SIGNATURE),
    "an unknown key id": (signed({"kid": "forge/invocation-token/other"}), Reason.KEY_UNKNOWN),
    "no key id": (with_header(kid=None), Reason.KEY_ID),
    "a key id that is a number": (with_header(kid=7), Reason.KEY_ID),
    "a key id with a line break": (with_header(kid=f"{KID}\nx"), Reason.KEY_ID),
    "an endless key id": (with_header(kid="k" * 300), Reason.KEY_ID),
    "no signature": (none_signed(), Reason.MALFORMED),
    "algorithm none with a signature": (none_signed(b"x"), Reason.ALGORITHM),
    "algorithm None in capitals": (with_header(alg="NONE"), Reason.ALGORITHM),
    "no algorithm": (with_header(alg=None), Reason.ALGORITHM),
    "HS256 with the public key": (confused(), Reason.ALGORITHM),
    "RS384 by the right key": (rs384(), Reason.ALGORITHM),
    "ES256 in name": (with_header(alg="ES256"), Reason.ALGORITHM),
    "a critical header": (with_header(crit=["exp"]), Reason.KEY_ID),
    "an unencoded payload": (with_header(b64=False), Reason.KEY_ID),
    "a changed payload": (changed_payload(principal="557058:mallory"), Reason.SIGNATURE),
    "a cut signature": (signed()[:-2], Reason.SIGNATURE),
    # the form
    "two parts": (signed().rpartition(".")[0], Reason.MALFORMED),
    "four parts": (signed() + ".x", Reason.MALFORMED),
    "padding": (signed() + "=", Reason.MALFORMED),
    "a line break inside": (signed().replace(".", "\n.", 1), Reason.MALFORMED),
    "no JSON": (by_hand(b"hello", HEADER, rs256), Reason.MALFORMED),
    "a list": (by_hand(b"[]", HEADER, rs256), Reason.MALFORMED),
    "not a number": (by_hand(b'{"exp": NaN}', HEADER, rs256), Reason.MALFORMED),
    "bytes that are no text": (by_hand(b'{"a": "\xff"}', HEADER, rs256), Reason.MALFORMED),
    "a claim that comes twice": (twice("aud"), Reason.MALFORMED),
    "deep nesting": (by_hand(b'{"a":' + b"[" * 5000, HEADER, rs256), Reason.MALFORMED),
    "too long": (signed(padding="x" * LARGEST_TOKEN), Reason.TOO_LARGE),
    # for whom
    "another app's token": (signed(aud=OTHER_APP, app=app(id=OTHER_APP)), Reason.AUDIENCE),
    "another app's audience": (signed(aud=OTHER_APP), Reason.AUDIENCE),
    "another app's id": (signed(app=app(id=OTHER_APP)), Reason.OTHER_APP),
    "our bare id as audience": (signed(aud=UUID), Reason.AUDIENCE),
    "no audience": (signed(aud=None), Reason.MALFORMED),
    "no app id": (signed(app=app(id=None)), Reason.OTHER_APP),
    "no app": (signed(app=None), Reason.MALFORMED),
    "an app that is a text": (signed(app="ours"), Reason.MALFORMED),
    "another issuer": (signed(iss="forge/context-token"), Reason.ISSUER),
    "no issuer": (signed(iss=None), Reason.MALFORMED),
    "a list of issuers": (signed(iss=["forge/invocation-token"]), Reason.ISSUER),
    "an isolated cloud": (signed(icLabel="ic-1"), Reason.ISOLATED_CLOUD),
    "an isolated cloud without a name": (signed(icLabel=""), Reason.ISOLATED_CLOUD),
    "a development environment": (signed(app=app(environment={"type": "DEVELOPMENT"})), Reason.ENVIRONMENT),
    "an environment in small letters": (signed(app=app(environment={"type": "production"})), Reason.ENVIRONMENT),
    "no environment": (signed(app=app(environment=None)), Reason.MALFORMED),
    # the address that tokens go to
    "another host": (signed(app=app(apiBaseUrl=f"https://evil.example/ex/confluence/{CLOUD}")), Reason.API_ADDRESS),
    "a host that goes on": (
        signed(app=app(apiBaseUrl=f"{API}.evil.example/ex/confluence/{CLOUD}")),
        Reason.API_ADDRESS,
    ),
    "a user before the host": (
        signed(app=app(apiBaseUrl=f"https://api.atlassian.com@evil.example/ex/confluence/{CLOUD}")),
        Reason.API_ADDRESS,
    ),
    "plain http": (signed(app=app(apiBaseUrl=ADDRESS.replace("https", "http"))), Reason.API_ADDRESS),
    "another product": (signed(app=app(apiBaseUrl=ADDRESS.replace("confluence", "jira"))), Reason.API_ADDRESS),
    "a longer path": (signed(app=app(apiBaseUrl=f"{ADDRESS}/../x")), Reason.API_ADDRESS),
    "a closing slash": (signed(app=app(apiBaseUrl=f"{ADDRESS}/")), Reason.API_ADDRESS),
    "a line break after it": (signed(app=app(apiBaseUrl=f"{ADDRESS}\n")), Reason.API_ADDRESS),
    "no cloud id": (signed(app=app(apiBaseUrl=f"{API}/ex/confluence/")), Reason.API_ADDRESS),
    "no address": (signed(app=app(apiBaseUrl=None)), Reason.API_ADDRESS),
    "an address that is a list": (signed(app=app(apiBaseUrl=[ADDRESS])), Reason.API_ADDRESS),
    "another site in the installation": (
        signed(app=app(**contexts({"name": "confluence", "cloudId": OTHER_CLOUD}))),
        Reason.API_ADDRESS,
    ),
    "another address in the installation": (
        signed(app=app(**contexts({"name": "confluence", "apiBaseUrl": f"{API}/ex/confluence/{OTHER_CLOUD}"}))),
        Reason.API_ADDRESS,
    ),
    "another site in the context": (
        signed(context={**CONTEXT, "cloudId": OTHER_CLOUD}, principal=ALICE),
        Reason.API_ADDRESS,
    ),
    "installations that are no list": (signed(app=app(installation={"contexts": "x"})), Reason.MALFORMED),
    "installations of texts": (signed(app=app(installation={"contexts": ["x"]})), Reason.MALFORMED),
    # when
    "expired": (signed(iat=NOW - 100, nbf=NOW - 100, exp=NOW - 10), Reason.EXPIRED),
    "issued in the future": (signed(iat=NOW + 11, exp=NOW + 30), Reason.NOT_YET_VALID),
    "not yet valid": (signed(nbf=NOW + 11), Reason.NOT_YET_VALID),
    "a life of more than an hour": (signed(exp=NOW + 3601), Reason.LIFE_TOO_LONG),
    "an end before its begin": (signed(iat=NOW + 5, exp=NOW + 4), Reason.LIFE_TOO_LONG),
    "no end": (signed(exp=None), Reason.MALFORMED),
    "no begin": (signed(nbf=None), Reason.MALFORMED),
    "no time of issue": (signed(iat=None), Reason.MALFORMED),
    "no name": (signed(jti=None), Reason.MALFORMED),
    "an empty name": (signed(jti=""), Reason.MALFORMED),
    "a name that is a number": (signed(jti=7), Reason.MALFORMED),
    "an end that is a text": (signed(exp=str(NOW + 25)), Reason.MALFORMED),
    "an end that is true": (signed(exp=True), Reason.MALFORMED),
    "an endless end": (signed(exp=1e300), Reason.MALFORMED),
    # who
    "a person of odd letters": (signed(principal="../admin"), Reason.MALFORMED),
    "a person that is a list": (signed(principal=[ALICE]), Reason.MALFORMED),
    "an empty person": (signed(principal=""), Reason.MALFORMED),
    "a context that is a text": (signed(context="x"), Reason.MALFORMED),
    "no installation": (signed(app=app(installationId=None)), Reason.MALFORMED),
    "no module": (signed(app=app(module=None)), Reason.MALFORMED),
    "a module without a key": (signed(app=app(module={"type": "x"})), Reason.MALFORMED),
}

ACCEPTED: dict[str, str] = {
    "an event's": signed(),
    "a screen's": screen(),
    "the documents' own, without installations": signed(app=app(installation=None)),
    "with the cloud id in the installation": signed(
        app=app(**contexts({"name": "confluence", "cloudId": CLOUD}, {"name": "jira", "cloudId": OTHER_CLOUD}))
    ),
    "without its version of old": signed(app=app(version=None)),
    "without the new version": signed(app=app(appVersion=None)),
    "in a list of audiences": signed(aud=[APP]),
    "seconds ahead of our clock": signed(iat=NOW + 9, nbf=NOW + 9, exp=NOW + 34),
    "seconds behind our clock": signed(iat=NOW - 34, nbf=NOW - 34, exp=NOW - 9),
    "an hour long": signed(exp=NOW + 3600),
    "with unknown claims": signed(future={"a": [1]}, app=app(future=1)),
    "with an odd licence": signed(app=app(license="COMMERCIAL")),
    "with an odd site address": signed(context={**CONTEXT, "siteUrl": "javascript:alert(1)"}, principal=ALICE),
    "of a fraction of a second": signed(iat=NOW + 0.5, exp=NOW + 25.5),
}


def test_there_are_enough_of_each() -> None:
    assert len(REFUSED) + len(ACCEPTED) >= 60


@pytest.mark.parametrize("case", REFUSED, ids=str)
def test_every_spoilt_token_is_refused(case: str) -> None:
    token, reason = REFUSED[case]
    with pytest.raises(TokenRefusedError) as refusal:
        read(token)
    assert refusal.value.reason is reason


@pytest.mark.parametrize("case", ACCEPTED, ids=str)
def test_every_honest_token_is_accepted(case: str) -> None:
    found = read(ACCEPTED[case])
    assert (found.cloud_id, found.api_url, found.installation) == (CLOUD, ADDRESS, INSTALLATION)


def test_a_screen_s_token_names_person_place_and_site() -> None:
    found = read(screen())
    assert (found.person, found.on_screen, found.module) == (ALICE, True, "byline")
    assert found.site_url == "https://example.atlassian.net"


def test_an_event_s_names_nobody() -> None:
    found = read(signed())
    assert (found.person, found.on_screen, found.site_url, found.licensed) == (None, False, None, None)


@pytest.mark.parametrize(
    ("licence", "licensed"),
    [({"active": True}, True), ({"active": False}, False), ({"isActive": True}, True), ({}, False)],
)
def test_the_licence_is_told_where_there_is_one(licence: dict[str, Any], licensed: bool) -> None:
    assert read(signed(app=app(license=licence))).licensed is licensed


def test_an_odd_site_address_is_none() -> None:
    assert read(ACCEPTED["with an odd site address"]).site_url is None


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (None, Reason.MISSING),
        ("", Reason.MISSING),
        (f"JWT {signed()}", Reason.WRONG_PLACE),
        (signed(), Reason.WRONG_PLACE),
        ("Bearer ", Reason.MALFORMED),
        (f"Bearer {signed()} {signed()}", Reason.MALFORMED),
    ],
    ids=["none", "empty", "another scheme", "no scheme", "no token", "two tokens"],
)
def test_the_token_is_a_bearer_s(header: str | None, reason: Reason) -> None:
    with pytest.raises(TokenRefusedError) as refusal:
        invocations().verify(header, NOW)
    assert refusal.value.reason is reason


def test_the_scheme_is_of_any_case() -> None:
    assert read(signed(), scheme="bEARER ").cloud_id == CLOUD


def test_environments_are_those_of_the_settings() -> None:
    token = signed(app=app(environment={"type": "STAGING"}))
    assert invocations(None, "PRODUCTION", "STAGING").verify(f"Bearer {token}", NOW).environment == "STAGING"


@pytest.mark.parametrize(
    "case", ["algorithm none with a signature", "HS256 with the public key", "no key id", "a list"]
)
def test_no_key_is_asked_for_what_cannot_be_right(case: str) -> None:
    keys = Keys()
    with pytest.raises(TokenRefusedError):
        invocations(keys).verify(f"Bearer {REFUSED[case][0]}", NOW)
    assert keys.asked == []


def test_the_first_second_after_the_leeway_is_too_late() -> None:
    token = signed()
    assert read(token, NOW + 25 + 9.9).cloud_id == CLOUD
    with pytest.raises(TokenRefusedError):
        read(token, NOW + 25 + 10)
