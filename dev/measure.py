"""Print the sizes of this checkout: functions, modules, words of docstrings and comments, files per folder, ports.

usage: python dev/measure.py [CHECKOUT]
"""

from __future__ import annotations

import ast
import io
import statistics
import sys
import tokenize
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

PACKAGES = ("lockpoint", "devstack", "simulator")
Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def main() -> None:
    """Measure the checkout that was named, or this one."""
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[1]
    for package in (name for name in PACKAGES if (root / name).is_dir()):
        _print_package(root / package)
    print(f"ports: {_ports(root)} protocols in services")
    tests = list((root / "tests").rglob("*.py"))
    print(f"tests: {len(tests)} modules, {sum(_lines(path) for path in tests)} lines, {_words(tests)}")


def _print_package(package: Path) -> None:
    paths = sorted(package.rglob("*.py"))
    functions = [size for path in paths for size in _functions(path)]
    print(f"{package.name}: {len(paths)} modules, {sum(map(_lines, paths))} lines")
    print(f"  functions: {_spread(functions)}")
    print(f"  modules:   {_spread([_lines(path) for path in paths])}")
    print(f"  words:     {_words(paths)}")
    folders = Counter(path.parent for path in paths if path.name != "__init__.py")
    for folder, count in sorted(folders.items()):
        print(f"  {count:3} modules in {folder.relative_to(package.parent)}")


def _spread(sizes: list[int]) -> str:
    tenth = statistics.quantiles(sizes, n=10)[-1]
    return f"{len(sizes)}, lines each: median {statistics.median(sizes):g}, p90 {tenth:g}, max {max(sizes)}"


def _lines(path: Path) -> int:
    return len(path.read_text().splitlines())


def _functions(path: Path) -> Iterator[int]:
    """Lines of each function's body, without its docstring."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            yield (node.end_lineno or 0) - body[0].lineno + 1 if body else 0


def _words(paths: Iterable[Path]) -> str:
    docstrings = comments = 0
    for path in paths:
        text = path.read_text()
        docstrings += sum(len(words.split()) for words in _docstrings(ast.parse(text)))
        tokens = tokenize.generate_tokens(io.StringIO(text).readline)
        comments += sum(len(token.string.lstrip("# ").split()) for token in tokens if token.type == tokenize.COMMENT)
    return f"{docstrings} in docstrings, {comments} in comments"


def _docstrings(tree: ast.Module) -> Iterator[str]:
    """Texts below a module, class or function, and below a constant or a field."""
    for node in ast.walk(tree):
        for inner in getattr(node, "body", []) if isinstance(node, Documented) else []:
            if (
                isinstance(inner, ast.Expr)
                and isinstance(inner.value, ast.Constant)
                and isinstance(inner.value.value, str)
            ):
                yield inner.value.value


def _ports(root: Path) -> int:
    """Protocols that a class of a neighbour, or a fake, implements."""
    trees = (ast.parse(path.read_text()) for path in (root / "lockpoint/services").rglob("*.py"))
    classes = (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef))
    return sum(any(ast.unparse(base) == "Protocol" for base in node.bases) for node in classes)


main()
