"""`lockpoint privacy mail-log` as an operator calls it, on a real database."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Connection

from lockpoint.cli import main
from lockpoint.domain.events import MailKind
from lockpoint.storage.engine import Database
from lockpoint.storage.keyring import Keyring, keyring
from lockpoint.storage.notifications import mail_log
from lockpoint.storage.partitions import with_partitions
from lockpoint.storage.tenancy.installations import PostgresInstallations
from tests.commands.test_backup import NEW, OLD, environment
from tests.storage.builders import everything
from tests.storage.conftest import install

ALICE, BOB = "alice@mail.example.com", "bob@mail.example.com"
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture
def logged(database_url: str) -> Iterator[Database]:
    """Mails to two people on two sites, from before and after a change of keys."""
    database = Database(database_url, size=2)
    installations = PostgresInstallations(database, keyring([OLD]))
    for name in ("acme", "globex"):
        install(installations, name)
    rows = [
        (1, 0, MailKind.LOCK_ENDED, ALICE, keyring([OLD])),
        (1, 1, MailKind.FILE_AVAILABLE, ALICE, keyring([NEW, OLD])),
        (2, 2, MailKind.LOCK_ENDED, ALICE, keyring([NEW, OLD])),
        (1, 3, MailKind.LOCK_ENDED, BOB, keyring([OLD])),
        (1, 4, MailKind.LOCK_ENDED, None, keyring([OLD])),
    ]

    def write(connection: Connection) -> None:
        for tenant_id, hours, kind, address, keys in rows:
            at, hashed = NOW + timedelta(hours=hours), hashed_under(keys, address)
            mail_log.append(connection, tenant_id, at=at, kind=kind, result="sent", address=hashed)

    with_partitions(database, [NOW], write)
    yield database
    database.close()


def hashed_under(keys: Keyring, address: str | None) -> Any:
    return None if address is None else keys.hash_address(address)


@pytest.fixture
def variables(database_url: str, redis_url: str) -> dict[str, str]:
    return environment(database_url, redis_url, NEW, OLD)


def run(variables: dict[str, str], *arguments: str, given: str) -> Result:
    return CliRunner(env=variables).invoke(main, ("privacy", "mail-log", *arguments), input=given)


def told(result: Result) -> list[tuple[str, str, str]]:
    assert result.exit_code == 0, result.output
    return [(row["at"][11:13], row["site"].split(".")[0], row["kind"]) for row in json.loads(result.stdout)]


@pytest.mark.usefixtures("logged")
def test_somebody_who_knows_the_address_can_be_answered(variables: dict[str, str]) -> None:
    """Every mail to the address, for any configured key and spelling; no other person's."""
    mine = [
        ("09", "https://acme", MailKind.LOCK_ENDED),
        ("10", "https://acme", MailKind.FILE_AVAILABLE),
        ("11", "https://globex", MailKind.LOCK_ENDED),
    ]
    assert told(run(variables, "--json", given=f"{ALICE}\n")) == mine
    assert told(run(variables, "--json", given=f"  {ALICE.upper()}")) == mine
    assert told(run(variables, "--json", "--site", "globex.example", given=ALICE)) == mine[2:]
    only_new = {**variables, "LOCKPOINT_SECRET_KEYS": NEW}
    assert told(run(only_new, "--json", given=ALICE)) == mine[1:], "a hash under a dropped key tells nothing"
    nobody = run(variables, given="charlie@mail.example.com\n")
    assert (nobody.exit_code, nobody.stdout) == (0, "No mail to this address is in the log.\n")


def test_the_address_is_kept_nowhere(variables: dict[str, str], logged: Database) -> None:
    """Neither output nor database has it; the request is recorded on the sites concerned."""
    command = [sys.executable, "-m", "lockpoint", "privacy", "mail-log"]
    done = subprocess.run(command, env=variables, input=ALICE, capture_output=True, text=True, check=True)
    assert "acme.example" in done.stdout
    assert ALICE not in done.stdout + done.stderr + everything(logged)
    with logged.single() as connection:
        noted = connection.exec_driver_sql(
            'SELECT tenant_id, "right", origin, done_at IS NOT NULL FROM privacy_request ORDER BY 1'
        ).all()
    assert [tuple(row) for row in noted] == [(1, "copy", "operator", True), (2, "copy", "operator", True)]


@pytest.mark.parametrize("given", ["", "\n", "somebody", "two words@mail.example.com", f"{'a' * 320}@mail.example.com"])
def test_what_is_no_address_is_wrong_usage(variables: dict[str, str], given: str) -> None:
    """Code 2, input not repeated; no argument is accepted, since others can see arguments."""
    refused = run(variables, given=given)
    assert refused.exit_code == 2
    assert not given.strip() or given.strip() not in refused.output
    assert run(variables, ALICE, given=ALICE).exit_code == 2
