"""Attachments: reads, and undoing what others changed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from lockpoint.confluence.copy_mode import FileCopy
from lockpoint.confluence.edits import MetadataEdits
from lockpoint.confluence.http.calls import Call, Caller, Objects, QueryPairs, Reply, get
from lockpoint.confluence.http.ids import content_id, rest_attachment_id
from lockpoint.confluence.parsing import (
    UPDATE,
    attachment_id_of,
    attachment_version,
    container_of,
    link,
    permits,
    rows_under,
    status_of,
    unreadable_files,
)
from lockpoint.confluence.properties import LOCK_KEY, WAITLIST_KEY
from lockpoint.confluence.property_rows import PropertyRows
from lockpoint.confluence.versions import Histories
from lockpoint.services.errors import BadAnswer, GoneOrInvisible
from lockpoint.services.ports.confluence import (
    Attachment,
    AttachmentPage,
    Container,
    ContainerKind,
    PropertyHost,
    StoredProperty,
)

if TYPE_CHECKING:
    from datetime import datetime

    from lockpoint.confluence.http.client import ConfluenceClient
    from lockpoint.confluence.http.json_reader import Answer
    from lockpoint.domain.history.judge import Version
    from lockpoint.services.context import Priority, Tenant

LONGEST_PAGE: Final = 250
SECOND_READ_SECONDS: Final = 1.5

FOLDERS: Final = {
    ContainerKind.PAGE: "pages",
    ContainerKind.BLOGPOST: "blogposts",
    ContainerKind.CUSTOM: "custom-content",
}


@dataclass(frozen=True, slots=True)
class ConfluenceAttachments:
    """`most_bytes` bounds what copy mode holds in memory."""

    client: ConfluenceClient
    most_bytes: int = 64 * 1024 * 1024

    def get(
        self,
        tenant: Tenant,
        attachment_id: str,
        *,
        priority: Priority,
        person: str | None = None,
        properties: bool = True,
        operations: bool = True,
    ) -> Attachment:
        """2 points, 3 if our property is not among the first fifty.

        Finds a trashed attachment; a purged one is `GoneOrInvisible`.
        """
        caller = Caller(tenant, priority, person)
        extras = {"include-properties": properties, "include-operations": operations}
        query = tuple((name, "true") for name, wanted in extras.items() if wanted)
        reply = self.client.ask(caller, _attachment_call(attachment_id, query))
        if not properties:
            return _attachment(tenant, reply, None)
        rows = self._rows(caller, attachment_id, reply.answer, LOCK_KEY)
        waitlist = self._rows(caller, attachment_id, reply.answer, WAITLIST_KEY)
        return replace(_attachment(tenant, reply, rows), waitlist_row=waitlist[0] if waitlist else None)

    def of_container(
        self,
        tenant: Tenant,
        container: Container,
        *,
        priority: Priority,
        person: str | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> AttachmentPage:
        """1 point, plus 1 for each."""
        return self._page(Caller(tenant, priority, person), container, ("current",), cursor, limit)

    def newest(
        self, tenant: Tenant, container: Container, *, priority: Priority, person: str | None = None
    ) -> AttachmentPage:
        """2 points, 1 for none."""
        caller = Caller(tenant, priority, person)
        return self._page(caller, container, ("current",), None, 1, (("sort", "-modified-date"),))

    def versions(
        self,
        tenant: Tenant,
        attachment_id: str,
        *,
        back_to: datetime | None,
        priority: Priority,
        person: str | None = None,
    ) -> tuple[tuple[Version, ...], bool]:
        return Histories(self.client).versions(Caller(tenant, priority, person), attachment_id, back_to)

    def version(
        self, tenant: Tenant, attachment_id: str, number: int, *, priority: Priority, person: str | None = None
    ) -> Version:
        """2 points."""
        return Histories(self.client).version(Caller(tenant, priority, person), attachment_id, number)

    def restore(
        self,
        tenant: Tenant,
        attachment_id: str,
        number: int,
        message: str,
        *,
        priority: Priority,
        person: str | None = None,
    ) -> Version:
        """1 point. `Rejected` also for the current version. Undocumented for attachments."""
        params = {"versionNumber": number, "message": message, "restoreTitle": False}
        call = Call(
            name="attachments.restore",
            method="POST",
            path=f"/rest/api/content/{rest_attachment_id(attachment_id)}/version",
            body={"operationKey": "restore", "params": params},
        )
        caller = Caller(tenant, priority, person)
        answer = self.client.ask(caller, call).answer
        return Histories(self.client).made(caller, attachment_id, answer, message)

    def copy(
        self,
        tenant: Tenant,
        attachment: Attachment,
        source: Version,
        message: str,
        *,
        priority: Priority,
        person: str | None = None,
    ) -> Version:
        """4 points."""
        copying = FileCopy(self.client, self.most_bytes)
        return copying.copy(Caller(tenant, priority, person), attachment, source, message)

    def rename(
        self,
        tenant: Tenant,
        attachment: Attachment,
        title: str,
        media_type: str | None,
        *,
        priority: Priority,
        person: str | None = None,
    ) -> None:
        """1 point."""
        MetadataEdits(self.client).rename(Caller(tenant, priority, person), attachment, title, media_type)

    def undo_trash(
        self, tenant: Tenant, attachment: Attachment, title: str, *, priority: Priority, person: str | None = None
    ) -> None:
        """1 point, 2 when the name changes."""
        MetadataEdits(self.client).undo_trash(Caller(tenant, priority, person), attachment, title)

    def confirmed_gone(
        self, tenant: Tenant, attachment_id: str, container: Container | None, *, priority: Priority
    ) -> bool:
        """Return whether the file is missing from its container's list and, 1.5 s later, by id.

        One 404 can be false during a trash or move; an invisible container proves nothing. 1 point, plus 1 for each
        listed and 1 for the second read.
        """
        if container is None:
            return False
        try:
            if self._listed(Caller(tenant, priority), container, attachment_id):
                return False
        except GoneOrInvisible:
            return False
        self.client.pause(SECOND_READ_SECONDS)
        return not self._visible(tenant, attachment_id, priority)

    def _visible(self, tenant: Tenant, attachment_id: str, priority: Priority) -> bool:
        try:
            self.client.ask(Caller(tenant, priority), _attachment_call(attachment_id, ()))
        except GoneOrInvisible:
            return False
        return True

    def _listed(self, caller: Caller, container: Container, attachment_id: str) -> bool:
        cursor: str | None = None
        while True:
            page = self._page(caller, container, ("current", "archived", "trashed"), cursor, LONGEST_PAGE)
            if attachment_id in page.ids or not page.whole:
                return True
            if page.next_cursor is None:
                return False
            if page.next_cursor == cursor:
                raise BadAnswer("attachments.list: the next page is the same page")
            cursor = page.next_cursor

    def _page(
        self,
        caller: Caller,
        container: Container,
        statuses: tuple[str, ...],
        cursor: str | None,
        limit: int,
        order: QueryPairs = (),
    ) -> AttachmentPage:
        path = f"/api/v2/{FOLDERS[container.kind]}/{content_id(container.id)}/attachments"
        query: QueryPairs = (
            ("limit", str(min(limit, LONGEST_PAGE))),
            *(("status", status) for status in statuses),
            *order,
        )
        if cursor is not None:
            query = (*query, ("cursor", cursor))
        call = get("attachments.list", path, query=query, objects=Objects.CORE, listing=True)
        reply = self.client.ask(caller, call)
        items, odd = reply.answer.sorted_out(
            lambda item: _attachment(caller.tenant, Reply(item, reply.host_time), None)
        )
        unreadable = unreadable_files(odd)
        whole = len(unreadable) == len(odd)
        return AttachmentPage(items, reply.answer.next_cursor(), unreadable, whole)

    def _rows(self, caller: Caller, attachment_id: str, answer: Answer, key: str) -> tuple[StoredProperty, ...]:
        embedded = answer.part_or_empty("properties")
        rows = rows_under(key, embedded.items() if "results" in embedded.data else ())
        if rows or not embedded.part_or_empty("meta").flag("hasMore"):
            return rows
        return PropertyRows(self.client).under(caller, PropertyHost.ATTACHMENT, attachment_id, key)


def _attachment_call(attachment_id: str, query: QueryPairs) -> Call:
    path = f"/api/v2/attachments/{rest_attachment_id(attachment_id)}"
    return get("attachments.get", path, query=query, objects=Objects.CORE)


def _attachment(tenant: Tenant, reply: Reply, rows: tuple[StoredProperty, ...] | None) -> Attachment:
    answer = reply.answer
    base = tenant.display_url or tenant.base_url
    operations = answer.part_or_empty("operations")
    permitted = operations.items() if "results" in operations.data else ()
    return Attachment(
        id=attachment_id_of(answer),
        status=status_of(answer),
        title=answer.text("title"),
        media_type=answer.text_or_none("mediaType") or "application/octet-stream",
        size=answer.number("fileSize"),
        container=container_of(answer),
        head=attachment_version(answer),
        may_update=permits(permitted, UPDATE, "attachment"),
        properties=rows,
        open_url=link(base, answer.text_or_none("webuiLink")),
        download_url=link(base, answer.text_or_none("downloadLink")),
        host_time=reply.host_time,
    )
