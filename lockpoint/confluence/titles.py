"""A site's names and titles, for the canary scan; not stored."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from lockpoint.confluence.attachments import ConfluenceAttachments
from lockpoint.confluence.http.calls import Call, Caller, Objects, get
from lockpoint.confluence.http.client import ConfluenceClient
from lockpoint.confluence.http.ids import content_id
from lockpoint.confluence.http.json_reader import Answer
from lockpoint.services.context import Priority, Tenant
from lockpoint.services.errors import BadAnswer, GoneOrInvisible
from lockpoint.services.ports.confluence import Container, ContainerKind

PAGE: Final = 50
_FOLDERS: Final = {ContainerKind.PAGE: "pages", ContainerKind.BLOGPOST: "blogposts"}


@dataclass(frozen=True, slots=True)
class ConfluenceTitles:
    """Only what the app may see."""

    client: ConfluenceClient

    def of_site(self, tenant: Tenant, *, most: int, priority: Priority) -> Iterator[tuple[str, str | None]]:
        """Yield spaces' names, and titles of `most` pages and blog posts of each with their files.

        Files include the newest version's account. About 2 points per title.
        """
        spaces = get("spaces.list", "/api/v2/spaces", query=(("limit", str(PAGE)),), objects=Objects.CORE, listing=True)
        for space in self._all(tenant, spaces, priority):
            yield space.text("name"), None
            for kind, folder in _FOLDERS.items():
                path = f"/api/v2/spaces/{content_id(space.text('id'))}/{folder}"
                call = get(f"spaces.{folder}", path, query=(("limit", str(PAGE)),), objects=Objects.CORE, listing=True)
                for item in islice(self._all(tenant, call, priority), most):
                    yield item.text_or_none("title") or "", None
                    yield from self._files(tenant, Container(kind, item.text("id")), priority)

    def _files(self, tenant: Tenant, container: Container, priority: Priority) -> Iterator[tuple[str, str | None]]:
        attachments, cursor = ConfluenceAttachments(self.client), None
        while True:
            try:
                page = attachments.of_container(tenant, container, priority=priority, cursor=cursor)
            except GoneOrInvisible:
                return
            yield from ((file.title, file.head.author) for file in page.items)
            names = [odd.title for odd in page.unreadable]
            if not page.whole or None in names:
                raise BadAnswer("attachments.list: not every name is known")
            yield from ((name, None) for name in names if name is not None)
            if page.next_cursor is None or page.next_cursor == cursor:
                return
            cursor = page.next_cursor

    def _all(self, tenant: Tenant, call: Call, priority: Priority) -> Iterator[Answer]:
        while True:
            answer = self.client.ask(Caller(tenant, priority), call).answer
            yield from answer.items()
            query = answer.next_query()
            if query is None or query == call.query:
                return
            call = call.asking(query)
