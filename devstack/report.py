"""`lockpoint report`: figures that are measured with the tests and benchmarks of a checkout."""

import subprocess
import sys
from importlib.util import find_spec

import click

from devstack.stack import ROOT

TEST_PACKAGES = ("hypothesis", "pytest")


@click.group()
def report() -> None:
    """Measure what the project claims."""


@report.command("reliability")
@click.option("--quick", is_flag=True, help="Small numbers, about two minutes.")
@click.option("--schedules", type=click.IntRange(1), help="How many for each machine.")
@click.option("--only", multiple=True, metavar="R1", help="Only these figures.")
def reliability(quick: bool, schedules: int | None, only: tuple[str, ...]) -> None:  # noqa: FBT001 - click passes a flag
    """Measure the figures of reliability; writes reports/reliability.json and .md. Exits 1 when one fails."""
    if not (ROOT / "bench").is_dir() or any(find_spec(name) is None for name in TEST_PACKAGES):
        raise click.ClickException(
            "the figures need a checkout with its test packages: run `bin/setup test` there first."
        )
    options = ["--quick"] * quick + (["--schedules", str(schedules)] if schedules else [])
    options += [part for figure in only for part in ("--only", figure)]
    done = subprocess.run([sys.executable, "-m", "bench.reliability", *options], cwd=ROOT, check=False)
    raise click.exceptions.Exit(done.returncode)
