"""What admins decide for a site and its spaces, and what follows from it for one space.

A space inherits `SpaceRules` from its site, one by one. Each setting carries its effect and range: forms, the check of
what arrives and the reference in docs/ read them here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any, Final, TypeVar, get_args, get_type_hints

from lockpoint.domain.lock import Limits

SCHEMA: Final = 1
MOST_ACCOUNTS: Final = 100
LONGEST_ID: Final = 128

Accounts = tuple[str, ...]
"""AccountIDs or ids of groups, sorted, each once."""


class Source(StrEnum):
    """Where the value of a setting comes from."""

    DEFAULT = "default"
    SITE = "site"
    SPACE = "space"


@dataclass(frozen=True, slots=True)
class Setting:
    """What a setting does, and for numbers the least and the most."""

    effect: str
    least: int = 0
    most: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SpaceRules:
    """What a site decides for all its spaces, and a space for itself; an hour of None switches off."""

    active: Annotated[bool, Setting("Lockpoint works; elsewhere it shows, undoes and mails nothing.")] = True
    warn_after_hours: Annotated[int | None, Setting("Hours after which a holder is warned.", 1, 8760)] = 24
    unlock_after_hours: Annotated[int | None, Setting("Hours after which a lock ends by itself.", 1, 8760)] = 48
    strict: Annotated[bool, Setting("Changes of unlocked files are undone, too, when heard of within 3 h.")] = False
    undo_trash: Annotated[bool, Setting("A locked file that somebody else trashes comes back.")] = True
    undo_rename: Annotated[bool, Setting("A locked file that somebody else renames gets its name back.")] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteSettings:
    """`rules` are those of spaces that decide nothing themselves; `revision` grows with every change.

    `schema` is that of the version of the app that saved them.
    """

    rules: SpaceRules = SpaceRules()
    longest_days: Annotated[int, Setting("Days that a lock lives at most, extensions included.", 1, 365)] = 30
    endless: Annotated[bool, Setting("Locks may have no end; their holders are reminded every week.")] = False
    admins_may_overwrite: Annotated[bool, Setting("Uploads of admins over other people's locks stay.")] = False
    allowed_apps: Annotated[Accounts, Setting("Accounts of apps whose uploads count as the holder's.")] = ()
    restores: Annotated[int, Setting("Undone uploads of a person in ten minutes before a pause.", 1, 20)] = 3
    copy_mode: Annotated[bool, Setting("Files that Confluence does not restore itself are copied.")] = False
    comments: Annotated[bool, Setting("Who cannot be mailed is mentioned in a comment on the page.")] = False
    usage_counts: Annotated[bool, Setting("Anonymous counts of what is used are kept.")] = False
    revision: int = 0
    schema: int = SCHEMA


@dataclass(frozen=True, slots=True, kw_only=True)
class SpaceSettings:
    """`own` are the rules that the space decides itself; `version` is that of its property, 0 before the first.

    `schema` is that of the version of the app that saved them.
    """

    own: Mapping[str, bool | int | None] = field(default_factory=dict)
    managers: Accounts = ()
    manager_groups: Accounts = ()
    version: int = 0
    schema: int = SCHEMA


@dataclass(frozen=True, slots=True)
class InForce:
    """The settings that hold in one space."""

    site: SiteSettings = SiteSettings()
    space: SpaceSettings = field(default_factory=SpaceSettings)

    @property
    def rules(self) -> SpaceRules:
        own: Mapping[str, Any] = self.space.own
        return replace(self.site.rules, **own)

    @property
    def limits(self) -> Limits:
        """Without an automatic unlock a lock lives as long as it may, or for ever where that is allowed."""
        hours, longest = self.rules.unlock_after_hours, timedelta(days=self.site.longest_days)
        default = longest if hours is None else timedelta(hours=hours)
        return Limits(default=default, longest=longest, endless=self.site.endless and hours is None)

    def source(self, rule: str) -> Source:
        if rule in self.space.own:
            return Source.SPACE
        return Source.DEFAULT if getattr(self.site.rules, rule) == getattr(SpaceRules(), rule) else Source.SITE


@dataclass(frozen=True, slots=True)
class Switched:
    """What a change of settings does at once: `toggled` is on or off."""

    toggled: bool
    returns: bool
    strict_begins: bool


def switched(before: InForce, after: InForce) -> Switched:
    """Return what changes where these settings hold."""
    was, is_ = before.rules, after.rules
    return Switched(
        toggled=was.active is not is_.active,
        returns=is_.active and not was.active,
        strict_begins=is_.strict and not was.strict,
    )


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a setting, for people."""

    field: str
    text: str


