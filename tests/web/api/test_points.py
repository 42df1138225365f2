"""Quota points: each use case within its budget; docs/costs.md equals the measurement."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bench.points import ENOUGH, LISTED, LOCKED, MANY, TARGET, Cost, mail_sink, measured, page_of
from tests.support import databases
from tests.web.live_app import live_app

BASE = 5  # of a list: the page as the viewer, the first part of the list, one check whether the app may edit
TWO_EACH = 2  # a file and its record, in one read


@pytest.fixture(scope="module")
def costs(servers: databases.Addresses, worker_id: str) -> Iterator[list[Cost]]:
    """Everything measured once, by a separate application."""
    cache = servers.valkey.format(databases.cache_number(worker_id))
    with (
        databases.database(servers, worker_id) as url,
        mail_sink() as mails,
        live_app(url, cache, LOCKPOINT_MAIL_URL=mails, **ENOUGH) as live,
    ):
        yield measured(live)


def _points(costs: list[Cost], group: str, name: str) -> int:
    return next(cost.points for cost in costs if cost.group.startswith(group) and cost.name.startswith(name))


@pytest.mark.parametrize(
    ("group", "name", "most"),
    [
        ("A person", "acquire, first time", 5),
        ("A person", "acquire, locked before", 5),
        ("A person", "extend", 3),
        ("A person", "release", 8),
        ("A person", "take over", 8),
        ("A person", "break", 8),
        ("A person", "show, free", 4),
        ("A person", "show, one's own", 4),
        ("Upkeep", "sweep", 2),
        ("Events", "upload to a file that is not locked", 0),
        ("Events", "overwrite by another, undone", 9),
        ("List", "unchanged", 0),
        ("List", "nothing locked", BASE + LISTED),
        ("List", f"{LOCKED} of one's own", BASE - TWO_EACH + LISTED + TWO_EACH * LOCKED),
        ("List of a page with 250", "the first time", 260),
        ("List of a page with 250", "the first time, no lock", 310),
        ("List of a page with 250", "again", 3),
        ("List of a page with 250", "after a new file", 260),
        ("List of a page with 1000", "the first time", 1100),
        ("List of a page with 1000", "again", 3),
        ("Bulk", "lock", 6 * MANY + TWO_EACH),
        ("Bulk", "extend", 3 * MANY + TWO_EACH),
        ("Lists across", "space, the first time", TWO_EACH * MANY + BASE + TWO_EACH),
        ("Lists across", "space, again", BASE),
        ("Notices", "notices, nothing to tell", 0),
        ("Notices", "unchanged", 0),
        ("Notices", "health of the site", 3),
    ],
)
def test_use_cases_keep_to_their_budget(costs: list[Cost], group: str, name: str, most: int) -> None:
    assert _points(costs, group, name) <= most


def test_the_published_costs_are_true(costs: list[Cost]) -> None:
    """Run `python -m bench.points` to rewrite docs/costs.md."""
    assert TARGET.read_text() == page_of(costs)
