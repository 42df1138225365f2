"""The layout: small packages, unique and clear names, mirrored tests."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

import pytest

from lockpoint import bootstrap
from lockpoint.services.ports import tenancy
from tests.support.checkout import ROOT

PROGRAMS = {
    ("lockpoint", "devstack"): set[str](),
    ("simulator",): set[str](),
}
"""Packages that share a namespace, and names allowed twice in it; the simulator uses Confluence's words."""

MOST_MODULES = 14
NOUNS = {"accounting", "keyring", "listing", "mapping", "parsing"}

TECHNOLOGY = {
    "lockpoint/connect": ("Connect",),
    "lockpoint/confluence": ("Confluence",),
    "lockpoint/mail": ("Smtp", "Gettext"),
    "lockpoint/storage": ("Postgres", "Redis", "Procrastinate", "Keyring"),
    "tests/fakes": ("Fake",),
}
"""Name prefixes of implementations, by folder."""
ROLES = (tenancy.SiteCache,)  # implementable by objects of any technology beside their own work

ACROSS_FOLDERS = {"browser", "contracts", "e2e", "properties", "storm", "structure"}
ACROSS = {
    "confluence/test_odd_answers.py": "every call on a host that answers wrongly",
    "devstack/test_setup.py": "bin/setup",
    "processes/test_connections.py": "the pools of all processes",
    "processes/test_heroku.py": "Procfile, app.json and the versions",
    "processes/test_poolers.py": "the start of every process behind a pooler",
    "processes/test_start.py": "the start of every process without its database",
    "processes/test_whole_install.py": "what a wheel has, and starts that cannot succeed",
    "services/test_crashes.py": "every write, stopped anywhere",
    "services/test_flags.py": "what lists say against what calls do",
    "services/test_lock_life.py": "a lock from its beginning to its end, by the clock",
    "services/test_no_personal_data.py": "what a whole journey leaves",
    "services/test_odd_values.py": "every property that others can write",
    "services/test_pauses.py": "every write, after a long pause",
    "services/test_replays.py": "every signed value that others can put back",
    "simulator/test_contract.py": "every operation against Atlassian's documents",
    "simulator/test_program.py": "python -m simulator",
    "storage/test_half_dead_proxies.py": "every way to Postgres behind a proxy that hangs",
    "web/access/test_bulk.py": "calls about many files for everybody",
    "web/access/test_flags.py": "what is offered to everybody, against what their calls do",
    "web/access/test_invisible.py": "every call about what nobody else sees",
    "web/access/test_locks.py": "calls about locks for everybody",
    "web/access/test_requests.py": "calls about requests for everybody",
    "web/access/test_site.py": "calls about sites and spaces for everybody",
    "web/access/test_table.py": "the table of who may do what",
    "web/api/test_hostile_input.py": "every route with input that makes no sense",
    "web/api/test_edit_requests.py": "asking for a file and handing it over, over HTTP",
    "web/api/test_mails.py": "mails over SMTP, from the upload to the letter",
    "web/api/test_lists.py": "lists, lines, settings and the document over HTTP",
    "web/api/test_odd_properties.py": "every property that others can write, over HTTP",
    "web/api/test_points.py": "the published costs of all use cases",
    "web/api/test_request_ids.py": "repeated calls of every kind",
    "web/api/test_restricted_pages.py": "every call on pages that shut the app out",
    "web/connect/test_inactive_sites.py": "everything on sites that are inactive",
    "web/forge/access/test_bulk.py": "calls about many files for everybody, through the Forge door",
    "web/forge/access/test_locks.py": "calls about locks for everybody, through the Forge door",
    "web/forge/access/test_requests.py": "calls about requests for everybody, through the Forge door",
    "web/forge/access/test_site.py": "calls about sites and spaces for everybody, through the Forge door",
    "web/forge/test_macro_export.py": "the macro's export through the Forge door",
    "web/forge/test_move.py": "a site that moves to Forge and back",
    "web/forge/test_recorded_calls.py": "front ends that are older than the server",
    "web/test_half_dead_database.py": "every call while the database is silent",
    "web/test_killed_while_mailing.py": "the worker process dies at each step of a mail",
    "web/test_lock_times.py": "warnings, links and unlocking over HTTP and SMTP, by the clock",
    "web/test_locked_files.py": "what becomes of a locked file, over HTTP",
    "web/test_second_role.py": "the whole application as a role that owns no table",
    "web/test_space_activation.py": "spaces that are switched off or strict, over HTTP",
    "web/test_event_storm.py": "what a storm of events does, through either door",
    "web/test_file_names.py": "what undoing does to names, over HTTP",
    "web/test_forgotten_sites.py": "the memory of the whole process",
    "web/test_wrong_clock.py": "a node whose clock is not Confluence's",
    "web/test_quota.py": "what people and sites may spend of the points that all share",
    "web/test_tokens_matrix.py": "every kind of token on every route",
}
"""Tests of no single module, and their subject."""


