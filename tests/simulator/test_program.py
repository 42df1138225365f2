"""`python -m simulator`."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys

import pytest
import requests

from tests.support.checkout import ROOT


@pytest.mark.processes
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_two_ports_and_ends_on_a_signal(number: int) -> None:
    """The given port and the next; exit code 0."""
    port = _two_free_ports()
    command = [sys.executable, "-m", "simulator", "--port", str(port)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline().strip() for _ in range(2)]
        assert lines == [f"acme: http://localhost:{port}/wiki/", f"globex: http://localhost:{port + 1}/wiki/"]
        answer = requests.get(f"http://localhost:{port + 1}/_sim/whoami", timeout=10)
        assert answer.json()["site"] == "globex"
        process.send_signal(number)
        assert process.wait(20) == 0


def _two_free_ports() -> int:
    for _ in range(50):
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port: int = first.getsockname()[1]
            try:
                second.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port
    raise AssertionError("no two neighbouring free ports")
