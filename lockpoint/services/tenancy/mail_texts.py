"""Texts of mails that site admins write: a signed app property; Postgres remembers only the number of the change.

What anybody wrote lies in Confluence alone. So a value that is missing, garbled or older than what we remember cannot
be put back: until an admin saves again, mails have the words of the app, and the answer says `altered`. Each door has
its own property: on a site that moved to Forge, Connect's counts until the texts are copied.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from lockpoint.domain import signed_json
from lockpoint.domain.events import AuditKind
from lockpoint.domain.mails.mail_templates import (
    MOST_BYTES,
    SCHEMA,
    MailTemplate,
    Texts,
    problems_of_template,
    text_fields,
    texts_from,
    too_many_bytes,
)
from lockpoint.domain.settings import difference, schema_of
from lockpoint.services.container import Services
from lockpoint.services.context import Actor, Priority, Tenant
from lockpoint.services.errors import HostError, HostUnavailable, Invalid, QuotaExceeded, SettingsChanged
from lockpoint.services.ports.locks import AuditEvent, Effects
from lockpoint.services.settings_memory import RememberedTexts
from lockpoint.services.tenancy.forge_sites import as_connect_knows
from lockpoint.services.tenancy.site_settings import must_administer, refuse_newer

KEY: Final = "lockpointmails"
MOST_TOLD: Final = 50
"""How many problems an answer tells."""

UNASKED: Final = timedelta(seconds=3)
"""A change that any process made counts everywhere after this time."""

READ_AGAIN: Final = timedelta(hours=1)
"""How long Confluence is not asked what lies there while nobody changed anything through Lockpoint."""

Changes = Mapping[str, MailTemplate | None]
"""By mail; None goes back to the words of the app."""


@dataclass(frozen=True, slots=True)
class StoredTexts:
    """`altered`: somebody changed the property without Lockpoint. `fields` is all that was signed."""

    texts: Texts = field(default_factory=dict)
    revision: int = 0
    altered: bool = False
    fields: Mapping[str, object] = field(default_factory=dict, compare=False, repr=False)


def read(services: Services, tenant: Tenant, *, priority: Priority) -> StoredTexts:
    """Raises the host's errors. A newer signed value is ours: a crash came between storing and remembering."""
    known = services.site_states.get(tenant).template_revision
    found = _signed(services, tenant, priority)
    if known is not None and (found is None or found.revision < known):
        found = _signed_at_connect(services, tenant, priority)
    if found is None or found.revision < (known or 0):
        return StoredTexts() if known is None else StoredTexts(revision=known, altered=True)
    if found.revision != known:
        _remember(services, tenant, found.revision, account=None)
    return found


def in_use(services: Services, tenant: Tenant, *, priority: Priority) -> Texts:
    """Return the texts that mails have now. Raises the host's errors."""
    memory, now = services.texts_memory, services.clock.now()
    known = memory.get(tenant)
    if known is not None and now - known.checked < UNASKED:
        return known.texts
    revision = services.site_states.get(tenant).template_revision
    if known is not None and known.revision == revision and now - known.read < READ_AGAIN:
        memory.keep(tenant, RememberedTexts(known.texts, revision, known.read, now))
        return known.texts
    texts = read(services, tenant, priority=priority).texts
    # What was read may be newer than the revision, never older: then it is read once more.
    memory.keep(tenant, RememberedTexts(texts, revision, now, now))
    return texts


def overview(services: Services, actor: Actor) -> StoredTexts:
    """For site admins only."""
    must_administer(services, actor)
    return read(services, actor.tenant, priority=Priority.INTERACTIVE)


