"""JSON Web Tokens by PyJWT, one algorithm pinned per route.

Added here: sizes, plain base64url only, duplicate keys, critical headers, forms of claims, qsh, Connect's audiences.
"""

from __future__ import annotations

import hmac
import json
import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NoReturn

import jwt
from jwt.algorithms import HMACAlgorithm, RSAAlgorithm

from lockpoint.connect import qsh

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

LEEWAY_SECONDS: Final = 30
"""Tolerated clock difference."""
LONGEST_LIFE_SECONDS: Final = 24 * 3600
LARGEST_TOKEN: Final = 8192
"""Characters; Confluence's have below 2,000."""
OWN_LIFE_SECONDS: Final = 180
"""As in Atlassian's documents."""

HS256: Final = "HS256"
RS256: Final = "RS256"

_FORM: Final = re.compile(r"([\w-]{1,1024})\.([\w-]+)\.([\w-]*)", re.ASCII)
_CLIENT_KEY: Final = re.compile(r"[A-Za-z0-9._:@/-]{1,255}")
_ACCOUNT_ID: Final = re.compile(r"[A-Za-z0-9:_-]{1,128}")
_KEY_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,128}")
_LATEST_SECONDS: Final = 1e12

_JWS: Final = jwt.PyJWS()
_HMAC: Final = HMACAlgorithm(HMACAlgorithm.SHA256)
_RSA: Final = RSAAlgorithm(RSAAlgorithm.SHA256)


class Reason(StrEnum):
    """For the security log, never the caller."""

    MISSING = "missing"
    TWO_TOKENS = "two_tokens"
    WRONG_PLACE = "wrong_place"
    TOO_LARGE = "too_large"
    MALFORMED = "malformed"
    ALGORITHM = "algorithm"
    KEY_ID = "key_id"
    KEY_UNKNOWN = "key_unknown"
    KEY_UNAVAILABLE = "key_unavailable"
    ISSUER = "issuer"
    AUDIENCE = "audience"
    SIGNATURE = "signature"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    LIFE_TOO_LONG = "life_too_long"
    ADDRESS = "address"
    NO_ACCOUNT = "no_account"
    BODY = "body"
    USED = "used"
    NO_GUARD = "no_guard"
    OTHER_APP = "other_app"
    ENVIRONMENT = "environment"
    API_ADDRESS = "api_address"
    ISOLATED_CLOUD = "isolated_cloud"
    SCREEN = "screen"
    """A person's call where only the platform may call."""


class InTime(StrEnum):
    """Of a token whose signature is right."""

    YES = "yes"
    NO = "no"


OUT_OF_TIME: Final = frozenset({Reason.EXPIRED, Reason.NOT_YET_VALID})


class TokenRefusedError(Exception):
    """The sender is unproven; `issuer` is what it claimed, for the log."""

    def __init__(self, reason: Reason, issuer: str | None = None) -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.issuer = issuer


@dataclass(frozen=True, slots=True)
class TokenHeader:
    algorithm: str
    key_id: str | None


@dataclass(frozen=True, slots=True)
class Claims:
    """Unproven; times are seconds since 1970."""

    issuer: str
    issued: float
    expires: float
    not_before: float | None
    qsh: str | None
    account_id: str | None
    audience: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Token:
    """Unverified; `canonical`: the signature is spelled in the one right way."""

    header: TokenHeader
    claims: Claims
    signing_input: bytes
    signature: bytes
    canonical: bool


class SigningKey:
    """A site's shared secret; never in a repr."""

    __slots__ = ("_secret",)

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    def verifies(self, token: Token) -> bool:
        """In constant time."""
        return _HMAC.verify(token.signing_input, self._secret, token.signature) and token.canonical

    def sign(self, claims: Mapping[str, object]) -> str:
        """With HS256."""
        return jwt.encode(dict(claims), self._secret, algorithm=HS256)

    def can_sign(self) -> bool:
        """Return whether PyJWT signs with this secret: it refuses what looks like a PEM, an SSH key or a JWK."""
        try:
            _HMAC.prepare_key(self._secret)
        except jwt.InvalidKeyError:
            return False
        return True


@dataclass(frozen=True, slots=True)
class Expectations:
    """Any of `hashes` as qsh, and one of `audiences` if the token has an audience."""

    hashes: tuple[str, ...]
    audiences: tuple[str, ...] = ()


def parse(token: str, algorithm: str) -> Token:
    """Check the form; raises TokenRefusedError.

    The route sets the algorithm, never the token.
    """
    if len(token) > LARGEST_TOKEN:
        raise TokenRefusedError(Reason.TOO_LARGE)
    form = _FORM.fullmatch(token) or _refuse(Reason.MALFORMED)
    header = _header(form[1])
    if header.algorithm != algorithm:
        raise TokenRefusedError(Reason.ALGORITHM)
    try:
        found = _JWS.decode_complete(token, options={"verify_signature": False})
    except (jwt.InvalidTokenError, ValueError, RecursionError):
        _refuse(Reason.MALFORMED)
    return Token(
        header=header,
        claims=_claims(json_object(found["payload"])),
        signing_input=token[: form.end(2)].encode(),
        signature=found["signature"],
        canonical=jwt.utils.base64url_encode(found["signature"]) == form[3].encode(),
    )


