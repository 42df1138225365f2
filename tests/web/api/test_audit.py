"""The audit log over HTTP: what happened, who did it, for site admins only; CSV without formulas."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
import requests

from lockpoint.domain.events import AuditKind
from lockpoint.services.listing import audit_view
from lockpoint.services.listing.audit_view import AuditRow
from lockpoint.services.locks.lock_view import PersonRef
from lockpoint.services.ports.locks import AuditEvent
from lockpoint.web.api import audit
from lockpoint.web.api.audit import cursor_of, lines, place_from
from tests.storage.builders import audit_event
from tests.web.api.document import CheckedApi, refusal
from tests.web.live_app import Json, LiveApp

pytestmark = pytest.mark.usefixtures("other_site_untouched")
ODD_TIMES = ["from=yesterday", "to=2026-01-01"]
ODD = ["cursor=x", "cursor=W10", "event=x", "account=a%20b", "attachment=0", "limit=0", *ODD_TIMES]


def _items(api: CheckedApi, query: str) -> list[Json]:
    found: list[Json] = api("sam", "GET", f"/audit?{query}").json()["items"]
    return found


@pytest.fixture
def file(live: LiveApp) -> str:
    """Locked by Alice, overwritten by Bob, unlocked by Dana."""
    page = live.page()
    file = live.file(page, "plan.txt")
    lock = live.lock("alice", file)
    live.file(page, "plan.txt", author="bob", text="Bob's")
    live.settle()
    ended = live.call("dana", "POST", f"/attachments/{file}/lock/break", {"lockId": lock, "reason": "for the audit"})
    assert ended.status_code == 200
    return file


def test_a_site_admin_sees_what_happened(api: CheckedApi, file: str) -> None:
    """U-07: time, event, person with the name that the admin sees, file; newest first; no words of people."""
    items = _items(api, f"attachment=att{file}")
    people = {item["event"]: (item["person"] or {}).get("displayName", "").split()[:1] for item in items}
    assert (people["broken"], people["conflict"], people["acquired"]) == (["Dana"], ["Bob"], ["Alice"])
    assert "for the audit" not in str(items)
    assert {item["attachmentId"] for item in items} == {file}
    assert [item["at"] for item in items] == sorted((item["at"] for item in items), reverse=True)


def test_rows_are_chosen_and_come_in_parts(api: CheckedApi, file: str) -> None:
    whole = _items(api, f"attachment={file}")
    assert [item["event"] for item in _items(api, f"attachment={file}&event=broken")] == ["broken"]
    dana = next(item["person"]["accountId"] for item in whole if item["event"] == "broken")
    assert {item["event"] for item in _items(api, f"attachment={file}&account={dana}")} == {"broken"}
    parts: list[Json] = []
    cursor = ""
    while True:
        page = api("sam", "GET", f"/audit?attachment={file}&limit=1{cursor}").json()
        parts += page["items"]
        if page["nextCursor"] is None:
            break
        cursor = f"&cursor={page['nextCursor']}"
    assert parts == whole


@pytest.mark.parametrize("who", ["alice", "charlie", "dana"])
@pytest.mark.parametrize("accept", ["application/json", "text/csv"])
def test_the_audit_log_is_for_site_admins(live: LiveApp, who: str, accept: str) -> None:
    assert refusal(live.call(who, "GET", "/audit", headers={"Accept": accept})) == (403, "forbidden")


@pytest.mark.parametrize("query", [*ODD, "x=1"])
def test_odd_queries_are_refused(api: CheckedApi, query: str) -> None:
    assert refusal(api("sam", "GET", f"/audit?{query}")) == (422, "invalid_request")


def test_the_same_as_a_file(live: LiveApp, api: CheckedApi, file: str) -> None:
    answer = live.call("sam", "GET", f"/audit?attachment={file}", headers={"Accept": "text/csv"})
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert "attachment" in answer.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    shown = _items(api, f"attachment={file}")
    assert [row["event"] for row in rows] == [item["event"] for item in shown]
    people = [(item["person"] or {"accountId": ""})["accountId"] for item in shown]
    assert [row["account"] for row in rows] == people


def _file(live: LiveApp, query: str) -> requests.Response:
    return live.call("sam", "GET", f"/audit?{query}", headers={"Accept": "text/csv"})


def test_a_file_that_is_not_complete_says_so(live: LiveApp, file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """U-07: who asks for all reads in the last line that there is more, and since when; no row before is left out."""
    whole = _file(live, f"attachment={file}")
    assert "NOT COMPLETE" not in whole.text
    assert whole.headers.get("Link") is None
    monkeypatch.setattr(audit, "MOST_IN_CSV", 2)
    monkeypatch.setattr(audit_view, "AT_ONCE", 1)
    part = _file(live, f"attachment={file}")
    *head, last = part.text.splitlines()
    assert head == whole.text.splitlines()[:3]
    assert last == f"NOT COMPLETE: the log goes on before {head[-1].partition(',')[0]}; the header Link leads there"
    assert "lockpoint-audit-part.csv" in part.headers["Content-Disposition"]


def test_parts_of_a_file_make_the_whole(live: LiveApp, file: str) -> None:
    """Who asks for a number of rows gets no line that is none."""
    whole = _file(live, f"attachment={file}").text.splitlines()
    rows, query = whole[:1], f"attachment={file}&limit=2"
    while query:
        part = _file(live, query)
        rows += part.text.splitlines()[1:]
        query = part.headers.get("Link", "<?>").partition("<?")[2].partition(">")[0]
    assert rows == whole


def test_a_space_admin_reads_what_happened_in_the_space(live: LiveApp, api: CheckedApi, file: str) -> None:
    """U-06: the part of the space, for its admins."""
    answer = api("dana", "GET", "/audit?space=DS")
    assert answer.status_code == 200
    assert {item["attachmentId"] for item in answer.json()["items"]} >= {file}
    assert all(item["event"] != "test_mail" for item in answer.json()["items"])
    csv_file = live.call("dana", "GET", "/audit?space=DS", headers={"Accept": "text/csv"})
    assert csv_file.status_code == 200
    assert refusal(api("dana", "GET", "/audit?space=NONE")) == (404, "not_found")


@pytest.mark.parametrize("who", ["alice", "charlie"])
def test_the_log_of_a_space_is_for_its_admins(api: CheckedApi, who: str) -> None:
    assert refusal(api(who, "GET", "/audit?space=DS")) == (403, "forbidden")


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_cell_begins_a_formula(name: str) -> None:
    """A person chooses their name, an admin opens the file in a spreadsheet."""
    row = AuditRow(audit_event(account="557058:a"), PersonRef("557058:a", name))
    (read,) = csv.DictReader(io.StringIO("".join(lines([row])), newline=""))
    assert read["name"].startswith("'")
    assert name.strip() in read["name"]
    assert read["account"] == "557058:a"


@pytest.mark.parametrize("attachment", [None, "123"])
def test_a_cursor_is_a_place(attachment: str | None) -> None:
    event = audit_event(attachment_id=attachment, kind=AuditKind.EXTENDED, epoch=2, seq=7)
    found: Any = place_from(cursor_of(event))
    assert isinstance(found, AuditEvent)
    place = (found.at, found.attachment_id, found.epoch, found.seq, found.kind)
    assert place == (event.at, attachment, 2, 7, AuditKind.EXTENDED)
