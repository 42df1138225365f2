"""Composes mails: HTML and text, in the recipient's language, zone and date format."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from email.utils import formatdate, parseaddr
from typing import Final, Protocol

import idna
from babel import Locale
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from lockpoint.domain.events import MailKind
from lockpoint.mail.catalogue import WORDS, LeadsTo, Sentence, words_for
from lockpoint.mail.languages import UNSPACED, dates_in, language_for, locale_of, translated
from lockpoint.mail.letter import Letter, clean, moment, web_address
from lockpoint.mail.site_texts import site_letters
from lockpoint.services.ports.notifications import TO_MANAGER, MailFacts, MailRefused, ShortNotice, ShownMail

LONGEST_REASON: Final = 2000
_ADDRESS: Final = re.compile(r"[^\s\x00-\x1f\x7f@<>()\[\]\\,:;\"]{1,64}@[^\s\x00-\x1f\x7f@<>()\[\]\\,:;\"]{1,255}")


_UNSUBSCRIBE: Final = "List-Unsubscribe"
_SUBJECT: Final = "Subject"
_ENCODED: Final = "=?"
_CONVERSATION: Final = frozenset({MailKind.EDIT_REQUEST, MailKind.EDIT_ANSWER})
_TIMES: Final = {MailKind.PAUSED: WORDS.until_line, MailKind.LOCK_WILL_END: WORDS.end_line}


class Fill(Protocol):
    """Puts the facts into a sentence, and `more` in the place of some."""

    def __call__(self, sentence: Sentence, **more: str) -> str: ...


class _WholeHeaders(EmailPolicy):
    """Keeps links on one line and the spaces of a subject, of which the library's folding can lose some."""

    def fold(self, name: str, value: str) -> str:
        return self._whole(name, value) or super().fold(name, value)

    def fold_binary(self, name: str, value: str) -> bytes:
        return self._whole(name, value).encode("ascii") or super().fold_binary(name, value)

    def _whole(self, name: str, value: str) -> str:
        if name == _UNSUBSCRIBE:
            return f"{name}: {value}{self.linesep}"
        if name == _SUBJECT and (not value.isascii() or _ENCODED in value):
            return f"{name}: {Header(str(value), 'utf-8', header_name=name).encode(linesep=self.linesep)}{self.linesep}"
        return ""


# Letters beyond ASCII are encoded: not every server takes eight bits.
_POLICY: Final = _WholeHeaders(linesep=SMTP.linesep, cte_type="7bit")


def compose(
    facts: MailFacts, *, address: str, sender: str, message_id: str, sent_at: float | None = None
) -> EmailMessage:
    """Return the mail; MailRefused for a bad `address`.

    `sender`: an address, or a name with one in angle brackets. `message_id` names the intent: duplicates are
    recognisable. `sent_at`: in seconds since 1970; None: now.
    """
    message = EmailMessage(policy=_POLICY)
    name, own_address = parseaddr(sender)
    own = _mailbox(own_address, name)
    plain, rich = _letters(facts)
    # The library decodes what looks encoded: a name could bring characters that `clean` has not seen.
    seems_encoded = _ENCODED in plain.subject
    message[_SUBJECT] = Header(plain.subject, "utf-8", maxlinelen=0).encode() if seems_encoded else plain.subject
    message["From"] = own
    message["To"] = _recipient(address)
    message["Date"] = formatdate(sent_at, usegmt=True)
    message["Message-ID"] = f"<{message_id}@{own.domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    if plain.unsubscribe_url:
        # RFC 8058: one click.
        message[_UNSUBSCRIBE] = f"<{plain.unsubscribe_url}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(_templates().get_template("mail.txt").render(letter=plain))
    message.add_alternative(_templates().get_template("mail.html").render(letter=rich), subtype="html")
    return message


def show(facts: MailFacts) -> ShownMail:
    """Return what a mail with these facts shows."""
    plain, rich = _letters(facts)
    html, text = (_templates().get_template(f"mail.{form}") for form in ("html", "txt"))
    return ShownMail(plain.subject, html.render(letter=rich), text.render(letter=plain))


def shorten(facts: MailFacts) -> ShortNotice:
    """Return the words of a comment: nothing that not everybody on the page may read, nobody's name."""
    language = language_for(locale_of(facts.locale))
    more = (translated(WORDS.more_line, language).format(more=facts.more),) if facts.more else ()
    name = clean(facts.file_name) or translated(WORDS.nameless_file, language)
    news = translated(WORDS.summary[facts.kind], language).format(file=name, count=facts.count)
    sentences = (translated(WORDS.comment, language), news, *more)
    return ShortNotice(sentences, translated(WORDS.comment_link, language))


def _recipient(address: str) -> Address:
    try:
        return _mailbox(address)
    except ValueError:
        raise MailRefused("not an e-mail address") from None


def _mailbox(address: str, name: str = "") -> Address:
    """One plain address, its domain in ASCII; other letters before the @ are for servers that accept them."""
    if not _ADDRESS.fullmatch(address):
        raise ValueError("not an e-mail address")
    user, _, domain = address.rpartition("@")
    return Address(name, user, domain if domain.isascii() else idna.encode(domain, uts46=True).decode())


