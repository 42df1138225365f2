"""The shapes of settings, made from what `domain.settings` says of each."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import Field, StringConstraints, create_model

from lockpoint.domain.settings import (
    LONGEST_ID,
    MOST_ACCOUNTS,
    Accounts,
    Setting,
    SiteSettings,
    Source,
    SpaceRules,
    kinds_of,
)
from lockpoint.web.api.schemas import LARGEST_COUNT, Command, Incoming, Outgoing, SelfTestModel, UsageModel

Revision = Annotated[int, Field(strict=True, ge=0, le=LARGEST_COUNT)]
Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9:_-]+$", max_length=LONGEST_ID)]
IdList = Annotated[tuple[Id, ...], Field(max_length=MOST_ACCOUNTS)]


def _taken(settings: SpaceRules | SiteSettings) -> dict[str, Any]:
    """Return the members of a request; one that is left out is not among those that were set."""
    return {
        name: (_checked(kind, setting), Field(getattr(settings, name), description=setting.effect))
        for name, (kind, setting) in kinds_of(type(settings)).items()
    }


def _checked(kind: object, setting: Setting) -> Any:
    if kind is bool:
        return Annotated[bool, Field(strict=True)]
    if kind == Accounts:
        return IdList
    number = Annotated[int, Field(strict=True, ge=setting.least, le=setting.most)]
    return number if kind is int else number | None


def _shown(settings: type[SpaceRules | SiteSettings]) -> dict[str, Any]:
    """Return the members of an answer, all of them required."""
    kinds = kinds_of(settings)
    return {name: (list[str] if kind == Accounts else kind, ...) for name, (kind, _) in kinds.items()}


class _SiteBody(Command):
    """`revision` is the one that was read; what is left out stays as it is."""

    revision: Revision


class _Site(Outgoing):
    """The site's settings; `kept` is every stored usage count of the site."""

    revision: int
    kept: list[UsageModel]
    restore_self_test: SelfTestModel


class _Rules(Incoming):
    """What the space decides itself; what is left out is inherited."""


SettingsBody = create_model("SettingsBody", __base__=_SiteBody, **_taken(SpaceRules()), **_taken(SiteSettings()))
SettingsModel = create_model("SettingsModel", __base__=_Site, **_shown(SpaceRules), **_shown(SiteSettings))
RulesBody = create_model("RulesBody", __base__=_Rules, **_taken(SpaceRules()))


class ManagersBody(Incoming):
    """AccountIDs, and ids of groups."""

    people: IdList
    groups: IdList


class SpaceSettingsBody(Command):
    """`version` is the one that was read; all of the space's settings are replaced."""

    version: Revision
    rules: RulesBody
    managers: ManagersBody


class RuleModel(Outgoing):
    """`inherited` is what would hold if the space did not decide."""

    value: bool | int | None
    source: Source
    inherited: bool | int | None


class _Held(Outgoing):
    """What holds in the space."""


_RULES: Final[dict[str, Any]] = dict.fromkeys(kinds_of(SpaceRules), (RuleModel, ...))
RulesModel = create_model("RulesModel", __base__=_Held, **_RULES)


class ManagersModel(Outgoing):
    people: list[str]
    groups: list[str]


class SpaceSettingsModel(Outgoing):
    """`altered`: somebody changed the stored settings without the app; saving writes them again."""

    space_id: str
    version: int
    altered: bool
    rules: RulesModel
    managers: ManagersModel
