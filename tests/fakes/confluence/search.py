# ruff: noqa: ARG002 - a fake takes whatever its port passes
"""The search for what is locked."""

from __future__ import annotations

from lockpoint.services.context import Priority, Tenant
from lockpoint.services.errors import Rejected
from lockpoint.services.ports.confluence import Container, ContainerKind, PropertyHost
from tests.fakes.confluence.host import FakeHost


class FakeLockSearch:
    def __init__(self, host: FakeHost) -> None:
        self.host = host

    def containers_with_locks(
        self, tenant: Tenant, *, cursor: str | None, priority: Priority
    ) -> tuple[tuple[Container, ...], str | None]:
        site = self.host.site(tenant)
        if not site.search_works:
            raise Rejected("no such field")
        hosts = {ContainerKind.PAGE: PropertyHost.PAGE, ContainerKind.BLOGPOST: PropertyHost.BLOGPOST}
        found = []
        for page in site.pages.values():
            rows = site.rows.get((hosts[page.container.kind], page.container.id, "lockpointpage"), ())
            if rows and isinstance(rows[0].value, dict) and rows[0].value.get("lockedCount", 0) > 0:
                found.append(page.container)
        return tuple(found), None

    def spaces(self, tenant: Tenant, *, cursor: str | None, priority: Priority) -> tuple[tuple[str, ...], str | None]:
        return tuple(sorted({page.space_id for page in self.host.site(tenant).pages.values()})), None

    def attachments_of_space(
        self, tenant: Tenant, space_id: str, *, cursor: str | None, priority: Priority
    ) -> tuple[tuple[str, ...], str | None]:
        site = self.host.site(tenant)
        mine = [f for f in site.files.values() if site.pages[f.container.id].space_id == space_id]
        return tuple(stored.id for stored in mine), None
