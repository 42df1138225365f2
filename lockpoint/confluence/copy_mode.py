"""Copy mode: a version's bytes through memory back to Confluence."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from lockpoint.confluence.edits import MetadataEdits
from lockpoint.confluence.http.calls import Call, get
from lockpoint.confluence.http.ids import content_id, rest_attachment_id
from lockpoint.confluence.versions import Histories
from lockpoint.services.errors import BadAnswer, Forbidden, GoneOrInvisible, LostRace, Rejected, TooLarge

if TYPE_CHECKING:
    from lockpoint.confluence.http.calls import Caller
    from lockpoint.confluence.http.client import ConfluenceClient
    from lockpoint.confluence.http.json_reader import Answer
    from lockpoint.domain.history.judge import Version
    from lockpoint.services.ports.confluence import Attachment

_PLAIN_NAME: Final = re.compile(r"[A-Za-z0-9_()-](?:[A-Za-z0-9 ._()-]*[A-Za-z0-9_()-])?")
_PLAIN_ENDING: Final = re.compile(r"\.[A-Za-z0-9]{1,10}\Z")
_PLAIN_MEDIA_TYPE: Final = re.compile(r"[A-Za-z0-9.+_-]{1,127}/[A-Za-z0-9.+_-]{1,127}")


@dataclass(frozen=True, slots=True)
class FileCopy:
    client: ConfluenceClient
    most_bytes: int

    def copy(self, caller: Caller, attachment: Attachment, source: Version, message: str) -> Version:
        """Upload the content of `source` as a minor version; return the new version.

        `TooLarge` above `most_bytes` or the host's limit; `BadAnswer` for a download not `source.size` long; `LostRace`
        for a version made meanwhile, noticed by rereading: uploads have no precondition.
        """
        if source.size is not None and source.size > self.most_bytes:
            raise TooLarge("attachments.copy: above the limit of copy mode")
        if attachment.container is None:
            raise GoneOrInvisible("attachments.copy: the attachment has no container")
        folder = f"/rest/api/content/{content_id(attachment.container.id)}/child/attachment"
        path = f"{folder}/{rest_attachment_id(attachment.id)}"
        content = self._download(caller, f"{path}/download", source)
        histories = Histories(self.client)
        if histories.head(caller, attachment.id).created != attachment.head.created:
            raise LostRace("attachments.copy: a newer version appeared")
        wanted = replace(attachment, media_type=source.media_type or attachment.media_type)
        sent = _header_of(wanted)
        answer = self._upload(caller, f"{path}/data", sent, content, message)
        made = histories.made(caller, attachment.id, answer.part_or_empty("version"), message)
        received = replace(
            attachment, head=made, title=answer.text_or_none("title") or sent.title, media_type=sent.media_type
        )
        self._describe(caller, received, wanted)
        return made

    def _describe(self, caller: Caller, received: Attachment, wanted: Attachment) -> None:
        """Set what the header could not carry; the version before has the bytes.

        `LostRace` when it cannot be set: the caller looks again, and finds the right bytes under a wrong name.
        """
        if (received.title, received.media_type) == (wanted.title, wanted.media_type):
            return
        try:
            MetadataEdits(self.client).rename(caller, received, wanted.title, wanted.media_type)
        except (Forbidden, GoneOrInvisible, Rejected) as refused:
            raise LostRace(f"attachments.copy: uploaded, but not named: {refused}") from None

    def _download(self, caller: Caller, path: str, source: Version) -> bytes:
        call = get("attachments.download", path, query=(("version", str(source.number)),))
        content = self.client.fetch(caller, replace(call, fetches_file=True), most=self.most_bytes)
        if source.size is not None and len(content) != source.size:
            raise BadAnswer("attachments.download: the file has another length than its version says")
        return content

    def _upload(self, caller: Caller, path: str, sent: Attachment, content: bytes, message: str) -> Answer:
        call = Call(
            name="attachments.upload",
            method="POST",
            path=path,
            parts={
                "file": (sent.title, content, sent.media_type),
                "minorEdit": (None, "true", "text/plain; charset=utf-8"),
                "comment": (None, message, "text/plain; charset=utf-8"),
            },
        )
        try:
            return self.client.ask(caller, call).answer
        except GoneOrInvisible:
            Histories(self.client).head(caller, sent.id)
            # The file exists, so the 404 is the documented one for a file above the site's limit.
            raise TooLarge("attachments.upload: larger than the site allows") from None


def survives_header(title: str) -> bool:
    """Return whether every parser of multipart headers reads this name as it is."""
    return _PLAIN_NAME.fullmatch(title) is not None


def stand_in(attachment_id: str, title: str) -> str:
    """Return a name that survives a header and is no other file's."""
    ending = _PLAIN_ENDING.search(title)
    return f"lockpoint-{attachment_id}{ending[0] if ending else ''}"


def _header_of(attachment: Attachment) -> Attachment:
    """Return the file as the header of its part may describe it: anything special could be read as something else."""
    title, media_type = attachment.title, attachment.media_type
    return replace(
        attachment,
        title=title if survives_header(title) else stand_in(attachment.id, title),
        media_type=media_type if _PLAIN_MEDIA_TYPE.fullmatch(media_type) else "application/octet-stream",
    )
