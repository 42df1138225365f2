"""WSGI layer in front of the REST API: authentication, faults, quota headers, records."""

from __future__ import annotations

import io
import json
import socket
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request, Response

from simulator.http.auth import ANONYMOUS, Caller, authenticate
from simulator.http.operations import Call
from simulator.model.errors import ApiError, error_response, not_found
from simulator.model.quota import Charge
from simulator.world.exchanges import Exchange

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from simulator.model.site import Site
    from simulator.world.faults import Fault
    from simulator.world.world import World

WATCHED = ("/wiki/rest/", "/wiki/api/", "/wiki/download/", "/_media/", "/_sim/oauth/", "/_sim/install-keys/")
REST = ("/wiki/rest/", "/wiki/api/")
LOGIN_PAGE = "<!doctype html><html><head><title>Log in</title></head><body>Log in to continue</body></html>"


class Dropped(ConnectionError):
    """Cut the connection without an answer."""


@dataclass(slots=True)
class Visit:
    world: World
    site: Site
    environ: WSGIEnvironment
    body: bytes
    target: str
    caller: Caller
    refusal: ApiError | None
    faults: list[Fault]
    charge: Charge

    @property
    def method(self) -> str:
        return str(self.environ["REQUEST_METHOD"])

    @property
    def path(self) -> str:
        return str(self.environ["PATH_INFO"])

    def first(self, *kinds: str) -> Fault | None:
        """The first fault of these kinds."""
        return next((fault for fault in self.faults if fault.kind in kinds), None)


def raw_target(environ: WSGIEnvironment) -> str:
    """Path and query as received."""
    raw = str(environ.get("REQUEST_URI") or environ.get("RAW_URI") or "")
    if raw.startswith("/"):
        return raw
    return Request(environ).full_path.rstrip("?")


