"""Mails about requests to edit, and their answers: true when they are sent."""

from __future__ import annotations

import pytest

from lockpoint.domain.events import MailKind
from lockpoint.services.ports.jobs import JobKind
from tests.fakes.world import BOB, DANA
from tests.services.notifications.sent import results, sent_to
from tests.services.stage import Stage


def _asked(stage: Stage) -> str:
    lock_id = stage.lock().lock.lock_id or ""
    stage.request(lock_id, BOB, "please, by noon")
    return lock_id


def test_the_holder_reads_the_message(stage: Stage) -> None:
    """M-07: read from Confluence as the recipient, at sending."""
    _asked(stage)
    stage.run_jobs(JobKind.SEND_MAIL)
    facts = sent_to(stage)["alice@example.com"]
    assert (facts.kind, facts.actor_name, facts.reason) == (MailKind.EDIT_REQUEST, "Bob", "please, by noon")
    assert facts.unsubscribe_url
    assert results(stage) == ["sent"]


def test_the_newest_message_is_told_and_repetitions_fold(stage: Stage) -> None:
    """M-07, ADR 23: who asks again and again writes one mail an hour, with the last words."""
    lock_id = _asked(stage)
    stage.request(lock_id, BOB, "please, by ten")
    stage.run_jobs(JobKind.SEND_MAIL)
    assert sent_to(stage)["alice@example.com"].reason == "please, by ten"
    for number in range(5):
        stage.cancel_request(lock_id, BOB)
        stage.request(lock_id, BOB, f"now? {number}")
    stage.run_jobs(JobKind.SEND_MAIL)
    assert results(stage) == ["sent"]
    stage.world.clock.advance(hours=1, seconds=1)
    stage.run_jobs(JobKind.SEND_MAIL, also_later=True)
    assert results(stage) == ["sent", "sent"]
    facts = stage.world.services.mailer.box[-1][1]
    assert (facts.kind, facts.reason, facts.detail) == (MailKind.EDIT_REQUEST, "now? 4", "digest")


@pytest.mark.parametrize("how", ["cancelled", "declined", "released", "taken over"])
def test_a_request_that_is_over_is_not_told(stage: Stage, how: str) -> None:
    """M-07: nothing that is not so any more."""
    lock_id = _asked(stage)
    if how == "cancelled":
        stage.cancel_request(lock_id, BOB)
    elif how == "declined":
        stage.decline(lock_id, BOB)
    elif how == "released":
        stage.release(lock_id)
    else:
        stage.take_over(lock_id, DANA)
    stage.run_jobs(JobKind.SEND_MAIL)
    kinds = {facts.kind for facts in sent_to(stage).values()}
    assert MailKind.EDIT_REQUEST not in kinds
    assert "overtaken" in results(stage)


def test_who_asked_reads_the_note(stage: Stage) -> None:
    """M-07."""
    stage.decline(_asked(stage), BOB, note="on Monday")
    stage.run_jobs(JobKind.SEND_MAIL)
    facts = sent_to(stage)["bob@example.com"]
    assert (facts.kind, facts.detail, facts.actor_name, facts.reason) == (
        MailKind.EDIT_ANSWER,
        "declined",
        "Alice",
        "on Monday",
    )


def test_the_new_holder_and_the_old_one_are_told(stage: Stage) -> None:
    """M-06, M-07: the reason reaches the old holder alone."""
    stage.hand_over(_asked(stage), BOB, DANA, "Alice is away")
    stage.run_jobs(JobKind.SEND_MAIL)
    box = sent_to(stage)
    new, old = box["bob@example.com"], box["alice@example.com"]
    assert (new.kind, new.detail, new.actor_name, new.reason) == (MailKind.EDIT_ANSWER, "handed_over", "Dana", None)
    assert (old.kind, old.detail, old.actor_name, old.reason) == (
        MailKind.LOCK_ENDED_BY_OTHER,
        "handed_over",
        "Dana",
        "Alice is away",
    )


def test_a_lock_that_was_given_back_is_not_told_as_ones_own(stage: Stage) -> None:
    """M-07: the new holder has released before the mail left."""
    stage.hand_over(_asked(stage))
    stage.release(stage.held.lock_id, BOB)
    stage.run_jobs(JobKind.SEND_MAIL)
    assert sent_to(stage) == {}


def test_a_holder_who_may_not_see_the_file_any_more_reads_no_message(stage: Stage) -> None:
    """Privacy 3."""
    _asked(stage)
    site = stage.world.site()
    site.pages[stage.file.container.id].restricted_to = {BOB, site.app_account}
    stage.run_jobs(JobKind.SEND_MAIL)
    assert sent_to(stage) == {}
    assert results(stage) == ["not_visible"]
