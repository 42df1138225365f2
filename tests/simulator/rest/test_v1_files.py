"""REST API v1 for files: upload, metadata, download, restore."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from simulator.world import seed
from tests.simulator.conftest import Sim

PAGE = f"/rest/api/content/{seed.PAGE_ID}"
FILE = f"{PAGE}/child/attachment/att{seed.BUDGET_ID}"
NO_CHECK = {"X-Atlassian-Token": "no-check"}


def _upload(sim: Sim, method: str, path: str, name: str, data: bytes, who: str = "bob") -> requests.Response:
    parts = {"file": (name, data)}
    form = {"minorEdit": "true", "comment": "by script"}
    return sim.as_person(who, method, path, files=parts, data=form, headers=NO_CHECK)


def _head(sim: Sim) -> dict[str, Any]:
    shape: dict[str, Any] = sim.as_person("alice", "GET", f"/api/v2/attachments/att{seed.BUDGET_ID}").json()
    return shape


def test_new_data_is_the_next_version_of_the_same_file(sim: Sim) -> None:
    answer = _upload(sim, "POST", f"{FILE}/data", "budget.xlsx", b"overwritten")
    assert (answer.status_code, answer.json()["version"]["number"]) == (200, 4)
    version = _head(sim)["version"]
    assert (version["authorId"], version["message"], version["minorEdit"]) == (seed.BOB, "by script", True)
    assert _head(sim)["fileSize"] == len(b"overwritten")


def test_uploads_need_the_header_that_stops_forged_forms(sim: Sim) -> None:
    """Multipart writes without X-Atlassian-Token get 403."""
    answer = sim.as_person("bob", "POST", f"{FILE}/data", files={"file": ("a", b"a")}, data={"minorEdit": "true"})
    assert answer.status_code == 403


def test_post_creates_only_and_put_creates_or_updates_by_name(sim: Sim) -> None:
    assert _upload(sim, "POST", f"{PAGE}/child/attachment", "budget.xlsx", b"x").status_code == 400
    made = _upload(sim, "POST", f"{PAGE}/child/attachment", "new.txt", b"x").json()["results"][0]
    again = _upload(sim, "PUT", f"{PAGE}/child/attachment", "new.txt", b"y").json()["results"][0]
    assert (again["id"], again["version"]["number"]) == (made["id"], 2)
    assert _upload(sim, "PUT", f"{PAGE}/child/attachment", "other.txt", b"y").json()["results"][0]["id"] != made["id"]


@pytest.mark.parametrize(("who", "page", "status"), [("charlie", PAGE, 403), ("bob", "/rest/api/content/98330", 404)])
def test_who_may_not_edit_may_not_upload(sim: Sim, who: str, page: str, status: int) -> None:
    """View-only people get 403, people without page permission 404."""
    assert _upload(sim, "POST", f"{page}/child/attachment", "new.txt", b"x", who).status_code == status


def test_oversize_uploads_are_404_as_documented(sim: Sim) -> None:
    sim.control("/sites/acme/behaviour", {"maxUploadBytes": 10})
    assert _upload(sim, "POST", f"{FILE}/data", "budget.xlsx", b"x" * 11).status_code == 404


def test_rename_is_a_new_version_with_the_same_bytes_and_needs_the_next_number(sim: Sim) -> None:
    """Another number than current plus one is 409."""
    before = _head(sim)
    body = {"id": f"att{seed.BUDGET_ID}", "type": "attachment", "title": "plan.xlsx", "version": {"number": 4}}
    assert sim.as_person("bob", "PUT", FILE, json=body).status_code == 200
    assert (_head(sim)["title"], _head(sim)["version"]["number"]) == ("plan.xlsx", 4)
    assert _head(sim)["fileId"] == before["fileId"]
    assert sim.as_person("bob", "PUT", FILE, json=body).status_code == 409


def test_a_file_moves_to_another_page_by_metadata(sim: Sim) -> None:
    """The metadata's `container` moves the file; its id stays."""
    page = sim.control("/sites/acme/page", {"title": "Elsewhere", "account": "alice"})["id"]
    body = {"id": f"att{seed.BUDGET_ID}", "type": "attachment", "version": {"number": 4}, "container": {"id": page}}
    assert sim.as_person("bob", "PUT", FILE, json=body).status_code == 200
    assert _head(sim)["pageId"] == page


