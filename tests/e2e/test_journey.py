"""The main job by people over HTTP, and that nothing about them or their files stays behind."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from lockpoint.cli import main
from tests.e2e.system import Json, System, wait_for

FILE_NAME = "Kanarienvogel-quarterly-figures.xlsx"
NOTE = "note-with-a-hummingbird"
REASON = "reason-with-a-nightingale"
CONTENT = "Bob was here with a goldfinch\n"
OURS = {"web", "worker", "clock"}
"""Processes whose logs are ours; names are the business of the local Confluence and the mail catcher."""


def _lock(system: System, name: str, file: Json, **body: object) -> Json:
    answer = system.person(name).call("POST", f"/attachments/{file['id']}/lock", dict(body))
    assert answer.status_code == 201, answer.text
    lock: Json = answer.json()["lock"]
    return lock


def _undone(system: System, file: Json) -> Json | None:
    now = system.file(file)
    return now if now["version"] >= 3 else None


PAGE_TITLE = "Zaunkönig & Söhne: plans"
NAMES = {
    "alice": "Alicia Kanarienvogel",
    "bob": "Bobby Nachtigall",
    "charlie": "Charly Zaunkönig",
    "dana": "Dana Kolibri",
}


@pytest.fixture
def words(system: System, tmp_path: Path) -> Iterator[Path]:
    """People with names that stand nowhere else, in a file for the scan; afterwards they are as before."""
    before = {p["name"]: p for p in system.confluence.site("acme")["people"] if p["name"] in NAMES}
    for name, shown in NAMES.items():
        _rename(system, name, shown, f"{name}@nachtigall.example.com")
    file = tmp_path / "words"
    canaries = {FILE_NAME, PAGE_TITLE, NOTE, REASON, CONTENT.strip(), "nachtigall.example.com", *NAMES.values()}
    file.write_text("\n".join(sorted(canaries)), encoding="utf-8")
    yield file
    for name, person in before.items():
        _rename(system, name, person["displayName"], person["email"])


def _rename(system: System, name: str, shown: str, address: str) -> None:
    system.confluence.post("/_sim/sites/acme/person", {"account": name, "displayName": shown, "email": address})


def _journey(system: System) -> None:
    """Everything that people do: lock with a note, wait, overwrite, preferences, extend, break, take over, unlock."""
    page = system.confluence.post("/_sim/sites/acme/page", {"account": "alice", "title": PAGE_TITLE})
    body = {"account": "alice", "pageId": page["id"], "fileName": FILE_NAME, "text": "first\n"}
    file = dict(system.confluence.post("/_sim/sites/acme/upload", body))
    path = f"/attachments/{file['id']}"
    lock = _lock(system, "alice", file, note=NOTE)
    system.person("charlie").call("PUT", f"{path}/notify-me")
    system.upload(file, "bob", CONTENT)
    wait_for("the overwrite to be undone", lambda: _undone(system, file))
    wait_for("mail to Bob", lambda: _mails(system, "bob", FILE_NAME))
    extended = system.person("alice").call("POST", f"{path}/lock/extend", {"lockId": lock["lockId"], "hours": 4})
    assert extended.status_code == 200, extended.text
    for address in ("/me/data", "/me/preferences"):
        assert system.person("alice").call("GET", address).status_code == 200
    ending = {"lockId": lock["lockId"], "reason": REASON}
    assert system.person("dana").call("POST", f"{path}/lock/break", ending).status_code == 200
    assert FILE_NAME in wait_for("mail to Alice about the break", lambda: _mails(system, "alice", REASON))[0]["text"]
    wait_for("mail to Charlie", lambda: _mails(system, "charlie", FILE_NAME))
    lock = _lock(system, "bob", file)
    taken = system.person("dana").call("POST", f"{path}/lock/take-over", {"lockId": lock["lockId"], "reason": REASON})
    assert taken.status_code == 201, taken.text
    ending = {"lockId": taken.json()["lock"]["lockId"]}
    assert system.person("dana").call("POST", f"{path}/lock/release", ending).status_code == 200


def _mails(system: System, name: str, text: str) -> list[Json] | None:
    return [mail for mail in system.mails_to(name) if text in mail["text"]] or None


def _scan(system: System, words: Path, *more: str) -> Result:
    """The scan over everything that there is: tables, queue, Redis, the logs of the app, a backup, metrics."""
    run = CliRunner(env=system.stack.environment).invoke
    log, backup = words.parent / "app.log", words.parent / "backup"
    log.write_text("\n".join(line for line in system.lines if line.split(" ", 1)[0] in OURS), encoding="utf-8")
    made = run(main, ["backup", "create", "--to", "-"])
    assert made.exit_code == 0, made.output
    backup.write_bytes(made.stdout_bytes)
    places = ["--logs", str(log), "--backup", str(backup), "--metrics", f"{system.app_url}/metrics"]
    return run(main, ["privacy", "scan", "--json", "--words", str(words), *places, *more])


@pytest.mark.timeout(300)
def test_nothing_about_people_or_files_is_stored_or_logged(system: System, words: Path) -> None:
    """Privacy §5: after a full journey no name, address, title, note, reason or content is anywhere."""
    others = system.people_files("globex")
    _journey(system)
    result = _scan(system, words)
    report = json.loads(result.stdout)
    assert (result.exit_code, report["hits"], report["notLookedAt"]) == (0, 0, []), result.output
    looked = {place["place"]: place["lookedAt"] for place in report["places"]}
    assert sum(count for place, count in looked.items() if place.startswith("table audit_event")) >= 6
    assert sum(count for place, count in looked.items() if place.startswith("table email_log")) >= 3
    assert all(looked[place] for place in looked)
    assert {"redis", "metrics"} <= set(looked)
    assert system.people_files("globex") == others


def test_the_scan_finds_a_name_in_a_log_of_the_system(system: System, words: Path) -> None:
    """A scan that cannot find anything proves nothing: the same scan finds a name in one more log."""
    log = words.parent / "planted.log"
    log.write_text(f"web opened by {NAMES['alice']}\n", encoding="utf-8")
    result = _scan(system, words, "--logs", str(log))
    assert (result.exit_code, json.loads(result.stdout)["hits"]) == (1, 1)
    assert NAMES["alice"] not in result.output


def test_the_scan_takes_its_words_from_the_sites(system: System) -> None:
    """Without words it reads names, addresses and titles as the app, and finds none of them."""
    result = CliRunner(env=system.stack.environment).invoke(main, ["privacy", "scan", "--json"])
    report = json.loads(result.stdout)
    assert (result.exit_code, report["hits"], report["sitesNotRead"]) == (0, 0, []), result.output
    assert report["words"] >= 10


def test_copy_mode_undoes_where_confluence_refuses_to_restore(system: System) -> None:
    """P-04: restore refused → recorded and told, the file left; with copy mode on, the protected bytes come back."""
    system.confluence.post("/_sim/sites/acme/behaviour", {"restoreAttachments": "refused"})
    admin = system.person("sam")
    try:
        file = system.new_file("copy-mode.txt", text="protected\n")
        _lock(system, "alice", file)
        system.upload(file, "bob", "intruding\n")
        path = f"/attachments/{file['id']}/lock"
        wait_for(
            "the lock to be shown as unprotected",
            lambda: system.person("alice").call("GET", path).json()["lock"]["unprotectedReason"],
        )
        assert system.file(file)["version"] == 2
        settings = admin.call("GET", "/settings").json()
        assert settings["restoreSelfTest"]["result"] == "refused"
        changed = admin.call("PUT", "/settings", {"copyMode": True, "revision": settings["revision"]})
        assert changed.status_code == 200, changed.text
        system.upload(file, "bob", "intruding again\n")
        restored = wait_for("the copy", lambda: system.file(file) if system.file(file)["version"] == 4 else None)
        assert system.confluence.download(restored["downloadUrl"], "alice") == b"protected\n"
        assert system.person("alice").call("GET", path).json()["lock"]["protection"] == "protected"
    finally:
        system.confluence.post("/_sim/sites/acme/behaviour", {"restoreAttachments": "allowed"})
