"""Nothing that people write is hashed without a key: who has the hash could try words."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.support.checkout import ROOT

PACKAGE: Final = ROOT / "lockpoint"

WITHOUT_KEY: Final = {
    "connect/impersonation.py": "a mark of a shared secret, in memory",
    "connect/qsh.py": "Atlassian's hash of a request, in a token; compared, not stored",
    "domain/expiry/lock_times.py": "an account's moment of the week, computed and forgotten",
    "services/bulk.py": "the request id of a part, from a random one and a file's id",
    "services/listing/cursors.py": "a purpose, inside an encrypted cursor",
    "services/listing/etag.py": "counters and times of locks, below a keyed digest",
    "services/listing/notices.py": "names of notices, from random names of locks, for the person told",
    "services/privacy/scan.py": "words that are looked for, to find such hashes; in memory",
    "storage/backup/file_format.py": "the checksum of encrypted bytes",
    "web/guards.py": "the claimed sender of a refused token, which is a site",
    "web/mail_links.py": "our own style sheet",
    "web/document_pages.py": "our own style sheet",
}
"""Modules with unkeyed hashes, and of what."""


def unkeyed(source: str) -> Iterator[int]:
    """Yield the lines with a hash function that is not the third argument of `hmac.new`."""
    tree = ast.parse(source)
    keyed = {
        id(argument)
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "hmac.new"
        for argument in call.args[2:]
    }
    imported = {
        name.asname or name.name
        for statement in ast.walk(tree)
        if isinstance(statement, ast.ImportFrom) and statement.module == "hashlib"
        for name in statement.names
    }
    for node in ast.walk(tree):
        of_module = isinstance(node, ast.Attribute) and ast.unparse(node.value) == "hashlib"
        if (of_module or (isinstance(node, ast.Name) and node.id in imported)) and id(node) not in keyed:
            yield node.lineno


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("import hashlib\nx = hashlib.sha256(note.encode())", [2]),
        ("from hashlib import md5 as quick\nx = quick(note)", [2]),
        ("from hashlib import sha256\nf = sha256", [2]),
        ("import hashlib, hmac\nx = hmac.new(key, note, hashlib.sha256)", []),
    ],
)
def test_a_hash_without_a_key_is_seen(source: str, lines: list[int]) -> None:
    assert list(unkeyed(source)) == lines


def test_only_these_modules_hash_without_a_key() -> None:
    """C1: for each stands what it hashes; none of it was written by a person."""
    found = {str(path.relative_to(PACKAGE)) for path in _modules() if any(unkeyed(path.read_text(encoding="utf-8")))}
    assert found == set(WITHOUT_KEY)


def _modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))
