"""Verified callers of Forge's routes, and the tokens that they bring along."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lockpoint.connect.inbound import TokenCaller
from lockpoint.forge.tokens import read_token
from lockpoint.services.errors import HostUnavailable
from lockpoint.services.ports.forge import ForgeRegistration
from lockpoint.services.tenancy.forge_sites import Arrival, arrive, receive

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkzeug.datastructures import Headers

    from lockpoint.forge.inbound import ForgeInbound
    from lockpoint.forge.invocation import Invocation
    from lockpoint.forge.people import ForgePeople
    from lockpoint.forge.tokens import StoredTokens
    from lockpoint.services.container import Services
    from lockpoint.services.context import Tenant
    from lockpoint.services.ports.forge import KnownSites, Sign

OF_USER: Final = "x-forge-oauth-user"
OF_SYSTEM: Final = "x-forge-oauth-system"
CONTEXT_PATH: Final = "/wiki"


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgeDoor:
    """Methods take the request's headers; TokenRefusedError, Busy, StorageUnavailable.

    A person may invent every header but the invocation token: the app's own token is stored from the platform's calls
    only, and a person's token is proved before it is used.
    """

    inbound: ForgeInbound
    services: Services
    sites: KnownSites
    people: ForgePeople
    tokens: StoredTokens
    owner: Callable[[str, str], str | None]
    """Tells the account of a token on a site; `HostUnavailable`."""
    on_licence: Callable[[Tenant, bool], None] = lambda _tenant, _active: None

    def person(self, headers: Headers) -> TokenCaller:
        """Somebody at a screen."""
        found = self.inbound.person(headers.get("authorization"))
        tenant = self._site(found)
        caller = TokenCaller(tenant, found.person)
        if found.person is not None:
            self.people.offer(tenant, found.person, headers.get(OF_USER))
        if self.tokens.wanted(tenant):
            self._try(tenant, headers.get(OF_SYSTEM))
        return caller

    def export(self, headers: Headers) -> TokenCaller:
        """Our function at Forge, for the person whose token it brings; for nobody without one.

        HostUnavailable while Confluence cannot tell whose it is.
        """
        found = self.inbound.function(headers.get("authorization"))
        tenant = self._site(found)
        owner = self.people.bring(tenant, headers.get(OF_USER))
        # An invocation that names a person is theirs alone.
        return TokenCaller(tenant, owner if found.person in {None, owner} else None)

    def platform(self, headers: Headers, *, lifecycle: bool = False, sign: Sign | None = None) -> TokenCaller:
        """Forge itself, whose token of the app is kept."""
        found = self.inbound.platform(headers.get("authorization"))
        tenant = self._site(found, lifecycle=lifecycle, sign=sign)
        header = headers.get(OF_SYSTEM)
        if header is not None and not self.tokens.has(tenant, header):
            self._keep(tenant, header)
        return TokenCaller(tenant, None)

    def _keep(self, tenant: Tenant, header: str) -> None:
        token = read_token(header, self.services.clock.now())
        if token is not None:
            receive(self.services, tenant, token)
            self.tokens.note(tenant, token)

    def _try(self, tenant: Tenant, header: str | None) -> None:
        """Keep a screen's token of the app once the host has named one of the app's accounts as its owner.

        None is known before the first job on a new site, whose first token comes with the installation.
        """
        token = read_token(header, self.services.clock.now())
        if token is None or not tenant.app_accounts:
            return
        try:
            owner = self.owner(tenant.base_url, token.value)
        except HostUnavailable:
            return
        if owner in tenant.app_accounts:
            receive(self.services, tenant, token)

    def _site(self, found: Invocation, *, lifecycle: bool = False, sign: Sign | None = None) -> Tenant:
        tenant = arrive(self.services, self.sites, _arrival(found, lifecycle=lifecycle, sign=sign))
        if found.licensed is not None:
            self.on_licence(tenant, found.licensed)
        return tenant


def _arrival(found: Invocation, *, lifecycle: bool, sign: Sign | None) -> Arrival:
    registration = ForgeRegistration(
        cloud_id=found.cloud_id,
        url=found.api_url + CONTEXT_PATH,
        installation=found.installation,
        environment=found.environment,
        version=found.version,
    )
    display_url = None if found.site_url is None else found.site_url + CONTEXT_PATH
    return Arrival(registration=registration, display_url=display_url, lifecycle=lifecycle, sign=sign)
