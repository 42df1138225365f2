"""Trying a text before it is saved: on the screen, or in a mail to the admin who asks."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from lockpoint.domain.events import OPTIONAL, AuditKind, MailKind
from lockpoint.domain.mails.mail_templates import MAILS, MailTemplate
from lockpoint.services.container import Services
from lockpoint.services.context import Actor, Priority
from lockpoint.services.errors import Busy, Invalid, NoAddress, ShareUsedUp
from lockpoint.services.ports.locks import AuditEvent, AuditQuery, Effects
from lockpoint.services.ports.notifications import (
    DIGEST,
    TO_MANAGER,
    MailFacts,
    MailRefused,
    MailUnavailable,
    ShownMail,
    SummaryLine,
    TemplateFacts,
)
from lockpoint.services.tenancy.activity import require_active
from lockpoint.services.tenancy.mail_texts import refuse_wrong
from lockpoint.services.tenancy.site_settings import must_administer

MOST_TESTS: Final = 5
"""Of one admin in an hour."""

HOUR: Final = timedelta(hours=1)
RETRY_SECONDS: Final = 60
_FILE_NAME, _PAGE_TITLE, _PERSON, _OWNER = "Budget.xlsx", "Project plan", "Robin Example", "Kim Example"
_WHY: Final = "app_blocked"


def preview(services: Services, actor: Actor, language: str, mail: str, template: MailTemplate) -> ShownMail:
    """Return the mail with invented facts, for site admins; `Invalid` with the place of what must not stand there."""
    must_administer(services, actor)
    refuse_wrong({mail: template})
    return services.mailer.show(_example(services, actor, language, mail, template))


def send_test(services: Services, actor: Actor, language: str, mail: str, template: MailTemplate) -> None:
    """Send the mail with invented facts to the admin who asks, and log it without the address.

    Raises `Invalid` where no mail reaches them, `ShareUsedUp` after too many in an hour, `Busy` while the mail server
    is away. What was tried counts.
    """
    must_administer(services, actor)
    refuse_wrong({mail: template})
    tenant = require_active(services, actor.tenant, licensed=False)
    _count(services, actor)
    try:
        address = services.people.address(tenant, actor.account_id, priority=Priority.INTERACTIVE)
    except NoAddress:
        raise Invalid("Confluence does not tell your e-mail address, so no test can be sent.") from None
    facts = _example(services, actor, language, mail, template)
    try:
        services.mailer.send(address, facts, message_id=services.ids.new())
    except MailRefused:
        services.intents.note_test(tenant, result="refused", address=address)
        raise Invalid("The mail server refuses mails to your address.") from None
    except MailUnavailable:
        raise Busy("The mail server does not answer. Try again later.", details={"retryAfter": RETRY_SECONDS}) from None
    services.intents.note_test(tenant, result="sent", address=address)


def _count(services: Services, actor: Actor) -> None:
    tenant, now = actor.tenant, services.clock.now()
    with services.site_states.exclusive(tenant):
        query = AuditQuery(since=now - HOUR, kind=AuditKind.TEST_MAIL, account=actor.account_id, limit=MOST_TESTS)
        lately = [row for row in services.audit_log.read(tenant, query) if row.at > now - HOUR]
        if len(lately) >= MOST_TESTS:
            until = lately[-1].at + HOUR
            raise ShareUsedUp("too many test mails", (until - now).total_seconds(), until)
        row = AuditEvent(at=now, kind=AuditKind.TEST_MAIL, attachment_id=None, account=actor.account_id)
        services.effects.record(tenant, Effects(audit=(row,)))


def _example(services: Services, actor: Actor, language: str, mail: str, template: MailTemplate) -> MailFacts:
    """Return facts that nobody's file or name is in; links lead to the site."""
    tenant, now = actor.tenant, services.clock.now()
    word, _, detail = mail.partition(".")
    kind = MailKind(word)
    site = tenant.display_url or tenant.base_url
    told = TemplateFacts(
        template=template,
        language=language,
        owner_name=_OWNER,
        locked_at=now - timedelta(days=1),
        ends_at=now + timedelta(days=1),
        tried=True,
    )
    lines = (SummaryLine(MailKind.FILE_AVAILABLE, _FILE_NAME, 1),) if kind is MailKind.SUMMARY else ()
    return MailFacts(
        kind=kind,
        detail=_word_of(kind, detail),
        recipient_name=_OWNER,
        file_name=_FILE_NAME,
        page_title=_PAGE_TITLE,
        page_url=site,
        file_url=site,
        history_url=site,
        actor_name=_PERSON,
        reason="…" if "reason" in MAILS[mail] else None,
        at=now,
        locale=language,
        time_zone="UTC",
        count=3 if "count" in MAILS[mail] else 1,
        since=now - timedelta(minutes=10),
        lines=lines,
        privacy_url=f"{services.app_url}/privacy",
        unsubscribe_url=site if kind in OPTIONAL else None,
        told=told,
    )


def _word_of(kind: MailKind, detail: str) -> str | None:
    if detail == "manager":
        return f"{TO_MANAGER}{_WHY}"
    if kind is MailKind.UNPROTECTED:
        return _WHY
    return DIGEST if detail == DIGEST else detail or None
