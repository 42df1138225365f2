"""Texts of mails that site admins wrote: filled for one person, and the words of the app in the same form."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from babel import Locale
from markupsafe import Markup, escape

from lockpoint.domain.events import MailKind
from lockpoint.domain.mails.mail_templates import PAGE_LINK, MailTemplate, mail_of, pieces, visible
from lockpoint.mail.catalogue import WORDS, MailWords, Sentence
from lockpoint.mail.languages import UNSPACED, translated
from lockpoint.mail.letter import Letter, clean, moment, web_address
from lockpoint.services.ports.notifications import MailFacts, TemplateFacts

UNKNOWN: Final = "\u2013"
MANY: Final = 5
"""The number whose form of a plural is offered as text: one text cannot have several."""

_OWNED: Final = frozenset({MailKind.UPLOAD_UNDONE, MailKind.UNPROTECTED})
"""Mails whose other person holds the lock."""

_NAMES: Final = {"file": "attachment", "page": "page", "when": "until"}


def site_letters(
    facts: MailFacts, told: TemplateFacts, letters: tuple[Letter, Letter], values: Mapping[str, str], locale: Locale
) -> tuple[Letter, Letter]:
    """Return the plain and the rich letter with the site's text; frame, facts, button and footer stay ours."""
    plain, rich = letters
    known = _known(facts, told, values, locale)
    link = web_address((facts.page_url,))
    anchor = Markup('<a class="plain-link" href="{}" style="color:#0c66e4;">{}</a>').format(link, known["page"])
    strong = Markup("<strong>{}</strong>").format(known["attachment"])
    subject = "".join(char if visible(char) else " " for char in _filled(told.template.subject, known))
    texts = _paragraphs(told.template.body)
    lines = tuple(_filled(text, known | {PAGE_LINK: link or UNKNOWN}) for text in texts)
    marked = tuple(
        _marked(text, known | {PAGE_LINK: anchor if link else UNKNOWN, "attachment": strong}) for text in texts
    )
    return _said(plain, subject, lines), _said(rich, subject, marked)


def _said(letter: Letter, subject: str, body: tuple[str, ...]) -> Letter:
    return replace(letter, subject=subject, heading=subject, story=(), advice=(), body=body)


@functools.cache
def app_words(language: str) -> Mapping[str, MailTemplate]:
    """Return the words of the app for each mail, with the placeholders that admins use."""
    named = {(key if isinstance(key, tuple) else (key, "")): words for key, words in WORDS.mails.items()}
    return {mail_of(kind, detail): _as_template(kind, words, language) for (kind, detail), words in named.items()}


def _as_template(kind: MailKind, words: MailWords, language: str) -> MailTemplate:
    between = "" if language in UNSPACED else " "
    parts = (between.join(_renamed(kind, one, language) for one in some) for some in (words.story, words.advice))
    return MailTemplate(_renamed(kind, words.subject, language), "\n\n".join(parts))


def _renamed(kind: MailKind, sentence: Sentence, language: str) -> str:
    names = {**_NAMES, "actor": "owner" if kind in _OWNED else "person"}
    return re.sub(
        r"\{(\w+)\}", lambda found: f"{{{names.get(found[1], found[1])}}}", translated(sentence, language, MANY)
    )


def _known(facts: MailFacts, told: TemplateFacts, values: Mapping[str, str], locale: Locale) -> dict[str, str]:
    owner = clean(told.owner_name or "")
    named = translated(WORDS.named, told.language).format(name=owner)
    found = {
        "attachment": values["file"],
        "page": values["page"],
        "owner": named if owner else translated(WORDS.somebody, told.language),
        "person": values["actor"],
        "lockedDate": moment(told.locked_at, facts.time_zone, locale),
        "endDate": moment(told.ends_at, facts.time_zone, locale),
        "until": values["when"],
        **{name: values[name] for name in ("reason", "why", "count", "since")},
    }
    return {name: value or UNKNOWN for name, value in found.items()}


def _paragraphs(body: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in re.split(r"\n\s*\n", body) if part.strip())


def _filled(text: str, known: Mapping[str, str]) -> str:
    return "".join(f"{words}{known.get(name, '')}" for words, name in pieces(text))


def _marked(text: str, known: Mapping[str, str]) -> Markup:
    """Return HTML: words and values are escaped, lines end where the admin ended them."""
    parts = (escape(words) + (escape(known[name]) if name else "") for words, name in pieces(text))
    return Markup("<br>").join(Markup("").join(parts).split("\n"))
