"""Lenient reading of answers: used fields need the right type, others are ignored."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, TypeVar
from urllib.parse import parse_qsl, urlsplit

import structlog

from lockpoint.services.errors import BadAnswer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

T = TypeVar("T")

DEEPEST: Final = 64
"""Levels that are read, where the interpreter cannot read all; nothing that we use lies deeper than ten."""

_TOKEN: Final = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[{\]}]', re.DOTALL)
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """`operation` names the call in errors, which never quote content.

    Methods raise BadAnswer for another type or, unless noted, a missing value.
    """

    operation: str
    data: Mapping[str, object]

    def _wrong(self, name: str) -> BadAnswer:
        return BadAnswer(f"{self.operation}: field {name!r} is missing or has the wrong type")

    def text(self, name: str) -> str:
        """Also accepts integers: ids come as either."""
        value = self.data.get(name)
        if isinstance(value, bool) or not isinstance(value, (str, int)):
            raise self._wrong(name)
        return str(value)

    def text_or_none(self, name: str) -> str | None:
        """None also for null and an empty string."""
        if self.data.get(name) in (None, ""):
            return None
        return self.text(name)

    def number(self, name: str) -> int:
        """Also accepts digits."""
        value = self.text(name)
        try:
            return int(value)
        except ValueError:
            raise self._wrong(name) from None

    def number_or_none(self, name: str) -> int | None:
        """None also for null."""
        return None if self.data.get(name) is None else self.number(name)

    def flag(self, name: str) -> bool:
        """Exactly `true`."""
        return self.data.get(name) is True

    def moment(self, name: str) -> datetime:
        """In UTC; BadAnswer without an offset."""
        try:
            moment = datetime.fromisoformat(self.text(name))
            if moment.tzinfo is not None:
                return moment.astimezone(UTC)
        except (ValueError, OverflowError):
            pass
        raise self._wrong(name)

    def moment_or_none(self, name: str) -> datetime | None:
        """None also for what is no time."""
        try:
            return self.moment(name)
        except BadAnswer:
            return None

    def part(self, name: str) -> Answer:
        value = self.data.get(name)
        if not isinstance(value, dict):
            raise self._wrong(name)
        return Answer(self.operation, value)

    def part_or_empty(self, name: str) -> Answer:
        """Empty also for null."""
        return Answer(self.operation, {}) if self.data.get(name) is None else self.part(name)

    def items(self, name: str = "results") -> tuple[Answer, ...]:
        """An element that is no object has no fields."""
        value = self.data.get(name)
        if not isinstance(value, list):
            raise self._wrong(name)
        return tuple(Answer(self.operation, item if isinstance(item, dict) else {}) for item in value)

    def sorted_out(
        self, read: Callable[[Answer], T], name: str = "results"
    ) -> tuple[tuple[T, ...], tuple[Answer, ...]]:
        """Return what `read` makes of the elements, and the odd ones, for which it raises BadAnswer."""
        found: list[T] = []
        odd: list[Answer] = []
        for item in self.items(name):
            try:
                found.append(read(item))
            except BadAnswer:
                odd.append(item)
        if odd:
            _log.warning("odd elements in an answer", operation=self.operation, count=len(odd))
        return tuple(found), tuple(odd)

    def readable(self, read: Callable[[Answer], T], name: str = "results") -> tuple[T, ...]:
        """For lists that nothing unsafe is concluded from."""
        return self.sorted_out(read, name)[0]

    def next_query(self) -> tuple[tuple[str, str], ...] | None:
        """Return the next page's query, None on the last; BadAnswer for a link without cursor.

        v2 links start at the host, v1 links at the base address; both repeat the path, so only the query counts.
        """
        link = self.part_or_empty("_links").text_or_none("next")
        if link is None:
            return None
        query = tuple(parse_qsl(urlsplit(link).query, keep_blank_values=True))
        if not any(name == "cursor" and value for name, value in query):
            raise self._wrong("_links.next")
        return query

    def next_cursor(self) -> str | None:
        """Opaque; None on the last page."""
        query = self.next_query()
        return None if query is None else dict(query)["cursor"]


def parse(operation: str, body: bytes) -> Answer:
    """BadAnswer for HTML, garbage and lists."""
    try:
        value = loads(body.decode("utf-8-sig", "surrogatepass"))
    except ValueError:
        raise BadAnswer(f"{operation}: the answer is not JSON") from None
    if not isinstance(value, dict):
        raise BadAnswer(f"{operation}: the answer is not an object")
    return Answer(operation, value)


def loads(text: str) -> object:
    """Return any JSON; what nests too deep or is too long a number reads as null, and spoils nothing beside it.

    Answers carry what anybody may have stored. Raises `ValueError` for what is not JSON.
    """
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError):
        value = json.loads("".join(_shallow(text)), parse_int=_whole)
    return value


def _shallow(text: str) -> Iterator[str]:
    """The text with null for every value that nests deeper than `DEEPEST`."""
    depth = taken = 0
    for token in _TOKEN.finditer(text):
        if token[0] in "[{":
            depth += 1
            if depth == DEEPEST + 1:
                yield text[taken : token.start()] + "null"
        elif token[0] in "]}":
            depth -= 1
            taken = token.end() if depth == DEEPEST else taken
    yield text[taken:] if depth <= DEEPEST else ""


def _whole(digits: str) -> int | None:
    try:
        return int(digits)
    except ValueError:
        return None
