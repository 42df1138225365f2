"""`python -m simulator --port 8080`."""

from __future__ import annotations

import argparse
import signal
import threading
from pathlib import Path
from types import FrameType

from simulator import server
from simulator.forge.deliveries import tick_all
from simulator.model.clock import SharedTime

HOUR = 3600.0
"""Of Forge's schedule."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m simulator", description="A local Confluence Cloud.")
    parser.add_argument(
        "--port", type=int, default=8080, help="port of the first site; the next one gets the next port"
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--name", default="localhost", help="host name in the sites' addresses")
    parser.add_argument("--keep", type=Path, help="file in which the state outlives a restart; else it is gone")
    parser.add_argument(
        "--clock", type=Path, help="file with the seconds by which the time here and of the app is ahead"
    )
    arguments = parser.parse_args()
    shared = SharedTime(arguments.clock) if arguments.clock else None
    stopped = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopped.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    running = server.start(arguments.port, arguments.host, arguments.name, arguments.keep, shared)
    for site in running.sites.values():
        print(f"{site.key}: {site.base_url}/", flush=True)
    while not stopped.wait(HOUR):
        tick_all(running.world)
    running.stop()


if __name__ == "__main__":
    main()
