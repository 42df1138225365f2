"""Kinds of callers: a person at a screen is not the platform, whatever their token carries."""

from __future__ import annotations

from typing import Any

import pytest

from lockpoint.connect.tokens import Reason, TokenRefusedError
from lockpoint.forge.inbound import SCREENS, ForgeInbound
from tests.forge.test_invocation import ALICE, CONTEXT, NOW, app, invocations, screen, signed


def inbound() -> ForgeInbound:
    return ForgeInbound(invocations(), lambda: float(NOW))


def of_module(key: str, **claims: Any) -> str:
    return "Bearer " + signed(app=app(module={"type": "core:endpoint", "key": key}), **claims)


def test_a_person_is_named_by_the_screen_s_token() -> None:
    assert inbound().person("Bearer " + screen()).person == ALICE


def test_an_event_s_token_names_nobody_for_a_screen() -> None:
    with pytest.raises(TokenRefusedError) as refusal:
        inbound().person(of_module("ep-tick"))
    assert refusal.value.reason is Reason.NO_ACCOUNT


@pytest.mark.parametrize("key", ["ep-events", "ep-lifecycle", "ep-tick", "ep-goodbye", "attachment-events", "tick"])
@pytest.mark.parametrize("person", [None, ALICE], ids=["nobody", "somebody"])
def test_the_platform_calls_by_its_own_keys(key: str, person: str | None) -> None:
    """Events of some apps name a person (F6): that alone is no screen."""
    assert inbound().platform(of_module(key, principal=person)).module == key


@pytest.mark.parametrize("key", sorted(SCREENS))
def test_no_screen_s_key_is_the_platform_s(key: str) -> None:
    for claims in ({}, {"principal": ALICE}, {"principal": ALICE, "context": CONTEXT}):
        with pytest.raises(TokenRefusedError) as refusal:
            inbound().platform(of_module(key, **claims))
        assert refusal.value.reason is Reason.SCREEN


@pytest.mark.parametrize("extension", [{}, None, "x", {"type": "macro"}], ids=str)
def test_a_context_with_an_extension_is_a_screen_s(extension: object) -> None:
    """Whatever the key says."""
    context = {**CONTEXT, "extension": extension}
    with pytest.raises(TokenRefusedError):
        inbound().platform(of_module("ep-tick", context=context, principal=ALICE))


def test_the_times_are_those_of_now() -> None:
    late = ForgeInbound(invocations(), lambda: NOW + 100.0)
    for call in (late.person, late.platform):
        with pytest.raises(TokenRefusedError) as refusal:
            call("Bearer " + screen())
        assert refusal.value.reason is Reason.EXPIRED
