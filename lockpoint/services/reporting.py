"""Atlassian's cycle of personal-data reports: who was closed is erased, whose data changed is fetched again at need."""

from __future__ import annotations

import hashlib
import hmac
import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from lockpoint.services import erasing
from lockpoint.services.accounting import spending_on
from lockpoint.services.context import Lane, Tenant
from lockpoint.services.errors import (
    Forbidden,
    GoneOrInvisible,
    OperationRemoved,
    QuotaExceeded,
    Rejected,
    Unauthorised,
)
from lockpoint.services.people_ports import MOST_REPORTED, Origin, ReportAnswer, Reported, ReportSettlement
from lockpoint.services.services import Services

REFUSED_PAUSE: Final = timedelta(days=1)
"""When a report is refused for good, how long until the next try: a person has to find out why."""

logger = logging.getLogger(__name__)


def report(services: Services, tenant: Tenant) -> int:
    """Report the accounts of a site whose turn it is, a batch at a time; how many.

    Each batch is written down before the next begins. Passing errors of the host go through: the job comes back.
    """
    with spending_on("report_accounts"):
        services.account_reports.gather(tenant, services.clock.now())
        _erase_again(services, tenant)
        count = 0
        while batch := services.account_reports.due(tenant, services.clock.now(), MOST_REPORTED):
            answer = _ask(services, tenant, batch)
            if answer is None:
                break
            _settle(services, tenant, batch, answer)
            count += len(batch)
        return count


def digests(services: Services, tenant: Tenant, account: str) -> tuple[str, ...]:
    """What is remembered of a closed account instead of its id, the newest key's first: useless without our keys."""
    keys = services.mac_keys
    ids = (keys.newest, *(key_id for key_id in keys.keys if key_id != keys.newest))
    text = f"closed account\n{tenant.client_key}\n{account}".encode()
    return tuple(f"{key_id}:{hmac.new(keys.keys[key_id], text, hashlib.sha256).hexdigest()}" for key_id in ids)


def _erase_again(services: Services, tenant: Tenant) -> None:
    """A closed account can come back in old versions and records: it goes again, and nobody is asked about it."""
    closed = services.account_reports.closed(tenant)
    if not closed:
        return
    back = [a for a in services.account_reports.known(tenant) if not closed.isdisjoint(digests(services, tenant, a))]
    orders = [erasing.order(services, account, Origin.ATLASSIAN, at_once=True) for account in back]
    if orders:
        services.erasures.begin(tenant, orders, services.clock.now())


def _ask(services: Services, tenant: Tenant, batch: Sequence[Reported]) -> ReportAnswer | None:
    """Report a batch, without the app's own account; None when that has to wait."""
    own = services.people.own_account(tenant, lane=Lane.REPORTS)
    people = [one for one in batch if one.account != own]
    if not people:
        return ReportAnswer()
    try:
        return services.personal_data_reports.report(tenant, people, lane=Lane.REPORTS)
    except QuotaExceeded as later:
        pause = timedelta(seconds=later.retry_after)
    except (Forbidden, GoneOrInvisible, OperationRemoved, Rejected, Unauthorised) as refused:
        cause = type(refused).__name__
        logger.warning("a personal-data report was refused", extra={"site": tenant.id, "cause": cause})
        pause = REFUSED_PAUSE
    services.account_reports.wait(tenant, services.clock.now() + pause)
    return None


def _settle(services: Services, tenant: Tenant, batch: Sequence[Reported], answer: ReportAnswer) -> None:
    orders = tuple(
        erasing.order(services, account, Origin.ATLASSIAN, digest=digests(services, tenant, account)[0])
        for account in answer.closed
    )
    settlement = ReportSettlement(
        at=services.clock.now(),
        accounts=tuple(one.account for one in batch),
        updated=answer.updated,
        closed=orders,
        cycle_days=answer.cycle_days,
    )
    services.account_reports.settle(tenant, settlement)
