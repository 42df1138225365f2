"""People and permissions, read from Confluence each time."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from lockpoint.confluence.http.calls import Call, Caller, Objects, Repeat, get
from lockpoint.confluence.http.ids import content_id
from lockpoint.confluence.parsing import ADMINISTER, UPDATE, permits, status_of, words
from lockpoint.domain.pseudonyms import is_pseudonym
from lockpoint.services.context import Door
from lockpoint.services.errors import BadAnswer, Forbidden, GoneOrInvisible, NoAddress, OperationRemoved, Rejected
from lockpoint.services.ports.confluence import Container, ContainerKind, ContainerView, Person, Space

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lockpoint.confluence.http.client import ConfluenceClient
    from lockpoint.confluence.http.json_reader import Answer
    from lockpoint.services.context import Priority, Tenant

PEOPLE_IN_ONE_CALL: Final = 250
MOST_PERMISSION_PAGES: Final = 8
_MOST: Final = (("limit", "250"),)

_KINDS: Final = {
    ContainerKind.PAGE: ("pages", "page"),
    ContainerKind.BLOGPOST: ("blogposts", "blogpost"),
    ContainerKind.CUSTOM: ("custom-content", "custom-content"),
}
"""Folder in the address, and its name in permitted operations (assumed for custom content)."""

_RESTRICTED: Final = frozenset({"read", "update"})
_INACTIVE: Final = frozenset({"inactive", "closed"})


@dataclass(frozen=True, slots=True)
class ConfluencePeople:
    """Caches only the app's account id."""

    client: ConfluenceClient
    _own: dict[tuple[int, str, Door], str] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def container(
        self, tenant: Tenant, account: str | None, container: Container, *, priority: Priority
    ) -> ContainerView:
        """2 points."""
        folder, target = _KINDS[container.kind]
        call = get(
            f"{folder}.get",
            f"/api/v2/{folder}/{content_id(container.id)}",
            query=(("include-operations", "true"),),
            objects=Objects.CORE,
        )
        answer = self.client.ask(Caller(tenant, priority, account), call).answer
        return ContainerView(
            container=container,
            space_id=answer.text("spaceId"),
            title=answer.text_or_none("title") or "",
            status=status_of(answer),
            may_update=permits(answer.part_or_empty("operations").items("results"), UPDATE, target),
        )

    def space(self, tenant: Tenant, account: str, key: str, *, priority: Priority) -> Space:
        """2 points."""
        query = (("keys", key), ("limit", "2"))
        call = get("spaces.find", "/api/v2/spaces", query=query, objects=Objects.CORE, listing=True)
        for one in self.client.ask(Caller(tenant, priority, account), call).answer.items():
            if one.text("key") == key:
                return Space(one.text("id"), key, one.text_or_none("name") or "")
        raise GoneOrInvisible("space")

    def administers_space(self, tenant: Tenant, account: str, space_id: str, *, priority: Priority) -> bool:
        """1 point; False if the person cannot see the space."""
        call = get("spaces.operations", f"/api/v2/spaces/{content_id(space_id)}/operations")
        try:
            answer = self.client.ask(Caller(tenant, priority, account), call).answer
        except GoneOrInvisible:
            return False
        return permits(answer.items("operations"), ADMINISTER, "space")

    def space_administrators(self, tenant: Tenant, space_id: str, *, priority: Priority) -> Sequence[str]:
        """1 point per page of permissions; none where hidden.

        Groups are not expanded; only administrators named one by one get mail.
        """
        call = get("spaces.permissions", f"/api/v2/spaces/{content_id(space_id)}/permissions", query=_MOST)
        found: dict[str, None] = {}
        for _ in range(MOST_PERMISSION_PAGES):
            try:
                answer = self.client.ask(Caller(tenant, priority), call).answer
            except (GoneOrInvisible, Forbidden):
                break
            found.update(dict.fromkeys(filter(None, answer.readable(_administrator))))
            query = answer.next_query()
            if query is None:
                break
            call = call.asking(query)
        return tuple(found)

    def administers_site(self, tenant: Tenant, account: str, *, priority: Priority) -> bool:
        """3 points; False for an unknown account."""
        try:
            answer = self._user(tenant, account, priority, (("expand", "operations"),))
        except GoneOrInvisible:
            return False
        operations = answer.items("operations") if answer.data.get("operations") is not None else ()
        return permits(operations, ADMINISTER, "application")

    def describe(self, tenant: Tenant, accounts: Sequence[str], *, priority: Priority) -> Mapping[str, Person]:
        """1 point for each 250; omits unknown and erased people.

        `BadAnswer` where somebody is missing who may be an odd element: accounts that nobody knows are erased.
        """
        wanted = tuple(dict.fromkeys(account for account in accounts if not is_pseudonym(account)))
        found: dict[str, Person] = {}
        for start in range(0, len(wanted), PEOPLE_IN_ONE_CALL):
            asked = wanted[start : start + PEOPLE_IN_ONE_CALL]
            people, odd = self._described(tenant, asked, priority).sorted_out(_person)
            found |= {person.account_id: person for person in people}
            if odd and not found.keys() >= set(asked):
                raise BadAnswer("users.describe: people who were asked for are missing or unreadable")
        return found

    def profile(self, tenant: Tenant, account: str, *, priority: Priority) -> Person:
        """3 points; `GoneOrInvisible` for an unknown account.

        `locale` is undocumented, but present in v1.
        """
        return _person(self._user(tenant, account, priority, ()))

    def address(self, tenant: Tenant, account: str, *, priority: Priority) -> str:
        """3 points; `NoAddress`: `not_approved` (by Atlassian), `unknown`, `switched_off` or `hidden`."""
        call = get("users.email", "/rest/api/user/email", query=(("accountId", account),), objects=Objects.IDENTITY)
        try:
            address = self.client.ask(Caller(tenant, priority), call).answer.text_or_none("email")
        except Rejected:
            raise NoAddress("not_approved") from None
        except GoneOrInvisible:
            raise NoAddress("unknown") from None
        except OperationRemoved:
            raise NoAddress("switched_off") from None
        if address is None or not _plausible(address):
            raise NoAddress("hidden")
        return address

    def own_account(self, tenant: Tenant, *, priority: Priority) -> str:
        """3 points the first time, then cached."""
        key = (tenant.id, tenant.site_key, tenant.door)
        with self._lock:
            known = self._own.get(key)
        if known is None:
            call = get("users.current", "/rest/api/user/current", objects=Objects.IDENTITY)
            known = self.client.ask(Caller(tenant, priority), call).answer.text("accountId")
            with self._lock:
                self._own[key] = known
        return known

    def admit(
        self, tenant: Tenant, person: str, container: Container, account: str, *, priority: Priority
    ) -> tuple[str, ...]:
        """1 point, 2 for each person and group that is listed, 1 for each addition."""
        caller = Caller(tenant, priority, person)
        folder = f"/rest/api/content/{content_id(container.id)}/restriction"
        call = Call(
            name="restrictions.list",
            method="GET",
            path=folder,
            repeat=Repeat.FREELY,
            objects=Objects.IDENTITY,
            count=_listed,
        )
        lacking = tuple(
            operation
            for restriction in self.client.ask(caller, call).answer.items()
            if (operation := restriction.text("operation")) in _RESTRICTED and _leaves_out(restriction, account)
        )
        for operation in lacking:
            self.client.tell(caller, _addition(folder, operation, account))
        return lacking

    def forget(self, tenant: Tenant) -> None:
        with self._lock:
            for door in Door:
                self._own.pop((tenant.id, tenant.site_key, door), None)

    def _user(self, tenant: Tenant, account: str, priority: Priority, query: tuple[tuple[str, str], ...]) -> Answer:
        call = get("users.get", "/rest/api/user", query=(("accountId", account), *query), objects=Objects.IDENTITY)
        return self.client.ask(Caller(tenant, priority), call).answer

    def _described(self, tenant: Tenant, accounts: tuple[str, ...], priority: Priority) -> Answer:
        call = Call(
            name="users.describe",
            method="POST",
            path="/api/v2/users-bulk",
            body={"accountIds": list(accounts)},
            repeat=Repeat.FREELY,
        )
        return self.client.ask(Caller(tenant, priority), call).answer


