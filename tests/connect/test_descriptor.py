"""The descriptor: its content and validity; it is served as constant bytes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from lockpoint.connect import descriptor
from tests.fakes.connect import APP_KEY, APP_URL, make_world

SCHEMA = "forge-manifest-13.7.0-connect-confluence-modules.schema.json"
SINGLE = ("configurePage", "postInstallPage")


@pytest.fixture
def document() -> dict[str, Any]:
    served: dict[str, Any] = json.loads(
        descriptor.build(app_key="my-app", base_url="https://my.example.com", licensing=False).content
    )
    return served


def as_manifest(document: dict[str, Any]) -> dict[str, Any]:
    """The descriptor's modules in the form of a Forge manifest.

    There every module is a list of entries with keys. Classic webhooks and the lifecycle have no keys, and some modules
    are single objects.
    """
    modules: dict[str, Any] = {}
    for name, value in document["modules"].items():
        entries = [value] if name in SINGLE else value
        modules[f"connect-confluence:{name}"] = [
            {"key": f"{name}-{number}", **entry} for number, entry in enumerate(entries)
        ]
    modules["connect-confluence:lifecycle"] = [{"key": "lifecycle", **document["lifecycle"]}]
    return modules


def test_modules_are_valid(document: dict[str, Any], specs: Path) -> None:
    """Every module conforms to Atlassian's schema of Connect modules, after mapping to a Forge manifest."""
    path = specs / SCHEMA
    if not path.exists():
        pytest.skip(f"no {SCHEMA} in LOCKPOINT_SPECS: put the extract of @forge/manifest 13.7.0 there")
    schema = json.loads(path.read_text())
    modules = as_manifest(document)
    assert set(modules) <= set(schema["properties"])
    jsonschema.Draft7Validator(schema).validate(modules)
    broken = json.loads(json.dumps(modules))
    del broken["connect-confluence:webhooks"][0]["event"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft7Validator(schema).validate(broken)


def test_module_keys_are_unique_and_plain(document: dict[str, Any]) -> None:
    found = [[one] if isinstance(one, dict) else one for one in document["modules"].values()]
    keys = [entry["key"] for entries in found for entry in entries if "key" in entry]
    assert len(keys) == len(set(keys))
    assert all(re.fullmatch(r"[a-zA-Z0-9-]{1,100}", key) for key in keys)


def test_scopes(document: dict[str, Any]) -> None:
    """Exactly the four scopes of the contract."""
    assert document["scopes"] == ["READ", "WRITE", "ACT_AS_USER", "ACCESS_EMAIL_ADDRESSES"]


def test_sign_in(document: dict[str, Any]) -> None:
    assert document["authentication"] == {"type": "jwt"}
    assert document["apiMigrations"] == {"signed-install": True, "context-qsh": True, "gdpr": True}


def test_what_is_filled_in(document: dict[str, Any]) -> None:
    assert (document["key"], document["baseUrl"]) == ("my-app", "https://my.example.com")
    assert document["links"]["self"] == "https://my.example.com/atlassian-connect.json"
    assert document["enableLicensing"] is False
    licensed = descriptor.build(app_key="k", base_url="https://x.example.com", licensing=True)
    assert json.loads(licensed.content)["enableLicensing"] is True
    assert "filled" not in licensed.content.decode()


def test_properties(document: dict[str, Any]) -> None:
    """The contract's names; keys must be alphanumeric."""
    (module,) = document["modules"]["confluenceContentProperties"]
    found = {entry["propertyKey"]: entry["extractions"] for entry in module["keyConfigurations"]}
    assert {item["alias"]: item["objectName"] for item in found["lockpointlock"]} == {
        "lockOwner": "holder",
        "lockExpires": "expires_at",
        "lockState": "state",
    }
    assert found["lockpointpage"] == [{"objectName": "lockedCount", "type": "number"}]
    assert all(key.isalnum() for key in found)
    (byline,) = document["modules"]["contentBylineItems"]
    assert byline["contentPropertyKey"] == "lockpointpage"


def test_dialogs_exist(document: dict[str, Any]) -> None:
    """Every opener names a declared dialog and its address."""
    dialogs = {entry["key"]: entry["url"] for entry in document["modules"]["dialogs"]}
    openers = document["modules"]["contentBylineItems"] + document["modules"]["webItems"]
    assert openers
    for opener in openers:
        assert opener["target"]["type"] == "dialogmodule"
        assert opener["url"] == dialogs[opener["target"]["options"]["key"]]


def test_one_address_for_each_event(document: dict[str, Any]) -> None:
    """A webhook's body does not name its event."""
    hooks = document["modules"]["webhooks"]
    assert {hook["url"] for hook in hooks} == {f"/connect/webhooks/{hook['event']}" for hook in hooks}
    assert len({hook["event"] for hook in hooks}) == len(hooks)
    assert not any(hook["event"].endswith("_viewed") for hook in hooks)


def test_served_as_constant_bytes() -> None:
    client = make_world().client
    first, second = (client.get("/atlassian-connect.json") for _ in range(2))
    assert first.content_type == "application/json"
    assert first.data == second.data
    assert first.get_json()["key"] == APP_KEY
    assert first.get_json()["baseUrl"] == APP_URL


def test_a_missing_file_stops_the_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The error names the missing file."""
    monkeypatch.setattr(descriptor, "_PACKAGE", tmp_path / "package")
    with pytest.raises(FileNotFoundError, match=r"atlassian-connect\.json"):
        descriptor.read_template()
