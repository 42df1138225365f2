"""Which tests run in one process, and which begin first.

What the tests of a file or folder share is built once when they stay together. xdist's own mark for that has no effect
with pytest 9.2 (pytest-dev/pytest-xdist#1386).
"""

from typing import Final

from xdist.scheduler import LoadFileScheduling

TOGETHER: Final = ("tests/e2e", "tests/browser")
"""Folders that start the whole system once for all their files."""

FIRST: Final = (
    *TOGETHER,
    "tests/devstack/test_dev.py",
    "tests/storage/jobs/test_runner.py",
    "tests/web/api/test_openapi.py",
    "tests/web/test_access_matrix.py",
    "tests/services/privacy/test_erase.py",
    "tests/services/privacy/test_report_accounts.py",
    "tests/processes/test_heroku.py",
    "tests/commands/test_output.py",
    "tests/devstack/databases/test_servers.py",
)
"""What takes longest, longest first: none of it may be left to one process at the end."""


def unit_of(test: str) -> str:
    """Return the folder or file of a test; all tests of it run in one process."""
    file = test.partition("::")[0]
    return next((folder for folder in TOGETHER if file.startswith(f"{folder}/")), file)


def place_in_line(test: str) -> int:
    """Return when a test's turn comes: 0 is first."""
    unit = unit_of(test)
    return FIRST.index(unit) if unit in FIRST else len(FIRST)


class Scheduler(LoadFileScheduling):
    """Hands out units in the order in which they were collected."""

    def _split_scope(self, nodeid: str) -> str:
        return unit_of(nodeid)
