"""A site that comes back: its live locks count again, from the newest version on, and their holders learn of it."""

from __future__ import annotations

from lockpoint.locking.enforcement import Version
from lockpoint.locking.lock import Held, Phase
from lockpoint.locking.snapshots import phase
from lockpoint.services.context import Lane, Tenant
from lockpoint.services.errors import Forbidden, GoneOrInvisible
from lockpoint.services.looking import Seen, look
from lockpoint.services.ports import Effects
from lockpoint.services.rebasing import rebase
from lockpoint.services.services import Services
from lockpoint.services.telling import attempts, conflicts

BATCH = 200


def welcome_known(services: Services, tenant: Tenant) -> None:
    """Look after every lock that is still known from before the site left."""
    after: str | None = None
    while True:
        batch = services.witnesses.live(tenant, after=after, limit=BATCH)
        for witness in batch:
            try:
                seen = look(services, tenant, witness.attachment_id, lane=Lane.HINTS)
            except (GoneOrInvisible, Forbidden):
                continue  # the sweep finds out which of the two
            welcome(services, tenant, seen, lane=Lane.HINTS)
        if len(batch) < BATCH:
            return
        after = batch[-1].attachment_id


def welcome(services: Services, tenant: Tenant, seen: Seen, *, lane: Lane) -> None:
    """Let the hold protect what is current now: in the app's absence everybody was free to upload.

    The holder is told of each version that others made meanwhile; nobody is accused, and nothing is undone. A crash
    between the mails and the new base tells nothing twice.
    """
    held = seen.reading
    if not isinstance(held, Held) or phase(held, services.clock.now()) is Phase.EXPIRED:
        return
    if seen.attachment.head.created <= held.base.created:
        return
    others = _made_by_others(services, tenant, seen, held, lane)
    effects = Effects(
        audit=conflicts(seen.attachment, held, others, "while_away"),
        intents=attempts(seen.attachment, held, others, "not_undone"),
    )
    services.ledger.record(tenant, effects)
    rebase(services, tenant, seen, held, seen.attachment.head, lane=lane)


def _made_by_others(services: Services, tenant: Tenant, seen: Seen, held: Held, lane: Lane) -> tuple[Version, ...]:
    own = {held.holder, services.people.own_account(tenant, lane=lane)}
    versions, _ = services.attachments.versions(tenant, seen.attachment.id, back_to=held.base.created, lane=lane)
    return tuple(v for v in versions if v.created > held.base.created and v.author not in own)
