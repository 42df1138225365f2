"""What `/metrics` says, what it costs the database, and that dashboard and alerts speak of what is there."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path

from prometheus_client import REGISTRY

from lockpoint import bootstrap
from lockpoint.services.errors import StorageUnavailable
from lockpoint.services.ports.maintenance import Readings
from lockpoint.web.metrics import KEPT_SECONDS, StateOfSites, exposition
from tests.support.checkout import ROOT

SOME = Readings(
    waiting={"sweep": 3},
    oldest_seconds=1.5,
    parked={"reconcile": 1},
    locks={"protected": 7},
    mails_waiting=2,
    forge_token_left=1800.0,
)
MONITORING = ROOT / "docs" / "monitoring"


@dataclass
class CountedGauges:
    asked: int = 0
    away: bool = False
    now: float = 0.0
    readings: Readings = field(default_factory=lambda: SOME)

    def read(self) -> Readings:
        self.asked += 1
        if self.away:
            raise StorageUnavailable("away")
        return self.readings


def test_all_sites_are_told_together() -> None:
    """E5: queue, parked jobs, protection and mails; labels are our own words."""
    text = exposition(StateOfSites(CountedGauges())).decode()
    for line in (
        'lockpoint_queue_jobs{kind="sweep"} 3.0',
        "lockpoint_queue_oldest_seconds 1.5",
        'lockpoint_jobs_parked{kind="reconcile"} 1.0',
        'lockpoint_locks{protection="protected"} 7.0',
        "lockpoint_mails_waiting 2.0",
    ):
        assert line in text.splitlines()


def test_the_first_token_to_end_is_told_where_there_are_sites_on_forge() -> None:
    assert (
        "lockpoint_forge_token_left_seconds 1800.0" in exposition(StateOfSites(CountedGauges())).decode().splitlines()
    )
    none = CountedGauges(readings=replace(SOME, forge_token_left=None))
    assert "lockpoint_forge_token_left_seconds" not in exposition(StateOfSites(none)).decode()


def test_everybody_may_ask_and_the_database_is_read_now_and_then() -> None:
    """F1: strangers spend nothing of others'."""
    gauges = CountedGauges()
    state = StateOfSites(gauges, lambda: gauges.now)
    for _ in range(100):
        exposition(state)
    assert gauges.asked == 1
    gauges.now = KEPT_SECONDS
    exposition(state)
    assert gauges.asked == 2


def test_without_the_database_nothing_old_is_told() -> None:
    gauges = CountedGauges()
    state = StateOfSites(gauges, lambda: gauges.now)
    assert b"lockpoint_queue_jobs" in exposition(state)
    gauges.away, gauges.now = True, KEPT_SECONDS
    text = exposition(state)
    assert b"lockpoint_queue_jobs" not in text
    assert b"python_info" in text or b"lockpoint_hints" in text


_COUNT = """
from lockpoint.web.connect.webhooks import _HINTS
_HINTS.labels(event="x", outcome="queued").inc()
"""
_SHOW = """
from lockpoint.web.metrics import StateOfSites, exposition
class Nothing:
    def read(self):
        raise __import__("lockpoint.services.errors", fromlist=["x"]).StorageUnavailable("away")
print(exposition(StateOfSites(Nothing())).decode())
"""


def test_processes_are_counted_together(tmp_path: Path) -> None:
    """E5: whichever process answers tells of all, also of those that have ended."""
    together = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    for code in (_COUNT, _COUNT):
        subprocess.run([sys.executable, "-c", code], check=True, env=together, cwd=ROOT)
    shown = subprocess.run(
        [sys.executable, "-c", _SHOW], check=True, env=together, cwd=ROOT, capture_output=True, text=True
    )
    assert 'lockpoint_hints_total{event="x",outcome="queued"} 2.0' in shown.stdout.splitlines()


def _known() -> set[str]:
    assert bootstrap  # everything that counts is loaded
    names = {sample.name for family in REGISTRY.collect() for sample in family.samples}
    declared = {family.name for family in REGISTRY.collect()}
    ours = {f"{name}{end}" for name in declared for end in ("", "_total", "_bucket", "_count", "_sum")}
    return (
        names | ours | {sample.name for family in StateOfSites(CountedGauges()).collect() for sample in family.samples}
    )


def unknown_in(text: str) -> set[str]:
    return set(re.findall(r"\blockpoint_[a-z_]+", text)) - _known()


def test_dashboard_and_alerts_speak_of_what_is_measured() -> None:
    dashboard = json.loads((MONITORING / "dashboard.json").read_text())
    expressions = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    assert len(expressions) >= 12
    assert unknown_in("\n".join(expressions)) == set()
    assert unknown_in((MONITORING / "alerts.yml").read_text()) == set()
    assert unknown_in("rate(lockpoint_renamed_total[5m])") == {"lockpoint_renamed_total"}
