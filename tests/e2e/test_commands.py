from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner, Result

from lockpoint.cli import main
from tests.e2e.system import System, wait_for

Run = Callable[..., Result]


@pytest.fixture
def run(system: System) -> Run:
    """Runs `lockpoint …` in the environment of the running processes."""

    def command(*arguments: str) -> Result:
        return CliRunner(env=system.stack.environment).invoke(main, arguments)

    return command


def _json(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_sites_are_listed_and_found_by_any_name(system: System, run: Run) -> None:
    """By number, address or host."""
    listed = _json(run("site", "list", "--json"))
    assert [row["site"] for row in listed] == [f"http://{host}/wiki" for host in system.confluence.hosts]
    names = [str(listed[0]["id"]), listed[0]["site"], system.confluence.hosts[0]]
    shown = [_json(run("site", "show", name, "--json")) for name in names]
    assert shown[0] == shown[1] == shown[2]
    assert (shown[0]["id"], shown[0]["copyMode"]) == (listed[0]["id"], False)
    assert listed[0]["site"] in run("site", "list").stdout


def test_doctor_finds_nothing_wrong_with_a_running_installation(run: Run) -> None:
    """E3: settings, database, Redis, mail, key hosts, clock and base URL."""
    found = _json(run("doctor", "--json"))
    assert {one["what"]: one["state"] for one in found} == dict.fromkeys(
        ["settings", "database", "redis", "mail", "key host", "tokens", "clock", "base url"], "fine"
    )


def test_site_show_tells_what_the_restore_self_test_found(system: System, run: Run) -> None:
    """After the install, and with `--test`."""
    host = system.confluence.hosts[1]
    first = wait_for(
        "the self-test", lambda: (shown := _json(run("site", "show", host, "--json")))["restoreTestedAt"] and shown
    )
    assert first["restoreSelfTest"] == "works"
    again = _json(run("site", "show", host, "--test", "--json"))
    assert again["restoreSelfTest"] == "works"
    assert again["restoreTestedAt"] > first["restoreTestedAt"]


def test_a_lock_is_shown_and_ended_by_an_operator(system: System, run: Run) -> None:
    """Its holder gets mail."""
    file, host = system.new_file("operated.txt"), system.confluence.hosts[0]
    alice = system.person("alice")
    shown = _json(run("lock", "show", file["id"], "--site", host, "--json"))
    assert (shown["state"], shown["file"], shown["protection"]) == ("never locked", file["title"], None)
    assert shown["page"].startswith("page ")
    assert run("lock", "end", file["id"], "--site", host, "--reason", "x").exit_code == 1
    locked = alice.insist("POST", f"/attachments/{file['id']}/lock").json()["lock"]
    shown = _json(run("lock", "show", file["id"], "--site", host, "--json"))
    assert (shown["state"], shown["lockId"], shown["protectedVersion"]) == ("held", locked["lockId"], 1)
    assert shown["protection"]
    assert shown["holder"] == system.account_of("alice")
    ended = run("lock", "end", file["id"], "--site", host, "--reason", "Moved to another site")
    assert (ended.exit_code, ended.stdout) == (0, "Ended.\n")
    assert alice.insist("GET", f"/attachments/{file['id']}/lock").json()["lock"]["state"] == "free"
    assert "broken" in run("lock", "show", file["id"], "--site", host).stdout
    wait_for("a mail to Alice", lambda: [m for m in system.mails_to("alice") if file["title"] in m["subject"]] or None)


def test_reconcile_undoes_what_no_event_told(system: System, run: Run) -> None:
    """The overwrite's webhook was lost."""
    file, host = system.new_file("reconciled.txt", text="mine\n"), system.confluence.hosts[0]
    assert system.person("alice").insist("POST", f"/attachments/{file['id']}/lock").status_code == 201
    system.confluence.post("/_sim/webhooks/settings", {"site": "acme", "loseNext": 1})
    try:
        assert system.upload(file, "bob", "theirs\n")["version"] == 2
        done = run("site", "reconcile", host)
        assert done.exit_code == 0, done.output
        assert int(done.stdout.split()[0]) >= 1
        head = system.file(file)
        assert head["version"] == 3
        assert system.confluence.download(head["downloadUrl"], "alice") == b"mine\n"
    finally:
        system.confluence.post("/_sim/webhooks/settings", {"site": "acme", "loseNext": 0})


def test_parked_jobs_are_listed_and_dropped_or_tried_again(system: System, run: Run) -> None:
    assert run("jobs", "retry", "999999").exit_code == run("jobs", "drop", "999999").exit_code == 1
    with psycopg.connect(system.stack.environment["DATABASE_URL"], autocommit=True) as connection:
        park = """insert into procrastinate_jobs (queue_name, task_name, args, status, attempts)
                  values ('lockpoint', 'reconcile', %s, 'failed', 5) returning id"""
        arguments = json.dumps({"tenant_id": 1, "subject": "424242", "cause": "BadAnswer"})
        ids = [str(row[0]) for _ in range(2) for row in connection.execute(park, [arguments]).fetchall()]
    listed = {str(row["id"]): row for row in _json(run("jobs", "list", "--json"))}
    assert all(listed[id_]["cause"] == "BadAnswer" for id_ in ids)
    assert run("jobs", "drop", ids[0]).exit_code == 0
    assert run("jobs", "retry", ids[1]).exit_code == 0
    assert not {str(row["id"]) for row in _json(run("jobs", "list", "--json"))} & set(ids)


def test_parked_jobs_of_a_kind_are_tried_again_together(system: System, run: Run) -> None:
    """After a mail server was away; others stay parked."""
    with psycopg.connect(system.stack.environment["DATABASE_URL"], autocommit=True) as connection:
        park = """insert into procrastinate_jobs (queue_name, task_name, args, status, attempts)
                  values ('lockpoint', %s, '{"tenant_id": 1, "subject": "424243"}', 'failed', 5) returning id"""
        kinds = ("send_mail", "send_mail", "reconcile")
        ids = [str(row[0]) for kind in kinds for row in connection.execute(park, [kind]).fetchall()]
    done = run("jobs", "retry", "--kind", "send_mail")
    assert (done.exit_code, done.stdout) == (0, "2 queued for a worker.\n"), done.output
    assert {str(row["id"]) for row in _json(run("jobs", "list", "--json"))} & set(ids) == {ids[2]}
    assert run("jobs", "drop", ids[2]).exit_code == 0
    assert run("jobs", "retry").exit_code == run("jobs", "retry", ids[2], "--kind", "send_mail").exit_code == 2


def test_keys_are_rotated(system: System, run: Run) -> None:
    done = _json(run("keys", "rotate", "--json"))
    assert done["sitesAlready"] + done["sitesSealed"] >= 2
    assert system.person("alice").insist("GET", "/pages/98311/attachments").status_code == 200


@pytest.mark.parametrize(
    "arguments",
    [
        ("lock", "show", "x", "--site", "1"),
        ("lock", "show", "1"),
        ("site", "paint"),
        ("jobs", "drop", "x"),
        ("nothing",),
    ],
)
def test_wrong_usage_is_code_2(run: Run, arguments: tuple[str, ...]) -> None:
    assert run(*arguments).exit_code == 2


def test_what_is_not_there_is_code_1_with_a_reason(system: System, run: Run) -> None:
    """The reason is on stderr."""
    nowhere = run("site", "show", "nowhere.example.com")
    assert (nowhere.exit_code, nowhere.stdout) == (1, "")
    assert "no active site nowhere.example.com" in nowhere.stderr
    gone = run("lock", "show", "987654321", "--site", system.confluence.hosts[0])
    assert gone.exit_code == 1
    assert "There is no such attachment, page or person on this site, or the app may not see it." in gone.stderr
    unset = CliRunner(env=dict.fromkeys(system.stack.environment)).invoke(main, ["site", "list"])
    assert unset.exit_code == 1
    assert "DATABASE_URL: is missing" in unset.stderr
