"""Texts of mails that site admins write: which mails there are, what may stand in them, and what may not."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

ENGLISH: Final = "en"
LANGUAGES: Final = (ENGLISH, "de", "fr", "nl", "ja", "ru")
SCHEMA: Final = 1
LONGEST_SUBJECT: Final = 200
LONGEST_BODY: Final = 4000
MOST_BYTES: Final = 30_000
"""Of all texts of a site together: an app property holds 32 KB."""

PAGE_LINK: Final = "pageLink"
_FILE: Final = frozenset({"attachment", "page", PAGE_LINK})
_LOCK: Final = frozenset({"owner", "lockedDate", "endDate"})
_ALL: Final = _FILE | _LOCK
_OTHER: Final = _ALL | {"person"}
_DIGEST: Final = frozenset({"count", "since"})

MAILS: Final[Mapping[str, frozenset[str]]] = {
    "summary": _DIGEST,
    "file_available": _ALL,
    "upload_undone": _ALL,
    "upload_undone.undone": _ALL,
    "upload_undone.renamed": _ALL,
    "upload_undone.digest": _ALL | _DIGEST,
    "upload_undone.strict": _FILE,
    "upload_undone.strict_renamed": _FILE,
    "upload_undone.strict_digest": _FILE | _DIGEST,
    "overwrite_attempt": _OTHER,
    "overwrite_attempt.undone": _OTHER,
    "overwrite_attempt.renamed": _OTHER,
    "overwrite_attempt.trashed": _ALL,
    "overwrite_attempt.trashed_renamed": _ALL,
    "overwrite_attempt.while_away": _OTHER,
    "overwrite_attempt.digest": _OTHER | _DIGEST,
    "lock_ended_by_other": _OTHER | {"reason"},
    "lock_ended_by_other.taken_over": _OTHER | {"reason"},
    "lock_ended_by_other.handed_over": _OTHER | {"reason"},
    "lock_ended": _ALL,
    "lock_ended.holder_gone": _FILE | {"lockedDate", "endDate"},
    "lock_ended.file_gone": _LOCK | {"page", PAGE_LINK},
    "unprotected": _ALL | {"why"},
    "unprotected.manager": _ALL | {"why"},
    "paused": _OTHER | {"until"},
    "paused.manager": _OTHER | {"until"},
    "lock_will_end": _ALL,
    "edit_request": _OTHER | {"reason"},
    "edit_answer": _OTHER | {"reason"},
    "edit_answer.handed_over": _OTHER | {"reason"},
    "endless_locks": frozenset({"count"}),
}
"""What each mail can tell: its placeholders. After the dot stands the word of its event."""


@dataclass(frozen=True, slots=True)
class MailTemplate:
    subject: str
    body: str


Texts = Mapping[str, Mapping[str, MailTemplate]]
"""By language and mail; what is left out has the words of the app."""


@dataclass(frozen=True, slots=True)
class TemplateProblem:
    """What is wrong with a text, and where: the number of characters before it."""

    field: str
    position: int
    text: str


_PLACEHOLDER: Final = re.compile(r"\{([A-Za-z]{1,40})\}")
_MARKUP: Final = re.compile(r"<[A-Za-z/!?]|&(?:[A-Za-z]{2,31}|#\d{1,7}|#[xX][0-9a-fA-F]{1,6});")
# In time that grows with the text alone: each word is tried from its start, not from each of its characters.
_LINK: Final = re.compile(
    r"(?:[A-Z][A-Z0-9+.-]{0,40})?://|\b(?:mailto|javascript|data|tel|vbscript):|\bwww\."
    r"|(?<![\w-])(?<![\w-]\.)[\w-]+(?:\.[\w-]+)+/\S",
    re.IGNORECASE,
)
_ADDRESS: Final = re.compile(r"(?<![^\s@{}])[^\s@{}]+@[^\s@{}]+\.[^\s@{}]+")
_INVISIBLE: Final = frozenset({"Cc", "Cs", "Co", "Cn"})
# Characters that reorder their neighbours: a name could reverse a sentence's meaning.
_REORDERING: Final = frozenset(map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C)))
_REFUSED: Final = (
    (_MARKUP, "Markup is not taken: write plain text."),
    (_LINK, "Links are not taken: {pageLink} leads to the page, and every mail has its button."),
    (_ADDRESS, "E-mail addresses are not taken: texts of mails hold no people."),
)


def visible(char: str) -> bool:
    return char not in _REORDERING and unicodedata.category(char) not in _INVISIBLE


def mail_of(kind: str, detail: str | None) -> str:
    """Return the mail that tells an event of this kind with this word."""
    variant = f"{kind}.{(detail or '').partition(':')[0]}"
    return variant if variant in MAILS else kind


def language_of(tag: str) -> str:
    """Return the language of a locale (`de-CH`, `de_CH`), English where there is none."""
    language = re.split("[-_]", tag, maxsplit=1)[0].lower()
    return language if language in LANGUAGES else ENGLISH


def problems_of_template(mail: str, template: MailTemplate) -> tuple[TemplateProblem, ...]:
    """Return what is wrong, in the order of the text."""
    fields = (
        ("subject", template.subject, LONGEST_SUBJECT, " "),
        ("body", template.body, LONGEST_BODY, " \n"),
    )
    found = [
        TemplateProblem(field, *problem)
        for field, text, longest, spaces in fields
        for problem in _problems(mail, field, text, longest, spaces)
    ]
    return tuple(sorted(found, key=lambda problem: (problem.field != "subject", problem.position)))


def pieces(text: str) -> Iterator[tuple[str, str]]:
    """Yield words and the placeholder behind them, which is empty behind the last."""
    end = 0
    for match in _PLACEHOLDER.finditer(text):
        yield text[end : match.start()], match[1]
        end = match.end()
    yield text[end:], ""


def too_many_bytes(texts: Texts) -> bool:
    return len(json.dumps(text_fields(texts), ensure_ascii=False).encode()) > MOST_BYTES


def text_fields(texts: Texts) -> list[dict[str, str]]:
    """Return the texts as JSON."""
    return [
        {"language": language, "mail": mail, "subject": text.subject, "body": text.body}
        for language, mails in sorted(texts.items())
        for mail, text in sorted(mails.items())
    ]


def texts_from(stored: object) -> Texts:
    """Return stored texts without what this version knows no place for or would refuse."""
    found: dict[str, dict[str, MailTemplate]] = {}
    for row in stored if isinstance(stored, list) else ():
        values = [row.get(name) if isinstance(row, dict) else None for name in ("language", "mail", "subject", "body")]
        language, mail, subject, body = (value if isinstance(value, str) else "" for value in values)
        template = MailTemplate(subject, body)
        if language in LANGUAGES and mail in MAILS and not problems_of_template(mail, template):
            found.setdefault(language, {})[mail] = template
    return found


def _problems(mail: str, field: str, text: str, longest: int, spaces: str) -> Iterator[tuple[int, str]]:
    if not text.strip():
        yield 0, "This must not be empty."
    if len(text) > longest:
        yield longest, f"This is longer than {longest} characters."
    yield from _hidden(text, spaces)
    for pattern, why in _REFUSED:
        yield from ((match.start(), why) for match in pattern.finditer(text))
    yield from _wrong_braces(mail, field, text)


def _hidden(text: str, spaces: str) -> Iterator[tuple[int, str]]:
    for place, char in enumerate(text):
        plain = char in spaces or unicodedata.category(char) == "Zs"
        if not plain and (char.isspace() or not visible(char)):
            yield place, "Here is a character that cannot be seen."


def _wrong_braces(mail: str, field: str, text: str) -> Iterator[tuple[int, str]]:
    end = 0
    for match in (*_PLACEHOLDER.finditer(text), None):
        until = len(text) if match is None else match.start()
        yield from (
            (place, "A brace must belong to a placeholder, such as {attachment}.")
            for place in range(end, until)
            if text[place] in "{}"
        )
        if match is None:
            return
        if match[1] not in MAILS[mail]:
            yield match.start(), f"This mail has no such placeholder; it has {', '.join(sorted(MAILS[mail]))}."
        elif match[1] == PAGE_LINK and field == "subject":
            yield match.start(), "A link cannot stand in a subject."
        end = match.end()
