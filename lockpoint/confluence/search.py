"""People and groups to choose from, and the locks of a site whose witness rows are lost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, urlencode

from lockpoint.confluence.attachments import FOLDERS, LONGEST_PAGE, ConfluenceAttachments
from lockpoint.confluence.http.calls import Caller, Objects, get
from lockpoint.confluence.http.ids import content_id
from lockpoint.services.errors import BadAnswer, Forbidden, GoneOrInvisible, Rejected
from lockpoint.services.ports.confluence import Container, ContainerKind, Group, Person

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lockpoint.confluence.http.calls import QueryPairs
    from lockpoint.confluence.http.client import ConfluenceClient
    from lockpoint.confluence.http.json_reader import Answer
    from lockpoint.services.context import Priority, Tenant

PAGE: Final = "100"
PAGES_AT_ONCE: Final = "25"
CONTAINERS_WITH_LOCKS: Final = "content.property[lockpointpage].lockedCount > 0 and type in (page, blogpost)"
"""400 where Confluence has not indexed what the descriptor extracts from the page property."""

MOST_FOUND: Final = 20
GROUPS_IN_ONE_CALL: Final = 200
MOST_CALLS: Final = 5

_KINDS: Final = {"page": ContainerKind.PAGE, "blogpost": ContainerKind.BLOGPOST}


@dataclass(frozen=True, slots=True)
class ConfluenceLockSearch:
    """As the app; a cursor is the next page's query. The index lags; nothing is decided by it."""

    client: ConfluenceClient

    def containers_with_locks(
        self, tenant: Tenant, *, cursor: str | None, priority: Priority
    ) -> tuple[tuple[Container, ...], str | None]:
        """1 point, plus 1 for each page found."""
        query = _resumed(cursor) or (("cql", CONTAINERS_WITH_LOCKS), ("limit", PAGE))
        call = get("content.search", "/rest/api/content/search", query=query, objects=Objects.CORE, listing=True)
        answer = self.client.ask(Caller(tenant, priority), call).answer
        found = answer.readable(_container)
        return tuple(container for container in found if container is not None), _cursor(answer, cursor)

    def spaces(self, tenant: Tenant, *, cursor: str | None, priority: Priority) -> tuple[tuple[str, ...], str | None]:
        """1 point, plus 1 for each."""
        query: QueryPairs = (("status", "current"), ("limit", PAGE))
        call = get("spaces.list", "/api/v2/spaces", query=query, objects=Objects.CORE, listing=True)
        answer = self.client.ask(Caller(tenant, priority), call.asking(_resumed(cursor) or query)).answer
        return answer.readable(lambda item: item.text("id")), _cursor(answer, cursor)

    def attachments_of_space(
        self, tenant: Tenant, space_id: str, *, cursor: str | None, priority: Priority
    ) -> tuple[tuple[str, ...], str | None]:
        """1 point a call and 1 per page; then per page 1 and 1 per attachment.

        For when search does not answer. Omits custom content.
        """
        kind, query = _position(cursor)
        folder = FOLDERS[kind]
        path = f"/api/v2/spaces/{content_id(space_id)}/{folder}"
        call = get(f"spaces.{folder}", path, query=query, objects=Objects.CORE, listing=True)
        answer = self.client.ask(Caller(tenant, priority), call).answer
        containers = answer.readable(lambda item: Container(kind, item.text("id")))
        found = tuple(file for container in containers for file in self._files(tenant, container, priority))
        return found, _next_position(kind, answer)

    def _files(self, tenant: Tenant, container: Container, priority: Priority) -> tuple[str, ...]:
        try:
            return tuple(self._listed(tenant, container, priority))
        except GoneOrInvisible:
            return ()

    def _listed(self, tenant: Tenant, container: Container, priority: Priority) -> Iterator[str]:
        attachments, cursor = ConfluenceAttachments(self.client), None
        while True:
            page = attachments.of_container(tenant, container, priority=priority, cursor=cursor, limit=LONGEST_PAGE)
            yield from page.ids
            if page.next_cursor is None:
                return
            if page.next_cursor == cursor:
                raise BadAnswer("attachments.list: the next page is the same page")
            cursor = page.next_cursor


def _container(answer: Answer) -> Container | None:
    kind = _KINDS.get(answer.text_or_none("type") or "")
    return None if kind is None else Container(kind, answer.text("id"))


def _resumed(cursor: str | None) -> QueryPairs | None:
    return None if cursor is None else tuple(parse_qsl(cursor, keep_blank_values=True))


