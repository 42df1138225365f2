"""REST API v1: permission check, restrictions, search, people, removed and Connect operations."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.world import seed
from tests.simulator.conftest import Sim

PAGE = f"/rest/api/content/{seed.PAGE_ID}"


def _check(sim: Sim, account: str, operation: str, content: str = str(seed.PAGE_ID)) -> Any:
    body = {"subject": {"type": "user", "identifier": account}, "operation": operation}
    return sim.as_app("POST", f"/rest/api/content/{content}/permission/check", json=body)


def test_permission_check_denies_by_false_and_knows_no_stranger(installed: Sim) -> None:
    """A denial is 200 with false; an unknown account 404; an unknown operation 400."""
    assert _check(installed, seed.BOB, "update").json()["hasPermission"] is True
    denied = _check(installed, seed.CHARLIE, "update")
    assert (denied.status_code, denied.json()["hasPermission"]) == (200, False)
    assert _check(installed, seed.CHARLIE, "read").json()["hasPermission"] is True
    assert _check(installed, seed.GINA, "read").status_code == 404
    assert _check(installed, seed.BOB, "fly").status_code == 400


def test_permission_check_counts_restrictions_and_closed_accounts(installed: Sim) -> None:
    installed.control("/sites/acme/restrict", {"pageId": seed.PAGE_ID, "account": "alice", "update": ["alice"]})
    assert _check(installed, seed.BOB, "update").json()["hasPermission"] is False
    assert _check(installed, seed.BOB, "read").json()["hasPermission"] is True
    installed.control("/sites/acme/person", {"account": "alice", "status": "inactive"})
    assert _check(installed, seed.ALICE, "read").json()["hasPermission"] is False


def test_permission_check_with_an_attachment_id_can_be_switched_off(installed: Sim) -> None:
    """It is unknown whether attachment ids are accepted, so both are possible."""
    assert _check(installed, seed.BOB, "update", f"att{seed.BUDGET_ID}").status_code == 200
    installed.control("/sites/acme/behaviour", {"permissionCheckAttachments": False})
    assert _check(installed, seed.BOB, "update", f"att{seed.BUDGET_ID}").status_code == 404


def test_a_restriction_shuts_people_and_the_app_out_until_somebody_adds_them(installed: Sim) -> None:
    """Only a person with edit permission can add the app user."""
    app = installed.acme.installations["test-app"].account_id
    body = {"pageId": seed.PAGE_ID, "account": "alice", "read": ["alice"], "update": ["alice"]}
    installed.control("/sites/acme/restrict", body)
    assert installed.as_app("GET", f"/api/v2/pages/{seed.PAGE_ID}").status_code == 404
    assert installed.as_person("bob", "GET", f"/api/v2/pages/{seed.PAGE_ID}").status_code == 404
    own = f"{PAGE}/restriction/byOperation/read/user?accountId={app}"
    assert installed.as_app("PUT", own).status_code == 404
    assert installed.as_user("alice", "GET", own).status_code == 404
    for operation in ("read", "update"):
        path = f"{PAGE}/restriction/byOperation/{operation}/user?accountId={app}"
        assert installed.as_user("alice", "PUT", path).status_code == 200
    assert installed.as_user("alice", "GET", own).status_code == 200
    assert installed.as_app("GET", f"/api/v2/pages/{seed.PAGE_ID}").status_code == 200
    listed = installed.as_app("GET", f"{PAGE}/restriction").json()["results"][0]["restrictions"]["user"]["results"]
    assert {person["accountId"] for person in listed} == {seed.ALICE, app}
    assert installed.as_user("alice", "DELETE", own).status_code == 200
    assert installed.as_app("GET", f"/api/v2/pages/{seed.PAGE_ID}").status_code == 404


def _found(sim: Sim, cql: str) -> list[str]:
    answer = sim.as_app("GET", f"/rest/api/content/search?cql={cql}")
    assert answer.status_code == 200, answer.text
    return [hit["id"] for hit in answer.json()["results"]]


def test_cql_finds_declared_properties_of_pages_by_path_and_by_alias(installed: Sim) -> None:
    """Only the descriptor's extractions are searchable; attachments are not indexed by default."""
    value = {"key": "testpage", "value": {"lockedCount": 2}}
    installed.as_app("POST", f"/api/v2/pages/{seed.PAGE_ID}/properties", json=value)
    installed.as_app("POST", f"/api/v2/attachments/att{seed.BUDGET_ID}/properties", json=value)
    assert _found(installed, "content.property%5Btestpage%5D.lockedCount+%3E+0") == [str(seed.PAGE_ID)]
    assert _found(installed, "testLocked+%3E=+2+and+type=page") == [str(seed.PAGE_ID)]
    assert _found(installed, "testLocked+%3E+2") == []
    unknown = installed.as_app("GET", "/rest/api/content/search?cql=content.property%5Bother%5D.x+%3E+0")
    assert unknown.status_code == 400
    installed.control("/sites/acme/behaviour", {"indexAttachmentProperties": True})
    assert f"att{seed.BUDGET_ID}" in _found(installed, "testLocked+%3E+0")


