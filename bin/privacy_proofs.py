"""The part of bin/privacy-proofs that follows once everything is set up: runs what shows that PRIVACY.md is true.

Without arguments it runs every test and command of `bin/privacy_proofs.toml` and writes docs/privacy-proofs.md, if all
of them hold. With numbers of promises it runs and prints only theirs, and writes nothing.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Final

from sqlalchemy import text

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "bin")]

from privacy_page import PAGE, Proof, Statement, proofs, statements  # noqa: E402 - bin/ is not on the path of packages

from devstack.environment import spare_ports  # noqa: E402
from devstack.stack import Stack  # noqa: E402
from lockpoint.storage.engine import Database  # noqa: E402
from lockpoint.storage.partitions import ensure  # noqa: E402
from lockpoint.storage.retention.purge import AGED  # noqa: E402
from lockpoint.storage.tables import PARTITIONED  # noqa: E402
from tests.e2e.journeys import CANARIES, DOMAIN, OURS, Journeys, disguised  # noqa: E402
from tests.e2e.system import System  # noqa: E402

INVENTORY_CELLS: Final = 4
DOCUMENT: Final = ROOT / "docs" / "privacy-proofs.md"
PLENTY: Final = 100_000_000
ADDRESS: Final = f"alice@{DOMAIN}"
BACKUP: Final = "backup"
PURGE: Final = "purge"
"""What others need the result of."""

COMMANDS: Final = {
    BACKUP: ("backup", "create", "--to", "backups"),
    "prune": ("backup", "prune", "--in", "backups"),
    "keys-status": ("keys", "status", "--backups", "backups"),
    "scan": ("privacy", "scan", "--words", "words", "--logs", "app.log", "--backup", "BACKUP", "--metrics", "METRICS"),
    "scan-own": ("privacy", "scan"),
    "mail-log": ("privacy", "mail-log"),
    "export": ("privacy", "export", "--account-id", "ALICE", "--site", "1"),
    "erase": ("privacy", "erase", "--account-id", "ALICE"),
    PURGE: ("purge",),
}
"""What is run on a whole system after a journey, in this order."""

TOLD: Final = {
    "backup": "A backup of the two sites of the system.",
    "prune": "Pruning a folder of backups.",
    "keys-status": "What each key is needed for, and from when on it may be dropped.",
    "scan": (
        "The search for what must not be there, after all journeys: choose mails, lock with a note, wait, overwrite, "
        "undo, rename, move, trash, mails, a refused one too, extend, break with a reason, take over, unlock, expire, "
        "unsubscribe, copy mode, a job that is given up, erase, uninstall and install again; all with unmistakable "
        "names, addresses, titles, file names, notes, reasons and content."
    ),
    "scan-own": (
        "Without a list of words the search takes those of the installed sites: names and addresses of people, titles "
        "of spaces, pages and files, read as the app and forgotten."
    ),
    "mail-log": f"Which mails went to an address; it comes from standard input (here: {ADDRESS}).",
    "export": "What is held about an account.",
    "erase": "The same account is erased.",
    PURGE: (
        "What the clock does every hour, here after every row was made 40 days older; what is left over is counted by "
        "queries, and the command exits with 1 when that is not nothing."
    ),
}
HEAD: Final = Path(__file__).with_name("privacy_proofs_head.md")


@dataclass(frozen=True, slots=True)
class Outcomes:
    """How many cases of each test function passed, what went wrong, and pytest's last line."""

    passed: Mapping[str, int]
    wrong: Sequence[str]
    summary: str


