from __future__ import annotations

import traceback
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from lockpoint.confluence.http.credentials import Credentials, CredentialsByDoor
from lockpoint.services.context import Door
from lockpoint.services.errors import HostError, Unauthorised
from tests.confluence.doubles import ALICE, Kit, Signer, Tokens, as_alice, as_app, site
from tests.confluence.http.sample_calls import CREATE, READ
from tests.confluence.oddhost import Step, answer, cut, drop, odd_host, redirect

if TYPE_CHECKING:
    from lockpoint.confluence.http.calls import Call

CANARY = "budget-2027-canary.xlsx"


@pytest.mark.parametrize(
    "step",
    [
        answer(400, {"message": CANARY}),
        answer(401, {"message": CANARY}),
        answer(410, {"message": CANARY}),
        answer(429, {"message": CANARY}, Retry_After="900"),
        answer(503, {"message": CANARY}),
        answer(200, CANARY.encode()),
        redirect(f"http://127.0.0.1:9/{CANARY}"),
        cut(CANARY.encode(), 500),
        drop,
    ],
)
@pytest.mark.parametrize("call", [READ, CREATE])
def test_failures_say_nothing_about_people_files_addresses_or_tokens(kit: Kit, step: Step, call: Call) -> None:
    told: list[str] = []
    with odd_host(step) as host, capture_logs() as lines:
        for caller in (as_app(host.base), as_alice(host.base)):
            with pytest.raises(HostError) as caught:
                kit.client.ask(caller, call)
            told += [str(caught.value), "".join(traceback.format_exception_only(caught.value))]
            assert caught.value.__suppress_context__ or caught.value.__context__ is None
    text = " ".join([*told, *map(str, lines)])
    for secret in (CANARY, ALICE, "JWT ", "Bearer", host.origin, "127.0.0.1", "things/1"):
        assert secret not in text


def test_a_removed_operation_is_an_alarm(kit: Kit) -> None:
    """F07: a 410 is logged as an error: only we can fix it."""
    with odd_host(answer(410)) as host, capture_logs() as lines, pytest.raises(HostError):
        kit.client.ask(as_app(host.base), READ)
    assert [(line["log_level"], line["operation"]) for line in lines] == [("error", "things.get")]


def test_ordinary_refusals_are_not_logged(kit: Kit) -> None:
    with odd_host(answer(404), answer(409), answer(403)) as host, capture_logs() as lines:
        for _ in range(3):
            with pytest.raises(HostError):
                kit.client.ask(as_app(host.base), READ)
    assert lines == []


def test_each_door_has_its_own_credentials() -> None:
    """A site's calls never carry what the other door gave; a door that is not configured signs nothing."""
    connect, forge = Signer(), Signer()
    people, others = Tokens(), Tokens()
    both = CredentialsByDoor({Door.CONNECT: Credentials(connect, people), Door.FORGE: Credentials(forge, others)})
    here, there = site("https://acme.example/wiki"), replace(site("https://api.example/wiki", 2), door=Door.FORGE)
    both.authorization(here, "GET", "/a")
    both.authorization(there, "GET", "/b")
    both.refused(there)
    both.drop(2, ALICE)
    assert (connect.asked, forge.asked) == ([(1, "GET", "/a")], [(2, "GET", "/b")])
    assert (connect.refusals, forge.refusals) == ([], [2])
    assert people.dropped == others.dropped == [(2, ALICE)]
    alone = CredentialsByDoor({Door.CONNECT: Credentials(connect, people)})
    for call in (lambda: alone.authorization(there, "GET", "/"), lambda: alone.token(there, ALICE)):
        with pytest.raises(Unauthorised):
            call()