def test_the_index_can_lag_behind(installed: Sim) -> None:
    installed.control("/sites/acme/behaviour", {"indexLagSeconds": 60})
    value = {"key": "testpage", "value": {"lockedCount": 2}}
    installed.as_app("POST", f"/api/v2/pages/{seed.PAGE_ID}/properties", json=value)
    assert _found(installed, "testLocked+%3E+0") == []


@pytest.mark.parametrize(
    ("cql", "count"),
    [
        ("type=attachment+and+space=%22DS%22", 5),
        ("type=attachment+and+space=XX", 0),
        ("type+in+(page,blogpost)+order+by+title", 3),
        ("type=attachment+and+(title~%22bud%22+or+title~%22logo%22)", 2),
        (f"container={seed.PAGE_ID}", 3),
        ("not+type=attachment", 3),
        ("type+not+in+(attachment)+and+title!=%22Kick-off%22", 2),
    ],
)
def test_cql_compares_joins_and_groups(installed: Sim, cql: str, count: int) -> None:
    """Hits are visible to the app: not the restricted page and file."""
    assert len(_found(installed, cql)) == count


@pytest.mark.parametrize(
    "cql", ["", "type", "type=", "type=page+and", "(type=page", "nofield=1", "type+%3D%3D+page", "%C2%A7"]
)
def test_bad_cql_is_400(installed: Sim, cql: str) -> None:
    assert installed.as_app("GET", f"/rest/api/content/search?cql={cql}").status_code == 400


def test_search_pages_by_a_link_relative_to_the_context(installed: Sim) -> None:
    """_links.next lacks /wiki, unlike v2."""
    first = installed.as_app("GET", "/rest/api/search?cql=type=attachment&limit=3").json()
    assert (first["size"], first["totalSize"]) == (3, 5)
    assert first["_links"]["next"].startswith("/rest/api/search?")
    rest = installed.as_app("GET", first["_links"]["next"]).json()
    assert rest["size"] == 2
    assert "next" not in rest["_links"]


def test_current_user_and_site_admin(installed: Sim) -> None:
    """administer/application marks site admins."""
    current = installed.as_app("GET", "/rest/api/user/current").json()
    assert (current["accountType"], current["accountId"]) == (
        "app",
        installed.acme.installations["test-app"].account_id,
    )
    administer = {"operation": "administer", "targetType": "application"}
    for account, is_admin in ((seed.SAM, True), (seed.DANA, False)):
        shape = installed.as_app("GET", f"/rest/api/user?accountId={account}&expand=operations").json()
        assert (administer in shape["operations"]) is is_admin
    assert installed.as_app("GET", "/rest/api/user?accountId=nobody").status_code == 404


