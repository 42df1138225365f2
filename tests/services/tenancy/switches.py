"""Switching a space off and on, by itself or with its site; and what then is seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lockpoint.domain.events import AuditKind
from lockpoint.domain.settings import SpaceSettings
from lockpoint.services.listing import page_files
from lockpoint.services.ports.confluence import PropertyHost
from lockpoint.services.reconciliation.webhook_hints import Hint, take_hint
from lockpoint.services.tenancy import site_settings, space_settings
from tests.fakes.world import ACME, BOB, DANA, SAM
from tests.services.stage import Stage

ELSEWHERE = "65539"


def site_rules(stage: Stage, **changes: Any) -> None:
    sam = stage.world.actor(SAM)
    revision = site_settings.overview(stage.world.services, sam).settings.revision
    site_settings.change(stage.world.services, sam, revision=revision, changes=changes)


def space_rules(stage: Stage, space: str | None = None, **own: bool | int | None) -> None:
    dana, space = stage.world.actor(DANA), space or stage.world.site().space_id
    version = space_settings.overview(stage.world.services, dana, space).settings.version
    space_settings.change(stage.world.services, dana, space, SpaceSettings(own=own, version=version))


def by_space(stage: Stage, *, on: bool) -> None:
    space_rules(stage, active=on)


def by_site(stage: Stage, *, on: bool) -> None:
    site_rules(stage, active=on)


def under_an_inactive_site(stage: Stage, *, on: bool) -> None:
    """The space decides for itself; without its decision it is as its site, which is off."""
    site_rules(stage, active=False)
    if on:
        space_rules(stage, active=True)
    else:
        space_rules(stage)


WAYS: dict[str, Any] = {
    "the space": by_space,
    "the site": by_site,
    "a space of an inactive site": under_an_inactive_site,
}


Switch = Callable[..., None]


def conflicts(stage: Stage) -> list[tuple[str | None, str | None]]:
    return [(row.account, row.detail) for row in stage.world.tables.audit_of(ACME) if row.kind is AuditKind.CONFLICT]


def look_at_everything(stage: Stage) -> None:
    stage.reconcile()
    stage.sweep()
    take_hint(stage.world.services, ACME, Hint(attachment_ids=(stage.file.id,), trashed_by=BOB))
    stage.run_jobs()


def listing(stage: Stage) -> page_files.Listing:
    actor, page = stage.world.actor(BOB), stage.file.container
    return page_files.of_container(stage.world.services, actor, page, page_files.Query())


def byline(stage: Stage) -> tuple[object, object]:
    (row,) = stage.world.site().rows[PropertyHost.PAGE, stage.file.container.id, "lockpointpage"]
    return row.value["name"], row.value["lockedCount"]
