"""Forge's paths beside Connect's: `python -m bench.doors`.

Both doors are the whole application, each with its own databases and local Confluence. A request that really came is
kept and sent again, straight to WSGI: no network, no client. Rounds alternate, and each has fresh tokens, since a
screen's of Forge live for seconds. Compare the ratio; the milliseconds hold the database and no job.
"""

from __future__ import annotations

import argparse
import io
import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Final

from werkzeug.test import run_wsgi_app

from tests.support import databases
from tests.web.live_app import LiveApp, live_app

CALLS: Final = 150
DOORS: Final = {"Connect": {}, "Forge": {"acme": "forge"}}
ENOUGH: Final = {"LOCKPOINT_POINTS_PER_HOUR": "100000000"}
Environ = dict[str, Any]


@dataclass
class Door:
    """One running application and what it was asked last."""

    live: LiveApp
    free: str
    locked: str
    kept: list[tuple[Environ, bytes]]

    def request(self, deed: Callable[[Door], object]) -> tuple[Environ, bytes]:
        """Return the first request that a deed makes of the app."""
        self.kept.clear()
        deed(self)
        self.live.drain()
        return self.kept[0]

    def milliseconds(self, deed: Callable[[Door], object]) -> float:
        """Return the median of a round."""
        environ, body = self.request(deed)
        wsgi, times = self.live.flask.wsgi_app, []
        for _ in range(CALLS):
            again = {**environ, "wsgi.input": io.BytesIO(body)}
            began = time.perf_counter()
            _, status, _ = run_wsgi_app(wsgi, again, buffered=True)
            times.append((time.perf_counter() - began) * 1000)
            if not status.startswith("2"):
                raise RuntimeError(f"{environ['PATH_INFO']}: {status}")
        self.live.database.execute("delete from procrastinate_jobs where status = 'todo'")
        return statistics.median(times)


def _overwrite(door: Door, file: str) -> None:
    door.live.control("sites/acme/upload", account="bob", attachmentId=file, text="again")


TARGETS: Final[dict[str, Callable[[Door], object]]] = {
    "event, file not locked": lambda door: _overwrite(door, door.free),
    "event, file locked": lambda door: _overwrite(door, door.locked),
    "API, constant answer": lambda door: door.live.call("bob", "GET", "/openapi.json"),
    "API, notices": lambda door: door.live.call("bob", "GET", "/notices"),
    "API, one lock": lambda door: door.live.call("bob", "GET", f"/attachments/{door.locked}/lock"),
}


@contextmanager
def _door(url: str, cache: str, doors: dict[str, str]) -> Iterator[Door]:
    with live_app(url, cache, doors=doors, **ENOUGH) as live:
        page = live.page()
        free, locked = live.file(page), live.file(page)
        live.lock("alice", locked)
        live.settle()
        door = Door(live, free, locked, [])
        _listen(door)
        yield door


def _started(open_: ExitStack, addresses: databases.Addresses, number: int, doors: dict[str, str]) -> Door:
    url = open_.enter_context(databases.database(addresses, f"bench{number}"))
    return open_.enter_context(_door(url, addresses.valkey.format(number), doors))


def _listen(door: Door) -> None:
    """Keep each request of the app, whole."""
    behind = door.live.flask.wsgi_app

    def keeping(environ: Environ, start_response: Any) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        door.kept.append(
            ({key: value for key, value in environ.items() if isinstance(value, (str, bool, tuple))}, body)
        )
        return behind({**environ, "wsgi.input": io.BytesIO(body)}, start_response)

    door.live.flask.wsgi_app = keeping  # type: ignore[method-assign]


def measured(doors: dict[str, Door], rounds: int) -> dict[str, dict[str, float]]:
    """Return milliseconds by target and door: the median of the rounds."""
    found: dict[str, dict[str, list[float]]] = {name: {door: [] for door in doors} for name in TARGETS}
    for _ in range(rounds):
        for name, deed in TARGETS.items():
            for door, running in doors.items():
                found[name][door].append(running.milliseconds(deed))
    return {name: {door: statistics.median(each) for door, each in by_door.items()} for name, by_door in found.items()}


def main() -> None:
    """Measure both doors in alternating rounds and print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    servers = databases.Servers()
    try:
        addresses = servers.addresses()
        with ExitStack() as open_:
            running = {
                name: _started(open_, addresses, number, doors) for number, (name, doors) in enumerate(DOORS.items())
            }
            table = measured(running, rounds)
    finally:
        servers.close()
    print("| | Connect ms | Forge ms | times |\n|---|---|---|---|")
    for name, by_door in table.items():
        connect, forge = by_door["Connect"], by_door["Forge"]
        print(f"| {name} | {connect:.2f} | {forge:.2f} | **{forge / connect:.2f}** |")


if __name__ == "__main__":
    main()
