# ruff: noqa: ARG002 - a fake takes whatever its port passes
"""Comments on pages."""

from __future__ import annotations

from lockpoint.services.context import Priority, Tenant
from lockpoint.services.errors import GoneOrInvisible
from lockpoint.services.ports.confluence import Container, Mention
from tests.fakes.confluence.host import FakeHost


class FakeComments:
    """Whoever may edit may comment."""

    def __init__(self, host: FakeHost) -> None:
        self.host = host

    def add(self, tenant: Tenant, container: Container, mention: Mention, *, priority: Priority) -> None:
        site = self.host.site(tenant)
        if not site.may_edit(site.app_account, container):
            raise GoneOrInvisible(container.id)
        site.comments.append((container.id, mention))

    def has(self, tenant: Tenant, container: Container, link: str, *, priority: Priority) -> bool:
        site = self.host.site(tenant)
        if not site.may_view(site.app_account, container):
            raise GoneOrInvisible(container.id)
        return any(place == container.id and mention.link == link for place, mention in site.comments)
