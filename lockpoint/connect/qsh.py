"""The query string hash: ties a token to one method and address, never a body.

Rules and test vectors are from Atlassian's `atlassian-jwt` packages.
"""

from __future__ import annotations

import re
from enum import Enum
from functools import lru_cache
from hashlib import sha256
from typing import Final
from urllib.parse import quote_from_bytes, unquote_to_bytes, urlsplit

CONTEXT: Final = "context-qsh"
"""The fixed value in tokens from a page to our front end."""

TOKEN_PARAMETER: Final = b"jwt"

_ORIGIN: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*")
_ODD_NAME: Final = re.compile(r"(?:^|&)[\w.~-]*[^\w.~=&-]", re.ASCII)
_OF_NO_SITE: Final = re.compile(r"[^?#]{1,160}(\?lic=[a-z]{1,16})?")


def query_pairs(query: str) -> list[tuple[bytes, bytes]]:
    """Decode a raw query as of a form: `&` separates, `+` is a space.

    In bytes: a query that is not UTF-8 hashes as sent.
    """
    return [
        (unquote_to_bytes(name.replace("+", " ")), unquote_to_bytes(value.replace("+", " ")))
        for name, _, value in (part.partition("=") for part in query.split("&") if part)
    ]


class Order(Enum):
    """What a caller sorts."""

    USUAL = "usual"
    """Names encoded, the values of one name decoded: Atlassian's code."""
    WRITTEN = "written"
    """Both encoded: Atlassian's documents."""
    NODE = "node"
    """Both decoded, names by UTF-16: Atlassian's package for Node."""


def canonical_request(method: str, target: str, base_path: str = "", order: Order = Order.USUAL) -> str:
    """Return the text to hash.

    `target` is the address or path as sent. `base_path` is cut from its front: our base URL's path for incoming, the
    host's context path (`/wiki`) for outgoing requests.
    """
    path, query = _split(target)
    return f"{method.upper()}&{_canonical_path(path, base_path)}&{_canonical_query(query, order)}"


def request_hash(method: str, target: str, base_path: str = "") -> str:
    """The `qsh` claim, 64 lower-case hex digits."""
    return _digest(canonical_request(method, target, base_path))


def accepted_hashes(method: str, target: str, base_path: str = "") -> tuple[str, ...]:
    """The hashes of honest callers: one, or more for repeated parameters and odd names.

    Targets equal for every site use a bounded memo.
    """
    if _OF_NO_SITE.fullmatch(target):
        return _memoised(method, target, base_path)
    return _accepted(method, target, base_path)


def path_of(base_url: str) -> str:
    """Without closing slash: `/wiki` for a site, usually empty for the app."""
    return urlsplit(base_url).path.rstrip("/")


def _accepted(method: str, target: str, base_path: str) -> tuple[str, ...]:
    orders = [Order.USUAL]
    query = _split(target)[1]
    if "," in (usual := canonical_request(method, target, base_path)):
        orders.append(Order.WRITTEN)
    if _ODD_NAME.search(query):
        orders.append(Order.NODE)
    if len(orders) == 1:
        return (_digest(usual),)
    texts = dict.fromkeys(canonical_request(method, target, base_path, order) for order in orders)
    return tuple(map(_digest, texts))


_memoised = lru_cache(maxsize=512)(_accepted)


def _digest(canonical: str) -> str:
    # A hostile target may contain surrogates.
    return sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


def _split(target: str) -> tuple[str, str]:
    origin = _ORIGIN.match(target)
    path, _, query = target[origin.end() if origin else 0 :].partition("#")[0].partition("?")
    return path, query


def _canonical_path(path: str, base_path: str) -> str:
    if base_path and (path == base_path or path.startswith(base_path + "/")):
        path = path[len(base_path) :]
    path = path.replace("&", "%26")
    if not path.startswith("/"):
        path = "/" + path
    return path[:-1] if len(path) > 1 and path.endswith("/") else path


def _canonical_query(query: str, order: Order) -> str:
    values: dict[bytes, list[bytes]] = {}
    for name, value in query_pairs(query):
        if name != TOKEN_PARAMETER:
            values.setdefault(name, []).append(value)
    names = sorted(values, key=_utf16 if order is Order.NODE else _encode)
    return "&".join(f"{_encode(name)}={_joined(values[name], order)}" for name in names)


def _joined(values: list[bytes], order: Order) -> str:
    if order is Order.WRITTEN:
        return ",".join(sorted(map(_encode, values)))
    return ",".join(map(_encode, sorted(values)))


def _utf16(text: bytes) -> bytes:
    return text.decode(errors="replace").encode("utf-16-be")


def _encode(text: bytes) -> str:
    return quote_from_bytes(text, safe="")
