"""Write docs/settings.md: every setting of site and space, as `domain.settings` has it.

usage: bin/settings-page [--check]
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pydantic.alias_generators import to_camel

from lockpoint.domain.settings import MOST_ACCOUNTS, Accounts, Setting, SiteSettings, SpaceRules, kinds_of

PAGE: Final = Path(__file__).parents[1] / "docs" / "settings.md"
_HEAD: Final = """\
# Settings

Written by `bin/settings-page` from `lockpoint/domain/settings.py`. Operators' environment variables are in
[operations.md](operations.md).

A site's settings are in the app property `lockpointsite`, those of a space in the space property `lockpointspace`;
both are signed. Site admins change the first by `PUT /api/v1/settings`, admins of a space the second by
`PUT /api/v1/spaces/{key}/settings`; what a space leaves out is the site's. A change counts within five seconds
everywhere and is in the audit log. Who saves over somebody else's change gets `settings_changed` with the names of
what differs; a bad value is refused with the name of its field.

What a newer version of Lockpoint saved holds as far as the running one knows it: later versions add settings under new
names, and what a name means stays. The running one writes nothing over it and answers `newer_settings` until it is
updated. So after a return to an older version settings hold, and cannot be changed.
"""


def page() -> str:
    return "\n".join([_HEAD, *_table("For a site and, where it decides so, for a space", SpaceRules()),
                      "", *_table("For a site only", SiteSettings()), "", *_SPACE_ONLY, "", _RUNNING])  # fmt: skip


_MANAGERS: Final = (
    f"| `managers` | none | up to {MOST_ACCOUNTS} people and {MOST_ACCOUNTS} groups | They end others' locks there; "
    "people named are told of locks that do not protect, members of groups are not. |"
)

_SPACE_ONLY: Final = (
    "## For a space only",
    "",
    "| setting | default | values | effect |",
    "|---|---|---|---|",
    _MANAGERS,
)


_RUNNING: Final = """\
## What they mean for locks that run

- `warnAfterHours` and `unlockAfterHours` count from locking, or from the last extension. Whoever locks for another
  time is warned as long before the end as warning and unlock lie apart, but not before `warnAfterHours` have passed; a
  lock that lasts no longer than that is not warned of. Without an automatic unlock the warning comes a day before the
  end. Each end is warned of once; an extension asks for another warning.
- A shorter `unlockAfterHours` or `longestDays`, and `endless` switched off, count for running locks, too, from the
  change on. No lock ends within an hour of that: one that would be over ends an hour later, and its holder is warned at
  once. A time that its holder asked for is bounded by `longestDays` alone.
- Longer ones lengthen no running lock; extending it takes them.
- Sweeps see to this, every quarter of an hour (`LOCKPOINT_SWEEP_SECONDS`; less often with thousands of locks), so mails
  come that much late. The end itself does not: every list, call and upload sees it on the second.
- Locks without an end are listed to their holder once a week, at a moment of the week of their own.
"""


def _table(title: str, settings: SpaceRules | SiteSettings) -> Iterator[str]:
    yield from (f"## {title}", "", "| setting | default | values | effect |", "|---|---|---|---|")
    for name, (kind, setting) in kinds_of(type(settings)).items():
        default = _shown(getattr(settings, name))
        yield f"| `{to_camel(name)}` | {default} | {_values(kind, setting)} | {setting.effect} |"


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return "none" if value in (None, ()) else str(value)


def _values(kind: object, setting: Setting) -> str:
    if kind is bool:
        return "on, off"
    if kind == Accounts:
        return f"up to {MOST_ACCOUNTS} accounts"
    numbers = f"{setting.least} to {setting.most}"
    return numbers if kind is int else f"{numbers}, or `null`: never"


def main(arguments: list[str]) -> int:
    if "--check" in arguments:
        return int(PAGE.read_text(encoding="utf-8") != page())
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
