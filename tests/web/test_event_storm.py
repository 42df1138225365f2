"""A storm of events, a fifth lost, a fifth doubled, all shuffled and late, ends alike through either door."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from lockpoint.services.ports.jobs import JobKind
from tests.web.live_app import LiveApp

DOORS = pytest.mark.parametrize("live", [None, {"acme": "forge"}], indirect=True, ids=["connect", "forge"])
LOCKED = 12
DEEDS_EACH = 5
OVERWRITES_EACH = 2
UNDONE_EACH = 3  # of one person's changes, in ten minutes; a fourth would wait for the end of a pause
LOSS, DOUBLED = 0.2, 0.2


@dataclass
class Story:
    """One locked file, and what it must be in the end."""

    file: str
    title: str
    expected: str = "first"
    overwrites: int = 0
    deeds: list[str] = field(default_factory=list)

    def takes(self, deed: str) -> bool:
        """Whether the budget of undoing is enough for this too: Bob's changes spend his, what is trashed nobody's."""
        if deed == "trash":
            return self.deeds.count(deed) < UNDONE_EACH
        spent = self.overwrites + self.deeds.count("rename")
        return spent < UNDONE_EACH and (deed == "rename" or self.overwrites < OVERWRITES_EACH)


@pytest.fixture
def storm(live: LiveApp) -> Iterator[random.Random]:
    live.control("webhooks/settings", site="acme", lossRate=LOSS, shuffle=True, seed="storm")
    yield random.Random(20)  # noqa: S311 - randomness for a test
    live.control("webhooks/settings", site="acme", lossRate=0, shuffle=False)
    live.drain()


def _deed(live: LiveApp, story: Story, chance: random.Random) -> None:
    name = chance.choice(("own", "overwrite", "rename", "trash"))
    if name != "own" and not story.takes(name):
        name = "own"
    with live.running.world.lock:
        trashed = live.running.world.sites["acme"].attachments[int(story.file)].status == "trashed"
    if trashed:
        return  # takes no change until it is back
    story.deeds.append(name)
    text = f"{story.file}, {len(story.deeds)}"
    if name == "own":
        story.expected = text
        live.control("sites/acme/upload", account="alice", attachmentId=story.file, text=text)
    elif name == "overwrite":
        story.overwrites += 1
        live.control("sites/acme/upload", account="bob", attachmentId=story.file, text=text)
    elif name == "rename":
        live.control("sites/acme/rename", account="bob", attachmentId=story.file, title=f"{text}.txt")
    else:
        live.control("sites/acme/trash", account="bob", attachmentId=story.file)


def _events(live: LiveApp) -> int:
    return sum(delivery.site == "acme" for delivery in live.running.world.webhooks.deliveries())


def _twice(live: LiveApp, since: int, chance: random.Random) -> None:
    hooks = live.running.world.webhooks
    for delivery in [one for one in hooks.deliveries() if one.site == "acme" and one.id > since]:
        if chance.random() < DOUBLED:
            hooks.replay(delivery.id)


def _all_of(live: LiveApp, stories: list[Story], chance: random.Random, events: int) -> None:
    """Let people work on locked files and, most of the time, on others, until so many events were sent."""
    page = live.page()
    free = [live.file(page) for _ in range(5)]
    turns = [story for story in stories for _ in range(DEEDS_EACH)]
    chance.shuffle(turns)
    begun, seen = _events(live), 0
    every = max(1, events // (len(turns) + 1))
    while (sent := _events(live) - begun) < events or turns:
        if turns and (sent >= (len(stories) * DEEDS_EACH - len(turns) + 1) * every or sent >= events):
            _deed(live, turns.pop(), chance)
        else:
            live.control("sites/acme/upload", account="bob", attachmentId=chance.choice(free), text=f"{sent}")
        if chance.random() < 0.02:  # meanwhile the app hears of it, and works
            last = live.running.world.webhooks.deliveries()[-1].id
            _twice(live, seen, chance)
            seen = last
            live.drain()
            live.run_jobs()
    _twice(live, seen, chance)


def _ends(live: LiveApp, stories: list[Story]) -> dict[str, tuple[str, str, str]]:
    with live.running.world.lock:
        files = live.running.world.sites["acme"].attachments
        found = {story.file: files[int(story.file)] for story in stories}
        return {
            story.title: (found[story.file].head.data.decode(), found[story.file].title, found[story.file].status)
            for story in stories
        }


@DOORS
@pytest.mark.parametrize("events", [400, pytest.param(10_000, marks=[pytest.mark.long, pytest.mark.timeout(1800)])])
@pytest.mark.usefixtures("other_site_untouched")
def test_a_storm_of_events_loses_no_work(live: LiveApp, storm: random.Random, events: int) -> None:
    """S5, E22: every locked file ends as its owner left it, under its name, and locked still."""
    page = live.page()
    stories = [Story(live.file(page, f"plan {number}.txt"), f"plan {number}.txt") for number in range(LOCKED)]
    for story in stories:
        live.lock("alice", story.file)
    _all_of(live, stories, storm, events)
    live.settle()
    for _ in range(2):
        live.work(JobKind.SWEEP)
        live.settle()
    assert _ends(live, stories) == {story.title: (story.expected, story.title, "current") for story in stories}
    overwritten = [story for story in stories if story.overwrites]
    assert len(overwritten) > LOCKED // 2
    for story in stories:
        shown = live.call("alice", "GET", f"/attachments/{story.file}/lock").json()["lock"]
        assert (shown["state"], shown["protection"]) == ("mine", "protected"), story
