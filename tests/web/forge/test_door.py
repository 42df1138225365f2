"""Tokens that screens bring along: the app's is taken only where none is live, and only once proved to be the app's."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import jwt
import pytest
from werkzeug.datastructures import Headers

from lockpoint.forge.inbound import ForgeInbound
from lockpoint.forge.tokens import TRY_SECONDS, StoredTokens
from lockpoint.services.context import Tenant
from lockpoint.services.errors import HostUnavailable
from lockpoint.web.forge.door import ForgeDoor
from tests.fakes.world import START, World, make_world
from tests.forge.test_invocation import ALICE, CLOUD, CONTEXT, NOW, app, invocations, signed

OURS, OTHERS = "712020:the-app", "712020:another-app"


@dataclass
class Door:
    """The door with what its calls to Atlassian are answered: whose each token is."""

    world: World = field(default_factory=make_world)
    owners: dict[str, str | None] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    offered: list[tuple[int, str, str | None]] = field(default_factory=list)
    licences: list[bool] = field(default_factory=list)
    trouble: Exception | None = None

    def __post_init__(self) -> None:
        clock = self.world.clock
        store = self.world.services.system_tokens
        self.door = ForgeDoor(
            inbound=ForgeInbound(invocations(), lambda: float(NOW)),
            services=self.world.services,
            sites=self.world.services.forge_sites,
            people=self,
            tokens=StoredTokens(store, clock.now, self._seconds),
            owner=self.owner,
            on_licence=lambda _tenant, active: self.licences.append(active),
        )

    def _seconds(self) -> float:
        return (self.world.clock.now() - START).total_seconds()

    def owner(self, site_url: str, token: str) -> str | None:
        assert CLOUD in site_url
        self.asked.append(token)
        if self.trouble:
            raise self.trouble
        return self.owners.get(token)

    def offer(self, tenant: Tenant, account_id: str, header: str | None) -> None:
        self.offered.append((tenant.id, account_id, header))

    def screen(self, system: str | None = None, **licence: Any) -> Tenant:
        module = app(module={"type": "xen:macro", "key": "byline"}, **licence)
        return self._send(signed(app=module, context=CONTEXT, principal=ALICE), system, self.door.person)

    def platform(self, system: str | None = None) -> Tenant:
        return self._send(signed(), system, self.door.platform)

    def _send(self, token: str, system: str | None, call: Any) -> Tenant:
        headers = Headers({"Authorization": f"Bearer {token}", "x-forge-oauth-user": "of-alice"})
        if system is not None:
            headers["x-forge-oauth-system"] = system
        tenant: Tenant = call(headers).tenant
        return tenant

    def token(self, owner: str | None, **life: float) -> str:
        ends = self.world.clock.now() + timedelta(**(life or {"hours": 3}))
        made = jwt.encode({"exp": ends.timestamp(), "of": owner}, "no secret, but long enough to sign", "HS256")
        self.owners[made] = owner
        return made

    def know_ourselves(self, tenant: Tenant) -> None:
        self.world.services.forge_sites.note_account(tenant, OURS)

    def stored(self) -> list[str]:
        return [token.value for token in self.world.tables.tokens.values()]


@pytest.fixture
def door() -> Door:
    return Door()


def test_the_platform_s_token_is_stored_without_asking(door: Door) -> None:
    token = door.token(OURS)
    door.platform(token)
    assert (door.stored(), door.asked) == ([token], [])


def test_a_screen_s_is_not_while_one_is_live(door: Door) -> None:
    token = door.token(OURS)
    door.platform(token)
    door.screen(door.token(OURS, hours=4))
    assert (door.stored(), door.asked) == ([token], [])


def test_a_screen_s_is_taken_once_proved_where_none_is_live(door: Door) -> None:
    door.know_ourselves(door.screen())
    door.world.clock.advance(seconds=TRY_SECONDS)
    token = door.token(OURS)
    door.screen(token)
    assert (door.stored(), door.asked) == ([token], [token])


@pytest.mark.parametrize("owner", [OTHERS, ALICE, None])
def test_another_s_token_is_never_the_app_s(door: Door, owner: str | None) -> None:
    """Another app's, the person's own, or an invented one."""
    door.know_ourselves(door.screen())
    for _ in range(3):
        door.world.clock.advance(seconds=TRY_SECONDS)
        door.screen(door.token(owner))
    assert (door.stored(), len(door.asked)) == ([], 3)


def test_inventing_tokens_costs_one_call_in_ten_seconds(door: Door) -> None:
    door.know_ourselves(door.screen())
    door.world.clock.advance(seconds=TRY_SECONDS)
    for number in range(20):
        door.screen(f"invented-{number}")
    assert len(door.asked) == 1


def test_on_a_site_where_the_app_does_not_know_itself_no_screen_is_believed(door: Door) -> None:
    """The first token comes with the installation."""
    door.screen(door.token(OTHERS))
    assert (door.stored(), door.asked) == ([], [])


def test_an_outage_stops_no_screen(door: Door) -> None:
    door.know_ourselves(door.screen())
    door.world.clock.advance(seconds=TRY_SECONDS)
    door.trouble = HostUnavailable("503")
    assert door.screen(door.token(OURS)).cloud_id == CLOUD
    assert door.stored() == []


def test_a_person_s_token_is_offered_for_that_person(door: Door) -> None:
    tenant = door.screen()
    assert door.offered == [(tenant.id, ALICE, "of-alice")]
    door.platform()
    assert len(door.offered) == 1, "what the platform sends is nobody's"


def test_the_licence_is_heard(door: Door) -> None:
    door.screen(license={"active": True})
    door.screen(license={"active": False})
    door.screen()
    assert door.licences == [True, False]


def test_one_token_many_times_is_written_once(door: Door) -> None:
    token = door.token(OURS)
    door.platform(token)
    door.world.tables.tokens.clear()
    door.platform(token)
    assert door.stored() == []
    door.world.clock.advance(seconds=30)
    door.platform(token)
    assert door.stored() == [token]
