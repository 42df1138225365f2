"""The whole application over real HTTP: Postgres, Valkey, two simulator sites, jobs run on demand.

Nothing is faked. Only the worker process is missing: the test decides when queued jobs run.
"""

from __future__ import annotations

import itertools
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final
from unittest.mock import patch

import psycopg
import requests
from flask import Flask
from psycopg import sql

from lockpoint import bootstrap, worker
from lockpoint.services.container import Services
from lockpoint.services.ports.jobs import JobHandler, JobKind
from lockpoint.settings import Settings
from lockpoint.storage.engine import Database, libpq_url
from simulator import server
from simulator.control import views
from simulator.forge import tokens
from simulator.http.web_server import WebServer
from simulator.model.permissions import EDITOR
from simulator.world.exchanges import Exchange
from simulator.world.seed import ALICE, BUDGET_ID, PAGE_ID, SPACE_ID

Json = dict[str, Any]
Headers = dict[str, str] | dict[str, bytes]
CALL_SECONDS: Final = 30.0
FORGE_APP: Final = "ari:cloud:ecosystem::app/00000000-0000-4000-8000-000000000000"
SAME_FILE, SAME_PAGE = str(BUDGET_ID), str(PAGE_ID)
"""These ids exist on both sites."""

ERIN = "557058:0e410000-0000-4000-8000-00000000e410"
TO_CONFLUENCE: Final = "^/wiki/|^/_sim/oauth"
_counter = itertools.count(1)


def request_id() -> str:
    return uuid.uuid4().hex  # noqa: TID251 - a person's own request, made as a browser makes it


