"""The sealed secrets of all installations, and their keys."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, func, select, update

from lockpoint.storage.engine import Database
from lockpoint.storage.keyring import Keyring
from lockpoint.storage.tables import INSTALLATION

BATCH: Final = 100
_ROW: Final = INSTALLATION.c
_SEALED: Final = _ROW.secret.is_not(None) | _ROW.previous_secret.is_not(None)


@dataclass(frozen=True, slots=True, kw_only=True)
class SealingReport:
    """Sites sealed now, sites already under the newest key, and sites with a secret that no key opens.

    A site with two secrets can be both sealed and unreadable.
    """

    sealed: int
    already: int
    unreadable: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Outcome:
    sealed: bool
    lost: bool


class SealedSecrets:
    """The columns `secret` and `previous_secret`; `StorageUnavailable`."""

    def __init__(self, database: Database, keys: Keyring) -> None:
        self._database = database
        self._keys = keys

    def count(self) -> int:
        with self._database.single() as connection:
            return connection.execute(select(func.count()).select_from(INSTALLATION).where(_SEALED)).scalar_one()

    def by_key(self) -> Mapping[str | None, int]:
        """Numbers by the key that opens them, None where none does."""
        with self._database.single() as connection:
            rows = connection.execute(select(_ROW.secret, _ROW.previous_secret).where(_SEALED)).all()
        return Counter(self._keys.sealed_by(sealed) for row in rows for sealed in row if sealed is not None)

    def reseal(self, step: Callable[[int], None] = lambda _done: None) -> SealingReport:
        """Encrypt under the newest key what is not, in batches: it can be stopped and resumed.

        What no key opens stays and is named. An install waits for one batch at most. Calls `step` with the number of
        sites of each batch.
        """
        done: dict[int, _Outcome] = {}
        after = 0
        while True:
            with self._database.transaction() as connection:
                batch = self._batch(connection, after)
            done |= batch
            if not batch:
                return _report(done)
            after = max(batch)
            step(len(batch))

    def _batch(self, connection: Connection, after: int) -> dict[int, _Outcome]:
        rows = connection.execute(
            select(_ROW.id, _ROW.secret, _ROW.previous_secret)
            .where(_SEALED, _ROW.id > after)
            .order_by(_ROW.id)
            .limit(BATCH)
            .with_for_update()
        ).all()
        return {
            row.id: self._site(connection, row.id, {"secret": row.secret, "previous_secret": row.previous_secret})
            for row in rows
        }

    def _site(self, connection: Connection, site: int, columns: Mapping[str, str | None]) -> _Outcome:
        """Seal each secret on its own: a lost former one must not keep the present one under an old key."""
        there = {name: sealed for name, sealed in columns.items() if sealed is not None}
        keys = {name: self._keys.sealed_by(sealed) for name, sealed in there.items()}
        old = [name for name, key_id in keys.items() if key_id not in {None, self._keys.newest}]
        fresh = {name: self._keys.reseal(there[name]) for name in old}
        if fresh:
            connection.execute(update(INSTALLATION).where(_ROW.id == site).values(fresh))
        return _Outcome(sealed=bool(fresh), lost=None in keys.values())


def _report(done: Mapping[int, _Outcome]) -> SealingReport:
    return SealingReport(
        sealed=sum(outcome.sealed for outcome in done.values()),
        already=sum(not outcome.sealed and not outcome.lost for outcome in done.values()),
        unreadable=tuple(site for site, outcome in done.items() if outcome.lost),
    )
