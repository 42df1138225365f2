"""The scan for words that must not be stored; it returns the places of hits, never the text there."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from itertools import chain
from typing import Final

from lockpoint.services.ports.privacy import Piece
from lockpoint.services.privacy.decodings import BORDER, Reading, readings

SHORTEST: Final = 3
SHORTEST_OF_A_SITE: Final = 5
"""Shorter names and titles of real sites occur in half of all our words."""

SHORTEST_IN_DOUBT: Final = 7
"""Shorter words occur by chance in bytes that may be no text."""

HASHES: Final = ("md5", "sha1", "sha256", "sha512")
DIGITS: Final = 16
"""Of a hash, enough to know it by; some are stored in part."""

_HEXADECIMAL: Final = re.compile(rf"(?<![\da-f])[\da-f]{{{DIGITS},}}")
_WITHOUT_SPACES: Final = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u2e80-\ua4cf\uac00-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff]"
)
"""Scripts in which words follow each other without a space, or take endings: Chinese, Japanese, Thai, Korean."""


@dataclass(slots=True)
class Looked:
    """The parts of one place, and how often something was found in each."""

    place: str
    pieces: int = 0
    hits: Counter[str] = field(default_factory=Counter)
    partly: int = 0
    """How many parts were too large, or too damaged, to be read to their end."""


class Sight(Enum):
    FOUND = auto()
    NOTHING = auto()
    NOTHING_SO_FAR = auto()
    """A limit ended the search."""


class Words:
    """The words of one scan; `decodings` says in which encodings they are found."""

    def __init__(self, words: Iterable[str], *, whole: bool = False) -> None:
        """`whole` finds words only without a letter or digit beside them. ValueError for short ones."""
        spelled = {word.strip() for word in words} - {""}
        self._wanted = sorted(set(map(_plain, spelled)))
        self._whole = whole
        self._digests = frozenset(chain.from_iterable(map(_digests, spelled)))
        self._long = [word for word in self._wanted if len(word) >= SHORTEST_IN_DOUBT]
        if any(len(word) < SHORTEST for word in self._wanted):
            raise ValueError(f"words need {SHORTEST} characters at least")

    def __len__(self) -> int:
        return len(self._wanted)

    def look_in(self, stored: str | bytes) -> Sight:
        """Whether any word occurs; case and composed or decomposed characters do not matter."""
        sight = Sight.NOTHING
        for reading in readings(stored):
            if self._stand_in(reading):
                return Sight.FOUND
            if not reading.whole:
                sight = Sight.NOTHING_SO_FAR
        return sight

    def _stand_in(self, reading: Reading) -> bool:
        text = _plain(reading.text)
        if any(run[:DIGITS] in self._digests for run in _HEXADECIMAL.findall(text)):
            return True
        present = (word for word in (self._wanted if reading.clear else self._long) if word in text)
        return any(not self._whole or _stands_alone(word, text) for word in present)


def scan(pieces: Iterable[Piece], words: Words) -> list[Looked]:
    """One line for each place, in the order in which places came."""
    found: dict[str, Looked] = {}
    for piece in pieces:
        looked = found.setdefault(piece.place, Looked(piece.place))
        looked.pieces += bool(piece.texts)
        if _worth_a_look(piece, words):
            _look_at_parts(piece, words, looked)
    return list(found.values())


def lines(place: str, texts: Iterable[str]) -> Iterator[Piece]:
    for text in texts:
        yield Piece(place, (("line", text),))


def _worth_a_look(piece: Piece, words: Words) -> bool:
    """Look at all parts at once, which is enough for nearly every row."""
    texts = [text for _, text in piece.texts if isinstance(text, str)]
    if len(texts) < max(2, len(piece.texts)):
        return True
    return words.look_in(BORDER.join(texts)) is not Sight.NOTHING


def _look_at_parts(piece: Piece, words: Words, looked: Looked) -> None:
    for name, text in piece.texts:
        sight = words.look_in(text)
        looked.partly += sight is Sight.NOTHING_SO_FAR
        if sight is Sight.FOUND:
            looked.hits[name] += 1


def _digests(word: str) -> Iterator[str]:
    """The beginnings of the word's hashes without a key: whoever has them can try words."""
    for variant in {word, word.lower(), _plain(word)}:
        for name in HASHES:
            data = variant.encode("utf-8", "surrogatepass")
            yield hashlib.new(name, data, usedforsecurity=False).hexdigest()[:DIGITS]


def _plain(text: str) -> str:
    """In lower case, with composed characters."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def _stands_alone(word: str, text: str) -> bool:
    begin = text.find(word)
    while begin >= 0:
        end = begin + len(word)
        if not (_grown_together(text[begin - 1 : begin], word[0]) or _grown_together(word[-1], text[end : end + 1])):
            return True
        begin = text.find(word, begin + 1)
    return False


def _grown_together(one: str, other: str) -> bool:
    """Whether two neighbours (either may be empty) are letters or digits of one word."""
    both = one + other
    return one.isalnum() and other.isalnum() and _WITHOUT_SPACES.search(both) is None
