"""The composition root: the only place that names concrete classes."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Final, TypeVar

from lockpoint.app import Shell, create_app
from lockpoint.confluence.attachments import ConfluenceAttachments
from lockpoint.confluence.comments import ConfluenceComments
from lockpoint.confluence.http.client import ConfluenceClient
from lockpoint.confluence.http.credentials import Credentials, CredentialsByDoor
from lockpoint.confluence.http.error_mapping import http_date
from lockpoint.confluence.http.quota import PointsQuota
from lockpoint.confluence.http.sessions import Sessions
from lockpoint.confluence.people import ConfluencePeople
from lockpoint.confluence.personal_data_reports import ConfluencePersonalDataReports
from lockpoint.confluence.properties import ConfluenceLockProperties, ConfluenceProperties
from lockpoint.confluence.search import ConfluenceDirectory, ConfluenceLockSearch
from lockpoint.confluence.site.facts import ConfluenceSiteFacts
from lockpoint.confluence.site.licence import ConfluenceLicences
from lockpoint.confluence.site.restore_probe import ConfluenceScratchFiles
from lockpoint.confluence.titles import ConfluenceTitles
from lockpoint.confluence.user_properties import ConfluenceUserProperties
from lockpoint.connect import descriptor
from lockpoint.connect.impersonation import Impersonation
from lockpoint.connect.inbound import Inbound
from lockpoint.connect.install_keys import HttpKeySource, InstallKeys
from lockpoint.connect.signed_install import SignedInstalls
from lockpoint.connect.sites import AppSigner, SiteDirectory
from lockpoint.connect.tokens import InTime
from lockpoint.forge.access import AtlassianApi
from lockpoint.forge.inbound import ForgeInbound
from lockpoint.forge.invocation import Invocations
from lockpoint.forge.key_set import HttpKeySet, KeySet
from lockpoint.forge.people import ForgePeople
from lockpoint.forge.sites import ForgeSiteDirectory
from lockpoint.forge.tokens import ForgeSigner, StoredTokens
from lockpoint.mail.link_pages import GettextPages
from lockpoint.mail.macro_document import GettextMacro
from lockpoint.mail.send import SmtpMailer
from lockpoint.services.clock_skew import ClockOffsets, TimelyTokens
from lockpoint.services.container import Services
from lockpoint.services.context import Door
from lockpoint.services.errors import OperatorRefusal
from lockpoint.services.known_pages import KnownPages
from lockpoint.services.notifications.mail_links import read_link
from lockpoint.services.ports import maintenance
from lockpoint.services.ports.jobs import JobRunner
from lockpoint.services.settings_memory import SettingsMemory, TextsMemory
from lockpoint.services.tenancy.absence import jobs_after_return
from lockpoint.services.tenancy.licence import HeardLicences
from lockpoint.storage import redis_mutexes
from lockpoint.storage.access.fitness import Schema, trouble_of_clock, trouble_with
from lockpoint.storage.backup.backups import Backups
from lockpoint.storage.effects import PostgresEffects
from lockpoint.storage.engine import STATEMENT_SECONDS, Database
from lockpoint.storage.jobs.enqueue import PostgresJobs
from lockpoint.storage.jobs.held_file_jobs import PostgresHeldFileJobs
from lockpoint.storage.jobs.parked_jobs import PostgresParkedJobs
from lockpoint.storage.jobs.runner import ProcrastinateRunner
from lockpoint.storage.keyring import Keyring, keyring
from lockpoint.storage.locks.creation_guard import PostgresCreationGuard
from lockpoint.storage.locks.lock_index import PostgresLockIndex
from lockpoint.storage.locks.requests import PostgresRequests
from lockpoint.storage.locks.restorations import PostgresRestorations
from lockpoint.storage.locks.witness import PostgresWitnesses
from lockpoint.storage.notifications.mail_figures import PostgresMailFigures
from lockpoint.storage.notifications.mail_intents import PostgresIntents
from lockpoint.storage.notifications.mail_log import PostgresMailLog
from lockpoint.storage.notifications.profiles import PostgresProfiles
from lockpoint.storage.notifications.recent_intents import PostgresRecentIntents
from lockpoint.storage.privacy.audit_log import PostgresAuditLog
from lockpoint.storage.privacy.person_store import PostgresPersonStore
from lockpoint.storage.privacy.scan_sources import accounts_named, in_backup, in_postgres, in_redis
from lockpoint.storage.redis_installs import RedisInstalls
from lockpoint.storage.redis_limits import RedisImpersonations
from lockpoint.storage.redis_points import RedisPoints
from lockpoint.storage.retention.chores import PostgresUpkeep
from lockpoint.storage.retention.gauges import PostgresGauges
from lockpoint.storage.retention.reliability import PostgresReliability
from lockpoint.storage.tenancy.forge_sites import PostgresForgeSites
from lockpoint.storage.tenancy.forge_tokens import PostgresForgeTokens
from lockpoint.storage.tenancy.installations import PostgresInstallations, PostgresTenants
from lockpoint.storage.tenancy.key_usage import KeyUse, key_uses
from lockpoint.storage.tenancy.licences import PostgresLicences
from lockpoint.storage.tenancy.sealed_secrets import SealedSecrets
from lockpoint.storage.tenancy.site_health import PostgresSiteHealth
from lockpoint.storage.tenancy.site_states import PostgresSiteStates
from lockpoint.storage.tenancy.usage_counts import PostgresUsageCounts
from lockpoint.web.api.audit import audit_routes
from lockpoint.web.api.directory import directory_routes
from lockpoint.web.api.locks import api_routes
from lockpoint.web.api.many.bulk import bulk_routes
from lockpoint.web.api.many.health import site_health_routes
from lockpoint.web.api.many.lock_lists import lock_list_routes
from lockpoint.web.api.many.notices import notice_routes
from lockpoint.web.api.me import me_routes
from lockpoint.web.api.settings import settings_routes
from lockpoint.web.api.templates import template_routes
from lockpoint.web.connect.frontend_bundle import read_bundle
from lockpoint.web.connect.surfaces import surface_routes
from lockpoint.web.forge.door import ForgeDoor
from lockpoint.web.health import NotReadyError, Ping, clock_ping, tokens_ping
from lockpoint.web.macro_export import export_routes
from lockpoint.web.mail_links import mail_routes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    import redis
    from flask import Flask

    from lockpoint.services.context import Tenant
    from lockpoint.services.ports.privacy import Piece
    from lockpoint.services.ports.tenancy import SiteCache
    from lockpoint.services.privacy.site_words import Titles
    from lockpoint.settings import Settings

T = TypeVar("T")

# Connections of each process's one pool; docs/operations.md adds them up.
WEB_CONNECTIONS, WORKER_CONNECTIONS, CLOCK_CONNECTIONS, OPERATOR_CONNECTIONS = 4, 4, 2, 2

AT_ONCE, MOST_THREADS = 12, 32
"""Locks of a site that a sweep reads at a time, and those of all sweeps of a process together."""

PATIENT: Final = 20.0
"""Seconds for a statement of maintenance, for which nobody waits."""


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class FileClock(SystemClock):
    """Ahead by the seconds that a file tells, if it is there; for a developer who wants to see a lock end."""

    def __init__(self, place: Path) -> None:
        self._place = place

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=self._ahead())

    def seconds(self) -> float:
        return time.time() + self._ahead()

    def _ahead(self) -> float:
        try:
            return float(self._place.read_text())
        except FileNotFoundError:
            return 0.0


def clock_of(settings: Settings) -> SystemClock:
    return SystemClock() if settings.clock_file is None else FileClock(settings.clock_file)


def seconds_of(settings: Settings) -> Callable[[], float]:
    """The same time in seconds since 1970."""
    return time.time if settings.clock_file is None else FileClock(settings.clock_file).seconds


class RandomIds:
    def new(self) -> str:
        return secrets.token_hex(16)

    def fraction(self) -> float:
        return secrets.randbelow(1 << 32) / (1 << 32)


class ThreadedParallel:
    """Threads that live as long as the work; of all callers together at most `MOST_THREADS` work at a time."""

    def __init__(self) -> None:
        self._places = threading.BoundedSemaphore(MOST_THREADS)

    def each(self, work: Callable[[T], None], items: Iterable[T]) -> None:
        failed = threading.Event()

        def one(item: T) -> None:
            with self._places:
                if failed.is_set():
                    return
                try:
                    work(item)
                except BaseException:
                    failed.set()
                    raise

        with ThreadPoolExecutor(AT_ONCE) as threads:
            running = [threads.submit(copy_context().run, one, item) for item in items]
        for one_of_them in running:
            one_of_them.result()


@dataclass(frozen=True, slots=True)
class ForgeAccess:
    """Sites on Forge, and the tokens of calls to them."""

    sites: ForgeSiteDirectory
    api: AtlassianApi
    tokens: StoredTokens
    people: ForgePeople

    @property
    def caches(self) -> tuple[SiteCache, ...]:
        return (self.sites, self.tokens, self.people)


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The connections of one process, what is built on them, and its caches of sites."""

    settings: Settings
    database: Database
    redis: redis.Redis
    keys: Keyring
    installations: PostgresInstallations
    sites: SiteDirectory
    client: ConfluenceClient
    people: ConfluencePeople
    clock_offsets: ClockOffsets
    caches: tuple[SiteCache, ...]
    system_tokens: PostgresForgeTokens
    forge: ForgeAccess | None

    def close(self) -> None:
        """A process that ends need not call this."""
        self.database.close()
        self.redis.close()


