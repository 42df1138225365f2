"""The worker process."""

from __future__ import annotations

from collections.abc import Callable

from lockpoint import bootstrap
from lockpoint.services.container import Services
from lockpoint.services.context import Priority, Tenant
from lockpoint.services.listing.byline import refresh
from lockpoint.services.notifications import profiles, send_mail
from lockpoint.services.ports.confluence import Container, ContainerKind
from lockpoint.services.ports.jobs import JobHandler, JobKind, JobSubject
from lockpoint.services.privacy import deactivated
from lockpoint.services.privacy.erase import erase
from lockpoint.services.privacy.report_accounts import report
from lockpoint.services.privacy.tombstones import bury_old
from lockpoint.services.reconciliation.reconcile import confirm, reconcile, trashed_by
from lockpoint.services.reconciliation.rediscover import rediscover
from lockpoint.services.reconciliation.sweep import sweep
from lockpoint.services.reconciliation.switched_spaces import look_at_space
from lockpoint.services.tenancy import mail_texts
from lockpoint.services.tenancy.activity import active_now
from lockpoint.services.tenancy.forge_sites import end_if_gone
from lockpoint.services.tenancy.restore_probe import self_test
from lockpoint.services.tenancy.site_facts import facts_missing, note_facts
from lockpoint.settings import Settings

UseCase = Callable[[Services, Tenant, str], object]


def _reconcile(services: Services, tenant: Tenant, subject: str) -> None:
    reconcile(services, tenant, subject)


def _trashed(services: Services, tenant: Tenant, subject: str) -> None:
    file_and_account = JobSubject.parse(subject)
    trashed_by(services, tenant, file_and_account.first, file_and_account.second)


def _confirm(services: Services, tenant: Tenant, subject: str) -> None:
    confirm(services, tenant, JobSubject.parse(subject).first)


def _sweep(services: Services, tenant: Tenant, _subject: str) -> None:
    if facts_missing(tenant) and not note_facts(services, tenant):
        return
    sweep(services, tenant)


def _switched(services: Services, tenant: Tenant, subject: str) -> None:
    look_at_space(services, tenant, subject or None)


def _moved(services: Services, tenant: Tenant, subject: str) -> None:
    reconcile(services, tenant, subject, moved=True)


def _rediscover(services: Services, tenant: Tenant, _subject: str) -> None:
    rediscover(services, tenant)


def _self_test(services: Services, tenant: Tenant, _subject: str) -> None:
    if note_facts(services, tenant):
        self_test(services, tenant)


def _page_hint(services: Services, tenant: Tenant, subject: str) -> None:
    kind_and_id = JobSubject.parse(subject)
    refresh(services, tenant, Container(ContainerKind(kind_and_id.first), kind_and_id.second))


def _profile(services: Services, tenant: Tenant, subject: str) -> None:
    profiles.refresh(services, tenant, subject)


def _report_accounts(services: Services, tenant: Tenant, _subject: str) -> None:
    report(services, tenant)


def _tombstones(services: Services, tenant: Tenant, _subject: str) -> None:
    bury_old(services, tenant)


def _holders(services: Services, tenant: Tenant, _subject: str) -> None:
    deactivated.look_for(services, tenant)


def _holder_gone(services: Services, tenant: Tenant, subject: str) -> None:
    deactivated.end_locks(services, tenant, subject)


def _goodbye(services: Services, tenant: Tenant, subject: str) -> None:
    end_if_gone(services, tenant, subject)


def _copy_texts(services: Services, tenant: Tenant, _subject: str) -> None:
    mail_texts.sign_again(services, tenant, priority=Priority.MAINTENANCE)


USE_CASES: dict[JobKind, UseCase] = {
    JobKind.RECONCILE: _reconcile,
    JobKind.TRASHED: _trashed,
    JobKind.SWEEP: _sweep,
    JobKind.SWITCHED: _switched,
    JobKind.MOVED: _moved,
    JobKind.REDISCOVER: _rediscover,
    JobKind.SELF_TEST: _self_test,
    JobKind.PAGE_HINT: _page_hint,
    JobKind.CONFIRM: _confirm,
    JobKind.PROFILE: _profile,
    JobKind.REPORT_ACCOUNTS: _report_accounts,
    JobKind.TOMBSTONES: _tombstones,
    JobKind.HOLDERS: _holders,
    JobKind.HOLDER_GONE: _holder_gone,
    JobKind.GOODBYE: _goodbye,
    JobKind.COPY_TEXTS: _copy_texts,
}
"""What each job does for an active site; mails check the site themselves, to log why none went."""


def handlers(services: Services) -> dict[JobKind, JobHandler]:
    for_sites = {kind: _for_active_site(services, use_case) for kind, use_case in USE_CASES.items()}
    return {
        **for_sites,
        JobKind.SEND_MAIL: lambda _tenant_id, subject: send_mail.send(services, int(subject)),
        JobKind.ERASE: lambda tenant_id, subject: _erase(services, tenant_id, subject),
    }


def _erase(services: Services, tenant_id: int, subject: str) -> None:
    """Erasure on departed sites touches only our rows."""
    tenant = services.tenants.by_id(tenant_id)
    if tenant is not None:
        erase(services, tenant, int(subject))


def _for_active_site(services: Services, use_case: UseCase) -> JobHandler:
    """Inactive sites are not called."""

    def handle(tenant_id: int, subject: str) -> None:
        tenant = active_now(services, tenant_id, licensed=False)
        if tenant is not None:
            use_case(services, tenant, subject)

    return handle


def run(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT; running jobs get 25 s to end."""
    services, runner = bootstrap.build_worker(settings)
    if not services.licensing:
        services.licences.lift()
    runner.run(handlers(services))
