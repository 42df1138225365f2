"""Which tests share a process, and which start first.

Tests of a unit share fixtures. xdist's mark for that has no effect with pytest 9.2 (pytest-dev/pytest-xdist#1386).
"""

from typing import Final

from xdist.scheduler import LoadFileScheduling
from xdist.workermanage import WorkerController

TOGETHER: Final = ("tests/e2e", "tests/browser")
"""They start the whole system once for all their files."""

FIRST: Final = (
    *TOGETHER,
    "tests/web/access/test_locks.py",
    "tests/web/forge/access/test_locks.py",
    "tests/web/access/test_requests.py",
    "tests/web/forge/access/test_requests.py",
    "tests/web/api/test_openapi.py",
    "tests/web/access/test_bulk.py",
    "tests/web/forge/access/test_bulk.py",
    "tests/devstack/test_dev.py",
    "tests/storm/test_storm.py",
    "tests/storage/jobs/test_runner.py",
    "tests/structure/test_forge_manifest.py",
    "tests/processes/test_heroku.py",
    "tests/services/privacy/test_erase.py",
    "tests/processes/test_crash_reports.py",
    "tests/processes/test_start.py",
    "tests/web/api/test_odd_properties.py",
    "tests/devstack/databases/test_servers.py",
    "tests/processes/test_logs.py",
    "tests/services/privacy/test_report_accounts.py",
    "tests/web/api/test_points.py",
    "tests/storage/test_effects.py",
    "tests/properties/test_mutants.py",
    "tests/web/test_space_activation.py",
    "tests/support/test_time_limits.py",
    "tests/storage/backup/test_backups_replacing.py",
    "tests/structure/test_bin_mutants.py",
    "tests/storage/privacy/test_scan_sources.py",
    "tests/commands/test_output.py",
)
"""The slowest first: none may be left to one process at the end."""


def unit_of(test: str) -> str:
    """Return the folder or file whose tests run in one process."""
    file = test.partition("::")[0]
    return next((folder for folder in TOGETHER if file.startswith(f"{folder}/")), file)


def place_in_line(test: str) -> int:
    """0 is first."""
    unit = unit_of(test)
    return FIRST.index(unit) if unit in FIRST else len(FIRST)


class Scheduler(LoadFileScheduling):
    """Hands out units in order of collection; a test that ended its process is not run again."""

    def remove_node(self, node: WorkerController) -> str | None:
        """Return the test that was running; xdist itself would give it to the next process with the others."""
        units = self.assigned_work[node].values()
        crashed = next((test for unit in units for test, done in unit.items() if not done), None)
        if crashed is not None:
            self.assigned_work[node][unit_of(crashed)][crashed] = True
        super().remove_node(node)
        return crashed

    def _split_scope(self, nodeid: str) -> str:
        return unit_of(nodeid)
