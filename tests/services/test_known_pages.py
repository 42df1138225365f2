"""Lists in memory: each person's own, and not for long."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from lockpoint.domain.history.judge import FileStatus
from lockpoint.services import known_pages
from lockpoint.services.context import Actor
from lockpoint.services.known_pages import KEPT, KnownPage, KnownPages, KnownProperties
from lockpoint.services.ports.confluence import Container, ContainerKind, ContainerView, FileProperties
from tests.fakes.world import ACME, ALICE, BOB, GINA, GLOBEX, START

PAGE = Container(ContainerKind.PAGE, "1")
KNOWN = KnownProperties(START, "as of then", FileProperties((), None))
A, B, G = Actor(ACME, ALICE), Actor(ACME, BOB), Actor(GLOBEX, GINA)


@dataclass
class Known:
    now: float = 0.0
    waiting: list[tuple[float, Callable[[], None]]] = field(default_factory=list)
    """Calls for later: after how many seconds, and what."""

    def __post_init__(self) -> None:
        self.pages = KnownPages(lambda: self.now, lambda seconds, call: self.waiting.append((seconds, call)))

    def wait(self) -> None:
        """Let the time of the one waiting call come."""
        ((seconds, call),) = self.waiting
        self.waiting.clear()
        self.now += seconds
        call()

    def put(self, actor: Actor, page_id: str = "1") -> KnownPage:
        page = KnownPage((), (), START)
        self.pages.put(actor, page_id, page)
        return page


@pytest.fixture
def known() -> Known:
    return Known()


def test_a_list_is_its_readers_own(known: Known) -> None:
    """Nobody sees a name that was read as somebody else."""
    page = known.put(A)
    assert known.pages.get(A, "1") is page
    assert known.pages.get(B, "1") is None
    assert known.pages.get(Actor(GLOBEX, ALICE), "1") is None
    assert known.pages.get(A, "2") is None


def test_no_list_is_kept_for_long(known: Known) -> None:
    """Also where nobody asks any more."""
    known.put(A)
    known.now = KEPT.total_seconds() - 1
    newer = known.put(B)
    known.pages.tidy()
    assert known.pages.get(A, "1") is not None
    known.now += 1
    known.pages.tidy()
    assert known.pages.get(A, "1") is None
    assert known.pages.get(B, "1") is newer


def test_lists_are_looked_through_until_none_is_left(known: Known) -> None:
    """One call waits at a time, however many lists there are."""
    known.put(A)
    known.put(B)
    rounds = 0
    while known.waiting:
        known.wait()
        rounds += 1
    assert (known.pages._pages, rounds, known.now) == ({}, 10, KEPT.total_seconds())
    known.put(A)
    assert len(known.waiting) == 1


def test_a_process_may_end_while_lists_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[tuple[float, bool]] = []
    monkeypatch.setattr(threading.Timer, "start", lambda timer: started.append((timer.interval, timer.daemon)))
    KnownPages().put(A, "1", KnownPage((), (), START))
    assert started == [(60, True)]


def test_a_site_that_leaves_is_forgotten(known: Known) -> None:
    known.put(A)
    page = known.put(G)
    known.pages.forget(ACME)
    assert known.pages.get(A, "1") is None
    assert known.pages.get(G, "1") is page


def test_what_was_used_least_goes_first(known: Known, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_pages, "MOST_FILES", 2)
    known.put(A, "1")
    known.put(A, "2")
    assert known.pages.get(A, "1")
    known.put(A, "3")
    assert known.pages.get(A, "2") is None
    assert known.pages.get(A, "1") is not None


def view(page: Container = PAGE, space: str = "7", status: FileStatus = FileStatus.CURRENT) -> ContainerView:
    return ContainerView(page, space, "Plans", status, may_update=False)


def test_the_space_of_a_page_is_known_for_minutes(known: Known) -> None:
    """To its own site; a page may have moved since."""
    known.pages.note_space(ACME, view())
    known.now = KEPT.total_seconds() - 1
    assert known.pages.space_of(ACME, PAGE) == "7"
    assert known.pages.space_of(GLOBEX, PAGE) is None
    assert known.pages.space_of(ACME, Container(ContainerKind.BLOGPOST, "1")) is None
    known.now += 1
    assert known.pages.space_of(ACME, PAGE) is None
    known.pages.tidy()
    assert known.pages._spaces == {}


def test_the_space_is_where_the_page_was_seen_last(known: Known) -> None:
    known.pages.note_space(ACME, view())
    known.pages.note_space(ACME, view(space="8"))
    assert known.pages.space_of(ACME, PAGE) == "8"


def test_only_of_current_pages_the_space_is_known(known: Known) -> None:
    """E45: a draft's file may read as current, so its page is read each time."""
    known.pages.note_space(ACME, view())
    known.pages.note_space(ACME, view(status=FileStatus.DRAFT))
    assert known.pages.space_of(ACME, PAGE) is None


def test_spaces_of_a_site_that_leaves_are_forgotten(known: Known) -> None:
    known.pages.note_space(ACME, view())
    known.pages.note_space(GLOBEX, view())
    known.pages.forget(ACME)
    assert known.pages.space_of(ACME, PAGE) is None
    assert known.pages.space_of(GLOBEX, PAGE) == "7"


def test_the_page_that_was_seen_first_goes_first(known: Known, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_pages, "MOST_SPACES", 1)
    known.pages.note_space(ACME, view())
    known.pages.note_space(GLOBEX, view())
    assert known.pages.space_of(ACME, PAGE) is None
    assert known.pages.space_of(GLOBEX, PAGE) == "7"


def test_properties_of_locked_files_are_kept_for_minutes(known: Known) -> None:
    """They hold words of people."""
    known.pages.note_properties(ACME, "5", KNOWN)
    known.now = KEPT.total_seconds() - 1
    assert known.pages.properties(ACME, "5") is KNOWN
    assert known.pages.properties(GLOBEX, "5") is None
    known.now += 1
    assert known.pages.properties(ACME, "5") is None
    known.pages.tidy()
    assert known.pages._locked == {}


def test_properties_go_with_the_site_and_the_oldest_first(known: Known, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_pages, "MOST_LOCKED", 2)
    for tenant, file in ((ACME, "5"), (ACME, "6"), (GLOBEX, "5")):
        known.pages.note_properties(tenant, file, KNOWN)
    assert known.pages.properties(ACME, "5") is None
    assert known.pages.properties(ACME, "6") is KNOWN
    known.pages.forget(ACME)
    assert known.pages.properties(ACME, "6") is None
    assert known.pages.properties(GLOBEX, "5") is KNOWN
