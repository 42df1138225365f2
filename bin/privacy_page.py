"""Writes the tables of PRIVACY.md from the inventory; `--check` only says which lines differ."""

from __future__ import annotations

import difflib
import sys
from pathlib import Path

from lockpoint.storage.classified import Field, Kind, Whose
from lockpoint.storage.inventory import PROPERTIES, REDIS, TABLES

PAGE = Path(__file__).parents[1] / "PRIVACY.md"
BEGIN, END = "<!-- from the inventory: {} -->", "<!-- end -->"


def rendered(text: str) -> str:
    """Give the page with fresh tables; ValueError when a marker is missing."""
    for name, table in (("confluence", _properties()), ("postgres", _tables()), ("redis", _redis())):
        begin = BEGIN.format(name)
        head, marker, rest = text.partition(begin)
        _, end, tail = rest.partition(END)
        if not (marker and end):
            raise ValueError(f"PRIVACY.md lacks the markers of {name}")
        text = f"{head}{begin}\n{table}\n{end}{tail}"
    return text


def main() -> int:
    """Write or check."""
    text = PAGE.read_text(encoding="utf-8")
    fresh = rendered(text)
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(fresh, encoding="utf-8")
        return 0
    differing = difflib.unified_diff(text.splitlines(), fresh.splitlines(), "PRIVACY.md", "inventory", lineterm="", n=0)
    lines = list(differing)
    print("\n".join(lines) if lines else "PRIVACY.md says what the inventory says")
    return 1 if lines else 0


def _properties() -> str:
    rows = [(f"{kind.what} (`{kind.name}`, on: {kind.place})", kind) for kind in PROPERTIES]
    return _table(rows)


def _tables() -> str:
    return _table([(f"{kind.what} (`{kind.name}`)", kind) for kind in TABLES])


def _redis() -> str:
    return _table([(kind.what, kind) for kind in REDIS])


def _table(rows: list[tuple[str, Kind]]) -> str:
    lines = ["| what | about people | why | how long |", "|---|---|---|---|"]
    return "\n".join([*lines, *(f"| {what} | {_people(kind)} | {kind.why} | {_kept(kind)} |" for what, kind in rows)])


def _people(kind: Kind) -> str:
    told = (field.what for field in kind.leaves if field.whose is Whose.PERSON and field.what != "the same")
    return "; ".join(dict.fromkeys(told)) or "nothing"


def _kept(kind: Kind) -> str:
    others: dict[str, list[str]] = {}
    for field in kind.fields:
        if field.kept not in {None, kind.kept}:
            others.setdefault(str(field.kept), []).append(_named(field))
    return "; ".join([kind.kept, *(f"{', '.join(names)}: {kept}" for kept, names in others.items())])


def _named(field: Field) -> str:
    return field.what


if __name__ == "__main__":
    sys.exit(main())
