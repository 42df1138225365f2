"""Confluence's JSON as our values: each shape is read here, once."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from lockpoint.confluence.http.ids import normalise_attachment_id
from lockpoint.domain.history.judge import FileStatus, Version
from lockpoint.services.errors import BadAnswer
from lockpoint.services.ports.confluence import Container, ContainerKind, StoredProperty, UnreadableFile

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lockpoint.confluence.http.json_reader import Answer

UPDATE: Final = "update"
ADMINISTER: Final = "administer"

_STATUS: Final = {
    "current": FileStatus.CURRENT,
    "trashed": FileStatus.TRASHED,
    "deleted": FileStatus.TRASHED,
    "archived": FileStatus.ARCHIVED,
    "draft": FileStatus.DRAFT,
}
_CONTAINERS: Final = (
    ("pageId", ContainerKind.PAGE),
    ("blogPostId", ContainerKind.BLOGPOST),
    ("customContentId", ContainerKind.CUSTOM),
)


def status_of(answer: Answer) -> FileStatus:
    """BadAnswer for an unknown status: guessing could lift protection."""
    status = _STATUS.get(answer.text("status"))
    if status is None:
        raise BadAnswer(f"{answer.operation}: unknown status")
    return status


def attachment_id_of(answer: Answer, name: str = "id") -> str:
    try:
        return normalise_attachment_id(answer.text(name))
    except ValueError:
        raise BadAnswer(f"{answer.operation}: not an attachment id") from None


def unreadable_files(odd: Iterable[Answer]) -> tuple[UnreadableFile, ...]:
    """Return what can be said of listed files that are not as they should be, without those that lack an id."""
    found: list[UnreadableFile] = []
    for answer in odd:
        with suppress(BadAnswer):
            found.append(UnreadableFile(attachment_id_of(answer), words(answer, "title")))
    return tuple(found)


def container_of(answer: Answer) -> Container | None:
    for name, kind in _CONTAINERS:
        container_id = answer.text_or_none(name)
        if container_id is not None:
            return Container(kind, container_id)
    return None


def listed_version(answer: Answer) -> Version:
    """v2 lists omit size, file id and title."""
    return Version(
        number=answer.number("number"),
        created=answer.moment("createdAt"),
        author=answer.text_or_none("authorId"),
        message=answer.text_or_none("message") or "",
        minor=answer.flag("minorEdit"),
    )


def attachment_version(answer: Answer) -> Version:
    version = listed_version(answer.part("version"))
    return Version(
        number=version.number,
        created=version.created,
        author=version.author,
        message=version.message,
        minor=version.minor,
        size=answer.number_or_none("fileSize"),
        file_id=answer.text_or_none("fileId"),
        title=answer.text_or_none("title"),
        media_type=answer.text_or_none("mediaType"),
    )


def made_version(answer: Answer) -> Version:
    """Read a version that v1 made; takes `when` as v2's `createdAt`."""
    return Version(
        number=answer.number("number"),
        created=answer.moment("when"),
        author=answer.part_or_empty("by").text_or_none("accountId"),
        message=answer.text_or_none("message") or "",
        minor=answer.flag("minorEdit"),
    )


def stored_property(answer: Answer) -> StoredProperty:
    version = answer.part("version")
    return StoredProperty(
        id=str(answer.number("id")),
        version=version.number("number"),
        value=answer.data.get("value"),
        created=version.moment_or_none("createdAt"),
        key=answer.text_or_none("key") or "",
    )


def rows_under(key: str, answers: Iterable[Answer]) -> tuple[StoredProperty, ...]:
    """Of duplicate rows the lowest id is the record.

    An odd row spoils them all: it may be the record, and a missing record is a file that is free.
    """
    rows = (stored_property(answer) for answer in answers if answer.text("key") == key)
    return tuple(sorted(rows, key=lambda row: int(row.id)))


def permits(operations: Iterable[Answer], operation: str, target: str) -> bool:
    return any(
        entry.data.get("operation") == operation and entry.data.get("targetType") == target for entry in operations
    )


def words(answer: Answer, name: str) -> str | None:
    """Return text for display; None also for another type, which spoils nothing."""
    value = answer.data.get(name)
    return value if isinstance(value, str) and value else None


def link(base: str, path: str | None) -> str:
    """Empty when missing or leading off the base address."""
    if path is None or not path.startswith("/") or path.startswith("//"):
        return ""
    return base.rstrip("/") + path
