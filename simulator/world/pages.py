"""Changes to pages, blog posts, spaces and people. Call under the world's lock."""

from __future__ import annotations

from dataclasses import replace

from simulator.model.entities import Attachment, Content, ContentVersion, Person, PropertyRow, Space
from simulator.model.errors import ApiError
from simulator.model.site import Site
from simulator.webhooks.bodies import base_body, content_body, content_event, space_event, user_event
from simulator.world.world import World

STATUS_EVENTS = {
    ("current", "trashed"): "trashed",
    ("archived", "trashed"): "trashed",
    ("trashed", "current"): "restored",
    ("current", "archived"): "archived",
    ("archived", "current"): "unarchived",
    ("draft", "current"): "created",
    ("trashed", "purged"): "removed",
}
# Shared by files with their page; files trashed alone stay trashed.
_FOLLOWED = {"current", "archived", "trashed", "draft"}


def announce(world: World, site: Site, event: str, content: Content, actor: str | None) -> None:
    """Raise page_<event> or blog_<event>."""
    prefix = "blog" if content.type == "blogpost" else "page"
    body = content_event(site, content, actor, world.clock.now_ms())
    world.webhooks.raise_event(site, f"{prefix}_{event}", body, content)


def create(world: World, site: Site, space: Space, version: ContentVersion, kind: str = "page") -> Content:
    content = Content(site.next_id(), kind, space.id, [version])
    site.contents[content.id] = content
    announce(world, site, "created", content, version.author_id)
    return content


def update(world: World, site: Site, content: Content, version: ContentVersion) -> Content:
    content.versions.append(version)
    announce(world, site, "updated", content, version.author_id)
    return content


def restore(
    world: World, site: Site, content: Content, number: int, author: str | None, *, message: str, title: bool
) -> None:
    if not 1 <= number < content.number:
        raise ApiError(400, f"Version {number} cannot be restored: it does not exist or is the current version")
    old = content.versions[number - 1]
    name = old.title if title else content.title
    fresh = replace(old, created_at=world.clock.now_ms(), author_id=author, message=message, title=name)
    update(world, site, content, fresh)


def set_status(world: World, site: Site, content: Content, status: str, actor: str | None) -> Content:
    """Archive, trash, restore or purge. Raises only the page's event, none for its files."""
    event = STATUS_EVENTS.get((content.status, status))
    if event is None and (content.status, status) != ("current", "draft"):
        raise ApiError(400, f"A page cannot go from {content.status} to {status}")
    before, content.status = content.status, status if status != "purged" else content.status
    if event:
        announce(world, site, event, content, actor)
    for attachment in site.attachments_of(content.id):
        _follow(site, attachment, before, status)
    if status == "purged":
        del site.contents[content.id]
    return content


def _follow(site: Site, attachment: Attachment, before: str, status: str) -> None:
    if status == "purged":
        del site.attachments[attachment.id]
    elif attachment.status == before and status in _FOLLOWED and not attachment.trashed_alone:
        attachment.status = status


def move(world: World, site: Site, content: Content, space: Space, actor: str | None) -> Content:
    content.space_id = space.id
    prefix = "blog" if content.type == "blogpost" else "page"
    body = content_event(site, content, actor, world.clock.now_ms()) | {"oldParent": {}, "newParent": {}}
    world.webhooks.raise_event(site, f"{prefix}_moved", body, content)
    return content


def copy(world: World, site: Site, content: Content, title: str, actor: str | None) -> Content:
    """With attachments (newest version) and properties, under new ids."""
    now = world.clock.now_ms()
    head = replace(content.versions[-1], title=title, author_id=actor, created_at=now, message="")
    twin = Content(site.next_id(), content.type, content.space_id, [head])
    twin.bag.replace(_copied_rows(site, content.bag.rows))
    site.contents[twin.id] = twin
    for attachment in site.attachments_of(content.id):
        if attachment.status == "current":
            version = replace(attachment.head, created_at=now, author_id=actor)
            new = Attachment(site.next_id(), twin.id, [version])
            new.bag.replace(_copied_rows(site, attachment.bag.rows))
            site.attachments[new.id] = new
    if content.type == "page":
        body = content_event(site, twin, actor, now) | {"originalPage": content_body(site, content)}
        world.webhooks.raise_event(site, "page_copied", body, twin)
    return twin


def _copied_rows(site: Site, rows: tuple[PropertyRow, ...]) -> tuple[PropertyRow, ...]:
    return tuple(replace(row, id=site.next_id(), number=1) for row in rows)


def restrict(
    world: World, site: Site, content: Content, actor: str | None, *, read: set[str] | None, update: set[str] | None
) -> Content:
    """An empty set lifts, None keeps."""
    content.read = content.read if read is None else read
    content.update = content.update if update is None else update
    body = base_body(site, actor, world.clock.now_ms()) | {"content": content_body(site, content)}
    world.webhooks.raise_event(site, "content_permissions_updated", body, content)
    return content


def set_space_status(world: World, site: Site, space: Space, status: str, actor: str | None) -> Space:
    """Archive, trash or restore; raises the space's event only."""
    if status not in {"current", "archived", "trashed"}:
        raise ApiError(400, "status is current, archived or trashed")
    space.status = status
    event = "space_trashed" if status == "trashed" else "space_updated"
    world.webhooks.raise_event(site, event, space_event(site, space, actor, world.clock.now_ms()))
    return space


def space_permissions(world: World, site: Site, space: Space, account_id: str, operations: set[str]) -> None:
    space.permissions[account_id] = operations
    body = space_event(site, space, None, world.clock.now_ms())
    world.webhooks.raise_event(site, "space_permissions_updated", body)


def set_account_status(world: World, site: Site, person: Person, status: str) -> None:
    if status not in {"active", "inactive", "closed"}:
        raise ApiError(400, "status is active, inactive or closed")
    person.status = status
    person.changed_at = world.clock.now_ms()
    event = "user_reactivated" if status == "active" else "user_removed"
    world.webhooks.raise_event(site, event, user_event(site, person.account_id, None, world.clock.now_ms()))
