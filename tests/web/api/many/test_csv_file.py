"""CSV without formulas."""

from __future__ import annotations

import csv
import io

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from lockpoint.services.errors import Invalid
from lockpoint.web.api.many.csv_file import CSV, line, wants_csv

BEGINS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")  # noqa: RUF001 - a spreadsheet takes the wide ones too


def _cells(text: str, delimiter: str) -> list[str]:
    return [cell for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) for cell in row]


@pytest.mark.parametrize("begin", BEGINS)
@pytest.mark.parametrize("before", ["", ";", "x;", "|", "a\n", "\r", "x\t"])
@pytest.mark.parametrize("delimiter", [",", ";", "|", "\t"])
def test_no_cell_begins_a_formula(begin: str, before: str, delimiter: str) -> None:
    """Whatever the spreadsheet takes for the separator."""
    cells = _cells(line(["a", f"{before}{begin}1+1", "b"]), delimiter)
    assert [cell for cell in cells if cell.strip().startswith(BEGINS)] == []


@given(st.lists(st.text(alphabet="=+-@;|,\"'\n\r\t a1"), max_size=4))
def test_no_text_begins_a_formula(cells: list[str]) -> None:
    for delimiter in ",;|\t":
        found = _cells(line(["x", *cells]), delimiter)
        assert [cell for cell in found if cell.strip().startswith(BEGINS)] == []


@pytest.mark.parametrize("text", ["plan.txt", "2026-03-02T09:00:00+00:00", 'say "hi"', "a-b", "a, b", "naïve ☃"])
def test_harmless_texts_stay(text: str) -> None:
    assert _cells(line([text]), ",") == [text]


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [(None, False), ("*/*", False), ("text/csv", True), ("application/json, text/csv;q=0.5", False),
     ("text/csv, application/json;q=0.9", True), ("text/*", True)],
)  # fmt: skip
def test_what_the_caller_prefers(accept: str | None, wanted: bool) -> None:
    with Flask("x").test_request_context(headers={"Accept": accept} if accept else {}):
        assert wants_csv() is wanted


@pytest.mark.parametrize("accept", ["image/png", "text/html", "text/csv;q=0, application/json;q=0", "x", "/", ";;;"])
def test_who_takes_neither_is_told(accept: str) -> None:
    with Flask("x").test_request_context(headers={"Accept": accept}), pytest.raises(Invalid):
        wants_csv()


def test_the_type_is_csv() -> None:
    assert CSV == "text/csv"
