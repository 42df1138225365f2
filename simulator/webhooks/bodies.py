"""Webhook bodies.

No current attachment event is published; the shape follows the host source of 2016 (`attachedTo`, list `attachments`)
with later renames (`userAccountId`, `idAsString`), see README.md, "Assumptions".
"""

from __future__ import annotations

from collections.abc import Sequence

from simulator.model.entities import Attachment, Content, Space
from simulator.model.site import Site

Body = dict[str, object]


def _event_id(site: Site, number: int, *, file: bool = False) -> object:
    form = site.behaviour.webhook_id_form
    if form == "number":
        return number
    return f"att{number}" if file and form == "att" else str(number)


def _authors(created_by: str | None, changed_by: str | None, created: int, changed: int) -> Body:
    return {
        "creatorAccountId": created_by or "",
        "lastModifierAccountId": changed_by or "",
        "creationDate": created,
        "modificationDate": changed,
    }


def base_body(site: Site, actor: str | None, timestamp: int) -> Body:
    """The common fields, without an actor for anonymous changes."""
    person = site.people.get(actor or "")
    who: Body = {"userAccountId": actor, "accountType": _account_type(person.account_type)} if person else {}
    return {**who, "timestamp": timestamp, "suppressNotifications": False}


def _account_type(kind: str) -> str:
    return "app" if kind == "app" else "customer"


def content_body(site: Site, content: Content) -> Body:
    space = site.spaces[content.space_id]
    head = content.versions[-1]
    first = content.versions[0]
    return {
        "id": _event_id(site, content.id),
        "idAsString": str(content.id),
        "title": content.title,
        "contentType": content.type,
        "spaceKey": space.key,
        "spaceId": _event_id(site, space.id),
        "version": content.number,
        "self": f"{site.base_url}/spaces/{space.key}/pages/{content.id}",
        **_authors(first.author_id, head.author_id, first.created_at, head.created_at),
    }


def file_body(site: Site, attachment: Attachment) -> Body:
    head = attachment.head
    first = attachment.versions[0]
    return {
        "id": _event_id(site, attachment.id, file=True),
        "idAsString": str(_event_id(site, attachment.id, file=True)),
        "fileName": head.title,
        "version": attachment.number,
        "comment": head.message,
        "fileSize": head.size,
        "self": f"{site.base_url}/download/attachments/{attachment.container_id}/file?version={attachment.number}",
        **_authors(first.author_id, head.author_id, first.created_at, head.created_at),
    }


def files_event(site: Site, attachments: Sequence[Attachment], actor: str | None, timestamp: int) -> Body:
    """All attachments share one page."""
    container = site.container(attachments[0])
    return base_body(site, actor, timestamp) | {
        "attachedTo": content_body(site, container),
        "attachments": [file_body(site, attachment) for attachment in attachments],
    }


def content_event(site: Site, content: Content, actor: str | None, timestamp: int) -> Body:
    """A page_*, blog_* or content_* event."""
    name = "blog" if content.type == "blogpost" else "page"
    return base_body(site, actor, timestamp) | {name: content_body(site, content)}


def space_event(site: Site, space: Space, actor: str | None, timestamp: int) -> Body:
    facts = {
        "key": space.key,
        "title": space.name,
        "isPersonalSpace": False,
        "self": f"{site.base_url}/spaces/{space.key}",
    }
    return base_body(site, actor, timestamp) | {"space": facts}


def user_event(site: Site, account_id: str, actor: str | None, timestamp: int) -> Body:
    return base_body(site, actor, timestamp) | {"userProfile": {"userAccountId": account_id}}
