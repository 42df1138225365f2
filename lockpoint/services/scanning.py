"""Looking for words that must not be anywhere; tells the places of a hit, and never what stands there."""

from __future__ import annotations

import html
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote, quote_plus

SHORTEST: Final = 3
SHORTEST_OF_A_SITE: Final = 5
"""Shorter names and titles of real sites stand in half of all words of ours."""

_BORDER: Final = "\x00"


@dataclass(frozen=True, slots=True)
class Piece:
    """One thing to look at: a row with its columns, a key with its value, a line."""

    place: str
    texts: tuple[tuple[str, str], ...]
    """Names of the parts (may be empty) and their texts."""


@dataclass(slots=True)
class Looked:
    """What was looked at in one place, and in which of its parts how often something was found."""

    place: str
    pieces: int = 0
    hits: Counter[str] = field(default_factory=Counter)


class Words:
    """The words of one scan, in every writing in which they may be stored."""

    def __init__(self, words: Iterable[str], *, whole: bool = False) -> None:
        """Take the words; `whole` finds them only without a letter or digit beside them. ValueError for short ones."""
        self._wanted = sorted({word.strip() for word in words if word.strip()})
        if any(len(word) < SHORTEST for word in self._wanted):
            raise ValueError(f"words need {SHORTEST} characters at least")
        writings = sorted({writing for word in self._wanted for writing in _writings(word)}, key=len, reverse=True)
        alternatives = "|".join(map(re.escape, writings)) or r"(?!)"
        self._pattern = re.compile(rf"(?<![^\W_])(?:{alternatives})(?![^\W_])" if whole else alternatives)

    def __len__(self) -> int:
        return len(self._wanted)

    def stand_in(self, text: str) -> bool:
        """Whether any of the words stands in the text; upper and lower case are the same."""
        return self._pattern.search(text.casefold()) is not None


def scan(pieces: Iterable[Piece], words: Words) -> list[Looked]:
    """Look at all pieces; one line for each place, in the order in which places came."""
    found: dict[str, Looked] = {}
    for piece in pieces:
        looked = found.setdefault(piece.place, Looked(piece.place))
        looked.pieces += 1
        if words.stand_in(_BORDER.join(text for _, text in piece.texts)):
            looked.hits.update(name for name, text in piece.texts if words.stand_in(text))
    return list(found.values())


def lines(place: str, texts: Iterable[str]) -> Iterator[Piece]:
    """Make pieces of a log's or report's lines."""
    for text in texts:
        yield Piece(place, (("line", text),))


def _writings(word: str) -> set[str]:
    """The word as it is, and as JSON, addresses, HTML and hexadecimal columns write it."""
    plain = {word, html.escape(word), quote(word), quote(word, safe=""), quote_plus(word)}
    escaped = {json.dumps(word)[1:-1], word.encode().hex(), ascii(word)[1:-1]}
    return {writing.casefold() for writing in plain | escaped}
