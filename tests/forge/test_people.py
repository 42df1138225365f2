"""People's tokens: a screen's counts once it is proved to be theirs, else the app's token buys one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta

import jwt
import pytest

from lockpoint.forge import people
from lockpoint.forge.access import AppTokenRefusedError, AtlassianUnavailableError
from lockpoint.forge.people import (
    IMPERSONATIONS_PER_MINUTE,
    REFUSAL,
    ForgeImpersonationRefusedError,
    ForgePeople,
    TooManyImpersonationsError,
)
from lockpoint.forge.tokens import read_token
from lockpoint.services.context import Door, Tenant
from lockpoint.services.errors import HostUnavailable, NoTokenYet
from lockpoint.services.ports.forge import AccessToken
from tests.fakes.world import ALICE, BOB, FakeClock

SITE = Tenant(1, "cloud/x", "https://api.example/ex/confluence/x/wiki", door=Door.FORGE, cloud_id="x")
OTHER = replace(SITE, id=2, site_key="cloud/y", cloud_id="y", base_url="https://api.example/ex/confluence/y/wiki")


@dataclass
class Atlassian:
    """Whose each token is, by site; what a person's impersonation is answered."""

    owners: dict[tuple[str, str], str] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    dead: set[str] = field(default_factory=set)
    trouble: Exception | None = None
    asked: list[tuple[str, str]] = field(default_factory=list)
    bought: list[tuple[str, str, str]] = field(default_factory=list)
    meanwhile: list[Callable[[], object]] = field(default_factory=list)
    """What happens during the next questions, each once."""

    def owner(self, site_url: str, token: str) -> str | None:
        self.asked.append((site_url, token))
        if self.meanwhile:
            self.meanwhile.pop()()
        if self.trouble:
            raise self.trouble
        return self.owners.get((site_url, token))

    def impersonate(self, cloud_id: str, system_token: str, account_id: str) -> tuple[str, float] | None:
        self.bought.append((cloud_id, system_token, account_id))
        if system_token in self.dead:
            raise AppTokenRefusedError("401")
        if self.trouble:
            raise self.trouble
        return None if account_id in self.refused else (f"bought-{cloud_id}-{account_id}", 3600.0)


@dataclass
class App:
    """The app's tokens, next first."""

    values: list[str] = field(default_factory=lambda: ["system"])

    def token(self, tenant: Tenant) -> AccessToken:
        assert tenant
        if not self.values:
            raise NoTokenYet("none")
        return AccessToken(self.values[0], FakeClock().now())

    def refused(self, tenant: Tenant) -> bool:
        assert tenant
        self.values.pop(0)
        return bool(self.values)


@dataclass
class Limit:
    left: int = 1000
    asked: list[int] = field(default_factory=list)

    def take(self, most: int) -> bool:
        self.asked.append(most)
        self.left -= 1
        return self.left >= 0


@dataclass
class Kit:
    clock: FakeClock = field(default_factory=FakeClock)
    api: Atlassian = field(default_factory=Atlassian)
    app: App = field(default_factory=App)
    limit: Limit = field(default_factory=Limit)

    def __post_init__(self) -> None:
        self.people = ForgePeople(self.api, self.app, self.limit, self.clock.now)

    def screen(self, account: str = ALICE, owner: str | None = None, site: Tenant = SITE, **life: float) -> str:
        """A token as a screen of `account` brings it; whose it is, only Atlassian knows."""
        ends = self.clock.now() + timedelta(**(life or {"hours": 3}))
        token = jwt.encode({"exp": ends.timestamp(), "of": account}, "no secret, but long enough to sign", "HS256")
        self.api.owners[site.base_url, token] = owner or account
        self.people.offer(site, account, token)
        return token


@pytest.fixture
def kit() -> Kit:
    return Kit()


def test_a_screen_s_token_is_proved_once_and_then_used(kit: Kit) -> None:
    token = kit.screen()
    assert kit.api.asked == [], "proved at its first use"
    assert [kit.people.token(SITE, ALICE) for _ in range(3)] == [token] * 3
    assert (kit.api.asked, kit.api.bought) == ([(SITE.base_url, token)], [])


