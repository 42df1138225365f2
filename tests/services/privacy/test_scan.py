"""Words are found in the encodings that the scan knows, within reported limits."""

from __future__ import annotations

import base64
import gzip
import json
import time

import pytest

from lockpoint.services.ports.privacy import Piece
from lockpoint.services.privacy import decodings
from lockpoint.services.privacy.scan import Sight, Words, scan
from tests.support.writings import CANARY, WRITINGS, as_text


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("writing", WRITINGS)
def test_a_word_is_found_in_every_writing(writing: str, whole: bool) -> None:
    """Alone, between other text, and in a JSON value."""
    words, write = Words(["another", CANARY], whole=whole), WRITINGS[writing]
    stored = [write(CANARY), write(f"a, {CANARY}, b"), f"a, {as_text(writing)}, b", json.dumps({"a": as_text(writing)})]
    assert [words.look_in(one) for one in stored] == [Sight.FOUND] * 4
    assert Words(["Kanarienvogel Njörd"], whole=whole).look_in(write(CANARY)) is Sight.NOTHING


@pytest.mark.parametrize("order", ["utf-16-le", "utf-16-be"])
def test_utf_16_is_found_without_its_mark(order: str) -> None:
    """In either byte order."""
    assert Words([CANARY]).look_in(CANARY.encode(order)) is Sight.FOUND


@pytest.mark.parametrize(
    ("word", "stored"),
    [
        ("Annual report", "q=%22Annual%20report%22"),
        ("Annual report", '{"text": "see:\\nAnnual report"}'),
        ("Annual report", b"\x80\x81Annual report\xff"),
        ("予算計画書", "来年の予算計画書を作る"),
        ("予算計画書", json.dumps("来年の予算計画書を作る")),
        ("Budget", "来年のBudgetを作る"),
        ("보고서", "보고서를"),
        ("Ägir & Co", "<b>&Auml;gir &amp; Co</b>"),
        ("#1 plan!", "see:#1 plan!now"),
        ("Locks", "blocks and locks"),
    ],
)
def test_a_whole_word_is_found_between_escapes_and_in_scripts_without_spaces(word: str, stored: str | bytes) -> None:
    """A neighbour counts as a letter only after everything is unescaped, and where words have spaces."""
    assert Words([word], whole=True).look_in(stored) is Sight.FOUND


@pytest.mark.parametrize("stored", ["blocks_total", "locksmith", "clocks 1locks2", "b%6Cocks", "xn--blocks", "Élocks"])
def test_a_whole_word_is_not_found_in_longer_ones(stored: str) -> None:
    """A space called `Locks` does not make our longer words hits."""
    assert Words(["Locks"], whole=True).look_in(stored) is Sight.NOTHING
    assert Words(["Locks"]).look_in(stored) is Sight.FOUND


def test_every_part_with_a_word_is_told() -> None:
    """Parts are searched one by one: a word across two of them is no hit."""
    pieces = [
        Piece("t", (("a", "Kanarien"), ("b", "vogel"), ("c", as_text("percent")), ("d", CANARY.encode()))),
        Piece("t", ()),
    ]
    (looked,) = scan(pieces, Words([CANARY, "Kanarienvogel"]))
    assert (looked.place, looked.pieces, looked.hits, looked.partly) == ("t", 1, {"c": 1, "d": 1}, 0)


def test_an_empty_place_is_told_as_looked_at() -> None:
    (looked,) = scan([Piece("table that has no row", ())], Words([CANARY]))
    assert (looked.place, looked.pieces, looked.hits) == ("table that has no row", 0, {})


@pytest.mark.parametrize(
    "stored",
    [
        "%41\\x41&amp;=41+aGVsbG8gd29ybGQ " * 30_000,
        gzip.compress(bytes(100_000_000)),
        b"".join(gzip.compress(str(number).encode()) for number in range(100)),
        gzip.compress(b"word", mtime=0)[:-4],
        base64.b64encode(gzip.compress(bytes(10_000_000))).decode(),
        "a" * (decodings.MOST_CHARACTERS + 1),
    ],
)
def test_what_cannot_be_read_to_its_end_is_told(stored: str | bytes) -> None:
    """Too many encodings, a packed giant, several, a cut one, a giant: the scan ends in time, incomplete."""
    begin = time.monotonic()
    (looked,) = scan([Piece("t", (("a", stored),))], Words([CANARY]))
    assert (looked.hits.total(), looked.partly) == (0, 1)
    assert time.monotonic() - begin < 60


@pytest.mark.parametrize("stored", ["\\" * 100_000, "&" * 100_000, "%" * 100_000, "\\ud800", b""])
def test_broken_writings_do_no_harm(stored: str | bytes) -> None:
    """Hostile input costs little time and ends nothing."""
    assert Words([CANARY]).look_in(stored) is Sight.NOTHING


def test_short_words_do_not_come_about_by_chance() -> None:
    """Random bytes hold short words: in binary data only long ones count."""
    chance = b"\x80\x81bob\x82\x83"
    assert Words(["Bob"]).look_in(chance) is Sight.NOTHING
    assert Words(["Bob"]).look_in(base64.b64encode(chance).decode()) is Sight.NOTHING
    assert Words(["Bob"]).look_in(base64.b64encode(b"this is Bob").decode()) is Sight.FOUND
