"""A running simulator, a recording app, and clients for people and the app."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jwt
import pytest
import requests
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from simulator import server
from simulator.model import tokens
from simulator.server import Running
from simulator.world import seed
from simulator.world.exchanges import Exchange
from tests.contracts.openapi_checker import Checker, Recorded

EVENTS = (
    *("attachment_created", "attachment_updated", "attachment_trashed", "attachment_removed", "attachment_restored"),
    *("page_trashed", "page_restored", "page_removed", "page_moved", "page_archived", "page_copied", "page_updated"),
    *("blog_trashed", "content_permissions_updated", "content_created", "content_updated", "user_removed"),
    *("space_updated", "space_permissions_updated"),
)


@dataclass
class Received:
    path: str
    query: dict[str, str]
    authorization: str
    body: dict[str, Any]
    target: str

    @property
    def event(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def claims(self) -> dict[str, Any]:
        """Unverified claims."""
        token = self.authorization.partition(" ")[2]
        found: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
        return found


@dataclass
class FakeApp:
    """A Connect app: serves a descriptor, records calls, answers `answer`."""

    base_url: str = ""
    received: list[Received] = field(default_factory=list)
    answer: int = 204
    scopes: list[str] = field(default_factory=lambda: ["READ", "WRITE", "ACT_AS_USER", "ACCESS_EMAIL_ADDRESSES"])
    on_call: Callable[[Received], None] | None = None

    def descriptor(self) -> dict[str, Any]:
        return {
            "key": "test-app",
            "name": "Test app",
            "baseUrl": self.base_url,
            "authentication": {"type": "jwt"},
            "scopes": self.scopes,
            "apiMigrations": {"signed-install": True, "context-qsh": True, "gdpr": True},
            "lifecycle": {event: f"/connect/{event}" for event in ("installed", "uninstalled", "enabled", "disabled")},
            "modules": {
                "webhooks": [{"event": event, "url": f"/hooks/{event}"} for event in EVENTS],
                "dialogs": [
                    {
                        "key": "page-dialog",
                        "url": "/dialog?pageId={content.id}&spaceKey={space.key}&nothing={not.there}",
                        "options": {"size": "large", "header": {"value": "Files"}},
                    }
                ],
                "contentBylineItems": [
                    {
                        "key": "byline",
                        "name": {"value": "Files"},
                        "contentPropertyKey": "testpage",
                        "target": {"type": "dialogmodule", "options": {"key": "page-dialog"}},
                    }
                ],
                "webItems": [
                    {"key": "menu", "name": {"value": "Files"}, "location": "system.content.action", "url": "/m"}
                ],
                "dynamicContentMacros": [
                    {
                        "key": "list",
                        "name": {"value": "List"},
                        "url": "/list?page={page.id}&space={space.key}&scope={scope}&rows={rows}",
                        "parameters": [{"identifier": "scope", "name": {"value": "Scope"}, "type": "string"}],
                    }
                ],
                "generalPages": [{"key": "mine", "name": {"value": "Mine"}, "url": "/mine"}],
                "spaceToolsTabs": [
                    {"key": "space", "name": {"value": "Space"}, "url": "/space?key={space.key}", "location": "addons"}
                ],
                "configurePage": {"key": "configure", "name": {"value": "Settings"}, "url": "/settings"},
                "confluenceContentProperties": [
                    {
                        "key": "index",
                        "keyConfigurations": [
                            {
                                "propertyKey": "testpage",
                                "extractions": [{"objectName": "lockedCount", "type": "number", "alias": "testLocked"}],
                            }
                        ],
                    }
                ],
            },
        }

    def __call__(self, environ: Any, start_response: Any) -> Any:
        request = Request(environ)
        if request.path == "/atlassian-connect.json":
            return Response(json.dumps(self.descriptor()), content_type="application/json")(environ, start_response)
        body = json.loads(request.get_data() or b"{}")
        call = Received(
            request.path, dict(request.args), request.headers.get("Authorization", ""), body, environ["REQUEST_URI"]
        )
        self.received.append(call)
        if self.on_call:
            self.on_call(call)
        return Response(status=self.answer)(environ, start_response)

    def events(self) -> list[str]:
        return [call.event for call in self.received if call.path.startswith("/hooks/")]


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002
        pass


@dataclass
class Sim:
    running: Running
    app: FakeApp
    session: requests.Session

    @property
    def world(self) -> Any:
        return self.running.world

    @property
    def acme(self) -> Any:
        return self.world.sites["acme"]

    def control(self, path: str, body: dict[str, Any] | None = None, method: str | None = None) -> Any:
        """Return the answer of a control call, which must succeed."""
        answer = self.control_raw(path, body, method)
        assert answer.ok, answer.text
        return answer.json()

    def control_raw(
        self, path: str, body: dict[str, Any] | None = None, method: str | None = None
    ) -> requests.Response:
        verb = method or ("GET" if body is None else "POST")
        return self.session.request(verb, f"{self.running.control_url}/_sim{path}", json=body)

    def install(self, site: str = "acme") -> dict[str, Any]:
        self.control("/apps", {"descriptorUrl": f"{self.app.base_url}/atlassian-connect.json"})
        answer: dict[str, Any] = self.control(f"/sites/{site}/install", {})
        return answer

    def drain(self) -> None:
        assert self.control("/webhooks/drain", {})["drained"]

    def as_person(self, name: str, method: str, path: str, site: str = "acme", **options: Any) -> requests.Response:
        """Call REST from a person's browser; `path` below /wiki."""
        headers = {"X-Sim-Account": name, **options.pop("headers", {})}
        url = self.world.sites[site].base_url + path
        return self.session.request(method, url, headers=headers, allow_redirects=False, **options)

    def as_app(self, method: str, path: str, site: str = "acme", **options: Any) -> requests.Response:
        """Call REST with the app's signature; `path` below /wiki, with query."""
        token = self.control("/tokens", {"site": site, "kind": "app", "method": method, "path": path})["token"]
        return self.with_token(f"JWT {token}", method, path, site, **options)

    def as_user(self, name: str, method: str, path: str, site: str = "acme", **options: Any) -> requests.Response:
        token = self.control("/tokens", {"site": site, "kind": "bearer", "account": name})["token"]
        return self.with_token(f"Bearer {token}", method, path, site, **options)

    def with_token(self, value: str, method: str, path: str, site: str = "acme", **options: Any) -> requests.Response:
        headers = {"Authorization": value, **options.pop("headers", {})}
        url = self.world.sites[site].base_url + path
        return self.session.request(method, url, headers=headers, allow_redirects=False, **options)

    def upload(
        self, account: str | None, text: str = "new", attachment: int = seed.BUDGET_ID, site: str = "acme"
    ) -> Any:
        body = {"attachmentId": attachment, "account": account, "text": text}
        return self.control(f"/sites/{site}/upload", body)


