"""Two sites to back up, what is in a backup; and backups that are damaged or made by hand."""

from __future__ import annotations

from typing import Any

from lockpoint.services.ports.tenancy import InstallationEvent, Registration
from lockpoint.storage.backup.file_format import MAGIC, pack, unpack
from lockpoint.storage.keyring import Keyring
from lockpoint.storage.tenancy.installations import PostgresInstallations
from tests.fakes.world import START

OLD, NEW = "an old root key of more than 32 characters", "a new root key of more than 32 characters"


def two_sites(installations: PostgresInstallations) -> None:
    """One installed site with a replaced secret, one uninstalled."""
    with installations.change("acme") as change:
        tenant = change.store(
            Registration(
                site_key="acme",
                base_url="https://acme.example/wiki",
                oauth_client_id="client",
                secret="the shared secret",
                previous_secret="the former secret",
                secret_changed_at=START,
            )
        )
        change.log(tenant.id, InstallationEvent.INSTALLED, START)
    with installations.change("gone") as change:
        left = change.store(
            Registration(
                site_key="gone",
                base_url="https://gone.example/wiki",
                display_url="https://shown.gone.example",
                oauth_client_id="client of gone",
                installed=False,
                enabled=False,
                uninstalled_at=START,
            )
        )
        change.log(left.id, InstallationEvent.UNINSTALLED, START)


def content_of(backup: bytes, keys: Keyring) -> Any:
    return unpack(backup, keys)[1]


def made_by_hand(keys: Keyring, *, revision: str = "0001", **more: object) -> bytes:
    site = {"id": 5, "client_key": "k", "base_url": "https://k.example/wiki", "secret": None, "installed": True}
    rows: dict[str, list[dict[str, Any]]] = {
        "installation": [{**site, "enabled": True, **more}],
        "installation_event": [],
    }
    return pack(rows, keys, created_at=START, schema_revision=revision, nonce=b"n" * 12)


def cut(data: bytes) -> bytes:
    return data[:-20]


def flipped(data: bytes) -> bytes:
    return data[:-20] + bytes([data[-20] ^ 1]) + data[-19:]


def lengthened(data: bytes) -> bytes:
    return data + b"x"


def redated(data: bytes) -> bytes:
    return data.replace(b"2026-03-02", b"2026-03-03", 1)


def of_later_format(data: bytes) -> bytes:
    return data.replace(b'"format":1', b'"format":2', 1)


def headless(data: bytes) -> bytes:
    return data[data.index(b"\n") + 1 :]


def torn_header(data: bytes) -> bytes:
    return data.replace(b'"createdAt"', b'"createdBt"', 1)


def no_json(data: bytes) -> bytes:
    return MAGIC + b"{" + data[len(MAGIC) :]


def a_list(data: bytes) -> bytes:
    return MAGIC + b"[]\n" + data


def nothing(_data: bytes) -> bytes:
    return b""
