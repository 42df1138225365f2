"""Moves modules by a table: `git mv`, imports, uses of a module's old name, dotted strings and paths in documents.

usage: python dev/rename.py STEP [STEP ...]   (steps are the headings of dev/moves.txt)

A line `old new` moves a module or a package; `old:Name new` sends one public name of a module that is parted to its new
module, whose text is written by hand. It changes no code but imports and the local names that they bind.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PLACES = ("lockpoint", "simulator", "devstack", "tests", "bench", "bin", "dev", "migrations")
TEXTS = (".md", ".toml", ".json", ".html", ".ts", ".tsx", ".js", ".yml", ".cfg", ".ini", ".sh", ".txt", "")


def git(*words: str) -> str:
    return subprocess.run(["git", *words], cwd=ROOT, check=True, capture_output=True, text=True).stdout


def table(steps: list[str]) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    modules: dict[str, str] = {}
    names: dict[str, dict[str, str]] = {}
    step = ""
    for line in (ROOT / "dev/moves.txt").read_text().splitlines():
        if line.startswith("# "):
            step = line[2:].strip()
        elif line.strip() and step in steps:
            old, new = line.split()
            if ":" in old:
                module, name = old.split(":")
                names.setdefault(module, {})[name] = new
            else:
                modules[old] = new
    return modules, names


def tracked(*suffixes: str) -> list[Path]:
    listed = git("ls-files", "--cached", "--others", "--exclude-standard").splitlines()
    return [ROOT / one for one in dict.fromkeys(listed) if Path(one).suffix in suffixes and (ROOT / one).is_file()]


def file_of(module: str) -> Path:
    return ROOT / (module.replace(".", "/") + ".py")


def expand(modules: dict[str, str]) -> dict[str, str]:
    """A package in the table stands for every module below it that has no line of its own."""
    whole: dict[str, str] = {}
    for old, new in modules.items():
        if file_of(old).exists():
            whole[old] = new
            continue
        folder = ROOT / old.replace(".", "/")
        for path in folder.rglob("*"):
            inner = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            if path.suffix == ".py" and path.name != "__init__.py" and inner not in modules:
                whole[inner] = new + inner[len(old) :]
        whole[old] = new
    return whole


def move(modules: dict[str, str]) -> None:
    packages = {old for old in modules if not file_of(old).exists()}
    for old, new in modules.items():
        source, target = file_of(old), file_of(new)
        if not source.exists():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        git("mv", str(source), str(target))
    for old, new in modules.items():
        folder = ROOT / old.replace(".", "/")
        if old not in packages or not folder.is_dir():
            continue
        for path in [p for p in folder.rglob("*") if p.is_file() and "__pycache__" not in p.parts]:
            target = ROOT / new.replace(".", "/") / path.relative_to(folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            git("mv", str(path), str(target))


class Rewriter:
    """One Python file."""

    def __init__(self, path: Path, modules: dict[str, str], names: dict[str, dict[str, str]]) -> None:
        self.path, self.modules, self.names = path, modules, names
        self.text = path.read_text()
        self.lines = self.text.splitlines(keepends=True)
        self.edits: list[tuple[int, int, int, int, str]] = []
        self.renamed: dict[str, str] = {}
        self.opened: set[str] = set()

    def run(self) -> bool:
        tree = ast.parse(self.text)
        extra: list[str] = []
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
                self._from(node)
            elif isinstance(node, ast.Import):
                self._plain(node)
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in self.opened:
                home = self._home_of_opened(node.value.id, node.attr)
                extra.append(f"from {home} import {node.attr}")
                self._edit(node, node.attr)
            elif isinstance(node, ast.Name) and node.id in self.renamed:
                if not isinstance(node.ctx, ast.Load):
                    print(f"!! {self.path}:{node.lineno} stores {node.id}")
                self._edit(node, self.renamed[node.id])
            elif isinstance(node, ast.arg) and node.arg in self.renamed:
                print(f"!! {self.path}:{node.lineno} argument {node.arg} hides the module")
            elif isinstance(node, ast.Name | ast.arg):
                name = node.id if isinstance(node, ast.Name) else node.arg
                if name in self.renamed.values() and not (
                    isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
                ):
                    print(f"!! {self.path}:{node.lineno} {name} would hide the module's new name")
        if not self.edits:
            return False
        self._apply()
        if extra:
            self._insert(sorted(set(extra)))
        self.path.write_text("".join(self.lines))
        return True

    def _home_of_opened(self, alias: str, name: str) -> str:
        for module in self.names:
            if module.rpartition(".")[2] == alias:
                return self.names[module][name]
        raise KeyError(alias)

    def _from(self, node: ast.ImportFrom) -> None:
        module = node.module or ""
        if module in self.names:
            homes: dict[str, list[str]] = {}
            for alias in node.names:
                homes.setdefault(self.names[module].get(alias.name, self.modules.get(module, module)), []).append(
                    self._alias(alias)
                )
            self._edit(node, self._statements(homes, node))
            return
        homes, touched = {}, False
        for alias in node.names:
            whole = f"{module}.{alias.name}"
            if whole in self.names and not alias.asname:
                self.opened.add(alias.name)
                touched = True
                print(f"-- {self.path}: {whole} is used by its own name")
                if whole in self.modules:
                    homes.setdefault(module, []).append(alias.name)
            elif whole in self.modules:
                parent, _, leaf = self.modules[whole].rpartition(".")
                if alias.asname == leaf:
                    alias.asname = None
                if alias.asname is None and leaf != alias.name and self.modules[whole]:
                    self.renamed[alias.name] = leaf
                homes.setdefault(parent, []).append(leaf + (f" as {alias.asname}" if alias.asname else ""))
                touched = True
            else:
                new = self.modules.get(module, module)
                touched = touched or new != module
                homes.setdefault(new, []).append(self._alias(alias))
        if touched:
            self._edit(node, self._statements(homes, node) if homes else "pass")

    @staticmethod
    def _alias(alias: ast.alias) -> str:
        return alias.name + (f" as {alias.asname}" if alias.asname else "")

    def _statements(self, homes: dict[str, list[str]], node: ast.ImportFrom) -> str:
        indent = " " * node.col_offset
        made = [
            f"from {home} import {names[0] if len(names) == 1 else '(' + ', '.join(names) + ')'}"
            for home, names in homes.items()
        ]
        return ("\n" + indent).join(made)

    def _plain(self, node: ast.Import) -> None:
        for alias in node.names:
            if alias.name in self.modules:
                print(f"!! {self.path}:{node.lineno} import {alias.name}")

    def _edit(self, node: ast.AST, text: str) -> None:
        self.edits.append((node.lineno, node.col_offset, node.end_lineno, node.end_col_offset, text))  # type: ignore[attr-defined]

    def _apply(self) -> None:
        for first, start, last, end, text in sorted(self.edits, reverse=True):
            before = self.lines[first - 1].encode()[:start].decode()
            after = self.lines[last - 1].encode()[end:].decode()
            self.lines[first - 1 : last] = (before + text + after).splitlines(keepends=True)

    def _insert(self, statements: list[str]) -> None:
        tree = ast.parse("".join(self.lines))
        last = max(n.end_lineno or 0 for n in tree.body if isinstance(n, ast.Import | ast.ImportFrom))
        self.lines[last:last] = [one + "\n" for one in statements]


def in_texts(modules: dict[str, str]) -> None:
    """Dotted names and paths, wherever they stand as text but in imports, in one pass: the longest first."""
    swaps: dict[str, str] = {}
    dotted, files, folders = [], [], []
    for old, new in modules.items():
        swaps[old] = new
        dotted.append(old)
        path, target = old.replace(".", "/"), new.replace(".", "/")
        swaps[path] = target
        (files if file_of(new).exists() else folders).append(path)
        short, aim = path.partition("/")[2], target.partition("/")[2]
        if "/" in short and "/" in aim and not path.startswith("tests/"):
            swaps[short] = aim
            files.append(short)

    def one_of(words: list[str]) -> str:
        return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True)) or r"(?!)"

    pattern = re.compile(
        rf"(?<![\w./])(?:{one_of(dotted)})(?!\w)|(?<![\w./-])(?:{one_of(files)})(?=\.py\b)|(?<![\w./-])(?:{one_of(folders)})(?=/|`|\s|\"|$)"
    )
    for path in tracked(".py", *TEXTS):
        if path.name in {"moves.txt", "rename.py", "requirements.txt", "package-lock.json"} or "adr" in path.parts:
            continue
        text = path.read_text(errors="surrogateescape")
        kept = [
            line
            if path.suffix == ".py" and line.lstrip().startswith(("from ", "import "))
            else pattern.sub(lambda found: swaps[found.group()], line)
            for line in text.splitlines(keepends=True)
        ]
        if "".join(kept) != text:
            path.write_text("".join(kept), errors="surrogateescape")


def main(steps: list[str]) -> None:
    modules, names = table(steps)
    modules = expand(modules)
    move(modules)
    for path in tracked(".py"):
        if path.relative_to(ROOT).parts[0] in PLACES:
            Rewriter(path, modules, names).run()
    in_texts(modules)
    ruff = [str(ROOT / ".venv/bin/ruff")]
    subprocess.run([*ruff, "check", "--select", "I,F401", "--fix", "--quiet", "."], cwd=ROOT, check=False)
    subprocess.run([*ruff, "format", "--quiet", "."], cwd=ROOT, check=True)


main(sys.argv[1:])