def test_one_token_many_times_is_read_once(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    """A screen asks every fifteen seconds, with the same token for hours."""
    read: list[str | None] = []
    monkeypatch.setattr(people, "read_token", lambda header, now: read.append(header) or read_token(header, now))
    token = kit.screen()
    for _ in range(3):
        kit.people.offer(SITE, ALICE, token)
    kit.people.offer(OTHER, ALICE, token)
    assert read == [token, token], "once for each site"
    assert kit.people.token(SITE, ALICE) == token


def test_somebody_else_s_token_is_never_used(kit: Kit) -> None:
    """Alice's token, brought by Bob: Bob is impersonated, as himself."""
    stolen = kit.screen(BOB, owner=ALICE)
    assert kit.people.token(SITE, BOB) == f"bought-x-{BOB}"
    assert kit.api.asked == [(SITE.base_url, stolen)]
    for _ in range(3):
        kit.people.offer(SITE, BOB, stolen)
        assert kit.people.token(SITE, BOB) == f"bought-x-{BOB}"
    assert len(kit.api.asked) == 1, "inventing tokens costs one call in half a minute"
    kit.clock.advance(seconds=REFUSAL.total_seconds())
    own = kit.screen(BOB)
    assert kit.people.token(SITE, BOB) == own


def test_a_bought_token_hides_no_screen_s(kit: Kit) -> None:
    """It may do less: what was bought in the person's absence is used again only after the screen's has ended."""
    assert kit.people.token(SITE, ALICE) == f"bought-x-{ALICE}"
    token = kit.screen(minutes=10)
    assert [kit.people.token(SITE, ALICE) for _ in range(2)] == [token] * 2
    kit.clock.advance(minutes=9)
    assert kit.people.token(SITE, ALICE) == f"bought-x-{ALICE}"
    assert (len(kit.api.asked), len(kit.api.bought)) == (1, 1)


def test_calls_of_one_screen_at_once_buy_nothing(kit: Kit) -> None:
    """The second comes while the first one's token is being proved."""
    token, found = kit.screen(), []
    kit.api.meanwhile.append(lambda: found.append(kit.people.token(SITE, ALICE)))
    assert (kit.people.token(SITE, ALICE), found, kit.api.bought) == (token, [token], [])


def test_an_outage_loses_no_screen_s_token(kit: Kit) -> None:
    token = kit.screen()
    kit.api.trouble = AtlassianUnavailableError("503")
    with pytest.raises(HostUnavailable):
        kit.people.token(SITE, ALICE)
    kit.api.trouble = None
    assert kit.people.token(SITE, ALICE) == token


def test_a_token_brought_by_bob_does_not_count_for_alice(kit: Kit) -> None:
    kit.screen(BOB, owner=ALICE)
    assert kit.people.token(SITE, ALICE) == f"bought-x-{ALICE}"
    assert kit.api.asked == []


def test_a_token_of_one_site_does_not_count_on_another(kit: Kit) -> None:
    kit.screen()
    assert kit.people.token(OTHER, ALICE) == f"bought-y-{ALICE}"


@pytest.mark.parametrize("header", [None, "", "a b", "x\r\ny", "x" * 20_000], ids=lambda text: repr(text)[:9])
def test_odd_headers_are_ignored(kit: Kit, header: str | None) -> None:
    kit.people.offer(SITE, ALICE, header)
    assert kit.people.token(SITE, ALICE) == f"bought-x-{ALICE}"
    assert kit.api.asked == []


def test_who_is_not_there_is_impersonated(kit: Kit) -> None:
    assert [kit.people.token(SITE, ALICE) for _ in range(3)] == [f"bought-x-{ALICE}"] * 3
    assert kit.api.bought == [("x", "system", ALICE)]
    kit.clock.advance(minutes=59)
    kit.people.token(SITE, ALICE)
    assert len(kit.api.bought) == 2


def test_an_expired_token_is_not_used(kit: Kit) -> None:
    kit.screen(minutes=10)
    kit.people.token(SITE, ALICE)
    kit.clock.advance(minutes=9)
    newer = kit.screen(hours=4)
    assert kit.people.token(SITE, ALICE) == newer


def test_a_refusal_is_kept_for_half_a_minute(kit: Kit) -> None:
    """A closed account, or no access."""
    kit.api.refused.add(ALICE)
    for _ in range(3):
        with pytest.raises(ForgeImpersonationRefusedError):
            kit.people.token(SITE, ALICE)
    assert len(kit.api.bought) == 1
    kit.api.refused.clear()
    kit.clock.advance(seconds=REFUSAL.total_seconds())
    assert kit.people.token(SITE, ALICE) == f"bought-x-{ALICE}"


def test_a_refusal_of_one_is_none_of_another(kit: Kit) -> None:
    kit.api.refused.add(ALICE)
    with pytest.raises(ForgeImpersonationRefusedError):
        kit.people.token(SITE, ALICE)
    assert kit.people.token(SITE, BOB) == f"bought-x-{BOB}"


def test_an_outage_is_no_refusal(kit: Kit) -> None:
    kit.api.trouble = AtlassianUnavailableError("503")
    with pytest.raises(HostUnavailable):
        kit.people.token(SITE, ALICE)
    kit.api.trouble = None
    assert kit.people.token(SITE, ALICE) == f"bought-x-{ALICE}"


def test_a_dead_token_of_the_app_is_replaced_once(kit: Kit) -> None:
    """By what another process has stored meanwhile; else work waits."""
    kit.app.values, kit.api.dead = ["dead", "live"], {"dead"}
    assert kit.people.token(SITE, ALICE) == f"bought-x-{ALICE}"
    kit.api.dead.add("live")
    with pytest.raises(NoTokenYet):
        kit.people.token(SITE, BOB)


def test_without_a_token_of_the_app_nobody_is_impersonated(kit: Kit) -> None:
    kit.app.values.clear()
    with pytest.raises(NoTokenYet):
        kit.people.token(SITE, ALICE)


def test_the_minute_s_limit_is_of_the_whole_app(kit: Kit) -> None:
    """A screen's token does not count."""
    kit.limit.left = 1
    kit.people.token(SITE, ALICE)
    with pytest.raises(TooManyImpersonationsError):
        kit.people.token(OTHER, ALICE)
    assert kit.limit.asked == [IMPERSONATIONS_PER_MINUTE] * 2
    token = kit.screen(BOB)
    assert kit.people.token(SITE, BOB) == token


def test_a_refused_token_is_dropped(kit: Kit) -> None:
    kit.screen()
    kit.people.token(SITE, ALICE)
    kit.people.drop(SITE.id, ALICE)
    assert kit.people.token(SITE, ALICE) == f"bought-x-{ALICE}"
    kit.people.drop(SITE.id, ALICE)
    kit.people.token(SITE, ALICE)
    assert len(kit.api.bought) == 2


def test_a_forgotten_site_s_people_are_forgotten(kit: Kit) -> None:
    kit.screen()
    kit.people.token(SITE, ALICE)
    kit.people.token(OTHER, ALICE)
    kit.people.forget(SITE)
    kit.people.token(SITE, ALICE)
    kit.people.token(OTHER, ALICE)
    assert [cloud for cloud, *_ in kit.api.bought] == ["y", "x"]
