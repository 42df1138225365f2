"""REST API v2 as documented and measured."""

from __future__ import annotations

import pytest

from simulator.world import seed
from tests.simulator.conftest import Sim

PAGE = f"/api/v2/pages/{seed.PAGE_ID}"
BUDGET = f"/api/v2/attachments/att{seed.BUDGET_ID}"


def test_attachments_are_paged_by_an_opaque_cursor_in_body_and_link_header(sim: Sim) -> None:
    """The next address has /wiki; the last page has none."""
    first = sim.as_person("alice", "GET", f"{PAGE}/attachments?limit=2&status=current")
    assert [a["id"] for a in first.json()["results"]] == ["att131203", "att131204"]
    following = first.json()["_links"]["next"]
    assert following.startswith("/wiki/api/v2/")
    assert "status=current" in following
    assert first.headers["Link"] == f'<{following}>; rel="next"'
    last = sim.as_person("alice", "GET", following.removeprefix("/wiki"))
    assert [a["id"] for a in last.json()["results"]] == ["att131205"]
    assert "next" not in last.json()["_links"]
    assert "Link" not in last.headers


def test_attachment_list_filters_by_status_name_and_media_type(sim: Sim) -> None:
    """By default current and archived attachments; trashed ones on request."""
    sim.control("/sites/acme/trash", {"attachmentId": seed.LOGO_ID, "account": "alice"})

    def names(query: str) -> list[str]:
        answer = sim.as_person("alice", "GET", f"{PAGE}/attachments{query}")
        return [a["title"] for a in answer.json()["results"]]

    assert names("") == ["budget.xlsx", "brief.docx"]
    assert names("?status=trashed") == ["logo.png"]
    assert names("?status=current&status=trashed&sort=-created-date")[-1] == "budget.xlsx"
    assert names("?filename=brief.docx") == ["brief.docx"]
    assert names("?mediaType=image/png&status=trashed") == ["logo.png"]


def test_attachment_by_id_can_be_read_as_of_an_old_version(sim: Sim) -> None:
    """With that version's name, size and file id."""
    now = sim.as_person("alice", "GET", BUDGET).json()
    old = sim.as_person("alice", "GET", f"{BUDGET}?version=1").json()
    assert (now["version"]["number"], old["version"]["number"]) == (3, 1)
    assert old["fileSize"] == len(b"budget, first draft")
    assert old["fileId"] != now["fileId"]
    assert now["createdAt"] == old["createdAt"]


def test_include_parameters_add_what_they_name(sim: Sim) -> None:
    shape = sim.as_person(
        "charlie", "GET", f"{BUDGET}?include-operations=true&include-versions=true&include-properties=true"
    ).json()
    assert shape["operations"]["results"] == [{"operation": "read", "targetType": "attachment"}]
    assert [v["number"] for v in shape["versions"]["results"]] == [3, 2, 1]
    assert shape["properties"]["results"] == []


def test_versions_are_listed_newest_first_with_the_name_they_had(sim: Sim) -> None:
    sim.control("/sites/acme/rename", {"attachmentId": seed.BUDGET_ID, "account": "bob", "title": "b.xlsx"})
    found = sim.as_person("alice", "GET", f"{BUDGET}/versions").json()["results"]
    assert [(v["number"], v["attachment"]["title"]) for v in found][:2] == [(4, "b.xlsx"), (3, "budget.xlsx")]
    assert found[0]["authorId"] == seed.BOB


def test_a_version_knows_its_neighbours_and_an_unknown_one_is_404(sim: Sim) -> None:
    middle = sim.as_person("alice", "GET", f"{BUDGET}/versions/2").json()
    assert (middle["prevVersion"], middle["nextVersion"]) == (1, 3)
    assert sim.as_person("alice", "GET", f"{BUDGET}/versions/9").status_code == 404


def test_deleting_a_middle_version_renumbers_those_above(sim: Sim) -> None:
    """Version numbers are positions; createdAt stays with the version."""
    before = sim.as_person("alice", "GET", f"{BUDGET}/versions").json()["results"]
    sim.control("/sites/acme/delete-version", {"attachmentId": seed.BUDGET_ID, "version": 2, "account": "dana"})
    after = sim.as_person("alice", "GET", f"{BUDGET}/versions").json()["results"]
    assert [v["number"] for v in after] == [2, 1]
    assert [v["createdAt"] for v in after] == [before[0]["createdAt"], before[2]["createdAt"]]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v2/pages/abc", 400),
        ("/api/v2/pages/1", 404),
        (f"/api/v2/pages/{seed.BLOG_ID}", 404),
        (f"/api/v2/blogposts/{seed.BLOG_ID}", 200),
        (f"/api/v2/pages/{seed.PRIVATE_PAGE_ID}", 404),
        (f"/api/v2/attachments/{seed.PRIVATE_FILE_ID}", 404),
        (f"{PAGE}/attachments?limit=251", 400),
        (f"{PAGE}/attachments?cursor=nonsense", 400),
        (f"{PAGE}/attachments?status=draft", 400),
    ],
)
def test_v2_says_404_for_missing_and_for_invisible_and_400_for_nonsense(sim: Sim, path: str, status: int) -> None:
    """v2 does not tell missing from hidden."""
    assert sim.as_person("bob", "GET", path).status_code == status


def test_trash_and_purge_by_delete(sim: Sim) -> None:
    """A trashed file stays readable; only space admins purge."""
    assert sim.as_person("bob", "DELETE", BUDGET).status_code == 204
    assert sim.as_person("bob", "GET", BUDGET).json()["status"] == "trashed"
    assert sim.as_person("bob", "DELETE", f"{BUDGET}?purge=true").status_code == 404
    assert sim.as_person("dana", "DELETE", f"{BUDGET}?purge=true").status_code == 204
    assert sim.as_person("bob", "GET", BUDGET).status_code == 404


def test_spaces_and_their_operations(sim: Sim) -> None:
    """Spaces are found by key; `administer` marks space admins."""
    found = sim.as_person("alice", "GET", "/api/v2/spaces?keys=DS").json()["results"]
    assert [(s["id"], s["key"]) for s in found] == [("65538", "DS")]
    operations = {
        name: sim.as_person(name, "GET", "/api/v2/spaces/65538/operations").json() for name in ("alice", "dana")
    }
    administer = {"operation": "administer", "targetType": "space"}
    assert administer in operations["dana"]["operations"]
    assert administer not in operations["alice"]["operations"]


def test_people_in_bulk_leave_out_unknown_ids(sim: Sim) -> None:
    """A closed account keeps its id, not its name."""
    sim.control("/sites/acme/person", {"account": "bob", "status": "closed"})
    answer = sim.as_person("alice", "POST", "/api/v2/users-bulk", json={"accountIds": [seed.ALICE, "nobody", seed.BOB]})
    found = {p["accountId"]: p for p in answer.json()["results"]}
    assert set(found) == {seed.ALICE, seed.BOB}
    assert found[seed.BOB]["accountStatus"] == "closed"
    assert "Baker" not in found[seed.BOB]["displayName"]


def test_both_sites_have_the_same_ids_and_nothing_in_common(sim: Sim) -> None:
    sim.upload("alice")
    other = sim.as_person("gina", "GET", BUDGET, site="globex").json()
    assert (other["title"], other["version"]["number"]) == ("roadmap.pptx", 2)


def test_a_get_with_a_body_is_refused(sim: Sim) -> None:
    """Atlassian answers 403."""
    assert sim.as_person("alice", "GET", BUDGET, data=b"{}").status_code == 403
