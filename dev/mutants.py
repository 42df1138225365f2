"""Change one thing at a time in the rules and use cases, and see whether the tests notice.

usage: bin/mutants [--sample N] [--seed S] [--jobs N] [--seconds S] [--least PERCENT] [--equivalents] [PATH[:LINE]...]

One process imports and collects the tests, and measures which lines each of them runs. A mutant inside a function is a
fork of it with that function's code replaced; one outside needs a process that imports afresh. Each is run against the
tests that run its statement, the cheapest first. Survivors that change nothing anybody could see stand, with the
reason, in `dev/equivalent_mutants.toml`.
"""

from __future__ import annotations

import argparse
import gc
import hashlib
import importlib
import importlib.abc
import importlib.util
import os
import pickle
import random
import resource
import signal
import sys
import tempfile
import threading
import time
import tomllib
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import partial
from importlib.machinery import ModuleSpec
from itertools import zip_longest
from pathlib import Path
from types import CodeType, FrameType, FunctionType, ModuleType
from typing import Any, Final

import pytest

from dev.mutations import ROOT, Mutant, mutants_of, mutated

PLACES: Final = (
    "lockpoint/domain",
    *(f"lockpoint/services/{name}" for name in ("locks", "enforcement", "lock_record", "reconciliation")),
)
TESTS: Final = ("tests/domain", "tests/services")
EQUIVALENT: Final = "dev/equivalent_mutants.toml"
PATIENCE: Final = 300
"""Seconds for one mutant, whatever the machine does; `CPU_SECONDS` of its own are the usual limit."""
CPU_SECONDS: Final = 40
PLAIN: Final = (
    *("-o", "addopts=", "-o", "timeout=0", "--import-mode=importlib", "-q", "--tb=no", "--capture=sys"),
    *("-W", "ignore::pytest.PytestAssertRewriteWarning"),  # third parties are imported before the fork
    *("-p", "no:valkey", "-p", "no:randomly", "-p", "no:cacheprovider", "-p", "no:xdist"),
)
THIRD_PARTIES: Final = ("flask", "sqlalchemy", "pydantic", "structlog", "requests", "procrastinate", "jwt", "psycopg")
MEASURED: Final = ("domain", "services")
REMEMBERED: Final = ".local/mutants.pickle"
MOST_KEPT: Final = 20_000
FAULTY: Final = 70
COSTLY: Final = {"servers", "chromium", "specs"}
"""Fixtures of tests that are too slow for this."""


class Outcome(IntEnum):
    """The exit code of a mutant's process; any other code is a fault of this program, never a catch."""

    SURVIVED = 0
    CAUGHT = 1
    NEEDS_IMPORT = 3
    TIMED_OUT = 4
    WRONG_WITHOUT = 5


@dataclass(frozen=True)
class Measured:
    """What one test takes, and the lines that it runs: by file, a number with their bits."""

    seconds: float
    ran: dict[str, int]


Map = dict[str, Measured]
Work = Callable[[pytest.Session], None]


class Loop:
    """Does some work with the collected tests instead of running them."""

    def __init__(self, work: Work) -> None:
        self._work = work

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Leave out what is costly, and make random tests repeat themselves."""
        from hypothesis import settings  # noqa: PLC0415 - after pytest has arranged its assertions

        settings.register_profile("mutants", max_examples=20, derandomize=True, database=None, deadline=None)
        settings.load_profile("mutants")
        session.items = [each for each in session.items if isinstance(each, pytest.Function) and not _costly(each)]
        self._work(session)
        return True


def _costly(item: pytest.Function) -> bool:
    return bool(COSTLY & set(item.fixturenames)) or item.get_closest_marker("processes") is not None


class Replaced(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Loads one module from a mutant instead of its file."""

    def __init__(self, mutant: Mutant, root: Path) -> None:
        self._mutant, self._root = mutant, root

    def find_spec(self, fullname: str, path: object, target: object = None) -> ModuleSpec | None:
        del path, target
        ours = fullname == self._mutant.path.removesuffix(".py").replace("/", ".")
        return importlib.util.spec_from_loader(fullname, self) if ours else None

    def exec_module(self, module: ModuleType) -> None:
        exec(_compiled(self._mutant, self._root), module.__dict__)  # noqa: S102 - the purpose of this program


def _compiled(mutant: Mutant, root: Path) -> CodeType:
    return compile(mutated(mutant, root), str(root / mutant.path), "exec")


def _codes(code: CodeType) -> Iterator[CodeType]:
    for const in code.co_consts:
        if isinstance(const, CodeType):
            yield const
            yield from _codes(const)


