"""Renames classes, functions and variables by a table, token by token; strings stay, but for f-strings and `marked` words.

usage: python dev/rename_names.py FILE
lines:  M module:old new            a public name of one module, in it and wherever it is imported from it
        G old new [prefix ...]      every NAME token below these paths (all of them without)
"""

from __future__ import annotations

import ast
import io
import re
import subprocess
import sys
import tokenize
from pathlib import Path

ROOT = Path(__file__).parents[1]


def files(prefixes: list[str]) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "*.py"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split()
    return [
        ROOT / f
        for f in listed
        if not f.startswith("dev/") and (not prefixes or any(f.startswith(p) for p in prefixes))
    ]


def swap(path: Path, names: dict[str, str], *, attributes: bool, owners: frozenset[str] = frozenset()) -> None:
    """Replace tokens; without `attributes` those after a dot only if the name before it is one of `owners`."""
    text = path.read_text()
    edits: list[tuple[int, int, int, str]] = []
    lines = text.splitlines(keepends=True)
    before: list[str] = ["", ""]
    in_import = False
    present: set[str] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.NAME:
            if token.string in {"from", "import"} and token.start[1] == len(token.line) - len(token.line.lstrip()):
                in_import = token.string == "from"
                path_part = in_import
            elif token.string == "import":
                in_import = False
            if token.string in names and not in_import:
                after_dot = before[-1] == "."
                if not after_dot and owners and not attributes and owners != {"*"}:
                    pass
                elif (after_dot and (attributes or before[-2] in owners)) or not after_dot:
                    edits.append((token.start[0], token.start[1], token.end[1], names[token.string]))
            present.add(token.string)
        elif token.type == tokenize.STRING and "f" in token.string[:2].lower().split("'")[0].split('"')[0]:

            def inner(found: re.Match[str]) -> str:
                part = found.group()
                for old, new in names.items():
                    part = re.sub(rf"(?<![\w.]){old}\b" if not attributes else rf"\b{old}\b", new, part)
                return part

            new_string = re.sub(r"\{[^{}]*\}", inner, token.string)
            if new_string != token.string and token.start[0] == token.end[0]:
                edits.append((token.start[0], token.start[1], token.end[1], new_string))
        if token.type == tokenize.NEWLINE:
            in_import = False
        if token.type not in (tokenize.NL, tokenize.COMMENT, tokenize.INDENT, tokenize.DEDENT):
            before = [before[-1], token.string]
    for old, new in names.items():
        if old in present and new in present:
            print(f"?? {path.relative_to(ROOT)}: {old} -> {new}, which is there already")
    for line, start, end, new in sorted(edits, reverse=True):
        lines[line - 1] = lines[line - 1][:start] + new + lines[line - 1][end:]
    text = "".join(lines)
    for old, new in names.items():
        if old[0].isupper() or "_" in old:
            text = re.sub(rf"`{old}`", f"`{new}`", text)
    if edits or text != path.read_text():
        path.write_text(text)


def scoped(module: str, names: dict[str, str]) -> None:
    home = ROOT / (module.replace(".", "/") + ".py")
    if not home.exists():
        print("!! no", module)
        return
    parent, _, leaf = module.rpartition(".")
    swap(home, names, attributes=False)
    for path in files([]):
        if path == home:
            continue
        text = path.read_text()
        if leaf not in text:
            continue
        direct: dict[str, str] = {}
        owners: set[str] = set()
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ImportFrom) and node.module == module:
                for alias in node.names:
                    if alias.name in names:
                        direct[alias.name] = names[alias.name]
                        if alias.asname:
                            print(f"?? {path.relative_to(ROOT)}: {alias.name} as {alias.asname}")
            if isinstance(node, ast.ImportFrom) and node.module == parent:
                owners |= {alias.asname or alias.name for alias in node.names if alias.name == leaf}
        if direct:
            swap(path, direct, attributes=False)
        if owners:
            swap_owned(path, names, owners)


def swap_owned(path: Path, names: dict[str, str], owners: set[str]) -> None:
    text = path.read_text()
    for owner in owners:
        for old, new in names.items():
            text = re.sub(rf"(?<![\w.]){owner}\.{old}\b", f"{owner}.{new}", text)
    path.write_text(text)


def main(table: Path) -> None:
    modules: dict[str, dict[str, str]] = {}
    for line in table.read_text().splitlines():
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if words[0] == "M":
            module, old = words[1].split(":")
            modules.setdefault(module, {})[old] = words[2]
    for module, names in modules.items():
        scoped(module, names)
    groups: dict[tuple[str, ...], dict[str, str]] = {}
    for line in table.read_text().splitlines():
        words = line.split()
        if words and words[0] == "G":
            groups.setdefault(tuple(words[3:]), {})[words[1]] = words[2]
    for prefixes, names in groups.items():
        for path in files(list(prefixes)):
            swap(path, names, attributes=True)
    ruff = str(ROOT / ".venv/bin/ruff")
    subprocess.run([ruff, "check", "--select", "I", "--fix", "--quiet", "."], cwd=ROOT, check=False)
    subprocess.run([ruff, "format", "--quiet", "."], cwd=ROOT, check=True)


main(Path(sys.argv[1]))
