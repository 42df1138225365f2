"""Sending a mail: everything it says is looked up at that moment, as its recipient."""

from __future__ import annotations

from datetime import timedelta

import pytest

from lockpoint.locking.events import MailKind
from lockpoint.services import mails
from lockpoint.services.context import Tenant
from lockpoint.services.errors import Busy, Forbidden, GoneOrInvisible, HostError, HostUnavailable, Unauthorised
from lockpoint.services.ports import JobKind, MailFacts, MailRefused, MailUnavailable
from tests.fakes import ACME, ALICE, BOB, CHARLIE, DANA, START
from tests.services.stage import Stage


def _box(stage: Stage) -> dict[str, MailFacts]:
    box: list[tuple[str, MailFacts, str]] = stage.world.services.mailer.box  # type: ignore[attr-defined]
    assert len({message_id for _, _, message_id in box}) == len(box)
    return {address: facts for address, facts, _ in box}


def _results(stage: Stage) -> list[str]:
    return [result for _, result in stage.world.tables.sent]


@pytest.fixture
def undone(stage: Stage) -> Stage:
    """Bob's upload over Alice's lock was undone."""
    stage.lock()
    stage.world.clock.advance(minutes=1)
    stage.upload(BOB, b"Bob's")
    stage.reconcile()
    return stage


def test_both_hear_of_an_overwrite(undone: Stage) -> None:
    """M-04, M-05: "your upload was undone" to its author, "somebody tried to overwrite" to the owner."""
    undone.run_jobs(JobKind.SEND_MAIL)
    box = _box(undone)
    assert box["bob@example.com"].kind is MailKind.UPLOAD_UNDONE
    assert box["alice@example.com"].kind is MailKind.OVERWRITE_ATTEMPT
    facts = box["alice@example.com"]
    assert (facts.file_name, facts.page_title, facts.actor_name, facts.recipient_name) == (
        "plan.txt",
        "Release plan",
        "Bob",
        "Alice",
    )
    assert (facts.detail, facts.version) == ("undone", 2)
    assert facts.page_url.endswith(f"/pages/viewpage.action?pageId={undone.file.container.id}")
    assert _results(undone) == ["sent", "sent"]


def test_names_are_fetched_as_the_recipient(undone: Stage) -> None:
    """Privacy 3: names in a mail are fetched as its recipient; who may not see the file any more gets no mail."""
    site = undone.world.site()
    site.pages[undone.file.container.id].restricted_to = {ALICE, site.app_account}
    undone.taps.clear()
    undone.run_jobs(JobKind.SEND_MAIL)
    assert set(_box(undone)) == {"alice@example.com"}
    assert sorted(_results(undone)) == ["not_visible", "sent"]
    assert undone.taps.calls["people.address"] == 1


def test_a_mail_is_sent_once(undone: Stage) -> None:
    """L-65: a message per event and recipient at most once."""
    undone.run_jobs(JobKind.SEND_MAIL)
    for stored in list(undone.world.tables.intents.values()):
        mails.send(undone.world.services, stored.id)
    mails.send(undone.world.services, 999)
    assert _results(undone) == ["sent", "sent"]


def test_who_has_no_address(undone: Stage) -> None:
    """F46: mail address hidden: logged with the reason's code, forgotten."""
    undone.world.site().addresses.clear()
    undone.run_jobs(JobKind.SEND_MAIL)
    assert _results(undone) == ["hidden", "hidden"]


def test_a_mail_server_that_is_away(undone: Stage) -> None:
    """F45: SMTP down: the intent waits, and is sent later, once."""
    mailer = undone.world.services.mailer._port  # type: ignore[attr-defined]
    mailer.trouble = MailUnavailable("421")
    stored = next(iter(undone.world.tables.intents.values()))
    with pytest.raises(MailUnavailable):
        mails.send(undone.world.services, stored.id)
    assert _results(undone) == []
    mailer.trouble = None
    mails.send(undone.world.services, stored.id)
    assert _results(undone) == ["sent"]


def test_a_mail_server_that_refuses(undone: Stage) -> None:
    """F45: refused for good: logged, never tried again."""
    undone.world.services.mailer._port.trouble = MailRefused("550")  # type: ignore[attr-defined]
    undone.run_jobs(JobKind.SEND_MAIL)
    assert _results(undone) == ["refused", "refused"]


def test_a_host_that_is_away_makes_the_mail_wait(undone: Stage) -> None:
    """S8: the intent waits while Confluence does not answer."""

    def away() -> None:
        raise HostUnavailable("503")

    undone.taps.before["people.describe", undone.taps.calls["people.describe"] + 1] = away
    stored = next(iter(undone.world.tables.intents.values()))
    with pytest.raises(HostUnavailable):
        mails.send(undone.world.services, stored.id)
    assert _results(undone) == []


