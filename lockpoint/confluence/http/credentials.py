"""The client's credentials; `lockpoint.connect` and `lockpoint.forge` implement them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from lockpoint.services.context import Door
from lockpoint.services.errors import Unauthorised

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lockpoint.services.context import Tenant


class RequestSigner(Protocol):
    """Signs calls of the app itself."""

    def authorization(self, tenant: Tenant, method: str, target: str) -> str:
        """Return the `Authorization` header.

        `target` is path and query exactly as sent, below the tenant's base address (no `/wiki`). `Unauthorised` when
        the tenant has no secret, `NoTokenYet` on Forge.
        """
        ...

    def refused(self, tenant: Tenant) -> bool:
        """Forget what the host has just refused with 401; return whether another credential is there."""
        ...


class PersonTokens(Protocol):
    """Impersonation tokens, kept until shortly before they expire."""

    def token(self, tenant: Tenant, account_id: str) -> str:
        """Return a bearer token; `Unauthorised` for this person, `HostUnavailable` for outages."""
        ...

    def drop(self, tenant_id: int, account_id: str) -> None:
        """Forget refused tokens."""
        ...


@dataclass(frozen=True, slots=True)
class Credentials:
    """Of one door."""

    signer: RequestSigner
    people: PersonTokens


@dataclass(frozen=True, slots=True)
class CredentialsByDoor:
    """The credentials of the door through which a site comes; `Unauthorised` where this one is not configured."""

    doors: Mapping[Door, Credentials]

    def authorization(self, tenant: Tenant, method: str, target: str) -> str:
        return self._of(tenant).signer.authorization(tenant, method, target)

    def refused(self, tenant: Tenant) -> bool:
        return self._of(tenant).signer.refused(tenant)

    def token(self, tenant: Tenant, account_id: str) -> str:
        return self._of(tenant).people.token(tenant, account_id)

    def drop(self, tenant_id: int, account_id: str) -> None:
        for door in self.doors.values():
            door.people.drop(tenant_id, account_id)

    def _of(self, tenant: Tenant) -> Credentials:
        found = self.doors.get(tenant.door)
        if found is None:
            raise Unauthorised(f"the door of this site, {tenant.door.value}, is not configured")
        return found
