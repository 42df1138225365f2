"""Names that we give to files."""

from __future__ import annotations

import re
import unicodedata
from itertools import accumulate, islice, pairwise, takewhile
from typing import Final

LONGEST: Final = 255
"""UTF-16 units; code points are never more of them."""
LONGEST_ENDING: Final = 100
MOST_TRIES: Final = 50
"""Names that we may have tried for one file; each look tries the next."""

_RESTORED: Final = re.compile(r" \(restored(?: (?P<count>[1-9][0-9]{0,5}))?\)\Z")

_JOINER: Final = "\u200d"
_VIRAMA: Final = 9
_LEADING_JAMO: Final = ("\u1100", "\u115f")
_LATER_JAMO: Final = ("\u1160", "\u11ff")
_SYLLABLES: Final = ("\uac00", "\ud7a3")
_FLAGS: Final = ("\U0001f1e6", "\U0001f1ff")
_TINTS: Final = ("\U0001f3fb", "\U0001f3ff")
_TAGS: Final = ("\U000e0020", "\U000e007f")


def length(text: str) -> int:
    """Return the length in UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def restored_name(title: str) -> str:
    """Return the next name for a file whose own is taken, never above `LONGEST`.

    `plan.docx` becomes `plan (restored).docx`, and that `plan (restored 2).docx`.
    """
    stem, dot, ending = title.rpartition(".")
    if not (dot and stem and length(ending) <= LONGEST_ENDING):
        stem, dot, ending = title, "", ""
    earlier = _RESTORED.search(stem)
    mark = " (restored)"
    if earlier:
        stem, mark = stem[: earlier.start()], f" (restored {int(earlier['count'] or 1) + 1})"
    tail = f"{mark}{dot}{ending}"
    return f"{shortened(stem, LONGEST - length(tail))}{tail}".lstrip()


def stands_for(name: str | None, title: str | None) -> bool:
    """Return whether we may have given this name to a file whose own is `title`."""
    if name is None or title is None:
        return False
    made = accumulate(range(MOST_TRIES), lambda earlier, _: restored_name(earlier), initial=title)
    return name in islice(made, 1, None)


def shortened(text: str, most: int) -> str:
    """Return the longest beginning of whole letters with at most `most` UTF-16 units."""
    kept = 0
    for letter in letters(text):
        if length(text[:kept] + letter) > most:
            break
        kept += len(letter)
    return text[:kept]


def letters(text: str) -> list[str]:
    """Split into what people take for one letter: marks, joined emoji, flags and syllables stay whole."""
    starts = [place for place in range(len(text)) if place == 0 or not _continues(text, place)]
    return [text[start:end] for start, end in pairwise([*starts, len(text)])]


def _continues(text: str, place: int) -> bool:
    before, letter = text[place - 1], text[place]
    if unicodedata.category(letter) in {"Mn", "Me", "Mc"} or letter == _JOINER or _in(letter, _TINTS, _TAGS):
        return True
    if before == _JOINER or unicodedata.combining(before) == _VIRAMA or before + letter == "\r\n":
        return True
    if _in(letter, _FLAGS):
        return _flags_before(text, place) % 2 == 1
    if _in(before, _LEADING_JAMO):
        return _in(letter, _LEADING_JAMO, _LATER_JAMO, _SYLLABLES)
    halves = "\ud800" <= before <= "\udbff" and "\udc00" <= letter <= "\udfff"
    return halves or (_in(letter, _LATER_JAMO) and _in(before, _LATER_JAMO, _SYLLABLES))


def _flags_before(text: str, place: int) -> int:
    return sum(1 for _ in takewhile(lambda letter: _in(letter, _FLAGS), reversed(text[:place])))


def _in(letter: str, *ranges: tuple[str, str]) -> bool:
    return any(first <= letter <= last for first, last in ranges)
