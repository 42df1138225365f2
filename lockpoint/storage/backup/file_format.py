"""The format of a backup: one line of JSON in the clear, then the encrypted content.

    lockpoint-backup {"format": 1, "keyId": ..., "createdAt": ..., "schemaRevision": ..., "rows": {...}, "nonce": ...,
    "length": ..., "sha256": ...}
    <AES-256-GCM of the deflated JSON content; the header without its checksum is authenticated with it>

The checksum covers header and content: it tells damage from a wrong key, without a key.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from lockpoint.services.errors import OperatorRefusal
from lockpoint.storage.keyring import Keyring

FORMAT: Final = 1
NONCE_BYTES: Final = 12
LONGEST_HEADER: Final = 4096
MAGIC: Final = b"lockpoint-backup "

Content = Mapping[str, list[dict[str, Any]]]
"""Rows by table, as JSON has them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupHeader:
    """Nothing in it tells of a customer."""

    format: int
    key_id: str
    created_at: datetime
    schema_revision: str
    rows: Mapping[str, int]


def pack(content: Content, keys: Keyring, *, created_at: datetime, schema_revision: str, nonce: bytes) -> bytes:
    """Encrypt under the newest key; `nonce` are `NONCE_BYTES` random bytes, never used before."""
    body = zlib.compress(json.dumps(content, separators=(",", ":")).encode())
    fields: dict[str, Any] = {
        "format": FORMAT,
        "keyId": keys.newest,
        "createdAt": created_at.isoformat(),
        "schemaRevision": schema_revision,
        "rows": {table: len(rows) for table, rows in content.items()},
        "nonce": nonce.hex(),
    }
    fields["length"] = len(body) + 16  # the tag
    sealed = _cipher(keys, keys.newest).encrypt(nonce, body, _canonical(fields))
    fields["sha256"] = _checksum(fields, sealed)
    return MAGIC + _canonical(fields) + b"\n" + sealed


def read_header(data: bytes) -> BackupHeader:
    """Needs the first `LONGEST_HEADER` bytes and no key. `OperatorRefusal`."""
    return _header(_fields(data)[0])


def read_whole(data: bytes) -> BackupHeader:
    """Read the header of an undamaged backup, without a key. `OperatorRefusal`."""
    fields, sealed = _fields(data)
    header = _header(fields)
    _must_be_whole(fields, sealed)
    return header


def unpack(data: bytes, keys: Keyring) -> tuple[BackupHeader, Content]:
    """Check and decrypt; `OperatorRefusal` with the reason."""
    fields, sealed = _fields(data)
    header = _header(fields)
    _must_be_whole(fields, sealed)
    without_sum = {name: value for name, value in fields.items() if name != "sha256"}
    try:
        nonce = bytes.fromhex(fields["nonce"])
        body = _cipher(keys, header.key_id).decrypt(nonce, sealed, _canonical(without_sum))
    except (InvalidTag, ValueError):
        raise OperatorRefusal("the backup was changed after it was made: its signature does not fit") from None
    content: dict[str, list[dict[str, Any]]] = json.loads(zlib.decompress(body))
    if {table: len(rows) for table, rows in content.items()} != header.rows:
        raise OperatorRefusal("the backup does not hold the rows that it says it holds")
    return header, content


def _fields(data: bytes) -> tuple[dict[str, Any], bytes]:
    head, newline, sealed = data.partition(b"\n") if b"\n" in data[:LONGEST_HEADER] else (b"", b"", b"")
    if not newline or not head.startswith(MAGIC):
        raise OperatorRefusal("this is not a backup of Lockpoint, or its beginning is damaged")
    try:
        fields = json.loads(head[len(MAGIC) :])
    except ValueError:
        raise OperatorRefusal("the backup is damaged: its header cannot be read") from None
    if not isinstance(fields, dict):
        raise OperatorRefusal("the backup is damaged: its header cannot be read")
    return fields, sealed


def _header(fields: Mapping[str, Any]) -> BackupHeader:
    version = fields.get("format")
    if isinstance(version, int) and version > FORMAT:
        raise OperatorRefusal(f"the backup was made by a newer Lockpoint: format {version}, this one reads {FORMAT}")
    try:
        created_at = datetime.fromisoformat(fields["createdAt"])
        key_id, revision, rows = str(fields["keyId"]), str(fields["schemaRevision"]), dict(fields["rows"])
    except (KeyError, TypeError, ValueError):
        raise OperatorRefusal("the backup is damaged: its header cannot be read") from None
    return BackupHeader(format=FORMAT, key_id=key_id, created_at=created_at, schema_revision=revision, rows=rows)


def _must_be_whole(fields: Mapping[str, Any], sealed: bytes) -> None:
    length, stated = fields.get("length"), fields.get("sha256")
    if isinstance(length, int) and len(sealed) < length:
        raise OperatorRefusal(f"the backup is truncated: {len(sealed)} of {length} bytes are there")
    without_sum = {name: value for name, value in fields.items() if name != "sha256"}
    if not isinstance(stated, str) or not hmac.compare_digest(stated.encode(), _checksum(without_sum, sealed).encode()):
        raise OperatorRefusal("the backup is damaged: its checksum does not fit")


def _cipher(keys: Keyring, key_id: str) -> AESGCM:
    key = keys.backup_key(key_id)
    if key is None:
        raise OperatorRefusal(
            f"the backup was made with key {key_id}, which is not in LOCKPOINT_SECRET_KEYS (there are: "
            f"{', '.join(keys.ids)}); add the old key at the end of the list"
        )
    return AESGCM(key)


def _checksum(fields: Mapping[str, Any], sealed: bytes) -> str:
    return hashlib.sha256(_canonical(fields) + b"\n" + sealed).hexdigest()


def _canonical(fields: Mapping[str, Any]) -> bytes:
    return json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()
