"""Keys by purpose, derived from the operator's root keys; sealing of stored secrets.

A root key's id names all keys derived from it and reveals nothing of them. Purposes and rotation: docs/secrets.md.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from lockpoint.domain.signed_json import MacKeys
from lockpoint.services.errors import SecretUnreadable

ENCRYPTION: Final = b"lockpoint encryption 1"
MAIL_LINK: Final = b"lockpoint mail link 1"
RECORD_MAC: Final = b"lockpoint record mac 1"
LIST_TAG: Final = b"lockpoint list tag 1"
PEPPER: Final = b"lockpoint address pepper 1"
USAGE_SITE: Final = b"lockpoint usage site 1"
INSTALLS: Final = b"lockpoint installs 1"
BACKUP: Final = b"lockpoint backup 1"
KEY_ID: Final = b"lockpoint key id 1"
_KEY_ID_BYTES: Final = 4

__all__ = ["HashedAddress", "Keyring", "SecretUnreadable", "keyring"]


@dataclass(frozen=True, slots=True)
class HashedAddress:
    """HMAC-SHA-256 in hex, and the key that made it."""

    digest: str
    key_id: str


@dataclass(frozen=True, slots=True)
class Keyring:
    """By key id, newest first; made by `keyring`."""

    mac_keys: MacKeys
    tag_keys: MacKeys
    install_keys: MacKeys
    _boxes: Mapping[str, Fernet] = field(repr=False)
    _link_boxes: Mapping[str, Fernet] = field(repr=False)
    _peppers: MacKeys = field(repr=False)
    _usage_keys: MacKeys = field(repr=False)
    _backup_keys: Mapping[str, bytes] = field(repr=False)

    @property
    def newest(self) -> str:
        return self.mac_keys.newest

    @property
    def ids(self) -> tuple[str, ...]:
        """Newest first."""
        return tuple(self._boxes)

    def seal(self, secret: str, owner: str) -> str:
        """Encrypt under the newest key, bound to `owner`: no row can be given another's secret."""
        return _seal(self._boxes[self.newest], secret, owner)

    def unseal(self, sealed: str, owner: str) -> str:
        """`SecretUnreadable`."""
        return _bound_to(owner, _open(self._boxes, sealed)[1])

    def reseal(self, sealed: str) -> str:
        """Under the newest key; `SecretUnreadable`."""
        return self._boxes[self.newest].encrypt(_open(self._boxes, sealed)[1]).decode()

    def sealed_by(self, sealed: str) -> str | None:
        """None when no configured key opens it."""
        try:
            return _open(self._boxes, sealed)[0]
        except SecretUnreadable:
            return None

    def seal_link(self, text: str, purpose: str) -> str:
        return _seal(self._link_boxes[self.newest], text, purpose)

    def unseal_link(self, token: str, purpose: str) -> str | None:
        try:
            return _bound_to(purpose, _open(self._link_boxes, token)[1])
        except (SecretUnreadable, ValueError):
            return None

    def hash_address(self, address: str) -> HashedAddress:
        """Lower-cased, under the newest pepper."""
        return self.hashes_of(address)[0]

    def hashes_of(self, address: str) -> tuple[HashedAddress, ...]:
        """Under every pepper, newest first, to recognise older rows."""
        text = address.lower().encode("utf-8", "surrogatepass")
        return tuple(HashedAddress(digest, key_id) for key_id, digest in self._peppers.digests(text).items())

    def site_hashes(self, site_key: str) -> tuple[str, ...]:
        """A site's names in usage counts: HMAC-SHA-256 in hex under every key, newest first."""
        return tuple(self._usage_keys.digests(site_key.encode()).values())

    def share_name(self, tenant_id: int, account: str) -> str:
        """A person's name where points are counted: 32 hex digits under the newest key."""
        return self.tag_keys.digests(f"share/{tenant_id}/{account}".encode())[self.newest][:32]

    def backup_key(self, key_id: str) -> bytes | None:
        """32 bytes."""
        return self._backup_keys.get(key_id)


def keyring(root_keys: Sequence[str]) -> Keyring:
    """Derive every key, newest first; `ValueError` without root keys."""
    if not root_keys:
        raise ValueError("at least one root key is needed")
    roots = {_derive(root.encode(), KEY_ID, _KEY_ID_BYTES).hex(): root.encode() for root in root_keys}
    newest = next(iter(roots))

    def keys_for(purpose: bytes) -> dict[str, bytes]:
        return {key_id: _derive(root, purpose) for key_id, root in roots.items()}

    def mac_keys_for(purpose: bytes) -> MacKeys:
        return MacKeys(newest, keys_for(purpose))

    return Keyring(
        mac_keys=mac_keys_for(RECORD_MAC),
        tag_keys=mac_keys_for(LIST_TAG),
        install_keys=mac_keys_for(INSTALLS),
        _boxes=_boxes(keys_for(ENCRYPTION)),
        _link_boxes=_boxes(keys_for(MAIL_LINK)),
        _peppers=mac_keys_for(PEPPER),
        _usage_keys=mac_keys_for(USAGE_SITE),
        _backup_keys=keys_for(BACKUP),
    )


def _boxes(keys: Mapping[str, bytes]) -> dict[str, Fernet]:
    return {key_id: Fernet(base64.urlsafe_b64encode(key)) for key_id, key in keys.items()}


def _seal(box: Fernet, text: str, owner: str) -> str:
    return box.encrypt(f"{owner}\n{text}".encode()).decode()


def _open(boxes: Mapping[str, Fernet], sealed: str) -> tuple[str, bytes]:
    """Try all keys: the sealed form names none."""
    for key_id, box in boxes.items():
        try:
            return key_id, box.decrypt(sealed.encode())
        except InvalidToken:
            continue
    raise SecretUnreadable("no key of LOCKPOINT_SECRET_KEYS opens it")


def _bound_to(owner: str, opened: bytes) -> str:
    bound, _, text = opened.decode().partition("\n")
    if bound != owner:
        raise SecretUnreadable("it was sealed for another row")
    return text


def _derive(root: bytes, label: bytes, length: int = 32) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=length, salt=None, info=label).derive(root)
