"""Copy mode: a file's bytes pass through memory only."""

from __future__ import annotations

import os
import sys
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lockpoint.confluence.copy_mode import stand_in, survives_header
from lockpoint.services.errors import LostRace
from tests.confluence.live import ALICE, BOB, BUDGET, PAGE, PRIORITY, Live

CANARY = "bytes like a bittern's"
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


class Watch:
    """Records files opened for writing while on; interpreter hooks cannot be removed."""

    def __init__(self) -> None:
        self.on = False
        self.written: list[str] = []
        sys.addaudithook(self._see)

    def _see(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.on and event == "open" and (arguments[2] or 0) & WRITING:
            self.written.append(str(arguments[0]))


@pytest.fixture(scope="module")
def watch() -> Watch:
    return Watch()


def test_the_bytes_are_on_no_disk_and_in_no_log(
    live: Live, watch: Watch, tmp_path: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    live.act("upload", BOB, attachmentId=BUDGET, fileName="budget.xlsx", text=CANARY)
    live.act("upload", BOB, attachmentId=BUDGET, fileName="budget.xlsx", text="overwritten")
    found = live.attachments.get(live.acme, BUDGET, priority=PRIORITY)
    source = live.attachments.version(live.acme, BUDGET, found.head.number - 1, priority=PRIORITY)
    watch.on = True
    try:
        live.attachments.copy(live.acme, found, source, "undone by Lockpoint", priority=PRIORITY)
        copying = list(watch.written)
        (tmp_path / "planted").write_text(CANARY, encoding="utf-8")
    finally:
        watch.on = False
    assert live.running.world.sites["acme"].attachments[int(BUDGET)].versions[-1].data == CANARY.encode()
    assert copying == []
    assert watch.written == [str(tmp_path / "planted")], "the watch sees what is written"
    printed = capfd.readouterr()
    assert CANARY not in printed.out + printed.err


HOSTILE = ['"', "\\", "\r", "\n", "\t", ";", "%22", "%0A", "%", "'", "=?utf-8?q?a?=", "/", "*", "é", "e\u0301",
           "\U0001f680", "\u2028", "\x00", "\x7f", " ", ".", "filename=", "--", "a", "Z", "9"]  # fmt: skip
NAMES = st.lists(st.one_of(st.sampled_from(HOSTILE), st.characters(exclude_categories=["Cs"])), min_size=1, max_size=12)


def _overwritten(live: Live, name: str, media_type: str = "text/plain") -> str:
    """A file of this name and kind on the page, overwritten by Bob; its id."""
    made = live.act("upload", ALICE, pageId=PAGE.id, fileName=name, text="first", mediaType=media_type)
    file_id = str(made["id"]).removeprefix("att")
    live.act("upload", BOB, attachmentId=file_id, fileName=name, text="overwritten")
    return file_id


def _copied(live: Live, file_id: str) -> None:
    found = live.attachments.get(live.acme, file_id, priority=PRIORITY)
    source = live.attachments.version(live.acme, file_id, 1, priority=PRIORITY)
    live.attachments.copy(live.acme, found, source, "undone", priority=PRIORITY)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parts=NAMES)
def test_the_name_after_is_the_name_before(live: Live, parts: list[str]) -> None:
    """Whatever is special in the header of a part, the file keeps its name, and its bytes come back."""
    name = "".join(parts)
    site = live.running.world.sites["acme"]
    file_id = _overwritten(live, name)
    _copied(live, file_id)
    stored = site.attachments.pop(int(file_id))
    assert (stored.title, stored.head.data, stored.head.minor_edit) == (name, b"first", True)


def test_a_plain_name_costs_no_second_version(live: Live) -> None:
    """Only what the header may not carry is set by an edit."""
    file_id = _overwritten(live, "plan (final) 2.docx")
    _copied(live, file_id)
    assert live.running.world.sites["acme"].attachments[int(file_id)].number == 3


@pytest.mark.parametrize("kind", ["text/plain\r\n\r\nsmuggled", 'text/plain; name="a"', "texté/plain", "none"])
def test_the_media_type_after_is_the_one_before(live: Live, kind: str) -> None:
    """A media type, which people write too, brings no line into the file and no header into the part."""
    file_id = _overwritten(live, "plan.txt", kind)
    _copied(live, file_id)
    head = live.running.world.sites["acme"].attachments[int(file_id)].head
    assert (head.title, head.media_type, head.data) == ("plan.txt", kind, b"first")


def test_a_name_that_cannot_be_set_is_looked_at_again(live: Live) -> None:
    """The bytes are back; the next look finds the wrong name and undoes it like any other."""
    file_id = _overwritten(live, "räka.txt")
    live.fault("status", status=403, method="PUT", path=f"child/attachment/att{file_id}$")
    with pytest.raises(LostRace):
        _copied(live, file_id)
    stored = live.running.world.sites["acme"].attachments[int(file_id)]
    assert (stored.title, stored.head.data) == (f"lockpoint-{file_id}.txt", b"first")


@pytest.mark.parametrize("title", ["plan.docx", "Plan 2027 (final)_v-2.xlsx", "README", "a"])
def test_plain_names_survive_a_header(title: str) -> None:
    assert survives_header(title)


@pytest.mark.parametrize(
    "title",
    [
        '"',
        "a\nb",
        "a\r\nb",
        "a;b",
        "%22",
        "a\\b",
        "a/b",
        "räka",
        "a\tb",
        " a",
        "a ",
        ".a",
        "a.",
        "=?q?=",
        "\U0001f680",
        "",
    ],
)
def test_special_names_do_not(title: str) -> None:
    assert not survives_header(title)


@given(st.text())
def test_a_stand_in_always_survives(title: str) -> None:
    name = stand_in("131203", title)
    assert survives_header(name)
    assert len(name) <= 40


def test_a_stand_in_keeps_the_ending() -> None:
    """Confluence may tell the kind of a file by it."""
    assert stand_in("7", "räka.docx") == "lockpoint-7.docx"
    assert stand_in("7", "räka.dö") == "lockpoint-7"