def change(services: Services, actor: Actor, language: str, *, revision: int, changes: Changes) -> StoredTexts:
    """Change some texts of a language if `revision` is the one that the admin saw.

    Raises `SettingsChanged` with what differs, `Invalid` with each field and position, and `NewerSettings`.
    """
    must_administer(services, actor)
    refuse_wrong(changes)
    tenant = actor.tenant
    with services.site_states.exclusive(tenant):
        current = read(services, tenant, priority=Priority.INTERACTIVE)
        refuse_newer(schema_of(current.fields, SCHEMA), SCHEMA)
        wanted = _changed(current.texts, language, changes)
        if current.revision != revision:
            raise _somebody_was_first(current.texts, wanted)
        if too_many_bytes(wanted):
            raise Invalid(f"All texts of a site together may have {MOST_BYTES} bytes. Shorten some, or put some back.")
        stored = StoredTexts(wanted, revision + 1)
        fields = {"schema": SCHEMA, "revision": stored.revision, "texts": text_fields(wanted)}
        _store(services, tenant, fields, Priority.INTERACTIVE)
        _remember(services, tenant, stored.revision, account=actor.account_id)
    return stored


def refuse_wrong(changes: Changes) -> None:
    """Raise `Invalid` with the field, the position and the reason of everything that must not stand there."""
    wrong = [
        {"field": f"templates.{mail}.{one.field}", "position": one.position, "problem": one.text}
        for mail, template in sorted(changes.items())
        if template is not None
        for one in problems_of_template(mail, template)
    ]
    if wrong:
        raise Invalid(str(wrong[0]["problem"]), details={"fields": wrong[:MOST_TOLD]})


def sign_again(services: Services, tenant: Tenant, *, priority: Priority) -> None:
    """Store the texts at the site's door under the newest key, unless they are there so or do not hold."""
    with services.site_states.exclusive(tenant):
        stored = read(services, tenant, priority=priority)
        value = services.properties.read_app(tenant, KEY, priority=priority)
        if not stored.altered and stored.revision and signed_json.key_id_of(value) != services.mac_keys.newest:
            _store(services, tenant, stored.fields, priority)


def _signed(services: Services, tenant: Tenant, priority: Priority) -> StoredTexts | None:
    value = services.properties.read_app(tenant, KEY, priority=priority)
    fields = signed_json.verify(value, _place(tenant), services.mac_keys) or {}
    revision = fields.get("revision")
    return StoredTexts(texts_from(fields.get("texts")), revision, fields=fields) if isinstance(revision, int) else None


def _signed_at_connect(services: Services, tenant: Tenant, priority: Priority) -> StoredTexts | None:
    """Return what a site that moved has there still. An outage is raised; a refusal means that nothing is left."""
    before = as_connect_knows(services, tenant)
    if before is None:
        return None
    try:
        return _signed(services, before, priority)
    except (HostUnavailable, QuotaExceeded):
        raise
    except HostError:
        return None


def _changed(texts: Texts, language: str, changes: Changes) -> Texts:
    merged = {**texts.get(language, {}), **changes}
    kept = {mail: template for mail, template in merged.items() if template is not None}
    others = {name: mails for name, mails in texts.items() if name != language}
    return {**others, language: kept} if kept else others


def _somebody_was_first(current: Texts, wanted: Texts) -> SettingsChanged:
    text = "Somebody else has changed the texts. Look at what differs, then save again."
    return SettingsChanged(text, details={"differs": list(difference(_flat(current), _flat(wanted)))})


def _flat(texts: Texts) -> dict[str, object]:
    return {f"{language}.{mail}": text for language, mails in texts.items() for mail, text in mails.items()}


def _store(services: Services, tenant: Tenant, fields: Mapping[str, object], priority: Priority) -> None:
    value = signed_json.sign(fields, _place(tenant), services.mac_keys)
    services.properties.write_app(tenant, KEY, value, priority=priority)


def _remember(services: Services, tenant: Tenant, revision: int, *, account: str | None) -> None:
    """Store the number of the change with its row; without an account the row is a recovered one."""
    row = AuditEvent(
        at=services.clock.now(),
        kind=AuditKind.SETTINGS_CHANGED,
        attachment_id=None,
        account=account,
        seq=revision,
        detail="mails",
        recovered=account is None,
    )
    services.effects.record(tenant, Effects(template_revision=revision, audit=(row,)))
    services.texts_memory.forget(tenant)


def _place(tenant: Tenant) -> str:
    return f"{KEY}/{tenant.site_key}"
