"""One module decides whether the app may act on a site."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.checkout import ROOT

TENANCY = "services/tenancy"
ALLOWED = {
    "active": {
        f"{TENANCY}/activity.py",
        f"{TENANCY}/lifecycle.py",
        f"{TENANCY}/forge_sites.py",  # the other door's lifecycle
        "web/guards.py",
        "domain/settings.py",
        "storage/tenancy/reactivation.py",
    },
    "enabled": {
        f"{TENANCY}/lifecycle.py",
        "services/context.py",
        "commands/sites.py",  # shows it
        "connect/sites.py",  # signs nothing for an inactive site
    },
    "returned_at": {f"{TENANCY}/absence.py"},
    "licence.licensed": {f"{TENANCY}/activity.py"},
    "licence.standing": {"commands/sites.py"},  # shows it
}
"""Parts of the decision, and the modules that may read them."""

COLUMNS = {"enabled", "returned_at"}


def read_in(tree: ast.AST) -> Iterator[str]:
    """The words of `ALLOWED` that a module reads; a method call (`tenants.active()`) does not count."""
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            qualified = ast.unparse(node)
            yield from {qualified} & ALLOWED.keys()
            if id(node) not in called:
                yield from {node.attr} & ALLOWED.keys()
        elif isinstance(node, ast.ImportFrom) and (node.module or "").endswith(".licence"):
            yield from {f"licence.{alias.name}" for alias in node.names} & ALLOWED.keys()


def readers(package: Path) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {word: set() for word in ALLOWED}
    for path in package.rglob("*.py"):
        place = path.relative_to(package).as_posix()
        for word in read_in(ast.parse(path.read_text(encoding="utf-8"))):
            if not (place.startswith("storage/") and word in COLUMNS):
                found[word].add(place)
    return found


def test_only_activity_says_whether_a_site_is_active() -> None:
    """Other modules ask `tenancy.activity`; a module that stops reading a word leaves the list."""
    assert readers(ROOT / "lockpoint") == ALLOWED


@pytest.mark.parametrize(
    ("planted", "word"),
    [
        ("if tenant.active: pass", "active"),
        ("site.tenant.active", "active"),
        ("present = tenant.installed and tenant.enabled", "enabled"),
        ("late = services.tenants.by_id(7).returned_at", "returned_at"),
        ("licence.licensed(services, tenant, priority=priority)", "licence.licensed"),
        ("from lockpoint.services.tenancy.licence import licensed", "licence.licensed"),
        ("services.tenants.active(); asked = source.active(tenant)", None),
    ],
)
def test_a_planted_answer_is_found(tmp_path: Path, planted: str, word: str | None) -> None:
    """A test of the test; calls of ports do not count."""
    (tmp_path / "planted.py").write_text(planted, encoding="utf-8")
    assert {key for key, places in readers(tmp_path).items() if places} == ({word} if word else set())
