"""Atlassian's cycle of personal-data reports: closed accounts are erased, changed ones are fetched again."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from lockpoint.services.container import Services
from lockpoint.services.context import Priority, Tenant
from lockpoint.services.errors import (
    Forbidden,
    GoneOrInvisible,
    OperationRemoved,
    QuotaExceeded,
    Rejected,
    Unauthorised,
)
from lockpoint.services.ports.privacy import MOST_REPORTED, Origin, ReportAnswer, Reported, ReportSettlement
from lockpoint.services.privacy import erase
from lockpoint.services.quota_accounting import spending_on
from lockpoint.services.tenancy.site_facts import app_accounts

REFUSED_PAUSE: Final = timedelta(days=1)
"""Until the next try when a report is refused for good: an operator must find out why."""

REFUSALS: Final = (Forbidden, GoneOrInvisible, OperationRemoved, Rejected, Unauthorised)

logger = logging.getLogger(__name__)


def report(services: Services, tenant: Tenant) -> int:
    """Report the accounts of a site that are due, in batches; return how many.

    Each batch is recorded before the next. The host's passing errors pass through: the job comes back.
    """
    with spending_on("report_accounts"):
        services.person_store.list_accounts(tenant, services.clock.now())
        _erase_again(services, tenant)
        count = 0
        while batch := services.person_store.due_accounts(tenant, services.clock.now(), MOST_REPORTED):
            if not _report(services, tenant, batch):
                break
            count += len(batch)
        return count


def digests(services: Services, tenant: Tenant, account: str) -> tuple[str, ...]:
    """Return what is stored of a closed account instead of its id, the newest key's first."""
    text = f"closed account\n{tenant.site_key}\n{account}".encode()
    return tuple(f"{key_id}:{digest}" for key_id, digest in services.mac_keys.digests(text).items())


def _erase_again(services: Services, tenant: Tenant) -> None:
    """Erase a closed account that came back in old versions and records, without asking Atlassian.

    One that Confluence calls active is in use again and is reported like others.
    """
    closed = services.person_store.closed_accounts(tenant)
    if not closed:
        return
    known = {account: digests(services, tenant, account) for account in services.person_store.listed_accounts(tenant)}
    back = {account: mine for account, mine in known.items() if not closed.isdisjoint(mine)}
    reopened = _in_use(services, tenant, tuple(back))
    if reopened:
        services.person_store.reopen_accounts(tenant, [digest for account in reopened for digest in back[account]])
    orders = [erase.order(services, account, Origin.ATLASSIAN) for account in back if account not in reopened]
    if orders:
        services.person_store.begin_erasures(tenant, orders, services.clock.now())


def _in_use(services: Services, tenant: Tenant, accounts: Sequence[str]) -> frozenset[str]:
    """Return the accounts that Confluence calls active; none where it refuses to say."""
    if not accounts:
        return frozenset()
    try:
        people = services.people.describe(tenant, accounts, priority=Priority.MAINTENANCE)
    except REFUSALS:
        return frozenset()
    return frozenset(account for account, person in people.items() if person.in_use)


def _report(services: Services, tenant: Tenant, batch: Sequence[Reported]) -> bool:
    """Report a batch, in halves where it is refused, down to the refused accounts.

    Those count as reported, so that the others need not wait. False when the rest of the site has to wait, also when
    every account was refused.
    """
    parts, accepted, refused = [batch], 0, list[Reported]()
    while parts:
        part = parts.pop()
        try:
            answer = _ask(services, tenant, part)
        except Rejected:
            if len(part) > 1:
                middle = len(part) // 2
                parts += [part[middle:], part[:middle]]
                continue
            refused += part
            continue
        if answer is None:
            return False
        accepted += 1
        _settle(services, tenant, part, answer)
    return not refused or _without(services, tenant, refused, somebody=accepted > 0)


def _without(services: Services, tenant: Tenant, refused: Sequence[Reported], *, somebody: bool) -> bool:
    logger.warning("accounts were refused in a report", extra={"site": tenant.id, "count": len(refused)})
    if somebody:
        _settle(services, tenant, refused, ReportAnswer())
    else:
        services.person_store.put_off_reports(tenant, services.clock.now() + REFUSED_PAUSE)
    return somebody


def _ask(services: Services, tenant: Tenant, batch: Sequence[Reported]) -> ReportAnswer | None:
    """Report accounts, without the app's own; None when that has to wait, `Rejected` for an account among them."""
    own = app_accounts(services.people, tenant, priority=Priority.MAINTENANCE)
    people = [one for one in batch if one.account not in own]
    if not people:
        return ReportAnswer()
    try:
        return services.personal_data_reports.report(tenant, people, priority=Priority.MAINTENANCE)
    except Rejected:
        raise
    except QuotaExceeded as later:
        pause = timedelta(seconds=later.retry_after)
    except REFUSALS as refused:
        cause = type(refused).__name__
        logger.warning("a personal-data report was refused", extra={"site": tenant.id, "cause": cause})
        pause = REFUSED_PAUSE
    services.person_store.put_off_reports(tenant, services.clock.now() + pause)
    return None


def _settle(services: Services, tenant: Tenant, batch: Sequence[Reported], answer: ReportAnswer) -> None:
    orders = tuple(
        erase.order(services, account, Origin.ATLASSIAN, digest=digests(services, tenant, account)[0])
        for account in answer.closed
    )
    settlement = ReportSettlement(
        at=services.clock.now(),
        accounts=tuple(one.account for one in batch),
        updated=answer.updated,
        closed=orders,
        cycle_days=answer.cycle_days,
    )
    services.person_store.settle_report(tenant, settlement)
