"""Entity tags of lists: they prove who saw which page when, so that "nothing changed" costs no call."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from lockpoint.domain.snapshots import phase
from lockpoint.services.container import Services
from lockpoint.services.context import Actor, Priority, Tenant
from lockpoint.services.ports.confluence import Container
from lockpoint.services.ports.locks import Witness
from lockpoint.services.tenancy.activity import is_on
from lockpoint.services.tenancy.licence import last_known
from lockpoint.services.tenancy.settings_in_force import in_force

PARTS = 3  # of a tag without its signature
FRESH = timedelta(seconds=60)  # how long a proven permission to see the page lasts


def etag_for(services: Services, actor: Actor, container: Container, space_id: str, known: Sequence[Witness]) -> str:
    """Return a tag for what this person was shown: time, state and versions of the page's locked files, signed.

    It names the space, whose activity counts, too.
    """
    now = services.clock.now()
    body = f"{int(now.timestamp())}.{space_id}.{_digest(services, actor, space_id, known, now)}"
    return f"{body}.{_macs(services, actor, container, body)[0]}"


def still_true(services: Services, actor: Actor, container: Container, etag: str) -> bool:
    """Return whether the tag is this person's, for this page, younger than `FRESH`, and still says what we know."""
    body, _, mac = etag.rpartition(".")
    ours = _macs(services, actor, container, body)
    if not any(hmac.compare_digest(mac.encode(), one.encode()) for one in ours):
        return False
    if body.count(".") != PARTS - 1:
        return False  # an earlier version of the app made it
    issued, space_id, digest = body.split(".")
    now = services.clock.now()
    age = now - datetime.fromtimestamp(int(issued), UTC)
    if not timedelta(seconds=-1) <= age <= FRESH:
        return False
    known = services.witnesses.of_container(actor.tenant, container.id)
    return digest == _digest(services, actor, space_id, known, now)


def _digest(services: Services, actor: Actor, space_id: str, known: Sequence[Witness], now: datetime) -> str:
    """What the list says of locked files; a lock that begins to end, licence, activity and who asks change it too."""
    states = sorted(
        (
            w.attachment_id,
            w.record.epoch,
            w.record.seq,
            w.protection.value,
            w.version or 0,
            phase(w.record, now),
            w.seen_at,
        )
        for w in known
    )
    on = is_on(services, actor.tenant, space_id, priority=Priority.INTERACTIVE)
    settings = settings_version(services, actor.tenant, space_id)
    return hashlib.sha256(repr((states, last_known(services, actor.tenant), on, settings)).encode()).hexdigest()[:32]


def settings_version(services: Services, tenant: Tenant, space_id: str) -> int:
    """Return the version of the space's settings, which name its lock managers; known without a call."""
    return in_force(services, tenant, space_id, priority=Priority.INTERACTIVE).space.version


def _macs(services: Services, actor: Actor, container: Container, body: str) -> list[str]:
    about = f"list-tag/{actor.tenant.site_key}/{actor.account_id}/{container.id}/{body}"
    return [digest[:32] for digest in services.tag_keys.digests(about.encode()).values()]
