"""Properties: versioned values with compare and set."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from simulator.world import seed
from tests.simulator.conftest import Sim

OWNERS = (
    (f"attachments/att{seed.BUDGET_ID}", 200),
    (f"pages/{seed.PAGE_ID}", 200),
    (f"blogposts/{seed.BLOG_ID}", 200),
    (f"spaces/{seed.SPACE_ID}", 201),
)
ADDON = "/rest/atlassian-connect/1/addons/test-app"
FILE = f"/api/v2/attachments/att{seed.BUDGET_ID}/properties"


@pytest.mark.parametrize(("owner", "created"), OWNERS)
def test_create_read_update_delete(sim: Sim, owner: str, created: int) -> None:
    """A property starts at version 1 and grows by one per write."""
    path = f"/api/v2/{owner}/properties"
    made = sim.as_person("dana", "POST", path, json={"key": "k", "value": {"a": [1, None]}})
    assert (made.status_code, made.json()["version"]["number"]) == (created, 1)
    one = f"{path}/{made.json()['id']}"
    changed = sim.as_person("dana", "PUT", one, json={"key": "k", "value": 2, "version": {"number": 2}})
    assert (changed.status_code, changed.json()["value"]) == (200, 2)
    found = sim.as_person("charlie", "GET", f"{path}?key=k").json()["results"]
    assert [(p["value"], p["version"]["number"]) for p in found] == [(2, 2)]
    assert sim.as_person("dana", "DELETE", one).status_code == 204
    assert sim.as_person("dana", "GET", one).status_code == 404
    assert sim.as_person("charlie", "GET", f"{path}?key=k").json()["results"] == []


@pytest.mark.parametrize(("owner", "_created"), OWNERS)
def test_a_taken_key_and_a_stale_version_answer_409(sim: Sim, owner: str, _created: int) -> None:
    path = f"/api/v2/{owner}/properties"
    number = sim.as_person("dana", "POST", path, json={"key": "k", "value": 1}).json()["id"]
    assert sim.as_person("dana", "POST", path, json={"key": "k", "value": 1}).status_code == 409
    for version in (1, 3):
        body = {"key": "k", "value": 2, "version": {"number": version}}
        assert sim.as_person("dana", "PUT", f"{path}/{number}", json=body).status_code == 409


def test_writing_needs_edit_permission_reading_needs_view_permission(sim: Sim) -> None:
    """Writing without permission is 404; space properties need space admins."""
    assert sim.as_person("charlie", "POST", FILE, json={"key": "k", "value": 1}).status_code == 404
    assert sim.as_person("charlie", "GET", FILE).status_code == 200
    space = f"/api/v2/spaces/{seed.SPACE_ID}/properties"
    assert sim.as_person("alice", "POST", space, json={"key": "k", "value": 1}).status_code == 404
    private = f"/api/v2/attachments/{seed.PRIVATE_FILE_ID}/properties"
    assert sim.as_person("bob", "GET", private).status_code == 404


def test_a_duplicate_row_blocks_updates_until_one_is_deleted(sim: Sim) -> None:
    """PUT answers 400 while a key has two rows."""
    sim.control("/faults", {"kind": "duplicate", "method": "POST", "path": "properties"})
    made = sim.as_person("alice", "POST", FILE, json={"key": "k", "value": 1}).json()
    ids = [p["id"] for p in sim.as_person("alice", "GET", f"{FILE}?key=k").json()["results"]]
    assert len(ids) == 2
    assert made["id"] == max(ids, key=int)
    body = {"key": "k", "value": 2, "version": {"number": 2}}
    refused = sim.as_person("alice", "PUT", f"{FILE}/{ids[0]}", json=body)
    assert (refused.status_code, refused.json()["errors"][0]["title"]) == (400, "Cannot update content property")
    sim.as_person("alice", "DELETE", f"{FILE}/{ids[1]}")
    assert sim.as_person("alice", "PUT", f"{FILE}/{ids[0]}", json=body).status_code == 200


def test_a_stale_read_shows_the_value_of_before(sim: Sim) -> None:
    """A read may lag behind a write by the fault's seconds."""
    number = sim.as_person("alice", "POST", FILE, json={"key": "k", "value": 1}).json()["id"]
    sim.control("/faults", {"kind": "stale", "method": "GET", "path": "properties", "seconds": 60, "times": 1})
    assert sim.as_person("alice", "GET", f"{FILE}?key=k").json()["results"] == []
    assert sim.as_person("alice", "GET", f"{FILE}/{number}").status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {"key": "", "value": 1},
        {"key": "x" * 256, "value": 1},
        {"key": "k"},
        {"key": 7, "value": 1},
        {"key": "k", "value": "x" * 32_768},
    ],
)
def test_bad_properties_are_refused(sim: Sim, body: dict[str, object]) -> None:
    """Keys have 1 to 255 characters, values at most 32 KB of JSON."""
    assert sim.as_person("alice", "POST", FILE, json=body).status_code == 400


@pytest.mark.parametrize(
    ("value", "taken"), [("[" * 5_000 + "]" * 5_000, False), (r'"\ud800"', True), (r'"\u0000"', True)]
)
def test_odd_values_are_refused_or_kept(installed: Sim, value: str, taken: bool) -> None:
    """What cannot be parsed is the caller's error; half a character and NUL are JSON."""
    headers = {"Content-Type": "application/json"}
    body = f'{{"key": "odd", "value": {value}}}'
    of_file = installed.as_person("bob", "POST", FILE, data=body, headers=headers)
    of_app = installed.as_person("bob", "PUT", f"{ADDON}/properties/odd", data=value, headers=headers)
    assert [of_file.status_code, of_app.status_code] == ([200, 201] if taken else [400, 400])


def test_of_many_writers_of_one_version_exactly_one_wins(sim: Sim) -> None:
    """Compare and set over HTTP with many threads."""
    number = sim.as_person("alice", "POST", FILE, json={"key": "k", "value": 0}).json()["id"]

    def write(value: int) -> int:
        body = {"key": "k", "value": value, "version": {"number": 2}}
        return sim.as_person("bob", "PUT", f"{FILE}/{number}", json=body).status_code

    with ThreadPoolExecutor(8) as pool:
        codes = sorted(pool.map(write, range(16)))
    assert codes == [200] + [409] * 15


def test_somebody_else_can_write_and_delete_the_property(sim: Sim) -> None:
    """Anyone with edit permission; the control API checks no version."""
    sim.as_person("alice", "POST", FILE, json={"key": "k", "value": "signed"})
    body = {"attachmentId": seed.BUDGET_ID, "key": "k", "account": "bob"}
    written = sim.control("/sites/acme/property", {**body, "value": "forged"})
    assert (written["value"], written["version"]) == ("forged", 2)
    assert sim.control("/sites/acme/property", {**body, "value": 1, "raw": {"version": 9}})["version"] == 9
    assert sim.control("/sites/acme/property", {**body, "delete": True})["deleted"]
    assert sim.as_person("alice", "GET", FILE).json()["results"] == []
