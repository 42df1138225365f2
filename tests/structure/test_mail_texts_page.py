"""docs/mail-texts.md has every mail and placeholder, and no other."""

from __future__ import annotations

import re

from lockpoint.domain.mails.mail_templates import LANGUAGES, LONGEST_BODY, LONGEST_SUBJECT, MAILS, MOST_BYTES
from tests.support.checkout import ROOT

PAGE = (ROOT / "docs" / "mail-texts.md").read_text(encoding="utf-8")


def listed(page: str) -> dict[str, set[str]]:
    """The placeholders that the page names for each mail."""
    rows = re.findall(r"^\| `([a-z_.]+)` \| [^|]+ \| ([^|]+) \|$", page, re.MULTILINE)
    return {mail: set(re.findall(r"`\{(\w+)\}`", placeholders)) for mail, placeholders in rows}


def explained(page: str) -> set[str]:
    return set(re.findall(r"^\| `\{(\w+)\}` \| [^|]+ \|$", page, re.MULTILINE))


def test_the_page_is_complete() -> None:
    assert listed(PAGE) == {mail: set(placeholders) for mail, placeholders in MAILS.items()}
    assert explained(PAGE) == set().union(*MAILS.values())
    for number in (LONGEST_SUBJECT, LONGEST_BODY, MOST_BYTES):
        assert f"{number:,}" in PAGE
    assert " ".join(f"`{language}`" for language in LANGUAGES) in PAGE


def test_a_planted_gap_is_found() -> None:
    """A mail, a placeholder of a mail, an explanation."""
    for line in ("| `paused` |", "| `{until}` |"):
        without = "\n".join(one for one in PAGE.splitlines() if not one.startswith(line))
        assert (listed(without), explained(without)) != (listed(PAGE), explained(PAGE))
    assert listed(PAGE.replace("`{why}`", "")) != listed(PAGE)