def test_addresses_are_for_approved_apps(installed: Sim) -> None:
    """Hidden in the profile, returned by the special operation, which can be refused or off."""
    assert installed.as_app("GET", f"/rest/api/user?accountId={seed.ALICE}").json()["email"] == ""
    path = f"/rest/api/user/email?accountId={seed.ALICE}"
    assert installed.as_app("GET", path).json()["email"] == "alice@acme.example"
    for switch, status in (("not_approved", 400), ("off", 501)):
        installed.control("/sites/acme/behaviour", {"emailLookup": switch})
        assert installed.as_app("GET", path).status_code == status


def test_user_properties_have_no_version(installed: Sim) -> None:
    """POST creates (409 if there), PUT replaces, DELETE removes."""
    path = f"/rest/api/user/{seed.ALICE}/property/prefs"
    assert installed.as_app("PUT", path, json={"value": {"a": 1}}).status_code == 404
    assert installed.as_app("POST", path, json={"value": {"a": 1}}).status_code == 201
    assert installed.as_app("POST", path, json={"value": {"a": 1}}).status_code == 409
    assert installed.as_app("PUT", path, json={"value": {"a": 2}}).status_code == 204
    assert installed.as_app("GET", path).json()["value"] == {"a": 2}
    keys = installed.as_app("GET", f"/rest/api/user/{seed.ALICE}/property").json()["results"]
    assert keys == [{"key": "prefs"}]
    assert installed.as_app("DELETE", path).status_code == 204
    assert installed.as_app("POST", f"/rest/api/user/{seed.ALICE}/property/a.b", json={"value": {}}).status_code == 400


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", PAGE),
        ("GET", f"{PAGE}/child/attachment"),
        ("GET", f"{PAGE}/property"),
        ("PUT", f"{PAGE}/property/k"),
        ("GET", f"{PAGE}/version"),
        ("GET", "/rest/api/space/DS"),
    ],
)
def test_removed_operations_are_gone(installed: Sim, method: str, path: str) -> None:
    """Operations removed in 2025."""
    assert installed.as_app(method, path).status_code == 410


ADDON = "/rest/atlassian-connect/1/addons/test-app"


def test_app_properties_belong_to_the_app_and_the_last_write_wins(installed: Sim) -> None:
    """No version; another app's are 404; any signed-in person may write."""
    path = f"{ADDON}/properties/site"
    assert installed.as_app("GET", path).status_code == 404
    assert installed.as_app("PUT", path, json={"a": 1}).status_code == 201
    assert installed.as_app("PUT", path, json={"a": 2}).status_code == 200
    assert installed.as_app("GET", f"{path}?jsonValue=true").json()["value"] == {"a": 2}
    assert installed.as_app("GET", path).json()["value"] == '{"a": 2}'
    assert installed.as_person("charlie", "PUT", path, json={"a": 3}).status_code == 200
    assert installed.as_app("GET", f"{ADDON}/properties").json()["keys"][0]["key"] == "site"
    assert installed.as_app("GET", path.replace("test-app", "other-app")).status_code == 404
    assert installed.as_app("DELETE", path).status_code == 204


def test_licence_is_told_for_paid_apps_only(installed: Sim) -> None:
    """A free app has no licence field."""
    assert "license" not in installed.as_app("GET", ADDON).json()
    installed.acme.installations["test-app"].app.descriptor["enableLicensing"] = True
    installed.control("/sites/acme/licence", {"active": True, "evaluation": True})
    licence = installed.as_app("GET", ADDON).json()["license"]
    assert (licence["active"], licence["evaluation"]) == (True, True)


