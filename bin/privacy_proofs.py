"""The part of bin/privacy-proofs that follows once everything is set up: runs what shows that PRIVACY.md is true.

The table of `docs/privacy-proofs.md` names tests for each promise, which hold when each of them ran and passed. Exit
code 1 when one does not hold, 2 for an unknown number.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "bin")]

from privacy_page import Proof, proofs  # noqa: E402 - bin/ is not on the path of packages


def main(wanted: Sequence[str]) -> int:
    """Run the proofs of these promises, of all by default, and print a line for each."""
    known = proofs().by_mark
    unknown = [mark for mark in wanted if mark not in known]
    if unknown:
        print(f"bin/privacy-proofs: no such promise: {', '.join(unknown)}", file=sys.stderr)
        return 2
    chosen = {mark: proof for mark, proof in known.items() if mark in wanted or not wanted}
    ended = _run(dict.fromkeys(test for proof in chosen.values() for test in proof.tests))
    wrong = [mark for mark, proof in chosen.items() if not _holds(mark, proof, ended)]
    print(f"{len(chosen)} promises; does not hold: {', '.join(wrong) or 'nothing'}")
    return 1 if wrong else 0


def _run(tests: Iterable[str]) -> Mapping[str, Sequence[str]]:
    """Run the tests; return by test function, as `path::name`, how each of its cases ended."""
    command = [sys.executable, "-m", "pytest", "-n2", "-q", "-p", "no:cacheprovider", "-rA", *tests]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    ended: dict[str, list[str]] = {}
    for how, name in re.findall(r"^(PASSED|FAILED|ERROR|SKIPPED) ([^\s\[]+)", done.stdout, re.MULTILINE):
        ended.setdefault(name, []).append(how)
    return ended


def _holds(mark: str, proof: Proof, ended: Mapping[str, Sequence[str]]) -> bool:
    cases = {
        test: [how for name, all_ in ended.items() if _belongs(name, test) for how in all_] for test in proof.tests
    }
    holds = all(cases[test] and set(cases[test]) == {"PASSED"} for test in proof.tests)
    total = sum(map(len, cases.values()))
    print(f"{mark:<4} {'holds' if holds else 'DOES NOT HOLD'}: {total} cases of {' '.join(proof.tests)}")
    return holds


def _belongs(name: str, test: str) -> bool:
    return name == test or ("::" not in test and name.startswith(f"{test}::"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
