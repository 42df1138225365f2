"""Finding locks again by search, on a site whose witness rows are lost. The index lags; nothing is decided by it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, urlencode

from lockpoint.confluence.calls import Caller, Objects, get
from lockpoint.confluence.ids import content_id
from lockpoint.confluence.shapes import attachment_id_of
from lockpoint.services.errors import BadAnswer
from lockpoint.services.ports import Container, ContainerKind

if TYPE_CHECKING:
    from lockpoint.confluence.answers import Answer
    from lockpoint.confluence.calls import Query
    from lockpoint.confluence.client import ConfluenceClient
    from lockpoint.services.context import Lane, Tenant

PAGE: Final = "100"
CONTAINERS_WITH_LOCKS: Final = "content.property[lockpointpage].lockedCount > 0 and type in (page, blogpost)"
"""Works where Confluence has indexed what the descriptor extracts from the page property; 400 where it does not."""

_KINDS: Final = {"page": ContainerKind.PAGE, "blogpost": ContainerKind.BLOGPOST}


@dataclass(frozen=True, slots=True)
class ConfluenceLockSearch:
    """Searches as the app, so only what the app may see. A cursor is the query of the next page, opaque to others."""

    client: ConfluenceClient

    def containers_with_locks(
        self, tenant: Tenant, *, cursor: str | None, lane: Lane
    ) -> tuple[tuple[Container, ...], str | None]:
        """Give pages and blog posts whose `lockedCount` is above 0; `Rejected` where the search has no such field.

        1 point and 1 for each page found.
        """
        items, following = self._search(tenant, CONTAINERS_WITH_LOCKS, (), cursor, lane)
        found = (_container(item) for item in items)
        return tuple(container for container in found if container is not None), following

    def spaces(self, tenant: Tenant, *, cursor: str | None, lane: Lane) -> tuple[tuple[str, ...], str | None]:
        """Give ids of the current spaces; 1 point and 1 for each."""
        query: Query = (("status", "current"), ("limit", PAGE))
        call = get("spaces.list", "/api/v2/spaces", query=query, objects=Objects.CORE, listing=True)
        answer = self.client.ask(Caller(tenant, lane), call.asking(_resumed(cursor) or query)).answer
        return tuple(item.text("id") for item in answer.items()), _cursor(answer)

    def attachments_of_space(
        self, tenant: Tenant, space_id: str, *, cursor: str | None, lane: Lane
    ) -> tuple[tuple[tuple[str, Container], ...], str | None]:
        """Give ids of a space's attachments with what they hang on; 1 point and 1 for each, 2 more for the first page.

        Attachments of custom content are left out: the search does not tell enough about what they hang on.
        """
        cql = "" if cursor else f'type = attachment and space = "{self._space_key(tenant, space_id, lane)}"'
        items, following = self._search(tenant, cql, (("expand", "container"),), cursor, lane)
        found = ((attachment_id_of(item), _container(item.part_or_empty("container"))) for item in items)
        return tuple((file, container) for file, container in found if container is not None), following

    def _search(
        self, tenant: Tenant, cql: str, extra: Query, cursor: str | None, lane: Lane
    ) -> tuple[tuple[Answer, ...], str | None]:
        query = _resumed(cursor) or (("cql", cql), ("limit", PAGE), *extra)
        call = get("content.search", "/rest/api/content/search", query=query, objects=Objects.CORE, listing=True)
        answer = self.client.ask(Caller(tenant, lane), call).answer
        following = _cursor(answer)
        if following is not None and following == cursor:
            raise BadAnswer("content.search: the next page is the same page")
        return answer.items(), following

    def _space_key(self, tenant: Tenant, space_id: str, lane: Lane) -> str:
        call = get("spaces.get", f"/api/v2/spaces/{content_id(space_id)}", objects=Objects.CORE)
        key = self.client.ask(Caller(tenant, lane), call).answer.text("key")
        if '"' in key or "\\" in key:
            raise BadAnswer("spaces.get: not a space key")
        return key


def _container(answer: Answer) -> Container | None:
    kind = _KINDS.get(answer.text_or_none("type") or "")
    return None if kind is None else Container(kind, answer.text("id"))


def _resumed(cursor: str | None) -> Query | None:
    return None if cursor is None else tuple(parse_qsl(cursor, keep_blank_values=True))


def _cursor(answer: Answer) -> str | None:
    query = answer.next_query()
    return None if query is None else urlencode(query)
