"""Fault rules: which requests fail, how, how often."""

from __future__ import annotations

import itertools
import re
import threading
from dataclasses import dataclass, field

KINDS = {
    "status": "answers `status`, `headers`, `body` without doing anything",
    "after": "does it, then answers `status`, `headers`, `body` instead of the true answer",
    "lost": "does it, then drops the connection",
    "drop": "drops the connection without doing it",
    "late": "drops the connection (or answers `status` if given) and does it `seconds` later",
    "delay": "waits `seconds`, then behaves",
    "not_found": "a false 404, in the API's own words",
    "garbage": "does it, then answers 200 with a body nobody can use (`body`, default an HTML log-in page)",
    "truncate": "does it, then cuts the body after `bytes` (Content-Length says the cut length)",
    "headers": "behaves, and sets `headers` on the answer",
    "stale": "reads see properties and versions as they were `seconds` ago",
    "stale_properties": "the same for properties alone",
    "duplicate": "a property POST stores two rows",
    "exhausted": "429 as if the hourly points were gone (Retry-After only with `retryAfter: true`)",
}


@dataclass(slots=True)
class Fault:
    """`path`: regular expression for path?query, None for all; `times` None: unlimited."""

    id: int
    kind: str
    method: str | None = None
    path: re.Pattern[str] | None = None
    site: str | None = None
    caller: str | None = None
    account: str | None = None
    skip: int = 0
    times: int | None = 1
    status: int = 503
    headers: dict[str, str] = field(default_factory=dict)
    body: object = None
    seconds: float = 0.0
    cut: int = 0
    retry_after: bool = False
    seen: int = 0
    hits: int = 0

    def wants(self, method: str, target: str, site: str, caller: str, account: str | None) -> bool:
        return (
            self.method in {None, method}
            and self.site in {None, site}
            and self.caller in {None, caller}
            and self.account in {None, account}
            and (self.path is None or self.path.search(target) is not None)
        )

    def take(self) -> bool:
        """Count a matching request; return whether it fails."""
        self.seen += 1
        if self.seen <= self.skip or (self.times is not None and self.hits >= self.times):
            return False
        self.hits += 1
        return True


def fault_from_json(number: int, rule: dict[str, object]) -> Fault:
    """ValueError for unknown kinds or fields, TypeError for wrong types."""
    known = {
        *("kind", "method", "path", "site", "caller", "account", "skip", "times", "status", "headers", "body"),
        *("seconds", "bytes", "retryAfter"),
    }
    if rule.get("kind") not in KINDS or not set(rule) <= known:
        raise ValueError(f"kind is one of {sorted(KINDS)}, fields are {sorted(known)}")
    headers = rule.get("headers") or {}
    if not isinstance(headers, dict):
        raise TypeError("headers is an object")
    times = rule.get("times", 1)
    late_status = 0 if rule["kind"] == "late" else 503
    return Fault(
        id=number,
        kind=str(rule["kind"]),
        method=_text(rule.get("method")),
        path=_pattern(rule.get("path")),
        site=_text(rule.get("site")),
        caller=_text(rule.get("caller")),
        account=_text(rule.get("account")),
        skip=int(str(rule.get("skip", 0))),
        times=None if times is None else int(str(times)),
        status=int(str(rule.get("status", late_status))),
        headers={str(name): str(value) for name, value in headers.items()},
        body=rule.get("body"),
        seconds=float(str(rule.get("seconds", 0))),
        cut=int(str(rule.get("bytes", 0))),
        retry_after=bool(rule.get("retryAfter")),
    )


def _pattern(text: object) -> re.Pattern[str] | None:
    try:
        return re.compile(str(text)) if text else None
    except re.error as error:
        raise ValueError(f"path is no regular expression: {error}") from error


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def fault_json(fault: Fault) -> dict[str, object]:
    return {
        "id": fault.id,
        "kind": fault.kind,
        "method": fault.method,
        "path": fault.path.pattern if fault.path else None,
        "site": fault.site,
        "caller": fault.caller,
        "account": fault.account,
        "skip": fault.skip,
        "times": fault.times,
        "seen": fault.seen,
        "hits": fault.hits,
    }


class Faults:
    """In order of addition; every matching rule applies."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ids = itertools.count(1)
        self._rules: list[Fault] = []

    def add(self, rule: dict[str, object]) -> Fault:
        """See README.md, "Faults"."""
        with self._lock:
            fault = fault_from_json(next(self._ids), rule)
            self._rules.append(fault)
            return fault

    def all(self) -> list[Fault]:
        with self._lock:
            return list(self._rules)

    def clear(self, number: int | None = None) -> None:
        """One rule, or all."""
        with self._lock:
            self._rules = [f for f in self._rules if number is not None and f.id != number]

    def match(self, method: str, target: str, site: str, caller: str, account: str | None) -> list[Fault]:
        """Return and count the rules that fail this request."""
        with self._lock:
            return [f for f in self._rules if f.wants(method, target, site, caller, account) and f.take()]