def problems_of(rules: SpaceRules, longest_days: int) -> tuple[Problem, ...]:
    """Return what is wrong with rules that are each within their range."""
    warn, unlock, found = rules.warn_after_hours, rules.unlock_after_hours, []
    if warn is not None and unlock is not None and warn >= unlock:
        found.append(Problem("warn_after_hours", "The warning must come before the automatic unlock."))
    if unlock is not None and unlock > longest_days * 24:
        text = f"The automatic unlock must not come after the longest life of a lock, {longest_days} days."
        found.append(Problem("unlock_after_hours", text))
    return tuple(found)


def changed(settings: SiteSettings, changes: Mapping[str, object]) -> SiteSettings:
    """Return the settings with these members changed, which are of their kind and within their range."""
    rules: dict[str, Any] = {name: value for name, value in changes.items() if name in kinds_of(SpaceRules)}
    others: dict[str, Any] = {name: value for name, value in changes.items() if name in kinds_of(SiteSettings)}
    return replace(settings, rules=replace(settings.rules, **rules), **others)


def difference(one: Mapping[str, object], other: Mapping[str, object]) -> tuple[str, ...]:
    """Return the names of the members that differ, sorted."""
    return tuple(sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name)))


def site_fields(settings: SiteSettings) -> dict[str, object]:
    """Return a site's settings as JSON; the rules stand beside the others."""
    members = asdict(settings)
    rules: dict[str, object] = members.pop("rules")
    return {**members, **rules, "allowed_apps": list(settings.allowed_apps)}


def site_settings_from(stored: Mapping[str, object]) -> SiteSettings:
    """Return stored settings; what is missing or of another kind has its default.

    So what a newer version of the app saved holds as far as this one knows it: later schemas keep what members mean.
    """
    revision, rules = stored.get("revision"), _read(SpaceRules(), stored)
    counted = revision if isinstance(revision, int) else 0
    return _read(SiteSettings(rules=rules, revision=counted, schema=schema_of(stored)), stored)


def space_fields(settings: SpaceSettings) -> dict[str, object]:
    """Return a space's settings as JSON, without the version, which is the property's."""
    people = {"managers": list(settings.managers), "manager_groups": list(settings.manager_groups)}
    return {"schema": settings.schema, "rules": dict(settings.own), **people}


def space_settings_from(stored: Mapping[str, object], version: int) -> SpaceSettings:
    """Return stored settings without what is of another kind; of a newer version of the app as for a site."""
    rules = stored.get("rules")
    return SpaceSettings(
        own=_fitting(SpaceRules, rules if isinstance(rules, dict) else {}),
        managers=accounts_from(stored.get("managers")),
        manager_groups=accounts_from(stored.get("manager_groups")),
        version=version,
        schema=schema_of(stored),
    )


def schema_of(stored: Mapping[str, object], known: int = SCHEMA) -> int:
    """Return the schema of a signed value of ours, at least the known one; a later one must not be written over."""
    schema = stored.get("schema")
    return max(schema, known) if isinstance(schema, int) else known


def accounts_from(value: object) -> Accounts:
    """Return ids in their stored order and number, without what is none."""
    ids = {entry for entry in value if _is_id(entry)} if isinstance(value, list | tuple) else set()
    return tuple(sorted(ids))[:MOST_ACCOUNTS]


def kinds_of(settings: type[SpaceRules | SiteSettings]) -> Mapping[str, tuple[object, Setting]]:
    """Return the type and description of each setting, by name."""
    return _KINDS[settings]


def _kinds_read(settings: type[SpaceRules | SiteSettings]) -> dict[str, tuple[object, Setting]]:
    hints = get_type_hints(settings, include_extras=True)
    described = {name: get_args(hints[name]) for name in (one.name for one in fields(settings))}
    return {name: (kind[0], kind[1]) for name, kind in described.items() if kind and isinstance(kind[-1], Setting)}


_KINDS: Final[Mapping[type, Mapping[str, tuple[object, Setting]]]] = {
    SpaceRules: _kinds_read(SpaceRules),
    SiteSettings: _kinds_read(SiteSettings),
}
"""Read once: every use case asks for settings."""

T = TypeVar("T", SpaceRules, SiteSettings)


def _read(settings: T, stored: Mapping[str, object]) -> T:
    return replace(settings, **_fitting(type(settings), stored))


def _fitting(settings: type[SpaceRules | SiteSettings], stored: Mapping[str, object]) -> dict[str, Any]:
    kinds = kinds_of(settings)
    found = {name: stored[name] for name, kind in kinds.items() if name in stored and _fits(*kind, stored[name])}
    return {name: accounts_from(value) if kinds[name][0] == Accounts else value for name, value in found.items()}


def _fits(kind: object, setting: Setting, value: object) -> bool:
    """Return whether a stored value is of the setting's kind and within its range."""
    if kind is bool:
        return isinstance(value, bool)
    if kind == Accounts:
        return isinstance(value, list)
    if value is None:
        return kind == int | None
    return isinstance(value, int) and not isinstance(value, bool) and setting.least <= value <= setting.most


def _is_id(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST_ID
