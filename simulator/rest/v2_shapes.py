"""Entities of REST API v2."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from simulator.model.clock import iso
from simulator.model.entities import Attachment, Content, ContentVersion, FileVersion, Person, PropertyRow, Space
from simulator.model.permissions import content_operations
from simulator.model.site import Site

Shape = dict[str, object]
INCLUDED = 50


def property_shape(row: PropertyRow) -> Shape:
    return {"id": str(row.id), "key": row.key, "value": row.value, "version": _property_version(row)}


def _property_version(row: PropertyRow) -> Shape:
    return _version(row.created_at, row.message, row.number, row.author_id, minor_edit=False)


def space_property_shape(row: PropertyRow) -> Shape:
    """With `authorId` (live API) and `createdBy` (document)."""
    version = _property_version(row) | {"createdBy": row.author_id or ""}
    plain = property_shape(row) | {"version": version, "createdAt": iso(row.created_at)}
    return plain | {"createdBy": row.author_id or "", "authorId": row.author_id or ""}


def _version(created_at: int, message: str, number: int, author: str | None, *, minor_edit: bool) -> Shape:
    shape: Shape = {"number": number, "createdAt": iso(created_at), "message": message, "minorEdit": minor_edit}
    return shape | ({"authorId": author} if author else {})


def file_version(version: FileVersion, number: int) -> Shape:
    shape = _version(version.created_at, version.message, number, version.author_id, minor_edit=version.minor_edit)
    return shape if version.dated else {name: value for name, value in shape.items() if name != "createdAt"}


def listed_file_version(attachment: Attachment, number: int) -> Shape:
    version = attachment.versions[number - 1]
    return file_version(version, number) | {"attachment": {"id": f"att{attachment.id}", "title": version.title}}


def file_version_details(attachment: Attachment, number: int) -> Shape:
    shape = file_version(attachment.versions[number - 1], number)
    author = attachment.versions[number - 1].author_id
    shape |= {"contentTypeModified": False, "collaborators": [author] if author else []}
    neighbours = {"prevVersion": number - 1, "nextVersion": number + 1}
    return shape | {name: n for name, n in neighbours.items() if 1 <= n <= attachment.number}


def download_link(attachment: Attachment, version: FileVersion, number: int) -> str:
    """For browsers, relative to the base URL."""
    name = quote(version.title, safe="")
    query = f"version={number}&modificationDate={version.created_at}&cacheVersion=1&api=v2"
    return f"/download/attachments/{attachment.container_id}/{name}?{query}"


def file_shape(
    site: Site, attachment: Attachment, number: int, *, newest: int | None = None, with_version: bool = True
) -> Shape:
    """`newest`: the number that a lagging read takes for the newest."""
    version = attachment.versions[number - 1]
    container = site.container(attachment)
    web = f"/pages/viewpageattachments.action?pageId={container.id}&preview=%2F{container.id}%2F{attachment.id}"
    download = download_link(attachment, version, number)
    shape: Shape = {
        "id": f"att{attachment.id}",
        "status": attachment.status if number == (newest or attachment.number) else "historical",
        "title": version.title,
        "createdAt": iso(attachment.versions[0].created_at),
        "pageId" if container.type == "page" else "blogPostId": str(container.id),
        "mediaType": version.media_type,
        "mediaTypeDescription": version.media_type,
        "comment": version.message,
        "fileId": version.file_id,
        "fileSize": version.size,
        "webuiLink": web,
        "downloadLink": download,
        "_links": {"webui": web, "download": download},
    }
    return shape | ({"version": file_version(version, number)} if with_version else {})


def included(results: Sequence[object], self_link: str) -> Shape:
    """What `include-…` adds: the first 50."""
    return {
        "results": list(results[:INCLUDED]),
        "meta": {"hasMore": len(results) > INCLUDED},
        "_links": {"self": self_link},
    }


def operations_included(site: Site, account: str, content: Content, target: str, self_link: str) -> Shape:
    """What `include-operations=true` adds."""
    return included(content_operations(site, account, content, target), self_link)


def content_version(version: ContentVersion, number: int) -> Shape:
    return _version(version.created_at, version.message, number, version.author_id, minor_edit=False)


def content_path(site: Site, content: Content) -> str:
    """Relative to the base URL."""
    key = site.spaces[content.space_id].key
    kind = "blog" if content.type == "blogpost" else "pages"
    return f"/spaces/{key}/{kind}/{content.id}/{quote(content.title.replace(' ', '+'), safe='+')}"


def content_shape(site: Site, content: Content) -> Shape:
    web = content_path(site, content)
    shape: Shape = {
        "id": str(content.id),
        "status": content.status,
        "title": content.title,
        "spaceId": str(content.space_id),
        "authorId": content.author_id or "",
        "createdAt": iso(content.versions[0].created_at),
        "version": content_version(content.versions[-1], content.number),
        "body": {},
        "_links": {
            "webui": web,
            "editui": f"/pages/resumedraft.action?draftId={content.id}",
            "tinyui": f"/x/{content.id}",
        },
    }
    if content.type == "page":
        shape |= {"parentType": "page", "position": content.id, "ownerId": content.author_id, "lastOwnerId": None}
        home = site.spaces[content.space_id].homepage_id
        if home is not None and home != content.id:
            shape["parentId"] = str(home)
    return shape


def space_shape(space: Space) -> Shape:
    shape: Shape = {
        "id": str(space.id),
        "key": space.key,
        "name": space.name,
        "type": "global",
        "status": space.status,
        "authorId": space.author_id,
        "spaceOwnerId": space.author_id,
        "currentActiveAlias": space.key,
        "createdAt": iso(space.created_at),
        "_links": {"webui": f"/spaces/{space.key}"},
    }
    return shape | ({"homepageId": str(space.homepage_id)} if space.homepage_id else {})


def person_shape(person: Person, *, sees_email: bool) -> Shape:
    """Privacy may hide the address."""
    status = "active" if person.status == "active" else person.status
    shape: Shape = {
        "accountId": person.account_id,
        "accountType": person.account_type,
        "accountStatus": status,
        "displayName": person.display_name if person.status != "closed" else "Former user",
        "publicName": person.name,
        "email": person.email if sees_email else "",
        "isExternalCollaborator": False,
        "profilePicture": {"path": "/aa-avatar/" + person.name, "isDefault": True},
    }
    return shape | ({"timeZone": person.time_zone} if person.time_zone else {})
