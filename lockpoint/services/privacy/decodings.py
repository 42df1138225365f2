"""The texts that something stored may stand for: unescaped, decoded and unpacked, layer by layer, within limits."""

from __future__ import annotations

import binascii
import html
import quopri
import re
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from typing import Final
from urllib.parse import unquote

DEEPEST: Final = 5
"""How many layers are taken off; JSON in JSON in an address in base64 has four."""
MOST_READINGS: Final = 200
MOST_CHARACTERS: Final = 8 * 1024 * 1024
"""In all readings of one text together, so that nothing stored can take all our time and memory."""
MOST_UNPACKED: Final = 4 * 1024 * 1024
MOST_PACKED: Final = 16
"""How many packed parts of one value are tried."""

BORDER: Final = "\x00\n\x00"
"""Between texts that stood apart."""

_BASE64: Final = re.compile(r"[\w+/-]{7,}(?:\r?\n[\w+/-]+)*", re.ASCII)
_HEXADECIMAL: Final = re.compile(r"[\da-fA-F]{10,}")
"""Of five characters at least: shorter ones come about by chance too often."""
_URL_ALPHABET: Final = str.maketrans("-_", "+/", "\r\n")
_ESCAPED: Final = re.compile(
    r"(?P<bytes>(?:\\x[\da-fA-F]{2}|\\[0-3][0-7]{2})+)"
    r"|\\u(?P<short>[\da-fA-F]{4})|\\U(?P<long>000[\da-fA-F]{5}|0010[\da-fA-F]{4})|\\(?P<other>.)",
    re.DOTALL,
)
_ESCAPED_BYTE: Final = re.compile(r"\\x([\da-fA-F]{2})|\\([0-3][0-7]{2})")
_SPACES: Final = dict.fromkeys("nrtbfv", " ")
_PERCENT: Final = re.compile(r"%[\da-fA-F]{2}")
_PLUS: Final = re.compile(r"(?<!:\d\d)(?<!\.\d{6})\+")
"""Not that between a time and its zone, which stands in most rows."""
_QUOTED_PRINTABLE: Final = re.compile(r"=(?:[\da-fA-F]{2}|\r?\n)")
_HEADER: Final = re.compile(r"=\?[\w*-]+\?[bBqQ]\?[^?]*\?=(?:\s*=\?[\w*-]+\?[bBqQ]\?[^?]*\?=)*")
_PACKED: Final = re.compile(rb"\x1f\x8b\x08|\x78[\x01\x5e\x9c\xda]")
_PACKED_OF_EITHER_KIND: Final = 47


@dataclass(frozen=True, slots=True)
class FoundRecord:
    """One text that the stored one may stand for."""

    text: str
    clear: bool = True
    """Whether it is a text beyond doubt; bytes that are none may hold short words by chance."""


class Readings:
    """Gives every reading of what is stored, itself first; `complete` tells afterwards whether a limit ended it."""

    def __init__(self, stored: str | bytes) -> None:
        self._stored = stored
        self.complete = True

    def __iter__(self) -> Iterator[FoundRecord]:
        """Go through the layers, the outermost first."""
        waiting = deque((found, 0) for found in self._first())
        state: set[FoundRecord] = set()
        left = MOST_CHARACTERS
        while waiting:
            found, depth = waiting.popleft()
            if found in state:
                continue
            yield found
            state.add(found)
            left -= len(found.text)
            if left < 0 or len(state) > MOST_READINGS:
                self.complete = False
                return
            if found.clear and depth < DEEPEST:
                waiting.extend((below, depth + 1) for below in self._below(found.text))

    def _first(self) -> Iterator[FoundRecord]:
        if isinstance(self._stored, str):
            yield FoundRecord(self._stored)
        else:
            yield FoundRecord(self._stored.decode(errors="replace"))
            yield from self._of_bytes([self._stored])

    def _below(self, text: str) -> Iterator[FoundRecord]:
        """Take one layer off, in every way that there is."""
        for unescape in _UNESCAPE:
            yield from map(FoundRecord, unescape(text))
        for decode in (_from_base64, _from_hexadecimal):
            for found in decode(text):
                yield from self._of_bytes(found)

    def _of_bytes(self, found: list[bytes]) -> Iterator[FoundRecord]:
        clean: list[str] = []
        unclear: list[str] = []
        unpacked = [inner for data in found for inner in self._unpacked(data)]
        for data in (*found, *unpacked):
            text = _clean_text(data)
            if text is None:
                unclear += _guesses(data)
            else:
                clean.append(text)
        if clean:
            yield FoundRecord(BORDER.join(clean))
        if unclear:
            yield FoundRecord(BORDER.join(unclear), clear=False)

    def _unpacked(self, data: bytes) -> Iterator[bytes]:
        """Give the content of each part that gzip or zlib packed."""
        places = [match.start() for match in _PACKED.finditer(data)]
        self.complete &= len(places) <= MOST_PACKED
        for place in places[:MOST_PACKED]:
            unpacker = zlib.decompressobj(_PACKED_OF_EITHER_KIND)
            try:
                yield unpacker.decompress(data[place:], MOST_UNPACKED)
            except zlib.error:
                continue
            self.complete &= not unpacker.unconsumed_tail