@dataclass
class LiveApp:
    url: str
    running: server.Running
    settings: Settings
    flask: Flask
    handlers: Mapping[JobKind, JobHandler]
    http: requests.Session
    database: psycopg.Connection
    doors: Mapping[str, str] = field(default_factory=dict)
    """`forge` by site; others come by Connect."""
    _tokens: dict[tuple[str, str], str] = field(default_factory=dict)
    _screens: dict[str, tuple[str, str]] = field(default_factory=dict)

    # Confluence, from outside

    def control(self, path: str, /, **body: object) -> Any:
        reply = self.http.post(f"{self.running.control_url}/_sim/{path}", json=body, timeout=CALL_SECONDS)
        assert reply.ok, reply.text
        if path.endswith("/install"):
            # A worker caches the old secret for some seconds after a re-install; build new handlers.
            self.handlers = worker.handlers(bootstrap.build(self.settings))
        return reply.json()

    def site_state(self, site: str) -> Json:
        with self.running.world.lock:
            return dict(views.site_json(self.running.world.sites[site]))

    def page(self, kind: str = "page", *, site: str = "acme", author: str = "alice") -> str:
        """Make a page or blog post; return its id."""
        title = f"Page {next(_counter)}"
        return str(self.control(f"sites/{site}/page", account=author, title=title, type=kind)["id"])

    def file(self, page: str, name: str = "", *, site: str = "acme", author: str = "alice", text: str = "first") -> str:
        """Upload a new file to a page, or its next version; return the bare id."""
        title = name or f"file {next(_counter)}.txt"
        made = self.control(f"sites/{site}/upload", account=author, pageId=page, fileName=title, text=text)
        return str(made["id"]).removeprefix("att")

    def restrict(self, page: str, *people: str) -> None:
        """Let only these people see and edit a page."""
        self.control("sites/acme/restrict", pageId=page, read=people, update=people)

    @property
    def app_user(self) -> str:
        acme = self.running.world.sites["acme"]
        return next(one.account_id for one in (*acme.installations.values(), *acme.forge.values()))

    def properties(self, file: str, site: str = "acme") -> dict[str, tuple[int, Any]]:
        """Version and value by key."""
        with self.running.world.lock:
            rows = self.running.world.sites[site].attachments[int(file)].bag.rows
            return {row.key: (row.number, row.value) for row in rows}

    # The app's calls to Confluence

    def mark(self) -> int:
        """The id of the last exchange, after pending webhooks are delivered."""
        self.drain()
        found = self.running.world.records.find()
        return found[-1].id if found else 0

    def drain(self) -> None:
        assert self.running.world.webhooks.drain(CALL_SECONDS)

    def asked(self, since: int, site: str | None = None) -> list[Exchange]:
        """The app's calls since a mark, token requests included."""
        found = self.running.world.records.find(since=since, path=TO_CONFLUENCE, site=site)
        return [one for one in found if one.caller != "person"]

    # The database

    def sql(self, statement: str) -> None:
        """Change the database; stands for time passing."""
        with psycopg.connect(libpq_url(self.settings.database_url)) as connection:
            connection.execute(statement.encode())

    def rows(self, *without: str) -> dict[str, list[str]]:
        """Every row of every table, as text."""
        names = "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'"
        tables = {str(name) for (name,) in self.database.execute(names).fetchall()}
        return {name: self._rows_of(name) for name in sorted(tables - set(without))}

    def rows_of_site(self, site: str) -> dict[str, list[str]]:
        """The rows with this site's tenant_id, as text."""
        tables = """
            select table_name from information_schema.columns
            where table_schema = 'public' and column_name = 'tenant_id' and table_name !~ '_[0-9]{8}$'
        """
        names = sorted(str(name) for (name,) in self.database.execute(tables).fetchall())
        return {name: self._rows_of(name, self.tenant_id(site)) for name in names}

    def audit(self) -> list[str]:
        return self._rows_of("audit_event")

    def _rows_of(self, table: str, tenant: int | None = None) -> list[str]:
        statement = sql.SQL("select t::text from {} as t").format(sql.Identifier(table))
        if tenant is not None:
            statement += sql.SQL(" where tenant_id = {}").format(sql.Literal(tenant))
        return sorted(str(row) for (row,) in self.database.execute(statement).fetchall())

    def run_jobs(self, *kinds: JobKind) -> int:
        """Run due jobs as the worker does; without kinds: all but mails. Return how many ran."""
        wanted = kinds or tuple(kind for kind in JobKind if kind is not JobKind.SEND_MAIL)
        ran = 0
        while (job := self._take_job([kind.value for kind in wanted])) is not None:
            self.handlers[JobKind(job[0])](int(job[1]["tenant_id"]), str(job[1]["subject"]))
            ran += 1
        return ran

    def settle(self) -> None:
        """Deliver webhooks and run jobs until nothing is left."""
        self.drain()
        while self.run_jobs():
            self.drain()

    def tenant_id(self, site: str) -> int:
        here = self.running.world.sites[site]
        keys = [one.client_key for one in here.installations.values()]
        named = "select id from installation where client_key = any(%s) or cloud_id = %s"
        found = self.database.execute(named, [keys, here.cloud_id]).fetchone()
        assert found is not None
        return int(found[0])

    @cached_property
    def services(self) -> Services:
        """Those of another process without a web server."""
        return bootstrap.build(self.settings)

    def live_locks(self, site: str) -> int:
        """How many files of a site are locked."""
        count = "select count(*) from lock_witness where tenant_id = %s and holder is not null"
        found = self.database.execute(count, [self.tenant_id(site)]).fetchone()
        return int(found[0]) if found else 0

    def work(self, kind: JobKind, subject: str = "", site: str = "acme") -> None:
        self.handlers[kind](self.tenant_id(site), subject)

    def _take_job(self, kinds: list[str]) -> tuple[str, Json] | None:
        statement = """
            delete from procrastinate_jobs where id = (
                select id from procrastinate_jobs
                where status = 'todo' and task_name = any(%s) and coalesce(scheduled_at, now()) <= now()
                order by priority desc, id limit 1
            ) returning task_name, args
        """
        row = self.database.execute(statement, [kinds]).fetchone()
        return None if row is None else (row[0], row[1])

    # The API

    def token(self, person: str, site: str = "acme", **claims: object) -> str:
        """A person's token of their site's door; `claims` replaces claims, None drops one."""
        if self.doors.get(site) == "forge":
            return self._screen_token(person, site, claims)
        if claims:
            return str(self.control("tokens", site=site, kind="context", account=person, claims=claims)["token"])
        if (person, site) not in self._tokens:
            self._tokens[person, site] = str(self.control("tokens", site=site, kind="context", account=person)["token"])
        return self._tokens[person, site]

    def _screen_token(self, person: str, site: str, claims: dict[str, object]) -> str:
        """Of Forge: it lives for seconds, so each is new. `sub` stands for its claim of the person."""
        at = {"type": "confluence:contentAction", "content": {"id": SAME_PAGE}}
        spoilt = {("principal" if name == "sub" else name): value for name, value in claims.items()}
        token = self.forge_token(site=site, module="page-menu", account=person, extension=at, claims=spoilt)
        self._screens[token] = (person, site)
        return token

    def forget_tokens(self) -> None:
        """The time has changed: make new tokens."""
        self._tokens.clear()

    def meanwhile(self, call: Callable[[], requests.Response], event: Callable[[], object]) -> requests.Response:
        """The answer of a call during which an event happens."""
        with ThreadPoolExecutor(1) as pool:
            answer = pool.submit(call)
            time.sleep(0.2)
            event()
            return answer.result()

    def call(
        self,
        person: str,
        method: str,
        path: str,
        body: Json | None = None,
        *,
        site: str = "acme",
        headers: Headers | None = None,
    ) -> requests.Response:
        """One call below `/api/v1`; writing calls get a request id unless the body has one."""
        content = body if method == "GET" else {"requestId": request_id(), **(body or {})}
        return self.raw(method, path, self.token(person, site), json=content, headers=headers)

    def forge_token(self, kind: str = "invocation", site: str = "acme", **options: object) -> str:
        """A token of Forge: invocation, system or user."""
        return str(self.control("forge/token", site=site, kind=kind, **options)["token"])

    def forge_headers(self, person: str, site: str = "acme") -> dict[str, str]:
        """What Forge sends with a screen's call."""
        return self._headers_of_forge(self.token(person, site))

    def _headers_of_forge(self, token: str) -> dict[str, str]:
        name, site = self._screens[token]
        with self.running.world.lock:
            here = self.running.world.sites[site]
            person = here.person(name)
            assert person is not None
            system = tokens.system_token(self.running.world, here)
            user = tokens.user_token(self.running.world, here, person.account_id)
        return {"Authorization": f"Bearer {token}", "x-forge-oauth-system": system, "x-forge-oauth-user": user}

    def raw(self, method: str, path: str, token: str | None, **options: Any) -> requests.Response:
        """A call exactly as given, below `below`; a screen's token of Forge goes its own way."""
        if token in self._screens:
            given = {**self._headers_of_forge(token), **(options.pop("headers", None) or {})}
            return self.raw(method, path, None, headers=given, below="/forge/api/v1", **options)
        below = options.pop("below", "/api/v1")
        headers = {**({"Authorization": f"JWT {token}"} if token else {}), **(options.pop("headers", None) or {})}
        return self.http.request(
            method, f"{self.url}{below}{path}", headers=headers, timeout=CALL_SECONDS, allow_redirects=False, **options
        )

    def lock(self, person: str, file: str, *, site: str = "acme", **options: object) -> str:
        """Lock a file; return the lock id."""
        answer = self.call(person, "POST", f"/attachments/{file}/lock", dict(options), site=site)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["lock"]["lockId"])


