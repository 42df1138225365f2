"""The bundle of ports that every use case takes; bootstrap fills it, tests fill it with fakes."""

from __future__ import annotations

from dataclasses import dataclass, field

from lockpoint.domain.lock import Limits
from lockpoint.domain.signed_record import MacKeys
from lockpoint.services import confluence_ports, people_ports, ports, site_ports
from lockpoint.services.clock_offsets import ClockOffsets


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """All that use cases need; nothing in here knows Flask, SQLAlchemy, requests or Redis."""

    clock: ports.Clock
    ids: ports.Ids
    attachments: confluence_ports.Attachments
    lock_properties: confluence_ports.LockProperties
    properties: confluence_ports.Properties
    people: confluence_ports.People
    search: confluence_ports.LockSearch
    scratch: confluence_ports.ScratchFiles
    ledger: ports.Ledger
    jobs: ports.Jobs
    witnesses: ports.Witnesses
    restorations: ports.Restorations
    requests: ports.Requests
    guard: ports.CreationGuard
    tenants: ports.Tenants
    site_states: ports.SiteStates
    intents: ports.Intents
    mutexes: ports.Mutexes
    mailer: ports.Mailer
    user_properties: people_ports.UserProperties
    personal_data_reports: people_ports.PersonalDataReports
    profiles: people_ports.Profiles
    people_data: people_ports.PeopleData
    privacy_requests: people_ports.PrivacyRequests
    erasures: people_ports.Erasures
    account_reports: people_ports.AccountReports
    tokens: people_ports.Tokens
    licences: site_ports.Licences
    licence_source: site_ports.LicenceSource
    usage: site_ports.UsageCounts
    app_url: str
    mac_keys: MacKeys
    tag_keys: MacKeys
    limits: Limits = field(default_factory=Limits)
    licensing: bool = False
    locks_per_person: int = 200
    locks_per_site: int = 20_000
    clock_offsets: ClockOffsets = field(default_factory=ClockOffsets)
