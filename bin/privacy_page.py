"""Writes the tables of PRIVACY.md from the inventory; `--check` only says which lines differ.

Every sentence of the page that promises something ends with the number of its proofs in `bin/privacy_proofs.toml`, like
`[P7]`, and every length of time in the tables does, too.
"""

from __future__ import annotations

import difflib
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lockpoint.storage.classification import Field, Kept, Kind, Whose
from lockpoint.storage.data_inventory import PROPERTIES, REDIS, TABLES

PAGE: Final = Path(__file__).parents[1] / "PRIVACY.md"
PROOFS: Final = Path(__file__).with_name("privacy_proofs.toml")
BEGIN, END = "<!-- from the inventory: {} -->", "<!-- end -->"
OPERATORS: Final = "To be filled in by the operator"
"""The section that the operator promises in, and not we."""

_MARK: Final = re.compile(r"\[(P\d+)\]")
_SENTENCE: Final = re.compile(r"(?P<text>\S.*?(?:[.!?](?=\s|$)|$))(?P<marks>(?:\s+\[P\d+\])*)")


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence, or one row of a table, and the numbers of its proofs."""

    section: str
    text: str
    marks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Proofs:
    """The tests of each promise, the promise about each length of time, and sentences that promise nothing."""

    tests: Mapping[str, tuple[str, ...]]
    times: Mapping[str, str]
    explaining: frozenset[str]


def proofs() -> Proofs:
    """Read the table of proofs."""
    read = tomllib.loads(PROOFS.read_text(encoding="utf-8"))
    tests = {mark: tuple(words.split()) for mark, words in read["proofs"].items()}
    return Proofs(tests, read["times"], frozenset(read["explaining"]))


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
        *(f"{mark} is no proof" for mark in sorted(marks - known.tests.keys())),
        *(f"{mark} belongs to no promise" for mark in sorted(known.tests.keys() - marks)),
        *(f"{mark} shows nothing" for mark, tests in known.tests.items() if not tests),
    ]


def rendered(text: str, known: Proofs | None = None) -> str:
    """Return the page with fresh tables; ValueError when a marker is missing or a time has no proof."""
    marks = (known or proofs()).times
    tables = {"confluence": _properties(marks), "postgres": _tables(marks), "redis": _redis(marks)}
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


def _blocks(text: str) -> Iterator[str]:
    """Headings, rows of tables without their heads, list items and paragraphs, each on one line."""
    gathered: list[str] = []
    lines = [*_without_heads(line for line in text.splitlines() if not line.startswith("<!--")), ""]
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
        raise ValueError(f"bin/privacy_proofs.toml has no proof of Kept.{kept.name}")
    return f"{kept} [{marks[kept.name]}]"


def _named(field: Field) -> str:
    return field.what


if __name__ == "__main__":
    sys.exit(main())
