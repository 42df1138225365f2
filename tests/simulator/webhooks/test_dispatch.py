from __future__ import annotations

import jwt
import pytest
from atlassian_jwt.url_utils import hash_url

from simulator.world import seed
from tests.simulator.conftest import Sim

PAGE_VALUE = {"key": "testpage", "value": {"lockedCount": 1}}


def test_an_upload_is_told_with_actor_page_and_file(installed: Sim) -> None:
    """HS256 token over path and query."""
    installed.upload("bob", "overwritten")
    installed.drain()
    (call,) = [c for c in installed.app.received if c.path.startswith("/hooks/")]
    installation = installed.acme.installations["test-app"]
    token = call.authorization.partition(" ")[2]
    claims = jwt.decode(token, installation.shared_secret, algorithms=["HS256"])
    assert (claims["iss"], claims["qsh"]) == (installation.client_key, hash_url("POST", call.target))
    assert call.query["lic"] == "none"
    assert call.event == "attachment_updated"
    assert (call.body["userAccountId"], call.body["accountType"]) == (seed.BOB, "customer")
    assert call.body["attachedTo"]["idAsString"] == str(seed.PAGE_ID)
    (file,) = call.body["attachments"]
    assert (file["id"], file["version"], file["fileName"]) == (str(seed.BUDGET_ID), 4, "budget.xlsx")


@pytest.mark.parametrize(("form", "expected"), [("string", "131203"), ("number", 131203), ("att", "att131203")])
def test_ids_come_in_the_form_that_is_asked_for(installed: Sim, form: str, expected: object) -> None:
    """Real sites have sent numbers, texts and att-ids."""
    installed.control("/webhooks/settings", {"idForm": form})
    installed.upload("bob")
    installed.drain()
    assert installed.app.received[-1].body["attachments"][0]["id"] == expected


def test_an_anonymous_change_has_no_actor(installed: Sim) -> None:
    installed.upload(None)
    installed.drain()
    assert "userAccountId" not in installed.app.received[-1].body
    assert (
        "authorId" not in installed.as_person("alice", "GET", f"/api/v2/attachments/{seed.BUDGET_ID}").json()["version"]
    )


def test_every_change_of_a_file_has_its_event(installed: Sim) -> None:
    """Deleting a version sends nothing."""
    page = installed.control("/sites/acme/page", {"title": "Elsewhere", "account": "alice"})["id"]
    body = {"account": "dana", "attachmentId": seed.LOGO_ID}
    new = {"account": "dana", "pageId": seed.PAGE_ID, "fileName": "new.txt", "text": "x"}
    installed.control("/sites/acme/upload", new)
    installed.control("/sites/acme/upload", new)
    installed.control("/sites/acme/rename", {**body, "title": "mark.png"})
    installed.control("/sites/acme/restore-version", {**body, "version": 1})
    installed.control("/sites/acme/delete-version", {**body, "version": 1})
    installed.control("/sites/acme/trash", body)
    installed.control("/sites/acme/untrash", body)
    installed.control("/sites/acme/move", {**body, "pageId": page})
    installed.control("/sites/acme/trash", body)
    installed.control("/sites/acme/purge", body)
    installed.drain()
    assert installed.app.events() == [
        "attachment_created",
        "attachment_updated",
        "attachment_updated",
        "attachment_updated",
        "attachment_trashed",
        "attachment_restored",
        "attachment_updated",
        "attachment_trashed",
        "attachment_removed",
    ]
    moved = [c for c in installed.app.received if c.event == "attachment_updated"][-1]
    assert moved.body["attachedTo"]["idAsString"] == page


def test_pages_tell_their_own_event_and_none_for_their_files(installed: Sim) -> None:
    for status in ("trashed", "current", "archived", "current"):
        installed.control("/sites/acme/page-status", {"pageId": seed.PAGE_ID, "status": status, "account": "dana"})
    installed.control("/sites/acme/page-copy", {"pageId": seed.PAGE_ID, "title": "Copy", "account": "dana"})
    installed.control("/sites/acme/restrict", {"pageId": seed.PAGE_ID, "account": "dana", "update": ["dana"]})
    installed.control("/sites/acme/page-status", {"pageId": seed.BLOG_ID, "status": "trashed", "account": "dana"})
    installed.drain()
    assert installed.app.events() == [
        "page_trashed",
        "page_restored",
        "page_archived",
        "page_copied",
        "content_permissions_updated",
        "blog_trashed",
    ]


def test_files_follow_their_page_to_the_trash_and_back(sim: Sim) -> None:
    """A file trashed alone stays trashed when its page is restored."""
    sim.control("/sites/acme/trash", {"attachmentId": seed.LOGO_ID, "account": "dana"})
    for status, expected in (("trashed", {"trashed"}), ("current", {"current", "trashed"})):
        sim.control("/sites/acme/page-status", {"pageId": seed.PAGE_ID, "status": status, "account": "dana"})
        assert {a.status for a in sim.acme.attachments_of(seed.PAGE_ID)} == expected


