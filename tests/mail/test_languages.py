import string
from collections.abc import Iterator
from io import BytesIO

import pytest
from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.plurals import get_plural
from babel.messages.pofile import read_po

from lockpoint.domain.mails.mail_templates import LANGUAGES
from lockpoint.mail.catalogue import Plural, Sentence, sentences
from lockpoint.mail.languages import dates_in, language_for, locale_of, translated
from tests.support.checkout import ROOT

TRANSLATED = LANGUAGES[1:]
FILES = ROOT / "lockpoint" / "locale"
OURS = {"{name}", "{why}"}
"""Nothing to translate."""


def catalogue(language: str) -> bytes:
    return (FILES / language / "LC_MESSAGES" / "lockpoint.po").read_bytes()


def faults(po: bytes, language: str) -> list[str]:
    """What a catalogue lacks, has too much of, or says in the wrong form."""
    catalog = read_po(BytesIO(po), locale=language, abort_invalid=True)
    wanted = {one.one if isinstance(one, Plural) else one: one for one in sentences()}
    found = {message.id[0] if isinstance(message.id, tuple) else message.id for message in catalog if message.id}
    gone = [
        f"superfluous: {text}" for text in sorted({*found, *(str(key) for key in catalog.obsolete)} - wanted.keys())
    ]
    return [*gone, *(f"{why}: {text}" for text, one in wanted.items() for why in wrong(catalog, one, language))]


def wrong(catalog: Catalog, sentence: Sentence, language: str) -> Iterator[str]:
    ids = (sentence.one, sentence.other) if isinstance(sentence, Plural) else sentence
    message = catalog.get(ids)
    if message is None or not message.string or message.id != ids:
        yield "missing"
        return
    forms = message.string if isinstance(message.string, tuple) else (message.string,)
    if message.fuzzy:
        yield "fuzzy"
    if len(forms) != (get_plural(language).num_plurals if isinstance(sentence, Plural) else 1) or not all(forms):
        yield "forms"
    source = sentence.one if isinstance(sentence, Plural) else sentence
    if any(placeholders(form) != placeholders(source) for form in forms):
        yield "placeholders"
    if any(char in form for form in forms for char in "<>&%"):
        yield "markup"
    if source not in OURS and source in forms:
        yield "English"


def placeholders(text: str) -> set[str | None]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_catalogue_is_complete(language: str) -> None:
    """Every sentence of every mail, with its placeholders, in all plural forms, without HTML and guesses."""
    assert faults(catalogue(language), language) == []


def test_every_catalogue_belongs_to_a_language() -> None:
    """The folder holds the languages that the code names, and no compiled file that could be older."""
    assert sorted(path.name for path in FILES.iterdir()) == sorted(TRANSLATED)
    assert {path.name for path in FILES.rglob("*.*")} == {"lockpoint.po", "screens.po"}


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('msgstr "Datei öffnen"', 'msgstr ""', "missing: Open the file"),
        ('msgid "Open the file"', 'msgid "Open a file"', "missing: Open the file"),
        ('msgid "Open the file"', 'msgid "Open a file"', "superfluous: Open a file"),
        ('msgid "Open the file"', '#, fuzzy\nmsgid "Open the file"', "fuzzy: Open the file"),
        ('msgstr "Datei öffnen"', 'msgstr "<b>Datei</b> öffnen"', "markup: Open the file"),
        ('msgstr "Datei öffnen"', 'msgstr "Open the file"', "English: Open the file"),
        ('msgstr "Seite: {page}"', 'msgstr "Seite: {seite}"', "placeholders: Page: {page}"),
        ('msgstr "Seite: {page}"', 'msgstr "Seite"', "placeholders: Page: {page}"),
        (
            'msgstr[1] "Sie haben {count} Dateien ohne Ende gesperrt"',
            'msgstr[1] ""',
            "forms: You have locked {count} file without an end",
        ),
        (
            'msgstr[1] "Sie haben {count} Dateien ohne Ende gesperrt"',
            'msgstr[1] "Sie haben Dateien ohne Ende gesperrt"',
            "placeholders: You have locked {count} file without an end",
        ),
    ],
)
def test_a_planted_gap_is_found(old: str, new: str, fault: str) -> None:
    """Untranslated, renamed, unsure, with HTML, left in English, with other placeholders, a form too few."""
    text = catalogue("de").decode()
    assert text.count(old + "\n") == 1
    assert fault in faults(text.replace(old + "\n", new + "\n").encode(), "de")


@pytest.mark.parametrize(
    ("language", "counts", "forms"),
    [
        ("en", (1, 2, 5, 21), 2),
        ("de", (1, 2, 5, 21), 2),
        ("fr", (0, 1, 2, 5), 2),
        ("nl", (1, 2, 5, 21), 2),
        ("ja", (1, 2, 5, 21), 1),
        ("ru", (1, 2, 5, 11, 22), 3),
    ],
)
def test_numbers_choose_the_form(language: str, counts: tuple[int, ...], forms: int) -> None:
    """Each language has its own rules."""
    sentence = next(one for one in sentences() if isinstance(one, Plural) and "without an end" in one.one)
    assert len({translated(sentence, language, count) for count in counts}) == forms


def test_russian_counts_by_the_last_digit() -> None:
    """1 and 21 файл, 2 and 24 файла, 5, 11 and 12 файлов."""
    sentence = next(one for one in sentences() if isinstance(one, Plural) and one.one.endswith("without an end"))
    ends = {count: translated(sentence, "ru", count).rpartition(" ")[2] for count in (1, 21, 2, 24, 5, 11, 12)}
    few, many = dict.fromkeys((2, 24), "файла"), dict.fromkeys((5, 11, 12), "файлов")
    assert ends == {1: "файл", 21: "файл"} | few | many


def test_languages_are_found_by_tag() -> None:
    """With dash or underscore, whatever the territory; an unknown language is English."""
    assert locale_of("pt-BR") == locale_of("pt_BR") == Locale("pt", "BR")
    assert [language_for(locale_of(tag)) for tag in ("ja", "de-CH", "fr_CA", "pt-BR", "", "../x")] == [
        "ja", "de", "fr", "en", "en", "en",
    ]  # fmt: skip


def test_dates_speak_the_language_of_the_text() -> None:
    """With the person's country where there is one."""
    assert dates_in("de", Locale("de", "CH")) == Locale("de", "CH")
    assert dates_in("en", Locale("pt", "BR")) == Locale("en")
    assert dates_in("en", Locale("sv", "SE")) == Locale("en", "SE")