class Frontdoor:
    """WSGI wrapper of one site."""

    def __init__(self, app: WSGIApplication, world: World, site_key: str) -> None:
        self._app = app
        self._world = world
        self._site_key = site_key

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ["sim.world"], environ["sim.site"] = self._world, self._site_key
        if not str(environ["PATH_INFO"]).startswith(WATCHED):
            response = Response.from_app(self._app, environ)
        else:
            visit = self._visit(environ)
            try:
                response = self._answer(visit)
            except Dropped:
                self._record(visit, None)
                _cut(environ)
                raise
            self._record(visit, response)
        response.headers.setdefault("Date", self._world.clock.http_date())
        return response(environ, start_response)

    def _visit(self, environ: WSGIEnvironment) -> Visit:
        request = Request(environ)
        body = request.get_data()
        environ["wsgi.input"] = io.BytesIO(body)
        environ["wsgi.input_terminated"] = True
        target = raw_target(environ)
        site = self._world.sites[self._site_key]
        caller, refusal = ANONYMOUS, None
        given = environ.get("sim.caller")  # what the gateway of Forge found
        if isinstance(given, ApiError):
            refusal = given
        elif isinstance(given, Caller):
            caller = given
        elif request.path.startswith(REST):
            with self._world.lock:
                try:
                    caller = authenticate(self._world, site, request, target)
                except ApiError as error:
                    refusal = error
        faults = self._world.faults.match(request.method, target, site.key, caller.kind, caller.account_id)
        return Visit(self._world, site, environ, body, target, caller, refusal, faults, Charge())

    def _answer(self, visit: Visit) -> Response:
        for fault in visit.faults:
            if fault.kind == "delay":
                time.sleep(fault.seconds)
        response = self._instead(visit) or self._changed(visit, self._true_answer(visit))
        extra = visit.first("headers")
        if extra:
            response.headers.update(extra.headers)
        return response

    def _instead(self, visit: Visit) -> Response | None:
        """The answer of a fault that prevents execution."""
        fault = visit.first("drop", "status", "not_found", "exhausted", "late")
        if fault is None:
            return None
        if fault.kind == "late":
            timer = threading.Timer(fault.seconds, partial(self._true_answer, visit))
            timer.daemon = True
            timer.start()
        if fault.kind == "drop" or (fault.kind == "late" and not fault.status):
            raise Dropped
        if fault.kind == "not_found":
            return error_response(not_found("content"), visit.path)
        if fault.kind == "exhausted":
            return self._exhausted(visit, retry_after=fault.retry_after)
        return _made_up(fault)

    def _changed(self, visit: Visit, response: Response) -> Response:
        """Apply a fault to the true answer."""
        fault = visit.first("lost", "after", "garbage", "truncate")
        if fault is None:
            return response
        if fault.kind == "lost":
            raise Dropped
        if fault.kind == "after":
            return _made_up(fault)
        if fault.kind == "garbage":
            text = LOGIN_PAGE if fault.body is None else _text(fault.body)
            return Response(text, content_type="text/html" if fault.body is None else "application/json")
        response.set_data(response.get_data()[: fault.cut])
        return response

    def _true_answer(self, visit: Visit) -> Response:
        environ = visit.environ.copy()
        environ["wsgi.input"] = io.BytesIO(visit.body)
        environ["sim.call"] = partial(self._call, visit)
        response = self._moved(visit)
        if response is None and visit.refusal is not None:
            response = error_response(visit.refusal, visit.path)
        if response is None and visit.caller.is_app_traffic and self._out_of_points():
            response = self._exhausted(visit, retry_after=True)
        if response is None:
            response = Response.from_app(self._app, environ, buffered=True)
            self._book(visit)
        if visit.caller.is_app_traffic:
            response.headers.update(self._world.quota.headers())
        return response

    def _moved(self, visit: Visit) -> Response | None:
        """Redirect requests for the old host name of a renamed site."""
        asked, _, _ = str(visit.environ.get("HTTP_HOST", "")).partition(":")
        now = visit.site.origin.partition("://")[2].partition(":")[0]
        renamed = asked in {"localhost", "127.0.0.1"} and asked != now and visit.site.renamed
        if renamed and visit.site.behaviour.redirect_old_host and visit.path.startswith(REST):
            return Response(status=302, headers={"Location": visit.site.origin + visit.target})
        return None

    @staticmethod
    def _call(visit: Visit, request: Request) -> Call:
        both, properties = visit.first("stale"), visit.first("stale", "stale_properties")
        twice = visit.first("duplicate") is not None
        lag, versions_lag = (fault.seconds if fault else 0.0 for fault in (properties, both))
        return Call(visit.world, visit.site, visit.caller, request, visit.charge, lag, twice, versions_lag)

    def _out_of_points(self) -> bool:
        with self._world.lock:
            self._world.quota.roll()
            return self._world.quota.remaining <= 0

    def _exhausted(self, visit: Visit, *, retry_after: bool) -> Response:
        with self._world.lock:
            self._world.quota.roll()
            headers = self._world.quota.exhausted_headers()
        if not retry_after:
            headers.pop("Retry-After")
        return error_response(ApiError(429, "The points of this hour are used up", headers=headers), visit.path)

    def _book(self, visit: Visit) -> None:
        if visit.caller.is_app_traffic:
            with self._world.lock:
                self._world.quota.spend(visit.charge.points(visit.method), visit.site.key, visit.charge.route)

    def _record(self, visit: Visit, response: Response | None) -> None:
        request = Request(visit.environ)
        kinds = ",".join(fault.kind for fault in visit.faults)
        exchange = Exchange(
            id=self._world.records.next_id(),
            at=self._world.clock.now_ms(),
            site=visit.site.key,
            caller=visit.caller.kind,
            account=visit.caller.account_id,
            method=visit.method,
            url=visit.site.origin + visit.target,
            path=visit.path,
            query=str(visit.environ.get("QUERY_STRING", "")),
            request_headers=tuple(request.headers.items()),
            request_body=visit.body,
            status=response.status_code if response else 0,
            response_headers=tuple(response.headers.items()) if response else (),
            response_body=response.get_data() if response else b"",
            fault=kinds or None,
            points=visit.charge.points(visit.method) if visit.caller.is_app_traffic else 0,
        )
        self._world.records.add(exchange)


def _text(body: object) -> str:
    return body if isinstance(body, str) else json.dumps(body)


def _made_up(fault: Fault) -> Response:
    kind = "text/html" if isinstance(fault.body, str) else "application/json"
    body = "" if fault.body is None else _text(fault.body)
    response = Response(body, status=fault.status, content_type=kind)
    response.headers.update(fault.headers)
    return response


def _cut(environ: dict[str, Any]) -> None:
    connection = environ.get("werkzeug.socket")
    if isinstance(connection, socket.socket):
        connection.shutdown(socket.SHUT_RDWR)
