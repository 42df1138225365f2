"""Signing again what lies in Confluence under an old key, so that the key can be dropped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum, auto
from functools import partial
from typing import TypeVar

from lockpoint.domain import rules
from lockpoint.domain.lock import Held
from lockpoint.domain.signed_json import key_id_of
from lockpoint.services.container import Services
from lockpoint.services.context import Priority, Tenant
from lockpoint.services.errors import Busy, HostError, LostRace, OperationRemoved, QuotaExceeded, Unauthorised
from lockpoint.services.lock_record.compare_and_set import compare_and_set
from lockpoint.services.lock_record.file_state import FileState, Written, read_state
from lockpoint.services.lock_record.record_effects import record_write, signer_of
from lockpoint.services.lock_record.waitlist import Waitlist, store_waitlist, waitlist_of
from lockpoint.services.notifications import preferences
from lockpoint.services.ports.locks import Witness
from lockpoint.services.quota_accounting import spending_on
from lockpoint.services.reconciliation.reconcile import catch_up, reconcile
from lockpoint.services.tenancy import mail_texts, site_settings

BATCH = 200
T = TypeVar("T")

WAITS = 3  # for points, for each file


class _Came(Enum):
    SIGNED = auto()
    ALREADY = auto()
    LEFT = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningReport:
    """How many live locks were signed now, had been before, and could not be (with their ids).

    `people` counts preferences that were signed again, `people_left` those that could not be.
    """

    signed: int
    already: int
    left: tuple[str, ...]
    people: int = 0
    people_left: int = 0


def sign_again(services: Services, tenant: Tenant, *, step: Callable[[], None] = lambda: None) -> SigningReport:
    """Bring settings, live locks, waitlists and preferences of the site under the newest key.

    Preferences are those of everybody whom a row of ours names; others are signed when they are read. Locks go through
    the ordinary conditional write at the price and priority of a sweep; waits when the points are used up. Resumable:
    what the witness knows as signed is not asked for again. Calls `step` after each lock. Raises `Unauthorised`,
    `OperationRemoved`, `QuotaExceeded` (after three waits), `StorageUnavailable`.
    """
    with spending_on("sign_again"):
        _patiently(services, lambda: site_settings.sign_again(services, tenant, priority=Priority.SWEEP))
        _patiently(services, lambda: mail_texts.sign_again(services, tenant, priority=Priority.SWEEP))
        people = _sign_preferences(services, tenant)
        came: dict[str, _Came] = {}
        for witness in _live(services, tenant):
            came[witness.attachment_id] = _one(services, tenant, witness)
            step()
    ways = list(came.values())
    left = tuple(attachment_id for attachment_id, way in came.items() if way is _Came.LEFT)
    return SigningReport(
        signed=ways.count(_Came.SIGNED),
        already=ways.count(_Came.ALREADY),
        left=left,
        people=people.count(_Came.SIGNED),
        people_left=people.count(_Came.LEFT),
    )


def _sign_preferences(services: Services, tenant: Tenant) -> list[_Came]:
    services.person_store.list_accounts(tenant, services.clock.now())
    return [_sign_chosen(services, tenant, account) for account in services.person_store.listed_accounts(tenant)]


def _sign_chosen(services: Services, tenant: Tenant, account: str) -> _Came:
    try:
        changed = _patiently(
            services, lambda: preferences.sign_again(services, tenant, account, priority=Priority.SWEEP)
        )
    except (QuotaExceeded, OperationRemoved):
        raise
    except HostError:
        return _Came.LEFT
    return _Came.SIGNED if changed else _Came.ALREADY


def _live(services: Services, tenant: Tenant) -> Iterator[Witness]:
    after: str | None = None
    while batch := services.witnesses.live(tenant, after=after, limit=BATCH):
        yield from batch
        after = batch[-1].attachment_id


def _one(services: Services, tenant: Tenant, witness: Witness) -> _Came:
    if witness.signed_by == services.mac_keys.newest:
        return _Came.ALREADY
    try:
        return _patiently(services, lambda: _sign(services, tenant, witness.attachment_id))
    except (QuotaExceeded, Unauthorised, OperationRemoved):
        raise
    except (HostError, Busy):
        return _Came.LEFT


def _patiently(services: Services, call: Callable[[], T]) -> T:
    for _ in range(WAITS):
        try:
            return call()
        except QuotaExceeded as stopped:
            services.clock.sleep(stopped.retry_after)
    return call()


def _sign(services: Services, tenant: Tenant, attachment_id: str) -> _Came:
    state = read_state(services, tenant, attachment_id, priority=Priority.SWEEP)
    _sign_line(services, tenant, state)
    held = state.found
    if not isinstance(held, Held):
        # Damaged, or over: the ordinary repair writes what has to be written, under the newest key.
        reconcile(services, tenant, attachment_id, priority=Priority.SWEEP)
        return _Came.SIGNED
    if signer_of(state) == services.mac_keys.newest:
        catch_up(services, tenant, state, held, priority=Priority.SWEEP)
        return _Came.ALREADY
    return _write(services, tenant, state, held)


def _write(services: Services, tenant: Tenant, state: FileState, held: Held) -> _Came:
    rule = partial(rules.sign_again, lock_id=held.lock_id)
    outcome = compare_and_set(services, tenant, state.attachment.id, rule, priority=Priority.SWEEP, state=state)
    if not isinstance(outcome, Written):
        return _Came.LEFT
    record_write(services, tenant, outcome, account=None)
    return _Came.SIGNED


def _sign_line(services: Services, tenant: Tenant, state: FileState) -> None:
    """A change of the waitlist at the same moment signs it with the newest key anyway."""
    row, file_id = state.attachment.waitlist_row, state.attachment.id
    waitlist = waitlist_of(services, tenant, file_id, row)
    if row is None or waitlist == Waitlist() or key_id_of(row.value) == services.mac_keys.newest:
        return
    try:
        store_waitlist(services, tenant, file_id, row, waitlist, priority=Priority.SWEEP)
    except LostRace:
        return
