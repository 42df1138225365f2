"""What each key is still needed for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Integer, cast, func, select

from lockpoint.storage.engine import Database
from lockpoint.storage.keyring import Keyring
from lockpoint.storage.tables import EMAIL_LOG, INSTALLATION, LOCK_WITNESS
from lockpoint.storage.tenancy.sealed_secrets import SealedSecrets
from lockpoint.storage.tenancy.usage_counts import PostgresUsageCounts

_SIGNER: Final = LOCK_WITNESS.c.record["signed_by"].as_string()


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyUse:
    """`key_id` None: what no known key made (lost secrets, unknown signers).

    `live_locks` are those of active sites, `locks_elsewhere` those of inactive ones, `usage_rows` usage counts that
    name their site by it. `address_hashes_until` is when its last hash leaves the mail log. `droppable` is when nothing
    needs it, None while secrets, live locks or usage counts do.
    """

    key_id: str | None
    configured: bool
    newest: bool
    secrets: int
    live_locks: int
    locks_elsewhere: int
    usage_rows: int
    address_hashes: int
    address_hashes_until: datetime | None
    droppable: datetime | None


@dataclass(frozen=True, slots=True)
class _Counts:
    secrets: Mapping[str | None, int]
    live: Mapping[str | None, int]
    elsewhere: Mapping[str | None, int]
    hashes: Mapping[str | None, tuple[int, datetime]]
    usage: Mapping[str | None, int]

    def keys(self) -> set[str | None]:
        return {*self.secrets, *self.live, *self.elsewhere, *self.hashes, *self.usage}


def key_uses(database: Database, keys: Keyring, *, now: datetime, retention_days: int) -> Sequence[KeyUse]:
    """The configured keys, newest first, then others that turn up; `StorageUnavailable`."""
    counts = _counts(database, keys)
    others = sorted(counts.keys() - set(keys.ids), key=lambda key_id: (key_id is None, key_id or ""))
    return [_use(key_id, keys, counts, now, timedelta(days=retention_days)) for key_id in (*keys.ids, *others)]


def _use(key_id: str | None, keys: Keyring, counts: _Counts, now: datetime, kept: timedelta) -> KeyUse:
    secrets, live = counts.secrets.get(key_id, 0), counts.live.get(key_id, 0)
    hashes, last = counts.hashes.get(key_id, (0, None))
    until = None if last is None else last + kept
    usage = counts.usage.get(key_id, 0)
    needed = key_id in {None, keys.newest} or secrets or live or usage
    return KeyUse(
        key_id=key_id,
        configured=key_id in keys.ids,
        newest=key_id == keys.newest,
        secrets=secrets,
        live_locks=live,
        locks_elsewhere=counts.elsewhere.get(key_id, 0),
        usage_rows=usage,
        address_hashes=hashes,
        address_hashes_until=until,
        droppable=None if needed else max(now, until or now),
    )


def _counts(database: Database, keys: Keyring) -> _Counts:
    active = INSTALLATION.c.installed & INSTALLATION.c.enabled
    locks = (
        select(_SIGNER, cast(func.sum(cast(active, Integer)), Integer), func.count())
        .select_from(LOCK_WITNESS.join(INSTALLATION, LOCK_WITNESS.c.tenant_id == INSTALLATION.c.id))
        .where(LOCK_WITNESS.c.holder.is_not(None))
        .group_by(_SIGNER)
    )
    log = EMAIL_LOG.c
    hashes = select(log.key_id, func.count(), func.max(log.at)).where(log.key_id.is_not(None)).group_by(log.key_id)
    with database.single() as connection:
        signers = connection.execute(locks).all()
        peppers = connection.execute(hashes).all()
    return _Counts(
        secrets=SealedSecrets(database, keys).by_key(),
        live={signer: here for signer, here, _ in signers if here},
        elsewhere={signer: count - here for signer, here, count in signers if count > here},
        hashes={key_id: (count, last) for key_id, count, last in peppers},
        usage=PostgresUsageCounts(database, keys).by_key(),
    )
