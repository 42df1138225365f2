"""Change one thing at a time in the rules and use cases, and see whether the tests notice.

usage: bin/mutants [--sample N] [--seed S] [--jobs N] [--least PERCENT] [PATH...]

A mutant is run against the tests that mirror its module, then against all tests of domain and services. Survivors that
change nothing anybody could see stand, with the reason, in `dev/equivalent_mutants.toml`.
"""

from __future__ import annotations

import argparse
import ast
import copy
import importlib
import importlib.abc
import importlib.util
import os
import random
import signal
import sys
import time
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[1]
PLACES: Final = (
    "lockpoint/domain",
    *(f"lockpoint/services/{name}" for name in ("locks", "enforcement", "lock_record", "reconciliation")),
)
EQUIVALENT: Final = ROOT / "dev" / "equivalent_mutants.toml"
PATIENCE: Final = 90
"""Seconds for one run of tests; a mutant that takes longer is caught."""
PLAIN: Final = (
    *("-o", "addopts=", "-o", "timeout=0", "--import-mode=importlib", "-x", "-q"),
    *("-W", "ignore::pytest.PytestAssertRewriteWarning"),  # third parties are imported before the fork
    *("-p", "no:valkey", "-p", "no:randomly", "-p", "no:cacheprovider", "-p", "no:xdist"),
)
THIRD_PARTIES: Final = ("flask", "sqlalchemy", "pydantic", "structlog", "requests", "procrastinate", "jwt", "psycopg")
SHORT: Final = 90
"""Characters of a statement in a report."""

SWAPS: Final[dict[type[ast.AST], type[ast.AST]]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}
NAMES: Final = {"min": "max", "max": "min", "any": "all", "all": "any"}


@dataclass(frozen=True)
class Mutant:
    """`number` counts the changes of a module in the order of its tree."""

    path: str
    number: int
    line: int
    change: str
    where: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line} in {self.where}: {self.change}"

    @property
    def key(self) -> tuple[str, str, str]:
        """What names it when lines move."""
        return self.path, self.where, self.change