@dataclass(frozen=True, slots=True)
class Search:
    """What the canary scan searches, and the sources of its words."""

    everything: Callable[[], Iterator[Piece]]
    backup: Callable[[str, bytes], Iterator[Piece]]
    accounts: Callable[[Tenant], Sequence[str]]
    titles: Titles


@dataclass(frozen=True, slots=True)
class Operator:
    services: Services
    parked: PostgresParkedJobs
    sealed: SealedSecrets
    system_tokens: PostgresForgeTokens
    usage: PostgresUsageCounts
    backups: Backups
    key_uses: Callable[[], Sequence[KeyUse]]
    search: Search
    mail_log: PostgresMailLog
    gauges: PostgresGauges
    reliability: PostgresReliability


def check_neighbours(settings: Settings) -> str | None:
    """Return what is missing for now, with what to do; `OperatorRefusal` for what waiting will not mend."""
    trouble = trouble_with(settings.database_url)
    if trouble is not None and not trouble.passing:
        raise OperatorRefusal(trouble.text)
    return trouble.text if trouble else None


def check_owner(settings: Settings) -> None:
    """`OperatorRefusal` where the database's role may not change tables; nothing while it does not answer."""
    if (trouble := trouble_of_clock(settings.database_url)) is not None:
        raise OperatorRefusal(trouble.text)


