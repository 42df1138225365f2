"""Language and time zone of a recipient."""

from __future__ import annotations

from dataclasses import replace

from lockpoint.services.notifications import preferences
from lockpoint.services.notifications.preferences import Preferences
from lockpoint.services.ports.jobs import JobKind
from lockpoint.services.ports.notifications import Profile
from tests.fakes.world import ACME, ALICE, BOB, START
from tests.services.notifications.sent import sent_to
from tests.services.stage import Stage


def test_language_and_time_zone_come_from_the_choice_then_the_profile(undone: Stage) -> None:
    """Then Confluence."""
    services = undone.world.services
    profile = Profile(time_zone="Europe/Riga", locale="lv", used_at=START)
    services.profiles.put(ACME, ALICE, profile)
    services.profiles.put(ACME, BOB, profile)
    preferences.change(services, undone.world.actor(BOB), Preferences(time_zone="Asia/Tokyo"))
    undone.run_jobs(JobKind.SEND_MAIL)
    box = sent_to(undone)
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