def _letters(facts: MailFacts) -> tuple[Letter, Letter]:
    language = facts.told.language if facts.told else language_for(locale_of(facts.locale))
    locale = dates_in(language, locale_of(facts.locale))
    values = _values(facts, language, locale)
    emphasis = Markup("<strong>{}</strong>")

    def plain(sentence: Sentence, **more: str) -> str:
        return words(sentence).format(**values | more)

    def rich(sentence: Sentence, **more: str) -> str:
        strong = {name: emphasis.format(value) if name == "file" else value for name, value in (values | more).items()}
        return Markup(words(sentence)).format(**strong)  # noqa: S704 - our own words

    def words(sentence: Sentence) -> str:
        found = translated(sentence, language, facts.count)
        return found if clean(facts.actor_name or "") else _capital(found, values["actor"])

    letters = _letter(facts, locale, plain), _letter(facts, locale, rich)
    return letters if facts.told is None else site_letters(facts, facts.told, letters, values, locale)


def _capital(words: str, somebody: str) -> str:
    """A sentence that begins with somebody unnamed begins with a capital letter."""
    begins = words.startswith("{actor}")
    return somebody[:1].upper() + somebody[1:] + words.removeprefix("{actor}") if begins else words


def _letter(facts: MailFacts, locale: Locale, fill: Fill) -> Letter:
    words = words_for(facts.kind, facts.detail)
    leads_to = LeadsTo.PAGE if words.leads_to is LeadsTo.EXTEND and not facts.extend_url else words.leads_to
    return Letter(
        language=str(locale).replace("_", "-"),
        direction=locale.text_direction,
        between="" if locale.language in UNSPACED else " ",
        subject=fill(words.subject),
        heading=fill(words.heading),
        greeting=fill(WORDS.greeting if clean(facts.recipient_name) else WORDS.greeting_without_name),
        story=tuple(fill(sentence) for sentence in words.story),
        lines=(*(fill(line) for line in _lines(facts)), *_summary(facts, locale, fill)),
        advice=tuple(fill(sentence) for sentence in words.advice),
        button=fill(WORDS.buttons[leads_to]),
        url=web_address(_addresses(facts)[leads_to]),
        fallback=fill(WORDS.fallback),
        footer=(fill(WORDS.tested if facts.told and facts.told.tried else words.because), fill(WORDS.automatic)),
        unsubscribe=fill(WORDS.unsubscribe),
        unsubscribe_url=web_address((facts.unsubscribe_url,)) if facts.unsubscribe_url else None,
        privacy=fill(WORDS.privacy),
        privacy_url=web_address((facts.privacy_url,)),
    )


def _values(facts: MailFacts, language: str, locale: Locale) -> dict[str, str]:
    actor, why = clean(facts.actor_name or ""), _why(facts)
    named = translated(WORDS.named, language).format(name=actor) if actor else translated(WORDS.somebody, language)
    return {
        "name": clean(facts.recipient_name),
        "file": clean(facts.file_name),
        "page": clean(facts.page_title),
        "actor": named,
        "reason": clean(facts.reason or "", LONGEST_REASON),
        "when": moment(_shown_end(facts), facts.time_zone, locale),
        "why": translated(why, language),
        "count": str(facts.count),
        "since": moment(facts.since, facts.time_zone, locale),
        "more": str(facts.more),
    }


def _why(facts: MailFacts) -> str:
    return WORDS.unprotected.get((facts.detail or "").removeprefix(TO_MANAGER), WORDS.unprotected_otherwise)


def _shown_end(facts: MailFacts) -> datetime | None:
    """Whoever comes at the end of a pause that is shown finds it over: it is rounded up to a whole minute."""
    if facts.kind is not MailKind.PAUSED or facts.at is None:
        return facts.at
    return (facts.at + timedelta(minutes=1, microseconds=-1)).replace(second=0, microsecond=0)


def _lines(facts: MailFacts) -> Iterator[str]:
    if clean(facts.reason or "", LONGEST_REASON):
        yield WORDS.message_line if facts.kind in _CONVERSATION else WORDS.reason_line
    if clean(facts.page_title):
        yield WORDS.page_line
    if facts.at is not None:
        yield _TIMES.get(facts.kind, WORDS.when_line)


def _summary(facts: MailFacts, locale: Locale, fill: Fill) -> Iterator[str]:
    for line in facts.lines:
        name = clean(line.file_name) or fill(WORDS.nameless_file)
        words = WORDS.summary[line.kind] if line.since is None else WORDS.since_line
        yield fill(words, file=name, count=str(line.count), since=moment(line.since, facts.time_zone, locale))
    if facts.more:
        yield fill(WORDS.more_line)


def _addresses(facts: MailFacts) -> dict[LeadsTo, tuple[str, ...]]:
    return {
        LeadsTo.FILE: (facts.file_url, facts.page_url),
        LeadsTo.PAGE: (facts.page_url, facts.file_url),
        LeadsTo.HISTORY: (facts.history_url, facts.page_url),
        LeadsTo.SITE: (facts.page_url,),
        LeadsTo.EXTEND: (facts.extend_url,),
    }


@functools.cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("lockpoint.mail"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
