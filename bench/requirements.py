"""Which tests show which requirement (L), case at the edges (E) and fault (F); writes docs/requirements.md.

A test counts for the numbers in its docstring, a whole file for those in its module's. `--check` only says what is
wrong.
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
LIST: Final = Path(__file__).with_suffix(".toml")
PAGE: Final = ROOT / "docs" / "requirements.md"
NUMBER: Final = re.compile(r"\b(?:L-\d\d|E[1-9]\d?b?|F\d\d)\b")
KINDS: Final = {"L": "Requirements", "E": "Cases at the edges", "F": "Faults"}
_HEAD: Final = """\
# Which tests show what

Written by `bin/requirements` from `bench/requirements.toml` and the tests' docstrings. *Not yet* says
what no test shows, and why.
"""


@dataclass(frozen=True, slots=True)
class Requirement:
    """`untested`: why there is no test; `partly`: what its tests leave out, and why."""

    number: str
    words: str
    tests: tuple[str, ...]
    untested: str
    partly: str


@dataclass(frozen=True, slots=True)
class Listed:
    """The list as it was written, by number."""

    words: Mapping[str, str]
    untested: Mapping[str, str]
    partly: Mapping[str, str]


def listed(file: Path = LIST) -> Listed:
    return Listed(**tomllib.loads(file.read_text(encoding="utf-8")))


def named_by_tests(folder: Path = ROOT / "tests") -> dict[str, list[str]]:
    """Return the tests, or whole files, that name each number."""
    found: dict[str, list[str]] = {}
    for path in sorted(folder.rglob("test_*.py")):
        for test, words in _docstrings(path, path.relative_to(folder.parent).as_posix()):
            for number in dict.fromkeys(NUMBER.findall(words)):
                found.setdefault(number, []).append(test)
    return found


def coverage(known: Listed | None = None, tests: Mapping[str, list[str]] | None = None) -> list[Requirement]:
    """Return every requirement of the list with its tests."""
    known = known or listed()
    tests = named_by_tests() if tests is None else tests
    return [
        Requirement(
            number,
            words,
            tuple(tests.get(number, ())),
            known.untested.get(number, ""),
            known.partly.get(number, ""),
        )
        for number, words in known.words.items()
    ]


def gaps(known: Listed, tests: Mapping[str, list[str]]) -> list[str]:
    """Name numbers without a test or a reason, reasons that hold no longer, and numbers that the list does not know."""
    reasons = {**known.untested, **known.partly}
    return [
        *(
            f"{one.number} has no test and no reason"
            for one in coverage(known, tests)
            if not (one.tests or one.untested)
        ),
        *(f"{number} has tests and a reason for having none" for number in known.untested if number in tests),
        *(f"{number} has no test that shows a part" for number in known.partly if number not in tests),
        *(f"{number} has an empty reason" for number, reason in reasons.items() if not reason.strip()),
        *(f"{number} has a reason and is not in the list" for number in reasons if number not in known.words),
        *(f"{number} is not in the list: {', '.join(tests[number])}" for number in tests if number not in known.words),
    ]


def rendered(requirements: list[Requirement]) -> str:
    """Give the page."""
    return "\n".join([_HEAD, *(line for kind in KINDS for line in _table(kind, requirements))])


def main() -> int:
    """Write or check."""
    known, tests = listed(), named_by_tests()
    wrong, fresh = gaps(known, tests), rendered(coverage(known, tests))
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(fresh, encoding="utf-8")
    elif not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != fresh:
        wrong.append("docs/requirements.md is not what the tests say: run bin/requirements")
    print("\n".join(wrong) or "every number has a test or a reason")
    return 1 if wrong else 0


def _docstrings(path: Path, place: str) -> Iterator[tuple[str, str]]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    yield place, ast.get_docstring(tree) or ""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield f"{place}::{node.name}", ast.get_docstring(node) or ""


def _table(kind: str, requirements: list[Requirement]) -> Iterator[str]:
    yield from (f"## {KINDS[kind]}\n", "| number | what | tests | not yet |", "|---|---|---|---|")
    for one in requirements:
        if one.number.startswith(kind):
            yield f"| {one.number} | {one.words} | {_tests(one.tests)} | {one.untested or one.partly} |"
    yield ""


def _tests(tests: tuple[str, ...]) -> str:
    """Each file once, with the names of its tests."""
    files: dict[str, list[str]] = {}
    for test in tests:
        path, _, name = test.partition("::")
        files.setdefault(path.removeprefix("tests/"), []).append(f"`{name}`" if name else "all")
    return "; ".join(f"[{path}](../tests/{path}): {', '.join(names)}" for path, names in files.items())


if __name__ == "__main__":
    sys.exit(main())
