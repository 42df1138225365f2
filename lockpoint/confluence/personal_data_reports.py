"""Personal-data reports to Atlassian, by the operation of each door."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from lockpoint.confluence.http.calls import Call, Caller
from lockpoint.confluence.http.json_reader import Answer, parse
from lockpoint.services.context import Door
from lockpoint.services.errors import BadAnswer
from lockpoint.services.ports.privacy import MOST_REPORTED, ReportAnswer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lockpoint.confluence.http.client import ConfluenceClient
    from lockpoint.services.context import Priority, Tenant
    from lockpoint.services.ports.privacy import Reported

PATH: Final = "/rest/atlassian-connect/latest/report-accounts"
FORGE_PATH: Final = "/app/report-accounts/"
"""Of the API that all sites share; that a stored token may report is assumed (F3)."""
LONGEST_CYCLE: Final = 90
"""Days; a longer cycle would mean no reports."""

_DIGITS: Final = 4
_NAME: Final = "report_accounts"


@dataclass(frozen=True, slots=True)
class ConfluencePersonalDataReports:
    """1 point each.

    Path from Atlassian's Connect libraries; 204 means nothing to do (developer.atlassian.com, user privacy guidelines).
    """

    client: ConfluenceClient

    def report(self, tenant: Tenant, accounts: Sequence[Reported], *, priority: Priority) -> ReportAnswer:
        """ValueError for more than `MOST_REPORTED` accounts, or none."""
        if not 1 <= len(accounts) <= MOST_REPORTED:
            raise ValueError("a report is about 1 to 90 accounts")
        listed = [{"accountId": one.account, "updatedAt": _moment(one.retrieved_at)} for one in accounts]
        forge = tenant.door is Door.FORGE
        path = FORGE_PATH if forge else PATH
        call = Call(name=_NAME, method="POST", path=path, body={"accounts": listed}, of_all_sites=forge)
        raw = self.client.exchange(Caller(tenant, priority), call)
        days = _days(raw.headers.get("Cycle-Period", ""))
        if raw.status == HTTPStatus.NO_CONTENT or not raw.body.strip():
            return ReportAnswer(cycle_days=days)
        found, odd = parse(_NAME, raw.body).sorted_out(_account, "accounts")
        if odd:
            raise BadAnswer(f"{_NAME}: an account that cannot be read may be one that is closed")
        asked = {one.account for one in accounts}
        return ReportAnswer(
            closed=_with_status(found, "closed", asked), updated=_with_status(found, "updated", asked), cycle_days=days
        )


def _account(answer: Answer) -> tuple[str, object]:
    return answer.text("accountId"), answer.data.get("status")


def _with_status(found: Sequence[tuple[str, object]], status: str, asked: set[str]) -> tuple[str, ...]:
    """Ignores accounts not asked about."""
    return tuple(dict.fromkeys(account for account, said in found if said == status and account in asked))


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _days(text: str) -> int | None:
    """At most `LONGEST_CYCLE`; None when invalid."""
    digits = text.strip().lstrip("0")
    if not digits.isdecimal():
        return None
    return min(int(digits[:_DIGITS]), LONGEST_CYCLE)
