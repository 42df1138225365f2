"""Default words of the canary scan: names, addresses and titles of the installed sites."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from lockpoint.services.context import Priority, Tenant
from lockpoint.services.errors import HostError
from lockpoint.services.ports.confluence import People
from lockpoint.services.privacy.scan import SHORTEST_OF_A_SITE
from lockpoint.services.quota_accounting import spending_on
from lockpoint.services.tenancy.site_facts import app_accounts


class Titles(Protocol):
    def of_site(self, tenant: Tenant, *, most: int, priority: Priority) -> Iterator[tuple[str, str | None]]:
        """Names of spaces, titles of pages and files; with a file comes the account that uploaded it."""
        ...


@dataclass(slots=True)
class SiteWords:
    """Words to look for, how many were too short, sites that did not answer."""

    words: set[str] = field(default_factory=set, repr=False)
    too_short: int = 0
    unread: list[str] = field(default_factory=list)

    def add(self, word: str) -> None:
        """Add a word unless it is so short that it occurs in our own words."""
        if len(word) >= SHORTEST_OF_A_SITE:
            self.words.add(word)
        elif word:
            self.too_short += 1


def gather(titles: Titles, people: People, tenants: Sequence[tuple[Tenant, Sequence[str]]], *, most: int) -> SiteWords:
    """Read the words of these sites, as the app; with each site come the accounts that our tables name there.

    Costs about 2 points for each title, up to `most` pages and blog posts of a space, and 3 for each person.
    """
    found = SiteWords()
    for tenant, known in tenants:
        try:
            with spending_on("scan"):
                _of_site(found, titles, people, tenant, known, most)
        except HostError:
            found.unread.append(tenant.base_url)
    return found


def _of_site(found: SiteWords, titles: Titles, people: People, tenant: Tenant, known: Sequence[str], most: int) -> None:
    accounts = set(known)
    for title, account in titles.of_site(tenant, most=most, priority=Priority.MAINTENANCE):
        found.add(title)
        accounts |= {account} if account else set()
    accounts -= app_accounts(people, tenant, priority=Priority.MAINTENANCE)
    for account, person in people.describe(tenant, sorted(accounts), priority=Priority.MAINTENANCE).items():
        found.add(person.display_name)
        try:
            found.add(people.address(tenant, account, priority=Priority.MAINTENANCE))
        except HostError:
            continue  # without an address there is none to find
