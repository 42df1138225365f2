"""Invocation tokens: what Forge says of a call to our server, signed by Forge.

PyJWT checks the signature, once; the rest is checked here. Path and body of the call are not covered.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NoReturn, Protocol

from jwt.algorithms import RSAAlgorithm
from jwt.utils import base64url_decode, base64url_encode

from lockpoint.connect.tokens import Reason, TokenRefusedError, json_object

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

ALGORITHM: Final = "RS256"
"""F1: named by the documents for a sister token and by public code, not for this one."""
ISSUER: Final = "forge/invocation-token"
LEEWAY_SECONDS: Final = 10
LONGEST_LIFE_SECONDS: Final = 3600
LARGEST_TOKEN: Final = 16_384
PRODUCT: Final = "confluence"
CLAIMS: Final = ("exp", "nbf", "iat", "jti", "aud", "iss")

_BEARER: Final = "bearer "
_FORM: Final = re.compile(r"([\w-]{1,2048})\.([\w-]+)\.([\w-]+)", re.ASCII)
_CLOUD_ID: Final = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_ACCOUNT_ID: Final = re.compile(r"[A-Za-z0-9:_-]{1,128}")
_ARI: Final = re.compile(r"[A-Za-z0-9:/._-]{1,255}")
_WORD: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
_SITE_URL: Final = re.compile(r"https?://[A-Za-z0-9.:-]{1,253}")
_LATEST_SECONDS: Final = 1e12

_RSA: Final = RSAAlgorithm(RSAAlgorithm.SHA256)


class PublicKeys(Protocol):
    def key(self, key_id: str) -> RSAPublicKey:
        """TokenRefusedError for an unknown id."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """A verified call. `person` is at a screen; `on_screen`: the token carries a screen's context.

    `api_url` is where REST calls to this site go; `site_url` is the site's own address.
    """

    cloud_id: str
    api_url: str
    installation: str
    environment: str
    version: str
    module: str
    person: str | None
    on_screen: bool
    site_url: str | None
    licensed: bool | None


@dataclass(frozen=True, slots=True)
class _Token:
    """Unverified."""

    key_id: str
    claims: Mapping[str, Any]
    signing_input: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Invocations:
    """`app_id` is ours, from configuration; tokens are for it, or refused."""

    keys: PublicKeys
    app_id: str
    api_url: str
    environments: Collection[str]

    def verify(self, authorization: str | None, now: float) -> Invocation:
        """Return what the token says at `now` (seconds since 1970); TokenRefusedError, and Busy."""
        token = _parsed(_bearer(authorization))
        if not _RSA.verify(token.signing_input, self.keys.key(token.key_id), token.signature):
            _refuse(Reason.SIGNATURE)
        claims = token.claims
        if any(claims.get(name) is None for name in CLAIMS):
            _refuse(Reason.MALFORMED)
        if claims["iss"] != ISSUER:
            _refuse(Reason.ISSUER)
        if self.app_id not in _audience(claims["aud"]):
            _refuse(Reason.AUDIENCE)
        _check_times(claims, now)
        return self._invocation(claims)

    def _invocation(self, claims: Mapping[str, Any]) -> Invocation:
        if "icLabel" in claims:
            # Isolated clouds have key hosts of their own.
            _refuse(Reason.ISOLATED_CLOUD)
        app, context = _object(claims, "app"), _object(claims, "context") if "context" in claims else {}
        if app.get("id") != self.app_id:
            _refuse(Reason.OTHER_APP)
        environment = _text(_object(app, "environment").get("type"), _WORD)
        if environment not in self.environments:
            _refuse(Reason.ENVIRONMENT)
        api_url, cloud_id = self._address(app, context)
        return Invocation(
            cloud_id=cloud_id,
            api_url=api_url,
            installation=_text(app.get("installationId"), _ARI),
            environment=environment,
            version=_text(app.get("appVersion", app.get("version")), _WORD),
            module=_text(_object(app, "module").get("key"), _ARI),
            person=None if claims.get("principal") is None else _text(claims["principal"], _ACCOUNT_ID),
            on_screen="extension" in context,
            site_url=_site_url(context.get("siteUrl")),
            licensed=_licensed(app.get("license")),
        )

    def _address(self, app: Mapping[str, Any], context: Mapping[str, Any]) -> tuple[str, str]:
        """Return where tokens go, and the site; every mention of either must agree."""
        address = app.get("apiBaseUrl")
        match = _address_form(self.api_url).fullmatch(address) if isinstance(address, str) else None
        if match is None:
            raise TokenRefusedError(Reason.API_ADDRESS)
        places = [place for place in _contexts(app) if place.get("name") == PRODUCT]
        mentioned = [place.get("apiBaseUrl", match[0]) for place in places]
        clouds = [place.get("cloudId", match[1]) for place in places] + [context.get("cloudId", match[1])]
        if any(other != match[0] for other in mentioned) or any(other != match[1] for other in clouds):
            raise TokenRefusedError(Reason.API_ADDRESS)
        return match[0], match[1]


@lru_cache(maxsize=4)
def _address_form(api_url: str) -> re.Pattern[str]:
    return re.compile(rf"{re.escape(api_url)}/ex/{PRODUCT}/({_CLOUD_ID})")


def _bearer(authorization: str | None) -> str:
    if not authorization:
        raise TokenRefusedError(Reason.MISSING)
    if authorization[: len(_BEARER)].lower() != _BEARER:
        raise TokenRefusedError(Reason.WRONG_PLACE)
    token = authorization[len(_BEARER) :].strip()
    if len(token) > LARGEST_TOKEN:
        raise TokenRefusedError(Reason.TOO_LARGE)
    return token


def _parsed(token: str) -> _Token:
    """Return a well-formed token: one spelling, no repeated names, nothing critical, RS256."""
    form = _FORM.fullmatch(token)
    if form is None:
        _refuse(Reason.MALFORMED)
    return _Token(
        key_id=_key_id(form[1]),
        claims=json_object(_octets(form[2])),
        signing_input=token[: form.end(2)].encode(),
        signature=_octets(form[3]),
    )


@lru_cache(maxsize=64)
def _key_id(segment: str) -> str:
    header = json_object(_octets(segment))
    if header.get("alg") != ALGORITHM:
        _refuse(Reason.ALGORITHM)
    key_id = header.get("kid")
    if not isinstance(key_id, str) or not _ARI.fullmatch(key_id) or "crit" in header or "b64" in header:
        _refuse(Reason.KEY_ID)
    return key_id


def _octets(segment: str) -> bytes:
    """Decode base64 in its one right spelling."""
    try:
        octets = base64url_decode(segment)
    except ValueError:
        _refuse(Reason.MALFORMED)
    if base64url_encode(octets).decode() != segment:
        _refuse(Reason.MALFORMED)
    return octets


def _audience(value: object) -> list[object]:
    members = value if isinstance(value, list) else [value]
    return members if all(isinstance(member, str) for member in members) else _refuse(Reason.AUDIENCE)


def _check_times(claims: Mapping[str, Any], now: float) -> None:
    issued, begins, expires = (_seconds(claims[name]) for name in ("iat", "nbf", "exp"))
    if not isinstance(claims["jti"], str) or not claims["jti"]:
        _refuse(Reason.MALFORMED)
    if expires + LEEWAY_SECONDS <= now:
        _refuse(Reason.EXPIRED)
    if max(issued, begins) - LEEWAY_SECONDS > now:
        _refuse(Reason.NOT_YET_VALID)
    if not 0 <= expires - issued <= LONGEST_LIFE_SECONDS:
        _refuse(Reason.LIFE_TOO_LONG)


def _seconds(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= _LATEST_SECONDS:
        _refuse(Reason.MALFORMED)
    return value


def _contexts(app: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The documents list them, but print a token without."""
    listed = _object(app, "installation").get("contexts", []) if "installation" in app else []
    if not isinstance(listed, list) or not all(isinstance(place, dict) for place in listed):
        _refuse(Reason.MALFORMED)
    return listed


def _object(claims: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = claims.get(name)
    return found if isinstance(found, dict) else _refuse(Reason.MALFORMED)


def _text(value: object, form: re.Pattern[str]) -> str:
    return value if isinstance(value, str) and form.fullmatch(value) else _refuse(Reason.MALFORMED)


def _site_url(value: object) -> str | None:
    """For links only: an odd one is none."""
    return value if isinstance(value, str) and _SITE_URL.fullmatch(value) else None


def _licensed(value: object) -> bool | None:
    """None: the app has no licences. The word was `isActive` before."""
    if not isinstance(value, dict):
        return None
    return value.get("active", value.get("isActive")) is True


def _refuse(reason: Reason) -> NoReturn:
    raise TokenRefusedError(reason)