def test_restricted_pages_send_nothing(installed: Sim) -> None:
    """Content hidden from the app user sends no event."""
    installed.upload("alice", attachment=seed.PRIVATE_FILE_ID)
    installed.drain()
    assert installed.app.events() == []


def test_property_writes_are_silent_unless_switched_on(installed: Sim) -> None:
    """It is unknown whether an attachment's property write raises an event, so both are possible."""
    path = f"/api/v2/attachments/{seed.BUDGET_ID}/properties"
    for mode, expected in (("none", 0), ("attachment_updated", 1), ("content", 2)):
        installed.control("/sites/acme/behaviour", {"propertyEvents": mode})
        installed.as_app("POST", path, json={"key": f"k{expected}", "value": 1})
        installed.drain()
        assert len(installed.app.events()) == expected


def test_the_other_site_is_told_nothing(installed: Sim) -> None:
    """Webhooks carry the clientKey of their site."""
    other = installed.install("globex")
    installed.upload("gina", site="globex")
    installed.drain()
    assert [c.claims["iss"] for c in installed.app.received if c.path.startswith("/hooks/")] == [other["clientKey"]]


def test_deliveries_can_be_doubled_lost_and_held(installed: Sim) -> None:
    installed.control("/webhooks/settings", {"duplicate": 2})
    installed.upload("bob")
    installed.drain()
    assert len(installed.app.events()) == 3
    installed.control("/webhooks/settings", {"duplicate": 0, "loseNext": 1})
    installed.upload("bob")
    installed.drain()
    assert len(installed.app.events()) == 3
    installed.control("/webhooks/settings", {"hold": True})
    installed.upload("bob")
    assert [d["event"] for d in installed.control("/webhooks/queue")["deliveries"]] == ["attachment_updated"]
    assert len(installed.app.events()) == 3
    installed.drain()
    assert len(installed.app.events()) == 4
    outcomes = [d["outcome"] for d in installed.control("/webhooks/log")["deliveries"]]
    assert sorted(outcomes) == ["delivered"] * 4 + ["lost"]


def test_all_can_be_lost(installed: Sim) -> None:
    installed.control("/webhooks/settings", {"lossRate": 1})
    installed.upload("bob")
    installed.drain()
    assert installed.app.events() == []


def test_shuffled_deliveries_come_in_another_order_and_none_is_missing(installed: Sim) -> None:
    """Confluence guarantees no order."""
    installed.control("/webhooks/settings", {"shuffle": True})
    for _ in range(8):
        installed.upload("bob")
    installed.drain()
    versions = [c.body["attachments"][0]["version"] for c in installed.app.received if c.path.startswith("/hooks/")]
    assert versions != sorted(versions)
    assert sorted(versions) == list(range(4, 12))


def test_delayed_deliveries_wait_and_a_drain_ends_the_waiting(installed: Sim) -> None:
    installed.control("/webhooks/settings", {"delaySeconds": 3600})
    installed.upload("bob")
    assert not installed.control("/webhooks/drain", {"now": False, "timeoutSeconds": 0.1})["drained"]
    installed.drain()
    assert installed.app.events() == ["attachment_updated"]


def test_an_old_delivery_can_come_again_and_any_body_can_be_sent(installed: Sim) -> None:
    """They are signed, even after an uninstall."""
    installed.upload("bob")
    installed.drain()
    number = installed.control("/webhooks/log")["deliveries"][0]["id"]
    installed.control("/sites/acme/uninstall", {})
    assert installed.control("/webhooks/replay", {"delivery": number, "times": 2})["queued"] == 2
    body = {"attachments": "nonsense"}
    assert installed.control("/webhooks/send", {"event": "attachment_updated", "body": body})["queued"] == 1
    installed.drain()
    assert installed.app.received[-1].body == body
    assert installed.app.events() == ["attachment_updated"] * 4


def test_an_app_that_answers_badly_is_not_asked_again(installed: Sim) -> None:
    """One POST, no retry."""
    installed.app.answer = 500
    installed.upload("bob")
    installed.drain()
    (delivery,) = installed.control("/webhooks/log")["deliveries"]
    assert (delivery["outcome"], delivery["status"], len(installed.app.events())) == ("failed", 500, 1)


def test_spaces_and_people_have_events_too(installed: Sim) -> None:
    installed.control("/sites/acme/person", {"account": "bob", "permissions": ["read"]})
    installed.control("/sites/acme/person", {"account": "bob", "status": "inactive"})
    installed.control("/sites/acme/space-status", {"spaceKey": "DS", "status": "archived", "account": "sam"})
    installed.drain()
    assert installed.app.events() == ["space_permissions_updated", "user_removed", "space_updated"]
    assert (
        installed.control_raw(
            "/sites/acme/upload", {"attachmentId": 131203, "account": "alice", "text": "x"}
        ).status_code
        == 403
    )
