"""The link in a warning: what it says, what it does, and for whom."""

from __future__ import annotations

from datetime import timedelta

import pytest

from lockpoint.domain.events import AuditKind
from lockpoint.services.context import Actor
from lockpoint.services.errors import HostUnavailable
from lockpoint.services.locks.extend_by_mail import extend_by_mail, offer
from lockpoint.services.notifications.mail_links import EXPLAINED, Extend, extend_url, read_link
from lockpoint.services.ports.notifications import LinkAnswer, PageKind
from tests.fakes.world import ACME, ALICE, BOB, DANA, START
from tests.services.stage import Stage, one_row_for_each_record

END = START + timedelta(hours=48)


@pytest.fixture
def wish(stage: Stage) -> Extend:
    """What Alice's mail asks for, a day after she locked."""
    stage.lock()
    stage.world.clock.advance(hours=24)
    return Extend(stage.file.id, stage.held.lock_id, END)


def show(stage: Stage, wish: Extend, who: str = ALICE) -> LinkAnswer:
    return offer(stage.world.services, stage.world.actor(who), wish)


def act(stage: Stage, wish: Extend, who: str = ALICE) -> LinkAnswer:
    return extend_by_mail(stage.world.services, stage.world.actor(who), wish)


def test_looking_changes_nothing(stage: Stage, wish: Extend) -> None:
    """P-12: robots that preview mails look, however often."""
    before = stage.found
    for _ in range(5):
        assert show(stage, wish) == LinkAnswer(PageKind.EXTEND, "plan.txt", END)
    assert stage.found == before
    assert stage.audit() == [AuditKind.ACQUIRED]


def test_one_click_extends(stage: Stage, wish: Extend) -> None:
    """P-12, L-31: by the settings in force, counted from now, in the audit log as the holder's."""
    later = START + timedelta(hours=72)
    assert act(stage, wish) == LinkAnswer(PageKind.EXTENDED, "plan.txt", later)
    assert stage.held.expires_at == later
    row = stage.world.tables.audit_of(ACME)[-1]
    assert (row.kind, row.account) == (AuditKind.EXTENDED, ALICE)


def test_a_second_click_says_so_and_does_nothing(stage: Stage, wish: Extend) -> None:
    """P-12: each link works once, also hours later."""
    first = act(stage, wish)
    seen = stage.found
    for _ in range(2):
        stage.world.clock.advance(hours=2)
        assert act(stage, wish) == show(stage, wish) == first
    assert stage.found == seen


def test_two_clicks_at_once_are_one_extension(stage: Stage, wish: Extend) -> None:
    """P-12, L-11: the write decides."""
    key = "lock_properties.replace"
    answers: list[LinkAnswer] = []
    stage.taps.before[key, stage.taps.calls[key] + 1] = lambda: answers.append(act(stage, wish))
    answers.append(act(stage, wish))
    assert [answer.kind for answer in answers] == [PageKind.EXTENDED] * 2
    assert stage.audit().count(AuditKind.EXTENDED) == 1
    assert one_row_for_each_record(stage)


def test_a_shortened_lock_can_still_be_extended(stage: Stage, wish: Extend) -> None:
    """P-12: the mail named a later end."""
    sooner = Extend(wish.attachment_id, wish.lock_id, END + timedelta(hours=1))
    assert act(stage, sooner).kind is PageKind.EXTENDED


@pytest.mark.parametrize("click", [show, act])
def test_a_lock_that_was_broken_or_taken_over(stage: Stage, wish: Extend, click: object) -> None:
    """L-03, L-23: when it ended, in plain words; the next lock is left alone."""
    assert callable(click)
    taken = stage.take_over(wish.lock_id, DANA).lock
    ended = LinkAnswer(PageKind.ENDED, "plan.txt", START + timedelta(hours=24))
    assert click(stage, wish) == ended
    stage.release(taken.lock_id or "", DANA)
    stage.lock(BOB)
    assert click(stage, wish) == LinkAnswer(PageKind.ENDED, "plan.txt", None)
    assert stage.held.holder == BOB


