"""Pages behind links in mails, in the language of their mail."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lockpoint.mail.languages import dates_in, language_for, locale_of, translated
from lockpoint.mail.letter import clean, moment
from lockpoint.mail.link_words import ABOUT, PAGES
from lockpoint.services.ports.notifications import LinkAnswer, LinkPage, PageKind

_ABOUT_MAILS: Final = frozenset({PageKind.UNSUBSCRIBE, PageKind.SUBSCRIBED_AGAIN})


class GettextPages:
    def words(self, answer: LinkAnswer, locale: str, time_zone: str = "UTC") -> LinkPage:
        """English for a language without a catalogue."""
        language, page = language_for(locale_of(locale)), PAGES[answer.kind]
        written = dates_in(language, locale_of(locale))
        values = {"file": clean(answer.file_name), "when": moment(answer.at, time_zone, written)}

        def lines() -> Iterator[str]:
            if answer.mail is not None and answer.kind in _ABOUT_MAILS:
                yield translated(ABOUT[answer.mail], language)
            for line in page.lines:
                if all(values[name] or f"{{{name}}}" not in line for name in values):
                    yield translated(line, language).format(**values)

        return LinkPage(
            language=str(written).replace("_", "-"),
            direction=written.text_direction,
            title=translated(page.title, language),
            lines=tuple(lines()),
            button=translated(page.button, language) if page.button else None,
        )