def build(settings: Settings) -> Services:
    """For processes without a web server."""
    return services_on(connect(settings, WORKER_CONNECTIONS))


def build_app(settings: Settings) -> Flask:
    neighbours = connect(settings, WEB_CONNECTIONS)
    services = services_on(neighbours)
    heard, times = HeardLicences(services), TimelyTokens()
    services = replace(services, caches=(*services.caches, heard))
    return create_app(
        Shell(
            inbound=_inbound(neighbours, heard, times),
            descriptor=descriptor.build(
                app_key=settings.app_key, base_url=settings.base_url, licensing=settings.licensing
            ),
            services=services,
            gauges=PostgresGauges(neighbours.database),
            pings=(*_pings(neighbours), clock_ping(services.clock_offsets), tokens_ping(times)),
            read_link=partial(read_link, services),
            blueprints=(
                api_routes(services),
                bulk_routes(services),
                lock_list_routes(services),
                notice_routes(services),
                site_health_routes(services),
                settings_routes(services),
                template_routes(services),
                directory_routes(services),
                audit_routes(services),
                me_routes(services),
                mail_routes(services),
                export_routes(services),
                surface_routes(read_bundle(), settings.connect_js_url, settings.app_key),
            ),
            connect_js_url=settings.connect_js_url,
            proxy_hops=settings.proxy_hops,
            forge=_forge_door(neighbours, services, heard, times),
        )
    )


def build_worker(settings: Settings) -> tuple[Services, JobRunner]:
    neighbours = connect(settings, WORKER_CONNECTIONS)
    return services_on(neighbours), ProcrastinateRunner(neighbours.database, places=settings.worker_places)


def build_clock(settings: Settings) -> tuple[Services, maintenance.Upkeep]:
    neighbours = connect(settings, CLOCK_CONNECTIONS, PATIENT)
    return services_on(neighbours), _upkeep(neighbours.database, settings)


def build_upkeep(settings: Settings) -> maintenance.Upkeep:
    return _upkeep(Database(settings.database_url, size=CLOCK_CONNECTIONS, statement_seconds=PATIENT), settings)


def _upkeep(database: Database, settings: Settings) -> maintenance.Upkeep:
    return PostgresUpkeep(database, clock_of(settings), retention_days=settings.retention_days)