def modules(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*.py") if path.name != "__init__.py")


def too_large(root: Path, *packages: str) -> list[str]:
    counts: dict[str, int] = {}
    for path in (path for package in packages for path in modules(root / package)):
        place = path.parent.relative_to(root).as_posix()
        counts[place] = counts.get(place, 0) + 1
    return [f"{place}: {n}" for place, n in counts.items() if n > MOST_MODULES]


def test_a_package_fits_on_one_glance() -> None:
    """No package has more than 14 modules."""
    assert too_large(ROOT, "lockpoint", "devstack", "simulator") == []


def test_a_planted_module_too_many_is_found(tmp_path: Path) -> None:
    """`__init__` does not count, and an inner package counts for itself."""
    (tmp_path / "lockpoint" / "web" / "api").mkdir(parents=True)
    for name in (*(f"m{n}" for n in range(14)), "__init__", "api/m"):
        (tmp_path / "lockpoint" / "web" / f"{name}.py").touch()
    assert too_large(tmp_path, "lockpoint") == []
    (tmp_path / "lockpoint" / "web" / "one_more.py").touch()
    assert too_large(tmp_path, "lockpoint") == ["lockpoint/web: 15"]


def public_names(path: Path) -> Iterator[str]:
    """Classes of a module, and named types (`Outcome = Written | Unwritten`)."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield node.name
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Subscript | ast.BinOp):
            names = [target.id for target in node.targets if isinstance(target, ast.Name)]
            yield from (name for name in names if re.fullmatch(r"([A-Z][a-z]+)+", name))


def twice(root: Path, *packages: str) -> dict[str, list[str]]:
    places: dict[str, list[str]] = {}
    for path in (path for package in packages for path in modules(root / package)):
        for name in public_names(path):
            places.setdefault(name, []).append(path.relative_to(root).as_posix())
    return {name: found for name, found in places.items() if len(found) > 1}


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program[0])
def test_a_name_stands_for_one_thing(program: tuple[str, ...]) -> None:
    """A public class or named type occurs once in a program; an implementation has another name than its port."""
    assert twice(ROOT, *program).keys() == PROGRAMS[program]


def test_a_planted_second_name_is_found(tmp_path: Path) -> None:
    """Two classes, or a class and a type; private ones, constants and variables do not count."""
    (tmp_path / "lockpoint").mkdir()
    texts = [
        "class Row: ...\nclass _Row: ...\nLIMIT = 3 | 4",
        "Row = dict[str, object]\nclass _Row: ...\nLIMIT = 1 | 2",
    ]
    for number, text in enumerate(texts):
        (tmp_path / "lockpoint" / f"m{number}.py").write_text(text, encoding="utf-8")
    assert twice(tmp_path, "lockpoint") == {"Row": ["lockpoint/m0.py", "lockpoint/m1.py"]}


def classes(folder: str) -> Iterator[type]:
    for path in modules(ROOT / folder):
        module = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
        yield from (one for one in vars(module).values() if inspect.isclass(one) and one.__module__ == module.__name__)


def ports() -> list[type]:
    found = [one for one in classes("lockpoint/services/ports") if getattr(one, "_is_protocol", False)]
    return [one for one in found if one not in ROLES]


def methods(of: type) -> dict[str, list[str]]:
    """The public methods of a class with their parameter names."""
    functions = {name: one for name, one in inspect.getmembers(of, inspect.isfunction) if not name.startswith("_")}
    return {name: list(inspect.signature(function).parameters) for name, function in functions.items()}


def implemented(one: type, among: Iterable[type]) -> list[type]:
    """The ports whose methods a class has, with the same parameters."""
    own = methods(one).items()
    return [port for port in among if methods(port).items() <= own]


def badly_named(found: Iterable[type], prefixes: tuple[str, ...]) -> list[str]:
    return [one.__name__ for one in found if implemented(one, ports()) and not one.__name__.startswith(prefixes)]


@pytest.mark.parametrize("folder", TECHNOLOGY)
def test_an_implementation_is_named_for_its_technology(folder: str) -> None:
    """An implementation is recognised by the port's methods with all their parameters."""
    assert badly_named(classes(folder), TECHNOLOGY[folder]) == []


def test_every_port_is_recognised() -> None:
    """The test above finds an implementation of each port."""
    here = [one for one in vars(bootstrap).values() if inspect.isclass(one)]
    everywhere = [*here, *(one for folder in TECHNOLOGY if folder.startswith("lockpoint") for one in classes(folder))]
    seen = {port for one in everywhere for port in implemented(one, ports())}
    assert {port.__name__ for port in set(ports()) - seen} == set()
    assert len(seen) > 20


def test_a_planted_implementation_is_found() -> None:
    """Also of a port with one method; other parameters do not match."""

    class Cabinet:
        def active(self, tenant: object, *, priority: object) -> bool: ...

    class Drawer:
        def active(self, tenant: object) -> bool: ...

    class Port(Protocol):
        def active(self, tenant: object, *, priority: object) -> bool: ...

    assert badly_named([Cabinet, Drawer], ("Postgres",)) == ["Cabinet"]
    assert implemented(Cabinet, [Port]) == [Port]


def deeds(root: Path, *packages: str) -> list[str]:
    """Modules and packages named for an action (`restoring`)."""
    paths = [path for package in packages for path in (root / package).rglob("*") if path.suffix in {"", ".py"}]
    names = {path.relative_to(root).as_posix() for path in paths if path.stem.endswith("ing")}
    return sorted(name for name in names if Path(name).stem.split("_")[-1] not in NOUNS)


def test_no_module_is_named_for_a_deed() -> None:
    """Names in -ing must be nouns of the field."""
    assert deeds(ROOT, "lockpoint", "devstack", "simulator") == []


def test_a_planted_deed_is_found(tmp_path: Path) -> None:
    (tmp_path / "lockpoint" / "settling" / "listing").mkdir(parents=True)
    (tmp_path / "lockpoint" / "restoring.py").touch()
    (tmp_path / "lockpoint" / "quota_accounting.py").touch()
    assert deeds(tmp_path, "lockpoint") == ["lockpoint/restoring.py", "lockpoint/settling"]


def counterparts(root: Path, test: Path) -> Iterator[Path]:
    """Candidate modules of a test; `test_rules_acquire` belongs to `rules`."""
    folder = test.parent
    top = folder.parts[0] if folder.parts else ""
    place = {"devstack": root, "simulator": root, "support": root / "tests"}.get(top, root / "lockpoint")
    words = test.stem.removeprefix("test_").split("_")
    for length in range(1, len(words) + 1):
        yield place / ("" if top == "processes" else folder) / f"{'_'.join(words[:length])}.py"


def strays(root: Path) -> list[str]:
    tests = [path.relative_to(root / "tests") for path in sorted((root / "tests").rglob("test_*.py"))]
    mirrored = [test for test in tests if test.parts[0] not in ACROSS_FOLDERS]
    return [test.as_posix() for test in mirrored if not any(path.is_file() for path in counterparts(root, test))]


def test_tests_mirror_the_tree() -> None:
    """A test file mirrors its module or is in `ACROSS`; `processes` belong to the root."""
    assert strays(ROOT) == sorted(ACROSS)


def test_a_planted_stray_is_found(tmp_path: Path) -> None:
    """The module was renamed, or is elsewhere."""
    for name in ("lockpoint/web/errors.py", "tests/web/test_errors.py", "tests/web/test_errors_of_hosts.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert strays(tmp_path) == []
    (tmp_path / "tests" / "web" / "test_healing.py").touch()
    (tmp_path / "tests" / "test_errors.py").touch()
    assert strays(tmp_path) == ["test_errors.py", "web/test_healing.py"]


def test_neighbours_may_import_five_things_of_services() -> None:
    """The contract forbids every part of services but these; add new parts."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    forbidden = next(one["forbidden_modules"] for one in contracts if one.get("id") == "neighbours-on-ports")
    parts = {path.stem for path in (ROOT / "lockpoint" / "services").iterdir() if not path.stem.startswith("_")}
    assert {name.rpartition(".")[2] for name in forbidden} == parts - {
        "ports",
        "context",
        "deadlines",
        "errors",
        "quota_accounting",
    }