def functions_of(files: set[str]) -> dict[str, list[FunctionType]]:
    """All functions of some modules, wherever they are kept, by file."""
    found: dict[str, list[FunctionType]] = {file: [] for file in files}
    for each in gc.get_objects():
        if isinstance(each, FunctionType) and each.__code__.co_filename in found:
            found[each.__code__.co_filename].append(each)
    return found


def replace_code(mutant: Mutant, functions: Iterable[FunctionType], root: Path) -> None:
    """Give every function of the module the mutant's code; `ValueError` where that takes a new import."""
    new = {(code.co_qualname, code.co_firstlineno): code for code in _codes(_compiled(mutant, root))}
    for function in functions:
        function.__code__ = new[function.__code__.co_qualname, function.__code__.co_firstlineno]


def forked(work: Callable[[], None], *, quiet: bool = True) -> int:
    """Do some work in a process of its own, and return the process's number; the work ends the process itself."""
    child = os.fork()
    if child == 0:
        complaints = os.dup(2)
        try:
            if quiet:
                silent()
            work()
        except BaseException:  # noqa: BLE001 - whatever it is, this process ends here
            os.write(complaints, traceback.format_exc().encode())
        finally:
            os._exit(FAULTY)
    return child


def limited(work: Callable[[], None]) -> None:
    """End the process in time, whatever a mutant does."""
    signal.alarm(PATIENCE)  # no handler
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = int(used.ru_utime + used.ru_stime) + CPU_SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 1))
    work()


def silent() -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)


def outcome(status: int) -> Outcome:
    """What a process's end says; `SystemExit` when it says that this program is at fault."""
    code = os.waitstatus_to_exitcode(status)
    if code in {-signal.SIGALRM, -signal.SIGXCPU}:
        return Outcome.TIMED_OUT
    try:
        return Outcome(code)
    except ValueError:
        raise SystemExit(f"bin/mutants failed itself: a process ended with {code}") from None


def run_items(session: pytest.Session, items: Sequence[pytest.Item]) -> None:
    """Run tests until one fails, and end the process."""
    for item, following in zip_longest(items, items[1:]):
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if session.testsfailed:
            os._exit(Outcome.CAUGHT)
    os._exit(Outcome.SURVIVED)


def measure(session: pytest.Session, items: Sequence[pytest.Item], to: Path, root: Path) -> None:
    """Run tests one by one, write down what each took and ran, and end the process."""
    found: Map = {}
    for item in items:
        ran, began = set[tuple[str, int]](), time.process_time()
        tracer = _tracer(tuple(str(root / "lockpoint" / place) for place in MEASURED), ran)
        threading.settrace(tracer)
        sys.settrace(tracer)
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
        sys.settrace(None)
        found[item.nodeid] = Measured(time.process_time() - began, _bits(ran))
        if session.testsfailed:
            to.write_text(item.nodeid)
            os._exit(Outcome.WRONG_WITHOUT)
    to.write_bytes(pickle.dumps(found))
    os._exit(Outcome.SURVIVED)


def _tracer(below: tuple[str, ...], ran: set[tuple[str, int]]) -> Any:
    def lines(frame: FrameType, event: str, _: object) -> Any:
        if event == "line":
            ran.add((frame.f_code.co_filename, frame.f_lineno))
        return lines

    return lambda frame, _event, _arg: lines if frame.f_code.co_filename.startswith(below) else None


