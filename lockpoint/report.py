"""`lockpoint report`: what is claimed about reliability, what this installation's data say, and what tests measured."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import Final, NoReturn

import click

from lockpoint.commands.operator import operator
from lockpoint.commands.output import OutputRow, as_json, print_fields
from lockpoint.services.listing.reliability import (
    CLAIMS,
    Claim,
    ClaimOutcome,
    Found,
    newest,
    of_installation,
    of_results,
)
from lockpoint.services.ports.maintenance import Readings

CHECKOUT: Final = Path(__file__).parents[1]
Results = Mapping[str, Found]
TEST_PACKAGES: Final = ("hypothesis", "pytest")


@click.group()
def report() -> None:
    """Show and measure what the project claims."""


@report.command("reliability")
@as_json
@click.option(
    "--results",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    multiple=True,
    metavar="FILE",
    help="What a measurement wrote: reports/reliability.json or reports/storm.json.",
)
@click.option("--only", type=click.Choice(list(CLAIMS)), multiple=True, metavar="R1", help="Only these figures.")
@click.option("--measure", is_flag=True, help="Measure anew, by a checkout's tests, and look at no installation.")
@click.option("--quick", is_flag=True, help="Measure with small numbers, about two minutes.")
@click.option("--schedules", type=click.IntRange(1), help="Measure so many for each machine.")
def reliability(
    json_wanted: bool,  # noqa: FBT001 - click passes a flag
    results: tuple[Path, ...],
    only: tuple[str, ...],
    measure: bool,  # noqa: FBT001 - as above
    quick: bool,  # noqa: FBT001 - as above
    schedules: int | None,
) -> None:
    """Show the figures of reliability: from this installation's data, from results of tests, or what measures them.

    With --measure, --quick or --schedules it measures, and writes reports/reliability.json and .md. Exits 1 when a
    figure fails.
    """
    if measure or quick or schedules:
        if json_wanted or results:
            raise click.UsageError("--json and --results are for showing, not for measuring.")
        options = ["--quick"] * quick + (["--schedules", str(schedules)] if schedules else [])
        _measure([*options, *(part for figure in only for part in ("--only", figure))])
    measured = newest(_read(file) for file in results)
    with operator() as working:
        here, now = of_installation(working.reliability.read()), working.gauges.read()
    chosen = [claim for claim in CLAIMS.values() if not only or claim.number in only]
    (_print_json if json_wanted else _print_text)(_state(now), chosen, here, measured)
    failing = [found[one.number].outcome for found in (here, measured) for one in chosen if one.number in found]
    if ClaimOutcome.FAILS in failing:
        raise click.exceptions.Exit(1)


def _measure(options: Sequence[str]) -> NoReturn:
    if not (CHECKOUT / "bench").is_dir() or any(find_spec(name) is None for name in TEST_PACKAGES):
        raise click.ClickException(
            "measuring needs a checkout with its test packages: run `bin/setup test` there first."
        )
    done = subprocess.run([sys.executable, "-m", "bench.reliability", *options], cwd=CHECKOUT, check=False)
    raise click.exceptions.Exit(done.returncode)


def _read(file: Path) -> dict[str, Found]:
    try:
        return of_results(json.loads(file.read_text(encoding="utf-8")))
    except ValueError as error:
        raise click.BadParameter(f"{file}: {error}", param_hint="--results") from None


def _state(now: Readings) -> dict[str, object]:
    return {
        "liveLocks": sum(now.locks.values()),
        "jobsWaiting": sum(now.waiting.values()),
        "oldestJobSeconds": round(now.oldest_seconds, 1),
        "jobsParked": sum(now.parked.values()),
    }


def _print_json(state: OutputRow, claims: Sequence[Claim], here: Results, measured: Results) -> None:
    figures = [
        {
            "number": claim.number,
            "what": claim.what,
            "target": claim.target,
            **{
                name: asdict(found[claim.number]) if claim.number in found else None
                for name, found in (("here", here), ("measured", measured))
            },
            "command": claim.command,
        }
        for claim in claims
    ]
    print_fields({**state, "figures": figures}, json_wanted=True)


def _print_text(state: OutputRow, claims: Sequence[Claim], here: Results, measured: Results) -> None:
    print_fields(state, json_wanted=False)
    for claim in claims:
        click.echo(f"\n{claim.number:<4} {claim.what} (target: {claim.target})")
        own, tested = here.get(claim.number), measured.get(claim.number)
        if own:
            click.echo(f"     here      {own.outcome}: {own.result}")
        if tested:
            click.echo(f"     measured  {tested.outcome}: {tested.result} ({tested.at}, commit {tested.commit})")
        click.echo(f"     {'again by  ' if tested else 'measured  not yet, by '}{claim.command}")