def test_account_reports_tell_closed_and_changed_accounts(installed: Sim) -> None:
    """204 when nothing is due; more than 90 accounts are refused."""
    path = "/rest/atlassian-connect/latest/report-accounts"

    def report(*accounts: str) -> Any:
        listed = [{"accountId": account, "updatedAt": "2026-11-20T10:00:00.000Z"} for account in accounts]
        return installed.as_app("POST", path, json={"accounts": listed})

    quiet = report(seed.ALICE)
    assert (quiet.status_code, quiet.headers["Cycle-Period"]) == (204, "7")
    installed.control("/sites/acme/person", {"account": "bob", "status": "closed"})
    installed.acme.people[seed.ALICE].changed_at = installed.world.clock.now_ms()
    found = {a["accountId"]: a["status"] for a in report(seed.ALICE, seed.BOB, seed.DANA).json()["accounts"]}
    assert found == {seed.ALICE: "updated", seed.BOB: "closed"}
    assert report(*[seed.ALICE] * 91).status_code == 400


def test_people_in_bulk_and_their_addresses(installed: Sim) -> None:
    """Known people only; a closed account has no address."""
    query = f"accountId={seed.ALICE}&accountId={seed.BOB}&accountId=nobody"
    found = installed.as_app("GET", f"/rest/api/user/bulk?{query}").json()["results"]
    assert [p["accountId"] for p in found] == [seed.ALICE, seed.BOB]
    installed.control("/sites/acme/person", {"account": "bob", "status": "closed"})
    addresses = installed.as_app("GET", f"/rest/api/user/email/bulk?{query}").json()
    assert [a["accountId"] for a in addresses] == [seed.ALICE]
    assert installed.as_app("GET", f"/rest/api/user/email?accountId={seed.BOB}").status_code == 404


@pytest.mark.parametrize("query", ["&cursor=%25%25", "&limit=many", "&limit=-1", "&start=x"])
def test_bad_paging_of_a_search_is_400(installed: Sim, query: str) -> None:
    assert installed.as_app("GET", f"/rest/api/content/search?cql=type=page{query}").status_code == 400


@pytest.mark.parametrize("value", [{"value": 1}, {"value": {}, "more": 1}, {}])
def test_user_property_bodies_hold_one_object(installed: Sim, value: dict[str, Any]) -> None:
    """Per document: one object `value`, nothing else."""
    path = f"/rest/api/user/{seed.ALICE}/property/prefs"
    assert installed.as_app("POST", path, json=value).status_code == 400
    assert installed.as_app("GET", path).status_code == 404
    assert installed.as_app("DELETE", path).status_code == 404


def test_app_properties_are_limited(installed: Sim) -> None:
    """JSON only, 32 KB each, 100 of them."""
    path = f"{ADDON}/properties"
    assert installed.as_app("PUT", f"{path}/p", data=b"{").status_code == 400
    assert installed.as_app("PUT", f"{path}/p", json="x" * 40_000).status_code == 400
    installed.acme.installations["test-app"].properties.update({f"p{n}": n for n in range(100)})
    assert installed.as_app("PUT", f"{path}/p", json=1).status_code == 400
    assert installed.as_app("DELETE", f"{path}/p").status_code == 404


@pytest.mark.parametrize("accounts", [None, [], [1], [{"accountId": 7}], [{"accountId": "a", "updatedAt": "never"}]])
def test_bad_account_reports_are_400(installed: Sim, accounts: object) -> None:
    """Missing accounts, ids or times."""
    path = "/rest/atlassian-connect/latest/report-accounts"
    assert installed.as_app("POST", path, json={"accounts": accounts}).status_code == 400


def test_restrictions_know_two_operations_and_people_of_the_site(installed: Sim) -> None:
    """404 for another operation, and for an unknown or unlisted person."""
    path = f"{PAGE}/restriction/byOperation"
    assert installed.as_user("alice", "PUT", f"{path}/fly/user?accountId={seed.BOB}").status_code == 404
    assert installed.as_user("alice", "PUT", f"{path}/read/user?accountId=nobody").status_code == 404
    assert installed.as_user("alice", "DELETE", f"{path}/read/user?accountId={seed.BOB}").status_code == 404
    assert installed.as_user("charlie", "PUT", f"{path}/read/user?accountId={seed.BOB}").status_code == 404
