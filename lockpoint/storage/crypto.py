"""Keys for each purpose, derived from the operator's root keys, and the sealing of secrets before they are stored.

A root key has one id, which names all keys derived from it and tells nothing about them. docs/secrets.md explains what
each purpose protects and how keys are rotated.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from lockpoint.locking.record import MacKeys
from lockpoint.services.errors import SecretUnreadable

ENCRYPTION: Final = b"lockpoint encryption 1"
RECORD_MAC: Final = b"lockpoint record mac 1"
LIST_TAG: Final = b"lockpoint list tag 1"
PEPPER: Final = b"lockpoint address pepper 1"
USAGE_SITE: Final = b"lockpoint usage site 1"
BACKUP: Final = b"lockpoint backup 1"
KEY_ID: Final = b"lockpoint key id 1"
_KEY_ID_BYTES: Final = 4

__all__ = ["HashedAddress", "Keyring", "SecretUnreadable", "keyring"]


@dataclass(frozen=True, slots=True)
class HashedAddress:
    """What is kept of an e-mail address: HMAC-SHA-256 in hex, and which key made it."""

    digest: str
    key_id: str


@dataclass(frozen=True, slots=True)
class Keyring:
    """All derived keys; make it with `keyring`. Mappings are by key id, newest first."""

    mac_keys: MacKeys
    tag_keys: MacKeys
    _boxes: Mapping[str, Fernet] = field(repr=False)
    _peppers: Mapping[str, bytes] = field(repr=False)
    _usage_keys: Mapping[str, bytes] = field(repr=False)
    _backup_keys: Mapping[str, bytes] = field(repr=False)

    @property
    def newest(self) -> str:
        """The id of the root key that everything new is made with."""
        return self.mac_keys.newest

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of all root keys, newest first."""
        return tuple(self._boxes)

    def seal(self, secret: str, owner: str) -> str:
        """Encrypt `secret` under the newest key, bound to `owner`, so that a row cannot be given another's secret."""
        return self._boxes[self.newest].encrypt(f"{owner}\n{secret}".encode()).decode()

    def unseal(self, sealed: str, owner: str) -> str:
        """Give the secret back; SecretUnreadable."""
        bound, _, secret = self._open(sealed)[1].decode().partition("\n")
        if bound != owner:
            raise SecretUnreadable("it was sealed for another row")
        return secret

    def reseal(self, sealed: str) -> str:
        """Encrypt again under the newest key; SecretUnreadable."""
        return self._boxes[self.newest].encrypt(self._open(sealed)[1]).decode()

    def sealed_by(self, sealed: str) -> str | None:
        """The id of the key that opens a sealed secret; None when no configured one does."""
        try:
            return self._open(sealed)[0]
        except SecretUnreadable:
            return None

    def hash_address(self, address: str) -> HashedAddress:
        """Hash an e-mail address, lower-cased, under the newest pepper."""
        return self.hashes_of(address)[0]

    def hashes_of(self, address: str) -> tuple[HashedAddress, ...]:
        """The hashes of an address under every pepper, newest first, to recognise what was written under older ones."""
        text = address.lower().encode("utf-8", "surrogatepass")
        return tuple(
            HashedAddress(hmac.digest(pepper, text, "sha256").hex(), key_id) for key_id, pepper in self._peppers.items()
        )

    def site_hashes(self, client_key: str) -> tuple[str, ...]:
        """What a site is called in usage counts: HMAC-SHA-256 in hex under every key, newest first."""
        return tuple(hmac.digest(key, client_key.encode(), "sha256").hex() for key in self._usage_keys.values())

    def backup_key(self, key_id: str) -> bytes | None:
        """The key, 32 bytes, that backups of this key id are encrypted with; None when it is not configured."""
        return self._backup_keys.get(key_id)

    def _open(self, sealed: str) -> tuple[str, bytes]:
        """Try all keys: the sealed form names none."""
        for key_id, box in self._boxes.items():
            try:
                return key_id, box.decrypt(sealed.encode())
            except InvalidToken:
                continue
        raise SecretUnreadable("no key of LOCKPOINT_SECRET_KEYS opens it")


def keyring(root_keys: Sequence[str]) -> Keyring:
    """Derive every key from the root keys, newest first; ValueError when there is none."""
    if not root_keys:
        raise ValueError("at least one root key is needed")
    roots = {_derive(root.encode(), KEY_ID, _KEY_ID_BYTES).hex(): root.encode() for root in root_keys}
    newest = next(iter(roots))

    def keys_for(purpose: bytes) -> dict[str, bytes]:
        return {key_id: _derive(root, purpose) for key_id, root in roots.items()}

    return Keyring(
        mac_keys=MacKeys(newest, keys_for(RECORD_MAC)),
        tag_keys=MacKeys(newest, keys_for(LIST_TAG)),
        _boxes={key_id: Fernet(base64.urlsafe_b64encode(key)) for key_id, key in keys_for(ENCRYPTION).items()},
        _peppers=keys_for(PEPPER),
        _usage_keys=keys_for(USAGE_SITE),
        _backup_keys=keys_for(BACKUP),
    )


def _derive(root: bytes, label: bytes, length: int = 32) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=length, salt=None, info=label).derive(root)
