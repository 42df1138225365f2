"""Keys for each purpose, derived from the operator's root keys, and the sealing of secrets before they are stored."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from lockpoint.locking.record import MacKeys

ENCRYPTION: Final = b"lockpoint encryption 1"
RECORD_MAC: Final = b"lockpoint record mac 1"
PEPPER: Final = b"lockpoint address pepper 1"
KEY_ID: Final = b"lockpoint key id 1"
_KEY_ID_BYTES: Final = 4


class SecretUnreadable(Exception):
    """A stored secret was sealed with a key that is no longer configured, or for another row."""


@dataclass(frozen=True, slots=True)
class HashedAddress:
    """What is kept of an e-mail address: HMAC-SHA-256 in hex, and which key made it."""

    digest: str
    key_id: str


@dataclass(frozen=True, slots=True)
class Keyring:
    """All derived keys; make it with `keyring`."""

    mac_keys: MacKeys
    _box: MultiFernet = field(repr=False)
    _pepper: bytes = field(repr=False)

    def seal(self, secret: str, owner: str) -> str:
        """Encrypt `secret` under the newest key, bound to `owner`, so that a row cannot be given another's secret."""
        return self._box.encrypt(f"{owner}\n{secret}".encode()).decode()

    def unseal(self, sealed: str, owner: str) -> str:
        """Give the secret back; SecretUnreadable."""
        try:
            bound, _, secret = self._box.decrypt(sealed.encode()).decode().partition("\n")
        except InvalidToken:
            raise SecretUnreadable("no configured key opens this secret") from None
        if bound != owner:
            raise SecretUnreadable("this secret was sealed for another row")
        return secret

    def reseal(self, sealed: str) -> str:
        """Encrypt again under the newest key; SecretUnreadable."""
        try:
            return self._box.rotate(sealed.encode()).decode()
        except InvalidToken:
            raise SecretUnreadable("no configured key opens this secret") from None

    def hash_address(self, address: str) -> HashedAddress:
        """Hash an e-mail address, lower-cased, under the newest pepper."""
        digest = hmac.digest(self._pepper, address.lower().encode("utf-8", "surrogatepass"), "sha256")
        return HashedAddress(digest.hex(), self.mac_keys.newest)


def keyring(root_keys: Sequence[str]) -> Keyring:
    """Derive every key from the root keys, newest first; ValueError when there is none."""
    if not root_keys:
        raise ValueError("at least one root key is needed")
    roots = [root.encode() for root in root_keys]
    ids = [_derive(root, KEY_ID, _KEY_ID_BYTES).hex() for root in roots]
    return Keyring(
        MacKeys(ids[0], {key_id: _derive(root, RECORD_MAC) for key_id, root in zip(ids, roots, strict=True)}),
        MultiFernet([Fernet(base64.urlsafe_b64encode(_derive(root, ENCRYPTION))) for root in roots]),
        _derive(roots[0], PEPPER),
    )


def _derive(root: bytes, label: bytes, length: int = 32) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=length, salt=None, info=label).derive(root)
