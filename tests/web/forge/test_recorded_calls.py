"""The version rule (forge.md §8): a front end that is older than the server still gets what it reads.

`frontend/recordings` has the requests of each version, which its own tests wrote, and the answers that this server gave
when the version was new. Statuses stay, and so does every member of an answer; new ones may come. With
LOCKPOINT_RECORD=1 the answers of a version without them are written.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.checkout import ROOT
from tests.web.live_app import Json, LiveApp, request_id

RECORDINGS = ROOT / "frontend" / "recordings"
PRESENT = json.loads((ROOT / "frontend" / "package.json").read_text(encoding="utf-8"))["version"]
VERSIONS = sorted(path.name.removesuffix(".requests.json") for path in RECORDINGS.glob("*.requests.json"))


def members(value: object, place: str = "") -> Iterator[str]:
    """The path of every member of an answer; elements of a list have one path."""
    if isinstance(value, dict):
        for name, part in value.items():
            yield f"{place}.{name}"
            yield from members(part, f"{place}.{name}")
    elif isinstance(value, list):
        for part in value:
            yield from members(part, f"{place}[]")


def missing(recorded: Json, present: Json) -> list[str]:
    """What an old front end would miss in these answers, by step."""
    lost = []
    for step, old in recorded.items():
        new = present[step]
        if old["status"] != new["status"]:
            lost.append(f"{step}: status {new['status']} instead of {old['status']}")
        lost.extend(f"{step}: {name}" for name in old["members"] if name not in new["members"])
    return lost


class Replay:
    """The requests of one version against one new page with one file."""

    def __init__(self, live: LiveApp) -> None:
        self._live = live
        page = live.page()
        self._known = {"PAGE": page, "FILE": live.file(page)}

    def answers(self, requests: list[Json]) -> Json:
        return {one["step"]: self._answer(one) for one in requests}

    def _answer(self, one: Json) -> Json:
        filled = json.loads(self._filled(json.dumps(one)))
        headers = {**self._live.forge_headers(one["by"]), **filled["headers"]}
        answer = self._live.raw(
            one["method"], filled["path"], None, json=filled["body"], headers=headers, below="/forge"
        )
        body = answer.json()
        self._learn(body, answer.headers.get("ETag"))
        return {"status": answer.status_code, "members": sorted(set(members(body)))}

    def _filled(self, text: str) -> str:
        for name, value in {**self._known, "REQUEST": request_id()}.items():
            text = text.replace(name, json.dumps(value)[1:-1])
        return text

    def _learn(self, body: Json, tag: str | None) -> None:
        """The ids that the next requests name."""
        if tag is not None:
            self._known["TAG"] = tag
        if "viewer" in body:
            self._known["CREATED"] = body["items"][0]["versionCreated"]
        results = [one["body"] for one in body.get("items", []) if "outcome" in one]
        for lock in [one["lock"] for one in (body, *results) if "lock" in one]:
            self._known.update({"LOCK": lock["lockId"]} if lock["lockId"] else {})
            asking = [one["person"]["accountId"] for one in lock["requests"] if one["declinedAt"] is None]
            self._known.update({"ASKER": asking[0]} if asking else {})


@pytest.mark.parametrize("version", VERSIONS)
def test_a_front_end_of_this_version_is_served(live: LiveApp, version: str) -> None:
    requests = json.loads((RECORDINGS / f"{version}.requests.json").read_text(encoding="utf-8"))
    found = Replay(live).answers(requests)
    place = RECORDINGS / f"{version}.answers.json"
    if os.environ.get("LOCKPOINT_RECORD") == "1" and not place.exists():
        place.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    assert missing(json.loads(place.read_text(encoding="utf-8")), found) == []


def test_the_present_version_is_recorded() -> None:
    """A front end with other requests has another version, and its recording beside the older ones."""
    assert PRESENT in VERSIONS
    answers = {path.name.removesuffix(".answers.json") for path in RECORDINGS.glob("*.answers.json")}
    assert answers == set(VERSIONS)


def test_every_request_names_its_version() -> None:
    for version in VERSIONS:
        requests = json.loads(Path(RECORDINGS / f"{version}.requests.json").read_text(encoding="utf-8"))
        assert {one["headers"]["Lockpoint-Client"] for one in requests} == {version}


def test_a_planted_loss_is_found() -> None:
    """A new member is none; a member that is gone, and another status, are."""
    old = {"list": {"status": 200, "members": [".items", ".items[].id"]}}
    assert missing(old, {"list": {"status": 200, "members": [".items", ".items[].id", ".more"]}}) == []
    assert missing(old, {"list": {"status": 201, "members": [".items"]}}) == [
        "list: status 201 instead of 200",
        "list: .items[].id",
    ]
    assert list(members({"a": [{"b": 1}, {"c": None}]})) == [".a", ".a[].b", ".a[].c"]
