from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

from lockpoint.domain.events import OPTIONAL, MailKind
from lockpoint.domain.mails.mail_templates import MAILS
from lockpoint.mail.catalogue import WORDS
from lockpoint.mail.compose import compose
from lockpoint.mail.site_texts import app_words
from lockpoint.services.ports.notifications import DIGEST, MailFacts, SummaryLine, TemplateFacts

SINCE = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
FACTS = MailFacts(
    kind=MailKind.FILE_AVAILABLE,
    recipient_name="Bob",
    file_name="budget.xlsx",
    page_title="Release plan",
    page_url="https://acme.example/wiki/pages/viewpage.action?pageId=1",
    file_url="https://acme.example/wiki/download/attachments/1/budget.xlsx?a=1&b=2",
    actor_name="Alice",
    reason=None,
    at=datetime(2026, 3, 2, 9, 0, tzinfo=UTC),
    locale="en-GB",
    time_zone="Europe/Berlin",
)


def facts(**values: Any) -> MailFacts:
    return replace(FACTS, **values)


def mail(given_facts: MailFacts | None = None, **values: Any) -> EmailMessage:
    wanted = {"address": "bob@example.com", "sender": "Lockpoint <noreply@lockpoint.example>", "message_id": "1.5"}
    return compose(given_facts or facts(), **(wanted | values))


def mail_with_site_text(locale: str) -> EmailMessage:
    """As an admin could have written it, with the words of the app and every placeholder."""
    name = "lock_ended_by_other"
    words = app_words(locale)[name]
    everything = " \u00b7 ".join(f"{{{one}}}" for one in sorted(MAILS[name]))
    told = TemplateFacts(
        template=replace(words, body=f"{words.body}\n\n{everything}"),
        language=locale,
        owner_name="Bob",
        locked_at=SINCE,
        ends_at=FACTS.at,
    )
    given = {"kind": MailKind.LOCK_ENDED_BY_OTHER, "reason": "...", "locale": locale, "told": told}
    return mail(facts(**given))


def every_mail(locale: str) -> Iterator[EmailMessage]:
    lines = tuple(SummaryLine(kind, "budget.xlsx", 2) for kind in WORDS.summary)
    endless = tuple(SummaryLine(MailKind.ENDLESS_LOCKS, name, 1, SINCE) for name in ("budget.xlsx", "plan.docx"))
    nowhere = {"file_name": "", "page_title": "", "at": None}
    told: dict[MailKind, dict[str, Any]] = {
        MailKind.SUMMARY: nowhere | {"lines": lines, "count": 14, "more": 5},
        MailKind.ENDLESS_LOCKS: nowhere | {"lines": endless, "count": 2},
        MailKind.LOCK_WILL_END: {"extend_url": "https://lockpoint.example/extend/1"},
        MailKind.EDIT_REQUEST: {"reason": "..."},
    }
    for key in WORDS.mails:
        kind, detail = key if isinstance(key, tuple) else (key, None)
        given = {"since": SINCE, "count": 14 if detail == DIGEST else 1, "history_url": FACTS.page_url}
        link = "https://lockpoint.example/mail/1" if kind in OPTIONAL else None
        told_here = given | {"unsubscribe_url": link} | told.get(kind, {})
        yield mail(facts(kind=kind, detail=detail, locale=locale, **told_here))
