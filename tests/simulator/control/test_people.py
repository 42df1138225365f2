"""People who come to a site after the seed."""

from __future__ import annotations

from simulator.world.seed import SPACE_ID
from tests.simulator.conftest import Sim


def test_a_newcomer_is_a_person_like_others(sim: Sim) -> None:
    made = sim.control("/sites/acme/newcomer", {"name": "mona", "displayName": "Mona Moss", "permissions": ["read"]})
    told = sim.control("/be", {"account": "mona"})["me"]
    assert (told["accountId"], told["displayName"]) == (made["accountId"], "Mona Moss")
    acme = sim.running.world.sites["acme"]
    assert acme.spaces[SPACE_ID].permissions[made["accountId"]] == {"read"}
    assert sim.running.world.sites["globex"].person("mona") is None


def test_a_name_belongs_to_one_person(sim: Sim) -> None:
    assert sim.control_raw("/sites/acme/newcomer", {"name": "alice"}).status_code == 409
    assert sim.control_raw("/sites/acme/newcomer", {"name": "mona", "permissions": "read"}).status_code == 400