def test_untrash_by_metadata_and_409_when_the_name_was_taken(sim: Sim) -> None:
    sim.as_person("bob", "DELETE", f"/api/v2/attachments/att{seed.BUDGET_ID}")
    taken = _upload(sim, "POST", f"{PAGE}/child/attachment", "budget.xlsx", b"x").json()["results"][0]
    assert taken["id"] != f"att{seed.BUDGET_ID}"
    body: dict[str, Any] = {
        "id": f"att{seed.BUDGET_ID}",
        "type": "attachment",
        "version": {"number": 4},
        "status": "current",
    }
    assert sim.as_person("bob", "PUT", FILE, json=body).status_code == 409
    assert sim.as_person("bob", "PUT", FILE, json={**body, "title": "budget (1).xlsx"}).status_code == 200
    assert (_head(sim)["status"], _head(sim)["title"]) == ("current", "budget (1).xlsx")


def test_download_redirects_to_a_signed_address_on_another_host(sim: Sim) -> None:
    """No credentials needed; exactly that version's bytes."""
    answer = sim.as_person("charlie", "GET", f"{FILE}/download?version=1")
    assert answer.status_code == 302
    location = answer.headers["Location"]
    assert urlsplit(location).hostname != urlsplit(sim.acme.base_url).hostname
    assert sim.session.get(location).content == b"budget, first draft"
    assert sim.session.get(location, headers={"Authorization": "JWT x"}).status_code == 400
    assert sim.session.get(location.replace("signature=", "signature=0")).status_code == 403
    assert sim.as_person("charlie", "GET", f"{FILE}/download?version=9").status_code == 400


def _restore(sim: Sim, who: str, number: int, content: str = f"att{seed.BUDGET_ID}") -> requests.Response:
    params = {"versionNumber": number, "message": "restored", "restoreTitle": False}
    body = {"operationKey": "restore", "params": params}
    return sim.as_person(who, "POST", f"/rest/api/content/{content}/version", json=body)


def test_restore_makes_the_old_bytes_the_newest_version(sim: Sim) -> None:
    """The new version has the caller, the source's file id and size, and the message."""
    source = sim.as_person("alice", "GET", f"/api/v2/attachments/att{seed.BUDGET_ID}?version=1").json()
    answer = _restore(sim, "dana", 1)
    assert (answer.status_code, answer.json()["number"]) == (200, 4)
    head = _head(sim)
    assert (head["fileId"], head["fileSize"]) == (source["fileId"], source["fileSize"])
    assert (head["version"]["authorId"], head["version"]["message"]) == (seed.DANA, "restored")
    assert len(sim.acme.attachments[seed.BUDGET_ID].versions) == 4


@pytest.mark.parametrize(("who", "number", "status"), [("alice", 3, 400), ("alice", 9, 400), ("charlie", 1, 403)])
def test_restore_of_the_current_or_an_unknown_version_is_400_without_permission_403(
    sim: Sim, who: str, number: int, status: int
) -> None:
    """As documented."""
    assert _restore(sim, who, number).status_code == status
    assert _head(sim)["version"]["number"] == 3


def test_a_site_can_refuse_the_restore_of_attachments_and_still_do_pages(sim: Sim) -> None:
    sim.control("/sites/acme/behaviour", {"restoreAttachments": "refused"})
    assert _restore(sim, "alice", 1).status_code == 400
    assert _restore(sim, "alice", 1, str(seed.PAGE_ID)).status_code == 200
    assert _head(sim)["version"]["number"] == 3


def test_files_of_an_archived_page_cannot_be_changed(sim: Sim) -> None:
    path = f"/rest/api/content/{seed.ARCHIVED_PAGE_ID}/child/attachment"
    assert _upload(sim, "POST", path, "x.txt", b"x").status_code == 403
    shape = sim.as_person("bob", "GET", f"/api/v2/attachments/{seed.ARCHIVED_FILE_ID}").json()
    assert shape["status"] == "archived"


