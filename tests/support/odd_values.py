"""Values that anybody may store in a property of Confluence, as the JSON that an answer carries."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

LEVELS: Final = 5_000

ODD: Final[Mapping[str, str]] = {
    "null": "null",
    "true": "true",
    "text": '"x"',
    "no text": '""',
    "text of JSON": r'"{\"mac\": \"k1:0\"}"',
    "text of brackets": '"' + "[" * LEVELS + '"',
    "text of nested lists": '"' + "[" * LEVELS + "]" * LEVELS + '"',
    "text of a long number": '"' + "9" * LEVELS + '"',
    "long text": '"' + "x" * 30_000 + '"',
    "NUL": r'"\u0000"',
    "lone surrogate": r'{"mac": "\ud800:\udfff", "\ud800": "\udfff"}',
    "number": "1",
    "long number": "9" * LEVELS,
    "long negative number": "-" + "9" * LEVELS,
    "infinity": "1e999999",
    "list": "[]",
    "list of everything": '[null, true, "x", 1, 1e999999, [], {}]',
    "nested lists": "[" * LEVELS + "]" * LEVELS,
    "nested objects": '{"mac":' * LEVELS + "1" + "}" * LEVELS,
    "lists as deep as can be read": "[" * 800 + "]" * 800,
    "object": "{}",
    "keys twice": '{"mac": "k1:0", "mac": 1, "schema": 1, "schema": []}',
    "unsigned": '{"schema": 1, "seq": 1, "at": "2026-01-01T00:00:00+00:00", "askers": ["x"], "copy_mode": true}',
    "no signature": '{"mac": ""}',
    "odd signature": '{"mac": ["k1"]}',
    "foreign signature": '{"mac": "k1:00", "schema": {}, "seq": [], "at": 1, "askers": {}, "revision": 1e999999}',
}


def garbled(value: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The object with one member, at any depth, missing or of another type."""
    for name, member in value.items():
        yield {key: other for key, other in value.items() if key != name}
        for odd in (None, True, [], {}, "x", 2**70, float("inf"), "\x00", "\ud800", json.loads("[" * 200 + "]" * 200)):
            if type(odd) is not type(member) or odd != member:
                yield {**value, name: odd}
        if isinstance(member, dict):
            yield from ({**value, name: inner} for inner in garbled(member))
