"""JSON for the browser: people, home, page."""

from __future__ import annotations

from collections import Counter
from typing import Any

from simulator.connect.surfaces import shown_modules
from simulator.control.app_pages import app_pages, body_json, macro_modules
from simulator.forge.frames import shown_surfaces
from simulator.forge.lifecycle import facts
from simulator.model.clock import iso
from simulator.model.entities import App, Attachment, Content, Person
from simulator.model.errors import not_found
from simulator.model.permissions import may, may_in_space, may_write
from simulator.model.site import Site
from simulator.rest.v2_shapes import content_path, download_link

Json = dict[str, Any]


def person_json(person: Person) -> Json:
    return {
        "accountId": person.account_id,
        "name": person.name,
        "displayName": person.display_name,
        "email": person.email,
        "accountType": person.account_type,
        "active": person.active,
        "status": person.status,
        "timeZone": person.time_zone,
        "locale": person.locale,
        "role": person.role,
        "siteAdmin": person.site_admin,
    }


def people_json(site: Site) -> list[Json]:
    """App users last."""
    return [person_json(p) for p in sorted(site.people.values(), key=lambda p: p.account_type == "app")]


def me_json(site: Site, account_id: str | None) -> Json:
    person = site.people.get(account_id or "")
    return {"site": site.key, "siteName": site.name, "me": person_json(person) if person else None}


def app_json(app: App, site: Site | None = None) -> Json:
    shape: Json = {"key": app.key, "name": app.name, "baseUrl": app.base_url, "scopes": sorted(app.scopes)}
    installation = site.installations.get(app.key) if site else None
    if installation:
        shape |= {
            "state": installation.state,
            "clientKey": installation.client_key,
            "accountId": installation.account_id,
            "licence": installation.licence,
        }
    return shape


def apps_json(site: Site) -> list[Json]:
    """Uninstalled apps, too."""
    return [app_json(installation.app, site) for installation in site.installations.values()]


def home_json(site: Site, account_id: str | None) -> Json:
    spaces = [s for s in site.spaces.values() if may_in_space(site, account_id, "read", s)]
    administered = {s.id for s in spaces if may_in_space(site, account_id, "administer", s)}
    contents = [c for c in site.contents.values() if may(site, account_id, "read", c)]
    counts = Counter(a.container_id for a in site.attachments.values() if a.status != "trashed")
    return me_json(site, account_id) | {
        "people": people_json(site),
        "baseUrl": site.base_url,
        "spaces": [
            {"id": str(s.id), "key": s.key, "name": s.name, "status": s.status, "administer": s.id in administered}
            for s in spaces
        ],
        "contents": [
            {
                "id": str(c.id),
                "type": c.type,
                "title": c.title,
                "status": c.status,
                "spaceKey": site.spaces[c.space_id].key,
                "url": "/wiki" + content_path(site, c),
                "attachments": counts[c.id],
            }
            for c in sorted(contents, key=lambda c: c.id)
        ],
        "appPages": app_pages(site),
        "apps": apps_json(site),
    }


def _author(site: Site, account_id: str | None) -> str:
    person = site.people.get(account_id or "")
    return person.display_name if person else "Anonymous"


def versions_json(site: Site, attachment: Attachment) -> list[Json]:
    """Newest first."""
    versions = [
        {
            "number": number,
            "createdAt": iso(version.created_at),
            "authorId": version.author_id,
            "author": _author(site, version.author_id),
            "message": version.message,
            "minorEdit": version.minor_edit,
            "title": version.title,
            "fileSize": version.size,
            "fileId": version.file_id,
            "downloadUrl": "/wiki" + download_link(attachment, version, number),
            "current": number == attachment.number,
        }
        for number, version in enumerate(attachment.versions, 1)
    ]
    return versions[::-1]


def file_json(site: Site, attachment: Attachment) -> Json:
    """With versions and properties."""
    head = attachment.head
    return {
        "id": f"att{attachment.id}",
        "pageId": str(attachment.container_id),
        "title": attachment.title,
        "status": attachment.status,
        "mediaType": head.media_type,
        "fileSize": head.size,
        "version": attachment.number,
        "downloadUrl": "/wiki" + download_link(attachment, head, attachment.number),
        "properties": {row.key: row.value for row in attachment.bag.rows},
        "versions": versions_json(site, attachment),
    }


def content_json(site: Site, content: Content) -> Json:
    return {
        "id": str(content.id),
        "type": content.type,
        "title": content.title,
        "status": content.status,
        "version": content.number,
        "body": content.versions[-1].body,
        "url": "/wiki" + content_path(site, content),
        "spaceKey": site.spaces[content.space_id].key,
        "restrictions": {"read": sorted(content.read), "update": sorted(content.update)},
        "properties": {row.key: row.value for row in content.bag.rows},
    }


def page_view(site: Site, content_id: int, account_id: str | None) -> Json:
    """As a person sees it; 404 without permission."""
    content = site.contents.get(content_id)
    if content is None or not may(site, account_id, "read", content):
        raise not_found("page")
    space = site.spaces[content.space_id]
    return me_json(site, account_id) | {
        "baseUrl": site.base_url,
        "people": people_json(site),
        "space": {"id": str(space.id), "key": space.key, "name": space.name},
        "page": content_json(site, content),
        "may": {
            "update": may_write(site, account_id, content),
            "delete": may_write(site, account_id, content) and may(site, account_id, "delete", content),
            "administer": may_in_space(site, account_id, "administer", space),
        },
        "attachments": [file_json(site, attachment) for attachment in site.attachments_of(content.id)],
        "blocks": body_json(site, content),
        "modules": shown_modules(site, content),
        "forge": shown_surfaces(site),
        "macros": list(macro_modules(site).values()),
        "apps": apps_json(site),
    }


def site_json(site: Site) -> Json:
    return {
        "key": site.key,
        "name": site.name,
        "baseUrl": site.base_url,
        "cloudId": site.cloud_id,
        "people": people_json(site),
        "spaces": [
            {
                "id": str(s.id),
                "key": s.key,
                "name": s.name,
                "status": s.status,
                "permissions": {account: sorted(rights) for account, rights in s.permissions.items()},
                "blockedApps": sorted(s.blocked_apps),
                "properties": {row.key: row.value for row in s.bag.rows},
            }
            for s in site.spaces.values()
        ],
        "contents": [content_json(site, content) for content in site.contents.values()],
        "attachments": [file_json(site, attachment) for attachment in site.attachments.values()],
        "comments": [
            {"id": str(c.id), "pageId": str(c.content_id), "authorId": c.author_id, "body": c.body}
            for c in site.comments.values()
        ],
        "apps": apps_json(site),
        "forgeApps": [facts(site, installation) for installation in site.forge.values()],
    }
