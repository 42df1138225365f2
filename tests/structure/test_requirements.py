"""docs/requirements.md says which tests show what; nothing is left out without a reason."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bench import requirements
from bench.requirements import Listed, coverage, gaps, listed, named_by_tests, rendered

KNOWN = Listed({"L-01": "one", "E2": "two", "F03": "three"}, {"E2": "later: two"}, {"F03": "the rest"})
TESTS = {"L-01": ["tests/test_x.py::test_a"], "F03": ["tests/test_x.py"]}


def test_every_number_has_a_test_or_a_reason() -> None:
    """And every number in a docstring is in the list."""
    assert gaps(listed(), named_by_tests()) == []


def test_every_number_of_its_kind_is_listed() -> None:
    numbers = list(listed().words)
    assert len(numbers) == len(set(numbers)) == 49 + 46 + 54
    assert [n for n in numbers if n.startswith("F")] == [f"F{n:02}" for n in range(1, 55)]
    assert [n for n in numbers if n.startswith("E")] == ["E1", "E2", "E2b", *(f"E{n}" for n in range(3, 46))]


def test_the_page_is_what_the_tests_say() -> None:
    """Run `bin/requirements` after a number was added to a test."""
    assert requirements.PAGE.read_text(encoding="utf-8") == rendered(coverage())


@pytest.mark.parametrize(
    ("known", "tests", "said"),
    [
        (KNOWN, TESTS, []),
        (KNOWN, {**TESTS, "L-01": []}, ["L-01 has no test and no reason"]),
        (replace(KNOWN, untested={}), TESTS, ["E2 has no test and no reason"]),
        (KNOWN, {**TESTS, "E2": ["tests/test_x.py"]}, ["E2 has tests and a reason for having none"]),
        (replace(KNOWN, untested={"E2": " "}), TESTS, ["E2 has an empty reason"]),
        (replace(KNOWN, partly={"E9": "x"}), TESTS, ["E9 has no test that shows a part", "E9 is not in the list"]),
        (KNOWN, {**TESTS, "F99": ["tests/test_x.py"]}, ["F99 is not in the list: tests/test_x.py"]),
    ],
)
def test_a_planted_gap_is_found(known: Listed, tests: dict[str, list[str]], said: list[str]) -> None:
    assert [one.replace("has a reason and ", "") for one in gaps(known, tests)] == said


def test_numbers_are_read_from_docstrings_alone(tmp_path: Path) -> None:
    """A test's own, and a whole file's; other words and other functions do not count."""
    folder = tmp_path / "tests"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "test_x.py").write_text(
        '"""F38: everywhere."""\n\ndef test_a() -> None:\n    """L-01, E2b: E46a, F7, L-1."""\n    "F09"\n\n'
        'def helper() -> None:\n    """F10"""\n'
    )
    (folder / "stage.py").write_text('"""F11"""')
    place = "tests/deep/test_x.py"
    assert named_by_tests(folder) == {"F38": [place], "L-01": [f"{place}::test_a"], "E2b": [f"{place}::test_a"]}


def test_an_old_page_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--check` writes nothing; without it the page is written."""
    page = tmp_path / "requirements.md"
    page.write_text("old")
    monkeypatch.setattr(requirements, "PAGE", page)
    monkeypatch.setattr("sys.argv", ["requirements", "--check"])
    assert requirements.main() == 1
    assert "run bin/requirements" in capsys.readouterr().out
    assert page.read_text() == "old"
    monkeypatch.setattr("sys.argv", ["requirements"])
    assert requirements.main() == 0
    assert page.read_text() == rendered(coverage())
