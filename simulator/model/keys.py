"""Keys of signed installs; public ones at /_sim/install-keys/<kid>."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Final, TypeAlias

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

PrivateKey: TypeAlias = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

_MAKERS: dict[str, Callable[[], PrivateKey]] = {
    "rsa": lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048),
    # Weak on purpose: an app must refuse it.
    "rsa1024": lambda: rsa.generate_private_key(public_exponent=65537, key_size=1024),  # noqa: S505
    "ec": lambda: ec.generate_private_key(ec.SECP256R1()),
}


class KeyPair:
    def __init__(self, private: PrivateKey) -> None:
        self._private = private

    @property
    def private(self) -> PrivateKey:
        return self._private

    @property
    def is_rsa(self) -> bool:
        """Whether it signs RS256."""
        return isinstance(self._private, rsa.RSAPrivateKey)

    def sign(self, data: bytes) -> bytes:
        """With RS256; TypeError for another kind of key."""
        if not isinstance(self._private, rsa.RSAPrivateKey):
            raise TypeError("RS256 needs an RSA key")
        return self._private.sign(data, padding.PKCS1v15(), hashes.SHA256())

    @cached_property
    def public_pem(self) -> str:
        """SubjectPublicKeyInfo as PEM."""
        return self._private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


_DEFAULT: Final = "simulator-install-key-"


class InstallKeys:
    """By key id, which never changes its key; the first is made on demand."""

    def __init__(self) -> None:
        self.default_kid = _DEFAULT + secrets.token_hex(4)
        self._pairs: dict[str, KeyPair] = {}

    @property
    def pairs(self) -> Mapping[str, KeyPair]:
        return self._pairs

    def put(self, kid: str, private: PrivateKey) -> None:
        """Restore a key under its id."""
        self._pairs[kid] = KeyPair(private)
        if kid.startswith(_DEFAULT):
            self.default_kid = kid

    def pair(self, kid: str | None = None) -> KeyPair | None:
        kid = kid or self.default_kid
        if kid == self.default_kid and kid not in self._pairs:
            self.make(kid)
        return self._pairs.get(kid)

    def signing_pair(self, kid: str) -> KeyPair:
        """The RS256 pair of this id; the default pair unless it is RSA."""
        pair = self._pairs.get(kid)
        if pair is None or not pair.is_rsa:
            pair = self._pairs.get(self.default_kid) or self.make(self.default_kid)
        return pair

    def make(self, kid: str, kind: str = "rsa") -> KeyPair:
        """Kinds: rsa, rsa1024, ec; KeyError otherwise."""
        self._pairs[kid] = KeyPair(_MAKERS[kind]())
        return self._pairs[kid]
