"""Backup and restore into a new database, against the running Confluence."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner
from flask import Flask
from psycopg import sql
from sqlalchemy import make_url

from lockpoint import bootstrap
from lockpoint.cli import main
from lockpoint.logs import configure_logs
from lockpoint.settings import Settings
from lockpoint.storage.engine import Database
from tests.e2e.system import System, request_id

NAME = "restored"
MakeApp = Callable[[dict[str, str]], Flask]
NEWER, OLDER = "a newer root key of more than 32 characters", "an older root key of more than 32 characters"


@pytest.fixture
def fresh(system: System) -> Iterator[dict[str, str]]:
    """The environment of the running app with an empty database."""
    variables = system.stack.environment
    name = sql.Identifier(NAME)
    with psycopg.connect(variables["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(sql.SQL("create database {}").format(name))
        other = make_url(variables["DATABASE_URL"]).set(database=NAME)
        yield {**variables, "DATABASE_URL": other.render_as_string(hide_password=False)}
        connection.execute(sql.SQL("drop database {} with (force)").format(name))


def command(variables: dict[str, str], *arguments: str, given: bytes = b"") -> Any:
    result = CliRunner(env=variables).invoke(main, arguments, input=given)
    assert result.exit_code == 0, result.output
    return result


@pytest.fixture
def app_with(monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeApp]:
    """Builds the web application for an environment."""
    opened: list[Database] = []

    def open_database(*values: Any, **named: Any) -> Database:
        opened.append(Database(*values, **named))
        return opened[-1]

    def build(variables: dict[str, str]) -> Flask:
        with monkeypatch.context() as patch:
            patch.setattr(bootstrap, "Database", open_database)
            return bootstrap.build_app(Settings.model_validate(variables))

    yield build
    for database in opened:
        database.close()


def deliver(system: System, app: Flask, file: dict[str, Any]) -> int:
    """Send a webhook as Confluence signs it."""
    path = "/connect/webhooks/attachment_updated"
    asked = {"site": "acme", "kind": "webhook", "method": "POST", "path": path}
    token = system.confluence.post("/_sim/tokens", asked)["token"]
    body = json.dumps({"attachments": [{"id": file["id"].removeprefix("att")}]})
    headers = {"Authorization": f"JWT {token}", "Content-Type": "application/json"}
    return app.test_client().post(path, data=body, headers=headers).status_code


def lock_call(system: System, app: Flask, file: dict[str, Any], path: str = "", **body: str) -> Any:
    return app.test_client().post(
        f"/api/v1/attachments/{file['id']}/lock{path}",
        json={"requestId": request_id(), **body},
        headers={"Authorization": f"JWT {system.person('alice').token()}"},
    )


def test_a_restored_backup_makes_a_working_app(system: System, fresh: dict[str, str], app_with: MakeApp) -> None:
    """F35: restored under a newer key."""
    file = system.new_file("after the loss.txt")
    made = command(system.stack.environment, "backup", "create", "--to", "-")
    variables = {**fresh, "LOCKPOINT_SECRET_KEYS": f"{NEWER},{fresh['LOCKPOINT_SECRET_KEYS']}"}
    command(variables, "migrate")
    assert deliver(system, app_with(variables), file) == 401, "nobody is known before the restore"
    restored = command(variables, "backup", "restore", "--from", "-", "--json", given=made.stdout_bytes)
    assert json.loads(restored.stdout)["activeSites"] == 2
    app = app_with(variables)
    assert deliver(system, app, file) == 204
    locked = lock_call(system, app, file)
    assert locked.status_code == 201, locked.text
    lock_id = locked.json["lock"]["lockId"]
    assert lock_call(system, app, file, "/release", lockId=lock_id).status_code == 200


def test_wrong_root_keys_are_a_503_that_tells_the_operator(system: System, app_with: MakeApp) -> None:
    """Not a 500 and not a 401: Confluence made no error."""
    file, logged = system.new_file("with a wrong key.txt"), io.StringIO()
    configure_logs(stream=logged)
    app = app_with({**system.stack.environment, "LOCKPOINT_SECRET_KEYS": NEWER})
    assert deliver(system, app, file) == 503
    answer = app.test_client().get(
        f"/api/v1/attachments/{file['id']}/lock",
        headers={"Authorization": f"JWT {system.person('alice').token()}"},
    )
    assert (answer.status_code, answer.json["error"]) == (503, "busy")
    assert "Retry-After" in answer.headers
    said = logged.getvalue()
    assert "secret_unreadable" in said
    assert "no key of LOCKPOINT_SECRET_KEYS opens it" in said
    assert "docs/secrets.md" in said


def test_live_locks_are_signed_again_by_the_command(system: System, app_with: MakeApp) -> None:
    """By `keys rotate --locks`; the lock continues."""
    variables, file = dict(system.stack.environment), system.new_file("rotated.txt")
    newest = variables["LOCKPOINT_SECRET_KEYS"]
    locked = lock_call(system, app_with({**variables, "LOCKPOINT_SECRET_KEYS": f"{OLDER},{newest}"}), file)
    assert locked.status_code == 201, locked.text
    both = {**variables, "LOCKPOINT_SECRET_KEYS": f"{newest},{OLDER}"}

    def status() -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = json.loads(command(both, "keys", "status", "--json").stdout)
        return rows

    new, old = status()
    assert (old["is"], old["liveLocks"], old["droppableFrom"]) == ("old", 1, None)
    assert signer(system, file) == old["key"]
    report = json.loads(command(both, "keys", "rotate", "--locks", "--json").stdout)
    assert (report["locksSigned"], report["locksLeft"], report["sitesLeft"]) == (1, [], [])
    assert signer(system, file) == new["key"]
    assert status()[1]["liveLocks"] == 0
    seen = system.person("alice").call("GET", f"/attachments/{file['id']}/lock").json()["lock"]
    assert (seen["state"], seen["lockId"]) == ("mine", locked.json["lock"]["lockId"])


def signer(system: System, file: dict[str, Any]) -> str:
    return str(system.file(file)["properties"]["lockpointlock"]["mac"]).partition(":")[0]