class _Front:
    """The server needs an app before it exists: its settings need the server's port."""

    app: Flask

    def __call__(self, environ: Json, start_response: Any) -> Any:
        return self.app(environ, start_response)


@contextmanager
def live_app(
    database_url: str, redis_url: str, doors: Mapping[str, str] | None = None, **given: str
) -> Iterator[LiveApp]:
    """Start everything, install the app on both sites and run the first jobs.

    Erin, an editor, is added to acme; on globex Gina locks the file whose id exists on both sites.
    `doors` names sites that come through Forge; `given` are further environment variables.
    """
    running = server.start()
    front = _Front()
    web = WebServer("127.0.0.1", 0, front)
    thread = threading.Thread(target=web.serve_forever, args=(0.05,), daemon=True)
    settings = _settings(
        running,
        web.server_port,
        {
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "LOCKPOINT_MAIL_URL": "smtp://127.0.0.1:1",
            "LOCKPOINT_POINTS_PER_HOUR": "1000000",  # tests ask more than people do
            **({"LOCKPOINT_FORGE_APP_ID": FORGE_APP} if doors else {}),
            **given,
        },
    )
    with (
        requests.Session() as http,
        psycopg.connect(libpq_url(settings.database_url), autocommit=True) as database,
        _closing_databases(),
    ):
        http.trust_env = False
        app = LiveApp(
            f"http://127.0.0.1:{web.server_port}",
            running,
            settings,
            bootstrap.build_app(settings),
            worker.handlers(bootstrap.build(settings)),
            http,
            database,
            doors or {},
        )
        front.app = app.flask
        thread.start()
        try:
            _settle(app)
            yield app
        finally:
            running.stop()
            web.shutdown()
            thread.join(10)
            web.server_close()


