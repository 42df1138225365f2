"""What `lockpoint privacy erase` prints about an unfinished erasure."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from lockpoint.commands.privacy import told
from lockpoint.services.context import Tenant
from lockpoint.services.privacy.erase import Left, Rest

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
SITE = Tenant(1, "acme", "https://acme.example/wiki")
GONE = Tenant(1, "acme", "https://acme.example/wiki", installed=False, enabled=False)


@pytest.mark.parametrize("left", Left)
@pytest.mark.parametrize("tenant", [SITE, GONE])
def test_nothing_is_called_simply_done(left: Left, tenant: Tenant) -> None:
    """Everything left is named; the answer is never just `done`."""
    text = told(Rest(left, AT), tenant)
    assert text != "done"
    assert ("09:00" in text) == (left is not Left.SITE)


@pytest.mark.parametrize(("files", "words"), [(1, "1 file that"), (3, "3 files that")])
def test_files_are_counted(files: int, words: str) -> None:
    """Files closed to the app are counted, also beside live locks."""
    assert told(Rest(Left.FILES, AT, files), SITE).startswith(f"done except {words}")
    assert words in told(Rest(Left.LOCKS, AT, files), SITE)


def test_a_site_that_left_is_told_from_one_where_the_app_is_off() -> None:
    """The next step differs."""
    assert "switched on again" in told(Rest(Left.SITE, AT), SITE)
    assert "installed, within 30 days of its uninstall, again" in told(Rest(Left.SITE, AT), GONE)
