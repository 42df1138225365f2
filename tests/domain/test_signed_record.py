"""The stored record: its signature binds it to its place; reading never fails."""

from __future__ import annotations

import copy
import hashlib
import hmac
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockpoint.domain import record_json, signed_record
from lockpoint.domain.events import AuditKind
from lockpoint.domain.lock import SCHEMA, EndReason, FoundRecord, Free, Held, Newer, Subject, Unreadable
from lockpoint.domain.signed_json import Flaw, MacKeys, canonical, sign
from lockpoint.domain.signed_record import decode, encode, record_place
from tests.domain.build import KEYS, L1, SUBJECT, at, base, ended, free, held

FULL = held(
    kind=AuditKind.EXTENDED,
    note="bis Montag 🙂",
    unlock_on_upload=True,
    ended=ended(EndReason.BROKEN, why="weg", pending=(at(1),)),
)


def read(value: object, seq: int = 3, subject: Subject = SUBJECT, keys: MacKeys = KEYS) -> FoundRecord:
    return decode(value, seq, subject, keys)


def resigned(value: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Return the value with changed members (...: removed) and a valid signature."""
    body = {name: each for name, each in (value | changes).items() if name != "mac" and each is not ...}
    return sign(body, record_place(SUBJECT), KEYS)


@pytest.mark.parametrize(
    "one",
    [
        FULL,
        held(began=at(3)),
        held(extended_at=at(5), chosen=True),
        held(expires_at=None, base=base(author=None, size=None)),
        free(seq=3),
        free(seq=3, kind=AuditKind.RELEASED),
    ],
)
def test_round_trip(one: Held | Free) -> None:
    """Through JSON."""
    stored = json.loads(json.dumps(encode(one, SUBJECT, KEYS)))
    assert read(stored) == one


def test_stored_shape() -> None:
    stored = encode(FULL, SUBJECT, KEYS)
    assert stored["schema"] == SCHEMA
    assert stored["state"] == "held"
    assert stored["acquired_at"] == "2026-03-02T09:00:00.000000Z"
    assert str(stored["mac"]).startswith("k2:")
    assert len(json.dumps(stored)) < 1024
    assert encode(free(), SUBJECT, KEYS)["state"] == "free"


def test_signature_is_hmac_sha256_over_tenant_attachment_and_every_field() -> None:
    """Computed here independently."""
    stored = encode(FULL, SUBJECT, KEYS)
    body = {name: value for name, value in stored.items() if name != "mac"}
    text = json.dumps(
        {"for": "lockpointlock", "tenant": "acme-client-key", "attachment": "131203", "record": body},
        sort_keys=True,
        separators=(",", ":"),
    )
    expected = hmac.new(KEYS.keys["k2"], text.encode(), hashlib.sha256).hexdigest()
    assert stored["mac"] == f"k2:{expected}"


STORED_HELD = """
{"schema": 1, "seq": 3, "state": "held", "epoch": 1, "op_id": "op-alice", "at": "2026-03-02T09:00:00.000000Z",
 "lock_id": "11111111111111111111111111111111", "holder": "alice", "acquired_at": "2026-03-02T09:00:00.000000Z",
 "expires_at": "2026-03-04T09:00:00.000000Z", "base": {"created": "2026-03-02T09:00:00.000000Z", "author": "bob",
 "size": 10, "number": 7}, "note": "bis Montag \\ud83d\\ude42", "unlock_on_upload": true, "ended": {"reason": "broken",
 "by": "alice", "at": "2026-03-02T09:00:00.000000Z", "lock_id": "11111111111111111111111111111111", "holder": "alice",
 "why": "weg", "unsettled": ["2026-03-02T09:00:01.000000Z"]},
 "mac": "k2:0a2248446584bb7e263994c073e05b82a1afdacb04db5f1455e06f81b24394c3"}
"""
STORED_FREE = """
{"schema": 1, "seq": 4, "state": "free", "epoch": 1, "op_id": "op-end", "at": "2026-03-02T09:00:00.000000Z",
 "ended": {"reason": "released", "by": "alice", "at": "2026-03-02T09:00:00.000000Z",
 "lock_id": "11111111111111111111111111111111", "holder": "alice", "why": null, "unsettled": []},
 "mac": "k2:7dbbf2296a558800dc514681ec82e01cf487b56e20a12037122d70274d06b09b"}
"""


@pytest.mark.parametrize(
    ("stored", "record", "seq"), [(STORED_HELD, replace(FULL, kind=None, chosen=True), 3), (STORED_FREE, free(), 4)]
)
def test_a_record_of_the_first_schema_stays_readable(stored: str, record: Held | Free, seq: int) -> None:
    """F39: it says neither when its lock began nor what its write did, nor whether its holder chose its life."""
    assert read(json.loads(stored), seq) == record


NEWER_HELD = r"""
{"schema": 2, "seq": 3, "state": "held", "epoch": 1, "op_id": "op-alice", "at": "2026-03-02T09:00:00.000000Z",
 "kind": "extended", "ended": {"reason": "broken", "by": "alice", "at": "2026-03-02T09:00:00.000000Z", "lock_id":
 "11111111111111111111111111111111", "holder": "alice", "why": "weg", "unsettled": ["2026-03-02T09:00:01.000000Z"]},
 "lock_id": "11111111111111111111111111111111", "holder": "alice", "acquired_at": "2026-03-02T09:00:00.000000Z",
 "expires_at": "2026-03-04T09:00:00.000000Z", "base": {"created": "2026-03-02T09:00:00.000000Z", "author": "bob",
 "size": 10, "number": 7}, "note": "bis Montag \ud83d\ude42", "unlock_on_upload": true, "began":
 "2026-03-02T09:00:03.000000Z", "mac": "k2:a5d044613338544070e31ab20084b27a73417be29a165507a7564c33dd0f52a1"}
"""
NEWER_FREE = """
{"schema": 2, "seq": 4, "state": "free", "epoch": 1, "op_id": "op-end", "at": "2026-03-02T09:00:00.000000Z", "kind":
 "released", "ended": {"reason": "released", "by": "alice", "at": "2026-03-02T09:00:00.000000Z", "lock_id":
 "11111111111111111111111111111111", "holder": "alice", "why": null, "unsettled": []}, "mac":
 "k2:4553281341f4b84a2144187042f6787239fe2d49285f766b6ad61c137628b524"}
"""


def test_a_record_of_the_second_schema_stays_readable() -> None:
    """F39: as if its holder had chosen its life, so that an upgrade shortens no lock that was to last longer."""
    assert read(json.loads(NEWER_HELD), 3) == replace(FULL, began=at(3), chosen=True)
    assert read(json.loads(NEWER_FREE), 4) == free(kind=AuditKind.RELEASED)


NEWEST_HELD = r"""
{"schema": 3, "seq": 3, "state": "held", "epoch": 1, "op_id": "op-alice", "at": "2026-03-02T09:00:00.000000Z", "kind":
 "extended", "ended": {"reason": "broken", "by": "alice", "at": "2026-03-02T09:00:00.000000Z", "lock_id":
 "11111111111111111111111111111111", "holder": "alice", "why": "weg", "unsettled": ["2026-03-02T09:00:01.000000Z"]},
 "lock_id": "11111111111111111111111111111111", "holder": "alice", "acquired_at": "2026-03-02T09:00:00.000000Z",
 "expires_at": "2026-03-04T09:00:00.000000Z", "base": {"created": "2026-03-02T09:00:00.000000Z", "author": "bob",
 "size": 10, "number": 7}, "note": "bis Montag \ud83d\ude42", "unlock_on_upload": true, "began":
 "2026-03-02T09:00:03.000000Z", "extended_at": "2026-03-02T09:00:04.000000Z", "chosen": true, "mac":
 "k2:f3161f0b102e5eabcdff2482b71472f5eeae3b228a9225d2383bc8bb3ee80894"}
"""
NEWEST_FREE = """
{"schema": 3, "seq": 4, "state": "free", "epoch": 1, "op_id": "op-end", "at": "2026-03-02T09:00:00.000000Z", "kind":
 "released", "ended": {"reason": "released", "by": "alice", "at": "2026-03-02T09:00:00.000000Z", "lock_id":
 "11111111111111111111111111111111", "holder": "alice", "why": null, "unsettled": []}, "mac":
 "k2:91da855b73859e5d9923a61cfb3c68dfbc773ba00bac0a4e83d337288ee49652"}
"""


@pytest.mark.parametrize(
    ("stored", "record", "seq"),
    [
        (NEWEST_HELD, replace(FULL, began=at(3), extended_at=at(4), chosen=True), 3),
        (NEWEST_FREE, free(kind=AuditKind.RELEASED), 4),
    ],
)
def test_the_signature_of_a_stored_record_stays_valid(stored: str, record: Held | Free, seq: int) -> None:
    """A record as it was stored before is read, and written again the same."""
    assert read(json.loads(stored), seq) == record
    assert encode(record, SUBJECT, KEYS) == json.loads(stored)


def test_members_belong_to_their_schema() -> None:
    """A record of the first schema has none that came later; one of ours lacks none."""
    assert read(resigned(encode(FULL, SUBJECT, KEYS), schema=1)) == Unreadable(Flaw.WRONG_FIELD, 3)
    assert read(resigned(encode(FULL, SUBJECT, KEYS), began=...)) == Unreadable(Flaw.WRONG_FIELD, 3)
    assert read(resigned(encode(FULL, SUBJECT, KEYS), schema=2)) == Unreadable(Flaw.WRONG_FIELD, 3)


def test_an_unknown_kind_makes_no_record() -> None:
    stored = resigned(encode(FULL, SUBJECT, KEYS), kind="invented")
    assert read(stored) == Unreadable(Flaw.WRONG_FIELD, 3)


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict):
        return [leaf for name, each in value.items() for leaf in _leaves(each, (*path, name))]
    if isinstance(value, list):
        return [leaf for place, each in enumerate(value) for leaf in _leaves(each, (*path, place))]
    return [path]


@pytest.mark.parametrize("path", _leaves(encode(FULL, SUBJECT, KEYS)), ids=str)
def test_every_field_is_signed(path: tuple[Any, ...]) -> None:
    """L-05."""
    forged = copy.deepcopy(encode(FULL, SUBJECT, KEYS))
    place: Any = forged
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = "forged"
    assert isinstance(read(forged), Unreadable)


def test_replay_under_another_version() -> None:
    """E26: `seq` differs from the property version."""
    stored = encode(FULL, SUBJECT, KEYS)
    assert read(stored, 4) == Unreadable(Flaw.WRONG_PLACE, 4)
    assert read(resigned(stored, seq=0), 0) == Unreadable(Flaw.WRONG_PLACE, 0)


@pytest.mark.parametrize("subject", [Subject("globex-client-key", "131203"), Subject("acme-client-key", "131204")])
def test_copies_and_clones_are_unreadable(subject: Subject) -> None:
    """L-07, E24."""
    assert read(encode(FULL, SUBJECT, KEYS), subject=subject) == Unreadable(Flaw.BAD_SIGNATURE, 3)


def test_keys_rotate() -> None:
    """Older keys verify, unknown ones do not."""
    old = MacKeys("k1", KEYS.keys)
    assert read(encode(FULL, SUBJECT, old)) == FULL
    only_new = MacKeys("k2", {"k2": KEYS.keys["k2"]})
    assert read(encode(FULL, SUBJECT, old), keys=only_new) == Unreadable(Flaw.UNKNOWN_KEY, 3)


def test_newer_schema_is_respected_when_it_is_ours() -> None:
    """F28, F39: the signature covers unknown fields."""
    newer = resigned(encode(FULL, SUBJECT, KEYS), schema=SCHEMA + 1, state="reserved", invented=[1, 2])
    assert read(newer) == Newer(SCHEMA + 1, 3)
    assert read(newer | {"invented": []}) == Unreadable(Flaw.BAD_SIGNATURE, 3)
    assert read(newer, 4) == Unreadable(Flaw.WRONG_PLACE, 4)


@pytest.mark.parametrize(
    ("value", "flaw"),
    [
        (None, Flaw.NOT_AN_OBJECT),
        ("text", Flaw.NOT_AN_OBJECT),
        ([], Flaw.NOT_AN_OBJECT),
        ({"mac": {1, 2}}, Flaw.NOT_AN_OBJECT),
        ({"mac": "k2:x", "number": float("nan")}, Flaw.NOT_AN_OBJECT),
        ({}, Flaw.UNSIGNED),
        ({"mac": 7}, Flaw.UNSIGNED),
        ({"mac": "k9:00"}, Flaw.UNKNOWN_KEY),
        ({"mac": "k2"}, Flaw.BAD_SIGNATURE),
        ({"mac": "k2:ü"}, Flaw.BAD_SIGNATURE),
        ({"mac": "k2:x", "filler": "x" * 20_000}, Flaw.TOO_LARGE),
    ],
)
def test_garbage(value: object, flaw: Flaw) -> None:
    """E30: a reason, never an exception."""
    assert read(value) == Unreadable(flaw, 3)


def test_bottomless_garbage() -> None:
    """Values nested too deeply."""
    value: dict[str, Any] = {"mac": "k2:x"}
    for _ in range(200_000):
        value = {"mac": "k2:x", "in": value}
    assert read(value) == Unreadable(Flaw.NOT_AN_OBJECT, 3)
    while value:  # step by step, or freeing it would overflow the stack
        value = value.pop("in", {})


HELD_FIELDS = sorted(record_json.record_fields(FULL))


@pytest.mark.parametrize("name", [*HELD_FIELDS, "schema", "seq", "state"])
@pytest.mark.parametrize("wrong", [..., True, -1, 1.5, [1], "yesterday", "2026-03-02T09:00:00", {"x": 1}])
def test_well_signed_nonsense(name: str, wrong: Any) -> None:
    """Missing or mistyped fields make no record and no exception."""
    texts = {"op_id", "lock_id", "holder", "note"}
    right = (name in texts and isinstance(wrong, str)) or (name in {"unlock_on_upload", "chosen"} and wrong is True)
    if right:
        assert isinstance(read(resigned(encode(FULL, SUBJECT, KEYS), **{name: wrong})), Held)
    else:
        assert isinstance(read(resigned(encode(FULL, SUBJECT, KEYS), **{name: wrong})), Unreadable)


@pytest.mark.parametrize("wrong", [{"reason": "bored"}, {"reason": None}, {"unsettled": "x"}, {"unsettled": [1]}])
def test_well_signed_nonsense_inside(wrong: dict[str, Any]) -> None:
    """Inside `ended`."""
    stored: Any = encode(FULL, SUBJECT, KEYS)
    assert read(resigned(stored, ended=stored["ended"] | wrong)) == Unreadable(Flaw.WRONG_FIELD, 3)


def test_superfluous_fields() -> None:
    """A record of our schema has exactly our fields."""
    for one in (FULL, free(seq=3)):
        assert read(resigned(encode(one, SUBJECT, KEYS), extra=1)) == Unreadable(Flaw.WRONG_FIELD, 3)


def test_offsets_other_than_utc() -> None:
    """Only notations of UTC are read."""
    stored = encode(FULL, SUBJECT, KEYS)
    assert read(resigned(stored, at="2026-03-02T09:00:00+00:00")) == FULL
    assert read(resigned(stored, at="2026-03-02T10:00:00+01:00")) == Unreadable(Flaw.WRONG_FIELD, 3)


def test_too_large_to_store() -> None:
    """F28: the caller, not the host, gets the error for unbounded texts."""
    with pytest.raises(ValueError, match="too large"):
        encode(held(note="x" * 20_000), SUBJECT, KEYS)
    longest = held(note="🙂" * 500, ended=ended(why="🙂" * 500, pending=tuple(at(s) for s in range(20))))
    assert len(json.dumps(encode(longest, SUBJECT, KEYS))) < signed_record.LARGEST


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(JSON, st.integers())
def test_decode_is_total(value: object, seq: int) -> None:
    """I9."""
    assert isinstance(read(value, seq), Unreadable)


@given(st.dictionaries(st.sampled_from([*HELD_FIELDS, "schema", "seq", "state"]), JSON), st.integers(0, 5))
def test_decode_is_total_behind_a_good_signature(changes: dict[str, Any], seq: int) -> None:
    try:
        value = resigned(encode(FULL, SUBJECT, KEYS), **changes)
    except ValueError:  # not JSON (NaN), which cannot be signed
        return
    assert isinstance(read(value, seq), Held | Unreadable | Newer)


def test_lock_id_is_part_of_the_record() -> None:
    assert encode(FULL, SUBJECT, KEYS)["lock_id"] == L1


@pytest.mark.parametrize("one", [FULL, free(seq=3)], ids=["held", "free"])
def test_a_signed_record_in_an_unknown_state_is_unreadable(one: Held | Free) -> None:
    """Neither a lock nor a tombstone, whatever its members look like."""
    assert read(resigned(encode(one, SUBJECT, KEYS), state="parked")) == Unreadable(Flaw.WRONG_FIELD, 3)


def test_the_largest_record_is_one_that_is_read() -> None:
    """The limit itself is allowed, in both directions."""
    room = signed_record.LARGEST - len(canonical(encode(held(note=""), SUBJECT, KEYS)))
    largest = held(note="x" * room)
    assert read(encode(largest, SUBJECT, KEYS)) == largest
    with pytest.raises(ValueError, match="too large"):
        encode(held(note="x" * (room + 1)), SUBJECT, KEYS)
