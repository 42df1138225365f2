"""People and groups to choose from, as Confluence shows them to the person who types, and names of those chosen."""

from __future__ import annotations

from collections.abc import Sequence

from lockpoint.services.container import Services
from lockpoint.services.context import Actor, Priority
from lockpoint.services.errors import Rejected
from lockpoint.services.ports.confluence import Group, Person
from lockpoint.services.quota_accounting import spending_on


def find_people(services: Services, actor: Actor, text: str, *, apps: bool = False) -> Sequence[Person]:
    """Nobody for an empty text, nor for one that Confluence's search does not understand."""
    if not text.strip():
        return ()
    with spending_on("find_people"):
        try:
            return services.directory.find_people(
                actor.tenant, actor.account_id, text.strip(), priority=Priority.INTERACTIVE, apps=apps
            )
        except Rejected:
            return ()


def find_groups(services: Services, actor: Actor, text: str) -> Sequence[Group]:
    """None for an empty text, nor for one that Confluence's search does not understand."""
    if not text.strip():
        return ()
    with spending_on("find_groups"):
        try:
            return services.directory.find_groups(
                actor.tenant, actor.account_id, text.strip(), priority=Priority.INTERACTIVE
            )
        except Rejected:
            return ()


def people_named(services: Services, actor: Actor, accounts: Sequence[str]) -> Sequence[Person]:
    """Return the people and apps with these accounts that Confluence knows."""
    with spending_on("find_people"):
        return tuple(services.people.describe(actor.tenant, accounts, priority=Priority.INTERACTIVE).values())


def groups_named(services: Services, actor: Actor, ids: Sequence[str]) -> Sequence[Group]:
    """Return the groups with these ids that Confluence shows to the caller."""
    with spending_on("find_groups"):
        return services.directory.groups_named(actor.tenant, actor.account_id, ids, priority=Priority.INTERACTIVE)
