"""Scan: words in any writing, within stated limits."""

from __future__ import annotations

import base64
import gzip
import html
import json
import quopri
import time
import unicodedata
import zlib
from email.header import Header
from urllib.parse import quote, quote_plus

import pytest

from lockpoint.services.privacy import decodings
from lockpoint.services.privacy.scan import Piece, Sight, Words, scan

CANARY = "Kanarienvogel Ägir & Co"
DATA = CANARY.encode()


def as_numbers(form: str) -> str:
    return "".join(form.format(ord(character)) for character in CANARY)


WRITINGS: dict[str, str | bytes] = {
    "as it is": CANARY,
    "in capitals": CANARY.upper(),
    "decomposed": unicodedata.normalize("NFD", CANARY),
    "full width": "".join(chr(ord(one) + 0xFEE0) if "!" <= one <= "~" else one for one in CANARY),
    "over two lines": CANARY.replace(" ", "\r\n"),
    "with two spaces": CANARY.replace(" ", "  "),
    "with spaces that do not break": CANARY.replace(" ", "\u00a0"),
    "with a soft hyphen": CANARY.replace("vogel", "\u00advogel"),
    "JSON": json.dumps(CANARY),
    "JSON in capitals": json.dumps(CANARY.upper()),
    "JSON in JSON in JSON": json.dumps(json.dumps(json.dumps({"a": CANARY}))),
    "address": quote(CANARY),
    "address in capitals": quote(CANARY.upper()),
    "form": quote_plus(CANARY),
    "address in an address": quote(quote(CANARY, safe=""), safe=""),
    "HTML": html.escape(CANARY),
    "HTML numbers": as_numbers("&#{};"),
    "HTML hexadecimal numbers": as_numbers("&#x{:X};"),
    "quoted-printable": quopri.encodestring(DATA).decode(),
    "quoted-printable over lines": quopri.encodestring(b"x" * 66 + b" " + DATA).decode(),
    "header, B": Header(CANARY, "utf-8").encode(),
    "header, Q": "=?utf-8?q?Kanarienvogel_=C3=84?= =?utf-8?q?gir_=26_Co?=",
    "header, Latin-1": Header(CANARY, "iso-8859-1").encode(),
    "base64": base64.b64encode(DATA).decode(),
    "base64 of addresses": base64.urlsafe_b64encode("ÿþÿ?~ ".encode() + DATA).decode(),
    "base64 behind letters": "key" + base64.b64encode(DATA).decode(),
    "base64 over lines": base64.encodebytes(b"x " * 50 + DATA).decode(),
    "base64 in base64": base64.b64encode(base64.b64encode(DATA)).decode(),
    "base64 of UTF-16": base64.b64encode(CANARY.encode("utf-16-le")).decode(),
    "base64 of JSON of an address": base64.b64encode(json.dumps(quote(CANARY)).encode()).decode(),
    "hexadecimal": DATA.hex(),
    "hexadecimal in capitals": DATA.hex().upper(),
    "hexadecimal of capitals": CANARY.upper().encode().hex(),
    "hexadecimal of UTF-16": CANARY.encode("utf-16-be").hex(),
    "hexadecimal behind a digit": "7" + DATA.hex(),
    "bytes as Python writes them": repr(DATA),
    "bytes in octal numbers": r"Kanarienvogel \303\204gir & Co",
    "gzip": gzip.compress(DATA),
    "zlib": zlib.compress(DATA),
    "gzip behind other bytes": b"\x80\x01" + gzip.compress(DATA),
    "gzip in base64": base64.b64encode(gzip.compress(DATA)).decode(),
    "gzip of base64 of JSON": gzip.compress(base64.b64encode(json.dumps(CANARY).encode())),
    "gzip in a bytea": "\\x" + gzip.compress(DATA).hex(),
    "bytes": b"\x80\x01" + DATA + b"\xff",
    "bytes of Latin-1": CANARY.encode("latin-1"),
    "bytes of UTF-16": CANARY.encode("utf-16"),
}


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("writing", WRITINGS)
def test_a_word_is_found_in_every_writing(writing: str, whole: bool) -> None:
    """Alone and within text; as part of a word and as a whole word."""
    stored = WRITINGS[writing]
    around = (b"a, " + stored + b", b") if isinstance(stored, bytes) else f"a, {stored}, b"
    words = Words(["another", CANARY], whole=whole)
    assert (words.look_in(stored), words.look_in(around)) == (Sight.FOUND, Sight.FOUND)
    assert Words(["Kanarienvogel Njörd"], whole=whole).look_in(stored) is Sight.NOTHING


