"""`lockpoint site quota`: what an operator reads while people say that the quota is gone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from lockpoint import bootstrap
from tests.commands.run import lockpoint
from tests.web.live_app import LiveApp, live_app

POOL = 1500


@pytest.fixture
def live(database_url: str, redis_url: str) -> Iterator[LiveApp]:
    with live_app(database_url, redis_url, LOCKPOINT_POINTS_PER_HOUR=str(POOL)) as app:
        app.control("quota", limit=POOL)
        yield app


def host(live: LiveApp, site: str) -> str:
    return live.running.world.sites[site].base_url.removeprefix("http://").removesuffix("/wiki")


def told(live: LiveApp, site: str = "acme") -> Any:
    done = lockpoint(live, "site", "quota", host(live, site), "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def lanes(answer: Any) -> dict[str, Any]:
    return {lane["lane"]: lane for lane in answer["lanes"]}


def test_what_was_spent_is_told_as_confluence_counted_it(live: LiveApp) -> None:
    """The points of both sites, this site's by lane and use case, without a call or a person."""
    page = live.page()
    live.lock("alice", live.file(page))
    assert live.call("alice", "GET", f"/pages/{page}/attachments").ok
    mark = live.mark()
    here, there = told(live), told(live, "globex")
    assert live.asked(mark, "acme") == []
    with live.running.world.lock:
        by_site = dict(live.running.world.quota.by_site)
    assert {name: answer["spentHere"] for name, answer in (("acme", here), ("globex", there))} == by_site
    assert here["spent"] == sum(by_site.values()) == sum(row["points"] for row in here["sites"])
    assert sum(row["points"] for row in here["useCases"]) == here["spentHere"]
    assert {"acquire", "list"} <= {row["useCase"] for row in here["useCases"]}
    assert lanes(here)["looks"]["spentHere"] > 0
    assert lanes(here)["looks"]["spentHere"] == lanes(here)["looks"]["spent"] - lanes(there)["looks"]["spentHere"]
    assert (here["refusedUntil"], here["pointsPerHour"]) == (None, POOL)
    assert datetime.fromisoformat(here["until"]) - datetime.fromisoformat(here["since"]) == timedelta(hours=1)


def test_a_refusal_of_confluence_is_told_with_its_end(live: LiveApp) -> None:
    """The pool is empty: one call heard 429, the command says so, and until when."""
    page = live.page()
    live.file(page)
    live.control("quota", limit=1)
    assert live.call("alice", "GET", f"/pages/{page}/attachments").status_code == 503
    for site in ("acme", "globex"):
        answer = told(live, site)
        assert answer["refused"] == "all sites"
        left = datetime.fromisoformat(answer["refusedUntil"]) - bootstrap.SystemClock().now()
        assert timedelta() < left <= timedelta(minutes=61)
        assert answer["advice"].startswith("Confluence answered 429: no process calls any site until")


def test_a_person_reads_tables_and_a_sentence(live: LiveApp) -> None:
    live.lock("alice", live.file(live.page()))
    done = lockpoint(live, "site", "quota", host(live, "acme"))
    assert done.exit_code == 0, done.output
    assert "pointsPerHour  1500" in done.stdout
    assert "enforcement  1500     900          120       " in done.stdout
    assert "acquire" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("By our count every lane has points until")
    assert "Alice" not in done.stdout


def test_without_redis_it_says_what_holds(live: LiveApp) -> None:
    """Unknown is not zero; the limits are still told."""
    away = replace(live, settings=live.settings.model_copy(update={"redis_url": "redis://127.0.0.1:1/0"}))
    answer = told(away)
    assert (answer["spent"], answer["spentHere"], answer["useCases"], answer["sites"]) == (None, None, [], [])
    assert {lane["leftHere"] for lane in answer["lanes"]} == {None}
    assert lanes(answer)["people"]["stopsAtHere"] == 765
    assert answer["advice"].startswith("Redis does not answer: each process counts for itself")


def test_a_site_that_is_not_there_is_a_sentence(live: LiveApp) -> None:
    wrong = lockpoint(live, "site", "quota", "nowhere.example.com")
    assert (wrong.exit_code, wrong.stdout) == (1, "")
    assert "no installed site nowhere.example.com: lockpoint site list shows them" in wrong.stderr
    assert lockpoint(live, "site", "quota").exit_code == 2
