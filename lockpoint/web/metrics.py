"""`/metrics`: the counters of all processes of this machine, and how all sites are by the database.

Processes share their counters through the files of PROMETHEUS_MULTIPROC_DIR: `lockpoint web` makes such a folder for
its own, an operator names one for worker and clock, too.
"""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING, Final

import structlog
from prometheus_client import REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from lockpoint.services.errors import StorageUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from lockpoint.services.ports.maintenance import Gauges, Readings

FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"
KEPT_SECONDS: Final = 60.0
"""Everybody may ask: the database is read once in this time."""

log = structlog.get_logger(__name__)


class StateOfSites(Collector):
    def __init__(self, gauges: Gauges, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._gauges = gauges
        self._monotonic = monotonic
        self._known: Readings | None = None
        self._read_at = float("-inf")
        self._one_at_a_time = threading.Lock()

    def describe(self) -> list[GaugeMetricFamily]:
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Nothing while the database is away: old figures would look like new ones."""
        readings = self._readings()
        if readings is None:
            return
        yield _by("lockpoint_queue_jobs", "Due jobs that wait", "kind", readings.waiting)
        yield GaugeMetricFamily(
            "lockpoint_queue_oldest_seconds", "How long the oldest due job has waited", readings.oldest_seconds
        )
        yield _by("lockpoint_jobs_parked", "Jobs that failed too often; see lockpoint jobs", "kind", readings.parked)
        yield _by("lockpoint_locks", "Live locks by how they are protected", "protection", readings.locks)
        yield GaugeMetricFamily("lockpoint_mails_waiting", "Mails that have not left", readings.mails_waiting)
        if readings.forge_token_left is not None:
            left = "Seconds until the first site on Forge is without a token"
            yield GaugeMetricFamily("lockpoint_forge_token_left_seconds", left, readings.forge_token_left)

    def _readings(self) -> Readings | None:
        with self._one_at_a_time:
            if self._monotonic() - self._read_at >= KEPT_SECONDS:
                self._read_at = self._monotonic()
                try:
                    self._known = self._gauges.read()
                except StorageUnavailable as error:
                    log.warning("metrics_without_database", error=str(error))
                    self._known = None
            return self._known


def exposition(state: StateOfSites) -> bytes:
    counters = REGISTRY
    if FOLDER in os.environ:
        counters = CollectorRegistry()
        MultiProcessCollector(counters)  # type: ignore[no-untyped-call]
    sites = CollectorRegistry()
    sites.register(state)
    return generate_latest(counters) + generate_latest(sites)


def _by(name: str, what: str, label: str, counts: Mapping[str, int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, what, labels=[label])
    for value, count in sorted(counts.items()):
        family.add_metric([value], count)
    return family
