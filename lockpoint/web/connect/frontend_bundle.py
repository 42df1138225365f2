"""The built front end in memory; file names carry digests, so browsers keep them."""

from __future__ import annotations

import gzip
import json
import mimetypes
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

BUILT: Final = Path(__file__).parents[1] / "static"
MANIFEST: Final = Path(".vite") / "manifest.json"

# Smaller files grow when packed.
_WORTH_PACKING: Final = 512
_TYPES: Final = {".js": "text/javascript", ".css": "text/css"}


class BundleError(Exception):
    """The front end is not built, or from other sources than this code."""


@dataclass(frozen=True, slots=True)
class StaticFile:
    """`packed` is gzip; None where no smaller."""

    content: bytes
    packed: bytes | None
    content_type: str


@dataclass(frozen=True, slots=True)
class Screen:
    """Names under `/static/`."""

    script: str
    styles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Bundle:
    """Files by name under `/static/`, and what each entry of the build needs."""

    files: Mapping[str, StaticFile]
    screens: Mapping[str, Screen]

    def screen(self, entry: str) -> Screen:
        """Return what an entry (path of its source) loads; BundleError when there is none."""
        try:
            return self.screens[entry]
        except KeyError:
            raise BundleError(f"the built front end has no entry {entry}; build it again") from None


def read_bundle(folder: Path = BUILT) -> Bundle:
    """Read `npm run build`'s output; raises BundleError."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BundleError(f"the front end is not built ({folder / MANIFEST} is missing); bin/setup builds it") from None
    names = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
    files = {name: _read(folder / name) for name in names if not name.startswith(".")}
    entries = {source: entry["file"] for source, entry in manifest.items() if entry.get("isEntry")}
    return Bundle(
        files=files,
        screens={source: Screen(script, _styles(manifest, source)) for source, script in entries.items()},
    )


def _styles(manifest: Mapping[str, Any], entry: str) -> tuple[str, ...]:
    """Return what a screen loads, first the styles of parts that it shares with other screens."""
    parts = [entry]
    for part in parts:
        parts.extend(shared for shared in manifest[part].get("imports", ()) if shared not in parts)
    return tuple(dict.fromkeys(style for part in reversed(parts) for style in manifest[part].get("css", ())))


def _read(path: Path) -> StaticFile:
    content = path.read_bytes()
    packed = gzip.compress(content, mtime=0) if len(content) >= _WORTH_PACKING else content
    known = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    charset = "; charset=utf-8" if known.startswith("text/") else ""
    return StaticFile(content, packed if len(packed) < len(content) else None, known + charset)