@contextmanager
def operating(settings: Settings) -> Iterator[Operator]:
    """Closes everything at the end."""
    neighbours = connect(settings, OPERATOR_CONNECTIONS, PATIENT)
    database, keys, clock = neighbours.database, neighbours.keys, clock_of(settings)
    try:
        yield Operator(
            services=services_on(neighbours),
            parked=PostgresParkedJobs(database),
            sealed=SealedSecrets(database, keys),
            system_tokens=neighbours.system_tokens,
            usage=PostgresUsageCounts(database, keys),
            backups=Backups(database, keys, clock),
            search=Search(
                everything=lambda: chain(in_postgres(settings.database_url), in_redis(neighbours.redis)),
                backup=lambda place, data: in_backup(place, data, keys),
                accounts=lambda tenant: accounts_named(database, tenant),
                titles=ConfluenceTitles(neighbours.client),
            ),
            mail_log=PostgresMailLog(database, keys),
            gauges=PostgresGauges(database),
            reliability=PostgresReliability(database, clock, settings.retention_days),
            key_uses=lambda: key_uses(database, keys, now=clock.now(), retention_days=settings.retention_days),
        )
    finally:
        neighbours.close()


def connect(settings: Settings, connections: int, statement_seconds: float = STATEMENT_SECONDS) -> Neighbours:
    """Connections open on first use."""
    database = Database(settings.database_url, size=connections, statement_seconds=statement_seconds)
    keys = keyring([key.get_secret_value() for key in settings.secret_keys])
    installations = PostgresInstallations(database, keys)
    sites = SiteDirectory(installations)
    redis_client = redis_mutexes.connect(settings.redis_url, verify_tls=settings.redis_tls_verify)
    clock_offsets = ClockOffsets()
    on_refused = partial(_note_time, clock_offsets, clock_of(settings))
    tokens = Impersonation(
        sites,
        settings.oauth_url,
        seconds_of(settings),
        Sessions().mine,
        on_refused=lambda tenant_id, seconds, date: on_refused(tenant_id, seconds, http_date(date or "")),
    )
    system_tokens = PostgresForgeTokens(database, keys)
    sites_on_forge = ForgeSiteDirectory(PostgresForgeSites(database), installations)
    forge = (
        None if settings.forge_app_id is None else _forge_access(settings, sites_on_forge, system_tokens, redis_client)
    )
    doors = {Door.CONNECT: Credentials(AppSigner(sites, settings.app_key, seconds_of(settings)), tokens)}
    if forge is not None:
        doors[Door.FORGE] = Credentials(ForgeSigner(forge.tokens), forge.people)
    credentials = CredentialsByDoor(doors)
    client = ConfluenceClient(
        signer=credentials,
        person_tokens=credentials,
        sessions=Sessions(private_files=settings.private_file_hosts),
        budget=PointsQuota(
            points_per_hour=settings.points_per_hour,
            now=clock_of(settings).now,
            shared=RedisPoints(redis_client, keys.share_name),
        ),
        on_refused=on_refused,
    )
    people = ConfluencePeople(client)
    return Neighbours(
        settings=settings,
        database=database,
        redis=redis_client,
        keys=keys,
        installations=installations,
        sites=sites,
        client=client,
        people=people,
        clock_offsets=clock_offsets,
        caches=(sites, tokens, client, people, database, clock_offsets, *(forge.caches if forge else ())),
        system_tokens=system_tokens,
        forge=forge,
    )


def _note_time(
    offsets: ClockOffsets, clock: SystemClock, tenant_id: int, seconds: float, told: datetime | None
) -> None:
    """Whoever refuses what we signed says when that was: with a clock that is wrong nothing else may ever be heard."""
    now = clock.now()
    offsets.note(tenant_id, now - timedelta(seconds=seconds), now, told)


def _forge_access(
    settings: Settings, sites: ForgeSiteDirectory, store: PostgresForgeTokens, client: redis.Redis
) -> ForgeAccess:
    now = clock_of(settings).now
    tokens = StoredTokens(store, now, time.monotonic)
    api = AtlassianApi(settings.forge_api_url, Sessions().mine)
    return ForgeAccess(sites, api, tokens, ForgePeople(api, tokens, RedisImpersonations(client), now))


