"""Versions of an attachment, with gaps detected."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lockpoint.confluence.http.calls import Objects, get
from lockpoint.confluence.http.ids import rest_attachment_id
from lockpoint.confluence.parsing import attachment_version, listed_version, made_version
from lockpoint.services.errors import BadAnswer, HostUnavailable

if TYPE_CHECKING:
    from datetime import datetime

    from lockpoint.confluence.http.calls import Call, Caller, QueryPairs
    from lockpoint.confluence.http.client import ConfluenceClient
    from lockpoint.confluence.http.json_reader import Answer
    from lockpoint.domain.history.judge import Version

PAGE: Final = 50
MOST_PAGES: Final = 40


@dataclass(frozen=True, slots=True)
class Histories:
    client: ConfluenceClient

    def versions(
        self, caller: Caller, attachment_id: str, back_to: datetime | None
    ) -> tuple[tuple[Version, ...], bool]:
        """1 point per fifty and 1 per version.

        Numbers are positions: a list that changed while read has a gap or double. Reread once before it counts as
        incomplete. An odd version ends the list: what is older is not known either.
        """
        call = get(
            "attachments.versions",
            f"/api/v2/attachments/{rest_attachment_id(attachment_id)}/versions",
            query=(("limit", str(PAGE)), ("sort", "-modified-date")),
            objects=Objects.CORE,
            listing=True,
        )
        found = self._walk(caller, call, back_to)
        if not _seamless(found, back_to):
            found = self._walk(caller, call, back_to)
        return found, _seamless(found, back_to)

    def version(self, caller: Caller, attachment_id: str, number: int) -> Version:
        """2 points; raises `GoneOrInvisible`."""
        version = self._read(caller, attachment_id, (("version", str(number)),))
        if version.number != number:
            raise BadAnswer("attachments.version: another version than asked")
        return version

    def head(self, caller: Caller, attachment_id: str) -> Version:
        """2 points."""
        return self._read(caller, attachment_id, ())

    def made(self, caller: Caller, attachment_id: str, answer: Answer, message: str) -> Version:
        """Return the version a write just made, from its answer or by reading.

        `HostUnavailable` (outcome unknown) when the newest version's message is not ours.
        """
        if answer.text_or_none("when") and answer.data.get("number") is not None:
            return made_version(answer)
        head = self.head(caller, attachment_id)
        if head.message != message:
            raise HostUnavailable(f"{answer.operation}: done, but which version it made is unknown")
        return head

    def _read(self, caller: Caller, attachment_id: str, query: QueryPairs) -> Version:
        path = f"/api/v2/attachments/{rest_attachment_id(attachment_id)}"
        call = get("attachments.version", path, query=query, objects=Objects.CORE)
        return attachment_version(self.client.ask(caller, call).answer)

    def _walk(self, caller: Caller, call: Call, back_to: datetime | None) -> tuple[Version, ...]:
        found: set[Version] = set()
        asked: set[QueryPairs] = set()
        following: QueryPairs | None = call.query
        while following is not None and following not in asked and len(asked) < MOST_PAGES:
            asked.add(following)
            answer = self.client.ask(caller, call.asking(following)).answer
            newest, whole = _before_odd(answer)
            found.update(newest)
            following = answer.next_query() if whole and not _reaches(found, back_to) else None
        return tuple(sorted(found, key=lambda version: version.number))


def _before_odd(answer: Answer) -> tuple[tuple[Version, ...], bool]:
    """Return the versions newer than the newest odd one, and whether none is odd."""
    found, odd = answer.sorted_out(listed_version)
    return (found[: answer.items().index(odd[0])], False) if odd else (found, True)


def _reaches(versions: set[Version], back_to: datetime | None) -> bool:
    return back_to is not None and any(version.created <= back_to for version in versions)


def _seamless(ordered: tuple[Version, ...], back_to: datetime | None) -> bool:
    if not ordered:
        return False
    first = ordered[0]
    to_the_end = first.number == 1 or (back_to is not None and first.created <= back_to)
    return to_the_end and [version.number for version in ordered] == list(
        range(first.number, first.number + len(ordered))
    )
