"""The record as it is stored: JSON with a signature that binds it to tenant, attachment and place.

The envelope is `schema`, `seq` and `mac`; every schema keeps it. The signature is an HMAC-SHA-256 over the canonical
JSON of the client key, the attachment id and *every* stored field but `mac`, whatever the fields are called. So a
record of a later schema can be verified without understanding it, and nobody can block a file by storing a high schema
number. A new signing key must therefore be known to every process before it becomes the newest.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from lockpoint.domain.lock import SCHEMA, FoundRecord, Held, Newer, Record, Subject, Unreadable
from lockpoint.domain.record_json import (
    Fields,
    WrongFieldError,
    held_fields,
    read_held,
    read_tombstone,
    tombstone_fields,
)

# Half of what Confluence takes for one property; two texts of 500 characters, each escaped, stay below it.
LARGEST = 16_384
_PURPOSE = "lockpointlock"
_ENVELOPE = frozenset({"schema", "seq", "state", "mac"})


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
    """Signing keys by key id; `newest` signs, every one of them verifies."""

    newest: str
    keys: Mapping[str, bytes] = field(repr=False)


def encode(record: Record, subject: Subject, keys: MacKeys) -> dict[str, object]:
    """The JSON value to store, signed with the newest key.

    Raises `ValueError` when it would be larger than `LARGEST` (texts are bounded long before).
    """
    value: dict[str, object] = {"schema": SCHEMA, "seq": record.seq}
    if isinstance(record, Held):
        value |= {"state": "held", **held_fields(record)}
    else:
        value |= {"state": "free", **tombstone_fields(record)}
    signed = value | {"mac": f"{keys.newest}:{_mac(value, subject, keys.keys[keys.newest])}"}
    if len(_canonical(signed)) > LARGEST:
        raise ValueError("the record is too large to be stored")
    return signed


def decode(value: object, seq: int, subject: Subject, keys: MacKeys) -> FoundRecord:
    """What a stored value says; total: anything at all that is not ours is `Unreadable`, never an exception.

    `seq` is the version of the property that the value was found under, 0 is not a version.
    """
    if not isinstance(value, dict):
        return Unreadable(Flaw.NOT_AN_OBJECT, seq)
    flaw = _flaw(value, subject, keys)
    if flaw:
        return Unreadable(flaw, seq)
    try:
        return _opened(Fields(value), seq)
    except WrongFieldError:
        return Unreadable(Flaw.WRONG_FIELD, seq)


def key_id_of(value: object) -> str | None:
    """The id of the key that a stored value claims to be signed with; whether it is, only `decode` tells."""
    mac = value.get("mac") if isinstance(value, dict) else None
    return mac.partition(":")[0] if isinstance(mac, str) else None


def _opened(fields: Fields, seq: int) -> FoundRecord:
    """The reading of a value with a good signature; raises `WrongFieldError`."""
    schema = fields.number("schema")
    if fields.number("seq") != seq or seq < 1:
        return Unreadable(Flaw.WRONG_PLACE, seq)
    if schema > SCHEMA:
        return Newer(schema, seq)
    return _record(fields)


def _record(fields: Fields) -> Record:
    """The record in a signed value of our schema; raises `WrongFieldError`."""
    state = fields.text("state")
    if state not in {"held", "free"}:
        raise WrongFieldError("state")
    record, known = read_held(fields) if state == "held" else read_tombstone(fields)
    fields.only(known | _ENVELOPE)
    return record


def _flaw(value: Mapping[str, object], subject: Subject, keys: MacKeys) -> Flaw | None:
    """What is wrong with a value before its fields are looked at."""
    try:
        if len(_canonical(value)) > LARGEST:
            return Flaw.TOO_LARGE
        return _signature_flaw(value, subject, keys)
    except (TypeError, ValueError, RecursionError):
        return Flaw.NOT_AN_OBJECT


def _signature_flaw(value: Mapping[str, object], subject: Subject, keys: MacKeys) -> Flaw | None:
    mac = value.get("mac")
    if not isinstance(mac, str):
        return Flaw.UNSIGNED
    key_id, _, digest = mac.partition(":")
    key = keys.keys.get(key_id)
    if key is None:
        return Flaw.UNKNOWN_KEY
    body = {name: field for name, field in value.items() if name != "mac"}
    good = hmac.compare_digest(_mac(body, subject, key).encode(), digest.encode())
    return None if good else Flaw.BAD_SIGNATURE


def _mac(body: Mapping[str, object], subject: Subject, key: bytes) -> str:
    signed = {"for": _PURPOSE, "tenant": subject.client_key, "attachment": subject.attachment_id, "record": body}
    return hmac.new(key, _canonical(signed), hashlib.sha256).hexdigest()


def _canonical(value: Mapping[str, object]) -> bytes:
    """One spelling for one value; raises `TypeError`, `ValueError` or `RecursionError` for what is not JSON."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode()
