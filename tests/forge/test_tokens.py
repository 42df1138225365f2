"""The app's token: read on arrival, kept for half a minute, dropped when refused."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import jwt
import pytest

from lockpoint.forge.tokens import (
    ASSUMED_LIFE,
    KEPT_SECONDS,
    LONGEST_LIFE,
    TRY_SECONDS,
    ForgeSigner,
    StoredTokens,
    read_token,
)
from lockpoint.services.context import Door, Tenant
from lockpoint.services.errors import NoTokenYet, StorageUnavailable
from lockpoint.services.ports.forge import AccessToken
from tests.fakes.forge import FakeSystemTokens
from tests.fakes.storage.tables import Tables
from tests.fakes.world import START, FakeClock

NOW = datetime(2026, 11, 28, tzinfo=UTC)
SITE = Tenant(1, "cloud/x", "https://api.example/wiki", door=Door.FORGE)
OTHER = replace(SITE, id=2, site_key="cloud/y")


def encoded(**claims: object) -> str:
    return jwt.encode(claims, "a secret of no importance, and long", algorithm="HS256")


def ends(value: str) -> timedelta | None:
    token = read_token(value, NOW)
    return None if token is None else token.expires_at - NOW


def seconds(number: float) -> float:
    return (NOW + timedelta(seconds=number)).timestamp()


def test_its_end_is_read_and_nothing_else() -> None:
    value = encoded(exp=seconds(7200))
    assert read_token(value, NOW) == AccessToken(value, NOW + timedelta(hours=2))


@pytest.mark.parametrize(
    ("value", "life"),
    [
        ("opaque", ASSUMED_LIFE),
        (encoded(sub="x"), ASSUMED_LIFE),
        (encoded(exp="soon"), ASSUMED_LIFE),
        (encoded(exp=True), None),
        ("a.b.c", ASSUMED_LIFE),
        (encoded(exp=seconds(10**9)), LONGEST_LIFE),
        (encoded(exp=10**30), ASSUMED_LIFE),
        (encoded(exp=seconds(-1)), None),
    ],
    ids=["opaque", "no end", "a text", "true", "no JWT", "years", "for ever", "over"],
)
def test_odd_ends(value: str, life: timedelta | None) -> None:
    assert ends(value) == life


@pytest.mark.parametrize("value", ["", " ", "a b", "a\r\nX-Evil: 1", "ü", "x" * 16_385, "\x00"], ids=ascii)
def test_what_cannot_stand_in_a_header_is_no_token(value: str) -> None:
    assert read_token(value, NOW) is None


def test_no_header_is_no_token() -> None:
    assert read_token(None, NOW) is None


@dataclass
class Kit:
    clock: FakeClock = field(default_factory=FakeClock)
    tables: Tables = field(init=False)
    tokens: StoredTokens = field(init=False)
    store: FakeSystemTokens = field(init=False)

    def __post_init__(self) -> None:
        self.tables = Tables(self.clock, tenants={1: SITE, 2: OTHER})
        self.store = FakeSystemTokens(self.tables)
        self.tokens = self.process()

    def process(self) -> StoredTokens:
        return StoredTokens(self.store, self.clock.now, self.seconds)

    def seconds(self) -> float:
        return (self.clock.now() - START).total_seconds()

    def put(self, value: str, tenant: Tenant = SITE, **life: float) -> None:
        self.tables.tokens[tenant.id] = AccessToken(value, self.clock.now() + timedelta(**(life or {"hours": 3})))


@pytest.fixture
def kit() -> Kit:
    return Kit()


def test_calls_carry_the_site_s_own_token(kit: Kit) -> None:
    kit.put("ours")
    kit.put("theirs", OTHER)
    signer = ForgeSigner(kit.tokens)
    assert signer.authorization(SITE, "GET", "/rest/api") == "Bearer ours"
    assert signer.authorization(OTHER, "POST", "/x") == "Bearer theirs"


def test_without_a_token_work_waits(kit: Kit) -> None:
    kit.put("theirs", OTHER)
    with pytest.raises(NoTokenYet):
        kit.tokens.token(SITE)


def test_a_token_is_not_used_in_its_last_minute(kit: Kit) -> None:
    kit.put("ours", seconds=61)
    assert kit.tokens.token(SITE).value == "ours"
    kit.clock.advance(seconds=1)
    with pytest.raises(NoTokenYet):
        kit.tokens.token(SITE)


def test_the_store_is_read_twice_a_minute(kit: Kit) -> None:
    """Another process's token is noticed then; without the database, calls go on for as long."""
    kit.put("first")
    kit.tokens.token(SITE)
    kit.put("second")
    kit.clock.advance(seconds=KEPT_SECONDS - 1)
    kit.tables.down = True
    assert kit.tokens.token(SITE).value == "first"
    kit.clock.advance(seconds=1)
    with pytest.raises(StorageUnavailable):
        kit.tokens.token(SITE)
    kit.tables.down = False
    assert kit.tokens.token(SITE).value == "second"


def test_a_refused_token_is_dropped_for_all_processes(kit: Kit) -> None:
    kit.put("ours")
    kit.tokens.token(SITE)
    assert not kit.tokens.refused(SITE)
    with pytest.raises(NoTokenYet):
        kit.process().token(SITE)


def test_a_refused_token_is_dropped_whatever_end_was_assumed(kit: Kit) -> None:
    """It arrived again minutes after it was stored, and its end cannot be read."""
    kit.put("ours", minutes=110)
    kit.tokens.note(SITE, AccessToken("ours", kit.clock.now() + timedelta(minutes=115)))
    assert not kit.tokens.refused(SITE)
    assert kit.tables.tokens == {}


def test_after_a_refusal_another_process_s_token_is_used(kit: Kit) -> None:
    kit.put("old")
    kit.tokens.token(SITE)
    kit.put("new")
    assert kit.tokens.refused(SITE)
    assert kit.tokens.token(SITE).value == "new"


def test_a_forgotten_site_is_read_again(kit: Kit) -> None:
    kit.put("ours")
    kit.tokens.token(SITE)
    del kit.tables.tokens[SITE.id]
    kit.tokens.forget(SITE)
    with pytest.raises(NoTokenYet):
        kit.tokens.token(SITE)


def test_a_screen_s_token_is_wanted_while_none_is_live_and_not_too_often(kit: Kit) -> None:
    assert kit.tokens.wanted(SITE)
    assert not kit.tokens.wanted(SITE)
    assert kit.tokens.wanted(OTHER)
    kit.clock.advance(seconds=TRY_SECONDS)
    assert kit.tokens.wanted(SITE)
    kit.put("ours")
    kit.clock.advance(seconds=TRY_SECONDS)
    assert not kit.tokens.wanted(SITE)


def test_a_token_that_was_stored_just_now_is_known(kit: Kit) -> None:
    token = AccessToken("ours", kit.clock.now() + timedelta(hours=3))
    assert not kit.tokens.has(SITE, token.value)
    kit.tokens.note(SITE, token)
    assert kit.tokens.has(SITE, token.value)
    assert not kit.tokens.has(OTHER, token.value)
    kit.clock.advance(seconds=KEPT_SECONDS)
    assert not kit.tokens.has(SITE, token.value)


def test_no_token_is_in_a_repr(kit: Kit) -> None:
    kit.put("ours")
    assert "ours" not in repr(kit.tokens.token(SITE))
