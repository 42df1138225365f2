"""Changes to attachments, with their webhooks.

Call under the world's lock, after checking permissions.
"""

from __future__ import annotations

import mimetypes
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from simulator.model.entities import Attachment, FileVersion
from simulator.model.errors import ApiError
from simulator.model.permissions import may
from simulator.model.site import Site
from simulator.webhooks.bodies import files_event
from simulator.world.world import World

LONGEST_TITLE = 255


@dataclass(frozen=True, slots=True)
class Upload:
    """`at`: the version's time in milliseconds, None for now."""

    title: str
    data: bytes
    comment: str = ""
    minor_edit: bool = False
    media_type: str | None = None
    at: int | None = None


def announce(world: World, site: Site, event: str, files: Sequence[Attachment], actor: str | None) -> None:
    """For files of one page, if the app can see it."""
    if files:
        body = files_event(site, files, actor, world.clock.now_ms())
        world.webhooks.raise_event(site, event, body, site.container(files[0]))


def _version(world: World, upload: Upload, author: str | None, media_type: str | None) -> FileVersion:
    guessed = mimetypes.guess_type(upload.title)[0] or "application/octet-stream"
    return FileVersion(
        created_at=upload.at if upload.at is not None else world.clock.now_ms(),
        author_id=author,
        message=upload.comment,
        minor_edit=upload.minor_edit,
        title=upload.title,
        media_type=upload.media_type or media_type or guessed,
        file_id=secrets.token_hex(16),
        data=upload.data,
    )


def named(site: Site, content_id: int, title: str, status: str = "current") -> Attachment | None:
    found = (a for a in site.attachments_of(content_id) if a.title == title and a.status == status)
    return next(found, None)


def check_size(site: Site, data: bytes) -> None:
    """404 for oversize data, as the API document says."""
    if len(data) > site.behaviour.max_upload_bytes:
        raise ApiError(404, "The attachment exceeds the maximum size")


def check_title(title: str) -> None:
    """Refuse a name above 255 UTF-16 units, as a host that counts Java characters."""
    if len(title.encode("utf-16-le", "surrogatepass")) > 2 * LONGEST_TITLE:
        raise ApiError(400, f"The file name is longer than {LONGEST_TITLE} characters")


def create(world: World, site: Site, content_id: int, upload: Upload, author: str | None) -> Attachment:
    """400 when the name exists."""
    check_size(site, upload.data)
    check_title(upload.title)
    if named(site, content_id, upload.title):
        raise ApiError(
            400, f"Cannot add a new attachment with same file name as an existing attachment: {upload.title}"
        )
    attachment = Attachment(site.next_id(), content_id, [_version(world, upload, author, None)])
    site.attachments[attachment.id] = attachment
    announce(world, site, "attachment_created", [attachment], author)
    return attachment


def add_version(world: World, site: Site, attachment: Attachment, upload: Upload, author: str | None) -> Attachment:
    """Under the same id; the name stays unless the upload brings another."""
    check_size(site, upload.data)
    check_title(upload.title)
    attachment.versions.append(_version(world, upload, author, attachment.head.media_type))
    announce(world, site, "attachment_updated", [attachment], author)
    return attachment


def restore(
    world: World, site: Site, attachment: Attachment, number: int, author: str | None, *, message: str, title: bool
) -> Attachment:
    """Make an old version newest, under the caller's name, with its bytes and file id."""
    if not 1 <= number < attachment.number:
        raise ApiError(400, f"Version {number} cannot be restored: it does not exist or is the current version")
    source = attachment.versions[number - 1]
    fresh = replace(
        source,
        applied=time.monotonic(),
        created_at=world.clock.now_ms(),
        author_id=author,
        message=message,
        minor_edit=False,
        title=source.title if title else attachment.title,
    )
    attachment.versions.append(fresh)
    announce(world, site, "attachment_updated", [attachment], author)
    return attachment


def describe(
    world: World,
    site: Site,
    attachment: Attachment,
    author: str | None,
    *,
    title: str | None = None,
    media_type: str | None = None,
    message: str = "",
    minor_edit: bool = False,
) -> Attachment:
    """Rename or retype: a new version with the same bytes and file id."""
    check_title(title or attachment.title)
    fresh = replace(
        attachment.head,
        applied=time.monotonic(),
        created_at=world.clock.now_ms(),
        author_id=author,
        message=message,
        minor_edit=minor_edit,
        title=title or attachment.title,
        media_type=media_type or attachment.head.media_type,
    )
    attachment.versions.append(fresh)
    announce(world, site, "attachment_updated", [attachment], author)
    return attachment


def delete_version(attachment: Attachment, number: int) -> Attachment:
    """Those above move down. Raises no webhook."""
    if not 1 <= number <= attachment.number or attachment.number == 1:
        raise ApiError(400, f"Version {number} cannot be deleted")
    del attachment.versions[number - 1]
    return attachment


def trash(world: World, site: Site, attachment: Attachment, actor: str | None) -> Attachment:
    """404 when already trashed."""
    if attachment.status == "trashed":
        raise ApiError(404, "The attachment is in the trash")
    attachment.status, attachment.trashed_alone = "trashed", True
    announce(world, site, "attachment_trashed", [attachment], actor)
    if site.behaviour.trash_sends_removed:
        announce(world, site, "attachment_removed", [attachment], actor)
    return attachment


def untrash(world: World, site: Site, attachment: Attachment, actor: str | None) -> Attachment:
    """Keeps the id; 409 when the name exists."""
    if named(site, attachment.container_id, attachment.title):
        raise ApiError(409, "newer Content exists with this title")
    attachment.status, attachment.trashed_alone = "current", False
    announce(world, site, "attachment_restored", [attachment], actor)
    return attachment


def purge(world: World, site: Site, attachment: Attachment, actor: str | None) -> Attachment:
    """400 unless trashed."""
    if attachment.status != "trashed":
        raise ApiError(400, "Only trashed attachments can be purged")
    announce(world, site, "attachment_removed", [attachment], actor)
    del site.attachments[attachment.id]
    return attachment


def move(world: World, site: Site, attachment: Attachment, content_id: int, actor: str | None) -> Attachment:
    """The event names only the new page."""
    if content_id not in site.contents:
        raise ApiError(404, "The new container does not exist")
    if named(site, content_id, attachment.title):
        raise ApiError(409, "An attachment of this name is there already")
    attachment.container_id = content_id
    describe(world, site, attachment, actor)
    return attachment


def visible_files(site: Site, account_id: str | None) -> list[Attachment]:
    return [a for a in site.attachments.values() if may(site, account_id, "read", site.container(a))]