def main(wanted: Sequence[str]) -> int:
    """Run the proofs; 1 when one of them does not hold."""
    known = proofs().by_mark
    unknown = [mark for mark in wanted if mark not in known]
    if unknown:
        print(f"bin/privacy-proofs: no such promise: {', '.join(unknown)}", file=sys.stderr)
        return 2
    chosen = {mark: proof for mark, proof in known.items() if mark in wanted or not wanted}
    outcomes = run_tests(dict.fromkeys(test for proof in chosen.values() for test in proof.tests))
    printed = run_commands({name for proof in chosen.values() for name in proof.commands})
    wrong = [*outcomes.wrong, *(name for name, text in printed.items() if not text.endswith("\nexit 0"))]
    document = written(chosen, outcomes, printed)
    if wrong or wanted:
        print(document)
    else:
        DOCUMENT.write_text(document, encoding="utf-8")
    print(f"{outcomes.summary}; does not hold: {', '.join(wrong) or 'nothing'}", file=sys.stderr)
    return 1 if wrong else 0


def run_tests(tests: Iterable[str]) -> Outcomes:
    """Run the tests in one process and read how each ended."""
    command = [sys.executable, "-m", "pytest", "-n0", "-q", "-p", "no:cacheprovider", "-rpfEs", *tests]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    passed: dict[str, int] = {}
    wrong = re.findall(r"^(?:FAILED|ERROR|SKIPPED) (.+)$", done.stdout, re.MULTILINE)
    for name in re.findall(r"^PASSED ([^\s\[]+)", done.stdout, re.MULTILINE):
        passed[name] = passed.get(name, 0) + 1
    last = (done.stdout.strip() or done.stderr.strip()).splitlines()[-1]
    return Outcomes(passed, wrong if done.returncode == 0 or wrong else [last], last)


def run_commands(names: set[str]) -> dict[str, str]:
    """Let people work on a whole system, run these commands on it, and give what each printed, with its exit code."""
    if not names:
        return {}
    printed: dict[str, str] = {}
    with (
        tempfile.TemporaryDirectory(prefix="lockpoint-proofs-") as folder,
        running(Path(folder)) as system,
        disguised(system),
    ):
        journeyed(system, Path(folder))
        for name in COMMANDS:
            if name == PURGE:
                grow_older(system)
            if name in names | {BACKUP}:
                printed[name] = _printed(system, Path(folder), name)
    return {name: output for name, output in printed.items() if name in names}


@contextmanager
def running(folder: Path) -> Iterator[System]:
    """All processes, with the local Confluence and plenty of points."""
    lines: list[str] = []
    settings = {"LOCKPOINT_POINTS_PER_HOUR": str(PLENTY)}
    stack = Stack(folder / "state", spare_ports(), settings, lambda name, line: lines.append(f"{name} {line}"))
    stop = threading.Event()
    try:
        stack.start(stop)
        threading.Thread(target=stack.watch, daemon=True).start()
        system = System(stack, lines)
        system.confluence.post("/_sim/quota", {"limit": PLENTY})
        yield system
    finally:
        stop.set()
        stack.stop()


def journeyed(system: System, folder: Path) -> None:
    """Do everything that people do under unmistakable names, and put these words and the app's log into files."""
    Journeys(system).run()
    (folder / "words").write_text("\n".join(sorted(CANARIES)), encoding="utf-8")
    log = [line for line in system.lines if line.split(" ", 1)[0] in OURS]
    (folder / "app.log").write_text("\n".join(log), encoding="utf-8")
    (folder / "backups").mkdir()


def grow_older(system: System) -> None:
    """Let 40 days pass for everything that has a limit."""
    database = Database(system.stack.environment["DATABASE_URL"].replace("postgresql://", "postgresql+psycopg://", 1))
    with database.transaction() as connection:
        for parent in PARTITIONED:
            days = connection.execute(text(f"SELECT DISTINCT CAST(at AS date) - 40 FROM {parent}"))  # noqa: S608 - ours
            ensure(connection, days.scalars().all())
            connection.execute(text(f"UPDATE {parent} SET at = at - interval '40 days'"))  # noqa: S608 - ours
        for aged in AGED:
            column = f"{aged.since.name} = {aged.since.name} - CAST('40 days' AS interval)"
            connection.execute(text(f"UPDATE {aged.table.name} SET {column}"))  # noqa: S608 - ours
    database.close()