def recorded(exchange: Exchange) -> Recorded:
    return Recorded(
        exchange.method,
        exchange.url,
        dict(exchange.request_headers),
        exchange.request_body,
        exchange.status,
        dict(exchange.response_headers),
        exchange.response_body,
    )


def is_rest(exchange: Exchange) -> bool:
    """Whether this is a REST exchange without fault."""
    return exchange.path.startswith(("/wiki/rest/", "/wiki/api/", "/_sim/oauth/")) and exchange.fault is None


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[Running, FakeApp]]:
    """One simulator and app per test module."""
    running = server.start()
    app = FakeApp()
    listener = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    app.base_url = f"http://127.0.0.1:{listener.server_port}"
    thread = threading.Thread(target=listener.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield running, app
    running.stop()
    listener.shutdown()
    thread.join()
    listener.server_close()


@pytest.fixture
def sim(served: tuple[Running, FakeApp]) -> Iterator[Sim]:
    """A new world; afterwards all answers are checked against the API documents, if present."""
    running, app = served
    running.world.reset()
    app.received, app.answer, app.on_call = [], 204, None
    app.scopes = ["READ", "WRITE", "ACT_AS_USER", "ACCESS_EMAIL_ADDRESSES"]
    with requests.Session() as session:
        session.trust_env = False
        yield Sim(running, app, session)
    folder = Path(os.environ.get("LOCKPOINT_SPECS", "/nowhere"))
    if (folder / "confluence-v2.json").is_file():
        exchanges = [recorded(e) for e in running.world.records.find() if is_rest(e)]
        answers = [text for text in _checker(folder).report(exchanges) if ": response:" in text]
        assert not answers


@cache
def _checker(folder: Path) -> Checker:
    return Checker(folder)


@pytest.fixture
def installed(sim: Sim) -> Sim:
    assert sim.install()["installed"]
    return sim


def canonical(method: str, target: str) -> str:
    """Return the hash of a call to the fake app, whose base URL has no path."""
    return tokens.qsh(method, target)


def query_of(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
