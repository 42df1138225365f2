"""The reference of settings says what the settings are."""

from __future__ import annotations

from dev import settings_page
from lockpoint.domain.settings import SiteSettings, SpaceRules, kinds_of


def test_the_page_is_what_the_settings_say() -> None:
    """`bin/settings-page` writes it."""
    assert settings_page.main(["--check"]) == 0


def test_every_setting_is_described() -> None:
    page = settings_page.page()
    for settings in (SpaceRules, SiteSettings):
        for _, setting in kinds_of(settings).values():
            assert setting.effect in page


def test_a_setting_without_a_word_is_found() -> None:
    """Members that are no settings are the two that are counted and nested."""
    members = {field for settings in (SpaceRules, SiteSettings) for field in settings.__dataclass_fields__}
    described = {name for settings in (SpaceRules, SiteSettings) for name in kinds_of(settings)}
    assert members - described == {"rules", "revision", "schema"}
