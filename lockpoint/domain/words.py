"""Text of people, compared as people do: whatever was typed for a letter, and in whatever case.

`folded` in the screens' `page/rows.ts` gives the same; a table beside the tests holds both to it.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_NUMBERS: Final = re.compile(r"(\d+)")

Rank = tuple[tuple[tuple[int, int, str], ...], str]


def folded(text: str) -> str:
    """One form of composed, decomposed, full-width and capital letters; `ß` as `ss`, `İ` as `i`, one kind of sigma."""
    known = unicodedata.normalize("NFKC", text).upper().lower().replace("i\u0307", "i").replace("ς", "\u03c3")
    return unicodedata.normalize("NFC", known)


def has_words(text: str, wanted: str) -> bool:
    """Return whether each word of `wanted` stands somewhere in the text."""
    there = folded(text)
    return all(word in there for word in folded(wanted).split())


def rank(text: str) -> Rank:
    """A key for ordering as in a list for people: accents decide last, and 9 comes before 10."""
    plain = folded(text)
    base = "".join(sign for sign in unicodedata.normalize("NFD", plain) if not unicodedata.combining(sign))
    parts = _NUMBERS.split(base)
    return tuple((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts if part), plain
