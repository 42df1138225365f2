"""`lockpoint doctor`: everything that an installation needs, asked once, with what to do where something is wrong."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from email.utils import parsedate_to_datetime
from enum import StrEnum
from functools import partial
from typing import Final
from urllib.parse import urlsplit

import click
import redis
import requests

from lockpoint.bootstrap import seconds_of
from lockpoint.commands.environment import settings_for_answering
from lockpoint.commands.output import as_json
from lockpoint.connect.install_keys import HttpKeySource, KeyUnavailableError
from lockpoint.mail.send import SmtpMailer
from lockpoint.services.clock_skew import TOLERATED
from lockpoint.services.ports.notifications import MailUnavailable
from lockpoint.settings import Settings
from lockpoint.storage.access.fitness import Role, role_of, trouble_with
from lockpoint.storage.redis_mutexes import connect

SECONDS: Final = 5.0
OWN_TLS: Final = (
    "Confluence refuses it likewise. Give the proxy a certificate for this name from an authority that everybody"
    " trusts, with all that lie between (fullchain.pem)."
)
ATLASSIAN_TLS: Final = (
    "Something between this machine and Atlassian shows a certificate of its own; let the app go past it."
)
MAIL_TLS: Final = "Name the host as its certificate does, or renew the certificate; no mail leaves till then."
REDIS_TLS: Final = "Where the provider signs its own, LOCKPOINT_REDIS_TLS_VERIFY=0 accepts it."
NO_KEY: Final = "00000000-0000-0000-0000-000000000000"
"""An id that no key host knows: it answers 404."""


class State(StrEnum):
    FINE = "fine"
    WORSE = "worse"
    """It works without, with what `told` says missing."""
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    what: str
    state: State
    told: str


@click.command()
@as_json
def doctor(json_wanted: bool) -> None:  # noqa: FBT001 - click passes a flag
    """Look at settings, database, Redis, mail, Atlassian's hosts, clock and base URL; exits 1 when one is wrong."""
    settings = settings_for_answering()
    found: list[Finding] = []
    for finding in findings(settings):
        found.append(finding)
        if not json_wanted:
            click.echo(f"{finding.state.value:<6}  {finding.what:<9}  {finding.told}")
    if json_wanted:
        click.echo(json.dumps([asdict(finding) for finding in found], indent=2))
    if any(finding.state is State.WRONG for finding in found):
        raise click.exceptions.Exit(1)


def findings(settings: Settings) -> Iterator[Finding]:
    """The settings were read, so they are whole."""
    yield Finding("settings", State.FINE, "every variable is there and well formed")
    for what, check in (
        ("database", partial(_database, settings)),
        ("redis", partial(_redis, settings)),
        ("mail", partial(_mail, settings)),
        *(("key host", partial(_key_host, url)) for url in settings.install_key_urls),
        ("tokens", partial(_token_host, settings)),
        ("clock", partial(_clock, settings)),
        ("base url", partial(_base_url, settings)),
    ):
        state, told = check()
        yield Finding(what, state, told)


def _database(settings: Settings) -> tuple[State, str]:
    trouble = trouble_with(settings.database_url)
    if trouble:
        return State.WRONG, trouble.text
    role = role_of(settings.database_url)
    whose = f"the role {role.name} {_may(role)}" if role else "the role was not looked at"
    return State.FINE, f"PostgreSQL answers, its tables are current; {whose}"


def _may(role: Role) -> str:
    """Both are right: what runs says which it shall be."""
    if role.changes_tables:
        return "owns them, as migrate and clock must"
    return "may not create, change or drop tables: right for web and worker, and for these only"


def _redis(settings: Settings) -> tuple[State, str]:
    try:
        with connect(settings.redis_url, verify_tls=settings.redis_tls_verify, wait=SECONDS) as client:
            client.ping()
    except redis.RedisError as error:
        if (untrusted := _untrusted(error, settings.redis_url)) is not None:
            return State.WORSE, f"REDIS_URL: {untrusted} {REDIS_TLS}"
        what = f"REDIS_URL: no answer ({type(error).__name__}). Start it, or correct the address; without it processes"
        return State.WORSE, f"{what} share no quota, and a file may be restored twice."
    return State.FINE, "Redis answers"


