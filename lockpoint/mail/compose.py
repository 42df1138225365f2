"""Composes mails: HTML and text, in the recipient's language, zone and date format."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, tzinfo
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from email.utils import formatdate, parseaddr
from typing import Final, Protocol
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale
from babel.dates import format_datetime
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from lockpoint.domain.events import MailKind
from lockpoint.mail.catalogue import Catalogue, LeadsTo, catalogue_for, dates_in, locale_of, words_for
from lockpoint.services.ports.notifications import MailFacts, MailRefused

LONGEST_NAME: Final = 200
LONGEST_REASON: Final = 2000
_ADDRESS: Final = re.compile(r"[^\s\x00-\x1f\x7f@<>()\[\]\\,:;\"]{1,64}@[^\s\x00-\x1f\x7f@<>()\[\]\\,:;\"]{1,255}")
_INVISIBLE: Final = frozenset({"Cc", "Cs", "Co", "Cn"})
# Characters that reorder their neighbours: a name could reverse a sentence's meaning.
_REORDERING: Final = frozenset(map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """`lines`: small facts under the story."""

    language: str
    direction: str
    subject: str
    heading: str
    greeting: str
    story: tuple[str, ...]
    lines: tuple[str, ...]
    advice: tuple[str, ...]
    button: str
    url: str | None
    fallback: str
    footer: tuple[str, ...]
    unsubscribe: str
    unsubscribe_url: str | None


_UNSUBSCRIBE: Final = "List-Unsubscribe"


class Fill(Protocol):
    """Puts the facts into a sentence, and `more` in the place of some."""

    def __call__(self, sentence: str, **more: str) -> str: ...


class _WholeAddresses(EmailPolicy):
    """Keeps headers with links on one line: encoded words would break them."""

    def fold(self, name: str, value: str) -> str:
        return f"{name}: {value}{self.linesep}" if name == _UNSUBSCRIBE else super().fold(name, value)

    def fold_binary(self, name: str, value: str) -> bytes:
        return self.fold(name, value).encode("ascii") if name == _UNSUBSCRIBE else super().fold_binary(name, value)


_POLICY: Final = _WholeAddresses(linesep=SMTP.linesep)


def compose(facts: MailFacts, *, address: str, sender: str, message_id: str) -> EmailMessage:
    """Return the mail; MailRefused for a bad `address`.

    `sender`: an address, or a name with one in angle brackets. `message_id` names the intent: duplicates are
    recognisable.
    """
    message = EmailMessage(policy=_POLICY)
    name, own_address = parseaddr(sender)
    plain, rich = _letters(facts)
    message["Subject"] = plain.subject
    message["From"] = Address(display_name=name, addr_spec=own_address)
    message["To"] = _recipient(address)
    message["Date"] = formatdate(usegmt=True)
    message["Message-ID"] = f"<{message_id}@{own_address.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    if plain.unsubscribe_url:
        # RFC 8058: one click.
        message[_UNSUBSCRIBE] = f"<{plain.unsubscribe_url}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(_templates().get_template("mail.txt").render(letter=plain))
    message.add_alternative(_templates().get_template("mail.html").render(letter=rich), subtype="html")
    return message


def clean(text: str, longest: int = LONGEST_NAME) -> str:
    """Remove control and reordering characters and lone surrogates, for one line."""
    shown = "".join(" " if char.isspace() else char for char in text if char.isspace() or _visible(char))
    line = " ".join(shown.split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def _visible(char: str) -> bool:
    return char not in _REORDERING and unicodedata.category(char) not in _INVISIBLE


def _recipient(address: str) -> Address:
    """One plain address. The library refuses non-ASCII letters, which servers may accept."""
    if not _ADDRESS.fullmatch(address):
        raise MailRefused("not an e-mail address")
    user, _, domain = address.rpartition("@")
    return Address(username=user, domain=domain)


def _letters(facts: MailFacts) -> tuple[Letter, Letter]:
    catalogue = catalogue_for(locale_of(facts.locale))
    locale = dates_in(catalogue, locale_of(facts.locale))
    values = _values(facts, catalogue, locale)
    emphasis = Markup("<strong>{}</strong>")

    def plain(sentence: str, **more: str) -> str:
        return sentence.format(**values | more)

    def rich(sentence: str, **more: str) -> str:
        strong = {name: emphasis.format(value) if name == "file" else value for name, value in (values | more).items()}
        return Markup(sentence).format(**strong)  # noqa: S704 - our own words

    return _letter(facts, catalogue, locale, plain), _letter(facts, catalogue, locale, rich)


def _letter(facts: MailFacts, catalogue: Catalogue, locale: Locale, fill: Fill) -> Letter:
    words = words_for(catalogue, facts.kind, facts.detail)
    return Letter(
        language=str(locale).replace("_", "-"),
        direction=locale.text_direction,
        subject=fill(words.subject),
        heading=fill(words.heading),
        greeting=fill(catalogue.greeting if clean(facts.recipient_name) else catalogue.greeting_without_name),
        story=tuple(fill(sentence) for sentence in words.story),
        lines=(*(fill(line) for line in _lines(facts, catalogue)), *_summary(facts, catalogue, fill)),
        advice=tuple(fill(sentence) for sentence in words.advice),
        button=fill(catalogue.buttons[words.leads_to]),
        url=_web_address(_addresses(facts)[words.leads_to]),
        fallback=fill(catalogue.fallback),
        footer=tuple(fill(sentence) for sentence in catalogue.footer),
        unsubscribe=fill(catalogue.unsubscribe),
        unsubscribe_url=_web_address((facts.unsubscribe_url,)) if facts.unsubscribe_url else None,
    )


def _values(facts: MailFacts, catalogue: Catalogue, locale: Locale) -> dict[str, str]:
    return {
        "name": clean(facts.recipient_name),
        "file": clean(facts.file_name),
        "page": clean(facts.page_title),
        "actor": clean(facts.actor_name or "") or catalogue.somebody,
        "reason": clean(facts.reason or "", LONGEST_REASON),
        "when": "" if facts.at is None else format_datetime(facts.at, "long", _zone(facts.time_zone), locale),
        "why": catalogue.unprotected.get(facts.detail or "", catalogue.unprotected_otherwise),
        "count": str(facts.count),
        "since": "" if facts.since is None else format_datetime(facts.since, "long", _zone(facts.time_zone), locale),
        "more": str(facts.more),
    }


def _lines(facts: MailFacts, catalogue: Catalogue) -> Iterator[str]:
    if clean(facts.reason or "", LONGEST_REASON):
        yield catalogue.reason_line
    if clean(facts.page_title):
        yield catalogue.page_line
    if facts.at is not None:
        yield catalogue.until_line if facts.kind is MailKind.PAUSED else catalogue.when_line
    if facts.more:
        yield catalogue.more_line


def _summary(facts: MailFacts, catalogue: Catalogue, fill: Fill) -> Iterator[str]:
    for line in facts.lines:
        name = clean(line.file_name) or catalogue.nameless_file
        yield fill(catalogue.summary[line.kind], file=name, count=str(line.count))


def _addresses(facts: MailFacts) -> dict[LeadsTo, tuple[str, ...]]:
    return {
        LeadsTo.FILE: (facts.file_url, facts.page_url),
        LeadsTo.PAGE: (facts.page_url, facts.file_url),
        LeadsTo.HISTORY: (facts.history_url, facts.page_url),
        LeadsTo.SITE: (facts.page_url,),
    }


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def _web_address(urls: tuple[str, ...]) -> str | None:
    """Anything but a web address would be an unexpected link."""
    return next((url for url in urls if urlsplit(url).scheme in {"http", "https"}), None)


@functools.cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("lockpoint.mail"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
