"""The client with real signing and impersonation against the simulator over HTTP."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import requests

from lockpoint.confluence.attachments import ConfluenceAttachments
from lockpoint.confluence.comments import ConfluenceComments
from lockpoint.confluence.http.calls import Caller
from lockpoint.confluence.http.client import ConfluenceClient
from lockpoint.confluence.http.quota import PointsQuota
from lockpoint.confluence.http.sessions import Sessions
from lockpoint.confluence.people import ConfluencePeople
from lockpoint.confluence.personal_data_reports import ConfluencePersonalDataReports
from lockpoint.confluence.properties import ConfluenceLockProperties, ConfluenceProperties
from lockpoint.confluence.search import ConfluenceDirectory, ConfluenceLockSearch
from lockpoint.confluence.site.restore_probe import ConfluenceScratchFiles
from lockpoint.confluence.user_properties import ConfluenceUserProperties
from lockpoint.connect.impersonation import Impersonation
from lockpoint.connect.sites import AppSigner, SiteDirectory
from lockpoint.services.context import Priority, Tenant
from lockpoint.services.ports.confluence import Container, ContainerKind
from lockpoint.services.ports.tenancy import Installation, Installations, Registration
from lockpoint.services.quota_accounting import Spending
from simulator import server
from tests.confluence.doubles import FakeNow, FakePace, Spendings
from tests.confluence.oddhost import OddHost, answer, odd_host
from tests.contracts.openapi_checker import Recorded
from tests.support.checkout import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

ALICE = "557058:0a1e0000-0000-4000-8000-00000000a11c"
BOB = "557058:0b0b0000-0000-4000-8000-000000000b0b"
CHARLIE = "557058:0c4a0000-0000-4000-8000-0000000c4a12"
DANA = "557058:0da00000-0000-4000-8000-00000000da0a"
SAM = "557058:05a00000-0000-4000-8000-0000000005a0"
GINA = "557058:061a0000-0000-4000-8000-00000000061a"

APP_KEY = "lockpoint"
SPACE = "65538"
PAGE = Container(ContainerKind.PAGE, "98311")
BLOG = Container(ContainerKind.BLOGPOST, "98320")
PRIVATE_PAGE = Container(ContainerKind.PAGE, "98330")
BUDGET, BRIEF, LOGO, BLOG_FILE, PRIVATE_FILE = "131203", "131204", "131205", "131301", "131401"
PRIORITY = Priority.EVENT


@dataclass
class Rows:
    """Installations as the simulator sent them."""

    known: dict[str, Installation] = field(default_factory=dict)

    def find(self, site_key: str) -> Installation | None:
        return self.known.get(site_key)

    def changed(self, _since: str | None) -> tuple[str, None]:
        """Any may have changed."""
        return "", None


class Live:
    """A simulator with the app on both sites, and all adapters on one client."""

    def __init__(self, running: server.Running, app: OddHost) -> None:
        self.running = running
        self._app = app
        self.rows = Rows()
        self.pace = FakePace(chance=0.0)
        self.spent: list[Spending] = []
        self.budget = PointsQuota(points_per_hour=65_000, now=FakeNow(), shared=Spendings(self.spent))
        sites = SiteDirectory(cast("Installations", self.rows))
        self.tokens = Impersonation(sites, running.oauth_url, time.time)
        self.client = ConfluenceClient(
            sessions=Sessions(private_files=True),
            signer=AppSigner(sites, APP_KEY, time.time),
            person_tokens=self.tokens,
            budget=self.budget,
            pace=self.pace.pace(),
        )
        self.attachments = ConfluenceAttachments(self.client)
        self.locks = ConfluenceLockProperties(self.client)
        self.properties = ConfluenceProperties(self.client, APP_KEY)
        self.people = ConfluencePeople(self.client)
        self.directory = ConfluenceDirectory(self.client)
        self.search = ConfluenceLockSearch(self.client)
        self.comments = ConfluenceComments(self.client)
        self.scratch = ConfluenceScratchFiles(self.client)
        self.user_properties = ConfluenceUserProperties(self.client)
        self.reports = ConfluencePersonalDataReports(self.client)
        self.acme = self.install("acme", 1)
        self.globex = self.install("globex", 2)

    def install(self, site: str, tenant_id: int) -> Tenant:
        """Install the app and store the simulator's payload."""
        self.control("POST", f"sites/{site}/install", enable=False)
        sent = cast("dict[str, Any]", self._app.requests[-1].json())
        tenant = Tenant(tenant_id, sent["clientKey"], sent["baseUrl"], None, sent["oauthClientId"])
        registration = Registration(
            site_key=tenant.site_key,
            base_url=tenant.base_url,
            oauth_client_id=tenant.oauth_client_id,
            secret=sent["sharedSecret"],
        )
        self.rows.known[tenant.site_key] = Installation(tenant, registration)
        self.control("POST", f"sites/{site}/enable")
        return tenant

    def control(self, method: str, path: str, /, **body: object) -> Any:
        url = f"{self.running.control_url}/_sim/{path}"
        reply = requests.request(method, url, json=body if method != "GET" else None, timeout=10)
        assert reply.status_code < 400, reply.text
        return reply.json() if reply.content else None

    def act(self, action: str, account: str, **body: object) -> Any:
        return self.control("POST", f"sites/acme/{action}", account=account, **body)

    def fault(self, kind: str, **rule: object) -> None:
        self.control("POST", "faults", kind=kind, **rule)

    def exchanges(self, query: str = "") -> list[dict[str, Any]]:
        """All exchanges of the REST API."""
        found = self.control("GET", f"requests?{query}")["exchanges"]
        return [exchange for exchange in found if exchange["caller"] != "anonymous"]

    def recorded(self) -> list[Recorded]:
        """For the OpenAPI checker."""
        return [
            Recorded(
                method=found.method,
                url=found.url,
                request_headers=dict(found.request_headers),
                request_body=found.request_body,
                status=found.status,
                response_headers=dict(found.response_headers),
                response_body=found.response_body,
            )
            for found in self.running.world.records.find(path="^/wiki/")
            if found.fault is None and found.caller != "anonymous"
        ]

    def as_app(self, priority: Priority = PRIORITY) -> Caller:
        return Caller(self.acme, priority)


def descriptor(base_url: str) -> dict[str, object]:
    text = (ROOT / "atlassian-connect.json").read_text()
    return {**json.loads(text), "baseUrl": base_url, "key": APP_KEY}


@contextmanager
def stage() -> Iterator[tuple[server.Running, OddHost]]:
    """Start a simulator that knows the app, and a receiver of lifecycle calls."""
    running = server.start()
    try:
        with odd_host(answer(204)) as app:
            url = f"{running.control_url}/_sim/apps"
            requests.post(url, json={"descriptor": descriptor(app.origin)}, timeout=10).raise_for_status()
            yield running, app
    finally:
        running.stop()


def fresh(running: server.Running, app: OddHost) -> Live:
    """Reset the simulator and install the app on both sites."""
    requests.post(f"{running.control_url}/_sim/reset", json={"keepApps": True}, timeout=10).raise_for_status()
    return Live(running, app)
