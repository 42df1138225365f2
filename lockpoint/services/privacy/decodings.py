"""The texts that stored data may stand for: as it is, unescaped, decoded and unpacked, within limits."""

from __future__ import annotations

import binascii
import codecs
import html
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

LAYERS: Final = 2
"""Columns and lines are JSON themselves; below that, one more encoding is decoded."""

MOST_CHARACTERS: Final = 8 * 1024 * 1024
"""In all readings of one text together: limits time and memory."""
MOST_UNPACKED: Final = 4 * 1024 * 1024

BORDER: Final = "\x00\n\x00"
"""Between separate texts."""

_ESCAPED: Final = re.compile(r"\\u([\da-fA-F]{4})|\\(.)", re.DOTALL)
_SPACES: Final = dict.fromkeys("nrtbf", " ")
_BASE64: Final = re.compile(r"[\w+/-]{7,}", re.ASCII)
"""Of five bytes at least: shorter ones come about by chance too often."""
_URL_ALPHABET: Final = str.maketrans("-_", "+/")
_GZIP: Final = b"\x1f\x8b\x08"
_GZIP_FORMAT: Final = 31
_UTF_16_MARKS: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True, slots=True)
class Reading:
    """One text that the stored one may stand for."""

    text: str
    clear: bool = True
    """Whether it is certainly text; other bytes may hold short words by chance."""
    whole: bool = True
    """False when a limit, or damage, left something out."""


def readings(stored: str | bytes) -> Iterator[Reading]:
    """Yield every reading, the stored text first; one that is not whole says that a limit ended them."""
    left = MOST_CHARACTERS
    for first in [Reading(stored)] if isinstance(stored, str) else _of_bytes(stored):
        for reading in _with_layers_below(first, LAYERS):
            yield reading
            left -= len(reading.text)
            if left < 0:
                yield Reading("", whole=False)
                return


def _with_layers_below(reading: Reading, layers: int) -> Iterator[Reading]:
    yield reading
    if layers and reading.clear:
        for below in _below(reading.text):
            yield from _with_layers_below(below, layers - 1)


def _below(text: str) -> Iterator[Reading]:
    """Decode one layer, in each way that may apply."""
    if "\\" in text:
        yield Reading(_from_json(text))
    if "%" in text:
        yield Reading(unquote(text))
    if "&" in text:
        yield Reading(html.unescape(text))
    yield from _from_base64(text)


def _from_json(text: str) -> str:
    plain = _ESCAPED.sub(_character, text)
    return plain.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _character(match: re.Match[str]) -> str:
    code, other = match.groups()
    return chr(int(code, 16)) if code else _SPACES.get(other, other)


def _from_base64(text: str) -> Iterator[Reading]:
    """Decode every run that may be base64, of either alphabet; drop what is no text."""
    runs = (run.translate(_URL_ALPHABET) for run in _BASE64.findall(text))
    found = [reading for run in runs for reading in _of_bytes(_decoded(run)) if reading.clear or not reading.whole]
    if found:
        yield Reading(BORDER.join(one.text for one in found), whole=all(one.whole for one in found))


def _decoded(run: str) -> bytes:
    possible = run[:-1] if len(run) % 4 == 1 else run
    return binascii.a2b_base64(possible + "===")


def _of_bytes(data: bytes) -> Iterator[Reading]:
    """Unpack bytes; read them as UTF-8 and, where it may be that, as UTF-16."""
    data, whole = _unpacked(data) if data.startswith(_GZIP) else (data, True)
    text = data.decode(errors="replace")
    yield Reading(text, clear=_is_text(text), whole=whole)
    if data.startswith(_UTF_16_MARKS) or 4 * data.count(0) >= len(data) > 0:
        yield from (Reading(data.decode(name, "replace")) for name in ("utf-16-le", "utf-16-be"))


def _unpacked(data: bytes) -> tuple[bytes, bool]:
    """Return what gzip packed, and whether that was all of it."""
    unpacker = zlib.decompressobj(_GZIP_FORMAT)
    try:
        return unpacker.decompress(data, MOST_UNPACKED), unpacker.eof and not unpacker.unused_data
    except zlib.error:
        return data, False


def _is_text(text: str) -> bool:
    """Whether the bytes were certainly text; binary data and chance finds are not."""
    return "\ufffd" not in text and "".join(text.split()).isprintable()