class Changes(ast.NodeTransformer):
    """Visits every place that can change; makes the change with the number `wanted`."""

    def __init__(self, wanted: int = -1) -> None:
        self.wanted = wanted
        self.found: list[tuple[int, str, str]] = []
        self._inside: list[str] = []

    def _here(self, node: ast.AST, change: str) -> bool:
        line = getattr(node, "lineno", 0)
        self.found.append((line, change, ".".join(self._inside) or "module"))
        return len(self.found) - 1 == self.wanted

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        if any(ast.unparse(base) in {"Protocol", "StrEnum", "Enum"} for base in node.bases):
            return node
        return self._within(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self._within(node)

    def _within(self, node: ast.ClassDef | ast.FunctionDef) -> ast.AST:
        self._inside.append(node.name)
        node.body = [self.visit(each) for each in node.body]
        self._inside.pop()
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        if node.value is not None:
            node.value = self.visit(node.value)
        return node

    def visit_Assert(self, node: ast.Assert) -> ast.AST:
        return node

    def visit_If(self, node: ast.If) -> ast.AST:
        if ast.unparse(node.test) == "TYPE_CHECKING":
            return node
        self._condition(node)
        return self.generic_visit(node)

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        self._condition(node)
        return self.generic_visit(node)

    def visit_comprehension(self, node: ast.comprehension) -> ast.AST:
        for index, test in enumerate(node.ifs):
            if self._here(test, f"drop the condition `{ast.unparse(test)}`"):
                node.ifs[index] = ast.Constant(value=True)
        return self.generic_visit(node)

    def _condition(self, node: ast.If | ast.IfExp) -> None:
        """A condition without an operator of its own is turned round."""
        if not isinstance(node.test, ast.Compare | ast.BoolOp | ast.UnaryOp) and self._here(
            node.test, f"turn `{ast.unparse(node.test)}` round"
        ):
            node.test = ast.UnaryOp(op=ast.Not(), operand=node.test)

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        for index, op in enumerate(node.ops):
            other = SWAPS.get(type(op))
            if other and self._here(node, f"{type(op).__name__} to {other.__name__} in `{ast.unparse(node)}`"):
                node.ops[index] = other()  # type: ignore[call-overload]
        return self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        other = SWAPS[type(node.op)]
        if self._here(node, f"{type(node.op).__name__} to {other.__name__} in `{ast.unparse(node)}`"):
            node.op = other()  # type: ignore[assignment]
        return self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        other = SWAPS.get(type(node.op))
        types = isinstance(node.op, ast.BitOr) and ast.unparse(node).replace(" | ", "").replace(".", "").isidentifier()
        if other and not types and self._here(node, f"{type(node.op).__name__} in `{ast.unparse(node)}`"):
            node.op = other()  # type: ignore[assignment]
        return self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        if isinstance(node.op, ast.Not) and self._here(node, f"drop not in `{ast.unparse(node)}`"):
            return self.visit(node.operand)  # type: ignore[no-any-return]
        return self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id in NAMES and self._here(node, f"{node.id} to {NAMES[node.id]}"):
            node.id = NAMES[node.id]
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        value = node.value
        if isinstance(value, bool) and self._here(node, f"{value} to {not value}"):
            return ast.Constant(value=not value)
        if (
            isinstance(value, int | float)
            and not isinstance(value, bool)
            and self._here(node, f"{value} to {value + 1}")
        ):
            return ast.Constant(value=value + 1)
        word = isinstance(value, str) and value and " " not in value
        if word and self._here(node, f"another word than {value!r}"):
            return ast.Constant(value=f"{value}X")
        return node

    def visit_Tuple(self, node: ast.Tuple) -> ast.AST:
        for index, each in enumerate(node.elts):
            if isinstance(each, ast.Starred) and self._here(node, f"drop `{ast.unparse(each)}`"):
                node.elts[index] = ast.Starred(value=ast.Tuple(elts=[], ctx=ast.Load()), ctx=ast.Load())
        return self.generic_visit(node)

    def visit_Return(self, node: ast.Return) -> ast.AST:
        plain = node.value is None or (isinstance(node.value, ast.Constant) and node.value.value is None)
        if not plain and self._here(node, f"no answer in `{_short(node)}`"):
            return ast.Return(value=ast.Constant(value=None))
        return self.generic_visit(node)

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        if isinstance(node.value, ast.Constant):
            return node
        if self._here(node, f"drop `{_short(node)}`"):
            return ast.Pass()
        return self.generic_visit(node)

    def visit_Raise(self, node: ast.Raise) -> ast.AST:
        return ast.Pass() if self._here(node, f"drop `{_short(node)}`") else node

    def visit_keyword(self, node: ast.keyword) -> ast.AST:
        """Decorators' and dataclasses' settings change nothing that the program does."""
        if node.arg not in {"frozen", "slots", "kw_only", "repr"}:
            node.value = self.visit(node.value)
        return node


def _short(node: ast.AST) -> str:
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= SHORT else f"{text[: SHORT - 3]}..."


def mutants_of(path: Path, root: Path = ROOT) -> list[Mutant]:
    """Every mutant of a module."""
    changes = Changes()
    changes.visit(ast.parse(path.read_text()))
    name = path.relative_to(root).as_posix()
    return [Mutant(name, number, *found) for number, found in enumerate(changes.found)]


def mutated(source: str, number: int) -> ast.Module:
    """The module with one change."""
    tree = copy.deepcopy(ast.parse(source))
    changed = Changes(number).visit(tree)
    return ast.fix_missing_locations(changed)  # type: ignore[no-any-return]


class Replaced(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Loads one module from a mutant instead of its file."""

    def __init__(self, mutant: Mutant, root: Path) -> None:
        self._name = mutant.path.removesuffix(".py").replace("/", ".")
        self._path = root / mutant.path
        self._number = mutant.number

    def find_spec(self, fullname: str, path: object, target: object = None) -> ModuleSpec | None:
        del path, target
        return importlib.util.spec_from_loader(fullname, self) if fullname == self._name else None

    def exec_module(self, module: ModuleType) -> None:
        code = compile(mutated(self._path.read_text(), self._number), str(self._path), "exec")
        exec(code, module.__dict__)  # noqa: S102 - the purpose of this program


def first_tests(path: str, root: Path = ROOT) -> list[str]:
    """The tests that mirror a module: `test_rules_acquire.py` is one of `rules.py`."""
    module = Path(path)
    folder = root / "tests" / module.parent.relative_to("lockpoint")
    return sorted(str(found) for found in folder.glob(f"test_{module.stem}*.py"))


def all_tests(path: str, root: Path = ROOT) -> list[str]:
    """The tests of the module's own folder first, then the others that run in one process."""
    own = root / "tests" / Path(path).parent.relative_to("lockpoint")
    services = root / "tests" / "services"
    rest = [own, root / "tests" / "domain", *sorted(services.glob("*/")), *sorted(services.glob("test_*.py"))]
    left_out = {"privacy", "notifications", "__pycache__"}
    return [str(each) for each in dict.fromkeys(rest) if each.exists() and each.name not in left_out]


def start(mutant: Mutant | None, tests: Sequence[str], root: Path = ROOT) -> int:
    """Run tests in a process of their own, which exits with 0 when all pass in time; return its number."""
    child = os.fork()
    if child == 0:
        _run(mutant, tests, root)
    return child


def _run(mutant: Mutant | None, tests: Sequence[str], root: Path) -> None:
    signal.alarm(PATIENCE)  # ends the process: no handler
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    sys.dont_write_bytecode = True
    if mutant is not None:
        sys.meta_path.insert(0, Replaced(mutant, root))
    os._exit(0 if pytest.main([*PLAIN, *tests]) == 0 else 1)


def passes(mutant: Mutant | None, tests: Sequence[str], root: Path = ROOT) -> bool:
    """Whether all tests pass."""
    return os.waitstatus_to_exitcode(os.waitpid(start(mutant, tests, root), 0)[1]) == 0


def stages(path: str, root: Path = ROOT) -> list[list[str]]:
    """The tests that mirror the module, then all."""
    return [tests for tests in (first_tests(path, root), all_tests(path, root)) if tests]


def survivors(mutants: Sequence[Mutant], jobs: int, deadline: float) -> Iterator[tuple[Mutant, bool]]:
    """Each mutant that was run until the deadline, and whether it survived; `jobs` at a time."""
    waiting, running = list(reversed(mutants)), dict[int, tuple[Mutant, list[list[str]]]]()
    while waiting or running:
        while waiting and len(running) < jobs and time.monotonic() < deadline:
            mutant = waiting.pop()
            first, *later = stages(mutant.path)
            running[start(mutant, first)] = mutant, later
        if not running:
            return
        child, status = os.wait()
        mutant, later = running.pop(child)
        passed = os.waitstatus_to_exitcode(status) == 0
        if passed and later:
            running[start(mutant, later[0])] = mutant, later[1:]
        else:
            yield mutant, passed


def equivalents(file: Path = EQUIVALENT) -> dict[tuple[str, str, str], str]:
    """The known mutants that change nothing, with the reason."""
    listed = tomllib.loads(file.read_text())["mutant"] if file.exists() else []
    return {(one["path"], one["where"], one["change"]): one["reason"] for one in listed}


def chosen(paths: Sequence[str], root: Path = ROOT) -> list[Mutant]:
    """All mutants of the modules below the paths."""
    files = [file for path in paths for file in _files(root / path)]
    return [mutant for file in files for mutant in mutants_of(file, root)]


def _files(path: Path) -> Iterator[Path]:
    yield from sorted(path.rglob("*.py")) if path.is_dir() else [path]


def _warm_up() -> None:
    """Import what every run needs, but nothing of this project, and see the tests pass without a mutant."""
    sys.path.insert(0, str(ROOT))
    for name in THIRD_PARTIES:
        importlib.import_module(name)
    if not passes(None, [str(ROOT / "tests" / "domain"), str(ROOT / "tests" / "services" / "enforcement")]):
        raise SystemExit("The tests fail without any mutant: run bin/test first.")


def main() -> int:
    """Run the mutants and print the survivors; exit 1 when a part stays below its least score."""
    parser = argparse.ArgumentParser(prog="bin/mutants", description="Mutation testing of rules and use cases.")
    parser.add_argument("paths", nargs="*", default=PLACES, metavar="PATH")
    parser.add_argument("--sample", type=int, help="how many mutants, chosen by the seed")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after this time; what was run counts")
    parser.add_argument("--least", type=float, default=0.0, help="the least percentage of mutants that must be caught")
    asked = parser.parse_args()
    known = equivalents()
    mutants = [mutant for mutant in chosen(asked.paths) if mutant.key not in known]
    random.Random(asked.seed).shuffle(mutants)  # noqa: S311 - a sample, no secret
    return _report(mutants[: asked.sample], asked.jobs, asked.seconds, asked.least)


def _report(mutants: Sequence[Mutant], jobs: int, seconds: float, least: float) -> int:
    _warm_up()
    began = time.monotonic()
    caught: dict[str, list[bool]] = {}
    for mutant, alive in survivors(mutants, jobs, began + seconds):
        caught.setdefault(str(Path(mutant.path).parent), []).append(not alive)
        if alive:
            print(f"survived: {mutant}", flush=True)
    return _summary(caught, time.monotonic() - began, least)


def _summary(caught: dict[str, list[bool]], seconds: float, least: float) -> int:
    for place, results in sorted(caught.items()):
        print(f"{place}: {sum(results)} of {len(results)} caught, {100 * sum(results) / len(results):.1f} %")
    every = [result for results in caught.values() for result in results]
    score = 100 * sum(every) / len(every) if every else 100.0
    print(f"all: {sum(every)} of {len(every)} caught, {score:.1f} %, in {seconds:.0f} s")
    return 0 if score >= least else 1


if __name__ == "__main__":
    sys.exit(main())