@pytest.mark.parametrize(
    ("word", "stored"),
    [
        ("Annual report", "q=%22Annual%20report%22"),
        ("Annual report", '{"text": "see:\\nAnnual report"}'),
        ("Annual report", "\\x" + b"Annual report".hex()),
        ("Annual report", "the\u00a0annual\nreport."),
        ("予算計画書", "来年の予算計画書を作る"),
        ("予算計画書", json.dumps("来年の予算計画書を作る")),
        ("Budget", "来年のBudgetを作る"),
        ("보고서", "보고서를"),
        ("Ägir & Co", "<b>&Auml;gir &amp; Co</b>"),
        ("#1 plan!", "see:#1 plan!now"),
        ("Locks", "blocks and locks"),
    ],
)
def test_a_whole_word_is_found_between_escapes_and_in_scripts_without_spaces(word: str, stored: str) -> None:
    """Neighbours count as letters only after unescaping, and only in scripts with spaces."""
    assert Words([word], whole=True).look_in(stored) is Sight.FOUND


@pytest.mark.parametrize("stored", ["blocks_total", "locksmith", "clocks 1locks2", "b%6Cocks", "xn--blocks", "Élocks"])
def test_a_whole_word_is_not_found_in_longer_ones(stored: str) -> None:
    """A space called `Locks` does not match longer words."""
    assert Words(["Locks"], whole=True).look_in(stored) is Sight.NOTHING
    assert Words(["Locks"]).look_in(stored) is Sight.FOUND


def test_every_part_with_a_word_is_told() -> None:
    """Parts are read separately; no word spans two parts."""
    pieces = [Piece("t", (("a", "Kanarien"), ("b", "vogel"), ("c", quote(CANARY)), ("d", DATA))), Piece("t", ())]
    (looked,) = scan(pieces, Words([CANARY, "Kanarienvogel"]))
    assert (looked.place, looked.pieces, looked.hits, looked.partly) == ("t", 2, {"c": 1, "d": 1}, 0)


@pytest.mark.parametrize(
    "stored",
    [
        "%41\\x41&amp;=41+aGVsbG8gd29ybGQ " * 30_000,
        gzip.compress(bytes(100_000_000)),
        b"".join(gzip.compress(str(number).encode()) for number in range(100)),
        "a" * (decodings.MOST_CHARACTERS + 1),
    ],
)
def test_what_cannot_be_read_to_its_end_is_told(stored: str | bytes) -> None:
    """Too many writings, a large archive or a large text end the scan in time and are reported as incomplete."""
    begin = time.monotonic()
    (looked,) = scan([Piece("t", (("a", stored),))], Words([CANARY]))
    assert (looked.hits.total(), looked.partly) == (0, 1)
    assert time.monotonic() - begin < 60


@pytest.mark.parametrize(
    "stored", ["\\" * 100_000, "&" * 100_000, "=?a?q?" * 20_000, "%" * 100_000, "=?x?b?&&?=", "\\ud800"]
)
def test_broken_writings_do_no_harm(stored: str) -> None:
    """Malformed input causes neither delay nor failure."""
    assert Words([CANARY]).look_in(stored) is Sight.NOTHING


def test_short_words_do_not_come_about_by_chance() -> None:
    """Random bytes, as in ids, contain short words; only long ones count there."""
    chance = base64.b64encode(b"\x80\x81bob\x82\x83").decode()
    assert Words(["Bob"]).look_in(chance) is Sight.NOTHING
    assert Words(["Bob"]).look_in(base64.b64encode(b"this is Bob").decode()) is Sight.FOUND
