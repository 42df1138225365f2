"""Unix-socket folders: private, and short enough for the kernel."""

import hashlib
import os
import stat
import tempfile
from pathlib import Path
from typing import Final

from devstack.errors import EmbeddedError

LONGEST_FOLDER: Final = 80
"""Bytes. A socket's path may have 107 on Linux and 103 on macOS; PostgreSQL's file name takes up to 20 of them."""


def socket_folder(beside: Path, owner: int | None = None) -> Path:
    """Create a private folder below `beside`, or in the temporary folder when that path is too long.

    The same `beside` gives the same folder. EmbeddedError when another user owns it.
    """
    folder = beside.absolute() / "socket"
    if len(os.fsencode(folder)) > LONGEST_FOLDER:
        digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
        folder = Path(tempfile.gettempdir()) / f"lockpoint-{digest}"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if owner is not None:
        os.chown(folder, owner, owner)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != (os.geteuid() if owner is None else owner):
        msg = f"{folder} belongs to somebody else: remove it"
        raise EmbeddedError(msg)
    folder.chmod(0o700)
    return folder