def test_a_site_that_switched_the_app_off_gets_its_mails_later(undone: Stage) -> None:
    """Lifecycle: disabled can be an update of minutes: nothing is asked or sent meanwhile, and nothing forgotten."""
    tenant = undone.world.tables.tenants[ACME.id]
    undone.world.tables.tenants[ACME.id] = Tenant(ACME.id, ACME.client_key, ACME.base_url, enabled=False)
    stored = next(iter(undone.world.tables.intents.values()))
    undone.taps.clear()
    with pytest.raises(Busy):
        mails.send(undone.world.services, stored.id)
    assert undone.taps.host_calls() == []
    undone.world.tables.tenants[ACME.id] = tenant
    mails.send(undone.world.services, stored.id)
    assert _results(undone) == ["sent"]


@pytest.mark.parametrize("error", [GoneOrInvisible, Forbidden, Unauthorised])
def test_a_single_no_is_not_believed(undone: Stage, error: type[HostError]) -> None:
    """Assumption 34: a single 404 can be false; it takes two looks to call a mail undeliverable."""

    def once() -> None:
        raise error("for a moment")

    undone.taps.before["attachments.get", undone.taps.calls["attachments.get"] + 1] = once
    undone.run_jobs(JobKind.SEND_MAIL)
    assert _results(undone) == ["sent", "sent"]


def test_no_mail_for_a_site_that_left(undone: Stage) -> None:
    """I20: after uninstall: zero host calls, zero mails."""
    undone.world.tables.tenants[ACME.id] = Tenant(ACME.id, ACME.client_key, ACME.base_url, installed=False)
    undone.taps.clear()
    undone.run_jobs(JobKind.SEND_MAIL)
    assert _results(undone) == ["site_inactive", "site_inactive"]
    assert undone.taps.host_calls() == []


def test_the_reason_reaches_the_holder_and_is_stored_nowhere(stage: Stage) -> None:
    """M-06, P-03: a manager ended your lock, with the reason, read from the signed property at sending."""
    stage.lock()
    stage.world.clock.advance(hours=1)
    stage.break_(stage.held.lock_id, DANA, why="audit tomorrow")
    stage.run_jobs(JobKind.SEND_MAIL)
    facts = _box(stage)["alice@example.com"]
    assert (facts.kind, facts.reason, facts.actor_name) == (MailKind.LOCK_ENDED_BY_OTHER, "audit tomorrow", "Dana")
    assert facts.at == START + timedelta(hours=1)


def test_the_reason_survives_a_take_over_and_is_gone_after_the_next_end(stage: Stage) -> None:
    """Amendment 5: the reason stays with the file until the next lock ends; the mail goes out without it then."""
    stage.lock()
    new = stage.take_over(stage.held.lock_id, DANA, why="mine").lock.lock_id or ""
    stored = next(iter(stage.world.tables.intents.values()))
    assert mails._facts(stage.world.services, ACME, stored).reason == "mine"
    stage.release(new, DANA)
    assert mails._facts(stage.world.services, ACME, stored).reason is None


def test_who_waited_hears_of_the_end(stage: Stage) -> None:
    """M-03: the file is available: to everybody who asked, once."""
    stage.lock()
    stage.ask(CHARLIE)
    stage.release(stage.held.lock_id)
    stage.run_jobs(JobKind.SEND_MAIL)
    assert _box(stage)["charlie@example.com"].kind is MailKind.FILE_AVAILABLE


def test_the_holder_of_a_purged_file_is_told_without_its_name(stage: Stage) -> None:
    """L-46: purge: file gone, holder told; nobody can look its name up any more, but the page is there."""
    stage.lock()
    stage.world.site().purge(stage.file.id)
    stage.sweep()
    stage.run_jobs(JobKind.SEND_MAIL)
    facts = _box(stage)["alice@example.com"]
    assert (facts.kind, facts.detail, facts.file_name) == (MailKind.LOCK_ENDED, "file_gone", "")
    assert facts.page_title == "Release plan"


def test_a_purged_file_on_a_page_that_is_closed_now(stage: Stage) -> None:
    """Messages: if they may not see it any more, the mail is not sent."""
    stage.lock()
    stage.world.site().purge(stage.file.id)
    stage.sweep()
    stage.world.site().pages[stage.file.container.id].restricted_to = {BOB}
    stage.run_jobs(JobKind.SEND_MAIL)
    assert _results(stage) == ["not_visible"]
