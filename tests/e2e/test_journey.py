"""The main job by people over HTTP, and that nothing about them or their files stays behind."""

from __future__ import annotations

import psycopg
import pytest

from tests.e2e import scanning
from tests.e2e.system import Json, System, wait_for

FILE_NAME = "Kanarienvogel-quarterly-figures.xlsx"
NOTE = "note-with-a-hummingbird"
REASON = "reason-with-a-nightingale"


def _lock(system: System, name: str, file: Json, **body: object) -> Json:
    answer = system.person(name).call("POST", f"/attachments/{file['id']}/lock", dict(body))
    assert answer.status_code == 201, answer.text
    lock: Json = answer.json()["lock"]
    return lock


def _undone(system: System, file: Json) -> Json | None:
    now = system.file(file)
    return now if now["version"] >= 3 else None


@pytest.mark.timeout(300)
def test_nothing_about_people_or_files_is_stored_or_logged(system: System) -> None:
    """Privacy §1: after lock, overwrite, mails, break and unlock no name, address, title, note or reason is left."""
    others = system.people_files("globex")
    file = system.new_file(FILE_NAME)
    lock = _lock(system, "alice", file, note=NOTE)
    system.person("charlie").call("PUT", f"/attachments/{file['id']}/notify-me")
    system.upload(file, "bob", "Bob was here\n")
    wait_for("the overwrite to be undone", lambda: _undone(system, file))
    wait_for("mail to Bob", lambda: [m for m in system.mails_to("bob") if FILE_NAME in m["text"]] or None)
    broken = system.person("dana").call(
        "POST", f"/attachments/{file['id']}/lock/break", {"lockId": lock["lockId"], "reason": REASON}
    )
    assert broken.status_code == 200, broken.text
    mail = wait_for(
        "mail to Alice about the break", lambda: [m for m in system.mails_to("alice") if REASON in m["text"]] or None
    )
    assert FILE_NAME in mail[0]["text"]
    wait_for("mail to Charlie", lambda: [m for m in system.mails_to("charlie") if FILE_NAME in m["text"]] or None)

    people = system.confluence.site("acme")["people"]
    words = {FILE_NAME, NOTE, REASON, "Release plan", "Bob was here"}
    words |= {p["displayName"] for p in people if p["role"] != "app"} | {p["email"] for p in people if p["email"]}
    environment = system.stack.environment
    assert scanning.found(words, scanning.places_in_postgres(environment["DATABASE_URL"])) == []
    assert scanning.found(words, scanning.places_in_redis(environment["REDIS_URL"])) == []
    assert scanning.found(words, scanning.places_in_logs(system.lines)) == []
    assert system.people_files("globex") == others


def test_the_scan_finds_a_planted_name(system: System) -> None:
    """A scan that cannot find anything proves nothing: a name planted in a table, in Redis and in a log is found."""
    url = system.stack.environment["DATABASE_URL"].replace("+psycopg", "")
    word = "planted-canary-name"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("create table planted (word text)")
        connection.execute("insert into planted values (%s)", [word])
    try:
        assert scanning.found([word], scanning.places_in_postgres(url)) != []
    finally:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("drop table planted")
    client = scanning.redis.Redis.from_url(system.stack.environment["REDIS_URL"])
    client.set(word, "1", ex=60)
    assert scanning.found([word], scanning.places_in_redis(system.stack.environment["REDIS_URL"])) != []
    client.delete(word)
    assert scanning.found([word], scanning.places_in_logs([f"web {word}"])) != []


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