def _printed(system: System, folder: Path, name: str) -> str:
    backup = next((str(path.relative_to(folder)) for path in (folder / "backups").iterdir()), "")
    stand_ins = {"BACKUP": backup, "METRICS": f"{system.app_url}/metrics", "ALICE": system.account_of("alice")}
    arguments = [stand_ins.get(word, word) for word in COMMANDS[name]]
    done = subprocess.run(
        [sys.executable, "-m", "lockpoint", *arguments],
        cwd=folder,
        env={**system.stack.environment, "PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        input=ADDRESS,
        capture_output=True,
        text=True,
        check=False,
    )
    return f"$ lockpoint {' '.join(arguments)}\n{done.stdout}{done.stderr}exit {done.returncode}"


def written(chosen: Mapping[str, Proof], outcomes: Outcomes, printed: Mapping[str, str]) -> str:
    """Give the document: the promises in the order of the page, then what the commands printed."""
    parts = [HEAD.read_text(encoding="utf-8").format(date=f"{datetime.now(UTC):%-d %B %Y}")]  # noqa: TID251 - the day of the proofs
    parts += [f"    {outcomes.summary}\n"]
    for section, promises in groupby(_promises(chosen), key=lambda pair: pair[1][0].section):
        parts.append(f"## {section}\n")
        parts += [_promise(mark, said, chosen[mark], outcomes) for mark, said in promises]
    if printed:
        parts.append("## What the commands printed\n")
    parts += [f"### {name}\n\n{TOLD[name]}\n\n```\n{output}\n```\n" for name, output in printed.items()]
    return "\n".join(parts)


def _promises(chosen: Mapping[str, Proof]) -> list[tuple[str, list[Statement]]]:
    """Each number with what it stands behind, where the page names it first."""
    found: dict[str, list[Statement]] = {}
    for one in statements(PAGE.read_text(encoding="utf-8")):
        for mark in one.marks:
            if mark in chosen:
                found.setdefault(mark, []).append(one)
    return list(found.items())


def _promise(mark: str, said: Sequence[Statement], proof: Proof, outcomes: Outcomes) -> str:
    times = [_cells(one)[0] for one in said if len(_cells(one)) == INVENTORY_CELLS]
    quoted = [": ".join(_cells(one)) for one in said if len(_cells(one)) != INVENTORY_CELLS]
    quoted += [f"In the tables, how long is kept: {'; '.join(times)}."] if times else []
    lines = [f"### {mark}\n", *(f"> {sentence}\n>" for sentence in quoted[:-1]), f"> {quoted[-1]}\n"]
    lines += [line for test in proof.tests for line in _shown(test, outcomes.passed)]
    lines += [f"- [`lockpoint {' '.join(COMMANDS[name][:2])}`](#{name})" for name in proof.commands]
    return "\n".join(lines) + "\n"


def _cells(statement: Statement) -> list[str]:
    """The cells of a row; a sentence is one. Links, which would lead elsewhere from here, are their texts."""
    text = re.sub(r"\[([^]]+)\]\([^)]+\)", r"\1", statement.text)
    return [cell.strip() for cell in text.strip("|").split("|")]


def _shown(test: str, passed: Mapping[str, int]) -> Iterator[str]:
    """A line for the test, or for each test of the file."""
    for name, count in sorted(passed.items()):
        if name == test or name.startswith(f"{test}::"):
            yield f"- `{name}`: {_sentence(name)} *{count} passed*"


def _sentence(name: str) -> str:
    """What a test proves, by its docstring."""
    path, _, function = name.partition("::")
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef) and node.name == function.rpartition("::")[2]:
            return re.sub(r"\s+", " ", ast.get_docstring(node) or "")
    return ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