def services_on(neighbours: Neighbours) -> Services:
    database, client, clock = neighbours.database, neighbours.client, clock_of(neighbours.settings)
    known_pages = KnownPages()
    settings_memory, texts_memory = SettingsMemory(), TextsMemory()
    return Services(
        clock=clock,
        ids=RandomIds(),
        parallel=ThreadedParallel(),
        attachments=ConfluenceAttachments(client),
        lock_properties=ConfluenceLockProperties(client),
        properties=ConfluenceProperties(client, neighbours.settings.app_key),
        people=neighbours.people,
        directory=ConfluenceDirectory(client),
        search=ConfluenceLockSearch(client),
        scratch=ConfluenceScratchFiles(client),
        comments=ConfluenceComments(client),
        effects=PostgresEffects(database, clock, neighbours.settings.retention_days),
        audit_log=PostgresAuditLog(database),
        jobs=PostgresJobs(database),
        held_file_jobs=PostgresHeldFileJobs(database),
        witnesses=PostgresWitnesses(database),
        lock_index=PostgresLockIndex(database),
        restorations=PostgresRestorations(database),
        requests=PostgresRequests(database, clock),
        guard=PostgresCreationGuard(database, clock),
        tenants=PostgresTenants(database),
        installations=neighbours.installations,
        caches=(*neighbours.caches, known_pages, settings_memory, texts_memory),
        clock_offsets=neighbours.clock_offsets,
        known_pages=known_pages,
        forge_sites=PostgresForgeSites(database),
        system_tokens=neighbours.system_tokens,
        site_facts=ConfluenceSiteFacts(client),
        settings_memory=settings_memory,
        texts_memory=texts_memory,
        site_states=PostgresSiteStates(database),
        intents=PostgresIntents(database, neighbours.keys, clock),
        mail_figures=PostgresMailFigures(database),
        recent_intents=PostgresRecentIntents(database),
        site_health=PostgresSiteHealth(database),
        mutexes=redis_mutexes.RedisMutexes(neighbours.redis),
        link_pages=GettextPages(),
        macro_words=GettextMacro(),
        mailer=SmtpMailer(
            neighbours.settings.mail_url, neighbours.settings.mail_from, now=seconds_of(neighbours.settings)
        ),
        user_properties=ConfluenceUserProperties(client),
        personal_data_reports=ConfluencePersonalDataReports(client),
        profiles=PostgresProfiles(database),
        person_store=PostgresPersonStore(database, neighbours.redis),
        tokens=neighbours.keys,
        licences=PostgresLicences(database, jobs_after_return),
        licence_source=ConfluenceLicences(client, neighbours.settings.app_key),
        usage=PostgresUsageCounts(database, neighbours.keys),
        shared_points=RedisPoints(neighbours.redis, neighbours.keys.share_name),
        points_per_hour=neighbours.settings.points_per_hour,
        licensing=neighbours.settings.licensing,
        allowed_hosts=neighbours.settings.allowed_hosts,
        app_url=neighbours.settings.base_url,
        mac_keys=neighbours.keys.mac_keys,
        tag_keys=neighbours.keys.tag_keys,
    )


def _inbound(neighbours: Neighbours, heard: HeardLicences, times: TimelyTokens) -> Inbound:
    settings = neighbours.settings
    known = RedisInstalls(neighbours.redis, neighbours.keys.install_keys)
    keys = InstallKeys(HttpKeySource(settings.install_key_urls), known)
    return Inbound(
        sites=neighbours.sites,
        signed_installs=SignedInstalls(keys, known, settings.app_key, settings.base_url),
        app_key=settings.app_key,
        base_url=settings.base_url,
        now=seconds_of(settings),
        on_licence=heard.hear,
        on_time=lambda in_time: times.heard(in_time=in_time is InTime.YES),
    )


def _forge_door(
    neighbours: Neighbours, services: Services, heard: HeardLicences, times: TimelyTokens
) -> ForgeDoor | None:
    settings = neighbours.settings
    if neighbours.forge is None or settings.forge_app_id is None:
        return None
    keys = KeySet(HttpKeySet(settings.forge_keys_url))
    invocations = Invocations(keys, settings.forge_app_id, settings.forge_api_url, settings.forge_environments)
    return ForgeDoor(
        inbound=ForgeInbound(
            invocations, seconds_of(settings), lambda in_time: times.heard(in_time=in_time is InTime.YES)
        ),
        services=services,
        sites=neighbours.forge.sites,
        people=neighbours.forge.people,
        tokens=neighbours.forge.tokens,
        owner=neighbours.forge.api.owner,
        on_licence=heard.hear,
    )


def _pings(neighbours: Neighbours) -> tuple[Ping, ...]:
    """Without Redis the app is slower, not wrong."""
    return (
        Ping("postgres", neighbours.database.ping),
        Ping("schema", partial(_check_schema, Schema(neighbours.database))),
        Ping("redis", neighbours.redis.ping, needed=False),
    )


def _check_schema(schema: Schema) -> None:
    if schema.is_behind():
        raise NotReadyError("older than this program; run `lockpoint migrate`")
