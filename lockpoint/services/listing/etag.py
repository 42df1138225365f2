"""Entity tags of lists: they prove who saw which page when, so that "nothing changed" costs no call."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from lockpoint.domain.snapshots import phase
from lockpoint.services.container import Services
from lockpoint.services.context import Actor
from lockpoint.services.ports.confluence import Container
from lockpoint.services.ports.locks import Witness
from lockpoint.services.tenancy.licence import last_known

FRESH = timedelta(seconds=60)  # how long a proven permission to see the page lasts


def etag_for(services: Services, actor: Actor, container: Container, known: Sequence[Witness]) -> str:
    """Return a tag for what this person was shown: time, state and versions of the page's locked files, signed."""
    now = services.clock.now()
    body = f"{int(now.timestamp())}.{_digest(services, actor, known, now)}"
    return f"{body}.{_macs(services, actor, container, body)[0]}"


def still_true(services: Services, actor: Actor, container: Container, etag: str) -> bool:
    """Return whether the tag is this person's, for this page, younger than `FRESH`, and still says what we know."""
    body, _, mac = etag.rpartition(".")
    ours = _macs(services, actor, container, body)
    if not any(hmac.compare_digest(mac.encode(), one.encode()) for one in ours):
        return False
    issued, _, digest = body.partition(".")
    now = services.clock.now()
    age = now - datetime.fromtimestamp(int(issued), UTC)
    if not timedelta(seconds=-1) <= age <= FRESH:
        return False
    return digest == _digest(services, actor, services.witnesses.of_container(actor.tenant, container.id), now)


def _digest(services: Services, actor: Actor, known: Sequence[Witness], now: datetime) -> str:
    """What the list says of locked files; a lock that begins to end, the licence, and who asks change it too."""
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
    return hashlib.sha256(repr((states, last_known(services, actor.tenant))).encode()).hexdigest()[:32]


def _macs(services: Services, actor: Actor, container: Container, body: str) -> list[str]:
    about = f"list-tag/{actor.tenant.client_key}/{actor.account_id}/{container.id}/{body}"
    return [digest[:32] for digest in services.tag_keys.digests(about.encode()).values()]
