"""Liveness, readiness and counters of a process; nothing about customers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog
from flask import Blueprint, Response, jsonify
from prometheus_client import CONTENT_TYPE_LATEST

from lockpoint.services.clock_skew import TOLERATED, ClockState
from lockpoint.web.guards import Guard, guarded_by
from lockpoint.web.metrics import exposition

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lockpoint.services.clock_skew import ClockOffsets
    from lockpoint.web.metrics import StateOfSites

log = structlog.get_logger(__name__)


class NotReadyError(Exception):
    """Its text is shown to everybody."""


@dataclass(frozen=True, slots=True)
class Ping:
    """A neighbour that the process needs; `check` raises when it is unwell."""

    name: str
    check: Callable[[], object]


def clock_ping(offsets: ClockOffsets) -> Ping:
    """A node that decides nothing about locks shall not be asked."""

    def check() -> None:
        if offsets.of_node() is ClockState.WRONG:
            raise NotReadyError(f"more than {TOLERATED.seconds} s from Confluence's")

    return Ping("clock", check)


def health_routes(pings: Sequence[Ping], state: StateOfSites) -> Blueprint:
    """`/healthz` (alive), `/readyz` (every ping is well, else 503) and `/metrics`."""
    blueprint = Blueprint("health", __name__)

    @blueprint.get("/healthz")
    @guarded_by(Guard.PUBLIC)
    def healthz() -> Response:
        return jsonify(status="ok")

    @blueprint.get("/readyz")
    @guarded_by(Guard.PUBLIC)
    def readyz() -> tuple[Response, int]:
        unwell = [trouble for ping in pings if (trouble := _trouble(ping))]
        return jsonify(status="unavailable" if unwell else "ok", unwell=unwell), 503 if unwell else 200

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
        log.warning("not_ready", neighbour=ping.name, error=type(error).__name__)
        return ping.name
    return ""
