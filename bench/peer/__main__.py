"""Our requests beside a peer's, Atlassian's own atlassian-connect-express: `python -m bench.peer`.

Needs `wrk`, `node` and `npm`; npm installs the peer into a temporary folder. Both run with two processes on one durable
Postgres with 1,000 sites. Rounds alternate, so that drift affects both; `--growth` measures us alone, as data grow.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import jwt
import psycopg
from sqlalchemy import make_url

from bench.http_paths import ROOT, Reading, _cpu_seconds, _read, _wait
from bench.subject import BODY, PERSON, SECRET, Subject, prepared
from devstack.ports import free_ports
from lockpoint.connect import qsh
from lockpoint.storage.engine import libpq_url
from lockpoint.storage.keyring import keyring

HERE: Final = Path(__file__).parent
PACKAGES: Final = {
    "atlassian-connect-express": "11.5.3", "body-parser": "^1.20.3", "compression": "^1.7.5", "express": "^4.22.1",
    "pg": "^8.16.3", "sequelize": "^6.37.7",
}  # fmt: skip
CONNECTIONS, SECONDS, WARM_UP = 32, 5, 8
LOCKED: Final = 60
"""Locked files of each site; each webhook in a run is about another one."""

HOOK: Final = "/connect/webhooks/attachment_updated"


@dataclass(frozen=True)
class Scenario:
    """`files` are the first and last number of the files that webhooks name; `target` is what we promise."""

    name: str
    kind: str
    path: str
    target: float
    files: tuple[int, int] = (0, 0)
    cpu: float | None = None


SCENARIOS: Final = (
    Scenario("webhook, locked, one job each", "webhook", HOOK, 4.0, (1, LOCKED), 0.25),
    Scenario("webhook, locked, job waits", "webhook", HOOK, 4.0, (1, 1), 0.25),
    Scenario("webhook, not locked", "webhook", HOOK, 5.0, (900_001, 900_060)),
    Scenario("API, constant answer", "context", "/api/v1/openapi.json", 3.5),
    Scenario("frame", "frame", "/connect/page", 2.8),
)


@dataclass(frozen=True)
class Side:
    """A server to measure: ours or the peer's."""

    name: str
    command: list[str]
    folder: Path
    environment: Mapping[str, str]
    peer: bool


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--growth", action="store_true")
    parser.add_argument("--only", default="", help="requests whose name holds these words")
    options = parser.parse_args()
    missing = [name for name in ("wrk", "node", "npm") if shutil.which(name) is None]
    if missing:
        sys.exit(f"bench: {', '.join(missing)} missing (Debian: apt-get install wrk nodejs npm)")
    with tempfile.TemporaryDirectory(prefix="lockpoint-bench-") as name, prepared(Path(name)) as subject:
        bench = Bench(Path(name), subject)
        if options.growth:
            bench.grow(options.rounds)
        else:
            bench.compare(options.rounds, [one for one in SCENARIOS if options.only in one.name])


