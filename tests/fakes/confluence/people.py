# ruff: noqa: ARG002 - a fake takes whatever its port passes
"""People, groups, and what they may do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lockpoint.services.context import Priority, Tenant
from lockpoint.services.errors import GoneOrInvisible, NoAddress
from lockpoint.services.ports.confluence import Container, ContainerView, Group, Person, Space
from tests.fakes.confluence.host import FakeHost


class FakePeople:
    def __init__(self, host: FakeHost) -> None:
        self.host = host

    def container(
        self, tenant: Tenant, account: str | None, container: Container, *, priority: Priority
    ) -> ContainerView:
        site = self.host.site(tenant)
        account = account or site.app_account
        page = site.pages.get(container.id)
        if page is None or not site.may_view(account, container):
            raise GoneOrInvisible(container.id)
        return ContainerView(container, page.space_id, page.title, page.status, site.may_edit(account, container))

    def space(self, tenant: Tenant, account: str, key: str, *, priority: Priority) -> Space:
        site = self.host.site(tenant)
        if account not in site.people or key != site.space_key:
            raise GoneOrInvisible(key)
        return Space(site.space_id, key, "Docs")

    def administers_space(self, tenant: Tenant, account: str, space_id: str, *, priority: Priority) -> bool:
        return account in self.host.site(tenant).space_admins

    def administers_site(self, tenant: Tenant, account: str, *, priority: Priority) -> bool:
        return account in self.host.site(tenant).site_admins

    def describe(self, tenant: Tenant, accounts: Sequence[str], *, priority: Priority) -> Mapping[str, Person]:
        people = self.host.site(tenant).people
        return {account: people[account] for account in accounts if account in people}

    def profile(self, tenant: Tenant, account: str, *, priority: Priority) -> Person:
        found = self.host.site(tenant).people.get(account)
        if found is None:
            raise GoneOrInvisible(account)
        return found

    def space_administrators(self, tenant: Tenant, space_id: str, *, priority: Priority) -> Sequence[str]:
        return sorted(self.host.site(tenant).space_admins)

    def address(self, tenant: Tenant, account: str, *, priority: Priority) -> str:
        found = self.host.site(tenant).addresses.get(account)
        if found is None:
            raise NoAddress("hidden")
        return found

    def own_account(self, tenant: Tenant, *, priority: Priority) -> str:
        return self.host.site(tenant).app_account

    def admit(
        self, tenant: Tenant, person: str, container: Container, account: str, *, priority: Priority
    ) -> tuple[str, ...]:
        site = self.host.site(tenant)
        page = site.pages.get(container.id)
        if page is None or not site.may_edit(person, container) or site.restrictions_refused:
            raise GoneOrInvisible(container.id)
        if page.restricted_to is None or account in page.restricted_to:
            return ()
        page.restricted_to = {*page.restricted_to, account}
        return ("read", "update")


class FakeDirectory:
    def __init__(self, host: FakeHost) -> None:
        self.host = host

    def groups_of(self, tenant: Tenant, account: str, *, priority: Priority) -> frozenset[str]:
        return frozenset(self.host.site(tenant).groups.get(account, ()))

    def find_people(
        self, tenant: Tenant, account: str, text: str, *, priority: Priority, apps: bool = False
    ) -> Sequence[Person]:
        people = () if apps else self.host.site(tenant).people.values()
        return [person for person in people if person.display_name.casefold().startswith(text.casefold())]

    def find_groups(self, tenant: Tenant, account: str, text: str, *, priority: Priority) -> Sequence[Group]:
        known = {group for groups in self.host.site(tenant).groups.values() for group in groups}
        return [Group(group, group) for group in sorted(known) if text in group]

    def groups_named(self, tenant: Tenant, account: str, ids: Sequence[str], *, priority: Priority) -> Sequence[Group]:
        return [group for group in self.find_groups(tenant, account, "", priority=priority) if group.id in ids]

    def find_files(
        self, tenant: Tenant, account: str, text: str, *, space_key: str | None, priority: Priority
    ) -> tuple[frozenset[str], bool]:
        site = self.host.site(tenant)
        named = {one.id for one in site.files.values() if text.casefold() in one.versions[-1].title.casefold()}
        return frozenset(named), True
