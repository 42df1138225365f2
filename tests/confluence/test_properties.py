from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from lockpoint.services.errors import GoneOrInvisible, HostError, HostUnavailable, LostRace
from lockpoint.services.ports.confluence import PropertyHost
from tests.confluence.live import BLOG, BUDGET, DANA, LOGO, PAGE, PRIORITY, PRIVATE_FILE, SPACE

if TYPE_CHECKING:
    from tests.confluence.live import Live

RECORD = {"schema": 1, "state": "held", "note": "ä\u2028🔒"}


def test_a_record_is_created_replaced_and_read(live: Live) -> None:
    assert live.locks.read(live.acme, BUDGET, priority=PRIORITY).locks == ()
    created = live.locks.create(live.acme, BUDGET, RECORD, priority=PRIORITY)
    assert (created.version, created.value, created.key) == (1, RECORD, "lockpointlock")
    replaced = live.locks.replace(live.acme, BUDGET, created.id, {"state": "free"}, 2, priority=PRIORITY)
    assert (replaced.id, replaced.version) == (created.id, 2)
    (row,) = live.locks.read(live.acme, BUDGET, priority=PRIORITY).locks
    assert (row.id, row.version, row.value) == (created.id, 2, {"state": "free"})
    assert row.created is not None
    assert live.locks.read(live.globex, BUDGET, priority=PRIORITY).locks == ()


@pytest.mark.parametrize("others", [0, 60])
def test_record_and_waitlist_are_read_together(live: Live, others: int) -> None:
    """Whoever may edit the file may store as many properties as they like."""
    file = PropertyHost.ATTACHMENT
    for number in range(others):
        live.properties.create(live.acme, file, BUDGET, f"a{number}", "x", priority=PRIORITY)
    live.locks.create(live.acme, BUDGET, RECORD, priority=PRIORITY)
    live.properties.create(live.acme, file, BUDGET, "lockpointwatch", {"askers": []}, priority=PRIORITY)
    before = len(live.spent)
    found = live.locks.read(live.acme, BUDGET, priority=PRIORITY)
    assert [row.value for row in found.locks] == [RECORD]
    assert found.waitlist is not None
    assert found.waitlist.value == {"askers": []}
    assert len(live.spent) - before == (3 if others else 1)


def test_the_second_creation_loses(live: Live) -> None:
    """Create-if-absent."""
    live.locks.create(live.acme, BUDGET, RECORD, priority=PRIORITY)
    with pytest.raises(LostRace):
        live.locks.create(live.acme, BUDGET, {"state": "other"}, priority=PRIORITY)


@pytest.mark.parametrize("version", [1, 2, 4, 9])
def test_a_stale_write_loses(live: Live, version: int) -> None:
    """Only the next version is accepted."""
    row = live.locks.create(live.acme, BUDGET, RECORD, priority=PRIORITY)
    live.locks.replace(live.acme, BUDGET, row.id, RECORD, 2, priority=PRIORITY)
    with pytest.raises(LostRace):
        live.locks.replace(live.acme, BUDGET, row.id, {"state": "mine"}, version, priority=PRIORITY)
    assert live.locks.read(live.acme, BUDGET, priority=PRIORITY).locks[0].value == RECORD


def test_of_many_writers_of_one_version_one_wins(live: Live) -> None:
    """L-10."""
    row = live.locks.create(live.acme, BUDGET, RECORD, priority=PRIORITY)

    def write(writer: int) -> bool:
        try:
            live.locks.replace(live.acme, BUDGET, row.id, {"writer": writer}, 2, priority=PRIORITY)
        except LostRace:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(write, range(8))) == 1


def test_a_write_to_a_row_that_is_gone_loses(live: Live) -> None:
    """F07: after a lost race the caller reads again."""
    row = live.locks.create(live.acme, BUDGET, RECORD, priority=PRIORITY)
    live.act("property", DANA, attachmentId=BUDGET, key="lockpointlock", delete=True, force=True)
    with pytest.raises(LostRace):
        live.locks.replace(live.acme, BUDGET, row.id, RECORD, 2, priority=PRIORITY)


def test_duplicate_rows_are_all_shown_and_one_can_be_removed(live: Live) -> None:
    """The lowest id is the record; removing the other twice is harmless."""
    live.fault("duplicate", method="POST", path="properties")
    live.locks.create(live.acme, BUDGET, RECORD, priority=PRIORITY)
    first, second = live.locks.read(live.acme, BUDGET, priority=PRIORITY).locks
    assert int(first.id) < int(second.id)
    assert live.attachments.get(live.acme, BUDGET, priority=PRIORITY).properties == (first, second)
    live.locks.delete(live.acme, BUDGET, second.id, priority=PRIORITY)
    live.locks.delete(live.acme, BUDGET, second.id, priority=PRIORITY)
    assert live.locks.read(live.acme, BUDGET, priority=PRIORITY).locks == (first,)