def _cursor(answer: Answer, asked: str | None) -> str | None:
    query = answer.next_query()
    following = None if query is None else urlencode(query)
    if following is not None and following == asked:
        raise BadAnswer(f"{answer.operation}: the next page is the same page")
    return following


def _position(cursor: str | None) -> tuple[ContainerKind, QueryPairs]:
    kind, _, query = (cursor or "").partition("?")
    return ContainerKind(kind or ContainerKind.PAGE), _resumed(query or None) or (("limit", PAGES_AT_ONCE),)


def _next_position(kind: ContainerKind, answer: Answer) -> str | None:
    query = answer.next_query()
    if query is not None:
        return f"{kind}?{urlencode(query)}"
    return f"{ContainerKind.BLOGPOST}?" if kind is ContainerKind.PAGE else None


@dataclass(frozen=True, slots=True)
class ConfluenceDirectory:
    client: ConfluenceClient

    def groups_of(self, tenant: Tenant, account: str, *, priority: Priority) -> frozenset[str]:
        """1 point and 2 for each group; a person of more than a thousand groups is in the first thousand."""
        found: set[str] = set()
        for number in range(MOST_CALLS):
            query = (
                ("accountId", account),
                ("start", str(number * GROUPS_IN_ONE_CALL)),
                ("limit", str(GROUPS_IN_ONE_CALL)),
            )
            call = get("users.groups", "/rest/api/user/memberof", query=query, objects=Objects.IDENTITY, listing=True)
            page = self.client.ask(Caller(tenant, priority, account), call).answer.items()
            found.update(group.text("id") for group in page)
            if len(page) < GROUPS_IN_ONE_CALL:
                break
        return frozenset(found)

    def find_people(
        self, tenant: Tenant, account: str, text: str, *, priority: Priority, apps: bool = False
    ) -> Sequence[Person]:
        """1 point and 2 for each person."""
        query = (("cql", f"user.fullname ~ {_quoted(text)}"), ("limit", str(MOST_FOUND)))
        call = get("users.find", "/rest/api/search/user", query=query, objects=Objects.IDENTITY, listing=True)
        answer = self.client.ask(Caller(tenant, priority, account), call).answer
        people = (_person(result.part_or_empty("user"), app=apps) for result in answer.items())
        return tuple(person for person in people if person is not None)

    def find_groups(self, tenant: Tenant, account: str, text: str, *, priority: Priority) -> Sequence[Group]:
        """1 point and 2 for each group."""
        query = (("query", text), ("limit", str(MOST_FOUND)))
        call = get("groups.find", "/rest/api/group/picker", query=query, objects=Objects.IDENTITY, listing=True)
        answer = self.client.ask(Caller(tenant, priority, account), call).answer
        return tuple(Group(group.text("id"), group.text("name")) for group in answer.items())

    def groups_named(self, tenant: Tenant, account: str, ids: Sequence[str], *, priority: Priority) -> Sequence[Group]:
        """3 points for each: Confluence has no call for many."""
        found = (self._group(Caller(tenant, priority, account), group_id) for group_id in ids)
        return tuple(group for group in found if group is not None)

    def _group(self, caller: Caller, group_id: str) -> Group | None:
        call = get("groups.get", "/rest/api/group/by-id", query=(("id", group_id),), objects=Objects.IDENTITY)
        try:
            answer = self.client.ask(caller, call).answer
        except (GoneOrInvisible, Forbidden, Rejected):
            return None
        return Group(answer.text("id"), answer.text("name"))

    def find_files(
        self, tenant: Tenant, account: str, text: str, *, space_key: str | None, priority: Priority
    ) -> tuple[frozenset[str], bool]:
        """1 point and 1 for each file; the first hundred."""
        where = "" if space_key is None else f" and space = {_literal(space_key)}"
        query = (("cql", f"type = attachment and title ~ {_quoted(text)}{where}"), ("limit", PAGE))
        call = get("files.find", "/rest/api/content/search", query=query, objects=Objects.CORE, listing=True)
        answer = self.client.ask(Caller(tenant, priority, account), call).answer
        found = answer.readable(lambda item: item.text("id").removeprefix("att"))
        return frozenset(found), answer.next_query() is None


def _quoted(text: str) -> str:
    """A text of CQL, with a wild card at its end: what is typed is the beginning of a word."""
    return _literal(f"{text}*")


def _literal(text: str) -> str:
    plain = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{plain}"'


def _person(user: Answer, *, app: bool) -> Person | None:
    account = user.text_or_none("accountId")
    if account is None or (user.text_or_none("accountType") == "app") is not app:
        return None
    return Person(account, user.text_or_none("displayName") or user.text_or_none("publicName") or "", in_use=True)