def _person(answer: Answer) -> Person:
    return Person(
        account_id=answer.text("accountId"),
        display_name=words(answer, "displayName") or words(answer, "publicName") or "",
        in_use=answer.data.get("accountStatus") not in _INACTIVE,
        time_zone=words(answer, "timeZone"),
        locale=words(answer, "locale"),
    )


def _administrator(permission: Answer) -> str | None:
    principal, operation = permission.part_or_empty("principal"), permission.part_or_empty("operation")
    wanted = (operation.data.get("key"), operation.data.get("targetType")) == (ADMINISTER, "space")
    return principal.text_or_none("id") if wanted and principal.data.get("type") == "user" else None


def _plausible(address: str) -> bool:
    return "@" in address and address.isprintable() and " " not in address


def _addition(folder: str, operation: str, account: str) -> Call:
    return Call(
        name="restrictions.add",
        method="PUT",
        path=f"{folder}/byOperation/{operation}/user",
        query=(("accountId", account),),
        repeat=Repeat.FREELY,
    )


def _leaves_out(restriction: Answer, account: str) -> bool:
    """Return whether somebody is listed but not this account: an operation without a list is open to all."""
    users, groups = _named(restriction, "user"), _named(restriction, "group")
    return bool(users or groups) and all(user.text_or_none("accountId") != account for user in users)


def _named(restriction: Answer, kind: str) -> tuple[Answer, ...]:
    listed = restriction.part_or_empty("restrictions").part_or_empty(kind)
    return listed.items() if "results" in listed.data else ()


def _listed(answer: Answer) -> int:
    return sum(len(_named(restriction, kind)) for restriction in answer.items() for kind in ("user", "group"))
