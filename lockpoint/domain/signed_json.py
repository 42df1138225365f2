"""Signing of small JSON values that lie where others can write."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping

from lockpoint.domain.signed_record import MacKeys


def sign(fields: Mapping[str, object], place: str, keys: MacKeys) -> dict[str, object]:
    """`fields` with a signature that is good only at `place` (a text that names tenant, object and property)."""
    return {**fields, "mac": f"{keys.newest}:{_mac(fields, place, keys.keys[keys.newest])}"}


def verified(value: object, place: str, keys: MacKeys) -> dict[str, object] | None:
    """The fields of a value that was signed for `place` by one of our keys; None for anything else."""
    if not isinstance(value, dict) or not isinstance(value.get("mac"), str):
        return None
    key_id, _, mac = value["mac"].partition(":")
    key = keys.keys.get(key_id)
    fields = {name: field for name, field in value.items() if name != "mac"}
    if key is None or not hmac.compare_digest(mac.encode(), _mac(fields, place, key).encode()):
        return None
    return fields


def _mac(fields: Mapping[str, object], place: str, key: bytes) -> str:
    text = json.dumps([place, fields], sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
