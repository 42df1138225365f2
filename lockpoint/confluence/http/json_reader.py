"""Lenient reading of answers: what is used must be there and have the right shape, everything else is ignored."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from lockpoint.services.errors import BadAnswer

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Answer:
    """One JSON object of an answer; `operation` names the call in errors, which never quote the content."""

    operation: str
    data: Mapping[str, object]

    def _wrong(self, name: str) -> BadAnswer:
        return BadAnswer(f"{self.operation}: field {name!r} is missing or has the wrong type")

    def text(self, name: str) -> str:
        """Give a string; numbers are accepted, since ids come as either. BadAnswer otherwise."""
        value = self.data.get(name)
        if isinstance(value, bool) or not isinstance(value, (str, int)):
            raise self._wrong(name)
        return str(value)

    def text_or_none(self, name: str) -> str | None:
        """Give a string, or None when it is missing, null or empty. BadAnswer for another type."""
        if self.data.get(name) in (None, ""):
            return None
        return self.text(name)

    def number(self, name: str) -> int:
        """Give an integer; a string of digits is accepted. BadAnswer otherwise."""
        value = self.text(name)
        try:
            return int(value)
        except ValueError:
            raise self._wrong(name) from None

    def number_or_none(self, name: str) -> int | None:
        """Give an integer, or None when it is missing or null. BadAnswer for another type."""
        return None if self.data.get(name) is None else self.number(name)

    def flag(self, name: str) -> bool:
        """Say whether the field is exactly `true`; anything else, also missing, is no."""
        return self.data.get(name) is True

    def moment(self, name: str) -> datetime:
        """Give a time in UTC. BadAnswer when it is missing or has no offset."""
        try:
            moment = datetime.fromisoformat(self.text(name))
        except ValueError:
            raise self._wrong(name) from None
        if moment.tzinfo is None:
            raise self._wrong(name)
        return moment.astimezone(UTC)

    def part(self, name: str) -> Answer:
        """Give a nested object. BadAnswer when there is none."""
        value = self.data.get(name)
        if not isinstance(value, dict):
            raise self._wrong(name)
        return Answer(self.operation, value)

    def part_or_empty(self, name: str) -> Answer:
        """Give a nested object, or an empty one when it is missing or null. BadAnswer for another type."""
        return Answer(self.operation, {}) if self.data.get(name) is None else self.part(name)

    def items(self, name: str = "results") -> tuple[Answer, ...]:
        """Give a list of objects. BadAnswer when it is missing or holds anything else."""
        value = self.data.get(name)
        if not isinstance(value, list):
            raise self._wrong(name)
        return tuple(self._item(name, item) for item in value)

    def _item(self, name: str, item: object) -> Answer:
        if not isinstance(item, dict):
            raise self._wrong(name)
        return Answer(self.operation, item)

    def next_query(self) -> tuple[tuple[str, str], ...] | None:
        """Give the query of the next page, or None on the last one.

        v2 tells it relative to the host, v1 relative to the base address; both repeat the path that was asked, so
        only the query is taken and the host in the link never matters. BadAnswer when the link has no cursor.
        """
        link = self.part_or_empty("_links").text_or_none("next")
        if link is None:
            return None
        query = tuple(parse_qsl(urlsplit(link).query, keep_blank_values=True))
        if not any(name == "cursor" and value for name, value in query):
            raise self._wrong("_links.next")
        return query

    def next_cursor(self) -> str | None:
        """Give the opaque cursor of the next page, or None on the last one."""
        query = self.next_query()
        return None if query is None else dict(query)["cursor"]


def parse(operation: str, body: bytes) -> Answer:
    """Read one JSON object from a body; BadAnswer for HTML, garbage, lists and deep nesting."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise BadAnswer(f"{operation}: the answer is not JSON") from None
    if not isinstance(value, dict):
        raise BadAnswer(f"{operation}: the answer is not an object")
    return Answer(operation, value)
