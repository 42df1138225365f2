"""Tokens for links in mails: sealed, so that neither a log nor a neighbour learns whom a link is for."""

from __future__ import annotations

from lockpoint.services.errors import SecretUnreadable
from lockpoint.storage.keyring import Keyring


class MailTokens:
    """Implements `people_ports.Tokens` with keys that open nothing else."""

    def __init__(self, keys: Keyring) -> None:
        self._keys = keys

    def seal(self, text: str, purpose: str) -> str:
        """Give a token for addresses, good for this purpose only."""
        return self._keys.seal_link(text, purpose)

    def unseal(self, token: str, purpose: str) -> str | None:
        """Give the text back, or None for anything that was not sealed for this purpose."""
        try:
            return self._keys.unseal_link(token, purpose)
        except (SecretUnreadable, ValueError):
            return None