def _bits(ran: set[tuple[str, int]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for file, line in ran:
        found[file] = found.get(file, 0) | 1 << line
    return found


def digests(root: Path, items: Iterable[pytest.Item]) -> dict[Path, bytes]:
    """By the file of a test: its content, with that of the product and of the tests' tools."""
    tools = (each for each in (root / "tests").rglob("*.py") if not each.name.startswith("test_"))
    common = hashlib.blake2b(digest_size=16)
    for path in sorted([*(root / "lockpoint").rglob("*.py"), *tools]):
        common.update(path.read_bytes())
    return {path: common.digest() + hashlib.blake2b(path.read_bytes()).digest() for path in {i.path for i in items}}


def _load(file: Path) -> Any:
    return pickle.loads(file.read_bytes()) if file.exists() else {}  # noqa: S301 - written by this program


def best_tests(mutant: Mutant, known: Map, root: Path) -> list[str]:
    """The tests that run the mutant's statement, those that mirror its module and cheap ones first."""
    path, lines = str(root / mutant.path), sum(1 << line for line in mutant.lines)
    running = [name for name, one in known.items() if one.ran.get(path, 0) & lines or not mutant.in_function]
    mirror = f"{Path(mutant.path).parent.relative_to('lockpoint')}/test_{Path(mutant.path).stem}"
    return sorted(running, key=lambda name: known[name].seconds * (0.2 if mirror in name else 1))


def pool(
    mutants: Iterable[Mutant], begin: Callable[[Mutant], int], jobs: int, deadline: float
) -> Iterator[tuple[Mutant, Outcome]]:
    """Each mutant begun before the deadline, with its outcome; `jobs` at a time."""
    waiting, running = iter(mutants), dict[int, Mutant]()
    while True:
        while len(running) < jobs and time.monotonic() < deadline and (mutant := next(waiting, None)):
            running[begin(mutant)] = mutant
        if not running:
            return
        child, status = os.wait()
        yield running.pop(child), outcome(status)


class Hunt:
    """Runs mutants against the tests below `paths`; `report` hears of every outcome when it comes."""

    def __init__(
        self, paths: Sequence[str], report: Callable[[Mutant, Outcome], None], *, root: Path, jobs: int, seconds: float
    ) -> None:
        self._paths = [str(root / path) for path in paths]
        self._report, self._root, self._jobs = report, root, jobs
        self._seconds = seconds
        """For the mutants of functions, and again for those to import; measuring the tests takes what it takes."""

    def run(self, mutants: Sequence[Mutant]) -> dict[Mutant, Outcome]:
        """Import what every run needs, but nothing of this project; then hunt in forks."""
        sys.path.insert(0, str(self._root))
        for name in THIRD_PARTIES:
            importlib.import_module(name)
        with tempfile.TemporaryDirectory() as folder:
            results = Path(folder, "results")
            collecting = forked(lambda: self._pytest(partial(self._in_functions, mutants, results)), quiet=False)
            if ended := os.waitstatus_to_exitcode(os.waitpid(collecting, 0)[1]):
                raise SystemExit(f"The tests fail without any mutant, or bin/mutants did (exit code {ended}).")
            known, outcomes = pickle.loads(results.read_bytes())  # noqa: S301 - written by the fork
        late = [mutant for mutant in mutants if outcomes.get(mutant, Outcome.NEEDS_IMPORT) is Outcome.NEEDS_IMPORT]
        late = [mutant for mutant in late if mutant in outcomes or not mutant.in_function]
        again = pool(
            late,
            lambda mutant: forked(lambda: limited(lambda: self._afresh(mutant, known))),
            self._jobs,
            time.monotonic() + self._seconds,
        )
        outcomes = {mutant: came for mutant, came in outcomes.items() if came is not Outcome.NEEDS_IMPORT}
        return outcomes | dict(self._told(again))

    def _told(self, outcomes: Iterable[tuple[Mutant, Outcome]]) -> Iterator[tuple[Mutant, Outcome]]:
        for mutant, came in outcomes:
            if came is not Outcome.NEEDS_IMPORT:
                self._report(mutant, came)
            yield mutant, came

    def _pytest(self, work: Work) -> None:
        pytest.main([*PLAIN, *self._paths], plugins=[Loop(work)])

    def _in_functions(self, mutants: Sequence[Mutant], results: Path, session: pytest.Session) -> None:
        files = {str(self._root / mutant.path) for mutant in mutants}
        known, functions = self._measured(session, results.parent), functions_of(files)
        items = {item.nodeid: item for item in session.items}
        gc.freeze()  # spares each fork a copy

        def begin(mutant: Mutant) -> int:
            best = [items[name] for name in best_tests(mutant, known, self._root)]
            affected = functions[str(self._root / mutant.path)]
            return forked(lambda: limited(lambda: self._replaced(session, mutant, affected, best)))

        inside = [mutant for mutant in mutants if mutant.in_function]
        outcomes = dict(self._told(pool(inside, begin, self._jobs, time.monotonic() + self._seconds)))
        results.write_bytes(pickle.dumps((known, outcomes)))
        os._exit(0)

    def _measured(self, session: pytest.Session, folder: Path) -> Map:
        """What is remembered of tests whose file and whose tools are as they were, and the others measured now."""
        digest = digests(self._root, session.items)
        kept = _load(self._root / REMEMBERED)
        names = {item.nodeid: (digest[item.path], item.nodeid) for item in session.items}
        new = [item for item in session.items if names[item.nodeid] not in kept]
        parts = [(new[number :: self._jobs], folder / f"part-{number}") for number in range(self._jobs)]
        ended = [forked(partial(measure, session, items, part, self._root)) for items, part in parts]
        if any([os.waitpid(child, 0)[1] for child in ended]):  # noqa: C419 - wait for all
            print(*(part.read_text(errors="ignore") for _, part in parts if part.exists()), file=sys.stderr)
            os._exit(Outcome.WRONG_WITHOUT)
        kept |= {names[test]: one for _, part in parts for test, one in _load(part).items()}
        kept = {key: one for key, one in kept.items() if key in set(names.values())} if len(kept) > MOST_KEPT else kept
        (self._root / REMEMBERED).parent.mkdir(exist_ok=True)
        (self._root / REMEMBERED).write_bytes(pickle.dumps(kept))
        return {test: kept[key] for test, key in names.items()}

    def _replaced(
        self, session: pytest.Session, mutant: Mutant, functions: Iterable[FunctionType], best: Sequence[pytest.Item]
    ) -> None:
        try:
            replace_code(mutant, functions, self._root)
        except (KeyError, ValueError):
            os._exit(Outcome.NEEDS_IMPORT)
        run_items(session, best)

    def _afresh(self, mutant: Mutant, known: Map) -> None:
        sys.meta_path.insert(0, Replaced(mutant, self._root))
        best = best_tests(mutant, known, self._root)

        def work(session: pytest.Session) -> None:
            items = {item.nodeid: item for item in session.items}
            run_items(session, [items[name] for name in best if name in items])  # ids may follow a constant

        self._pytest(work)
        os._exit(Outcome.CAUGHT)  # the tests cannot even be imported


def equivalents(root: Path = ROOT) -> dict[tuple[str, str, str], str]:
    """The known mutants that change nothing, with the reason."""
    file = root / EQUIVALENT
    listed = tomllib.loads(file.read_text()).get("mutant", []) if file.exists() else []
    return {(one["path"], one["where"], one["change"]): one["reason"] for one in listed}


def chosen(paths: Sequence[str], root: Path = ROOT) -> list[Mutant]:
    """All mutants of the modules below the paths, or on a line of one."""
    found = []
    for path, _, line in (path.partition(":") for path in paths):
        files = sorted((root / path).rglob("*.py")) if (root / path).is_dir() else [root / path]
        found += [m for file in files for m in mutants_of(file, root) if not line or m.line == int(line)]
    return found


def outdated(root: Path = ROOT) -> list[str]:
    """Entries of the list of equivalents that name no mutant any more."""
    listed = equivalents(root)
    files = [path for path in dict.fromkeys(path for path, _, _ in listed) if (root / path).exists()]
    names = {mutant.key for mutant in chosen(files, root)}
    return [": ".join(key) for key in listed if key not in names]


def summary(outcomes: dict[Mutant, Outcome], seconds: float) -> float:
    """Print the scores; return that of all, in per cent: 0 when none was begun."""
    caught: dict[str, list[bool]] = {"all": []}
    for mutant, came in outcomes.items():
        for place in ("all", str(Path(mutant.path).parent)):
            caught.setdefault(place, []).append(came is not Outcome.SURVIVED)
    scores = {place: 100 * sum(each) / len(each) if each else 0.0 for place, each in sorted(caught.items())}
    for place, score in scores.items():
        print(f"{place}: {sum(caught[place])} of {len(caught[place])} caught, {score:.1f} %")
    print(f"{seconds:.0f} s")
    return scores["all"]


def main() -> int:
    """Run the mutants and print the survivors; exit 1 when too few are caught or the list of equivalents is wrong."""
    parser = argparse.ArgumentParser(prog="bin/mutants", description="Mutation testing of rules and use cases.")
    parser.add_argument("paths", nargs="*", default=PLACES, metavar="PATH[:LINE]")
    parser.add_argument("--sample", type=int, help="how many mutants, chosen by the seed")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument(
        "--seconds",
        type=float,
        default=float("inf"),
        help="begin none after this time, measured anew for those to import",
    )
    parser.add_argument("--least", type=float, default=0.0, help="the least percentage of mutants that must be caught")
    parser.add_argument("--equivalents", action="store_true", help="run the listed ones instead: all must survive")
    parser.add_argument("--root", type=Path, default=ROOT, help="the checkout")
    parser.add_argument("--tests", nargs="+", default=TESTS, help="folders of tests instead of all that are fast")
    asked = parser.parse_args()
    known, stale = equivalents(asked.root), outdated(asked.root)
    mutants = [mutant for mutant in chosen(asked.paths, asked.root) if (mutant.key in known) is asked.equivalents]
    random.Random(asked.seed).shuffle(mutants)  # noqa: S311 - a sample, no secret

    def report(mutant: Mutant, came: Outcome) -> None:
        if (came is Outcome.SURVIVED) is not asked.equivalents:
            print(f"{came.name.lower()}: {mutant}", flush=True)

    began = time.monotonic()
    hunt = Hunt(asked.tests, report, root=asked.root, jobs=asked.jobs, seconds=asked.seconds)
    outcomes = hunt.run(mutants[: asked.sample])
    score = summary(outcomes, time.monotonic() - began)
    print(*(f"lists no mutant: {entry}" for entry in stale), sep="\n")
    wrong = score > 0 if asked.equivalents else score < asked.least
    return 1 if stale or wrong else 0


if __name__ == "__main__":
    sys.exit(main())
