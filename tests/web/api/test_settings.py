"""Settings of site and space over HTTP: who may, inheritance, two admins, bad values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from lockpoint.domain import signed_json
from lockpoint.domain.settings import site_fields
from lockpoint.services.context import Priority
from lockpoint.services.tenancy import site_settings
from tests.web.api.document import CheckedApi, refusal
from tests.web.doors import BOTH_DOORS
from tests.web.live_app import Json, LiveApp

SPACE = "/spaces/DS/settings"
NOBODY: Json = {"people": [], "groups": []}


pytestmark = [BOTH_DOORS, pytest.mark.usefixtures("other_site_untouched")]


def _space(api: CheckedApi, rules: Json, managers: Json | None = None, who: str = "dana") -> Any:
    version = api(who, "GET", SPACE).json()["version"]
    return api(who, "PUT", SPACE, {"version": version, "rules": rules, "managers": managers or NOBODY})


def _site(api: CheckedApi, **changes: object) -> Any:
    revision = api("sam", "GET", "/settings").json()["revision"]
    return api("sam", "PUT", "/settings", {"revision": revision, **changes})


def test_settings_of_the_site(api: CheckedApi, live: LiveApp) -> None:
    """Site admins change single settings; what they leave out stays; an old revision is told what differs."""
    before: Json = api("sam", "GET", "/settings").json()
    assert before["restoreSelfTest"]["result"] == "works"
    changes = {"copyMode": True, "unlockAfterHours": None, "allowedApps": ["557058:abc"]}
    changed = api("sam", "PUT", "/settings", {"revision": before["revision"], **changes})
    assert changed.json() == {**before, **changes, "revision": before["revision"] + 1}
    assert api("sam", "GET", "/settings").json() == changed.json()
    late = api("sam", "PUT", "/settings", {"revision": before["revision"], "copyMode": False})
    assert refusal(late) == (412, "settings_changed")
    assert late.json()["differs"] == ["copyMode"]
    assert any("settings_changed" in row for row in live.audit())
    back = {"copyMode": False, "unlockAfterHours": 48, "allowedApps": []}
    assert _site(api, **back).json() == {**before, "revision": before["revision"] + 2}


@pytest.fixture
def newer(live: LiveApp) -> Iterator[int]:
    """A newer version of the app saved the site's settings; their revision."""
    services = live.services
    tenant = services.tenants.by_id(live.tenant_id("acme"))
    assert tenant is not None

    def save(**members: object) -> int:
        before = site_settings.site_settings(services, tenant, priority=Priority.INTERACTIVE)
        fields = site_fields(replace(before, revision=before.revision + 1)) | members
        value = signed_json.sign(fields, f"{site_settings.KEY}/{tenant.site_key}", services.mac_keys)
        services.properties.write_app(tenant, site_settings.KEY, value, priority=Priority.INTERACTIVE)
        return before.revision + 1

    yield save(schema=2, strict=True, unheard_of=["x"])
    save(schema=1, strict=False)
    site_settings.site_settings(services, tenant, priority=Priority.INTERACTIVE)  # so that Postgres knows them, too


def test_settings_of_a_newer_version_hold_and_stay(api: CheckedApi, newer: int) -> None:
    """lock-semantics §3, F39: what is known of them counts; nobody writes over what is not."""
    shown: Json = api("sam", "GET", "/settings").json()
    assert (shown["revision"], shown["strict"]) == (newer, True)
    refused = api("sam", "PUT", "/settings", {"revision": newer, "strict": False})
    assert refusal(refused) == (409, "newer_settings")
    assert "update" in refused.json()["message"]
    assert api("sam", "GET", "/settings").json() == shown


@pytest.mark.parametrize("who", ["alice", "charlie", "dana"])
def test_settings_of_the_site_are_for_site_admins(api: CheckedApi, who: str) -> None:
    assert refusal(api(who, "GET", "/settings")) == (403, "forbidden")
    assert refusal(api(who, "PUT", "/settings", {"revision": 0, "strict": True})) == (403, "forbidden")