@pytest.mark.parametrize("kind", ["lost", "drop"])
def test_a_creation_whose_answer_is_lost_is_unknown_and_not_repeated(live: Live, kind: str) -> None:
    """The caller checks for the row under its creation guard."""
    live.fault(kind, method="POST", path="properties")
    with pytest.raises(HostUnavailable):
        live.locks.create(live.acme, BUDGET, RECORD, priority=PRIORITY)
    posts = [e for e in live.exchanges() if e["method"] == "POST"]
    assert len(posts) == 1
    assert len(live.locks.read(live.acme, BUDGET, priority=PRIORITY).locks) == (1 if kind == "lost" else 0)


def test_a_replacement_whose_answer_is_lost_is_unknown_when_the_repetition_loses(live: Live) -> None:
    """The write may have lost against itself: read again."""
    row = live.locks.create(live.acme, BUDGET, RECORD, priority=PRIORITY)
    live.fault("lost", method="PUT", path="properties")
    with pytest.raises(HostUnavailable):
        live.locks.replace(live.acme, BUDGET, row.id, {"state": "mine"}, 2, priority=PRIORITY)
    assert live.locks.read(live.acme, BUDGET, priority=PRIORITY).locks[0].value == {"state": "mine"}


def test_a_replacement_that_was_not_carried_out_is_carried_out_by_the_repetition(live: Live) -> None:
    row = live.locks.create(live.acme, BUDGET, RECORD, priority=PRIORITY)
    live.fault("drop", method="PUT", path="properties")
    assert live.locks.replace(live.acme, BUDGET, row.id, {"state": "mine"}, 2, priority=PRIORITY).version == 2


def test_the_properties_of_an_invisible_file_are_gone_or_invisible(live: Live) -> None:
    """An invisible file differs from a missing row."""
    with pytest.raises(GoneOrInvisible):
        live.locks.read(live.acme, PRIVATE_FILE, priority=PRIORITY)


@pytest.mark.parametrize(
    ("host", "host_id"),
    [(PropertyHost.ATTACHMENT, LOGO), (PropertyHost.PAGE, PAGE.id), (PropertyHost.BLOGPOST, BLOG.id)],
)
def test_other_properties_of_contents(live: Live, host: PropertyHost, host_id: str) -> None:
    assert live.properties.read(live.acme, host, host_id, "lockpointwatch", priority=PRIORITY) is None
    created = live.properties.create(live.acme, host, host_id, "lockpointwatch", [1], priority=PRIORITY)
    replaced = live.properties.replace(live.acme, host, host_id, created, [1, 2], priority=PRIORITY)
    assert live.properties.read(live.acme, host, host_id, "lockpointwatch", priority=PRIORITY) == replaced
    assert (replaced.version, replaced.value) == (2, [1, 2])
    with pytest.raises(LostRace):
        live.properties.replace(live.acme, host, host_id, created, [3], priority=PRIORITY)


@pytest.mark.parametrize(("host", "host_id"), [(PropertyHost.ATTACHMENT, LOGO), (PropertyHost.PAGE, PAGE.id)])
def test_a_doubled_property_can_be_replaced_at_the_second_try(live: Live, host: PropertyHost, host_id: str) -> None:
    """F06: Confluence refuses to replace either row; the lowest id stays."""
    live.fault("duplicate", method="POST", path="properties")
    live.properties.create(live.acme, host, host_id, "lockpointwatch", [1], priority=PRIORITY)
    row = live.properties.read(live.acme, host, host_id, "lockpointwatch", priority=PRIORITY)
    assert row is not None
    with pytest.raises(LostRace):
        live.properties.replace(live.acme, host, host_id, row, [2], priority=PRIORITY)
    assert live.properties.replace(live.acme, host, host_id, row, [2], priority=PRIORITY).id == row.id


def test_space_properties_are_read_and_not_written_by_the_app(live: Live) -> None:
    """Only the space's admin may write them."""
    live.act("property", DANA, spaceKey="DS", key="lockpointspace", value={"a": 1})
    row = live.properties.read(live.acme, PropertyHost.SPACE, SPACE, "lockpointspace", priority=PRIORITY)
    assert row is not None
    assert row.value == {"a": 1}
    with pytest.raises(HostError):
        live.properties.replace(live.acme, PropertyHost.SPACE, SPACE, row, {"a": 2}, priority=PRIORITY)


def test_app_properties_are_stored_and_read(live: Live) -> None:
    """Per site; the last write wins."""
    assert live.properties.read_app(live.acme, "lockpointsite", priority=PRIORITY) is None
    live.properties.write_app(live.acme, "lockpointsite", {"copyMode": True}, priority=PRIORITY)
    live.properties.write_app(live.acme, "lockpointsite", {"copyMode": False}, priority=PRIORITY)
    assert live.properties.read_app(live.acme, "lockpointsite", priority=PRIORITY) == {"copyMode": False}
    assert live.properties.read_app(live.globex, "lockpointsite", priority=PRIORITY) is None


def test_keys_that_would_change_the_path_are_refused(live: Live) -> None:
    """Only letters, digits, dash and underscore."""
    with pytest.raises(ValueError, match="key"):
        live.properties.read_app(live.acme, "../x", priority=PRIORITY)
    with pytest.raises(ValueError, match="id"):
        live.locks.read(live.acme, "1/../2", priority=PRIORITY)
