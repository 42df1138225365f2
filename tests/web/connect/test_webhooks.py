"""Webhooks: verified, looked up, queued or ignored; no body causes a crash."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import responses
from hypothesis import given
from hypothesis import strategies as st

from lockpoint.connect.tokens import SigningKey, Token
from lockpoint.domain.lock import Base, Held
from lockpoint.services.errors import Invalid
from lockpoint.services.ports.confluence import Container, ContainerKind
from lockpoint.services.ports.jobs import Job, JobKind
from lockpoint.services.ports.locks import Protection, Witness
from lockpoint.services.reconciliation.webhook_hints import Hint
from lockpoint.storage.engine import Database
from lockpoint.storage.jobs.enqueue import PostgresJobs
from lockpoint.storage.jobs.held_file_jobs import PostgresHeldFileJobs
from lockpoint.storage.keyring import keyring
from lockpoint.storage.locks.witness import PostgresWitnesses
from lockpoint.storage.locks.witness import store as store_witness
from lockpoint.storage.tables import QUEUE
from lockpoint.storage.tenancy.installations import PostgresInstallations
from lockpoint.web.api.request_body import LARGEST_BODY
from lockpoint.web.connect.webhooks import read_hint
from tests.fakes.connect import (
    ACME_SECRET,
    ALICE,
    GLOBEX,
    GLOBEX_SECRET,
    START,
    ConnectWorld,
    make_world,
    registration,
)
from tests.fakes.tenancy import FakeInstallations
from tests.support.round_trips import round_trips

SAMPLE = {
    "userAccountId": ALICE,
    "accountType": "customer",
    "timestamp": 1_795_292_052_345,
    "attachedTo": {"id": "98311", "idAsString": "98311", "title": "Release plan", "contentType": "page"},
    "attachments": [{"id": "131203", "idAsString": "131203", "fileName": "budget.xlsx", "version": 3}],
}


@pytest.fixture(params=[True, False], ids=["door", "flask"])
def world(request: pytest.FixtureRequest) -> ConnectWorld:
    """Every behaviour holds for the door in front of Flask and for the route behind it."""
    world = make_world(webhook_door=request.param)
    world.witnesses.held = {(1, "131203"): "98311", (1, "131204"): "98311", (2, "131203"): "98311"}
    return world


def reconcile(*ids: str, tenant: int = 1) -> list[Job]:
    return [Job(JobKind.RECONCILE, tenant, item) for item in ids]


def test_a_locked_file_becomes_one_job(world: ConnectWorld) -> None:
    """L-51: 204 without a body; a second event adds no job."""
    answer = world.hook("attachment_updated", SAMPLE)
    assert (answer.status_code, answer.data) == (204, b"")
    assert world.jobs.queue == reconcile("131203")
    world.hook("attachment_updated", SAMPLE)
    assert world.jobs.queue == reconcile("131203")


@pytest.mark.parametrize("event", ["created", "updated", "restored", "archived", "unarchived"])
def test_every_attachment_event_counts(world: ConnectWorld, event: str) -> None:
    assert world.hook(f"attachment_{event}", SAMPLE).status_code == 204
    assert world.jobs.queue == reconcile("131203")


@pytest.mark.parametrize("event", ["attachment_trashed", "attachment_removed"])
def test_who_threw_a_file_away_goes_with_the_job(world: ConnectWorld, event: str) -> None:
    """Trashing by the holder releases the lock, and only the event names the person; an invalid name is dropped."""
    who = SAMPLE["userAccountId"]
    assert world.hook(event, SAMPLE).status_code == 204
    assert world.jobs.queue == [Job(JobKind.TRASHED, 1, f"131203:{who}")]
    world.jobs.queue.clear()
    for odd in (None, 7, "", "no such account", "x" * 129):
        assert world.hook(event, {**SAMPLE, "userAccountId": odd}).status_code == 204
    assert world.jobs.queue == reconcile("131203")


def test_an_unlocked_file_costs_one_look_up_and_no_call(world: ConnectWorld) -> None:
    """L-51."""
    body = {**SAMPLE, "attachments": [{"id": number} for number in range(500, 560)]}
    world.hook("attachment_updated", body)
    before = (world.installations.finds, world.witnesses.lookups)
    with responses.RequestsMock() as nobody:
        assert world.hook("attachment_updated", body).status_code == 204
        assert len(nobody.calls) == 0
    assert (world.installations.finds, world.witnesses.lookups) == (before[0], before[1] + 1)
    assert world.jobs.queue == []


@pytest.mark.parametrize(
    "body",
    [
        {"attachments": [{"id": 131203}, {"id": "att131204"}]},
        {"attachments": [{"idAsString": "131203", "id": 131202999}, {"id": "131204"}]},
        {"attachments": ["131203", 131204]},
        {"attachment": [{"id": "131203"}, {"id": "131204"}]},
        {"attachments": [{"id": "131203"}], "attachment": {"id": "131204"}},
        {"attachments": {"id": "131203"}, "attachment": {"id": 131204}},
        {"attachments": [None, [], {}, {"id": None}, {"id": "x"}, {"id": "131203"}, True, 1.5, {"id": 131204}]},
    ],
)
def test_ids_in_every_form(world: ConnectWorld, body: dict[str, Any]) -> None:
    assert world.hook("attachment_updated", body).status_code == 204
    assert world.jobs.queue == reconcile("131203", "131204")


@pytest.mark.parametrize("event", ["page_trashed", "page_moved", "page_archived", "blog_removed", "blog_restored"])
@pytest.mark.parametrize("name", ["page", "blog", "blogpost", "content"])
def test_pages_and_blog_posts(world: ConnectWorld, event: str, name: str) -> None:
    """One job for each locked file on the page."""
    assert world.hook(event, {name: {"id": 98311}}).status_code == 204
    kind = JobKind.MOVED if event == "page_moved" else JobKind.RECONCILE
    assert world.jobs.queue == [Job(kind, 1, file) for file in ("131203", "131204")]
    world.jobs.queue.clear()
    world.hook(event, {name: {"id": 98312}, "attachments": [{"id": "131203"}]})
    assert world.jobs.queue == []


def test_spaces(world: ConnectWorld) -> None:
    """An event about a space sweeps a site that has locks and looks at files that wait for access; others are left."""
    world.witnesses.closed = {
        (1, "131203"): Protection.APP_BLOCKED, (1, "7"): Protection.PAUSED, (2, "9"): Protection.APP_BLOCKED,
    }  # fmt: skip
    assert world.hook("space_trashed", {"space": {"key": "DS"}}).status_code == 204
    assert world.jobs.queue == [Job(JobKind.SWEEP, 1), *reconcile("131203")]
    world.jobs.queue.clear()
    world.witnesses.held.clear()
    assert world.hook("space_permissions_updated", {"space": {"key": "DS"}}).status_code == 204
    assert world.jobs.queue == []


def test_the_tenant_is_the_tokens(world: ConnectWorld) -> None:
    """L-02: the same attachment id on another site is another file."""
    token = world.token("POST", "/connect/webhooks/attachment_updated", GLOBEX_SECRET, iss=GLOBEX)
    assert world.hook("attachment_updated", {**SAMPLE, "clientKey": "x"}, token=token).status_code == 204
    assert world.jobs.queue == reconcile("131203", tenant=2)


def test_a_disabled_site_gets_no_work(world: ConnectWorld) -> None:
    world.store(registration(enabled=False))
    assert world.hook("attachment_updated", SAMPLE).status_code == 204
    assert (world.jobs.queue, world.witnesses.lookups) == ([], 0)


def test_the_query_is_covered(world: ConnectWorld) -> None:
    assert world.hook("attachment_updated", SAMPLE, query="?lic=active").status_code == 204
    token = world.token("POST", "/connect/webhooks/attachment_updated")
    assert world.hook("attachment_updated", SAMPLE, token=token, query="?lic=active").status_code == 401


def test_a_token_for_another_event_is_refused(world: ConnectWorld) -> None:
    token = world.token("POST", "/connect/webhooks/page_trashed")
    answer = world.hook("attachment_updated", SAMPLE, token=token)
    assert answer.status_code == 401
    assert answer.get_json()["error"] == "unauthorized"
    assert world.jobs.queue == []


@pytest.mark.parametrize("event", ["attachment_viewed", "x", "attachment_updated/x", "attachment_updated/"])
def test_events_that_we_did_not_ask_for(world: ConnectWorld, event: str) -> None:
    assert world.hook(event, SAMPLE).status_code == 404
    assert world.jobs.queue == []


def test_other_methods(world: ConnectWorld) -> None:
    for method in ("GET", "PUT", "DELETE", "PATCH"):
        answer = world.client.open("/connect/webhooks/attachment_updated", method=method)
        assert answer.status_code == 405
        assert answer.get_json()["error"] == "method_not_allowed"


HOSTILE = {
    "empty": b"",
    "no JSON": b"<xml/>",
    "packed": gzip.compress(b'{"attachments":[{"id":"131203"}]}' + b" " * 50_000_000),
    "half": b'{"attachments": [{"id": "1',
    "a list": b"[]",
    "a number": b"7",
    "null": b"null",
    "text": b'"attachments"',
    "NUL": b'{"attachments":[{"id":"131203\\u0000"}]}',
    "not UTF-8": b'{"a": "\xff\xfe"}',
    "UTF-16": json.dumps({"attachments": [{"id": "5"}]}).encode("utf-16"),
    "deep": b"[" * 100_000,
    "deep objects": b'{"a":' * 50_000,
    "deep ids": b'{"attachments":' + b"[" * 500 + b"]" * 500 + b"}",
    "many digits": b'{"attachments":[{"id":' + b"9" * 10_000 + b"}]}",
    "long id": b'{"attachments":[{"id":"' + b"9" * 10_000 + b'"}]}',
    "negative": b'{"attachments":[{"id":-5}]}',
    "zero": b'{"attachments":[{"id":0},{"id":"att0"}]}',
    "infinite": b'{"attachments":[{"id":1e999}]}',
    "not a number": b'{"attachments":[{"id":NaN}]}',
    "surrogate": b'{"attachments":[{"id":"\\ud800"}]}',
    "other digits": '{"attachments":[{"id":"١٢٣"}]}'.encode(),
    "SQL": b'{"attachments":[{"id":"1 OR 1=1"}]}',
    "types": b'{"attachments":5,"attachment":"x"}',
    "objects": b'{"attachments":{"131203":{}}}',
    "500 files": json.dumps({"attachments": [{"id": n} for n in range(1, 501)]}).encode(),
    "10 000 files": json.dumps({"attachments": list(range(1, 10_001))}).encode(),
    "twice": b'{"attachments":[{"id":"5"}],"attachments":[{"id":"6"}]}',
}


def test_one_event_about_forty_files(world: ConnectWorld) -> None:
    """E41, L-51: one 204, one job for each that is locked, and none more for the same event again."""
    ids = [str(131_203 + n) for n in range(40)]
    world.witnesses.held = {(1, each): "98311" for each in ids[:30]}
    body = {"attachments": [{"id": each} for each in ids]}
    for _ in range(2):
        answer = world.hook("attachment_updated", body)
        assert (answer.status_code, answer.data) == (204, b"")
        assert world.jobs.queue == reconcile(*ids[:30])


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("event", ["attachment_updated", "page_trashed", "space_removed"])
def test_hostile_bodies(world: ConnectWorld, event: str, body: bytes) -> None:
    """F24: 204 or 422, and a job only for what the body names."""
    answer = world.hook(event, body)
    assert answer.status_code in {204, 422}
    if answer.status_code == 422:
        assert answer.get_json()["error"] == "invalid_request"
    assert world.jobs.queue in ([], [Job(JobKind.SWEEP, 1)])


def test_too_large(world: ConnectWorld) -> None:
    """F24: more than 256 KB: 413; exactly that much is read."""
    most = json.dumps({"attachments": [{"id": "131203"}], "pad": ""}).encode()
    fits = most[:-2] + b"x" * (LARGEST_BODY - len(most)) + b'"}'
    assert world.hook("attachment_updated", fits).status_code == 204
    assert world.jobs.queue == reconcile("131203")
    answer = world.hook("attachment_updated", fits + b" ")
    assert answer.status_code == 413
    assert answer.get_json()["error"] == "too_large"


@pytest.mark.parametrize(("size", "status"), [(1000, 204), (LARGEST_BODY + 1, 413)])
def test_bodies_without_a_stated_length(world: ConnectWorld, size: int, status: int) -> None:
    """A chunked body is read up to the limit."""
    target = "/connect/webhooks/attachment_updated"
    answer = world.client.post(
        target,
        input_stream=io.BytesIO(b'{"attachments":["131203"]}'.ljust(size)),
        headers={"Authorization": f"JWT {world.token('POST', target)}", "Transfer-Encoding": "chunked"},
        environ_overrides={"wsgi.input_terminated": True},
    )
    assert answer.status_code == status


def test_an_unsigned_body_is_not_read() -> None:
    class Unreadable(io.RawIOBase):
        def read(self, *_arguments: object) -> bytes:
            raise AssertionError("the body was read")

    client = make_world().client
    answer = client.post(
        "/connect/webhooks/attachment_updated",
        data=b"x" * 100,
        environ_overrides={"wsgi.input": Unreadable()},
    )
    assert answer.status_code == 401


def test_the_database_is_away(world: ConnectWorld) -> None:
    """503; the hint is lost, the sweep repairs it."""
    world.witnesses.down = True
    answer = world.hook("attachment_updated", SAMPLE)
    assert answer.status_code == 503
    assert answer.get_json()["error"] == "busy"
    assert int(answer.headers["Retry-After"]) > 0


@dataclass
class Broken:
    held: dict[Any, Any] = field(default_factory=dict)

    def held_among(self, *_arguments: object) -> frozenset[str]:
        raise KeyError("a mistake of ours")


@pytest.mark.parametrize("door", [True, False])
def test_a_mistake_of_ours_stays_inside(door: bool) -> None:
    """500 with the one error body, without the exception's text."""
    answer = make_world(witnesses=Broken(), webhook_door=door).hook("attachment_updated", SAMPLE)
    assert answer.status_code == 500
    assert answer.get_json() == {
        "error": "internal_error",
        "message": "Something went wrong in Lockpoint. Try again later.",
    }


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["id", "idAsString", "attachments", "attachment", "page"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(event=st.sampled_from(["attachment_updated", "page_moved", "blog_moved", "space_removed"]), body=JSON)
def test_any_json_is_read_or_refused(event: str, body: Any) -> None:
    """Reading is total: ids of digits, or Invalid."""
    try:
        hint = read_hint(event, json.dumps(body).encode())
    except Invalid:
        assert not isinstance(body, dict)
        return
    assert all(item.isascii() and item.isdigit() and 0 < len(item) <= 20 for item in hint.attachment_ids)
    assert hint.whole_site is (event == "space_removed")


def test_the_two_ways_read_alike() -> None:
    """Only the event's own family is read."""
    body = json.dumps({**SAMPLE, "page": {"id": 5}}).encode()
    assert read_hint("attachment_updated", body) == Hint(attachment_ids=("131203",))
    assert read_hint("page_moved", body) == Hint(container_ids=("5",), moved=True)
    assert read_hint("space_removed", body) == Hint(whole_site=True)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url.replace("postgresql://", "postgresql+psycopg://"))
    yield database
    database.close()


