"""A trial of restoring, unproven by documents, with a file on a draft only the app sees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lockpoint.confluence.attachments import ConfluenceAttachments
from lockpoint.confluence.http.calls import Call, Caller, Objects, get
from lockpoint.confluence.http.ids import content_id, normalise_attachment_id, rest_attachment_id
from lockpoint.services.errors import BadAnswer, Forbidden, GoneOrInvisible, Rejected
from lockpoint.services.ports.confluence import ScratchTrial

if TYPE_CHECKING:
    from lockpoint.confluence.http.client import ConfluenceClient
    from lockpoint.services.context import Priority, Tenant

TITLE: Final = "Lockpoint self-test"
FILE_NAME: Final = "lockpoint-self-test.txt"
FIRST: Final = b"first version\n"
LATER: Final = b"a later version that the self-test takes back\n"
TEXT: Final = (
    "<p>Lockpoint tries here whether this site restores versions of attachments. Nobody else sees this draft.</p>"
)

_REFUSALS: Final = (Rejected, Forbidden, GoneOrInvisible)


@dataclass(frozen=True, slots=True)
class ConfluenceScratchFiles:
    """Assumes drafts of an app can hold attachments, invisible to others."""

    client: ConfluenceClient

    def try_restore(self, tenant: Tenant, scratch_id: str | None, *, priority: Priority) -> ScratchTrial:
        """Restore the scratch file's first version and compare its size; about 12 points.

        Reuses an earlier file; unknown where none can be made.
        """
        caller = Caller(tenant, priority)
        file = self._known(tenant, scratch_id, priority) or self._made(caller)
        if file is None:
            return ScratchTrial(None, None)
        page_id, attachment_id = file
        path = f"/rest/api/content/{page_id}/child/attachment/{rest_attachment_id(attachment_id)}/data"
        self.client.ask(caller, _upload("scratch.update", path, LATER))
        return ScratchTrial(self._restored(tenant, attachment_id, priority), attachment_id)

    def _known(self, tenant: Tenant, scratch_id: str | None, priority: Priority) -> tuple[str, str] | None:
        if scratch_id is None:
            return None
        try:
            file = ConfluenceAttachments(self.client).get(tenant, scratch_id, priority=priority, properties=False)
        except (GoneOrInvisible, Forbidden):
            return None
        return (content_id(file.container.id), file.id) if file.container else None

    def _made(self, caller: Caller) -> tuple[str, str] | None:
        """In the first space that allows it."""
        for space_id in self._spaces(caller):
            try:
                page_id = self._draft(caller, space_id)
                path = f"/rest/api/content/{page_id}/child/attachment"
                answer = self.client.ask(caller, _upload("scratch.create", path, FIRST, query=(("status", "draft"),)))
            except _REFUSALS:
                continue
            return page_id, normalise_attachment_id(answer.answer.items()[0].text("id"))
        return None

    def _spaces(self, caller: Caller) -> tuple[str, ...]:
        query = (("status", "current"), ("limit", "5"))
        call = get("scratch.spaces", "/api/v2/spaces", query=query, objects=Objects.CORE, listing=True)
        found = self.client.ask(caller, call).answer.readable(lambda item: item.text("id"))
        return tuple(map(content_id, found))

    def _draft(self, caller: Caller, space_id: str) -> str:
        body = {
            "spaceId": space_id,
            "status": "draft",
            "title": TITLE,
            "body": {"representation": "storage", "value": TEXT},
        }
        call = Call(name="scratch.draft", method="POST", path="/api/v2/pages", body=body)
        return content_id(self.client.ask(caller, call).answer.text("id"))

    def _restored(self, tenant: Tenant, attachment_id: str, priority: Priority) -> bool:
        attachments = ConfluenceAttachments(self.client)
        try:
            attachments.restore(tenant, attachment_id, 1, TITLE, priority=priority)
        except _REFUSALS:
            return False
        after = attachments.get(tenant, attachment_id, priority=priority, properties=False, operations=False)
        if after.size not in (len(FIRST), len(LATER)):
            raise BadAnswer("scratch.restore: the file is neither version")
        return after.size == len(FIRST)


def _upload(name: str, path: str, content: bytes, query: tuple[tuple[str, str], ...] = ()) -> Call:
    return Call(
        name=name,
        method="POST",
        path=path,
        query=query,
        parts={
            "file": (FILE_NAME, content, "text/plain"),
            "minorEdit": (None, "true", "text/plain; charset=utf-8"),
            "comment": (None, TITLE, "text/plain; charset=utf-8"),
        },
    )
