"""Accounts of database programs: PostgreSQL refuses root, often a container's only user.

Three ways, none of which changes the machine: the current user; root in a user namespace under another number; an
existing powerless account, with a readable copy of the programs.
"""

import hashlib
import os
import pwd
import shutil
import stat
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from devstack.errors import EmbeddedError


class Account(Protocol):
    @property
    def user(self) -> int | None:
        """User and group number to change to before start; None: no change."""

    def command(self, arguments: Sequence[str]) -> list[str]:
        """The arguments that run this program under the account."""

    def programs(self, root: Path, parts: Sequence[str]) -> Path:
        """A folder where the account can read these parts of `root`, at the same relative paths."""

    def folder(self, wanted: Path) -> Path:
        """The account's folder for `wanted`, created when missing."""


@dataclass(frozen=True, slots=True)
class SamePerson:
    """The current user, unless root."""

    user: None = None

    def command(self, arguments: Sequence[str]) -> list[str]:
        return list(arguments)

    def programs(self, root: Path, parts: Sequence[str]) -> Path:  # noqa: ARG002 - the others copy the parts
        return root

    def folder(self, wanted: Path) -> Path:
        wanted.mkdir(mode=0o700, parents=True, exist_ok=True)
        return wanted


@dataclass(frozen=True, slots=True)
class Namespace(SamePerson):
    """Root in a user namespace that maps root to another number; outside, files stay root's.

    The number must belong to a named account: `initdb` looks up its name.
    """

    number: int = 0

    def command(self, arguments: Sequence[str]) -> list[str]:
        """Prefix `unshare`, which becomes the program: no process stands between."""
        return ["unshare", "--user", f"--map-user={self.number}", f"--map-group={self.number}", "--", *arguments]


@dataclass(frozen=True, slots=True)
class Stranger:
    """Root without namespaces: an existing powerless account, with its own copy in a temporary place."""

    user: int
    place: Path = Path("/var/tmp")  # noqa: S108 - survives a reboot; _own checks the folder's owner

    def command(self, arguments: Sequence[str]) -> list[str]:
        """The process changes user at its start."""
        return list(arguments)

    def programs(self, root: Path, parts: Sequence[str]) -> Path:
        """Copy the programs, world-readable, once per installation."""
        copy = self._own(self.place / f"lockpoint-programs-{_digest(root)}", owner=0, mode=0o755)
        if not (copy / "complete").exists():
            for part in filter(lambda name: (root / name).exists(), parts):
                shutil.copytree(root / part, copy / part, symlinks=True, dirs_exist_ok=True)
            (copy / "complete").touch()
        return copy

    def folder(self, wanted: Path) -> Path:
        """Outside the checkout, whose parents may be closed to the account."""
        return self._own(self.place / f"lockpoint-data-{_digest(wanted)}", owner=self.user, mode=0o700)

    def _own(self, folder: Path, *, owner: int, mode: int) -> Path:
        """Create the folder, or check its owner: the temporary place is open to all."""
        if not os.path.lexists(folder):
            folder.mkdir(mode=mode)
            folder.chmod(mode)
            os.chown(folder, owner, owner)
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner:
            msg = f"{folder} belongs to somebody else: remove it"
            raise EmbeddedError(msg)
        return folder


def choose_account(*needed: Path) -> Account:
    """Return the first way that this machine allows and that can read these folders.

    Root in a namespace cannot read other users' folders. EmbeddedError for root without a powerless account.
    """
    if os.geteuid() != 0:
        return SamePerson()
    number = powerless_account()
    namespace = Namespace(number=number)
    return namespace if _can_list(namespace, needed) else Stranger(user=number)


def powerless_account() -> int:
    """`nobody`, or any account except root; EmbeddedError when root is the only one."""
    others = [entry for entry in pwd.getpwall() if entry.pw_uid != 0]
    if not others:
        msg = "PostgreSQL does not run as root and this machine has no other account: add one, or set DATABASE_URL"
        raise EmbeddedError(msg)
    return next((entry.pw_uid for entry in others if entry.pw_name == "nobody"), others[0].pw_uid)


def _can_list(account: Account, folders: Sequence[Path]) -> bool:
    try:
        probe = subprocess.run(
            account.command(["ls", *map(str, folders)]), check=False, capture_output=True, timeout=10
        )
    except OSError:
        return False
    return probe.returncode == 0


def _digest(path: Path) -> str:
    return hashlib.sha256(str(path.absolute()).encode()).hexdigest()[:16]
