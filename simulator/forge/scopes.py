"""The scopes that operations demand of Forge apps, by Atlassian's OpenAPI documents where the machine has them."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

DOCUMENTS = {"confluence-v1.json": "", "confluence-v2.json": "/wiki/api/v2"}
"""By what their paths lack."""
_PARAMETER = re.compile(r"\\\{[^/]*?\\\}")


@dataclass(frozen=True, slots=True)
class Demand:
    """Each of `choices` is enough."""

    method: str
    path: re.Pattern[str]
    choices: tuple[frozenset[str], ...]


def allowed(scopes: frozenset[str] | None, method: str, path: str) -> bool:
    """Whether these scopes suffice; None is every scope. Operations outside the documents demand none."""
    if scopes is None:
        return True
    found = [one for one in demands() if one.method == method and one.path.fullmatch(path)]
    # Of several templates that fit, the one with the fewest parameters is meant.
    return not found or any(choice <= scopes for choice in min(found, key=lambda one: len(one.path.pattern)).choices)


@cache
def demands() -> tuple[Demand, ...]:
    """None without `LOCKPOINT_SPECS`."""
    folder = Path(os.environ.get("LOCKPOINT_SPECS", "/nowhere"))
    return tuple(
        demand
        for name, prefix in DOCUMENTS.items()
        if (folder / name).is_file()
        for demand in _read(json.loads((folder / name).read_text(encoding="utf-8")), prefix)
    )


def _read(document: dict[str, Any], prefix: str) -> list[Demand]:
    return [
        Demand(method.upper(), _pattern(prefix + path), choices)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if isinstance(operation, dict) and (choices := _choices(operation))
    ]


def _choices(operation: dict[str, Any]) -> tuple[frozenset[str], ...]:
    return tuple(frozenset(entry["scopes"]) for entry in operation.get("x-atlassian-oauth2-scopes", ()))


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(_PARAMETER.sub("[^/]+", re.escape(path)))
