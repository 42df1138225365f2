"""Copy mode: a version's bytes through memory back to Confluence."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lockpoint.confluence.http.calls import Call, Part, get
from lockpoint.confluence.http.ids import content_id, rest_attachment_id
from lockpoint.confluence.versions import Histories
from lockpoint.services.errors import BadAnswer, GoneOrInvisible, LostRace, TooLarge

if TYPE_CHECKING:
    from lockpoint.confluence.http.calls import Caller
    from lockpoint.confluence.http.client import ConfluenceClient
    from lockpoint.confluence.http.json_reader import Answer
    from lockpoint.domain.judge import Version
    from lockpoint.services.ports.confluence import Attachment


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
        named = (attachment.title, content, source.media_type or attachment.media_type)
        answer = self._upload(caller, f"{path}/data", attachment.id, named, message)
        return histories.made(caller, attachment.id, answer.part_or_empty("version"), message)

    def _download(self, caller: Caller, path: str, source: Version) -> bytes:
        call = get("attachments.download", path, query=(("version", str(source.number)),))
        content = self.client.fetch(caller, replace(call, fetches_file=True), most=self.most_bytes)
        if source.size is not None and len(content) != source.size:
            raise BadAnswer("attachments.download: the file has another length than its version says")
        return content

    def _upload(self, caller: Caller, path: str, file_id: str, named: Part, message: str) -> Answer:
        call = Call(
            name="attachments.upload",
            method="POST",
            path=path,
            parts={
                "file": named,
                "minorEdit": (None, "true", "text/plain; charset=utf-8"),
                "comment": (None, message, "text/plain; charset=utf-8"),
            },
        )
        try:
            return self.client.ask(caller, call).answer
        except GoneOrInvisible:
            Histories(self.client).head(caller, file_id)
            # The file exists, so the 404 is the documented one for a file above the site's limit.
            raise TooLarge("attachments.upload: larger than the site allows") from None
