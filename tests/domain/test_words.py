"""D1: names and people are found and ordered alike by the API and by the screens; `frontend/tests/rows.test.ts` too."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest

from lockpoint.domain.words import folded, has_words, rank
from tests.support.checkout import ROOT

TABLE: Final[dict[str, Any]] = json.loads((ROOT / "tests" / "support" / "words.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("text", "form"), TABLE["folded"])
def test_a_text_has_one_form_however_it_was_typed(text: str, form: str) -> None:
    """D1: composed or not, full-width, capital, with ß, dotted İ or the last sigma of a word."""
    assert folded(text) == form
    assert folded(form) == form


@pytest.mark.parametrize(("text", "wanted", "there"), TABLE["found"])
def test_each_word_that_is_searched_stands_somewhere(text: str, wanted: str, there: bool) -> None:
    """D1."""
    assert has_words(text, wanted) is there


def test_names_are_ordered_as_people_do() -> None:
    """D1: whatever the case and accents, and numbers by their size."""
    mixed = [TABLE["ordered"][place] for place in (4, 1, 5, 0, 3, 2)]
    assert sorted(mixed, key=rank) == TABLE["ordered"]
