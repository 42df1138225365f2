"""Our request paths beside bare WSGI, under several servers: `python -m bench.http_paths`.

Needs `wrk` (Debian: apt-get install wrk) and the development environment. Each target runs alone with the same load;
rounds alternate, so that drift affects all. Compare ratios within one run.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from bench.subject import Subject, prepared
from devstack.ports import free_ports

ROOT = Path(__file__).parents[1]
CONNECTIONS, SECONDS, WARM_UP = 16, 4, 1

GRANIAN = "granian --interface wsgi --host 127.0.0.1 --workers 2 --blocking-threads 8 --no-ws --http 1"
SERVERS = {
    "granian": f"{GRANIAN} --log-level warning --port {{port}} {{app}}",
    "gunicorn gthread": "gunicorn -k gthread -w 2 --threads 8 --log-level warning -b 127.0.0.1:{port} {app}",
}


@dataclass(frozen=True)
class Target:
    """One path under one server."""

    name: str
    app: str
    method: str
    path: str
    kind: str
    server: str = "granian"


@dataclass(frozen=True)
class Reading:
    """Requests a second, server CPU microseconds a request, p50 and p99 in ms, refused, megabytes where measured."""

    rate: float
    cpu: float
    p50: float
    p99: float
    bad: int
    memory: float = 0.0


HOOK = "/connect/webhooks/attachment_updated"
TARGETS = (
    Target("bare WSGI, 204", "bench.floor:nothing", "POST", HOOK, "webhook"),
    Target("bare WSGI, one SELECT, 204", "bench.floor:one_select", "POST", HOOK, "webhook"),
    Target("our webhook, in front of Flask", "lockpoint.wsgi:app", "POST", HOOK, "webhook"),
    Target("our webhook, Flask route", "bench.floor:without_door", "POST", HOOK, "webhook"),
    Target("our API, token checked, constant answer", "lockpoint.wsgi:app", "GET", "/api/v1/openapi.json", "context"),
    Target("our frame, token checked", "lockpoint.wsgi:app", "GET", "/connect/page", "frame"),
    Target("our descriptor", "lockpoint.wsgi:app", "GET", "/atlassian-connect.json", "none"),
    Target("bare WSGI, 204", "bench.floor:nothing", "POST", HOOK, "webhook", "gunicorn gthread"),
    Target("our webhook, in front of Flask", "lockpoint.wsgi:app", "POST", HOOK, "webhook", "gunicorn gthread"),
    Target("our API, token checked, constant answer", "lockpoint.wsgi:app", "GET", "/api/v1/openapi.json", "context",
           "gunicorn gthread"),
)  # fmt: skip


def main() -> None:
    """Measure targets in alternating rounds and print one table."""
    options = _options()
    if shutil.which("wrk") is None:
        sys.exit("bench: wrk is missing (Debian: apt-get install wrk)")
    targets = [t for t in TARGETS if t.server == "granian" or _has_gunicorn()]
    with tempfile.TemporaryDirectory(prefix="lockpoint-bench-") as folder, prepared(Path(folder)) as subject:
        readings: dict[Target, list[Reading]] = {target: [] for target in targets}
        for _ in range(options.rounds):
            for target in targets:
                readings[target].append(_measure(subject, target, Path(folder)))
    _print(readings)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    return parser.parse_args()


def _has_gunicorn() -> bool:
    return subprocess.run([sys.executable, "-c", "import gunicorn"], check=False, capture_output=True).returncode == 0


def _measure(subject: Subject, target: Target, folder: Path) -> Reading:
    port = free_ports(1)
    with _serving(subject, target, port) as pid:
        url = f"http://127.0.0.1:{port}{subject.address(target.method, target.path, target.kind)}"
        script = folder / "request.lua"
        script.write_text(subject.wrk_script(target.method, target.path, target.kind))
        _wrk(url, script, WARM_UP)
        before = _cpu_seconds(pid)
        text = _wrk(url, script, SECONDS)
        used = _cpu_seconds(pid) - before
    return _read(text, used)


@contextmanager
def _serving(subject: Subject, target: Target, port: int) -> Iterator[int]:
    arguments = SERVERS[target.server].format(port=port, app=target.app).split()
    command = [sys.executable, "-m", *arguments]
    environment = {**os.environ, **subject.environment, "PORT": str(port)}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, start_new_session=True, stdout=subprocess.DEVNULL)
    try:
        _wait(f"http://127.0.0.1:{port}/healthz")
        yield process.pid
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def _wait(url: str) -> None:
    for _ in range(200):
        try:
            requests.get(url, timeout=1)
        except (requests.ConnectionError, requests.Timeout):
            time.sleep(0.1)
        else:
            return
    sys.exit(f"bench: {url} did not come up")


def _wrk(url: str, script: Path, seconds: int) -> str:
    command = [
        shutil.which("wrk") or "wrk",
        "-t1",
        f"-c{CONNECTIONS}",
        f"-d{seconds}s",
        "--latency",
        "-s",
        str(script),
        url,
    ]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=seconds + 20).stdout


def _cpu_seconds(pid: int) -> float:
    """Return user and system time of the server's processes."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    ticks = 0
    for one in (str(pid), *children):
        fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _read(text: str, cpu_seconds: float) -> Reading:
    count = int(_found(r"(\d+) requests in", text))
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    return Reading(
        rate=float(_found(r"Requests/sec:\s+([\d.]+)", text)),
        cpu=cpu_seconds / max(count, 1) * 1e6,
        p50=_milliseconds(_found(r"\b50%\s+(\d\S*)", text)),
        p99=_milliseconds(_found(r"\b99%\s+(\d\S*)", text)),
        bad=int(bad[1]) if bad else 0,
    )


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    if match is None:
        sys.exit(f"bench: wrk said something unexpected:\n{text}")
    return match[1]


def _milliseconds(text: str) -> float:
    for unit, factor in (("us", 0.001), ("ms", 1.0), ("s", 1000.0)):
        if text.endswith(unit):
            return float(text[: -len(unit)]) * factor
    raise ValueError(text)


def _print(readings: dict[Target, list[Reading]]) -> None:
    """Print one row per target; the ratio is CPU a request against the same server's bare answer."""
    floors = {t.server: _median(r, "cpu") for t, r in readings.items() if t.app == "bench.floor:nothing"}
    print("| server | target | req/s | CPU µs/req | times floor | p50 ms | p99 ms | not 2xx |")
    print("|---|---|---|---|---|---|---|---|")
    for target, rounds in readings.items():
        cpu = _median(rounds, "cpu")
        cells = [
            target.server,
            target.name,
            f"{_median(rounds, 'rate'):.0f}",
            f"{cpu:.0f}",
            f"{cpu / floors[target.server]:.1f}",
            f"{_median(rounds, 'p50'):.1f}",
            f"{_median(rounds, 'p99'):.1f}",
            str(sum(r.bad for r in rounds)),
        ]
        print(f"| {' | '.join(cells)} |")
    print(json.dumps({"connections": CONNECTIONS, "seconds": SECONDS, "rounds": len(next(iter(readings.values())))}))


def _median(rounds: list[Reading], name: str) -> float:
    return float(statistics.median(getattr(reading, name) for reading in rounds))


if __name__ == "__main__":
    main()
