"""Runs the tests that show PRIVACY.md to be true, and prints for each promise how they ended; 1 when one does not hold.

Pytest's own output goes to standard error.
"""

from __future__ import annotations

import contextlib
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import pytest
from privacy_page import PAGE, proofs, statements

CASES: Final = r"(::|\[|@|$)"
"""What follows a test's name in the name of one of its cases; xdist adds the group."""


class Outcomes:
    """A plugin of pytest that counts how the cases ended."""

    def __init__(self) -> None:
        self.passed: Counter[str] = Counter()
        self.wrong: Counter[str] = Counter()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count a case; one that was skipped shows nothing."""
        if not report.passed:
            self.wrong[report.nodeid] += 1
        elif report.when == "call":
            self.passed[report.nodeid] += 1

    def counted(self, test: str) -> tuple[int, int]:
        """Return how many cases of a file or function passed, and how many did not."""
        of_it = re.compile(re.escape(test) + CASES)
        passed, wrong = (
            sum(count for name, count in kind.items() if of_it.match(name)) for kind in (self.passed, self.wrong)
        )
        return passed, wrong


def main(wanted: Sequence[str]) -> int:
    """Run and print the proofs of these promises, or of all."""
    table = proofs().tests
    unknown = [mark for mark in wanted if mark not in table]
    if unknown:
        print(f"bin/privacy-proofs: no such promise: {', '.join(unknown)}", file=sys.stderr)
        return 2
    chosen = {mark: tests for mark, tests in table.items() if mark in wanted or not wanted}
    outcomes = Outcomes()
    with contextlib.redirect_stdout(sys.stderr):
        pytest.main(sorted({test for tests in chosen.values() for test in tests}), plugins=[outcomes])
    print("\n".join(shown(chosen, outcomes)))
    wrong = not_shown(chosen, outcomes)
    print(f"\ndoes not hold: {', '.join(wrong) or 'nothing'}")
    return 1 if wrong else 0


def shown(chosen: Mapping[str, Sequence[str]], outcomes: Outcomes) -> Iterator[str]:
    """Yield for each promise what the page says, and how its tests ended."""
    page = list(statements(PAGE.read_text(encoding="utf-8")))
    for mark, tests in chosen.items():
        said = [one.text.strip("| ") for one in page if mark in one.marks]
        yield f"{mark}  {said[0]}{f' (and {len(said) - 1} more)' if said[1:] else ''}"
        for test in tests:
            passed, wrong = outcomes.counted(test)
            yield f"    {test}: {passed} passed, {wrong} not"


def not_shown(chosen: Mapping[str, Sequence[str]], outcomes: Outcomes) -> list[str]:
    """Return the promises of which a test did not pass, was skipped, or did not run."""
    holding = {test: outcomes.counted(test) for tests in chosen.values() for test in tests}
    return [mark for mark, tests in chosen.items() if any(holding[test][1] or not holding[test][0] for test in tests)]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
