"""Lock search after loss of witness rows. The index lags; nothing is decided by it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, urlencode

from lockpoint.confluence.attachments import FOLDERS, LONGEST_PAGE, ConfluenceAttachments
from lockpoint.confluence.http.calls import Caller, Objects, get
from lockpoint.confluence.http.ids import content_id
from lockpoint.services.errors import BadAnswer, GoneOrInvisible
from lockpoint.services.ports.confluence import Container, ContainerKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lockpoint.confluence.http.calls import QueryPairs
    from lockpoint.confluence.http.client import ConfluenceClient
    from lockpoint.confluence.http.json_reader import Answer
    from lockpoint.services.context import Priority, Tenant

PAGE: Final = "100"
PAGES_AT_ONCE: Final = "25"
CONTAINERS_WITH_LOCKS: Final = "content.property[lockpointpage].lockedCount > 0 and type in (page, blogpost)"
"""400 where Confluence has not indexed what the descriptor extracts from the page property."""

_KINDS: Final = {"page": ContainerKind.PAGE, "blogpost": ContainerKind.BLOGPOST}


@dataclass(frozen=True, slots=True)
class ConfluenceLockSearch:
    """As the app; a cursor is the next page's query."""

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
