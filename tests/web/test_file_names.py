"""What undoing does to a file's name, with the whole application."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lockpoint.services.ports.jobs import JobKind
from tests.web.live_app import Json, LiveApp

pytestmark = pytest.mark.usefixtures("other_site_untouched")

NAMES = [
    'a "quoted".txt',
    "two\r\nlines.txt",
    "a;b%22c%0A.txt",
    "back\\slash\\.txt",
    "räka \U0001f680.txt",
    "tab\t.txt",
]


@pytest.fixture
def copying(live: LiveApp) -> Iterator[None]:
    """Acme refuses the restore operation, and its admin switched copy mode on."""
    live.control("sites/acme/behaviour", restoreAttachments="refused")
    _switch(live, on=True)
    live.work(JobKind.SELF_TEST)
    yield
    live.control("sites/acme/behaviour", restoreAttachments="works")
    _switch(live, on=False)
    live.work(JobKind.SELF_TEST)


def _switch(live: LiveApp, *, on: bool) -> None:
    settings = live.call("sam", "GET", "/settings").json()
    answer = live.call("sam", "PUT", "/settings", {"copyMode": on, "revision": settings["revision"]})
    assert answer.status_code == 200, answer.text


def _stored(live: LiveApp, file: str) -> Json:
    with live.running.world.lock:
        found = live.running.world.sites["acme"].attachments[int(file)]
        return {"title": found.title, "status": found.status, "data": found.head.data, "number": found.number}


def _row(live: LiveApp, page: str, file: str) -> Json:
    items = live.call("alice", "GET", f"/pages/{page}/attachments").json()["items"]
    return next(dict(item) for item in items if item["id"] == file)


@pytest.mark.usefixtures("copying")
@pytest.mark.parametrize("name", NAMES)
def test_copy_mode_keeps_the_name(live: LiveApp, name: str) -> None:
    """Bob's overwrite is undone under the name that Alice knows; later looks change and tell nothing."""
    page = live.page()
    file = live.file(page, name)
    live.lock("alice", file)
    mails = len(live.rows()["email_intent"])
    live.file(page, name, author="bob", text="Bob's")
    live.settle()
    after = {"title": name, "status": "current", "data": b"first", "number": 4}
    assert _stored(live, file) == after
    assert _row(live, page, file)["lock"]["protection"] == "protected"
    live.work(JobKind.SWEEP)
    live.settle()
    assert _stored(live, file) == after
    assert len(live.rows()["email_intent"]) == mails + 2


@pytest.mark.usefixtures("copying")
def test_a_name_that_could_not_be_set_at_once_comes_back(live: LiveApp) -> None:
    """Confluence refuses the edit after the upload once; the next look gives the file its name."""
    page = live.page()
    file = live.file(page, "räka.txt")
    live.lock("alice", file)
    mails = len(live.rows()["email_intent"])
    live.control("faults", kind="status", status=403, method="PUT", path=f"child/attachment/att{file}$")
    live.file(page, "räka.txt", author="bob", text="Bob's")
    live.settle()
    assert (_stored(live, file)["title"], _stored(live, file)["data"]) == ("räka.txt", b"first")
    assert len(live.rows()["email_intent"]) == mails + 2
    assert _row(live, page, file)["lock"]["protection"] == "protected"


@pytest.mark.parametrize(("taken", "mark"), [((), " (restored)"), ((" (restored)",), " (restored 2)")])
def test_a_long_name_that_is_taken_is_cut(live: LiveApp, taken: tuple[str, ...], mark: str) -> None:
    """Bob trashes the locked file and takes its name and the next one: it comes back under a name of 255 characters."""
    page = live.page()
    name = "y" * 251 + ".pdf"
    file = live.file(page, name)
    live.lock("alice", file)
    live.settle()
    for suffix in taken:
        live.file(page, f"{'y' * (251 - len(suffix))}{suffix}.pdf", author="bob")
    live.control("sites/acme/trash", attachmentId=file, account="bob")
    live.file(page, name, author="bob", text="Bob's")
    live.settle()
    back = _stored(live, file)
    assert (back["title"], back["status"], back["data"]) == (
        "y" * (251 - len(mark)) + f"{mark}.pdf",
        "current",
        b"first",
    )
    assert len(back["title"]) == 255
    assert _row(live, page, file)["lock"]["protection"] == "protected"
