"""The screens in the viewer's language."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import pytest
from playwright.sync_api import Frame, expect
from playwright.sync_api import Page as Tab

from tests.browser.conftest import Complaints
from tests.browser.screens import DIALOG, Confluence
from tests.browser.test_accessibility import SIDEWAYS
from tests.browser.world import Page, World

pytestmark = pytest.mark.processes

TITLES: Final = {
    "de_AT": "Dateisperren",
    "fr_FR": "Verrous de fichiers",
    "nl_NL": "Bestandsvergrendelingen",
    "ja_JP": "ファイルロック",
    "ru_RU": "Блокировки файлов",
    "en_XA": "Fîlé löçks",
    "fi_FI": "File locks on",
}
SHOWN: Final = {"de_AT": "de-AT", "fi_FI": "en-FI"}


@pytest.fixture
def speak(world: World) -> Iterator[Callable[[str], None]]:
    """Set the language in Charlie's profile."""

    def profile(locale: str) -> None:
        world.act("person", {"account": "charlie", "locale": locale})

    yield profile
    profile("en_GB")


@pytest.fixture
def page(world: World) -> Page:
    return world.page("In many tongues", "angebot-2026.xlsx", "plan.docx")


def open_dialog(tab: Tab, page: Page, world: World) -> Frame:
    Confluence(tab, page).open()
    tab.locator(".byline-item").click()
    tab.frame_locator(DIALOG).get_by_role("table").wait_for()
    return next(frame for frame in tab.frames if frame.url.startswith(world.app_url))


def test_every_language_fits_and_says_which_it_is(
    become: Callable[..., Tab], world: World, page: Page, speak: Callable[[str], None]
) -> None:
    """The profile decides; without texts it is English with the region's dates; a phone does not scroll sideways."""
    tab = become("charlie", size=(320, 700))
    for locale, title in TITLES.items():
        speak(locale)
        frame = open_dialog(tab, page, world)
        expect(frame.get_by_role("heading", level=1)).to_contain_text(title)
        assert frame.locator("html").get_attribute("lang") == SHOWN.get(locale, locale.replace("_", "-"))
        assert frame.evaluate(SIDEWAYS) <= 0, locale


def test_texts_that_do_not_load_leave_english(
    become: Callable[..., Tab], world: World, page: Page, speak: Callable[[str], None], complaints: Complaints
) -> None:
    """The console says why; the dialog works."""
    speak("de_DE")
    tab = become("charlie")
    warnings: list[str] = []
    tab.on("console", lambda message: warnings.append(message.text) if message.type == "warning" else None)
    tab.route("**/assets/texts-de-*.js", lambda route: route.abort())
    frame = open_dialog(tab, page, world)
    expect(frame.get_by_role("heading", level=1)).to_have_text("File locks on In many tongues")
    assert any('Lockpoint is in English, because its texts in the language "de"' in text for text in warnings)
    complaints.forgive("texts-de|ERR_FAILED")
