"""Mails with the site's own text: which one, and what it may name."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from lockpoint.domain.mails.mail_templates import MailTemplate
from lockpoint.services.notifications import preferences
from lockpoint.services.notifications.preferences import Preferences
from lockpoint.services.ports.jobs import JobKind
from lockpoint.services.ports.notifications import MailFacts
from lockpoint.services.tenancy import mail_texts
from tests.fakes.world import ACME, ALICE, BOB, DANA, SAM, START
from tests.services.stage import Stage, untouched

TEXT = MailTemplate("{attachment}", "{owner} {lockedDate}")


def _write(stage: Stage, *mails: str, text: MailTemplate | None = TEXT, language: str = "en") -> None:
    services, sam = stage.world.services, stage.world.actor(SAM)
    revision = mail_texts.overview(services, sam).revision
    mail_texts.change(services, sam, language, revision=revision, changes=dict.fromkeys(mails, text))
    stage.world.clock.advance(seconds=5)


def _sent(stage: Stage) -> dict[str, MailFacts]:
    stage.run_jobs(JobKind.SEND_MAIL)
    return {address: facts for address, facts, _ in stage.world.services.mailer.box}


def _overwritten(stage: Stage) -> None:
    stage.lock()
    stage.world.clock.advance(minutes=1)
    stage.upload(BOB, b"Bob's")
    stage.reconcile()


def test_a_mail_has_the_text_of_its_event_and_language(stage: Stage) -> None:
    """What nobody wrote has the words of the app; a text names the lock's owner and times; the other site has none."""
    _write(stage, "overwrite_attempt.undone")
    _write(stage, "upload_undone.undone", language="de")
    begun = stage.world.clock.now()
    _overwritten(stage)
    sent = _sent(stage)
    told = sent["alice@example.com"].told
    assert told is not None
    assert (told.template, told.language, told.owner_name, told.tried) == (TEXT, "en", "Alice", False)
    assert (told.locked_at, told.ends_at) == (begun, stage.held.expires_at)
    assert sent["bob@example.com"].told is None
    assert untouched(stage)


def test_the_language_is_the_recipients(stage: Stage) -> None:
    _write(stage, "upload_undone.undone", language="de")
    preferences.change(stage.world.services, stage.world.actor(BOB), Preferences(locale="de-CH"))
    _overwritten(stage)
    told = _sent(stage)["bob@example.com"].told
    assert told is not None
    assert (told.language, told.owner_name) == ("de", "Alice")


@pytest.mark.parametrize("begun", ["locked", "taken_over"])
def test_an_ended_lock_has_its_begin_from_the_audit_log(stage: Stage, begun: str) -> None:
    """Also one that was taken over; a lock of which the log knows no more has none."""
    _write(stage, "lock_ended_by_other")
    lock = stage.lock(BOB if begun == "taken_over" else ALICE)
    stage.world.clock.advance(hours=1)
    if begun == "taken_over":
        stage.take_over(stage.held.lock_id, DANA)
        stage.world.clock.advance(hours=1)
    began = stage.held.acquired_at
    assert lock is not None
    stage.break_(stage.held.lock_id, SAM)
    ended = stage.world.clock.now()
    holder = "dana@example.com" if begun == "taken_over" else "alice@example.com"
    told = _sent(stage)[holder].told
    assert told is not None
    assert (told.locked_at, told.ends_at) == (began, ended)
    stage.world.tables.audit.clear()
    stage.lock()
    stage.world.tables.audit.clear()
    stage.break_(stage.held.lock_id, SAM)
    told = _sent(stage)["alice@example.com"].told
    assert told is not None
    assert told.locked_at is None


def test_who_waited_reads_who_had_locked_it(stage: Stage) -> None:
    """The owner is neither recipient nor other person: the name costs a point."""
    _write(stage, "file_available")
    stage.lock()
    stage.ask(BOB)
    stage.break_(stage.held.lock_id, DANA)
    stage.run_jobs()
    told = _sent(stage)["bob@example.com"].told
    assert told is not None
    assert told.owner_name == "Alice"


def test_a_text_that_changes_while_a_mail_is_made(stage: Stage) -> None:
    """A mail has the whole old text or the whole new one; the next has the new one."""
    _write(stage, "overwrite_attempt.undone", "upload_undone.undone")
    _overwritten(stage)
    new = MailTemplate("new", "new")
    calls = stage.taps.calls["people.address"]
    stage.taps.before["people.address", calls + 1] = lambda: _write(
        stage, "overwrite_attempt.undone", "upload_undone.undone", text=new
    )
    sent = _sent(stage)
    texts = {address: facts.told.template for address, facts in sent.items() if facts.told}
    assert texts == {"alice@example.com": TEXT, "bob@example.com": new}


def test_texts_cost_nothing_where_nobody_wrote_any(stage: Stage) -> None:
    """One point an hour and process."""
    stage.lock()
    for number in range(4):
        stage.world.clock.advance(minutes=11)
        stage.upload(BOB, b"%d" % number)
        stage.reconcile()
        stage.run_jobs(JobKind.SEND_MAIL)
    assert len(stage.world.services.mailer.box) >= 3
    assert stage.taps.calls["properties.read_app"] == 3  # twice settings, once texts


def test_a_lock_nobody_knows_has_no_facts(stage: Stage) -> None:
    """The witness is gone: the text is sent with what is left."""
    _write(stage, "lock_ended")
    stage.lock()
    stage.world.clock.advance(hours=49)
    stage.sweep()
    stage.world.tables.witnesses.clear()
    told = _sent(stage)["alice@example.com"].told
    assert told is not None
    assert replace(told, template=TEXT) == replace(told, template=TEXT, owner_name=None, locked_at=None, ends_at=None)
    assert ACME.id in stage.world.tables.states
    assert stage.world.clock.now() - START > timedelta(hours=49)
