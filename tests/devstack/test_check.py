"""`bin/run --check` while the app works by itself."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest

from devstack.check import MainJob
from devstack.errors import EmbeddedError

Json = dict[str, Any]


class Confluence:
    """Each site has a page with a file, and a draft with the self-test's file."""

    def __init__(self) -> None:
        self.files = [
            {"id": "att1", "pageId": "1", "version": 1, "title": "budget.xlsx", "downloadUrl": "/1"},
            {"id": "att2", "pageId": "2", "version": 1, "title": "lockpoint-self-test.txt", "downloadUrl": "/2"},
        ]

    def site(self, name: str) -> Json:
        del name
        contents = [
            {"id": "1", "status": "current", "restrictions": {}},
            {"id": "2", "status": "draft", "restrictions": {}},
        ]
        return {"people": [], "contents": contents, "attachments": [dict(file) for file in self.files]}

    def download(self, path: str, account: str) -> bytes:
        del path, account
        return b""


def make_job(confluence: Confluence) -> MainJob:
    stack: Any = SimpleNamespace(confluence=confluence)
    return MainJob(stack, threading.Event())


def test_the_self_test_of_the_second_site_may_still_run() -> None:
    """Its file does not count as changed."""
    confluence = Confluence()
    job = make_job(confluence)
    confluence.files[1]["version"] = 3
    assert job.second_site_is_untouched() == "1 files on globex, and nobody there has mail"


def test_a_changed_file_of_the_second_site_fails_the_check() -> None:
    confluence = Confluence()
    job = make_job(confluence)
    confluence.files[0]["version"] = 2
    with pytest.raises(EmbeddedError, match="att1"):
        job.second_site_is_untouched()
