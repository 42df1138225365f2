"""`lockpoint privacy scan`: searches for words that must stay in Confluence."""

import json
from collections.abc import Iterator
from itertools import chain
from typing import BinaryIO, Final, TextIO

import click
import requests

from lockpoint.bootstrap import Operator
from lockpoint.commands.operator import operator
from lockpoint.services.ports.privacy import Piece
from lockpoint.services.privacy.scan import Looked, Words, lines
from lockpoint.services.privacy.scan import scan as look_everywhere
from lockpoint.services.privacy.site_words import SiteWords, gather

METRICS_SECONDS: Final = 10
GZIP: Final = "\x1f\ufffd"
"""How a gzip file begins when read as text."""
PLACES_TO_NAME: Final = {"logs": "--logs", "backups": "--backup", "metrics": "--metrics"}
"""Places known only to the caller, and their options."""


@click.command("scan")
@click.option(
    "--words", "word_file", type=click.File("r", "utf-8-sig"), metavar="FILE", help="Words, one a line (- for stdin)."
)
@click.option(
    "--logs", multiple=True, type=click.File("r", "utf-8-sig", "replace"), metavar="FILE", help="A log (or -)."
)
@click.option("--backup", "backups", multiple=True, type=click.File("rb"), metavar="FILE", help="A backup to decrypt.")
@click.option("--metrics", multiple=True, metavar="ADDRESS", help="Address of a web process's /metrics.")
@click.option("--most", default=200, show_default=True, help="Pages of each space to take words from.")
@click.option("--json", "json_wanted", is_flag=True, help="Print JSON.")
def scan(
    word_file: TextIO | None,
    logs: tuple[TextIO, ...],
    backups: tuple[BinaryIO, ...],
    metrics: tuple[str, ...],
    most: int,
    json_wanted: bool,  # noqa: FBT001 - click passes a flag
) -> None:
    """Search all tables, Redis, the queue, logs, backups and metrics for words that must not be there.

    Without --words it asks the installed sites, as the app, for names and addresses of people and for titles of
    spaces, pages and files, and looks for these. Prints what was looked at; exits 1 when something was found, or could
    not be read to its end, a site included. Neither the words nor what stands around them is printed.
    """
    with operator() as working:
        words, source = _words(working, word_file, most)
        given = chain(
            *(lines(f"log {log.name}", _of_log(log)) for log in logs),
            *(working.search.backup(f"backup {backup.name}", backup.read()) for backup in backups),
            *(_metrics(address) for address in metrics),
        )
        looked = look_everywhere(chain(working.search.everything(), given), words)
    left = [place for place, named in zip(PLACES_TO_NAME, (logs, backups, metrics), strict=True) if not named]
    click.echo(_as_json(looked, words, source, left) if json_wanted else _as_text(looked, words, source, left))
    if source.unread or any(place.hits or place.partly for place in looked):
        raise click.exceptions.Exit(1)


def _words(working: Operator, word_file: TextIO | None, most: int) -> tuple[Words, SiteWords]:
    """The caller's, or the installed sites'."""
    if word_file is not None:
        try:
            words = Words(word_file)
        except ValueError as error:
            raise click.UsageError(str(error)) from None
        found = SiteWords()
    else:
        services = working.services
        sites = [(tenant, working.search.accounts(tenant)) for tenant in services.tenants.active()]
        found = gather(working.search.titles, services.people, sites, most=most)
        words = Words(found.words, whole=True)
    if not len(words):
        raise click.ClickException("there are no words to look for")
    return words, found


def _of_log(log: TextIO) -> Iterator[str]:
    """ClickException for non-text."""
    for line in log:
        if "\0" in line or line.startswith(GZIP):
            raise click.ClickException(f"{log.name} is no text in UTF-8; unpack it first")
        yield line


def _metrics(address: str) -> Iterator[Piece]:
    try:
        answer = requests.get(address, timeout=METRICS_SECONDS)
        answer.raise_for_status()
    except requests.RequestException as error:
        raise click.ClickException(f"metrics: {type(error).__name__}") from None
    return lines("metrics", answer.content.decode(errors="replace").splitlines())


def _as_json(looked: list[Looked], words: Words, source: SiteWords, left: list[str]) -> str:
    places = [
        {"place": one.place, "lookedAt": one.pieces, "hits": dict(one.hits), "inPart": one.partly} for one in looked
    ]
    report = {
        "words": len(words),
        "tooShort": source.too_short,
        "sitesNotRead": source.unread,
        "places": places,
        "notLookedAt": left,
        "hits": sum(one.hits.total() for one in looked),
    }
    return json.dumps(report, indent=2)


def _as_text(looked: list[Looked], words: Words, source: SiteWords, left: list[str]) -> str:
    said = [f"{len(words)} words ({source.too_short} left out as too short)"]
    said += [f"not read: {site}" for site in source.unread]
    width = max((len(one.place) for one in looked), default=0)
    for one in looked:
        found = ", ".join(f"{part}: {count}" for part, count in sorted(one.hits.items())) or "0"
        partly = f", read in part only: {one.partly}" if one.partly else ""
        said.append(f"{one.place:<{width}}  {one.pieces:>9} looked at, hits: {found}{partly}")
    said += [f"{place}: not looked at, give {PLACES_TO_NAME[place]}" for place in left]
    total = sum(one.hits.total() for one in looked)
    clean = not total and not source.unread and not any(one.partly for one in looked)
    return "\n".join([*said, "0 hits: none of the words is anywhere" if clean else f"{total} hits"])
