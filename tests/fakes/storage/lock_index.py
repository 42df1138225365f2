"""Lists of locks, from the witnesses in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from lockpoint.domain.lock import MARGIN, Held
from lockpoint.services.context import Tenant
from lockpoint.services.ports.listing import WELL_PROTECTED, ListedState, LockOrder, LockQuery
from lockpoint.services.ports.locks import Protection, Witness
from tests.fakes.storage.tables import Tables


class FakeLockIndex:
    def __init__(self, tables: Tables) -> None:
        self.tables = tables

    def page(self, tenant: Tenant, query: LockQuery) -> Sequence[Witness]:
        self.tables.reachable()
        rows = [w for (tenant_id, _), w in self.tables.witnesses.items() if tenant_id == tenant.id]
        down = query.order.startswith("-")
        found = sorted((w for w in rows if _listed(w, query)), key=lambda w: _key(w, query.order), reverse=down)
        if query.after is not None:
            at, file_id = query.after
            place = (NEVER if at is None else at, file_id)
            found = [w for w in found if (_key(w, query.order) < place if down else _key(w, query.order) > place)]
        return found[: query.limit]

    def protections(self, tenant: Tenant, space_id: str | None, now: datetime) -> Mapping[Protection, int]:
        self.tables.reachable()
        rows = [w for (tenant_id, _), w in self.tables.witnesses.items() if tenant_id == tenant.id]
        there = [w for w in rows if isinstance(w.record, Held) and (space_id is None or w.space_id in (None, space_id))]
        return Counter(w.protection for w in there if (_key(w, LockOrder.EXPIRES)[0]) > now - MARGIN)


NEVER = datetime.max.replace(tzinfo=UTC)


def _key(witness: Witness, order: LockOrder) -> tuple[datetime, str]:
    held = witness.record
    assert isinstance(held, Held)
    at = held.acquired_at if order.endswith("since") else held.expires_at or NEVER
    return at, witness.attachment_id


def _listed(w: Witness, query: LockQuery) -> bool:
    held, container = w.record, w.container
    if not isinstance(held, Held):
        return False
    ends = held.expires_at or NEVER
    running = ends > query.now
    states = {
        None: True,
        ListedState.ENDING: not running,
        ListedState.MINE: running and held.holder == query.viewer,
        ListedState.OTHER: running and held.holder != query.viewer,
        ListedState.UNPROTECTED: w.protection not in WELL_PROTECTED,
    }
    files, holders = query.named or ((w.attachment_id,), ())
    return (
        ends > query.now - MARGIN
        and query.space_id in (None, w.space_id or query.space_id)
        and query.holder in (None, held.holder)
        and query.page_id in (None, container.id if container else None)
        and (w.attachment_id in files or held.holder in holders)
        and states[query.state]
    )