class Bench:
    def __init__(self, folder: Path, subject: Subject) -> None:
        self._folder = folder
        self._subject = subject
        self._database = psycopg.connect(libpq_url(subject.environment["DATABASE_URL"]), autocommit=True)
        self._peer_database = self._database
        self.sites = 1000
        self.warm_up = WARM_UP

    # --- beside the peer

    def compare(self, rounds: int, scenarios: Sequence[Scenario]) -> None:
        ours, peer = self._ours(), self._peer()
        self._fill_ours(self.sites, LOCKED)
        with self._serving(peer) as (port, _):
            _wait(f"http://127.0.0.1:{port}/healthz")
            self._fill_peer()
        found: dict[tuple[str, str], list[tuple[Reading, float]]] = {}
        for number in range(rounds):
            for scenario in scenarios:
                for side in (ours, peer):
                    found.setdefault((scenario.name, side.name), []).append(self._measure(side, scenario))
                    print(number + 1, scenario.name, side.name, found[scenario.name, side.name][-1], file=sys.stderr)
        _print_table(found, ours.name, peer.name)

    def _ours(self) -> Side:
        environment = {**os.environ, **self._subject.environment}
        return Side("ours", [sys.executable, "-m", "lockpoint", "web"], ROOT, environment, peer=False)

    def _peer(self) -> Side:
        folder = self._folder / "peer"
        folder.mkdir()
        shutil.copy(HERE / "app.js", folder)
        (folder / "package.json").write_text(json.dumps({"private": True, "dependencies": PACKAGES}))
        quiet = ["--no-audit", "--no-fund", "--loglevel=error"]
        subprocess.run(["npm", "install", *quiet], cwd=folder, check=True, timeout=300)  # noqa: S607 - the caller's npm
        self._database.execute("CREATE DATABASE peer")
        url = make_url(libpq_url(self._subject.environment["DATABASE_URL"])).set(database="peer")
        address = url.render_as_string(hide_password=False)
        self._peer_database = psycopg.connect(address, autocommit=True)
        # Sequelize reads a socket's folder from the query only beside a host.
        store = {
            "adapter": "sequelize",
            "dialect": "postgres",
            "url": address.replace("@/", "@localhost/"),
            "logging": False,
        }
        (folder / "config.json").write_text(
            json.dumps({"production": {"port": "$PORT", "localBaseUrl": "http://127.0.0.1", "store": store}})
        )
        descriptor = {
            "key": "peer", "name": "peer", "baseUrl": "{{localBaseUrl}}", "authentication": {"type": "jwt"},
            "lifecycle": {"installed": "/installed"}, "apiVersion": 1,
        }  # fmt: skip
        (folder / "atlassian-connect.json").write_text(json.dumps(descriptor))
        environment = {**os.environ, "NODE_ENV": "production", "WORKERS": "2", "DEBUG": ""}
        return Side("peer", ["node", "app.js"], folder, environment, peer=True)

    def _fill_ours(self, sites: int, locked: int) -> None:
        """Sites of ours, the first `locked` files of each locked."""
        keys = keyring([self._subject.environment["LOCKPOINT_SECRET_KEYS"]])
        rows = [(_site(n), f"https://s{n}.example/wiki", keys.seal(SECRET, _site(n))) for n in range(sites)]
        with self._database.cursor() as cursor:
            cursor.execute("TRUNCATE installation, lock_witness RESTART IDENTITY")
            with cursor.copy("COPY installation (client_key, base_url, secret, installed, enabled) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row((*row, True, True))
            cursor.execute(
                "INSERT INTO lock_witness (tenant_id, attachment_id, container_kind, container_id, epoch, seq, holder,"
                " record, protection, version, seen_at) SELECT i.id, f::text, 'page', (f + 1000)::text, 1, 1, 'a',"
                " '{}', 'protected', 1, now() FROM installation i, generate_series(1, %s) f",
                [locked],
            )
            cursor.execute("ANALYZE")

    def _fill_peer(self) -> None:
        for _ in range(100):
            if self._peer_database.execute("SELECT to_regclass('\"AddonSettings\"')").fetchone() != (None,):
                break
            time.sleep(0.1)
        with self._peer_database.cursor() as cursor:
            cursor.execute("CREATE TABLE lock (tenant text, attachment text, PRIMARY KEY (tenant, attachment))")
            cursor.execute("CREATE TABLE job (id bigserial PRIMARY KEY, key text UNIQUE)")
            for number in range(self.sites):
                client = {"key": "peer", "clientKey": _site(number), "sharedSecret": SECRET, "baseUrl": "https://x"}
                cursor.execute(
                    'INSERT INTO "AddonSettings" ("clientKey", key, val) VALUES (%s, %s, %s)',
                    [_site(number), "clientInfo", json.dumps(client)],
                )
            cursor.execute(
                'INSERT INTO lock SELECT s."clientKey", f::text FROM "AddonSettings" s, generate_series(1, %s) f',
                [LOCKED],
            )
            cursor.execute("ANALYZE")

    # --- growth

    def grow(self, rounds: int) -> None:
        """CPU of a webhook, ours and Postgres's, as sites and locks grow."""
        scenario = next(each for each in SCENARIOS if each.name == "webhook, not locked")
        self.warm_up = 20  # each process reads each site once
        sizes = [(1, 60), (10_000, 1), (10, 10), (1_000, 1_000)]
        found: dict[tuple[int, int], list[float]] = {size: [] for size in sizes}
        for _ in range(rounds):
            for sites, locked in sizes:
                self.sites = sites
                self._fill_ours(sites, locked)
                reading, postgres = self._measure(self._ours(), scenario)
                found[sites, locked].append(reading.cpu + postgres)
                print(sites, sites * locked, reading, postgres, file=sys.stderr)
        few_sites, many_sites, few_locks, many_locks = (statistics.median(values) for values in found.values())
        print("| from | to | CPU µs a webhook | ratio |\n|---|---|---|---|")
        for one, two, first, second in (
            ("1 site", "10,000 sites", few_sites, many_sites),
            ("100 locks", "1,000,000 locks", few_locks, many_locks),
        ):
            print(f"| {one} | {two} | {first:.0f}, {second:.0f} | {second / first:.2f} |")

    # --- one measurement

    def _measure(self, side: Side, scenario: Scenario) -> tuple[Reading, float]:
        """Return wrk's reading with the memory of the server, and Postgres's CPU a request."""
        self._database.execute("TRUNCATE procrastinate_jobs CASCADE")
        if side.peer:
            self._peer_database.execute("TRUNCATE job")
        script = self._folder / "requests.lua"
        script.write_text(self._lua(scenario))
        with self._serving(side) as (port, pid):
            url = f"http://127.0.0.1:{port}"
            _wait(f"{url}/healthz")
            _wrk(url, script, self.warm_up)
            script.write_text(self._lua(scenario, again=True))
            before, postgres = _cpu_seconds(pid), self._postgres_seconds()
            text = _wrk(url, script, SECONDS)
            used, postgres = _cpu_seconds(pid) - before, self._postgres_seconds() - postgres
            reading = _read(text, used)
            return replace(reading, memory=_memory(pid)), postgres / max(1.0, reading.rate * SECONDS) * 1e6

    @contextmanager
    def _serving(self, side: Side) -> Iterator[tuple[int, int]]:
        port = free_ports(1)
        environment = {**side.environment, "PORT": str(port)}
        process = subprocess.Popen(
            side.command, cwd=side.folder, env=environment, start_new_session=True, stdout=subprocess.DEVNULL
        )
        try:
            yield port, process.pid
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(40)

    def _postgres_seconds(self) -> float:
        pid = Path(self._folder / "postgres").rglob("postmaster.pid")
        return _cpu_with_dead_children(int(next(pid).read_text().split()[0]))

    def _lua(self, scenario: Scenario, *, again: bool = False) -> str:
        """A request for each site in turn; webhooks name another file each time all sites have had one."""
        method = "POST" if scenario.kind == "webhook" else "GET"
        path = scenario.path
        targets, headers = [], []
        for number in range(self.sites):
            site = _site(number)
            if scenario.kind == "frame":
                query = (
                    "pageId=98311&spaceKey=DS&xdm_e=https%3A%2F%2Fx.atlassian.net&xdm_c=c&cp=%2Fwiki&lic=active&cv=1"
                )
                targets.append(f"{path}?{query}&jwt={_token(site, qsh.request_hash(method, f'{path}?{query}'))}")
                headers.append("")
            else:
                hashed = qsh.request_hash(method, path) if scenario.kind == "webhook" else qsh.CONTEXT
                targets.append(path)
                headers.append(f"JWT {_token(site, hashed)}")
        first, last = scenario.files
        body = json.dumps(BODY).replace("131203", "%s")
        offset = last // 2 if again and last - first > 1 else 0
        return LUA.format(
            method=method,
            targets=_lua_list(targets),
            tokens=_lua_list(headers),
            body=json.dumps(body.replace("%s", "FILE")) if method == "POST" else "nil",
            first=first + offset,
            last=last,
        )


LUA: Final = """
local targets, tokens = {targets}, {tokens}
local body, file, last, first, n = {body}, {first}, {last}, {first}, 0
wrk.method = "{method}"
function request()
  n = n + 1
  if n > #targets then n = 1; file = file + 1; if file > last then file = first end end
  local headers = {{}}
  if tokens[n] ~= "" then headers["Authorization"] = tokens[n] end
  if body then headers["Content-Type"] = "application/json" end
  return wrk.format(nil, targets[n], headers, body and body:gsub("FILE", tostring(file)) or nil)
end
"""


def _lua_list(values: list[str]) -> str:
    return "{" + ",".join(json.dumps(value) for value in values) + "}"


def _site(number: int) -> str:
    return f"bench-site-{number}"


def _token(site: str, hashed: str) -> str:
    now = int(time.time())
    claims: dict[str, Any] = {"iss": site, "iat": now, "exp": now + 600, "qsh": hashed, "sub": PERSON}
    return jwt.encode(claims, SECRET, "HS256")


def _wrk(url: str, script: Path, seconds: int) -> str:
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", "-s", str(script), url]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=seconds + 30).stdout


def _memory(pid: int) -> float:
    """Megabytes of the server's processes; what they share counts once."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    lines = [Path(f"/proc/{one}/smaps_rollup").read_text() for one in (str(pid), *children)]
    return sum(int(text.partition("Pss:")[2].split()[0]) for text in lines) / 1024


def _cpu_with_dead_children(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(field) for field in fields[13:15]) / os.sysconf("SC_CLK_TCK") + _cpu_seconds(pid)


def _print_table(found: Mapping[tuple[str, str], list[tuple[Reading, float]]], ours: str, peer: str) -> None:
    print("| | peer req/s | ours | ratio | target | CPU with Postgres, ours of peer's | target | PSS, peer and ours |")
    print("|---|---|---|---|---|---|---|---|")
    for scenario in SCENARIOS:
        sides = [found[scenario.name, name] for name in (peer, ours)]
        rates = [statistics.median(reading.rate for reading, _ in side) for side in sides]
        cpus = [statistics.median(reading.cpu + postgres for reading, postgres in side) for side in sides]
        memory = [statistics.median(reading.memory for reading, _ in side) for side in sides]
        bad = sum(reading.bad for side in sides for reading, _ in side)
        cells = [
            scenario.name,
            f"{rates[0]:,.0f}",
            f"{rates[1]:,.0f}",
            f"{rates[1] / rates[0]:.2f}",
            f"{scenario.target}",
            f"{cpus[1]:.0f} of {cpus[0]:.0f} µs: {cpus[1] / cpus[0]:.0%}",
            "" if scenario.cpu is None else f"{scenario.cpu:.0%}",
            f"{memory[0]:.0f}, {memory[1]:.0f} MB" + (f"; {bad} refused" if bad else ""),
        ]
        print(f"| {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
