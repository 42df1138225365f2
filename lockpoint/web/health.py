"""Liveness, readiness and counters of a process; nothing about customers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import structlog
from flask import Blueprint, Response, jsonify
from prometheus_client import CONTENT_TYPE_LATEST, Counter

from lockpoint.services.clock_skew import DOUBT_REMEDY, TOLERATED, ClockState
from lockpoint.web.guards import Guard, guarded_by
from lockpoint.web.metrics import exposition

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lockpoint.services.clock_skew import ClockOffsets, TimelyTokens
    from lockpoint.web.metrics import StateOfSites

log = structlog.get_logger(__name__)

_NOT_READY: Final = Counter(
    "lockpoint_not_ready", "Neighbours that did not answer when readiness was asked", ["neighbour"]
)


class NotReadyError(Exception):
    """Its text is shown to everybody."""


@dataclass(frozen=True, slots=True)
class Ping:
    """`check` raises when a neighbour is unwell; without one that is not `needed`, the process only works worse."""

    name: str
    check: Callable[[], object]
    needed: bool = True


def clock_ping(offsets: ClockOffsets) -> Ping:
    """A node that decides nothing about locks shall not be asked."""

    def check() -> None:
        if offsets.of_node() is ClockState.WRONG:
            raise NotReadyError(f"more than {TOLERATED.seconds} s from Confluence's")

    return Ping("clock", check)


def tokens_ping(times: TimelyTokens) -> Ping:
    """Whoever is refused cannot say so: the process works on, and says that nobody gets in."""

    def check() -> None:
        if times.doubtful():
            raise NotReadyError(f"all are refused for their time; {DOUBT_REMEDY}")

    return Ping("tokens", check, needed=False)


def health_routes(pings: Sequence[Ping], state: StateOfSites) -> Blueprint:
    """`/healthz` (alive), `/readyz` (every needed neighbour is well, else 503) and `/metrics`."""
    blueprint = Blueprint("health", __name__)

    @blueprint.get("/healthz")
    @guarded_by(Guard.PUBLIC)
    def healthz() -> Response:
        return jsonify(status="ok")

    @blueprint.get("/readyz")
    @guarded_by(Guard.PUBLIC)
    def readyz() -> tuple[Response, int]:
        unwell, missed = (
            [trouble for ping in pings if ping.needed is needed and (trouble := _trouble(ping))]
            for needed in (True, False)
        )
        status = "unavailable" if unwell else "degraded" if missed else "ok"
        return jsonify(status=status, unwell=unwell, degraded=missed), 503 if unwell else 200

    @blueprint.get("/metrics")
    @guarded_by(Guard.PUBLIC)
    def metrics() -> Response:
        return Response(exposition(state), content_type=CONTENT_TYPE_LATEST)

    return blueprint


def _trouble(ping: Ping) -> str:
    """Return its name, with the reason where that may be shown; nothing if it is well."""
    try:
        ping.check()
    except NotReadyError as reason:
        return f"{ping.name}: {reason}"  # logged where it was found
    except Exception as error:  # noqa: BLE001 - any failure means "not ready"
        # The error's text may hold an address with a password.
        _NOT_READY.labels(ping.name).inc()
        log.warning("not_ready", neighbour=ping.name, needed=ping.needed, error=type(error).__name__)
        return ping.name
    return ""
