"""Writes the tables and links of PRIVACY.md; `--check` only says which lines differ.

The tables come from the inventory, the links from the table of `docs/privacy-proofs.md`: every sentence that promises
something ends with the number of its proof, like `[P7]`, and so does every length of time in the tables.
"""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lockpoint.storage.classification import Field, Kept, Kind, Whose
from lockpoint.storage.data_inventory import PROPERTIES, REDIS, TABLES

PAGE: Final = Path(__file__).parents[1] / "PRIVACY.md"
PROOFS: Final = Path(__file__).parents[1] / "docs" / "privacy-proofs.md"
BEGIN, END = "<!-- from {} -->", "<!-- end -->"
OPERATORS: Final = "To be filled in by the operator"
"""The section that the operator promises in, and not we."""

_ROW: Final = re.compile(r"^\| <a id=\"p\d+\"></a>(P\d+) \| `bin/test (.+)` \| (.*) \|$", re.MULTILINE)
_MARK: Final = re.compile(r"\[(P\d+)\]")
_SENTENCE: Final = re.compile(r"(?P<text>\S.*?(?:[.!?](?=\s|$)|$))(?P<marks>(?:\s+\[P\d+\])*)")


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence, or one row of a table, and the numbers of its proofs."""

    section: str
    text: str
    marks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Proof:
    """What shows that a promise holds: tests by file or function; and the lengths of time that they show, by name."""

    tests: tuple[str, ...]
    kept: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Proofs:
    """All proofs by number, and sentences of the page that explain and promise nothing."""

    by_mark: Mapping[str, Proof]
    explaining: frozenset[str]


def proofs() -> Proofs:
    """Read the table of proofs."""
    table, _, explaining = PROOFS.read_text(encoding="utf-8").partition("## Sentences that explain")
    by_mark = {mark: Proof(tuple(tests.split()), _words(kept)) for mark, tests, kept in _ROW.findall(table)}
    return Proofs(by_mark, frozenset(re.findall(r"^- (.+)$", explaining, re.MULTILINE)))


def statements(text: str) -> Iterator[Statement]:
    """Take the page apart."""
    section = ""
    for block in _blocks(text):
        if block.startswith("#"):
            section = block.lstrip("# ")
        elif block.startswith("|"):
            yield Statement(section, _plain(_MARK.sub("", block)), tuple(_MARK.findall(block)))
        elif section != OPERATORS:
            for found in _SENTENCE.finditer(block):
                yield Statement(section, _plain(found["text"]), tuple(_MARK.findall(found["marks"])))


def unproved(text: str, known: Proofs) -> list[str]:
    """Name what promises without a proof, marks that no proof belongs to, proofs and explanations without a place."""
    found = [one for one in statements(text) if one.section != OPERATORS]
    marks = {mark for one in found for mark in one.marks}
    bare = {one.text for one in found if not one.marks}
    return [
        *(f"no proof: {sentence}" for sentence in sorted(bare - known.explaining)),
        *(f"not on the page: {sentence}" for sentence in sorted(known.explaining - bare)),
        *(f"{mark} is no proof" for mark in sorted(marks - known.by_mark.keys())),
        *(f"{mark} belongs to no promise" for mark in sorted(known.by_mark.keys() - marks)),
        *(f"{mark} shows nothing" for mark, one in known.by_mark.items() if not one.tests),
    ]


def rendered(text: str, known: Proofs | None = None) -> str:
    """Give the page with fresh tables and links; ValueError when a marker is missing or a time has no proof."""
    known = known or proofs()
    marks = {name: mark for mark, proof in known.by_mark.items() for name in proof.kept}
    tables = {
        "the inventory: confluence": _properties(marks),
        "the inventory: postgres": _tables(marks),
        "the inventory: redis": _redis(marks),
        "the proofs": "\n".join(f"[{mark}]: docs/privacy-proofs.md#{mark.lower()}" for mark in known.by_mark),
    }
    for name, table in tables.items():
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
    lines = [*differing, *unproved(fresh, proofs())]
    print("\n".join(lines) if lines else "PRIVACY.md says what the inventory says, and each promise has its proofs")
    return 1 if lines else 0


def _words(listed: str) -> tuple[str, ...]:
    return tuple(word for word in listed.split(", ") if word)


def _blocks(text: str) -> Iterator[str]:
    """Headings, rows of tables without their heads, list items and paragraphs, each on one line."""
    gathered: list[str] = []
    lines = [*_without_heads(line for line in text.splitlines() if not line.startswith(("<!--", "[P"))), ""]
    for line in lines:
        alone = line.startswith(("#", "|"))
        if gathered and (not line or alone or re.match(r"- |\d+\. ", line)):
            yield " ".join(gathered)
            gathered.clear()
        if alone:
            yield line
        elif line:
            gathered.append(re.sub(r"^(- |\d+\. )", "", line.strip()))


def _without_heads(lines: Iterator[str]) -> Iterator[str]:
    """Leave out the first two lines of each table."""
    row = 0
    for line in lines:
        row = row + 1 if line.startswith("|") else 0
        if row not in {1, 2}:
            yield line


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def _properties(marks: Mapping[str, str]) -> str:
    rows = [(f"{kind.what} (`{kind.name}`, on: {kind.place})", kind) for kind in PROPERTIES]
    return _table(rows, marks)


def _tables(marks: Mapping[str, str]) -> str:
    return _table([(f"{kind.what} (`{kind.name}`)", kind) for kind in TABLES], marks)


def _redis(marks: Mapping[str, str]) -> str:
    return _table([(kind.what, kind) for kind in REDIS], marks)


def _table(rows: list[tuple[str, Kind]], marks: Mapping[str, str]) -> str:
    lines = ["| what | about people | why | how long |", "|---|---|---|---|"]
    return "\n".join(
        [*lines, *(f"| {what} | {_people(kind)} | {kind.why} | {_times(kind, marks)} |" for what, kind in rows)]
    )


def _people(kind: Kind) -> str:
    told = (field.what for field in kind.leaves if field.whose is Whose.PERSON and field.what != "the same")
    return "; ".join(dict.fromkeys(told)) or "nothing"


def _times(kind: Kind, marks: Mapping[str, str]) -> str:
    others: dict[Kept, list[str]] = {}
    for field in kind.fields:
        if field.kept not in {None, kind.kept}:
            others.setdefault(Kept(field.kept), []).append(_named(field))
    parts = [_time(kind.kept, marks)]
    return "; ".join([*parts, *(f"{', '.join(names)}: {_time(kept, marks)}" for kept, names in others.items())])


def _time(kept: Kept, marks: Mapping[str, str]) -> str:
    if kept.name not in marks:
        raise ValueError(f"docs/privacy-proofs.md has no proof of Kept.{kept.name}")
    return f"{kept} [{marks[kept.name]}]"


def _named(field: Field) -> str:
    return field.what


if __name__ == "__main__":
    sys.exit(main())
