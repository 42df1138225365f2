"""The journeys leave no data about people or files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from devstack.confluence import SITES
from lockpoint.cli import main
from tests.e2e.journeys import CANARIES, CONTENT, NAMES, OURS, PROTECTED, Journeys, disguised
from tests.e2e.system import Json, System
from tests.support.stored import unexplained


@pytest.fixture(scope="module")
def others(system: System) -> list[Json]:
    """The second site's files before the journeys."""
    return system.people_files("globex")


@pytest.fixture(scope="module")
def journeys(system: System, others: list[Json]) -> Iterator[Journeys]:
    assert others
    with disguised(system):
        gone = Journeys(system)
        gone.run()
        yield gone


@pytest.fixture
def words(journeys: Journeys, tmp_path: Path) -> Path:
    assert journeys.page
    file = tmp_path / "words"
    file.write_text("\n".join(sorted(CANARIES)), encoding="utf-8")
    return file


def _log_of_the_database(system: System) -> Path:
    return system.stack.folder / "postgres" / "postgres.log"


def _scan(system: System, words: Path, *more: str) -> Result:
    """Scan tables, queue, Redis, logs, a backup and metrics."""
    run = CliRunner(env=system.stack.environment).invoke
    log, backup = words.parent / "app.log", words.parent / "backup"
    log.write_text("\n".join(line for line in system.lines if line.split(" ", 1)[0] in OURS), encoding="utf-8")
    made = run(main, ["backup", "create", "--to", "-"])
    assert made.exit_code == 0, made.output
    backup.write_bytes(made.stdout_bytes)
    places = [
        "--logs",
        str(log),
        "--logs",
        str(_log_of_the_database(system)),
        "--backup",
        str(backup),
        "--metrics",
        f"{system.app_url}/metrics",
    ]
    return run(main, ["privacy", "scan", "--json", "--words", str(words), *places, *more])


def test_nothing_about_people_or_files_is_stored_or_logged(system: System, words: Path, others: list[Json]) -> None:
    """Privacy §5"""
    result = _scan(system, words)
    report = json.loads(result.stdout)
    assert (result.exit_code, report["hits"], report["notLookedAt"]) == (0, 0, []), result.output
    assert report["words"] == len(CANARIES)
    looked = {place["place"]: place["lookedAt"] for place in report["places"]}
    assert sum(count for place, count in looked.items() if place.startswith("table audit_event")) >= 15
    assert sum(count for place, count in looked.items() if place.startswith("table email_log")) >= 8
    tables = {"lock_witness", "site_state", "usage_daily", "privacy_request", "request_outcome", "installation_event"}
    assert {"redis", "metrics", *(f"table {name}" for name in tables)} <= {
        name for name, count in looked.items() if count
    }
    assert "queue procrastinate_jobs" in looked  # which may be empty by now
    assert system.people_files("globex") == others


@pytest.mark.usefixtures("journeys")
def test_all_that_is_stored_is_in_the_inventory(system: System) -> None:
    settings = system.stack.environment
    assert unexplained(settings["DATABASE_URL"], settings["REDIS_URL"]) == []


def test_the_database_server_logs_no_account(system: System, journeys: Journeys) -> None:
    """C4: keys of violated indexes, values of failed statements."""
    assert journeys.page
    log = _log_of_the_database(system).read_text(encoding="utf-8", errors="replace")
    accounts = {person["accountId"] for site in SITES for person in system.confluence.site(site)["people"]}
    assert accounts
    assert [account for account in accounts if account in log] == []


def test_the_scan_finds_a_name_in_a_log_of_the_system(system: System, words: Path) -> None:
    """Proves that the same scan can find a word."""
    log = words.parent / "planted.log"
    log.write_text(f"web opened by {NAMES['alice']}\n", encoding="utf-8")
    result = _scan(system, words, "--logs", str(log))
    assert (result.exit_code, json.loads(result.stdout)["hits"]) == (1, 1)
    assert NAMES["alice"] not in result.output


def test_the_scan_takes_its_words_from_the_sites(system: System) -> None:
    """Read as the app."""
    result = CliRunner(env=system.stack.environment).invoke(main, ["privacy", "scan", "--json"])
    report = json.loads(result.stdout)
    assert (result.exit_code, report["hits"], report["sitesNotRead"]) == (0, 0, []), result.output
    assert report["words"] >= 10


def test_copy_mode_undoes_where_confluence_refuses_to_restore(journeys: Journeys) -> None:
    """P-04: without copy mode the overwrite is only recorded and reported."""
    found = journeys.results
    assert (found["left alone at"], found["self-test"]) == (2, "refused")
    assert (found["copied"], found["protection"]) == (PROTECTED, "protected")
    assert CONTENT not in found["copied"]