def held() -> Held:
    base = Base(START, ALICE, 48_123, 3)
    return Held(
        epoch=1,
        seq=1,
        op_id="0" * 32,
        at=START,
        lock_id="1" * 32,
        holder=ALICE,
        acquired_at=START,
        expires_at=None,
        base=base,
    )


def test_round_trips_on_the_real_database(database: Database, tmp_path: Path) -> None:
    """L-51, H4: one statement, whether the file is locked or not. Jobs of one file are one row."""
    installations = PostgresInstallations(database, keyring(["a root key of more than thirty-two characters"]))
    world = make_world(
        installations=installations,
        witnesses=PostgresWitnesses(database),
        jobs=PostgresJobs(database),
        held_file_jobs=PostgresHeldFileJobs(database),
    )
    acme = installations.find(world.claims()["iss"])
    assert acme is not None
    page = Container(ContainerKind.PAGE, "98311")
    with database.transaction() as connection:
        store_witness(
            connection,
            acme.tenant.id,
            Witness(attachment_id="131203", container=page, space_id="65538", record=held(), seen_at=START),
        )
    assert world.hook("attachment_updated", SAMPLE).status_code == 204
    unlocked = {"attachments": [{"id": n} for n in range(1, 60)]}
    for body in (SAMPLE, unlocked):
        with round_trips(database, tmp_path) as trips:
            assert world.hook("attachment_updated", body).status_code == 204
        assert len(trips) == 1
    assert world.hook("page_trashed", {"page": {"id": "98311"}}).status_code == 204
    with database.single() as connection:
        rows = connection.execute(QUEUE.select()).all()
    assert [row.args for row in rows] == [{"tenant_id": acme.tenant.id, "subject": "131203"}]


def test_one_verification_per_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """One HMAC over the token."""
    world = make_world()
    world.hook("attachment_updated", SAMPLE)
    checked: list[Token] = []
    verifies = SigningKey.verifies
    monkeypatch.setattr(SigningKey, "verifies", lambda self, token: checked.append(token) or verifies(self, token))
    assert world.hook("attachment_updated", SAMPLE).status_code == 204
    assert len(checked) == 1


def test_unknown_sites_cost_nothing_twice() -> None:
    world = make_world(installations=FakeInstallations())
    token = world.token("POST", "/connect/webhooks/attachment_updated", ACME_SECRET, iss="nobody")
    for _ in range(5):
        assert world.hook("attachment_updated", SAMPLE, token=token).status_code == 401
    assert world.installations.finds == 1
