"""What admins may write into mails, and what is refused, with its place."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockpoint.domain.mails.mail_templates import (
    LONGEST_BODY,
    LONGEST_SUBJECT,
    MAILS,
    MOST_BYTES,
    MailTemplate,
    language_of,
    mail_of,
    pieces,
    problems_of_template,
    text_fields,
    texts_from,
    too_many_bytes,
    visible,
)

MAIL = "overwrite_attempt.undone"
GOOD = MailTemplate(
    "{person} changed {attachment}", "See {pageLink}.\n\nLocked by {owner} since {lockedDate}; R&D < 3."
)


def _places(subject: str = "Hello", body: str = "Hello") -> list[tuple[str, int]]:
    found = problems_of_template(MAIL, MailTemplate(subject, body))
    assert all(problem.text.endswith(".") for problem in found)
    return [(problem.field, problem.position) for problem in found]


def test_plain_text_with_placeholders_is_taken() -> None:
    """Every placeholder of a mail, in every mail; brackets of mathematics and an ampersand are text."""
    assert problems_of_template(MAIL, GOOD) == ()
    for mail, placeholders in MAILS.items():
        body = " ".join(f"{{{name}}}" for name in sorted(placeholders))
        subject = body.replace("{pageLink}", "")
        assert problems_of_template(mail, MailTemplate(f"x{subject}", f"Äю日本 {body}")) == ()


@pytest.mark.parametrize(
    ("body", "position"),
    [
        ("{nobody} has it", 0),
        ("It is {Attachment}", 6),
        ("It is {reason}", 6),
        ("a { b", 2),
        ("a } b", 2),
        ("{{attachment}}", 0),
        ("{attachment.__class__}", 0),
        ("{attachment!r}", 0),
        ("{}", 0),
        ("{0}", 0),
        ("%s {{ 7*7 }}", 3),
        ("x <b>bold</b>", 2),
        ("x </p>", 2),
        ("<script>alert(1)</script>", 0),
        ("<!-- ", 0),
        ("<?php", 0),
        ("a&lt;b", 1),
        ("a&#60;b", 1),
        ("a&#x3c;b", 1),
        ("see https://evil.example", 4),
        ("see HTTPS://evil.example", 4),
        ("see www.evil.example", 4),
        ("see evil.example/path", 4),
        ("javascript:alert(1)", 0),
        ("mailto:a", 0),
        ("ask bob@example.com", 4),
        ("a\x00b", 1),
        ("a\rb", 1),
        ("a\tb", 1),
        ("a\u2028b", 1),
        ("a\u202eb", 1),
        ("a\ud800b", 1),
        ("a\uffffb", 1),
        ("", 0),
        (" \n ", 0),
        ("x" * (LONGEST_BODY + 1), LONGEST_BODY),
    ],
)
def test_what_a_body_must_not_hold_is_named_with_its_place(body: str, position: int) -> None:
    """Unknown placeholders, markup, links, addresses, what cannot be seen; also what looks like code."""
    assert ("body", position) in _places(body=body)


@pytest.mark.parametrize(
    ("subject", "position"),
    [
        ("a\nBcc: x", 1),
        ("a\r\nBcc: x", 1),
        ("{pageLink}", 0),
        ("", 0),
        ("x" * (LONGEST_SUBJECT + 1), LONGEST_SUBJECT),
        ("x <i>", 2),
    ],
)
def test_what_a_subject_must_not_hold(subject: str, position: int) -> None:
    """A line break would be a header."""
    assert ("subject", position) in _places(subject=subject)


def test_problems_come_in_the_order_of_the_text() -> None:
    assert _places("{x} {y}", "<b> {z} <i>") == [("subject", 0), ("subject", 4), ("body", 0), ("body", 4), ("body", 8)]


@given(st.text(max_size=60))
def test_any_text_is_judged_and_cut_without_loss(text: str) -> None:
    """Nothing crashes; pieces put together again are the text."""
    problems_of_template(MAIL, MailTemplate(text, text))
    again = "".join(words + (f"{{{name}}}" if name else "") for words, name in pieces(text))
    assert again == text


@given(st.text(alphabet="ab{}<>&;:/.@ \n", max_size=40))
def test_what_is_taken_has_only_known_braces_and_no_links(text: str) -> None:
    if not problems_of_template(MAIL, MailTemplate("x", text)):
        bare = "".join(words for words, _ in pieces(text))
        assert not set("{}") & set(bare)
        assert "://" not in text
        assert all(not name or name in MAILS[MAIL] for _, name in pieces(text))


def test_stored_texts_are_read_as_far_as_they_would_be_taken() -> None:
    """Of another version, or signed before a rule was made: the rest holds."""
    good = {"language": "de", "mail": MAIL, "subject": "s", "body": "b"}
    odd: list[object] = [
        {**good, "mail": "of_tomorrow"},
        {**good, "mail": "paused", "body": "{reason}"},
        {**good, "language": "xx"},
        {**good, "mail": "summary", "subject": 1},
        {"mail": "summary"},
        "x",
        None,
    ]
    assert texts_from([*odd, good]) == {"de": {MAIL: MailTemplate("s", "b")}}
    assert texts_from(text_fields({"de": {MAIL: GOOD}, "fr": {}})) == {"de": {MAIL: GOOD}}
    for nothing in (None, {}, "x", 3, {"de": None}):
        assert texts_from(nothing) == {}


def test_all_texts_together_fit_into_a_property() -> None:
    """Counted in bytes: a letter of Russian has two."""
    body = "ю" * LONGEST_BODY
    mails = list(MAILS)
    few = {"ru": {mail: MailTemplate("s", body) for mail in mails[:3]}}
    assert not too_many_bytes(few)
    assert too_many_bytes({"ru": {mail: MailTemplate("s", body) for mail in mails[:4]}})
    assert MOST_BYTES < 32_000


@pytest.mark.parametrize(
    ("kind", "detail", "mail"),
    [
        ("overwrite_attempt", "undone", "overwrite_attempt.undone"),
        ("overwrite_attempt", "not_undone", "overwrite_attempt"),
        ("overwrite_attempt", None, "overwrite_attempt"),
        ("unprotected", "app_blocked", "unprotected"),
        ("unprotected", "manager:app_blocked", "unprotected.manager"),
        ("lock_ended", "expired", "lock_ended"),
        ("summary", None, "summary"),
    ],
)
def test_an_event_has_its_mail(kind: str, detail: str | None, mail: str) -> None:
    assert mail_of(kind, detail) == mail


def test_languages_and_characters() -> None:
    """Whatever the territory; English where there is none. Joiners of scripts are letters."""
    tags = ("ja", "de-CH", "FR_ca", "pt-BR", "", "../x")
    assert [language_of(tag) for tag in tags] == ["ja", "de", "fr", "en", "en", "en"]
    assert visible("\u200d")
    assert not any(map(visible, "\u202e\u2066\x07\ue000"))


@pytest.mark.parametrize("word", ["x", "a.", "a@", "+"])
def test_a_long_word_is_looked_through_once(word: str) -> None:
    """Another app may have stored it: the time grows with the text, not with its square."""
    began = time.process_time()
    problems_of_template("lock_ended", MailTemplate("s", word * 100_000))
    assert time.process_time() - began < 20
