"""Sending a mail: content is read at sending, as its recipient."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from lockpoint.domain.events import AuditKind, MailKind
from lockpoint.domain.lock import Held
from lockpoint.domain.signed_json import MacKeys
from lockpoint.services.context import Priority, Tenant
from lockpoint.services.errors import (
    Forbidden,
    GoneOrInvisible,
    HostError,
    HostUnavailable,
    Unauthorised,
)
from lockpoint.services.locks import notify_me
from lockpoint.services.locks.release import release
from lockpoint.services.notifications import mail_facts, preferences, send_mail
from lockpoint.services.notifications.mail_facts import FILES_NAMED
from lockpoint.services.notifications.mail_links import UNDATED_UNTIL, Unsubscribe, read_link
from lockpoint.services.notifications.preferences import Preferences
from lockpoint.services.notifications.unsubscribe import undo, unsubscribe
from lockpoint.services.ports.jobs import Job, JobKind
from lockpoint.services.ports.notifications import MailFacts, MailRefused, MailUnavailable, PageKind, Profile
from lockpoint.services.reconciliation.reconcile import reconcile
from tests.fakes.confluence import StoredFile
from tests.fakes.world import ACME, ALICE, BOB, CHARLIE, DANA, SAM, START
from tests.services.stage import Stage


def _box(stage: Stage) -> dict[str, MailFacts]:
    box: list[tuple[str, MailFacts, str]] = stage.world.services.mailer.box  # type: ignore[attr-defined]
    assert len({message_id for _, _, message_id in box}) == len(box)
    return {address: facts for address, facts, _ in box}


def _results(stage: Stage) -> list[str]:
    return [result for _, result in stage.world.tables.sent]


@pytest.fixture
def undone(stage: Stage) -> Stage:
    stage.lock()
    stage.world.clock.advance(minutes=1)
    stage.upload(BOB, b"Bob's")
    stage.reconcile()
    return stage


def test_both_hear_of_an_overwrite(undone: Stage) -> None:
    """M-04, M-05, L-41."""
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
    """Privacy 3: without view permission no mail is sent."""
    site = undone.world.site()
    site.pages[undone.file.container.id].restricted_to = {ALICE, site.app_account}
    undone.taps.clear()
    undone.run_jobs(JobKind.SEND_MAIL)
    assert set(_box(undone)) == {"alice@example.com"}
    assert sorted(_results(undone)) == ["not_visible", "sent"]
    assert undone.taps.calls["people.address"] == 1


def test_a_mail_is_sent_once(undone: Stage) -> None:
    """L-65: one per event and recipient."""
    undone.run_jobs(JobKind.SEND_MAIL)
    for stored in list(undone.world.tables.intents.values()):
        send_mail.send(undone.world.services, stored.id)
    send_mail.send(undone.world.services, 999)
    assert _results(undone) == ["sent", "sent"]


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
    assert _results(undone) == ["hidden", "hidden"]


def test_a_mail_server_that_is_away(undone: Stage) -> None:
    """F45: sent once, later."""
    mailer = undone.world.services.mailer._port  # type: ignore[attr-defined]
    mailer.trouble = MailUnavailable("421")
    stored = next(iter(undone.world.tables.intents.values()))
    with pytest.raises(MailUnavailable):
        send_mail.send(undone.world.services, stored.id)
    assert _results(undone) == []
    mailer.trouble = None
    send_mail.send(undone.world.services, stored.id)
    assert _results(undone) == ["sent"]


def test_a_mail_server_that_refuses(undone: Stage) -> None:
    """F45: logged, never retried."""
    undone.world.services.mailer._port.trouble = MailRefused("550")  # type: ignore[attr-defined]
    undone.run_jobs(JobKind.SEND_MAIL)
    assert _results(undone) == ["refused", "refused"]


def test_a_host_that_is_away_makes_the_mail_wait(undone: Stage) -> None:
    """S8."""

    def away() -> None:
        raise HostUnavailable("503")

    undone.taps.before["people.describe", undone.taps.calls["people.describe"] + 1] = away
    stored = next(iter(undone.world.tables.intents.values()))
    with pytest.raises(HostUnavailable):
        send_mail.send(undone.world.services, stored.id)
    assert _results(undone) == []


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
    assert _results(undone) == ["sent"]


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
    assert _box(undone) == {}
    assert _results(undone) == ([] if installed else ["site_inactive"])
    if installed:
        tables.tenants[ACME.id] = ACME
        send_mail.send(undone.world.services, stored.id)
        assert _results(undone) == ["sent"]


@pytest.mark.parametrize("error", [GoneOrInvisible, Forbidden, Unauthorised])
def test_a_single_no_is_not_believed(undone: Stage, error: type[HostError]) -> None:
    """Assumption 34: one 404 can be false; two reads drop a mail."""

    def once() -> None:
        raise error("for a moment")

    undone.taps.before["attachments.get", undone.taps.calls["attachments.get"] + 1] = once
    undone.run_jobs(JobKind.SEND_MAIL)
    assert _results(undone) == ["sent", "sent"]


def test_no_mail_for_a_site_that_left(undone: Stage) -> None:
    """I20."""
    undone.world.tables.tenants[ACME.id] = Tenant(ACME.id, ACME.site_key, ACME.base_url, installed=False)
    undone.taps.clear()
    undone.run_jobs(JobKind.SEND_MAIL)
    assert _results(undone) == ["site_inactive", "site_inactive"]
    assert undone.taps.host_calls() == []


def test_the_reason_reaches_the_holder_and_is_stored_nowhere(stage: Stage) -> None:
    """M-06, P-03, L-21, L-08: read from the signed property at sending."""
    stage.lock()
    stage.world.clock.advance(hours=1)
    stage.break_(stage.held.lock_id, DANA, why="audit tomorrow")
    stage.run_jobs(JobKind.SEND_MAIL)
    facts = _box(stage)["alice@example.com"]
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


def test_who_waited_hears_of_the_end(stage: Stage) -> None:
    """M-03."""
    stage.lock()
    stage.ask(CHARLIE)
    stage.release(stage.held.lock_id)
    stage.run_jobs(JobKind.SEND_MAIL)
    assert _box(stage)["charlie@example.com"].kind is MailKind.FILE_AVAILABLE


def test_the_holder_of_a_purged_file_is_told_without_its_name(stage: Stage) -> None:
    """L-46."""
    stage.lock()
    stage.world.site().purge(stage.file.id)
    stage.sweep()
    stage.run_jobs(JobKind.SEND_MAIL)
    facts = _box(stage)["alice@example.com"]
    assert (facts.kind, facts.detail, facts.file_name) == (MailKind.LOCK_ENDED, "file_gone", "")
    assert facts.page_title == "Release plan"


def test_a_purged_file_on_a_page_that_is_closed_now(stage: Stage) -> None:
    """Without view permission the mail is not sent."""
    stage.lock()
    stage.world.site().purge(stage.file.id)
    stage.sweep()
    stage.world.site().pages[stage.file.container.id].restricted_to = {BOB}
    stage.run_jobs(JobKind.SEND_MAIL)
    assert _results(stage) == ["not_visible"]


def test_optional_mails_are_switched_off_by_their_recipient(undone: Stage) -> None:
    """M-05 is optional; M-04 is not, and has no link."""
    off = Preferences(off=frozenset({MailKind.OVERWRITE_ATTEMPT}))
    for who in (ALICE, BOB):
        preferences.change(undone.world.services, undone.world.actor(who), off)
    undone.run_jobs(JobKind.SEND_MAIL)
    assert list(_box(undone)) == ["bob@example.com"]
    assert _box(undone)["bob@example.com"].unsubscribe_url is None
    assert sorted(_results(undone)) == ["sent", "switched_off_by_recipient"]


def test_a_link_in_an_optional_mail_switches_its_kind_off(undone: Stage) -> None:
    """For this person only."""
    undone.run_jobs(JobKind.SEND_MAIL)
    url = _box(undone)["alice@example.com"].unsubscribe_url
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
    url = _box(undone)["alice@example.com"].unsubscribe_url
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


def test_no_mail_goes_out_while_nobody_knows_whether_it_is_wanted(undone: Stage) -> None:
    """The mail waits for unreadable preferences."""
    undone.world.services.user_properties.trouble = HostUnavailable("down")  # type: ignore[attr-defined]
    with pytest.raises(HostUnavailable):
        undone.run_jobs(JobKind.SEND_MAIL)
    assert _box(undone) == {}


def test_language_and_time_zone_come_from_the_choice_then_the_profile(undone: Stage) -> None:
    """Then Confluence."""
    services = undone.world.services
    profile = Profile(time_zone="Europe/Riga", locale="lv", used_at=START)
    services.profiles.put(ACME, ALICE, profile)
    services.profiles.put(ACME, BOB, profile)
    preferences.change(services, undone.world.actor(BOB), Preferences(time_zone="Asia/Tokyo"))
    undone.run_jobs(JobKind.SEND_MAIL)
    box = _box(undone)
    assert (box["alice@example.com"].locale, box["alice@example.com"].time_zone) == ("lv", "Europe/Riga")
    assert (box["bob@example.com"].locale, box["bob@example.com"].time_zone) == ("lv", "Asia/Tokyo")


def test_profiles_are_kept_of_people_who_locked_and_fetched_once_a_day(stage: Stage) -> None:
    site, profiles = stage.world.site(), stage.world.services.profiles
    site.people[ALICE] = replace(site.people[ALICE], time_zone="Europe/Riga", locale="lv")
    stage.lock()
    assert [job.subject for job in stage.jobs(JobKind.PROFILE)] == [ALICE]
    stage.run_jobs(JobKind.PROFILE)
    assert profiles.get(ACME, ALICE) == Profile(time_zone="Europe/Riga", locale="lv", used_at=stage.world.clock.now())
    stage.lock()
    assert stage.jobs(JobKind.PROFILE) == []
    stage.upload(BOB, b"Bob's")
    stage.reconcile()
    assert profiles.get(ACME, BOB) is None
    stage.world.clock.advance(hours=24)
    stage.lock()
    assert [job.subject for job in stage.jobs(JobKind.PROFILE)] == [ALICE]


def _kinds(stage: Stage, address: str) -> list[tuple[MailKind, str | None, int]]:
    box: list[tuple[str, MailFacts, str]] = stage.world.services.mailer.box  # type: ignore[attr-defined]
    return [(facts.kind, facts.detail, facts.count) for to, facts, _ in box if to == address]


def _overwrites(stage: Stage, times: int, file: StoredFile | None = None) -> None:
    for number in range(times):
        stage.world.site().upload((file or stage.file).id, BOB, b"Bob's %d" % number)
        stage.world.clock.advance(seconds=1)
        reconcile(stage.world.services, ACME, (file or stage.file).id)
        stage.run_jobs(JobKind.SEND_MAIL)


def test_many_overwrites_are_one_mail_and_a_digest(stage: Stage) -> None:
    """F6: the first at once, the rest ten minutes later with their number; the pause besides. Each is audited."""
    stage.lock()
    stage.world.clock.advance(minutes=1)
    _overwrites(stage, 15)
    first = [(MailKind.OVERWRITE_ATTEMPT, "undone", 1), (MailKind.PAUSED, "paused", 1)]
    assert _kinds(stage, "alice@example.com") == first
    assert _kinds(stage, "bob@example.com") == [(MailKind.UPLOAD_UNDONE, "undone", 1)]
    assert stage.audit().count(AuditKind.CONFLICT) == 15
    assert len(stage.jobs(JobKind.SEND_MAIL)) == 2
    stage.world.clock.advance(minutes=10)
    stage.run_jobs(JobKind.SEND_MAIL, also_later=True)
    digests = [(MailKind.OVERWRITE_ATTEMPT, "digest", 14), (MailKind.UPLOAD_UNDONE, "digest", 14)]
    assert _kinds(stage, "alice@example.com")[2:] + _kinds(stage, "bob@example.com")[1:] == digests
    _, facts, _ = stage.world.services.mailer.box[-1]  # type: ignore[attr-defined]
    assert facts.since == START + timedelta(minutes=1, seconds=2)
    assert facts.history_url == f"{ACME.base_url}/pages/viewpageattachments.action?pageId={stage.file.container.id}"
    assert stage.jobs(JobKind.SEND_MAIL) == []


def test_a_mail_an_hour_for_an_upload_a_second(stage: Stage) -> None:
    """F6: for four hours, sampled each minute: a handful of digests, and the pauses."""
    stage.lock(life=timedelta(days=2))
    for minute in range(240):
        stage.upload(BOB, b"%d" % minute)
        stage.reconcile()
        stage.run_jobs(JobKind.SEND_MAIL, also_later=minute % 60 == 10)
        stage.world.clock.advance(minutes=1)
    told = [kind for kind, _, _ in _kinds(stage, "alice@example.com") if kind is not MailKind.PAUSED]
    assert len(told) <= 5
    counts = [count for kind, _, count in _kinds(stage, "alice@example.com") if kind is MailKind.OVERWRITE_ATTEMPT]
    waiting = [one for one in stage.world.tables.intents.values() if not one.done]
    theirs = [one for one in waiting if one.intent.kind is MailKind.OVERWRITE_ATTEMPT]
    assert sum(counts) + len(theirs) == stage.audit().count(AuditKind.CONFLICT)


def test_twenty_mails_an_hour_are_enough(stage: Stage) -> None:
    """F6: 3 overwrites on each of 30 files; the 20th mail and the one after an hour name files and counts."""
    files = [stage.world.add_file(title=f"file {number}.txt") for number in range(30)]
    for file in files:
        stage.lock(file=file)
    stage.world.clock.advance(minutes=1)
    for file in files:
        _overwrites(stage, 3, file)
    kinds = _kinds(stage, "alice@example.com")
    assert len(kinds) == 20
    assert kinds[-1][0] is MailKind.SUMMARY
    stage.world.clock.advance(hours=1)
    stage.run_jobs(JobKind.SEND_MAIL, also_later=True)
    box = [facts for to, facts, _ in stage.world.services.mailer.box if to == "alice@example.com"]  # type: ignore[attr-defined]
    assert sum(facts.count for facts in box) == 90
    summaries = [facts for facts in box if facts.kind is MailKind.SUMMARY]
    for facts in summaries:
        assert sum(line.count for line in facts.lines) + facts.more == facts.count
    assert len(summaries[0].lines) == FILES_NAMED
    assert all(one.done for one in stage.world.tables.intents.values())


def test_a_manager_who_ends_a_lock_is_told_at_once(stage: Stage) -> None:
    """Exempt: however many mails went out before."""
    files = [stage.world.add_file(title=f"file {number}.txt") for number in range(25)]
    for file in files:
        stage.lock(file=file)
    stage.world.clock.advance(minutes=1)
    for file in files:
        _overwrites(stage, 1, file)
    stage.lock()
    stage.break_(stage.held.lock_id, DANA)
    stage.run_jobs(JobKind.SEND_MAIL)
    assert _kinds(stage, "alice@example.com")[-1][0] is MailKind.LOCK_ENDED_BY_OTHER


def test_a_summary_leaves_out_what_its_recipient_may_not_see_or_does_not_want(stage: Stage) -> None:
    """A file that is closed now has no name in it, and unwanted kinds are not told."""
    files = [stage.world.add_file(title=f"file {number}.txt") for number in range(23)]
    for file in files:
        stage.lock(file=file)
        notify_me.ask(stage.world.services, stage.world.actor(CHARLIE), file.id)
    for file in files:
        held = stage.world.found(file.id)
        assert isinstance(held, Held)
        release(stage.world.services, stage.world.actor(ALICE), file.id, stage.key(), held.lock_id)
    hidden = stage.world.site().files.pop(files[-1].id)
    stage.run_jobs(JobKind.SEND_MAIL)
    box = [facts for to, facts, _ in stage.world.services.mailer.box if to == "charlie@example.com"]  # type: ignore[attr-defined]
    assert [facts.kind for facts in box] == [MailKind.FILE_AVAILABLE] * 19 + [MailKind.SUMMARY]
    assert [line.file_name for line in box[-1].lines] == [file.title for file in files[19:22]]
    assert (box[-1].count, box[-1].more) == (4, 1)
    assert hidden.title not in str(box)


def test_a_crash_after_the_claim_loses_no_mail(undone: Stage) -> None:
    """The same job comes back and tells the same; what came since has its own time."""

    def away() -> None:
        raise HostUnavailable("503")

    undone.taps.before["people.describe", undone.taps.calls["people.describe"] + 1] = away
    stored = next(iter(undone.world.tables.intents.values()))
    with pytest.raises(HostUnavailable):
        send_mail.send(undone.world.services, stored.id)
    undone.upload(BOB, b"again")
    undone.reconcile()
    undone.run_jobs(JobKind.SEND_MAIL)
    assert _kinds(undone, "alice@example.com") == [(MailKind.OVERWRITE_ATTEMPT, "undone", 1)]
    assert [job.delay for job in undone.jobs(JobKind.SEND_MAIL)] == [timedelta(minutes=10)]
    undone.world.clock.advance(minutes=10)
    undone.run_jobs(JobKind.SEND_MAIL, also_later=True)
    assert [count for _, _, count in _kinds(undone, "alice@example.com")] == [1, 1]


def test_the_mail_of_a_pause_says_until_when(stage: Stage) -> None:
    """M-09: read from the restorations when it is sent."""
    stage.lock()
    stage.world.clock.advance(minutes=1)
    _overwrites(stage, 4)
    paused = next(facts for _, facts, _ in stage.world.services.mailer.box if facts.kind is MailKind.PAUSED)  # type: ignore[attr-defined]
    assert (paused.at, paused.actor_name) == (stage.show().paused_until, "Bob")


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
    facts = _box(undone)["bob@example.com"]
    assert (facts.recipient_name, facts.actor_name) == ("", None)
    stored = [one for one in undone.world.tables.intents.values() if one.intent.recipient == BOB]
    assert mail_facts._summary(undone.world.services, ACME, stored, Preferences())[0].recipient_name == ""


def test_links_lead_to_the_address_that_people_know_the_site_by(undone: Stage) -> None:
    """A site with an address of its own; calls go to the other."""
    here = replace(ACME, display_url="https://wiki.acme.example/wiki")
    undone.world.tables.tenants[ACME.id] = here
    undone.run_jobs(JobKind.SEND_MAIL)
    facts = _box(undone)["bob@example.com"]
    assert facts.page_url.startswith("https://wiki.acme.example/wiki/pages/viewpage.action")
    assert facts.history_url.startswith("https://wiki.acme.example/wiki/pages/viewpageattachments.action")
    stored = list(undone.world.tables.intents.values())[:1]
    assert mail_facts._summary(undone.world.services, here, stored, Preferences())[0].page_url == here.display_url
    assert mail_facts._summary(undone.world.services, ACME, stored, Preferences())[0].page_url == ACME.base_url


def _asked(stage: Stage) -> str:
    lock_id = stage.lock().lock.lock_id or ""
    stage.request(lock_id, BOB, "please, by noon")
    return lock_id


def test_the_holder_reads_the_message(stage: Stage) -> None:
    """M-07: read from Confluence as the recipient, at sending."""
    _asked(stage)
    stage.run_jobs(JobKind.SEND_MAIL)
    facts = _box(stage)["alice@example.com"]
    assert (facts.kind, facts.actor_name, facts.reason) == (MailKind.EDIT_REQUEST, "Bob", "please, by noon")
    assert facts.unsubscribe_url
    assert _results(stage) == ["sent"]


def test_the_newest_message_is_told_and_repetitions_fold(stage: Stage) -> None:
    """M-07, ADR 23: who asks again and again writes one mail an hour, with the last words."""
    lock_id = _asked(stage)
    stage.request(lock_id, BOB, "please, by ten")
    stage.run_jobs(JobKind.SEND_MAIL)
    assert _box(stage)["alice@example.com"].reason == "please, by ten"
    for number in range(5):
        stage.cancel_request(lock_id, BOB)
        stage.request(lock_id, BOB, f"now? {number}")
    stage.run_jobs(JobKind.SEND_MAIL)
    assert _results(stage) == ["sent"]
    stage.world.clock.advance(hours=1, seconds=1)
    stage.run_jobs(JobKind.SEND_MAIL, also_later=True)
    assert _results(stage) == ["sent", "sent"]
    facts = stage.world.services.mailer.box[-1][1]  # type: ignore[attr-defined]
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
    kinds = {facts.kind for facts in _box(stage).values()}
    assert MailKind.EDIT_REQUEST not in kinds
    assert "overtaken" in _results(stage)


def test_who_asked_reads_the_note(stage: Stage) -> None:
    """M-07."""
    stage.decline(_asked(stage), BOB, note="on Monday")
    stage.run_jobs(JobKind.SEND_MAIL)
    facts = _box(stage)["bob@example.com"]
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
    box = _box(stage)
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
    assert _box(stage) == {}


def test_a_holder_who_may_not_see_the_file_any_more_reads_no_message(stage: Stage) -> None:
    """Privacy 3."""
    _asked(stage)
    site = stage.world.site()
    site.pages[stage.file.container.id].restricted_to = {BOB, site.app_account}
    stage.run_jobs(JobKind.SEND_MAIL)
    assert _box(stage) == {}
    assert _results(stage) == ["not_visible"]
