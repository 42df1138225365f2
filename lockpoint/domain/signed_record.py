"""The record as stored: JSON with a signature that binds it to tenant, attachment and place.

Every schema keeps the envelope `schema`, `seq` and `mac`. The signature covers the client key, the attachment id and
*every* stored field but `mac`. So a record of a later schema can be verified without understanding it, and nobody can
block a file by storing a high schema number. Every process must know a new signing key before it becomes the newest.
"""

from __future__ import annotations

from collections.abc import Mapping

from lockpoint.domain import signed_json
from lockpoint.domain.lock import SCHEMA, FoundRecord, Held, Newer, Record, Subject, Unreadable
from lockpoint.domain.record_json import Fields, WrongFieldError, read_held, read_tombstone, record_fields
from lockpoint.domain.signed_json import Flaw, MacKeys

# Half of Confluence's limit for one property; two texts of 500 characters, each escaped, stay below it.
LARGEST = 16_384
_ENVELOPE = frozenset({"schema", "seq", "state", "mac"})
_SINCE = {2: frozenset({"began", "kind"}), 3: frozenset({"extended_at", "chosen"})}
"""Which members came with a schema: records of earlier ones lack them."""


def encode(record: Record, subject: Subject, keys: MacKeys) -> dict[str, object]:
    """Return the JSON value to store, signed with the newest key.

    Raises `ValueError` when it is larger than `LARGEST` (texts are bounded long before).
    """
    state = "held" if isinstance(record, Held) else "free"
    value = {"schema": SCHEMA, "seq": record.seq, "state": state, **record_fields(record)}
    signed = signed_json.sign(value, record_place(subject), keys)
    if len(signed_json.canonical(signed)) > LARGEST:
        raise ValueError("the record is too large to be stored")
    return signed


def decode(value: object, seq: int, subject: Subject, keys: MacKeys) -> FoundRecord:
    """Return what a stored value says; total: anything that is not ours is `Unreadable`, never an exception.

    `seq` is the property version that the value was found under; 0 is not a version.
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


def _opened(fields: Fields, seq: int) -> FoundRecord:
    """Read a value with a good signature; raises `WrongFieldError`."""
    schema = fields.number("schema")
    if fields.number("seq") != seq or seq < 1:
        return Unreadable(Flaw.WRONG_PLACE, seq)
    if schema > SCHEMA:
        return Newer(schema, seq)
    return _record(fields, schema)


def _record(fields: Fields, schema: int) -> Record:
    """The record in a signed value of a schema we know; raises `WrongFieldError`."""
    state = fields.text("state")
    if state not in {"held", "free"}:
        raise WrongFieldError("state")
    record = read_held(fields) if state == "held" else read_tombstone(fields)
    later = frozenset[str]().union(*(names for since, names in _SINCE.items() if since > schema))
    fields.only(_ENVELOPE | (record_fields(record).keys() - later))
    return record


def _flaw(value: Mapping[str, object], subject: Subject, keys: MacKeys) -> Flaw | None:
    try:
        if len(signed_json.canonical(value)) > LARGEST:
            return Flaw.TOO_LARGE
    except (TypeError, ValueError, RecursionError):
        return Flaw.NOT_AN_OBJECT
    return signed_json.flaw_of(value, record_place(subject), keys)


def record_place(subject: Subject) -> Mapping[str, str]:
    return {"for": "lockpointlock", "tenant": subject.site_key, "attachment": subject.attachment_id}
