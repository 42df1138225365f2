"""Sending a mail: once, as its recipient, and only where site, host and mail server let it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from lockpoint.domain.events import MailKind
from lockpoint.domain.signed_json import MacKeys
from lockpoint.services.context import Tenant
from lockpoint.services.errors import Forbidden, GoneOrInvisible, HostError, HostUnavailable, Unauthorised
from lockpoint.services.notifications import send_mail
from lockpoint.services.ports.jobs import Job, JobKind
from lockpoint.services.ports.notifications import MailRefused, MailUnavailable
from tests.fakes.world import ACME, ALICE, CHARLIE
from tests.services.notifications.sent import results, sent_to
from tests.services.stage import Stage


def test_both_hear_of_an_overwrite(undone: Stage) -> None:
    """M-04, M-05, L-41."""
    undone.run_jobs(JobKind.SEND_MAIL)
    box = sent_to(undone)
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
    assert results(undone) == ["sent", "sent"]


def test_names_are_fetched_as_the_recipient(undone: Stage) -> None:
    """Privacy 3: without view permission no mail is sent."""
    site = undone.world.site()
    site.pages[undone.file.container.id].restricted_to = {ALICE, site.app_account}
    undone.taps.clear()
    undone.run_jobs(JobKind.SEND_MAIL)
    assert set(sent_to(undone)) == {"alice@example.com"}
    assert sorted(results(undone)) == ["not_visible", "sent"]
    assert undone.taps.calls["people.address"] == 1


def test_a_mail_is_sent_once(undone: Stage) -> None:
    """L-65: one per event and recipient."""
    undone.run_jobs(JobKind.SEND_MAIL)
    for stored in list(undone.world.tables.intents.values()):
        send_mail.send(undone.world.services, stored.id)
    send_mail.send(undone.world.services, 999)
    assert results(undone) == ["sent", "sent"]


def test_a_message_id_stays_and_tells_neither_site_nor_number(undone: Stage) -> None:
    """A worker that dies before the note of a mail sends it again under the same name, which only our key can make."""

    def die() -> None:
        raise HostUnavailable("killed")

    services, box = undone.world.services, undone.world.services.mailer.box
    stored = next(iter(undone.world.tables.intents.values()))
    undone.taps.before["intents.finish", undone.taps.calls["intents.finish"] + 1] = die
    with pytest.raises(HostUnavailable):
        send_mail.send(services, stored.id)
    send_mail.send(services, stored.id)
    (first, second) = (name for _, _, name in box)
    assert first == second
    assert re.fullmatch("[0-9a-f]{32}", first)
    assert first != send_mail.message_id(MacKeys("k", {"k": b"a guess"}), ACME.id, stored.id)


def test_who_has_no_address(undone: Stage) -> None:
    """F46: hidden address: the reason's code is logged."""
    undone.world.site().addresses.clear()
    undone.run_jobs(JobKind.SEND_MAIL)
    assert results(undone) == ["hidden", "hidden"]


def test_a_mail_server_that_is_away(undone: Stage) -> None:
    """F45: sent once, later."""
    mailer = undone.world.services.mailer._port
    mailer.trouble = MailUnavailable("421")
    stored = next(iter(undone.world.tables.intents.values()))
    with pytest.raises(MailUnavailable):
        send_mail.send(undone.world.services, stored.id)
    assert results(undone) == []
    mailer.trouble = None
    send_mail.send(undone.world.services, stored.id)
    assert results(undone) == ["sent"]


def test_a_mail_server_that_refuses(undone: Stage) -> None:
    """F45: logged, never retried."""
    undone.world.services.mailer._port.trouble = MailRefused("550")
    undone.run_jobs(JobKind.SEND_MAIL)
    assert results(undone) == ["refused", "refused"]


