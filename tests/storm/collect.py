"""Reads what is left after a storm: from Confluence, from Postgres, from the mail server."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, LiteralString

import psycopg
import requests
from psycopg import sql
from psycopg.rows import namedtuple_row

from lockpoint.services.lock_record.waitlist import KEY as WAITLIST
from lockpoint.services.notifications.send_mail import message_id
from lockpoint.storage.keyring import keyring
from tests.e2e.system import CALL_SECONDS, Json, System
from tests.storm.clients import Log, act, bare, digest_of
from tests.storm.evidence import AuditRow, FileVersion, HostFile, Intent, WireMail, Write

RECORD: Final = "lockpointlock"
READ_EVERY: Final = 5.0
OVERLAP: Final = 5_000
PERIODIC: Final = ("sweep", "rediscover", "report_accounts")
_OF_SITE: Final = sql.SQL("SELECT {} FROM {} JOIN installation AS site ON site.id = tenant_id AND base_url LIKE %s {}")
_TABLES: Final = ("audit_event", "email_intent", "email_log", "lock_witness", "restoration", "request_outcome")


@dataclass
class Recorder:
    """Reads the values of every lock record from Confluence again and again: it keeps only the last ones."""

    system: System
    _found: dict[tuple[str, str, int], Json] = field(default_factory=dict)
    _since: int = 0

    def work(self, over: threading.Event) -> None:
        while not over.wait(READ_EVERY):
            self.read()

    def read(self) -> None:
        path = f"/_sim/sites/acme/property-writes?key={RECORD}&since={self._since - OVERLAP}"
        for one in self.system.confluence.get(path)["writes"]:
            self._found[one["attachmentId"], one["id"], one["version"]] = one
            self._since = max(self._since, one["at"])

    def writes(self) -> dict[str, list[Write]]:
        """By file, in the order in which they were stored."""
        found: dict[str, list[Write]] = defaultdict(list)
        for (file, _, _), one in sorted(self._found.items(), key=lambda item: (item[1]["at"], item[0][2])):
            found[file].append(Write(at=one["at"], value=one["value"]))
        return found


@dataclass
class Books:
    """Our tables, by SQL of their own."""

    system: System

    def audit(self) -> list[AuditRow]:
        names = "extract(epoch FROM at) * 1000 AS at, kind, attachment_id AS file, epoch, seq, detail, recovered"
        return [AuditRow(**{**row._asdict(), "at": float(row.at)}) for row in self._of_site("audit_event", names)]

    def intents(self) -> list[Intent]:
        names = "email_intent.id, kind, event_key AS event, recipient, attachment_id AS file, done, told_by"
        return [Intent(**row._asdict()) for row in self._of_site("email_intent", names, "ORDER BY 1")]

    def numbered(self, mails: Sequence[WireMail]) -> tuple[WireMail, ...]:
        """Mails by the number of their intent; one of no intent keeps its name."""
        keys = keyring(self.system.stack.environment["LOCKPOINT_SECRET_KEYS"].split(",")).tag_keys
        rows = self._of_site("email_intent", "email_intent.id, tenant_id")
        numbers = {message_id(keys, row.tenant_id, row.id): str(row.id) for row in rows}
        return tuple(replace(mail, message=numbers.get(mail.message, mail.message)) for mail in mails)

    def results(self) -> dict[str, int]:
        found = self._of_site("email_log", "result, count(*)", more="GROUP BY 1")
        return {row.result: row.count for row in found}

    def protection(self) -> dict[str, str]:
        rows = self._of_site("lock_witness", "attachment_id, protection, holder")
        return {row.attachment_id: row.protection for row in rows if row.holder}

    def parked(self) -> list[str]:
        found = self._ask("SELECT task_name, args FROM procrastinate_jobs WHERE status = 'failed'")
        return [f"{row.task_name} {row.args}" for row in found]

    def waiting(self) -> list[str]:
        """Jobs that are not done, without what the clock makes at its times."""
        found = self._ask("SELECT task_name, args FROM procrastinate_jobs WHERE status IN ('todo', 'doing')")
        return [f"{row.task_name} {row.args}" for row in found if row.task_name not in PERIODIC]

    def of_other_site(self) -> list[str]:
        counts = {table: self._of_site(table, "count(*)", site=1) for table in _TABLES}
        return [f"{rows[0].count} rows in {table}" for table, rows in counts.items() if rows[0].count]

    def let_an_hour_pass(self) -> None:
        """Jobs that wait for their time are due, and people may have mail again."""
        with self._connect() as connection:
            due = "UPDATE procrastinate_jobs SET scheduled_at = now() WHERE status = 'todo' AND task_name <> ALL(%s)"
            connection.execute(due, [list(PERIODIC)])
            connection.execute("UPDATE email_intent SET told_at = told_at - interval '1 hour'")

    def _of_site(self, table: str, names: LiteralString, more: LiteralString = "", site: int = 0) -> Sequence[Any]:
        question = _OF_SITE.format(sql.SQL(names), sql.Identifier(table), sql.SQL(more))
        return self._ask(question, f"%{self.system.confluence.hosts[site]}%")

    def _ask(self, question: sql.Composed | LiteralString, *values: str) -> Sequence[Any]:
        with self._connect() as connection:
            return connection.execute(question, values).fetchall()

    def _connect(self) -> psycopg.Connection[Any]:
        url = self.system.stack.environment["DATABASE_URL"]
        return psycopg.connect(url, autocommit=True, row_factory=namedtuple_row)


def host_files(system: System, files: Sequence[Json], log: Log, recorder: Recorder, books: Books) -> list[HostFile]:
    """Read every file with the bytes of every version."""
    recorder.read()
    writes, protection = recorder.writes(), books.protection()
    with requests.Session() as browser:
        browser.post(f"{system.confluence.origin}/_sim/be", json={"account": "dana"}, timeout=CALL_SECONDS)
        return [_host_file(system, browser, file, log, writes, protection) for file in files]


def _host_file(
    system: System,
    browser: requests.Session,
    file: Json,
    log: Log,
    writes: dict[str, list[Write]],
    protection: dict[str, str],
) -> HostFile:
    now, number = system.file(file), bare(file)
    if now["status"] == "trashed":
        act(system, "untrash", file, "dana")  # so that its versions can be read
    waiting = now["properties"].get(WAITLIST) or {}
    return HostFile(
        id=number,
        status=now["status"],
        writes=tuple(writes.get(number, ())),
        versions=tuple(_version(system, browser, version) for version in reversed(now["versions"])),
        waiting=tuple(waiting.get("askers", ())),
        protection=protection.get(number),
        trashed_by=tuple(sorted(log.trashed_by.get(number, ()))),
    )


def _version(system: System, browser: requests.Session, version: Json) -> FileVersion:
    answer = browser.get(system.confluence.origin + version["downloadUrl"], timeout=CALL_SECONDS)
    answer.raise_for_status()
    return FileVersion(
        at=_milliseconds(version["createdAt"]),
        author=version["authorId"],
        title=version["title"],
        message=version["message"],
        file_id=version["fileId"],
        digest=digest_of(answer.content),
    )


def _milliseconds(text: str) -> float:
    return round(datetime.fromisoformat(text).timestamp() * 1000)
