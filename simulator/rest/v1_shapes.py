"""Entities of REST API v1."""

from __future__ import annotations

from simulator.model.clock import iso
from simulator.model.entities import Attachment, Content, Person
from simulator.model.permissions import site_operations
from simulator.model.site import Site
from simulator.rest.v2_shapes import Shape, content_path, download_link

ICON = {"path": "/aa-avatar/default", "width": 48, "height": 48, "isDefault": True}


def person_shape(site: Site, person: Person, *, sees_email: bool, operations: bool = False) -> Shape:
    """`expand=operations` is `operations`."""
    shape: Shape = {
        "type": "known",
        "accountId": person.account_id,
        "accountType": person.account_type,
        "email": person.email if sees_email else "",
        "publicName": person.name,
        "displayName": person.display_name if person.status != "closed" else "Former user",
        "profilePicture": ICON,
        "timeZone": person.time_zone,
        "locale": person.locale,
        "isExternalCollaborator": False,
        "_expandable": {"operations": "", "personalSpace": ""},
        "_links": {"self": f"{site.base_url}/rest/api/user?accountId={person.account_id}"},
    }
    return shape | ({"operations": site_operations(site, person.account_id)} if operations else {})


def version_shape(site: Site, number: int, when: int, author: str | None, *, message: str, minor_edit: bool) -> Shape:
    person = site.people.get(author or "")
    by: Shape = person_shape(site, person, sees_email=False) if person else {"type": "anonymous"}
    return {
        "by": by,
        "when": iso(when),
        "friendlyWhen": "just now",
        "message": message,
        "number": number,
        "minorEdit": minor_edit,
        "contentTypeModified": False,
        "_expandable": {"collaborators": "", "content": ""},
        "_links": {"self": f"{site.base_url}/rest/api/content"},
    }


def file_version_shape(site: Site, attachment: Attachment) -> Shape:
    head = attachment.head
    return version_shape(
        site, attachment.number, head.created_at, head.author_id, message=head.message, minor_edit=head.minor_edit
    )


def file_shape(site: Site, attachment: Attachment) -> Shape:
    head = attachment.head
    extensions = {"mediaType": head.media_type, "fileSize": head.size, "comment": head.message, "fileId": head.file_id}
    return {
        "id": f"att{attachment.id}",
        "type": "attachment",
        "status": attachment.status,
        "title": attachment.title,
        "version": file_version_shape(site, attachment),
        "macroRenderedOutput": {},
        "metadata": {"comment": head.message, "mediaType": head.media_type},
        "extensions": extensions,
        "_expandable": {"container": f"/rest/api/content/{attachment.container_id}"},
        "_links": {
            "self": f"{site.base_url}/rest/api/content/att{attachment.id}",
            "download": download_link(attachment, head, attachment.number),
            "webui": f"/pages/viewpageattachments.action?pageId={attachment.container_id}",
        },
    }


def content_shape(site: Site, content: Content) -> Shape:
    return {
        "id": str(content.id),
        "type": content.type,
        "status": content.status,
        "title": content.title,
        "macroRenderedOutput": {},
        "extensions": {"position": content.id},
        "_expandable": {"space": f"/rest/api/space/{site.spaces[content.space_id].key}"},
        "_links": {
            "self": f"{site.base_url}/rest/api/content/{content.id}",
            "webui": content_path(site, content),
        },
    }


def content_version_shape(site: Site, content: Content) -> Shape:
    head = content.versions[-1]
    return version_shape(site, content.number, head.created_at, head.author_id, message=head.message, minor_edit=False)


def list_links(site: Site) -> Shape:
    return {"base": site.base_url, "context": "/wiki", "self": f"{site.base_url}/rest/api"}