def _mail(settings: Settings) -> tuple[State, str]:
    try:
        SmtpMailer(settings.mail_url, settings.mail_from, timeout=SECONDS).try_connection()
    except MailUnavailable as error:
        if (untrusted := _untrusted(error, settings.mail_url)) is not None:
            return State.WRONG, f"LOCKPOINT_MAIL_URL: {untrusted} {MAIL_TLS}"
        return (
            State.WRONG,
            f"LOCKPOINT_MAIL_URL: {error}. Correct host, port, user or password; no mail leaves till then.",
        )
    return State.FINE, "the mail server lets us in; no mail was sent"


def _key_host(url: str) -> tuple[State, str]:
    try:
        HttpKeySource([url], read_seconds=SECONDS).fetch(NO_KEY)
    except KeyUnavailableError as error:
        untrusted = _untrusted(error, url)
        told = f"{error}." if untrusted is None else f"{untrusted} {ATLASSIAN_TLS}"
        return State.WRONG, f"{url}: {told} Let the app reach it; without it no site can install or uninstall the app."
    return State.FINE, f"{url} answers"


def _token_host(settings: Settings) -> tuple[State, str]:
    answer = _asked(settings.oauth_url, ATLASSIAN_TLS)
    if isinstance(answer, str):
        return (
            State.WRONG,
            f"{settings.oauth_url}: {answer} Let the app reach it; without it the app cannot act as people.",
        )
    return State.FINE, f"{settings.oauth_url} answers"


def _clock(settings: Settings) -> tuple[State, str]:
    answer = _asked(settings.oauth_url, ATLASSIAN_TLS)
    date = None if isinstance(answer, str) else answer.headers.get("Date")
    if date is None:
        return State.WORSE, "nobody told the time, so this machine's clock was not compared"
    off = abs(seconds_of(settings)() - parsedate_to_datetime(date).timestamp())
    if off > TOLERATED.seconds:
        return (
            State.WRONG,
            f"{off:.0f} s from Atlassian's. Set it by NTP; beyond {TOLERATED.seconds} s no lock begins or ends.",
        )
    return State.FINE, "within a second of Atlassian's" if off <= 1 else f"{off:.0f} s from Atlassian's"


def _base_url(settings: Settings) -> tuple[State, str]:
    address = f"{settings.base_url}/atlassian-connect.json"
    answer = _asked(address, OWN_TLS)
    if isinstance(answer, str):
        known = OWN_TLS in answer
        advice = "" if known else " Start `lockpoint web` and the proxy before it, or correct LOCKPOINT_BASE_URL."
        return State.WRONG, f"{address}: {answer}{advice}"
    if answer.status_code != requests.codes.ok or not _is_ours(answer, settings):
        return (
            State.WRONG,
            f"{address}: this is another app or address. Correct LOCKPOINT_BASE_URL or the proxy before it.",
        )
    return State.FINE, f"{address} is this app"


def _is_ours(answer: requests.Response, settings: Settings) -> bool:
    try:
        descriptor = answer.json()
    except ValueError:
        return False
    named = (descriptor.get("key"), descriptor.get("baseUrl")) if isinstance(descriptor, dict) else None
    return named == (settings.app_key, settings.base_url)


def _asked(address: str, remedy: str) -> requests.Response | str:
    """Return the answer, or a sentence why there is none; with the remedy where a certificate is not trusted.

    What the environment trusts does not count: neither Confluence nor our own calls obey it.
    """
    with requests.Session() as session:
        session.trust_env = False
        try:
            return session.get(address, timeout=SECONDS, allow_redirects=False)
        except requests.RequestException as error:
            untrusted = _untrusted(error, address)
            return f"no answer ({type(error).__name__})." if untrusted is None else f"{untrusted} {remedy}"


def distrust(error: BaseException) -> str | None:
    """Return why a certificate was refused, in OpenSSL's words; None where that was not it."""
    waiting, seen = [error], set[int]()
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, ssl.SSLCertVerificationError):
            return one.verify_message.rstrip(".") or "it cannot be checked"
        behind = (one.__cause__, one.__context__, getattr(one, "reason", None), *one.args)
        waiting += [other for other in behind if isinstance(other, BaseException)]
    return None


def _untrusted(error: BaseException, address: str) -> str | None:
    """Name host and reason, without the rest of the address, which may have a password."""
    if (reason := distrust(error)) is None:
        return None
    place = urlsplit(address)
    host = f"{place.hostname}:{place.port}" if place.port else place.hostname
    return f"the certificate of {host} is not trusted: {reason}."
