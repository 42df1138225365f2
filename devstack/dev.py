"""`lockpoint dev`, run by `bin/run`: the whole system until Ctrl-C."""

import os
import signal
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import click

from devstack.check import run_check
from devstack.confluence import CONNECT, FORGE, SITES
from devstack.environment import Ports, app_environment, spare_ports, usual_ports
from devstack.errors import EmbeddedError
from devstack.stack import ROOT, Stack
from lockpoint.settings import Settings, SettingsError, load_settings

STATE: Final = ROOT / ".local" / "run"
STOP_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
PLAIN_LOGS: Final = {"LOCKPOINT_LOG_FORMAT": "text", "LOCKPOINT_LOG_LEVEL": "warning"}
_speaking = threading.Lock()


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), help="Where the web process listens; else 5000, or a free port.")
@click.option("--state", type=click.Path(file_okay=False, path_type=Path), default=STATE, help="Else .local/run.")
@click.option("--check", is_flag=True, help="Perform the main job on spare ports with a state of its own, and stop.")
@click.option("--door", type=click.Choice([CONNECT, FORGE]), default=CONNECT, help="Of the site that is checked.")
def dev(port: int | None, state: Path, check: bool, door: str) -> None:  # noqa: FBT001 - click passes a flag
    """Run everything on this machine, the local Confluence included."""
    stop = threading.Event()
    for number in STOP_SIGNALS:
        signal.signal(number, lambda *_: stop.set())
    try:
        _check(stop, door) if check else _serve(port, state, stop)
    except EmbeddedError as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(f"{error.filename or state}: {error.strerror or error}") from None


def own_settings(environment: Mapping[str, str]) -> dict[str, str]:
    names = {field.alias for field in Settings.model_fields.values()}
    return {name: value for name, value in environment.items() if name in names}


def _serve(port: int | None, state: Path, stop: threading.Event) -> None:
    given = {**PLAIN_LOGS, **own_settings(os.environ)}
    wanted = port if port is not None else int(given["PORT"]) if given.get("PORT", "").isdecimal() else None
    stack = Stack(state, usual_ports(wanted), given, _say, doors={SITES[1]: FORGE}, movable_time=True)
    try:
        _check_settings(given, stack.ports)
        stack.start(stop)
        if not stop.is_set():
            _welcome(stack)
        stack.watch()
        click.echo("Stopping.")
    finally:
        stack.stop()


def _check_settings(given: Mapping[str, str], ports: Ports) -> None:
    """Before the databases start, with addresses and a key that stand for theirs."""
    database, redis = "postgresql:///lockpoint", "redis://127.0.0.1:6379"
    made = app_environment(given, ports, database_url=database, redis_url=redis, secret_keys="k" * 32)
    try:
        load_settings(made)
    except SettingsError as error:
        raise EmbeddedError(str(error)) from None


def _check(stop: threading.Event, door: str) -> None:
    """Perform the main job with a temporary state folder and without the user's settings; both doors are open."""
    doors = dict(zip(SITES, (door, CONNECT if door == FORGE else FORGE), strict=True))
    with tempfile.TemporaryDirectory(prefix="lockpoint-check-") as folder:
        lines: list[str] = []
        stack = Stack(
            Path(folder),
            spare_ports(),
            {},
            lambda name, line: lines.append(f"{name:<10} | {line}"),
            doors=doors,
            movable_time=True,
        )
        try:
            stack.start(stop)
            run_check(stack, stop)
        except EmbeddedError:
            click.echo("\n".join(lines[-60:]), err=True)
            raise
        finally:
            stack.stop()


def _welcome(stack: Stack) -> None:
    """Print the address to open and the people to choose."""
    site = stack.confluence.site(SITES[0])
    with _speaking:
        click.echo()
        click.secho(f"  Open    {stack.confluence.origin}{site['contents'][0]['url']}", bold=True)
        click.echo("          and choose who you are:")
        for person in site["people"]:
            if person["role"] != "app":
                click.echo(f"            {person['displayName']:<15} {person['role']}")
        click.echo(f"          {SITES[0]} has the app by Connect, {SITES[1]} by Forge:")
        click.echo(f"          {_page_of(stack, SITES[1])}")
        click.echo(f"          Screens: the sidebar of each page, {stack.confluence.origin}/wiki/admin as site admin")
        if stack.moves_time:
            click.echo(f"  Time    {_told(stack.ahead())}; +1 hour and +1 day at the top of each page show locks end")
        click.echo(f"  Mails   {stack.ports.mails_url}/ (kept with the state)")
        click.echo("  Logs    warnings only; LOCKPOINT_LOG_LEVEL=info bin/run shows more")
        click.echo("  Stop    Ctrl-C")
        click.echo()


def _told(ahead: float) -> str:
    days, hours = divmod(round(ahead / 3600), 24)
    return f"{days} d {hours} h ahead" if ahead else "now"


def _page_of(stack: Stack, site: str) -> str:
    found = stack.confluence.site(site)
    return f"{str(found['baseUrl']).removesuffix('/wiki')}{found['contents'][0]['url']}"


def _say(name: str, line: str) -> None:
    with _speaking:
        click.echo(f"{name:<10} | {line}")
