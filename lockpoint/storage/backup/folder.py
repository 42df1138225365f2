"""A folder of backups: names, writing, pruning."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from lockpoint.services.errors import OperatorRefusal
from lockpoint.storage.backup.file_format import LONGEST_HEADER, BackupHeader, read_header, read_whole
from lockpoint.storage.backup.schedule import kept

_TIME: Final = "%Y%m%dT%H%M%S.%fZ"
_NAME: Final = re.compile(r"lockpoint-[0-9]{8}T[0-9]{6}\.[0-9]{6}Z\.backup")
_PARTIAL: Final = re.compile(r"\.lockpoint-([0-9]{8}T[0-9]{6}\.[0-9]{6}Z)\.backup\.partial")
ABANDONED: Final = timedelta(days=1)
"""Age at which the rest of an interrupted write is deleted."""

CLOCKS_DIFFER: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Pruned:
    """Names of backups that stay and that went (or would go), oldest first.

    `spoilt` have a backup's name and are none, or not whole: they do not count, and stay.
    """

    kept: tuple[str, ...]
    removed: tuple[str, ...]
    spoilt: tuple[str, ...]


def name_of(created_at: datetime) -> str:
    """Names sort by time."""
    return f"lockpoint-{created_at.astimezone(UTC).strftime(_TIME)}.backup"


def write(folder: Path, created_at: datetime, data: bytes) -> Path:
    """Write a backup readable by its owner only; return its path.

    It gets its name when it is whole and on disk. `OperatorRefusal` when the folder is missing or full.
    """
    path = folder / name_of(created_at)
    partial = folder / f".{path.name}.partial"
    try:
        if path.exists():
            raise OperatorRefusal(f"there is a backup {path.name} already")
        _write_through(partial, data)
        partial.rename(path)
        _flush_folder(folder)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise OperatorRefusal(f"cannot write to {folder}: {error.strerror}") from None
    return path


def prune(folder: Path, now: datetime, *, dry_run: bool = False) -> Pruned:
    """Delete what the schedule does not keep; files with other names stay. `OperatorRefusal`.

    The time is read from the file, not its name: a spoilt one replaces no good one.
    """
    try:
        names = sorted(entry.name for entry in folder.iterdir() if entry.is_file())
        found = {name: _made_at(folder / name) for name in names if _NAME.fullmatch(name)}
        _must_be_past(found, now)
        pruned = _sorted_out(found, [name for name in names if _is_abandoned(name, now)])
        for name in () if dry_run else pruned.removed:
            (folder / name).unlink(missing_ok=True)
    except OSError as error:
        raise OperatorRefusal(f"cannot prune {folder}: {error.strerror}") from None
    return pruned


def _sorted_out(found: Mapping[str, datetime | None], abandoned: Sequence[str]) -> Pruned:
    staying = kept(moment for moment in found.values() if moment is not None)
    return Pruned(
        kept=tuple(name for name, moment in found.items() if moment in staying),
        removed=(*(name for name, moment in found.items() if moment and moment not in staying), *abandoned),
        spoilt=tuple(name for name, moment in found.items() if moment is None),
    )


def _must_be_past(found: Mapping[str, datetime | None], now: datetime) -> None:
    """Refuse a backup from the future: all others would look old."""
    early = [name for name, moment in found.items() if moment is not None and moment > now + CLOCKS_DIFFER]
    if early:
        raise OperatorRefusal(f"{early[0]} says that it was made in the future; nothing was removed")


def _made_at(path: Path) -> datetime | None:
    try:
        return read_whole(path.read_bytes()).created_at
    except OperatorRefusal:
        return None


def headers(folder: Path) -> Sequence[BackupHeader]:
    """Of the readable backups; `OperatorRefusal` when the folder cannot be read."""
    try:
        paths = sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name))
        beginnings = [_beginning(path) for path in paths]
    except OSError as error:
        raise OperatorRefusal(f"cannot read {folder}: {error.strerror}") from None
    return [header for data in beginnings if (header := _header_or_none(data)) is not None]


def _beginning(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(LONGEST_HEADER)


def _header_or_none(data: bytes) -> BackupHeader | None:
    try:
        return read_header(data)
    except OperatorRefusal:
        return None


def _is_abandoned(name: str, now: datetime) -> bool:
    match = _PARTIAL.fullmatch(name)
    return match is not None and _time(match) < now - ABANDONED


def _time(match: re.Match[str]) -> datetime:
    try:
        return datetime.strptime(match[1], _TIME).replace(tzinfo=UTC)
    except ValueError:
        raise OperatorRefusal(f"{match[0]} names a time that does not exist; nothing was removed") from None


def _write_through(path: Path, data: bytes) -> None:
    """Write to the disk, with access for the owner alone from the first byte."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _flush_folder(folder: Path) -> None:
    """Make the new name survive a power failure."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
