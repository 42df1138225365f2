"""The main job through the Forge door on the running system, and what it leaves of tokens."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from devstack.check import run_check
from devstack.confluence import FORGE, LocalConfluence
from devstack.environment import spare_ports
from devstack.stack import Stack
from lockpoint.cli import main
from tests.support.installed import wait_for_installs
from tests.support.stored import unexplained


@pytest.fixture(scope="module")
def lines() -> list[str]:
    """The output of all processes."""
    return []


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, lines: list[str]) -> Iterator[Stack]:
    """Acme by Forge, the other site by Connect; the main job is done."""
    folder, stop = tmp_path_factory.mktemp("forge"), threading.Event()
    running = Stack(
        folder,
        spare_ports(),
        {},
        lambda name, line: lines.append(f"{name} {line}"),
        durable=False,
        doors={"acme": FORGE},
        movable_time=True,
    )
    try:
        running.start(stop)
        wait_for_installs(running)
        run_check(running, stop)
        yield running
    finally:
        stop.set()
        running.stop()


def tokens(confluence: LocalConfluence) -> list[str]:
    """Of the app and of people: Forge hands out the same ones again."""
    asked = [{"kind": "system"}, *({"kind": "user", "account": name} for name in ("alice", "bob", "charlie"))]
    return [str(confluence.post("/_sim/forge/token", {"site": "acme", **one})["token"]) for one in asked]


def test_no_token_is_stored_or_logged(stack: Stack, lines: list[str], tmp_path: Path) -> None:
    """Tables, queue, Redis, logs, backup and metrics hold no token of the app's or of a person's."""
    words, log, backup = (tmp_path / name for name in ("words", "log", "backup"))
    words.write_text("\n".join(tokens(stack.confluence)), encoding="utf-8")
    log.write_text("\n".join(line for line in lines if not line.startswith("confluence ")), encoding="utf-8")
    run = CliRunner(env=stack.environment).invoke
    made = run(main, ["backup", "create", "--to", "-"])
    assert made.exit_code == 0, made.output
    backup.write_bytes(made.stdout_bytes)
    places = ["--logs", str(log), "--backup", str(backup), "--metrics", f"{stack.ports.app_url}/metrics"]
    result = run(main, ["privacy", "scan", "--json", "--words", str(words), *places])
    report = json.loads(result.stdout)
    assert (result.exit_code, report["hits"], report["notLookedAt"]) == (0, 0, []), result.output
    looked = {place["place"] for place in report["places"]}
    assert {"redis", "table forge_token", "table installation", "queue procrastinate_jobs"} <= looked


def test_all_that_is_stored_is_in_the_inventory(stack: Stack) -> None:
    settings = stack.environment
    assert unexplained(settings["DATABASE_URL"], settings["REDIS_URL"]) == []
