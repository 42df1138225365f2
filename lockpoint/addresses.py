"""Addresses in settings: whole, and encrypted on their way over a net. No error repeats a part of an address."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final
from urllib.parse import SplitResult, parse_qs, urlsplit

LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})

ESCAPE: Final = (
    "is not a whole address: the port is a number up to 65535, and / ? # @ : % in a user name or password are written "
    "%2F %3F %23 %40 %3A %25"
)

_UNENCRYPTED: Final = frozenset({"disable", "allow", "prefer"})
_DATABASE_SCHEME: Final = re.compile(r"^(postgres|postgresql|postgresql\+psycopg)://")
_NUMBER: Final = re.compile(r"/?[0-9]*")


def parts_of(value: str) -> SplitResult:
    """Raises ValueError where a character of a password would end it early."""
    try:
        address = urlsplit(value)
        port = address.port
    except ValueError:
        raise ValueError(ESCAPE) from None
    if port == 0 or address.fragment or "@" in f"{address.path}{address.query}":
        raise ValueError(ESCAPE)
    return address


def web_address(value: str) -> SplitResult:
    """Accept https, or http on this machine, without user, query or fragment."""
    address = parts_of(value)
    secure = address.scheme == "https" or (address.scheme == "http" and address.hostname in LOOPBACK)
    if not secure or not address.hostname:
        msg = "must be an https:// address (http:// on this machine only)"
        raise ValueError(msg)
    if address.query or address.username:
        msg = "must not carry a query, a fragment or a user name"
        raise ValueError(msg)
    return address


def database_address(value: str, ssl_mode: str | None, plain: Collection[str]) -> str:
    """Return it for SQLAlchemy and psycopg 3; over a net with `sslmode=require`, unless it or `ssl_mode` says more."""
    if not _DATABASE_SCHEME.match(value):
        msg = "must start with postgresql:// (postgres:// is accepted)"
        raise ValueError(msg)
    address = parts_of(value)
    known = _DATABASE_SCHEME.sub("postgresql+psycopg://", value)
    options = parse_qs(address.query)
    host = options.get("host", [address.hostname or ""])[-1]
    if _stays_here(host, plain):
        return known
    mode = options.get("sslmode", [ssl_mode or ""])[-1]
    if mode in _UNENCRYPTED:
        raise ValueError(_plain_text("sslmode=require or more"))
    return known if mode else f"{known}{'&' if address.query else '?'}sslmode=require"


def redis_address(value: str, plain: Collection[str]) -> str:
    address = parts_of(value)
    if address.scheme not in {"redis", "rediss", "unix"}:
        msg = "must start with redis://, rediss:// or unix://"
        raise ValueError(msg)
    if address.scheme != "unix" and not _NUMBER.fullmatch(address.path):
        raise ValueError(ESCAPE)
    if address.scheme == "redis" and not _stays_here(address.hostname or "", plain):
        raise ValueError(_plain_text("rediss://"))
    return value


def mail_address(value: str, plain: Collection[str]) -> str:
    address = parts_of(value)
    if address.scheme not in {"smtp", "smtps"} or not address.hostname or address.path.strip("/"):
        msg = "must look like smtp://user:password@host:587?starttls=1"
        raise ValueError(msg)
    encrypted = address.scheme == "smtps" or parse_qs(address.query).get("starttls") == ["1"]
    if not encrypted and not _stays_here(address.hostname, plain):
        raise ValueError(_plain_text("?starttls=1 or smtps://"))
    return value


def _stays_here(host: str, plain: Collection[str]) -> bool:
    """Return whether nothing leaves this machine, or the operator named a host on a net of their own."""
    return not host or host.startswith("/") or host in LOOPBACK or host in plain


def _plain_text(remedy: str) -> str:
    return f"would go over the net in plain text: use {remedy}, or name the host in LOCKPOINT_PLAIN_TEXT_HOSTS"
