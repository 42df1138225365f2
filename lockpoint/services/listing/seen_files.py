"""Names and links of files by their ids, as one person sees them."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from lockpoint.services.container import Services
from lockpoint.services.context import Actor, Priority
from lockpoint.services.errors import Forbidden, GoneOrInvisible, HostError
from lockpoint.services.known_pages import KEPT, KnownPage
from lockpoint.services.ports.confluence import Attachment
from lockpoint.services.quota_accounting import spending_on


class Hidden:
    """In place of a file: gone, or not for this person."""


def file_seen(services: Services, actor: Actor, file_id: str) -> Attachment | type[Hidden] | None:
    """Return the file as this person reads it, or as they read it within minutes; None where Confluence fails."""
    place, now = f"notice/{file_id}", services.clock.now()
    page = services.known_pages.get(actor, place)
    if page is not None and now - page.read_at <= KEPT:
        return page.files[0]
    try:
        file = services.attachments.get(
            actor.tenant,
            file_id,
            priority=Priority.INTERACTIVE,
            person=actor.account_id,
            properties=False,
            operations=False,
        )
    except (GoneOrInvisible, Forbidden):
        return Hidden
    except HostError:
        return None
    services.known_pages.put(actor, place, KnownPage((file,), (), now))
    return file


def files_named(services: Services, actor: Actor, ids: Collection[str]) -> Mapping[str, Attachment | None]:
    """Return each file that the person sees by its id, in the order asked; None where Confluence could not be asked.

    Those that are gone or not for this person are missing: nobody learns which of both.
    """
    found: dict[str, Attachment | type[Hidden] | None] = {}

    def look(file_id: str) -> None:
        found[file_id] = file_seen(services, actor, file_id)

    with spending_on("name_files"):
        services.parallel.each(look, dict.fromkeys(ids))
    in_order = {key: found[key] for key in ids}
    return {key: one if isinstance(one, Attachment) else None for key, one in in_order.items() if one is not Hidden}
