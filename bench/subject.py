"""The application under test, its database, one installed site, and that site's signed requests."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt

from devstack.databases.guardian import Guardian
from devstack.databases.postgres import Postgres
from lockpoint.connect import qsh
from lockpoint.services.ports.tenancy import Registration
from lockpoint.storage.engine import Database
from lockpoint.storage.keyring import keyring
from lockpoint.storage.migrate import migrate
from lockpoint.storage.tenancy.installations import PostgresInstallations

BASE_URL = "http://127.0.0.1:5000"
SITE_KEY, SECRET, ROOT_KEY = "bench-client-key", "b" * 40, "bench-root-key-of-more-than-32-characters"
PERSON = "557058:bench"
PEOPLE = 500
BODY = {
    "userAccountId": PERSON,
    "accountType": "customer",
    "timestamp": 1795292052345,
    "attachedTo": {"id": "98311", "idAsString": "98311", "title": "x" * 200, "contentType": "page", "spaceKey": "DS"},
    "attachments": [{"id": "131203", "idAsString": "131203", "fileName": "y" * 100, "version": 3, "comment": "z" * 99}],
}


@dataclass(frozen=True)
class Subject:
    """The application's settings, and signing of requests."""

    environment: dict[str, str]

    def address(self, method: str, path: str, kind: str) -> str:
        """Return path and query; frames carry their token in the query."""
        if kind != "frame":
            return path
        query = "pageId=98311&spaceKey=DS&xdm_e=https%3A%2F%2Fx.atlassian.net&xdm_c=c&cp=%2Fwiki&lic=active&cv=1"
        return f"{path}?{query}&jwt={self._token(method, f'{path}?{query}', kind)}"

    def wrk_script(self, method: str, path: str, kind: str) -> str:
        """Return wrk's script; its tokens outlive a round. One person may have few requests at work, so many ask."""
        lines = [f'wrk.method = "{method}"']
        if kind == "context":
            tokens = [self._token(method, path, kind, f"{PERSON}-{number}") for number in range(PEOPLE)]
            lines += [f"local tokens = {{{', '.join(map(json.dumps, tokens))}}}", "local turn = math.random(#tokens)"]
            lines += ["request = function()", "turn = turn % #tokens + 1"]
            lines += ['wrk.headers["Authorization"] = "JWT " .. tokens[turn]', "return wrk.format()", "end"]
        if kind == "webhook":
            lines.append(f'wrk.headers["Authorization"] = "JWT {self._token(method, path, kind)}"')
        if method == "POST":
            lines += ['wrk.headers["Content-Type"] = "application/json"', f"wrk.body = {json.dumps(json.dumps(BODY))}"]
        return "\n".join(lines)

    def _token(self, method: str, target: str, kind: str, person: str = PERSON) -> str:
        now = int(time.time())
        hashed = qsh.CONTEXT if kind == "context" else qsh.accepted_hashes(method, target, "")[0]
        claims: dict[str, Any] = {"iss": SITE_KEY, "iat": now, "exp": now + 600, "qsh": hashed, "sub": person}
        return jwt.encode(claims, SECRET, "HS256")


@contextmanager
def prepared(folder: Path) -> Iterator[Subject]:
    """Yield a durable Postgres with schema and one installed site."""
    guardian = Guardian()
    postgres = Postgres(folder / "postgres", guardian)
    try:
        postgres.start()
        postgres.ensure_database("bench")
        url = postgres.url("bench").replace("postgresql://", "postgresql+psycopg://")
        migrate(url)
        installations = PostgresInstallations(Database(url), keyring([ROOT_KEY]))
        with installations.change(SITE_KEY, "https://bench.atlassian.net/wiki") as change:
            change.store(Registration(site_key=SITE_KEY, base_url="https://bench.atlassian.net/wiki", secret=SECRET))
        yield Subject(_environment(url))
    finally:
        postgres.stop()
        guardian.close()


def _environment(url: str) -> dict[str, str]:
    return {
        "DATABASE_URL": url,
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "LOCKPOINT_BASE_URL": BASE_URL,
        "LOCKPOINT_SECRET_KEYS": ROOT_KEY,
        "LOCKPOINT_MAIL_URL": "smtp://127.0.0.1:1",
        "LOCKPOINT_MAIL_FROM": "bench@example.com",
    }
