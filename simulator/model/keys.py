"""Keys of signed installs: private here, public under /_sim/install-keys/<kid>."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TypeAlias

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

PrivateKey: TypeAlias = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

_MAKERS: dict[str, Callable[[], PrivateKey]] = {
    "rsa": lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048),
    # Weak on purpose: an app has to refuse it.
    "rsa1024": lambda: rsa.generate_private_key(public_exponent=65537, key_size=1024),  # noqa: S505
    "ec": lambda: ec.generate_private_key(ec.SECP256R1()),
}


class KeyPair:
    """One pair: signs, and shows its public half as PEM text."""

    def __init__(self, private: PrivateKey) -> None:
        self._private = private

    @property
    def private(self) -> PrivateKey:
        """The half that signs."""
        return self._private

    @property
    def is_rsa(self) -> bool:
        """Whether RS256 can be made with it."""
        return isinstance(self._private, rsa.RSAPrivateKey)

    def sign(self, data: bytes) -> bytes:
        """An RS256 signature; TypeError for a key of another kind."""
        if not isinstance(self._private, rsa.RSAPrivateKey):
            raise TypeError("RS256 needs an RSA key")
        return self._private.sign(data, padding.PKCS1v15(), hashes.SHA256())

    @cached_property
    def public_pem(self) -> str:
        """SubjectPublicKeyInfo."""
        return self._private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


class InstallKeys:
    """Key pairs by key id; the first one is made when it is first needed."""

    default_kid = "simulator-install-key-1"

    def __init__(self) -> None:
        self._pairs: dict[str, KeyPair] = {}

    @property
    def pairs(self) -> Mapping[str, KeyPair]:
        """Every pair made so far, by key id."""
        return self._pairs

    def put(self, kid: str, private: PrivateKey) -> None:
        """Use this key under an id, as before a restart."""
        self._pairs[kid] = KeyPair(private)

    def pair(self, kid: str = default_kid) -> KeyPair | None:
        """The pair of this id, or None."""
        if kid == self.default_kid and kid not in self._pairs:
            self.make(kid)
        return self._pairs.get(kid)

    def signing_pair(self, kid: str) -> KeyPair:
        """Pair to sign RS256 with under this id: its own where that is an RSA key, else the usual one."""
        pair = self._pairs.get(kid)
        if pair is None or not pair.is_rsa:
            pair = self._pairs.get(self.default_kid) or self.make(self.default_kid)
        return pair

    def make(self, kid: str, kind: str = "rsa") -> KeyPair:
        """Add a pair of kind rsa, rsa1024 or ec; raises KeyError for another kind."""
        self._pairs[kid] = KeyPair(_MAKERS[kind]())
        return self._pairs[kid]
