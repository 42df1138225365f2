"""Sites kept over a restart in one file, written after every change.

Lost, as on a failing host: faults, records, waiting webhooks, quota.
"""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from simulator.model.entities import App
from simulator.model.keys import InstallKeys, PrivateKey
from simulator.model.site import Site
from simulator.world.world import World

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

READING = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Kept:
    """`code` is a digest of the simulator that wrote it."""

    code: str
    base_urls: dict[str, str]
    sites: dict[str, Site]
    apps: dict[str, App]
    keys: dict[str, bytes]


class Keeper:
    """Saves and restores a world."""

    def __init__(self, world: World, path: Path) -> None:
        """`path` is trusted: only its owner may write to its folder."""
        self._world = world
        self._path = path
        self._written = b""

    def take_up(self) -> bool:
        """Restore an open world from the file.

        False, without change, for no file or one of another simulator version.
        """
        kept = self._read()
        if kept is None:
            return False
        with self._world.lock:
            here = {key: site.base_url for key, site in self._world.sites.items()}
            for key, site in kept.sites.items():
                site.base_url = here[key] if site.base_url == kept.base_urls[key] else site.base_url
            self._world.sites.update(kept.sites)
            self._world.apps.update(kept.apps)
            _put_keys(self._world.keys, kept.keys)
        return True

    def save(self) -> None:
        """Write the file atomically if something changed."""
        with self._world.lock:
            content = pickle.dumps(self._kept())
            if content == self._written:
                return
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            draft = self._path.with_suffix(".draft")
            draft.write_bytes(content)
            draft.replace(self._path)
            self._written = content

    def _kept(self) -> Kept:
        world = self._world
        return Kept(_code(), world.seeded_urls, dict(world.sites), dict(world.apps), _take_keys(world.keys))

    def _read(self) -> Kept | None:
        try:
            kept = pickle.loads(self._path.read_bytes())  # noqa: S301 - our own file in our own folder
        except (OSError, EOFError, AttributeError, ImportError, pickle.UnpicklingError):
            return None
        return kept if isinstance(kept, Kept) and kept.code == _code() else None


class Keeping:
    """WSGI middleware: answers after the change is on disk."""

    def __init__(self, app: WSGIApplication, keeper: Keeper) -> None:
        self._app = app
        self._keeper = keeper

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        answer = self._app(environ, start_response)
        if environ["REQUEST_METHOD"] not in READING:
            self._keeper.save()
        return answer


@cache
def _code() -> str:
    """A digest of the simulator's modules: other code cannot load the objects."""
    total = hashlib.sha256()
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        total.update(path.read_bytes())
    return total.hexdigest()


def _take_keys(keys: InstallKeys) -> dict[str, bytes]:
    return {kid: _pem(pair.private) for kid, pair in keys.pairs.items()}


@lru_cache(maxsize=16)
def _pem(private: PrivateKey) -> bytes:
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _put_keys(keys: InstallKeys, kept: dict[str, bytes]) -> None:
    for kid, pem in kept.items():
        private = load_pem_private_key(pem, password=None)
        if isinstance(private, PrivateKey):
            keys.put(kid, private)
