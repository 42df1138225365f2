"""What a mutant changes: one operator, condition, constant, argument, handler or statement of a module."""

from __future__ import annotations

import ast
import functools
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
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
NO_BEHAVIOUR: Final = {"Protocol", "StrEnum", "Enum"}
"""Bases of classes that only name things."""


@dataclass(frozen=True)
class Mutant:
    """`number` counts the changes of a module in the order of its tree; `lines` are those of its statement."""

    path: str
    number: int
    line: int
    lines: range
    change: str
    where: str
    in_function: bool

    def __str__(self) -> str:
        return f"{self.path}:{self.line} in {self.where}: {self.change}"

    @property
    def key(self) -> tuple[str, str, str]:
        """What names it when lines move."""
        return self.path, self.where, self.change


@dataclass(frozen=True)
class _Place:
    line: int
    lines: range
    change: str
    where: str
    in_function: bool


class Changes(ast.NodeTransformer):
    """Visits every place that can change; makes the change with the number `wanted`."""

    def __init__(self, wanted: int = -1, optional: dict[str, set[str]] | None = None) -> None:
        self.wanted = wanted
        self.found: list[_Place] = []
        self._optional = optional or {}
        self._inside: list[str] = []
        self._functions = 0
        self._lines = range(0)

    def _here(self, node: ast.AST, change: str) -> bool:
        line = getattr(node, "lineno", 0)
        where = ".".join(self._inside) or "module"
        self.found.append(_Place(line, self._lines, change, where, self._functions > 0))
        return len(self.found) - 1 == self.wanted

    def visit(self, node: ast.AST) -> ast.AST:
        """Visit one node, and remember the lines of the statement that it belongs to."""
        before = self._lines
        if isinstance(node, ast.stmt | ast.ExceptHandler) and hasattr(node, "lineno"):
            self._lines = _own_lines(node)
        visited: ast.AST = super().visit(node)
        self._lines = before
        return visited

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        if not any(ast.unparse(base) in NO_BEHAVIOUR for base in node.bases):
            with self._within(node.name):
                node.body = [self.visit(each) for each in node.body]  # type: ignore[misc]
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        """Change defaults and the body; decorators and annotations stay."""
        with self._within(node.name):
            node.args.defaults = [self.visit(each) for each in node.args.defaults]  # type: ignore[misc]
            node.args.kw_defaults = [each and self.visit(each) for each in node.args.kw_defaults]  # type: ignore[misc]
            self._functions += 1
            node.body = [self.visit(each) for each in node.body]  # type: ignore[misc]
            self._functions -= 1
        return node

    @contextmanager
    def _within(self, name: str) -> Iterator[None]:
        self._inside.append(name)
        yield
        self._inside.pop()

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        if node.value is not None:
            node.value = self.visit(node.value)  # type: ignore[assignment]
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        target = node.targets[0]
        if isinstance(target, ast.Name) and target.id == "__all__":
            return node
        if isinstance(target, ast.Attribute | ast.Subscript) and self._here(node, f"drop `{_short(node)}`"):
            return ast.Pass()
        return self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        other = SWAPS.get(type(node.op))
        if other and self._here(node, f"{type(node.op).__name__} in `{_short(node)}`"):
            node.op = other()  # type: ignore[assignment]
        return self.generic_visit(node)

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
        """Turn a condition round that has no operator of its own."""
        if not isinstance(node.test, ast.Compare | ast.BoolOp | ast.UnaryOp) and self._here(
            node.test, f"turn `{ast.unparse(node.test)}` round"
        ):
            node.test = ast.UnaryOp(op=ast.Not(), operand=node.test)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> ast.AST:
        passes_on = isinstance(node.body[0], ast.Raise)
        if not passes_on and self._here(node, f"let {ast.unparse(node.type) if node.type else 'errors'} pass"):
            node.body = [ast.Raise()]
        return self.generic_visit(node)

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
            return self.visit(node.operand)
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Leave out one argument that has a default, or one change of `replace`."""
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)
        for keyword in list(node.keywords):
            optional = keyword.arg in self._optional.get(name, ()) or (
                name == "replace" and name == ast.unparse(node.func)
            )
            if optional and self._here(keyword.value, f"leave out `{keyword.arg}` of {name}"):
                node.keywords.remove(keyword)
        return self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id in NAMES and self._here(node, f"{node.id} to {NAMES[node.id]}"):
            node.id = NAMES[node.id]
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        value = node.value
        if isinstance(value, bool):
            return ast.Constant(value=not value) if self._here(node, f"{value} to {not value}") else node
        if isinstance(value, int | float) and self._here(node, f"{value} to {value + 1}"):
            return ast.Constant(value=value + 1)
        word = isinstance(value, str) and value and " " not in value
        if word and self._here(node, f"another word than {value!r}"):
            return ast.Constant(value=f"{value!s}X")
        return node

    def visit_Tuple(self, node: ast.Tuple) -> ast.AST:
        for index, each in enumerate(node.elts):
            if isinstance(each, ast.Starred) and self._here(node, f"drop `{ast.unparse(each)}`"):
                node.elts[index] = ast.Starred(value=ast.Tuple(elts=[], ctx=ast.Load()), ctx=ast.Load())
        return self.generic_visit(node)

    def visit_Return(self, node: ast.Return) -> ast.AST:
        plain = node.value is None or (isinstance(node.value, ast.Constant) and not node.value.value)
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

    def visit_Continue(self, node: ast.Continue) -> ast.AST:
        return ast.Break() if self._here(node, "Continue to Break") else node

    def visit_Break(self, node: ast.Break) -> ast.AST:
        return ast.Continue() if self._here(node, "Break to Continue") else node

    def visit_keyword(self, node: ast.keyword) -> ast.AST:
        """Settings of a field change nothing that the program does."""
        if node.arg != "repr":
            node.value = self.visit(node.value)  # type: ignore[assignment]
        return node


def _own_lines(node: ast.stmt | ast.ExceptHandler) -> range:
    """The lines of a statement without those of the statements inside."""
    first, last = node.lineno, node.end_lineno or node.lineno
    inside = [each.lineno for each in getattr(node, "body", ())] if not isinstance(node, ast.ExceptHandler) else []
    return range(first, max(first + 1, min([*inside, last + 1])))


def _short(node: ast.AST) -> str:
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= SHORT else f"{text[: SHORT - 3]}..."


@functools.cache
def optional_arguments(root: Path) -> dict[str, set[str]]:
    """The arguments that may be left out, by the bare name of a function or class."""
    found: dict[str, set[str]] = {}
    for path in sorted((root / "lockpoint").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef):
                found.setdefault(node.name, set()).update(_with_default(node.args))
            elif isinstance(node, ast.ClassDef):
                fields = (each for each in node.body if isinstance(each, ast.AnnAssign) and each.value is not None)
                found.setdefault(node.name, set()).update(ast.unparse(each.target) for each in fields)
    return found


def _with_default(args: ast.arguments) -> Iterator[str]:
    positional = [*args.posonlyargs, *args.args]
    yield from (each.arg for each in positional[len(positional) - len(args.defaults) :])
    yield from (each.arg for each, default in zip(args.kwonlyargs, args.kw_defaults, strict=True) if default)


def mutants_of(path: Path, root: Path = ROOT) -> list[Mutant]:
    """Every mutant of a module; the same change again in one function has a number."""
    changes = Changes(optional=optional_arguments(root))
    changes.visit(ast.parse(path.read_text()))
    name, met, mutants = path.relative_to(root).as_posix(), Counter[tuple[str, str]](), list[Mutant]()
    for number, at in enumerate(changes.found):
        met[at.where, at.change] += 1
        times = met[at.where, at.change]
        change = at.change if times == 1 else f"{at.change} ({times})"
        mutants.append(Mutant(name, number, at.line, at.lines, change, at.where, at.in_function))
    return mutants


def mutated(mutant: Mutant, root: Path = ROOT) -> ast.Module:
    """The module with one change."""
    tree = ast.parse((root / mutant.path).read_text())
    Changes(mutant.number, optional_arguments(root)).visit(tree)
    return ast.fix_missing_locations(tree)