@contextmanager
def _closing_databases() -> Iterator[None]:
    """Close the pools of databases built inside; in production they last as long as the process."""
    kept: list[Database] = []

    class Kept(Database):
        def __init__(self, *values: Any, **named: Any) -> None:
            super().__init__(*values, **named)
            kept.append(self)

    try:
        with patch.object(bootstrap, "Database", Kept):
            yield
    finally:
        for database in kept:
            database.close()


def _settle(app: LiveApp) -> None:
    with app.running.world.lock:
        site = app.running.world.sites["acme"]
        pattern = site.people[ALICE]
        site.people[ERIN] = type(pattern)(ERIN, "erin", "Erin Ek", "erin@acme.example")
        site.spaces[SPACE_ID].permissions[ERIN] = set(EDITOR)
    app.control("apps", descriptorUrl=f"{app.url}/atlassian-connect.json")
    for site_key in app.running.sites:
        if app.doors.get(site_key) == "forge":
            told = {"appId": FORGE_APP, "remoteUrl": app.url}
            assert app.control("forge/install", site=site_key, **told)["appStatus"] == 204
            continue
        assert app.control(f"sites/{site_key}/install")["installed"]
        app.control(f"sites/{site_key}/licence", active=True)
    app.lock("gina", SAME_FILE, site="globex", note="the other site's")
    app.run_jobs()


def _settings(running: server.Running, port: int, neighbours: dict[str, str]) -> Settings:
    return Settings.model_validate(
        {
            **neighbours,
            "PORT": port,
            "LOCKPOINT_BASE_URL": f"http://127.0.0.1:{port}",
            "LOCKPOINT_SECRET_KEYS": "the-root-key-of-these-tests-is-long-enough",
            "LOCKPOINT_ALLOWED_HOSTS": ",".join(f"localhost:{site.port}" for site in running.sites.values()),
            "LOCKPOINT_INSTALL_KEY_URLS": running.install_keys_url,
            "LOCKPOINT_OAUTH_URL": running.oauth_url,
            "LOCKPOINT_FORGE_KEYS_URL": running.forge_keys_url,
            "LOCKPOINT_FORGE_API_URL": running.forge_api_url,
            "LOCKPOINT_PRIVATE_FILE_HOSTS": "on",
            "LOCKPOINT_MAIL_FROM": "lockpoint@example.com",
        }
    )
