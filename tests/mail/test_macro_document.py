"""The macro's document: complete in every language, plain text, the screen's own words."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from lockpoint.mail.catalogue import Plural
from lockpoint.mail.languages import LANGUAGES
from lockpoint.mail.macro_document import SCREEN, GettextMacro
from lockpoint.services.ports.macro import MacroColumn, MacroRow, MacroScope, MacroTable, MacroTrouble
from tests.support.checkout import ROOT

AT = datetime(2027, 3, 28, 18, 0, tzinfo=UTC)
ROW = MacroRow(
    title="plan.txt",
    open_url="https://acme.example/wiki/plan",
    page_title="Page",
    mine=False,
    holder="Alice Arden",
    since=AT,
    expires_at=None,
    protection="protected",
    note="until Friday",
)
TABLE = MacroTable(scope=MacroScope.SPACE, columns=tuple(MacroColumn), rows=(ROW,), more=3)


def cells(row: MacroRow, locale: str = "en", zone: str = "UTC") -> dict[str, str]:
    found = GettextMacro().document(replace(TABLE, rows=(row,)), locale, zone)
    return {column.value: cell.text for column, cell in zip(MacroColumn, found.rows[0], strict=True)}


def test_a_row_says_who_until_when_and_why() -> None:
    found = cells(ROW, zone="Europe/Berlin")
    assert found.pop("since").startswith("March 28, 2027"), "by the reader's clock"
    assert found == {
        "file": "plan.txt",
        "page": "Page",
        "owner": "Alice Arden",
        "ends": "No end",
        "state": "Protected",
        "note": "until Friday",
    }
    assert cells(ROW, zone="Pacific/Auckland")["since"].startswith("March 29, 2027")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("scope", MacroScope)
def test_every_language_has_every_word(language: str, scope: MacroScope) -> None:
    """U-04: in the reader's language, dates included; nothing stays a placeholder."""
    tables = [replace(TABLE, scope=scope), replace(TABLE, scope=scope, rows=()), replace(TABLE, more=None)]
    tables += [replace(TABLE, rows=(), trouble=trouble) for trouble in MacroTrouble]
    for table in tables:
        found = GettextMacro().document(table, language, "Europe/Berlin")
        words = [found.title, *found.columns, *found.lines, *(cell.text for row in found.rows for cell in row)]
        assert found.language == language
        assert all(words)
        assert not set("{}") & set("".join(words))
    if language != "en":
        unknown = replace(ROW, holder=None)
        english, there = cells(unknown), cells(unknown, language)
        assert [name for name in ("owner", "since", "ends") if english[name] == there[name]] == []


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (replace(ROW, title=None), {"file": "A file on a page that you can't see any more"}),
        (replace(ROW, title=""), {"file": "File without a name"}),
        (replace(ROW, title="a\u202eb\nc\x00"), {"file": "ab c"}),
        (replace(ROW, holder=None), {"owner": "somebody"}),
        (replace(ROW, mine=True), {"owner": "Locked by you"}),
        (replace(ROW, protection="unprotected"), {"state": "Not protected"}),
        (replace(ROW, protection="restoring"), {"state": "Restoring"}),
    ],
)
def test_what_is_unknown_odd_or_special_has_words(row: MacroRow, words: dict[str, str]) -> None:
    assert cells(row).items() >= words.items()


@pytest.mark.parametrize("url", ["javascript:alert(1)", "", None, "data:text/html,x"])
def test_only_web_addresses_are_links(url: str | None) -> None:
    found = GettextMacro().document(replace(TABLE, rows=(replace(ROW, open_url=url),)), "en", "UTC")
    assert found.rows[0][0].url is None


def test_nothing_to_list_needs_no_columns() -> None:
    found = GettextMacro().document(replace(TABLE, rows=(), more=0), "en", "UTC")
    assert (found.columns, found.rows, found.lines) == ((), (), ("No attachment is locked in this space.",))


def test_the_words_are_the_screens() -> None:
    """One wording for screen and document; a change of the screen's is found here."""
    folder = ROOT / "frontend" / "src" / "messages" / "en"
    source = "\n".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.ts")))
    shown: dict[str, Any] = {}
    for key in SCREEN:
        (told,) = re.findall(rf'^  "{re.escape(key)}": (.+),$', source, re.MULTILINE)
        shown[key] = json.loads(re.sub(r"(?<=[{,] )(one|other):", r'"\1":', told))
    wanted = {k: {"one": v.one, "other": v.other} if isinstance(v, Plural) else v for k, v in SCREEN.items()}
    assert shown == wanted