def check_times(claims: Claims, now: float) -> None:
    """TokenRefusedError unless short-lived and alive at `now` (seconds, with leeway)."""
    if claims.expires + LEEWAY_SECONDS <= now:
        raise TokenRefusedError(Reason.EXPIRED, claims.issuer)
    if claims.issued - LEEWAY_SECONDS > now or (claims.not_before or 0) - LEEWAY_SECONDS > now:
        raise TokenRefusedError(Reason.NOT_YET_VALID, claims.issuer)
    if not 0 <= claims.expires - claims.issued <= LONGEST_LIFE_SECONDS:
        raise TokenRefusedError(Reason.LIFE_TOO_LONG, claims.issuer)


def check_hash(claims: Claims, hashes: Iterable[str]) -> None:
    """TokenRefusedError unless qsh is one of `hashes`."""
    if claims.qsh is None or not any(hmac.compare_digest(claims.qsh, known) for known in hashes):
        raise TokenRefusedError(Reason.ADDRESS, claims.issuer)


def verify(token: Token, keys: Sequence[SigningKey], expected: Expectations, now: float) -> Claims:
    """Return the claims if one of `keys` signed and all fits; raises TokenRefusedError.

    Signature first: without a secret, a caller learns nothing from the rest.
    """
    claims = token.claims
    # A list, so that every key is tried.
    if not any([key.verifies(token) for key in keys]):  # noqa: C419
        raise TokenRefusedError(Reason.SIGNATURE, claims.issuer)
    check_times(claims, now)
    if claims.audience is not None and not set(expected.audiences) & set(claims.audience):
        raise TokenRefusedError(Reason.AUDIENCE, claims.issuer)
    check_hash(claims, expected.hashes)
    return claims


def check_signature(token: Token, key: RSAPublicKey) -> None:
    """TokenRefusedError unless `key`'s private half signed, RS256."""
    if not token.canonical:
        raise TokenRefusedError(Reason.MALFORMED, token.claims.issuer)
    if not _RSA.verify(token.signing_input, key, token.signature):
        raise TokenRefusedError(Reason.SIGNATURE, token.claims.issuer)


def sign_call(method: str, url: str, base_url: str, *, app_key: str, key: SigningKey, now: float) -> str:
    """Return a token for one call; `url` exactly as sent, below `base_url`.

    The issuer is our app key, not the client key; the hashed path omits the site's context path.
    """
    issued = int(now)
    hashed = qsh.request_hash(method, url, qsh.path_of(base_url))
    return key.sign({"iss": app_key, "iat": issued, "exp": issued + OWN_LIFE_SECONDS, "qsh": hashed})


@lru_cache(maxsize=64)
def _header(segment: str) -> TokenHeader:
    try:
        fields = json_object(jwt.utils.base64url_decode(segment))
    except ValueError:
        _refuse(Reason.MALFORMED)
    algorithm, kind, key_id = fields.get("alg"), fields.get("typ", "JWT"), fields.get("kid")
    if not isinstance(algorithm, str) or not isinstance(kind, str) or kind.upper() != "JWT" or "crit" in fields:
        _refuse(Reason.MALFORMED)
    if key_id is not None and not (isinstance(key_id, str) and _KEY_ID.fullmatch(key_id)):
        # It becomes part of an address.
        raise TokenRefusedError(Reason.KEY_ID)
    return TokenHeader(algorithm, key_id)


def _claims(fields: Mapping[str, object]) -> Claims:
    not_before = fields.get("nbf")
    return Claims(
        issuer=_text(fields.get("iss"), _CLIENT_KEY, Reason.ISSUER) or _refuse(Reason.ISSUER),
        issued=_seconds(fields.get("iat")),
        expires=_seconds(fields.get("exp")),
        not_before=None if not_before is None else _seconds(not_before),
        qsh=_text(fields.get("qsh"), None, Reason.ADDRESS),
        account_id=_text(fields.get("sub") or None, _ACCOUNT_ID, Reason.MALFORMED),
        audience=_audience(fields.get("aud")),
    )


def _text(value: object, form: re.Pattern[str] | None, reason: Reason) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not value.isascii() or (form and not form.fullmatch(value)):
        raise TokenRefusedError(reason)
    return value


def _seconds(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= _LATEST_SECONDS:
        _refuse(Reason.MALFORMED)
    return value


def _audience(value: object) -> tuple[str, ...] | None:
    if value is None:
        return None
    members = value if isinstance(value, list) else [value]
    if not all(isinstance(member, str) for member in members):
        raise TokenRefusedError(Reason.AUDIENCE)
    return tuple(members)


def json_object(text: bytes) -> dict[str, object]:
    """Each name comes once, and there is nothing but JSON; TokenRefusedError."""
    try:
        value = _DECODER.decode(text.decode())
    except (ValueError, RecursionError):
        _refuse(Reason.MALFORMED)
    return value if isinstance(value, dict) else _refuse(Reason.MALFORMED)


def unique_pairs(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """ValueError for a duplicate key."""
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a key comes twice")
    return fields


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_DECODER: Final = json.JSONDecoder(object_pairs_hook=unique_pairs, parse_constant=_no_constant)


def _refuse(reason: Reason) -> NoReturn:
    raise TokenRefusedError(reason)
