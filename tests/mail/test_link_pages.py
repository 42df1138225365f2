"""Pages behind links in mails: whole, in every language."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from lockpoint.domain.events import OPTIONAL
from lockpoint.mail.languages import LANGUAGES
from lockpoint.mail.link_pages import GettextPages
from lockpoint.mail.link_words import ABOUT, PAGES
from lockpoint.services.ports.notifications import LinkAnswer, PageKind

AT = datetime(2027, 3, 28, 18, 0, tzinfo=UTC)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", PageKind)
def test_every_page_speaks_every_language(kind: PageKind, language: str) -> None:
    """P-12: with the file's name and the time where they are known, and without gaps where they are not."""
    told = GettextPages().words(LinkAnswer(kind, "plan.txt", AT), language, "Europe/Berlin")
    words = " ".join((told.title, *told.lines, told.button or ""))
    assert told.language == language
    assert ("plan.txt" in words) == any("{file}" in line for line in PAGES[kind].lines)
    assert ("2027" in words) == any("{when}" in line for line in PAGES[kind].lines)
    bare = GettextPages().words(LinkAnswer(kind), language)
    assert not set("{}") & set(" ".join((words, bare.title, *bare.lines)))
    assert len(bare.lines) == sum("{" not in line for line in PAGES[kind].lines)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_optional_mail_says_what_is_switched_off(language: str) -> None:
    """RFC 8058: each kind has its own sentence."""
    assert set(ABOUT) == set(OPTIONAL)
    pages = [GettextPages().words(LinkAnswer(PageKind.UNSUBSCRIBE, mail=kind), language) for kind in OPTIONAL]
    assert len({page.lines for page in pages}) == len(OPTIONAL)


def test_an_unknown_language_is_english() -> None:
    """Also nonsense from a browser."""
    for locale in ("", "xx", "../../etc", "*"):
        assert GettextPages().words(LinkAnswer(PageKind.BAD_LINK), locale).title == "This link does not work"


def test_a_name_cannot_turn_a_sentence_round() -> None:
    """F50: as in mails."""
    page = GettextPages().words(LinkAnswer(PageKind.ENDED, "a\u202eb\nc.txt"), "en")
    assert page.lines[0] == "You have no lock on ab c.txt any more."
