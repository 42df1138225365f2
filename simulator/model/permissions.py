"""Space permissions, page restrictions and app-access rules."""

from __future__ import annotations

from simulator.model.entities import Attachment, Content, Space
from simulator.model.site import Site

EDITOR = frozenset({"read", "update", "delete"})
VIEWER = frozenset({"read"})
SPACE_ADMIN = EDITOR | {"administer"}


def is_active(site: Site, account_id: str | None) -> bool:
    """Whether the account exists and may sign in."""
    person = site.people.get(account_id or "")
    return person is not None and person.active


def may_in_space(site: Site, account_id: str | None, operation: str, space: Space) -> bool:
    """Operations: read, update, delete, administer."""
    return is_active(site, account_id) and operation in space.permissions.get(account_id or "", ())


def _restricted_out(account_id: str, operation: str, content: Content) -> bool:
    if content.read and account_id not in content.read:
        return True
    return operation != "read" and bool(content.update) and account_id not in content.update


def may(site: Site, account_id: str | None, operation: str, content: Content) -> bool:
    """Read, update or delete, restrictions included."""
    space = site.spaces[content.space_id]
    if account_id is None and site.behaviour.public:
        return operation == "read" and not content.read and space.status != "trashed"
    if not may_in_space(site, account_id, operation, space) or account_id is None:
        return False
    if account_id in space.blocked_apps or space.status == "trashed":
        return False
    return not _restricted_out(account_id, operation, content)


def may_write(site: Site, account_id: str | None, content: Content) -> bool:
    """Update permission, page and space current."""
    alive = content.status in {"current", "draft"} and site.spaces[content.space_id].status == "current"
    return alive and may(site, account_id, "update", content)


def may_file(site: Site, account_id: str | None, operation: str, attachment: Attachment) -> bool:
    return may(site, account_id, operation, site.container(attachment))


def content_operations(site: Site, account_id: str | None, content: Content, target: str) -> list[dict[str, str]]:
    """The caller's v2 `operations` on content."""
    names = [name for name in ("read", "update", "delete") if may(site, account_id, name, content)]
    if not may_write(site, account_id, content):
        names = [name for name in names if name == "read"]
    if "update" in names:
        names += ["copy", "move", "restore"]
    if may_in_space(site, account_id, "administer", site.spaces[content.space_id]):
        names += ["purge", "purge_version", "restrict_content"]
    return [{"operation": name, "targetType": target} for name in names]


def space_operations(site: Site, account_id: str | None, space: Space) -> list[dict[str, str]]:
    operations = []
    if may_in_space(site, account_id, "read", space):
        operations.append({"operation": "read", "targetType": "space"})
    if may_in_space(site, account_id, "update", space):
        targets = ("page", "blogpost", "comment", "attachment")
        operations += [{"operation": "create", "targetType": target} for target in targets]
    if may_in_space(site, account_id, "administer", space):
        operations += [
            {"operation": name, "targetType": "space"} for name in ("update", "delete", "administer", "export")
        ]
    return operations


def site_operations(site: Site, account_id: str | None) -> list[dict[str, str]]:
    """For v1 `user?expand=operations`."""
    if not is_active(site, account_id):
        return []
    operations = [{"operation": "use", "targetType": "application"}]
    if site.people[account_id or ""].site_admin:
        operations.append({"operation": "administer", "targetType": "application"})
    return operations
