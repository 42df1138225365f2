"""Edits of name and status: conditional on the version, each makes a new one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lockpoint.confluence.http.calls import Call, Repeat
from lockpoint.confluence.http.ids import content_id, rest_attachment_id
from lockpoint.services.errors import GoneOrInvisible

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lockpoint.confluence.http.calls import Caller
    from lockpoint.confluence.http.client import ConfluenceClient
    from lockpoint.services.ports.confluence import Attachment


@dataclass(frozen=True, slots=True)
class MetadataEdits:
    client: ConfluenceClient

    def rename(self, caller: Caller, attachment: Attachment, title: str) -> None:
        """`LostRace` when its version moved on."""
        self._edit(caller, attachment, attachment.head.number + 1, {"title": title})

    def describe(self, caller: Caller, attachment: Attachment, title: str, media_type: str) -> None:
        """Name and media type in one version; `LostRace` when its version moved on."""
        fields = {"title": title, "metadata": {"mediaType": media_type}}
        self._edit(caller, attachment, attachment.head.number + 1, fields)

    def undo_trash(self, caller: Caller, attachment: Attachment, title: str) -> None:
        """Renames in the trash first: names may clash."""
        number = attachment.head.number + 1
        if title != attachment.title:
            number = 1 + self._edit(caller, attachment, number, {"title": title, "status": "trashed"})
        self._edit(caller, attachment, number, {"title": title, "status": "current"})

    def _edit(self, caller: Caller, attachment: Attachment, number: int, fields: Mapping[str, object]) -> int:
        """Store the fields as version `number`; return the current number."""
        if attachment.container is None:
            raise GoneOrInvisible("attachments.edit: the attachment has no container")
        own_id = rest_attachment_id(attachment.id)
        # The document requires `when` and `minorEdit`; minor edits send watchers no mail.
        version = {"number": number, "minorEdit": True, "when": None}
        call = Call(
            name="attachments.edit",
            method="PUT",
            path=f"/rest/api/content/{content_id(attachment.container.id)}/child/attachment/{own_id}",
            body={"id": own_id, "type": "attachment", "version": version, **fields},
            repeat=Repeat.FREELY,
        )
        answer = self.client.ask(caller, call).answer
        return answer.part_or_empty("version").number_or_none("number") or number
