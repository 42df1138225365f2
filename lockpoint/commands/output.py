"""Output: tables for people, JSON for programs."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import click

OutputRow = Mapping[str, object]

as_json: Final = click.option("--json", "json_wanted", is_flag=True, help="Print JSON.")


def print_rows(rows: Sequence[OutputRow], *, json_wanted: bool, none: str) -> None:
    """`none` is the sentence for no rows."""
    if json_wanted:
        click.echo(json.dumps([*map(dict, rows)], default=_plain, indent=2))
    elif not rows:
        click.echo(none)
    else:
        _print_table([list(rows[0]), *([_text(value) for value in row.values()] for row in rows)])


def print_fields(fields: OutputRow, *, json_wanted: bool, err: bool = False) -> None:
    """`err` where stdout carries the data."""
    if json_wanted:
        click.echo(json.dumps(dict(fields), default=_plain, indent=2), err=err)
        return
    width = max(map(len, fields))
    for name, value in fields.items():
        click.echo(f"{name:<{width}}  {_text(value)}", err=err)


def print_report(
    fields: OutputRow, tables: Mapping[str, Sequence[OutputRow]], advice: str, *, json_wanted: bool
) -> None:
    """Fields, named tables where they have rows, and what to do."""
    if json_wanted:
        print_fields({**fields, **tables, "advice": advice}, json_wanted=True)
        return
    print_fields(fields, json_wanted=False)
    for name, rows in tables.items():
        if rows:
            click.echo(f"\n{name}")
            print_rows(rows, json_wanted=False, none="")
    click.echo(f"\n{advice}")


def _print_table(lines: Sequence[Sequence[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        click.echo("  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)).rstrip())


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "-"
    return "-" if value is None else str(value)