def _clean_text(data: bytes) -> str | None:
    """Give the text that the bytes are beyond doubt; binary data and chance finds are none."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    return text if "".join(text.split()).isprintable() else None


def _guesses(data: bytes) -> Iterator[str]:
    """Read bytes as every encoding in which a word may stand among them."""
    yield data.decode(errors="replace")
    yield data.decode("latin-1")
    if 4 * data.count(0) >= len(data):
        yield from (data[begin:].decode(name, "ignore") for name in ("utf-16-le", "utf-16-be") for begin in (0, 1))


def _unescaped(text: str) -> Iterator[str]:
    r"""As JSON, Python and PostgreSQL escape: `\n`, `\u00e4`, `\xc3\xa4`, `\303\244`, `\"`."""
    if "\\" in text:
        plain = _ESCAPED.sub(_character, text)
        yield plain.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _character(match: re.Match[str]) -> str:
    if match["bytes"]:
        return _of_escaped_bytes(match["bytes"])
    if match["other"]:
        return _SPACES.get(match["other"], match["other"])
    return chr(int(match["short"] or match["long"], 16))


def _of_escaped_bytes(run: str) -> str:
    data = bytes(int(six, 16) if six else int(eight, 8) for six, eight in _ESCAPED_BYTE.findall(run))
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _from_address(text: str) -> Iterator[str]:
    if _PERCENT.search(text):
        yield unquote(text)
    if _PLUS.search(text):
        yield unquote(_PLUS.sub(" ", text))


def _from_html(text: str) -> Iterator[str]:
    if "&" in text:
        yield html.unescape(text)


def _from_mail(text: str) -> Iterator[str]:
    """As bodies and headers of mails write it: quoted-printable, and RFC 2047."""
    if _QUOTED_PRINTABLE.search(text):
        yield quopri.decodestring(text.encode(errors="replace")).decode(errors="replace")
    if "=?" in text:
        yield _HEADER.sub(_header, text)


def _header(match: re.Match[str]) -> str:
    try:
        return str(make_header(decode_header(match[0])))
    except (LookupError, UnicodeError, HeaderParseError):
        return match[0]


_UNESCAPE: Final[tuple[Callable[[str], Iterator[str]], ...]] = (_unescaped, _from_address, _from_html, _from_mail)


def _from_base64(text: str) -> Iterator[list[bytes]]:
    """Decode everything that may be base64, of either alphabet and over several lines.

    Where it begins cannot be seen when letters or digits stand before it, so each of four beginnings is tried.
    """
    runs = [run.translate(_URL_ALPHABET) for run in _BASE64.findall(text)]
    if runs:
        yield from ([_decoded(run[begin:]) for run in runs] for begin in range(4))


def _decoded(run: str) -> bytes:
    whole = run[:-1] if len(run) % 4 == 1 else run
    return binascii.a2b_base64(whole + "===")


def _from_hexadecimal(text: str) -> Iterator[list[bytes]]:
    """Decode everything that may be bytes in hexadecimal digits; a digit more may stand before them."""
    runs = _HEXADECIMAL.findall(text)
    if runs:
        yield from ([bytes.fromhex(run[begin : len(run) - (len(run) - begin) % 2]) for run in runs] for begin in (0, 1))