@pytest.mark.parametrize("hours", [24, 25, 500])
def test_a_lock_that_has_run_out(stage: Stage, wish: Extend, hours: int) -> None:
    """L-30: swept or not, the same answer."""
    stage.world.clock.advance(hours=hours)
    assert act(stage, wish) == LinkAnswer(PageKind.ENDED, "plan.txt", END)
    stage.sweep()
    assert act(stage, wish) == LinkAnswer(PageKind.ENDED, "plan.txt", END)


def test_whoever_may_not_edit_any_more_may_not_extend(stage: Stage, wish: Extend) -> None:
    """E36, P-12: rights are checked as the person, at the click; when they are back the link works."""
    site = stage.world.site()
    site.viewers.add(ALICE)
    before = stage.found
    assert act(stage, wish) == show(stage, wish) == LinkAnswer(PageKind.NOT_ALLOWED, "plan.txt", END)
    assert stage.found == before
    site.viewers.discard(ALICE)
    assert act(stage, wish).kind is PageKind.EXTENDED


def test_a_right_that_goes_between_look_and_click(stage: Stage, wish: Extend) -> None:
    """E36: the use case asks again."""
    key = "attachments.get"  # as the person
    stage.taps.before[key, stage.taps.calls[key] + 2] = lambda: stage.world.site().viewers.add(ALICE)
    assert act(stage, wish).kind is PageKind.NOT_ALLOWED
    assert stage.audit() == [AuditKind.ACQUIRED]


def test_whoever_may_not_see_the_page(stage: Stage, wish: Extend) -> None:
    """No name of a file that its person may not see."""
    site = stage.world.site()
    site.pages[stage.file.container.id].restricted_to = {BOB, site.app_account}
    assert act(stage, wish) == show(stage, wish) == LinkAnswer(PageKind.NOT_THERE)


def test_a_page_that_is_closed_to_the_app(stage: Stage, wish: Extend) -> None:
    """P-17: said, with what to do."""
    stage.world.site().pages[stage.file.container.id].restricted_to = {ALICE}
    assert act(stage, wish).kind is PageKind.BLOCKED
    assert stage.held.expires_at == END


def test_the_longest_life(stage: Stage) -> None:
    """L-31: nothing is left of it."""
    stage.lock(life=timedelta(days=30))
    stage.world.clock.advance(days=29, hours=1)
    wish = Extend(stage.file.id, stage.held.lock_id, START + timedelta(days=30))
    assert act(stage, wish) == LinkAnswer(PageKind.LONGEST_LIFE, "plan.txt", START + timedelta(days=30))


def test_somebody_elses_link(stage: Stage, wish: Extend) -> None:
    """L-03: a link for another person, were there one, extends nothing."""
    assert act(stage, wish, BOB).kind is PageKind.NOT_ALLOWED
    assert stage.held.expires_at == END


@pytest.mark.parametrize("values", [{"enabled": False}, {"installed": False}])
def test_an_inactive_site_is_not_asked(stage: Stage, wish: Extend, values: dict[str, bool]) -> None:
    """I20, P-16."""
    actor = Actor(type(ACME)(ACME.id, ACME.site_key, ACME.base_url, **values), ALICE)
    stage.taps.clear()
    assert extend_by_mail(stage.world.services, actor, wish) == LinkAnswer(PageKind.INACTIVE)
    assert stage.taps.host_calls() == []


def test_a_host_that_is_away_passes_through(stage: Stage, wish: Extend) -> None:
    """The page says: later; and the link still works then."""

    def away() -> None:
        raise HostUnavailable("503")

    stage.taps.before["attachments.get", stage.taps.calls["attachments.get"] + 1] = away
    with pytest.raises(HostUnavailable):
        act(stage, wish)
    assert act(stage, wish).kind is PageKind.EXTENDED


def test_a_link_explains_itself_for_30_days(stage: Stage, wish: Extend) -> None:
    """Then it is too old."""
    services = stage.world.services
    token = extend_url(services, ACME, wish.attachment_id, stage.held, "de", "Europe/Berlin").rpartition("/")[2]
    link = read_link(services, token)
    assert link is not None
    assert (link.wish, link.locale, link.time_zone) == (wish, "de", "Europe/Berlin")
    stage.world.clock.advance(hours=24, days=EXPLAINED.days)
    assert read_link(services, token) is None
