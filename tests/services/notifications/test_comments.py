"""Comments for people whom no mail reaches."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lockpoint.domain.events import MailKind
from lockpoint.services.errors import HostUnavailable
from lockpoint.services.notifications import preferences, send_mail
from lockpoint.services.notifications.mail_health import mail_health
from lockpoint.services.notifications.preferences import Preferences
from lockpoint.services.ports.confluence import Mention
from lockpoint.services.ports.jobs import JobKind
from lockpoint.services.ports.notifications import MailHealth
from lockpoint.services.tenancy import site_settings
from tests.fakes.world import ACME, ALICE, BOB, SAM
from tests.services.notifications.sent import results
from tests.services.stage import Stage, untouched

NOTHING = MailHealth(waiting=0, parked=0, refused=0, unreachable=0, commented=0)


def switch_on(stage: Stage) -> None:
    services, sam = stage.world.services, stage.world.actor(SAM)
    revision = site_settings.overview(services, sam).settings.revision
    site_settings.change(services, sam, revision=revision, changes={"comments": True})
    stage.world.clock.advance(seconds=5)


@pytest.fixture
def hidden(stage: Stage) -> Stage:
    """Bob overwrote Alice's locked file; Confluence gives no address, and the site wants comments."""
    switch_on(stage)
    stage.world.site().addresses.clear()
    stage.lock()
    stage.world.clock.advance(minutes=1)
    stage.upload(BOB, b"Bob's")
    stage.reconcile()
    return stage


def _comments(stage: Stage) -> list[Mention]:
    return [mention for page, mention in stage.world.site().comments if page == stage.file.container.id]


def test_who_has_no_address_is_mentioned_on_the_page(hidden: Stage) -> None:
    """F46, M-04, M-05: each once, where they can read it; others are not named."""
    for _ in range(2):
        hidden.run_jobs(JobKind.SEND_MAIL)
    assert [one.account for one in _comments(hidden)] == [ALICE, BOB]
    assert all("Bob" not in " ".join(one.sentences) for one in _comments(hidden))
    assert all(f"pageId={hidden.file.container.id}#lockpoint-" in one.link for one in _comments(hidden))
    assert results(hidden) == ["commented", "commented"]
    assert mail_health(hidden.world.services, ACME) == MailHealth(
        waiting=0, parked=0, refused=0, unreachable=0, commented=2
    )
    assert untouched(hidden)


def test_without_the_switch_they_are_counted(stage: Stage) -> None:
    """F46: no comment; the site's admins see how many people could not be reached."""
    stage.world.site().addresses.clear()
    stage.lock()
    stage.world.clock.advance(minutes=1)
    stage.upload(BOB, b"Bob's")
    stage.reconcile()
    stage.run_jobs(JobKind.SEND_MAIL)
    assert _comments(stage) == []
    assert mail_health(stage.world.services, ACME).unreachable == 2
    stage.world.site().addresses = {ALICE: "alice@example.com"}
    stage.break_(stage.held.lock_id, SAM)
    stage.run_jobs(JobKind.SEND_MAIL)
    assert mail_health(stage.world.services, ACME).unreachable == 1


def test_nobody_is_mentioned_where_they_may_not_read(hidden: Stage) -> None:
    """Privacy 3: the page was restricted meanwhile."""
    site = hidden.world.site()
    site.pages[hidden.file.container.id].restricted_to = {BOB, site.app_account}
    hidden.run_jobs(JobKind.SEND_MAIL)
    assert [one.account for one in _comments(hidden)] == [BOB]
    assert sorted(results(hidden)) == ["commented", "not_visible"]


def test_where_the_app_may_not_comment_they_are_counted(hidden: Stage) -> None:
    site = hidden.world.site()
    site.pages[hidden.file.container.id].restricted_to = {ALICE, BOB}
    hidden.run_jobs(JobKind.SEND_MAIL)
    assert results(hidden) == ["hidden", "hidden"]


@pytest.mark.parametrize("made", [True, False], ids=["the_comment_was_made", "it_was_not"])
def test_a_lost_answer_makes_no_second_comment(hidden: Stage, made: bool) -> None:
    """F02: the next attempt looks first."""

    def lost() -> None:
        raise HostUnavailable("time-out")

    when = hidden.taps.after if made else hidden.taps.before
    when["comments.add", 1] = lost
    stored = next(iter(hidden.world.tables.intents.values()))
    with pytest.raises(HostUnavailable):
        send_mail.send(hidden.world.services, stored.id)
    hidden.run_jobs(JobKind.SEND_MAIL)
    assert [one.account for one in _comments(hidden)] == [ALICE, BOB]


def test_uploads_without_end_are_few_comments(hidden: Stage) -> None:
    """F6: comments have the budget of mails: everybody who watches the page hears of each."""
    for number in range(20):
        hidden.upload(BOB, b"%d" % number)
        hidden.world.clock.advance(seconds=1)
        hidden.reconcile()
        hidden.run_jobs(JobKind.SEND_MAIL)
    kinds = [one.sentences[0] for one in _comments(hidden) if one.account == ALICE]
    assert kinds == [MailKind.OVERWRITE_ATTEMPT.value, MailKind.PAUSED.value]


def _address_appears(stage: Stage) -> None:
    stage.world.site().addresses[ALICE] = "alice@example.com"


def _switched_off(stage: Stage) -> None:
    off = Preferences(off=frozenset({MailKind.OVERWRITE_ATTEMPT}))
    preferences.change(stage.world.services, stage.world.actor(ALICE), off)


@pytest.mark.parametrize(
    ("event", "result"), [(_address_appears, "sent"), (_switched_off, "switched_off_by_recipient")]
)
def test_what_changes_while_a_digest_waits_counts(hidden: Stage, event: Callable[[Stage], None], result: str) -> None:
    """An address that appears later gets the digest; who switched these mails off meanwhile gets nothing."""
    hidden.run_jobs(JobKind.SEND_MAIL)
    for number in range(2):
        hidden.upload(BOB, b"%d" % number)
        hidden.world.clock.advance(seconds=1)
        hidden.reconcile()
        hidden.run_jobs(JobKind.SEND_MAIL)
    event(hidden)
    hidden.world.clock.advance(minutes=10)
    before = len(_comments(hidden))
    hidden.run_jobs(JobKind.SEND_MAIL, also_later=True)
    assert result in results(hidden)
    assert [one.account for one in _comments(hidden)[before:]] == [BOB]
