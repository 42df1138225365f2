"""A mail with the text of its site, if an admin wrote one, and what the text may name of the lock."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from lockpoint.domain.events import AuditKind
from lockpoint.domain.lock import Held
from lockpoint.domain.mails.mail_templates import language_of, mail_of
from lockpoint.services.container import Services
from lockpoint.services.context import Priority, Tenant
from lockpoint.services.ports.locks import AuditQuery
from lockpoint.services.ports.notifications import MailFacts, MailIntent, TemplateFacts
from lockpoint.services.tenancy.mail_texts import in_use


def with_site_text(services: Services, tenant: Tenant, intent: MailIntent, facts: MailFacts) -> MailFacts:
    """Return the facts with the site's text for this mail. Raises the host's errors."""
    language = language_of(facts.locale)
    texts = in_use(services, tenant, priority=Priority.EVENT).get(language, {})
    template = texts.get(mail_of(facts.kind.value, facts.detail))
    if template is None:
        return facts
    lock = _lock(services, tenant, intent)
    told = TemplateFacts(
        template=template,
        language=language,
        owner_name=_name(services, tenant, intent, facts, lock.owner),
        locked_at=lock.locked_at,
        ends_at=lock.ends_at,
    )
    return replace(facts, told=told)


@dataclass(frozen=True, slots=True)
class _KnownLock:
    owner: str | None = None
    locked_at: datetime | None = None
    ends_at: datetime | None = None


def _lock(services: Services, tenant: Tenant, intent: MailIntent) -> _KnownLock:
    """Return what our copy of the record and the audit log know of a lock that may have ended."""
    witness = services.witnesses.get(tenant, intent.attachment_id) if intent.lock_id else None
    record = witness.record if witness else None
    if isinstance(record, Held) and record.lock_id == intent.lock_id:
        return _KnownLock(record.holder, record.acquired_at, record.expires_at)
    ended = record.ended if record else None
    if ended is None or ended.lock_id != intent.lock_id:
        return _KnownLock()
    return _KnownLock(ended.holder, _begin(services, tenant, intent), ended.at)


def _begin(services: Services, tenant: Tenant, intent: MailIntent) -> datetime | None:
    for kind in (AuditKind.ACQUIRED, AuditKind.TAKEN_OVER, AuditKind.HANDED_OVER):
        rows = services.audit_log.read(tenant, AuditQuery(kind=kind, attachment_id=intent.attachment_id))
        found = next((row for row in rows if row.lock_id == intent.lock_id), None)
        if found is not None:
            return found.at
    return None


def _name(services: Services, tenant: Tenant, intent: MailIntent, facts: MailFacts, owner: str | None) -> str | None:
    """Return the owner's name, which the mail mostly has already (else 1 point)."""
    known = {intent.recipient: facts.recipient_name, intent.actor: facts.actor_name}
    if owner is None or owner in known:
        return known.get(owner)
    person = services.people.describe(tenant, (owner,), priority=Priority.EVENT).get(owner)
    return person.display_name if person else None
