from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from lockpoint.domain.events import MailKind
from lockpoint.services.ports.notifications import MailFacts

FACTS = MailFacts(
    kind=MailKind.FILE_AVAILABLE,
    recipient_name="Bob",
    file_name="budget.xlsx",
    page_title="Release plan",
    page_url="https://acme.example/wiki/pages/viewpage.action?pageId=1",
    file_url="https://acme.example/wiki/download/attachments/1/budget.xlsx?a=1&b=2",
    actor_name="Alice",
    reason=None,
    at=datetime(2026, 3, 2, 9, 0, tzinfo=UTC),
    locale="en-GB",
    time_zone="Europe/Berlin",
)


def facts(**values: Any) -> MailFacts:
    return replace(FACTS, **values)
