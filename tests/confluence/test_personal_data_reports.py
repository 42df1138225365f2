from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from lockpoint.confluence.personal_data_reports import ConfluencePersonalDataReports
from lockpoint.services.context import Door, Priority
from lockpoint.services.errors import BadAnswer, GoneOrInvisible, QuotaExceeded
from lockpoint.services.ports.privacy import Reported
from tests.confluence.doubles import Kit, site
from tests.confluence.live import ALICE, BOB, CHARLIE, DANA, PRIORITY, SPACE
from tests.confluence.oddhost import answer, odd_host

if TYPE_CHECKING:
    from tests.confluence.live import Live

KEY = "lockpointprefs"
UNKNOWN = "557058:99999999-0000-4000-8000-000000000000"
LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)
LATER = datetime(2100, 1, 1, tzinfo=UTC)


def test_a_user_property_is_made_replaced_and_removed(live: Live) -> None:
    assert live.user_properties.read(live.acme, ALICE, KEY, priority=PRIORITY) is None
    values: tuple[dict[str, object], ...] = ({"off": []}, {"off": ["unprotected"]})
    for value in values:
        live.user_properties.write(live.acme, ALICE, KEY, value, priority=PRIORITY)
        found = live.user_properties.read(live.acme, ALICE, KEY, priority=PRIORITY)
        assert found is not None
        assert (found.value, found.version) == (value, 0)
    assert live.user_properties.read(live.acme, BOB, KEY, priority=PRIORITY) is None
    live.user_properties.delete(live.acme, ALICE, KEY, priority=PRIORITY)
    live.user_properties.delete(live.acme, ALICE, KEY, priority=PRIORITY)
    assert live.user_properties.read(live.acme, ALICE, KEY, priority=PRIORITY) is None


def test_an_unknown_account_has_no_properties(live: Live) -> None:
    assert live.user_properties.read(live.acme, UNKNOWN, KEY, priority=PRIORITY) is None
    live.user_properties.delete(live.acme, UNKNOWN, KEY, priority=PRIORITY)
    with pytest.raises(GoneOrInvisible):
        live.user_properties.write(live.acme, UNKNOWN, KEY, {}, priority=PRIORITY)
    with pytest.raises(ValueError, match="account id"):
        live.user_properties.read(live.acme, "../current", KEY, priority=PRIORITY)


def test_closed_and_changed_accounts_are_told(live: Live) -> None:
    live.act("person", BOB, status="closed")
    live.act("person", CHARLIE, displayName="Charlotte")
    live.control("POST", "sites/acme/behaviour", reportCycleDays=5)
    long_ago = [Reported(account, LONG_AGO) for account in (BOB, CHARLIE, UNKNOWN)]
    answer = live.reports.report(live.acme, long_ago, priority=Priority.MAINTENANCE)
    assert (answer.closed, answer.updated, answer.cycle_days) == ((BOB,), (CHARLIE,), 5)
    nothing = live.reports.report(live.acme, [Reported(CHARLIE, LATER)], priority=Priority.MAINTENANCE)
    assert (nothing.closed, nothing.updated, nothing.cycle_days) == ((), (), 5)


@pytest.mark.parametrize(("said", "days"), [(1, 1), (90, 90), (91, 90), (10**400, 90), (0, None), (-3, None)])
def test_a_cycle_is_one_to_ninety_days(live: Live, said: int, days: int | None) -> None:
    live.control("POST", "sites/acme/behaviour", reportCycleDays=said)
    assert live.reports.report(live.acme, [Reported(ALICE, LONG_AGO)], priority=Priority.MAINTENANCE).cycle_days == days


def test_a_report_is_signed_and_bounded(live: Live) -> None:
    """An app call with RFC 3339 times; none or more than 90 accounts are refused before the call."""
    live.control("DELETE", "requests")
    moment = datetime(2026, 11, 21, 10, 0, 0, 250_000, tzinfo=UTC)
    live.reports.report(live.acme, [Reported(ALICE, moment)], priority=Priority.MAINTENANCE)
    (sent,) = [
        found for found in live.recorded() if found.url.endswith("/rest/atlassian-connect/latest/report-accounts")
    ]
    assert sent.request_headers["Authorization"].startswith("JWT ")
    assert sent.request_body == (
        b'{"accounts": [{"accountId": "%b", "updatedAt": "2026-11-21T10:00:00.250Z"}]}' % ALICE.encode()
    )
    for number in (0, 91):
        with pytest.raises(ValueError, match="90"):
            live.reports.report(live.acme, [Reported(ALICE, moment)] * number, priority=Priority.MAINTENANCE)


def test_on_forge_a_report_goes_to_the_api_of_all_sites(kit: Kit) -> None:
    """Not below the site's own address."""
    with odd_host(answer(204)) as host:
        tenant = replace(site(f"{host.origin}/ex/confluence/d0d52620/wiki"), door=Door.FORGE)
        reports = ConfluencePersonalDataReports(kit.client)
        reports.report(tenant, [Reported(ALICE, LONG_AGO)], priority=PRIORITY)
    assert [(sent.method, sent.target) for sent in host.requests] == [("POST", "/app/report-accounts/")]


def test_too_many_reports_say_how_long_to_wait(live: Live) -> None:
    live.fault("status", status=429, headers={"Retry-After": "3600"}, path="report-accounts")
    with pytest.raises(QuotaExceeded) as refused:
        live.reports.report(live.acme, [Reported(ALICE, LONG_AGO)], priority=Priority.MAINTENANCE)
    assert timedelta(seconds=refused.value.retry_after) == timedelta(hours=1)


def test_the_administrators_of_a_space_are_known(live: Live) -> None:
    found = live.people.space_administrators(live.acme, SPACE, priority=PRIORITY)
    assert DANA in found
    assert ALICE not in found
    assert live.people.space_administrators(live.acme, "999", priority=PRIORITY) == ()


def test_erased_people_have_no_names(live: Live) -> None:
    """Pseudonyms are never looked up."""
    live.control("DELETE", "requests")
    assert live.people.describe(live.acme, ["erased-0123"], priority=PRIORITY) == {}
    assert live.exchanges() == []


@pytest.mark.parametrize("odd", [None, {}, {"status": "closed"}])
def test_a_closed_account_that_cannot_be_read_is_not_passed_over(kit: Kit, odd: object) -> None:
    """It must be erased, so the report is made again."""
    body = {"accounts": [{"accountId": ALICE, "status": "closed"}, odd]}
    with odd_host(answer(200, body)) as host, pytest.raises(BadAnswer):
        ConfluencePersonalDataReports(kit.client).report(
            site(host.base), [Reported(ALICE, LONG_AGO)], priority=PRIORITY
        )
