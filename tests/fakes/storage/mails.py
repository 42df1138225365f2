# ruff: noqa: ARG002 - a fake takes whatever its port passes
"""Intents of mails and their figures in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from lockpoint.domain.mails.mail_budget import AT_ONCE, HOUR, takes_last_place, wait_until
from lockpoint.services.context import Tenant
from lockpoint.services.ports.notifications import (
    COMMENT_BEGUN,
    COMMENTED,
    UNREACHABLE,
    MailHealth,
    NotBefore,
    StoredIntent,
)
from tests.fakes.storage.tables import Tables


class FakeRecentIntents:
    def __init__(self, tables: Tables) -> None:
        self.tables = tables

    def of(self, tenant: Tenant, account: str, since: datetime, *, limit: int) -> Sequence[StoredIntent]:
        self.tables.reachable()
        mine = [
            one
            for one in self.tables.intents.values()
            if (one.tenant_id, one.intent.recipient) == (tenant.id, account) and one.created_at > since
        ]
        return sorted(mine, key=lambda one: -one.id)[:limit]


class FakeIntents:
    def __init__(self, tables: Tables) -> None:
        self.tables = tables

    def get(self, intent_id: int) -> StoredIntent | None:
        self.tables.reachable()
        return next((stored for stored in self.tables.intents.values() if stored.id == intent_id), None)

    def claim(self, stored: StoredIntent) -> Sequence[StoredIntent] | NotBefore:
        now, told = self.tables.clock.now(), self.tables.told
        present = self.get(stored.id)
        if present is None or present.done or told.get(stored.id, (stored.id, now))[0] != stored.id:
            return ()
        if stored.id not in told or told[stored.id][1] <= now - HOUR:
            self.tables.told = told = {one: mail for one, mail in told.items() if mail[0] != stored.id}
            wait = self._take_turn(stored, now)
            if wait is not None:
                return wait
        return [one for one in self._of_person(stored) if self.tables.told.get(one.id, (None,))[0] == stored.id]

    def _take_turn(self, stored: StoredIntent, now: datetime) -> NotBefore | None:
        kind, told, theirs = stored.intent.kind, self.tables.told, self._of_person(stored)
        topic = [one for one in theirs if one.id == stored.id or one.intent.topic == stored.intent.topic is not None]
        mails = [
            told[one.id][1]
            for one in theirs
            if one.id in told and told[one.id][0] == one.id and one.intent.kind not in AT_ONCE
        ]
        until = wait_until(kind, sorted({told[one.id][1] for one in topic if one.id in told}), mails, now)
        waiting = [one for one in topic if not one.done and one.id not in told]
        if until is not None:
            return NotBefore(waiting[0].id, until)
        if takes_last_place(kind, mails, now):
            waiting = [one for one in theirs if not one.done and one.id not in told and one.intent.kind not in AT_ONCE]
        told.update({one.id: (stored.id, now) for one in waiting})
        return None

    def _of_person(self, stored: StoredIntent) -> list[StoredIntent]:
        whose = (stored.tenant_id, stored.intent.recipient)
        return [one for one in self.tables.intents.values() if (one.tenant_id, one.intent.recipient) == whose]

    def let_go(self, events: Sequence[StoredIntent]) -> None:
        self.tables.reachable()
        for event in events:
            self.tables.told.pop(event.id, None)

    def finish(self, stored: StoredIntent, *, result: str, address: str | None) -> None:
        self.tables.reachable()
        for key, one in self.tables.intents.items():
            told_by, at = self.tables.told.get(one.id, (None, self.tables.clock.now()))
            if stored.id in {one.id, told_by}:
                self.tables.intents[key] = replace(one, done=True)
                self.tables.outcomes[one.id] = result
                if one.id in self.tables.told and address is None and result != COMMENTED:
                    self.tables.told[one.id] = (None, at)
        self.tables.sent.append((stored.id, result))

    def begin_comment(self, stored: StoredIntent) -> bool:
        self.tables.reachable()
        before = self.tables.outcomes.get(stored.id)
        self.tables.outcomes[stored.id] = COMMENT_BEGUN
        return before == COMMENT_BEGUN

    def note_test(self, tenant: Tenant, *, result: str, address: str) -> None:
        self.tables.reachable()
        self.tables.sent.append((0, result))


class FakeMailFigures:
    """No job is ever parked here."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables

    def read(self, tenant: Tenant, since: datetime) -> MailHealth:
        self.tables.reachable()
        theirs = [one for one in self.tables.intents.values() if one.tenant_id == tenant.id]
        lately = [one for one in theirs if one.created_at >= since and one.done and one.id in self.tables.outcomes]
        newest = {one.intent.recipient: self.tables.outcomes[one.id] for one in lately}
        ids = {one.id for one in lately}
        return MailHealth(
            waiting=sum(not one.done for one in theirs),
            parked=0,
            refused=sum(id_ in ids and result == "refused" for id_, result in self.tables.sent),
            unreachable=sum(result in UNREACHABLE for result in newest.values()),
            commented=sum(result == COMMENTED for result in newest.values()),
        )
