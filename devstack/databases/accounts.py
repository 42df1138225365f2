"""As whom the database programs run: PostgreSQL refuses to run as root, and a container's only user is often root.

Three ways, none of which changes the machine: as we are; as root inside a user namespace that calls us somebody
else; or as an existing powerless account, on a copy of the programs that this account may read.
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
    """A way to run programs that refuse root."""

    @property
    def user(self) -> int | None:
        """The user and group number to change to before the program starts; none: stay as we are."""

    def command(self, arguments: Sequence[str]) -> list[str]:
        """The arguments that run this program under the account."""

    def programs(self, root: Path, parts: Sequence[str]) -> Path:
        """Give a folder in which the account can read these parts of `root`, lying to each other as they do there."""

    def folder(self, wanted: Path) -> Path:
        """Give the folder that stands for `wanted`: the account's own, made when it is missing."""


@dataclass(frozen=True, slots=True)
class SamePerson:
    """Whoever started us, when that is not root."""

    user: None = None

    def command(self, arguments: Sequence[str]) -> list[str]:
        """Run the program as it is."""
        return list(arguments)

    def programs(self, root: Path, parts: Sequence[str]) -> Path:  # noqa: ARG002 - the others copy the parts
        """Use the programs where they are installed."""
        return root

    def folder(self, wanted: Path) -> Path:
        """Use the wanted folder itself."""
        wanted.mkdir(mode=0o700, parents=True, exist_ok=True)
        return wanted


@dataclass(frozen=True, slots=True)
class Namespace(SamePerson):
    """Root in a user namespace where root is called by another number; files stay root's on the outside.

    The number must belong to a named account, because `initdb` looks its name up.
    """

    number: int = 0

    def command(self, arguments: Sequence[str]) -> list[str]:
        """Run the program through `unshare`, which becomes the program: no process stands between."""
        return ["unshare", "--user", f"--map-user={self.number}", f"--map-group={self.number}", "--", *arguments]


@dataclass(frozen=True, slots=True)
class Stranger:
    """Root where namespaces are forbidden: an existing powerless account, with its own copy in a temporary place."""

    user: int
    place: Path = Path("/var/tmp")  # noqa: S108 - survives a reboot, and _own makes sure whose folder it is

    def command(self, arguments: Sequence[str]) -> list[str]:
        """Run the program as it is; the change of user happens when the process starts."""
        return list(arguments)

    def programs(self, root: Path, parts: Sequence[str]) -> Path:
        """Copy the programs to where everybody may read them, once for each installation."""
        copy = self._own(self.place / f"lockpoint-programs-{_digest(root)}", owner=0, mode=0o755)
        if not (copy / "complete").exists():
            for part in filter(lambda name: (root / name).exists(), parts):
                shutil.copytree(root / part, copy / part, symlinks=True, dirs_exist_ok=True)
            (copy / "complete").touch()
        return copy

    def folder(self, wanted: Path) -> Path:
        """Use a folder outside the checkout, because those above a checkout may be closed to the account."""
        return self._own(self.place / f"lockpoint-data-{_digest(wanted)}", owner=self.user, mode=0o700)

    def _own(self, folder: Path, *, owner: int, mode: int) -> Path:
        """Make the folder, or make sure that nobody else made it: the temporary place is open to all."""
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
    """Find the first way that this machine allows, and in which these folders can be read.

    Root in a namespace is like anybody else where a folder belongs to another person.
    Raises EmbeddedError when we are root and no powerless account exists.
    """
    if os.geteuid() != 0:
        return SamePerson()
    number = powerless_account()
    namespace = Namespace(number=number)
    return namespace if _can_list(namespace, needed) else Stranger(user=number)


def powerless_account() -> int:
    """The number of `nobody`, or of any account that is not root.

    Raises EmbeddedError when the machine knows no other account than root.
    """
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