@pytest.mark.parametrize(
    "body",
    [
        {"id": f"att{seed.BUDGET_ID}", "type": "page", "version": {"number": 4}},
        {"id": f"att{seed.BUDGET_ID}", "type": "attachment"},
        {"id": f"att{seed.LOGO_ID}", "type": "attachment", "version": {"number": 4}},
        {"id": "nonsense", "type": "attachment", "version": {"number": 4}},
    ],
)
def test_metadata_without_type_version_or_the_right_id_is_400(sim: Sim, body: dict[str, Any]) -> None:
    """The document requires id, type and version."""
    assert sim.as_person("bob", "PUT", FILE, json=body).status_code == 400
    assert _head(sim)["version"]["number"] == 3


def test_bodies_that_are_no_json_objects_are_refused(sim: Sim) -> None:
    """415 for another body, 400 for broken JSON or a list."""
    assert sim.as_person("bob", "PUT", FILE, data=b"x").status_code == 415
    for data in (b"{", b"[]"):
        answer = sim.as_person("bob", "PUT", FILE, data=data, headers={"Content-Type": "application/json"})
        assert answer.status_code == 400


def test_a_file_is_found_under_its_own_page_only(sim: Sim) -> None:
    """New data for a trashed file is 404, too."""
    elsewhere = f"/rest/api/content/{seed.BLOG_ID}/child/attachment/att{seed.BUDGET_ID}"
    assert sim.as_person("bob", "GET", f"{elsewhere}/download").status_code == 404
    sim.as_person("bob", "DELETE", f"/api/v2/attachments/att{seed.BUDGET_ID}")
    assert _upload(sim, "POST", f"{FILE}/data", "budget.xlsx", b"x").status_code == 404
    assert _restore(sim, "alice", 1).status_code == 400
    assert sim.as_person("bob", "DELETE", f"/api/v2/attachments/att{seed.BUDGET_ID}").status_code == 404


@pytest.mark.parametrize(
    ("content", "params", "status"),
    [
        ("1", {"versionNumber": 1, "message": "m"}, 400),
        (str(seed.PRIVATE_PAGE_ID), {"versionNumber": 1, "message": "m"}, 400),
        (str(seed.PAGE_ID), {"versionNumber": 2, "message": "m"}, 400),
        (str(seed.PAGE_ID), {"versionNumber": 1}, 400),
        (str(seed.PAGE_ID), {"versionNumber": 1, "message": "m"}, 200),
    ],
)
def test_restore_of_pages(sim: Sim, content: str, params: dict[str, Any], status: int) -> None:
    """400 for unknown or invisible content, the current version, a missing message."""
    body = {"operationKey": "restore", "params": params}
    assert sim.as_person("bob", "POST", f"/rest/api/content/{content}/version", json=body).status_code == status


def test_restore_takes_the_old_name_when_asked(sim: Sim) -> None:
    """Only with restoreTitle."""
    sim.control("/sites/acme/rename", {"attachmentId": seed.BUDGET_ID, "account": "bob", "title": "b.xlsx"})
    for title, expected in ((False, "b.xlsx"), (True, "budget.xlsx")):
        params = {"versionNumber": 1, "message": "m", "restoreTitle": title}
        body = {"operationKey": "restore", "params": params}
        sim.as_person("bob", "POST", f"/rest/api/content/{seed.BUDGET_ID}/version", json=body)
        assert _head(sim)["title"] == expected


def test_versions_are_deleted_by_space_admins(sim: Sim) -> None:
    """403 for others, 400 for an unknown version or content."""
    path = f"/rest/api/content/att{seed.BUDGET_ID}/version"
    assert sim.as_person("bob", "DELETE", f"{path}/1").status_code == 403
    assert sim.as_person("dana", "DELETE", f"{path}/9").status_code == 400
    assert sim.as_person("dana", "DELETE", "/rest/api/content/1/version/1").status_code == 400
    assert sim.as_person("dana", "DELETE", f"{path}/1").status_code == 204
    assert _head(sim)["version"]["number"] == 2


@pytest.mark.parametrize(
    ("name", "status"), [("y" * 255, 200), ("y" * 256, 400), ("\U0001f680" * 127, 200), ("\U0001f680" * 128, 400)]
)
def test_names_have_at_most_255_units(sim: Sim, name: str, status: int) -> None:
    """Counted as Java does: an emoji is two."""
    assert _upload(sim, "POST", f"{FILE}/data", name, b"x").status_code == status
