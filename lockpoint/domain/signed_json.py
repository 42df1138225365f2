"""Signatures of JSON values that outsiders can overwrite, and keyed digests of texts that are not stored."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

Place = str | Mapping[str, str]
"""What a signature binds a value to, so that a copy elsewhere is invalid: a text, or for records named parts."""


STORED_WITHIN: Final = timedelta(minutes=2)
"""Between our time of signing and the host's time of storing: the longest deadline, and clocks that are off."""

ALL_DATED_SINCE: Final = datetime(2026, 12, 1, tzinfo=UTC)
"""Values without a date were stored earlier; one that the host took later was put back by somebody."""


class Flaw(StrEnum):
    """Why a stored value is not obeyed."""

    NOT_AN_OBJECT = "not_an_object"
    TOO_LARGE = "too_large"
    UNSIGNED = "unsigned"
    UNKNOWN_KEY = "unknown_key"
    BAD_SIGNATURE = "bad_signature"
    WRONG_PLACE = "wrong_place"
    WRONG_FIELD = "wrong_field"


@dataclass(frozen=True, slots=True)
class MacKeys:
    """Keys by key id; `newest` signs, all verify."""

    newest: str
    keys: Mapping[str, bytes] = field(repr=False)

    def digests(self, text: bytes) -> dict[str, str]:
        """Return the digest of `text` under every key, by key id, newest first."""
        ids = (self.newest, *(key_id for key_id in self.keys if key_id != self.newest))
        return {key_id: digest(self.keys[key_id], text) for key_id in ids}


def digest(key: bytes, text: bytes) -> str:
    """Return HMAC-SHA-256 in hex. Either the key serves one purpose only, or the text begins with its purpose."""
    return hmac.new(key, text, hashlib.sha256).hexdigest()


def sign(fields: Mapping[str, object], place: Place, keys: MacKeys) -> dict[str, object]:
    """Return `fields` with a signature by the newest key, valid at `place` only."""
    return {**fields, "mac": f"{keys.newest}:{digest(keys.keys[keys.newest], _signed(fields, place))}"}


def verify(value: object, place: Place, keys: MacKeys) -> dict[str, object] | None:
    """Return the fields of a value that one of the keys signed for `place`; None for anything else."""
    if not isinstance(value, dict) or flaw_of(value, place, keys):
        return None
    return _unsigned(value)


def sign_dated(
    fields: Mapping[str, object], place: Place, version: int, now: datetime, keys: MacKeys
) -> dict[str, object]:
    """Return `fields` signed for `place` as this version of the property, to be stored now."""
    return sign({**fields, "seq": version, "at": now.isoformat()}, place, keys)


def verify_dated(
    value: object, place: Place, version: int, stored: datetime | None, keys: MacKeys
) -> dict[str, object] | None:
    """Return the fields of a value that is ours, and that the host took when we signed it; None when it was put back.

    `version` and `stored` are the host's; a time that it does not tell is not held against a dated value.
    """
    fields = verify(value, place, keys)
    return fields if fields is not None and _in_its_time(fields, version, stored) else None


def verify_dated_anywhere(
    value: object, places: Iterable[Place], version: int, stored: datetime | None, keys: MacKeys
) -> dict[str, object] | None:
    """The same for the first of several places that fits."""
    found = (verify_dated(value, place, version, stored, keys) for place in places)
    return next((fields for fields in found if fields is not None), None)


def flaw_of(value: object, place: Place, keys: MacKeys) -> Flaw | None:
    """Return what is wrong with a value's signature; total, whatever outsiders stored."""
    if not isinstance(value, dict):
        return Flaw.NOT_AN_OBJECT
    try:
        return _signature_flaw(value, place, keys)
    except (TypeError, ValueError, RecursionError):
        return Flaw.NOT_AN_OBJECT


def key_id_of(value: object) -> str | None:
    """Return the key id that a value claims; `verify` tells whether it is true."""
    mac = value.get("mac") if isinstance(value, dict) else None
    return mac.partition(":")[0] if isinstance(mac, str) else None


def canonical(value: object) -> bytes:
    """Return one spelling for one value; `TypeError`, `ValueError` or `RecursionError` for what is not JSON."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode()


def _in_its_time(fields: Mapping[str, object], version: int, stored: datetime | None) -> bool:
    if "at" not in fields:
        return stored is not None and stored < ALL_DATED_SINCE
    signed = datetime.fromisoformat(str(fields["at"]))
    return fields.get("seq") == version and (stored is None or abs(stored - signed) <= STORED_WITHIN)


def _signature_flaw(value: Mapping[str, object], place: Place, keys: MacKeys) -> Flaw | None:
    mac = value.get("mac")
    if not isinstance(mac, str):
        return Flaw.UNSIGNED
    key_id, _, stated = mac.partition(":")
    key = keys.keys.get(key_id)
    if key is None:
        return Flaw.UNKNOWN_KEY
    good = hmac.compare_digest(digest(key, _signed(_unsigned(value), place)).encode(), stated.encode())
    return None if good else Flaw.BAD_SIGNATURE


def _unsigned(value: Mapping[str, object]) -> dict[str, object]:
    return {name: field for name, field in value.items() if name != "mac"}


def _signed(fields: Mapping[str, object], place: Place) -> bytes:
    return canonical([place, fields] if isinstance(place, str) else {**place, "record": fields})
