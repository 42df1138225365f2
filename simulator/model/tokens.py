"""Connect's JSON web tokens: query string hash, HS256, RS256.

Hash rules: developer.atlassian.com/cloud/confluence/understanding-jwt and the published packages.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import jwt
import jwt.utils

from simulator.model.keys import KeyPair

CONTEXT_QSH = "context-qsh"
FRAME_SECONDS = 180
CONTEXT_SECONDS = 900


class TokenError(Exception):
    """Refused token, with the reason."""


def _encode(text: str) -> str:
    return quote(text, safe="-._~")


def canonical_query(query: str) -> str:
    """Without `jwt`, repeated names joined by a literal comma."""
    values: dict[str, list[str]] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name != "jwt":
            values.setdefault(name, []).append(value)
    pairs = [(_encode(name), ",".join(_encode(v) for v in sorted(found))) for name, found in values.items()]
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))


def qsh(method: str, target: str, base_path: str = "") -> str:
    """A request's hash; `target`: path?query as received, without `base_path`."""
    parts = urlsplit("//x" + target if target.startswith("/") else target)
    path = parts.path
    if base_path and (path == base_path or path.startswith(base_path + "/")):
        path = path[len(base_path) :]
    path = path.replace("&", "%26") or "/"
    path = path if path.startswith("/") else "/" + path
    if path != "/" and path.endswith("/"):
        path = path[:-1]
    return hashlib.sha256(f"{method.upper()}&{path}&{canonical_query(parts.query)}".encode()).hexdigest()


def sign(claims: dict[str, Any], secret: str) -> str:
    """With HS256."""
    return jwt.encode(claims, secret, algorithm="HS256")


def sign_install(claims: dict[str, Any], pair: KeyPair, kid: str) -> str:
    """An RS256 token that names its key; libraries warn of weak test keys."""
    parts = [{"alg": "RS256", "typ": "JWT", "kid": kid}, claims]
    head, body = (jwt.utils.base64url_encode(json.dumps(part).encode()).decode() for part in parts)
    signature = jwt.utils.base64url_encode(pair.sign(f"{head}.{body}".encode())).decode()
    return f"{head}.{body}.{signature}"


def issuer(token: str) -> str:
    """The unverified `iss`; TokenError without one."""
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
    except jwt.InvalidTokenError as error:
        raise TokenError("not a token") from error
    found = claims.get("iss")
    if not isinstance(found, str):
        raise TokenError("iss is missing")
    return found


def verify(token: str, secret: str, now: int, leeway: int = 5) -> dict[str, Any]:
    """The claims of an HS256 token; TokenError for a bad signature, exp or iat."""
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            secret,
            algorithms=["HS256"],
            options={
                "verify_exp": False,
                "verify_iat": False,
                "verify_aud": False,
                "verify_nbf": False,
                "require": ["exp", "iat"],
            },
        )
    except jwt.InvalidTokenError as error:
        raise TokenError(str(error)) from error
    if not isinstance(claims["exp"], int) or claims["exp"] + leeway < now:
        raise TokenError("expired")
    if not isinstance(claims["iat"], int) or claims["iat"] - leeway > now:
        raise TokenError("issued in the future")
    return claims
