"""Optional mails are switched off, by choice or by a link, and switched on again."""

from __future__ import annotations

from dataclasses import replace

from lockpoint.domain.events import MailKind
from lockpoint.services.context import Priority
from lockpoint.services.notifications import preferences
from lockpoint.services.notifications.mail_links import UNDATED_UNTIL, Unsubscribe, read_link
from lockpoint.services.notifications.preferences import Preferences
from lockpoint.services.notifications.unsubscribe import undo, unsubscribe
from lockpoint.services.ports.jobs import JobKind
from lockpoint.services.ports.notifications import PageKind
from tests.fakes.world import ACME, ALICE, BOB
from tests.services.notifications.sent import results, sent_to
from tests.services.stage import Stage


def test_optional_mails_are_switched_off_by_their_recipient(undone: Stage) -> None:
    """M-05 is optional; M-04 is not, and has no link."""
    off = Preferences(off=frozenset({MailKind.OVERWRITE_ATTEMPT}))
    for who in (ALICE, BOB):
        preferences.change(undone.world.services, undone.world.actor(who), off)
    undone.run_jobs(JobKind.SEND_MAIL)
    assert list(sent_to(undone)) == ["bob@example.com"]
    assert sent_to(undone)["bob@example.com"].unsubscribe_url is None
    assert sorted(results(undone)) == ["sent", "switched_off_by_recipient"]


def test_a_link_in_an_optional_mail_switches_its_kind_off(undone: Stage) -> None:
    """For this person only."""
    undone.run_jobs(JobKind.SEND_MAIL)
    url = sent_to(undone)["alice@example.com"].unsubscribe_url
    assert url is not None
    assert url.startswith("https://lockpoint.example.com/mail/")
    services = undone.world.services
    link = read_link(services, url.rpartition("/")[2])
    assert link is not None
    assert isinstance(link.wish, Unsubscribe)
    for _ in range(2):
        assert unsubscribe(services, link.actor, link.wish.kind).kind is PageKind.UNSUBSCRIBED
    chosen = preferences.read(services, ACME, ALICE, priority=Priority.INTERACTIVE)
    assert chosen.off == {MailKind.OVERWRITE_ATTEMPT}
    assert preferences.read(services, ACME, BOB, priority=Priority.INTERACTIVE).off == frozenset()
    assert read_link(services, "token-of-nobody") is None
    undone.world.tables.tenants[ACME.id] = replace(ACME, enabled=False)
    gone = read_link(services, url.rpartition("/")[2])
    assert gone is not None
    assert unsubscribe(services, gone.actor, link.wish.kind).kind is PageKind.INACTIVE
    undone.world.tables.tenants[ACME.id] = ACME


def test_who_unsubscribed_by_mistake_undoes_it(undone: Stage) -> None:
    """C6: by the same link, this kind alone; whose data are only kept is told that no mail comes."""
    services, alice, kind = undone.world.services, undone.world.actor(ALICE), MailKind.OVERWRITE_ATTEMPT
    others = Preferences(off=frozenset({MailKind.LOCK_ENDED}))
    preferences.change(services, alice, others)
    unsubscribe(services, alice, kind)
    for _ in range(2):
        assert undo(services, alice, kind).kind is PageKind.SUBSCRIBED_AGAIN
    assert preferences.read(services, ACME, ALICE, priority=Priority.INTERACTIVE) == others
    preferences.restrict(services, ACME, ALICE, on=True, priority=Priority.INTERACTIVE)
    assert undo(services, alice, kind).kind is PageKind.ONLY_KEPT
    undone.world.tables.tenants[ACME.id] = gone = replace(ACME, enabled=False)
    assert undo(services, replace(alice, tenant=gone), kind).kind is PageKind.INACTIVE
    undone.world.tables.tenants[ACME.id] = ACME


def test_a_link_works_for_90_days(undone: Stage) -> None:
    """C7: it stands in logs of routers and in old mailboxes."""
    undone.run_jobs(JobKind.SEND_MAIL)
    url = sent_to(undone)["alice@example.com"].unsubscribe_url
    assert url is not None
    services, token = undone.world.services, url.rpartition("/")[2]
    undone.world.clock.advance(days=89, hours=23)
    assert read_link(services, token) is not None
    undone.world.clock.advance(hours=1)
    assert read_link(services, token) is None


def test_a_link_without_a_date_works_for_some_months(undone: Stage) -> None:
    """Mails of an earlier version have such links."""
    services = undone.world.services
    text = "\n".join((str(ACME.id), MailKind.UNPROTECTED.value, ALICE, "en", "UTC"))
    token = services.tokens.seal_link(text, "unsubscribe")
    assert read_link(services, token) is not None
    undone.world.clock.advance(days=(UNDATED_UNTIL - undone.world.clock.now()).days + 1)
    assert read_link(services, token) is None
