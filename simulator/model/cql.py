"""CQL subset: comparisons, and/or, parentheses, in-lists; order by is ignored."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from simulator.model.errors import ApiError

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      | (?P<op>!=|>=|<=|!~|=|>|<|~|\(|\)|,)
      | (?P<word>content\.property\[[^\]]*\](?:\.[A-Za-z0-9_.]+)?|[^\s"'=!<>~(),]+)
    )""",
    re.VERBOSE,
)

Test = Callable[[Callable[[str], object]], bool]


@dataclass(frozen=True, slots=True)
class Token:
    """`kind`: text, op or word."""

    kind: str
    value: str


def _bad(reason: str) -> ApiError:
    return ApiError(400, f"Could not parse cql : {reason}")


def tokens(query: str) -> list[Token]:
    """400 when invalid."""
    found: list[Token] = []
    position = 0
    query = query.strip()
    while position < len(query):
        match = _TOKEN.match(query, position)
        if match is None or match.lastgroup is None:
            raise _bad(query[position : position + 20])
        value = match[match.lastgroup]
        found.append(Token(match.lastgroup, value[1:-1].replace('\\"', '"') if match.lastgroup == "text" else value))
        position = match.end()
    return found


def _number(value: object) -> float | None:
    try:
        return float(str(value))
    except ValueError:
        return None


def _ordered(left: object, right: str, compare: Callable[[float, float], bool]) -> bool:
    a, b = _number(left), _number(right)
    if a is not None and b is not None:
        return compare(a, b)
    return left is not None and compare((str(left) > right) - (str(left) < right), 0)


_COMPARE: dict[str, Callable[[object, str], bool]] = {
    "=": lambda left, right: left is not None and str(left).lower() == right.lower(),
    "!=": lambda left, right: left is not None and str(left).lower() != right.lower(),
    "~": lambda left, right: left is not None and right.lower().strip("*") in str(left).lower(),
    "!~": lambda left, right: left is not None and right.lower().strip("*") not in str(left).lower(),
    ">": lambda left, right: _ordered(left, right, lambda a, b: a > b),
    ">=": lambda left, right: _ordered(left, right, lambda a, b: a >= b),
    "<": lambda left, right: _ordered(left, right, lambda a, b: a < b),
    "<=": lambda left, right: _ordered(left, right, lambda a, b: a <= b),
}


class Parser:
    """Recursive-descent parser; 400 for a field that is not `known`."""

    def __init__(self, query: str, known: Callable[[str], bool]) -> None:
        self._tokens: Iterator[Token] = iter(tokens(query))
        self._known = known
        self._next: Token | None = next(self._tokens, None)

    def parse(self) -> Test:
        """A predicate over field values."""
        test = self._either()
        left = self._peek()
        if left is not None and not self._word("order"):
            raise _bad(f"unexpected {left.value}")
        return test

    def _peek(self) -> Token | None:
        return self._next

    def _take(self) -> Token:
        token = self._next
        if token is None:
            raise _bad("unexpected end")
        self._next = next(self._tokens, None)
        return token

    def _word(self, word: str) -> bool:
        return self._next is not None and self._next.kind == "word" and self._next.value.lower() == word

    def _accept(self, word: str) -> bool:
        if self._word(word):
            self._take()
            return True
        return False

    def _expect(self, op: str) -> None:
        token = self._take()
        if (token.kind, token.value) != ("op", op):
            raise _bad(f"expected {op}")

    def _either(self) -> Test:
        tests = [self._all()]
        while self._accept("or"):
            tests.append(self._all())
        return lambda read: any(test(read) for test in tests)

    def _all(self) -> Test:
        tests = [self._one()]
        while self._accept("and"):
            tests.append(self._one())
        return lambda read: all(test(read) for test in tests)

    def _one(self) -> Test:
        if self._accept("not"):
            inner = self._one()
            return lambda read: not inner(read)
        if self._next is not None and (self._next.kind, self._next.value) == ("op", "("):
            self._take()
            group = self._either()
            self._expect(")")
            return group
        return self._comparison()

    def _comparison(self) -> Test:
        field = self._take()
        if field.kind != "word" or not self._known(field.value):
            raise _bad(f"unknown field {field.value}")
        negated = self._accept("not")
        if self._accept("in"):
            values = self._values()
            equal = _COMPARE["="]
            return lambda read: any(equal(read(field.value), value) for value in values) is not negated
        operator = self._take()
        compare = _COMPARE.get(operator.value) if operator.kind == "op" else None
        if compare is None or negated:
            raise _bad(f"unknown operator {operator.value}")
        wanted = self._take()
        if wanted.kind == "op":
            raise _bad("a value is missing")
        return lambda read: compare(read(field.value), wanted.value)

    def _values(self) -> list[str]:
        self._expect("(")
        values = [self._take().value]
        while self._next is not None and self._next.value == ",":
            self._take()
            values.append(self._take().value)
        self._expect(")")
        return values
