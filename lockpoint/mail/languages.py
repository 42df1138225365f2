"""The languages of mails and documents: gettext catalogues below `lockpoint/locale`, read when first used.

English needs none.
"""

from __future__ import annotations

import functools
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files
from io import BytesIO
from typing import Final

from babel import Locale
from babel.core import UnknownLocaleError
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from lockpoint.domain.mails.mail_templates import ENGLISH, LANGUAGES
from lockpoint.mail.catalogue import Plural, Sentence

MAILS, SCREENS = "lockpoint", "screens"
UNSPACED: Final = frozenset({"ja"})
"""They write no space between sentences."""


def locale_of(tag: str) -> Locale:
    """English if Babel does not know the tag (`pt-BR`, `pt_BR`)."""
    try:
        return Locale.parse(tag.replace("-", "_"))
    except (ValueError, TypeError, UnknownLocaleError):
        return Locale(ENGLISH)


def language_for(locale: Locale) -> str:
    """Whatever the territory; English where there is no catalogue."""
    return locale.language if locale.language in LANGUAGES else ENGLISH


def dates_in(language: str, locale: Locale) -> Locale:
    """The person's locale, or the text's language with the person's country."""
    if locale.language == language:
        return locale
    return locale_of(f"{language}_{locale.territory}" if locale.territory else language)


def translated(sentence: Sentence, language: str, count: int = 1) -> str:
    """Return the sentence with its placeholders; `count` chooses the form of a plural."""
    if isinstance(sentence, Plural):
        return _translations(language).ngettext(sentence.one, sentence.other, count)
    return _translations(language).gettext(sentence)


def on_screen(key: str, sentence: Sentence, language: str, count: int = 1) -> str:
    """Return a text of the screens; `key` is its context in their catalogues. Untranslated ones stay English."""
    words = _translations(language, SCREENS)
    if isinstance(sentence, Plural):
        return words.npgettext(key, sentence.one, sentence.other, count)
    return words.pgettext(key, sentence)


@functools.cache
def _translations(language: str, domain: str = MAILS) -> NullTranslations:
    if language == ENGLISH:
        return NullTranslations()
    compiled = BytesIO()
    with (files("lockpoint") / "locale" / language / "LC_MESSAGES" / f"{domain}.po").open("rb") as file:
        write_mo(compiled, read_po(file, locale=language, abort_invalid=True))
    compiled.seek(0)
    return GNUTranslations(compiled)
