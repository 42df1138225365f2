"""The bundle of ports that every use case takes; bootstrap fills it, tests fill it with fakes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from lockpoint.domain.signed_json import MacKeys
from lockpoint.services.clock_skew import ClockOffsets
from lockpoint.services.known_pages import KnownPages
from lockpoint.services.ports import confluence
from lockpoint.services.ports.forge import ForgeSites, SiteFacts, SystemTokens
from lockpoint.services.ports.jobs import HeldFileJobs, Jobs
from lockpoint.services.ports.listing import LockIndex, RecentIntents, SiteHealth
from lockpoint.services.ports.locks import AuditLog, CreationGuard, EffectsStore, Restorations, Witnesses
from lockpoint.services.ports.macro import MacroWords
from lockpoint.services.ports.notifications import Intents, LinkPages, Mailer, MailFigures, Profiles, Tokens
from lockpoint.services.ports.privacy import (
    PersonalDataReports,
    PersonStore,
    UserProperties,
)
from lockpoint.services.ports.runtime import Clock, Ids, Mutexes, Parallel, Requests
from lockpoint.services.ports.tenancy import (
    Installations,
    Licences,
    LicenceSource,
    SiteCache,
    SiteStates,
    Tenants,
    UsageCounts,
)
from lockpoint.services.quota_accounting import SharedPoints
from lockpoint.services.settings_memory import SettingsMemory, TextsMemory


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """All that use cases need; nothing in here knows Flask, SQLAlchemy, requests or Redis."""

    clock: Clock
    ids: Ids
    parallel: Parallel
    attachments: confluence.Attachments
    lock_properties: confluence.LockProperties
    properties: confluence.Properties
    people: confluence.People
    directory: confluence.Directory
    search: confluence.LockSearch
    scratch: confluence.ScratchFiles
    comments: confluence.Comments
    effects: EffectsStore
    audit_log: AuditLog
    jobs: Jobs
    held_file_jobs: HeldFileJobs
    witnesses: Witnesses
    lock_index: LockIndex
    restorations: Restorations
    requests: Requests
    guard: CreationGuard
    tenants: Tenants
    installations: Installations
    forge_sites: ForgeSites
    system_tokens: SystemTokens
    site_facts: SiteFacts
    site_states: SiteStates
    intents: Intents
    mail_figures: MailFigures
    recent_intents: RecentIntents
    site_health: SiteHealth
    mutexes: Mutexes
    mailer: Mailer
    link_pages: LinkPages
    macro_words: MacroWords
    user_properties: UserProperties
    personal_data_reports: PersonalDataReports
    profiles: Profiles
    person_store: PersonStore
    tokens: Tokens
    licences: Licences
    licence_source: LicenceSource
    usage: UsageCounts
    shared_points: SharedPoints
    points_per_hour: int
    app_url: str
    mac_keys: MacKeys
    tag_keys: MacKeys
    licensing: bool = False
    allowed_hosts: Sequence[str] = ()
    """Patterns of hosts that a site's base URL may have: `*.` stands for one or more labels; a port must be named."""
    caches: Sequence[SiteCache] = ()
    """Everything that this process keeps of sites: it forgets a site when something happens to its installation."""
    locks_per_person: int = 200
    locks_per_site: int = 20_000
    clock_offsets: ClockOffsets = field(default_factory=ClockOffsets)
    settings_memory: SettingsMemory = field(default_factory=SettingsMemory)
    texts_memory: TextsMemory = field(default_factory=TextsMemory)
    known_pages: KnownPages = field(default_factory=KnownPages)
