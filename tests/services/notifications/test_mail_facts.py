"""What a mail says is read when it is sent: reasons, names, times and addresses."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from lockpoint.domain.events import MailKind
from lockpoint.services.notifications import mail_facts
from lockpoint.services.notifications.preferences import Preferences
from lockpoint.services.ports.jobs import JobKind
from tests.fakes.world import ACME, BOB, DANA, SAM, START
from tests.services.notifications.sent import results, sent_to
from tests.services.stage import Stage


def test_the_reason_reaches_the_holder_and_is_stored_nowhere(stage: Stage) -> None:
    """M-06, P-03, L-21, L-08: read from the signed property at sending."""
    stage.lock()
    stage.world.clock.advance(hours=1)
    stage.break_(stage.held.lock_id, DANA, why="audit tomorrow")
    stage.run_jobs(JobKind.SEND_MAIL)
    facts = sent_to(stage)["alice@example.com"]
    assert (facts.kind, facts.reason, facts.actor_name) == (MailKind.LOCK_ENDED_BY_OTHER, "audit tomorrow", "Dana")
    assert facts.at == START + timedelta(hours=1)


def test_the_reason_survives_a_take_over_and_is_gone_after_the_next_end(stage: Stage) -> None:
    """Amendment 5: after the next end, the mail has no reason."""
    stage.lock()
    new = stage.take_over(stage.held.lock_id, DANA, why="mine").lock.lock_id or ""
    stored = next(iter(stage.world.tables.intents.values()))
    assert mail_facts.about_one(stage.world.services, ACME, [stored], Preferences())[0].reason == "mine"
    stage.release(new, DANA)
    assert mail_facts.about_one(stage.world.services, ACME, [stored], Preferences())[0].reason is None


def test_the_holder_of_a_purged_file_is_told_without_its_name(stage: Stage) -> None:
    """L-46."""
    stage.lock()
    stage.world.site().purge(stage.file.id)
    stage.sweep()
    stage.run_jobs(JobKind.SEND_MAIL)
    facts = sent_to(stage)["alice@example.com"]
    assert (facts.kind, facts.detail, facts.file_name) == (MailKind.LOCK_ENDED, "file_gone", "")
    assert facts.page_title == "Release plan"


def test_a_purged_file_on_a_page_that_is_closed_now(stage: Stage) -> None:
    """Without view permission the mail is not sent."""
    stage.lock()
    stage.world.site().purge(stage.file.id)
    stage.sweep()
    stage.world.site().pages[stage.file.container.id].restricted_to = {BOB}
    stage.run_jobs(JobKind.SEND_MAIL)
    assert results(stage) == ["not_visible"]


def test_the_reason_of_another_ending_is_not_quoted(stage: Stage) -> None:
    """M-06: a mail that is late tells nothing of the next lock's end."""
    for manager, why in ((DANA, "audit"), (SAM, "move")):
        stage.lock()
        stage.world.clock.advance(minutes=1)
        stage.break_(stage.held.lock_id, manager, why=why)
    services = stage.world.services
    ends = [one for one in stage.world.tables.intents.values() if one.intent.kind is MailKind.LOCK_ENDED_BY_OTHER]
    told = {one.intent.actor: mail_facts.about_one(services, ACME, [one], Preferences())[0] for one in ends}
    assert (told[DANA].reason, told[DANA].at) == (None, None)
    assert told[SAM].reason == "move"


def test_a_recipient_whom_confluence_does_not_describe_gets_the_mail(
    undone: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a name in it: alone and in a summary."""
    monkeypatch.setattr(undone.world.host.people, "describe", lambda *_, **__: {})
    undone.run_jobs(JobKind.SEND_MAIL)
    facts = sent_to(undone)["bob@example.com"]
    assert (facts.recipient_name, facts.actor_name) == ("", None)
    stored = [one for one in undone.world.tables.intents.values() if one.intent.recipient == BOB]
    assert mail_facts._summary(undone.world.services, ACME, stored, Preferences())[0].recipient_name == ""


def test_links_lead_to_the_address_that_people_know_the_site_by(undone: Stage) -> None:
    """A site with an address of its own; calls go to the other."""
    here = replace(ACME, display_url="https://wiki.acme.example/wiki")
    undone.world.tables.tenants[ACME.id] = here
    undone.run_jobs(JobKind.SEND_MAIL)
    facts = sent_to(undone)["bob@example.com"]
    assert facts.page_url.startswith("https://wiki.acme.example/wiki/pages/viewpage.action")
    assert facts.history_url.startswith("https://wiki.acme.example/wiki/pages/viewpageattachments.action")
    stored = list(undone.world.tables.intents.values())[:1]
    assert mail_facts._summary(undone.world.services, here, stored, Preferences())[0].page_url == here.display_url
    assert mail_facts._summary(undone.world.services, ACME, stored, Preferences())[0].page_url == ACME.base_url