BAD_VALUES: list[tuple[Json, str]] = [
    ({"warnAfterHours": 0}, "warnAfterHours"),
    ({"warnAfterHours": 8761}, "warnAfterHours"),
    ({"warnAfterHours": True}, "warnAfterHours"),
    ({"warnAfterHours": "24"}, "warnAfterHours"),
    ({"warnAfterHours": 48}, "warnAfterHours"),
    ({"unlockAfterHours": 24 * 31}, "unlockAfterHours"),
    ({"longestDays": None}, "longestDays"),
    ({"longestDays": 1, "warnAfterHours": None}, "unlockAfterHours"),
    ({"restores": 21}, "restores"),
    ({"active": None}, "active"),
    ({"strict": 1}, "strict"),
    ({"allowedApps": ["a b"]}, "allowedApps.0"),
    ({"allowedApps": ["x"] * 101}, "allowedApps"),
    ({"unknown": 1}, "unknown"),
]


@pytest.mark.parametrize(("changes", "field"), BAD_VALUES, ids=str)
def test_a_bad_value_is_named_by_its_field(api: CheckedApi, changes: Json, field: str) -> None:
    """Nothing is stored."""
    before = api("sam", "GET", "/settings").json()
    answer = _site(api, **changes)
    assert refusal(answer) == (422, "invalid_request")
    assert [wrong["field"] for wrong in answer.json()["fields"]] == [field]
    assert api("sam", "GET", "/settings").json() == before


def test_settings_of_a_space(api: CheckedApi, live: LiveApp) -> None:
    """P-14: each rule says where it comes from; null switches off, what is left out is inherited."""
    _site(api, undoTrash=False)
    changed = _space(api, {"warnAfterHours": None, "strict": True}, {"people": ["557058:x"], "groups": ["editors"]})
    assert changed.status_code == 200
    rules = changed.json()["rules"]
    assert rules["warnAfterHours"] == {"value": None, "source": "space", "inherited": 24}
    assert rules["strict"] == {"value": True, "source": "space", "inherited": False}
    assert rules["undoTrash"] == {"value": False, "source": "site", "inherited": False}
    assert rules["unlockAfterHours"] == {"value": 48, "source": "default", "inherited": 48}
    assert changed.json()["managers"] == {"people": ["557058:x"], "groups": ["editors"]}
    assert api("dana", "GET", SPACE).json() == api("sam", "GET", SPACE).json() == changed.json()
    assert "557058:x" not in str(live.rows())
    _site(api, undoTrash=True)
    back = _space(api, {}).json()
    assert {rule["source"] for rule in back["rules"].values()} == {"default"}
    assert back["managers"] == NOBODY


def test_two_admins_of_a_space(api: CheckedApi) -> None:
    """The second is told what differs."""
    version = api("dana", "GET", SPACE).json()["version"]
    _space(api, {"strict": True})
    late = api("dana", "PUT", SPACE, {"version": version, "rules": {"active": False}, "managers": NOBODY})
    assert refusal(late) == (412, "settings_changed")
    assert late.json()["differs"] == ["active", "strict"]
    _space(api, {})


@pytest.mark.parametrize(
    ("rules", "field"), [({"unlockAfterHours": 24}, "warnAfterHours"), ({"restores": 1}, "rules.restores")]
)
def test_a_bad_value_of_a_space(api: CheckedApi, rules: Json, field: str) -> None:
    """Also one that contradicts what is inherited, or that only a site decides."""
    answer = _space(api, rules)
    assert refusal(answer) == (422, "invalid_request")
    assert [wrong["field"] for wrong in answer.json()["fields"]] == [field]


@pytest.mark.parametrize("who", ["alice", "charlie"])
def test_settings_of_a_space_are_for_its_admins(api: CheckedApi, who: str) -> None:
    body = {"version": 0, "rules": {}, "managers": NOBODY}
    assert refusal(api(who, "GET", SPACE)) == (403, "forbidden")
    assert refusal(api(who, "PUT", SPACE, body)) == (403, "forbidden")
    assert refusal(api(who, "GET", "/spaces/NONE/settings")) == (404, "not_found")


def test_what_others_wrote_is_shown_as_altered(api: CheckedApi, live: LiveApp) -> None:
    """The rules hold, the managers do not, and saving writes them again."""
    changed = _space(api, {"strict": True}, {"people": ["557058:x"], "groups": []}).json()
    live.control("sites/acme/property", key="lockpointspace", value={"rules": {"active": False}})
    seen = api("dana", "GET", SPACE).json()
    assert (seen["altered"], seen["rules"], seen["managers"]) == (True, changed["rules"], NOBODY)
    healed = _space(api, {"strict": True}).json()
    assert (healed["altered"], healed["rules"]) == (False, changed["rules"])
    _space(api, {})