def test_a_host_that_is_away_makes_the_mail_wait(undone: Stage) -> None:
    """S8."""

    def away() -> None:
        raise HostUnavailable("503")

    undone.taps.before["people.describe", undone.taps.calls["people.describe"] + 1] = away
    stored = next(iter(undone.world.tables.intents.values()))
    with pytest.raises(HostUnavailable):
        send_mail.send(undone.world.services, stored.id)
    assert results(undone) == []


def test_a_site_that_switched_the_app_off_gets_its_mails_later(undone: Stage) -> None:
    """A disabled site may be a short update: nothing is read, sent or lost."""
    tenant = undone.world.tables.tenants[ACME.id]
    undone.world.tables.tenants[ACME.id] = Tenant(ACME.id, ACME.site_key, ACME.base_url, enabled=False)
    stored = next(iter(undone.world.tables.intents.values()))
    undone.taps.clear()
    undone.world.tables.jobs.clear()
    send_mail.send(undone.world.services, stored.id)
    assert undone.taps.host_calls() == []
    assert Job(JobKind.SEND_MAIL, ACME.id, str(stored.id), timedelta(hours=1)) in undone.world.tables.jobs
    undone.world.tables.tenants[ACME.id] = tenant
    send_mail.send(undone.world.services, stored.id)
    assert results(undone) == ["sent"]


@pytest.mark.parametrize("lost", [False, True], ids=["all_looked_up", "refused_on_the_way"])
@pytest.mark.parametrize("installed", [False, True], ids=["uninstalled", "disabled"])
def test_a_site_that_leaves_during_the_look_up_gets_no_mail(undone: Stage, installed: bool, lost: bool) -> None:
    """I20, F32: an uninstall drops the mail; a disable delays it."""
    tables, stored = undone.world.tables, next(iter(undone.world.tables.intents.values()))

    def leaves() -> None:
        tables.tenants[ACME.id] = replace(ACME, installed=installed, enabled=False)
        if lost:
            raise Unauthorised("the app is not at work on the site")

    undone.taps.before["people.address", undone.taps.calls["people.address"] + 1] = leaves
    send_mail.send(undone.world.services, stored.id)
    assert sent_to(undone) == {}
    assert results(undone) == ([] if installed else ["site_inactive"])
    if installed:
        tables.tenants[ACME.id] = ACME
        send_mail.send(undone.world.services, stored.id)
        assert results(undone) == ["sent"]


@pytest.mark.parametrize("error", [GoneOrInvisible, Forbidden, Unauthorised])
def test_a_single_no_is_not_believed(undone: Stage, error: type[HostError]) -> None:
    """Assumption 34: one 404 can be false; two reads drop a mail."""

    def once() -> None:
        raise error("for a moment")

    undone.taps.before["attachments.get", undone.taps.calls["attachments.get"] + 1] = once
    undone.run_jobs(JobKind.SEND_MAIL)
    assert results(undone) == ["sent", "sent"]


def test_no_mail_for_a_site_that_left(undone: Stage) -> None:
    """I20."""
    undone.world.tables.tenants[ACME.id] = Tenant(ACME.id, ACME.site_key, ACME.base_url, installed=False)
    undone.taps.clear()
    undone.run_jobs(JobKind.SEND_MAIL)
    assert results(undone) == ["site_inactive", "site_inactive"]
    assert undone.taps.host_calls() == []


def test_who_waited_hears_of_the_end(stage: Stage) -> None:
    """M-03."""
    stage.lock()
    stage.ask(CHARLIE)
    stage.release(stage.held.lock_id)
    stage.run_jobs(JobKind.SEND_MAIL)
    assert sent_to(stage)["charlie@example.com"].kind is MailKind.FILE_AVAILABLE


def test_no_mail_goes_out_while_nobody_knows_whether_it_is_wanted(undone: Stage) -> None:
    """The mail waits for unreadable preferences."""
    undone.world.services.user_properties.trouble = HostUnavailable("down")
    with pytest.raises(HostUnavailable):
        undone.run_jobs(JobKind.SEND_MAIL)
    assert sent_to(undone) == {}
