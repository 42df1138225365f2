"""Liveness, readiness and counters; nothing about customers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog
from flask import Blueprint, Response, jsonify
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from lockpoint.web.guards import Guard, guarded_by

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Ping:
    """A required neighbour; `check` raises when unwell."""

    name: str
    check: Callable[[], object]


def health_routes(pings: Sequence[Ping]) -> Blueprint:
    """`/healthz` (alive), `/readyz` (503 unless every ping is well), `/metrics`."""
    blueprint = Blueprint("health", __name__)

    @blueprint.get("/healthz")
    @guarded_by(Guard.PUBLIC)
    def healthz() -> Response:
        return jsonify(status="ok")

    @blueprint.get("/readyz")
    @guarded_by(Guard.PUBLIC)
    def readyz() -> tuple[Response, int]:
        unwell = [ping.name for ping in pings if not _well(ping)]
        return jsonify(status="unavailable" if unwell else "ok", unwell=unwell), 503 if unwell else 200

    @blueprint.get("/metrics")
    @guarded_by(Guard.PUBLIC)
    def metrics() -> Response:
        return Response(generate_latest(), content_type=CONTENT_TYPE_LATEST)

    return blueprint


def _well(ping: Ping) -> bool:
    try:
        ping.check()
    except Exception as error:  # noqa: BLE001 - any failure means "not ready"
        # The error's text may hold an address with a password.
        log.warning("not_ready", neighbour=ping.name, error=type(error).__name__)
        return False
    return True
