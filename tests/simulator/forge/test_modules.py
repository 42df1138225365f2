"""The manifest as the simulator reads it."""

from __future__ import annotations

import pytest

from simulator.forge.modules import resource_folder, surface, surfaces
from simulator.model.errors import ApiError


def test_a_surface_has_its_words_and_the_tokens_of_its_endpoint() -> None:
    byline = surface("byline")
    assert (byline.title, byline.tooltip) == ("File locks", "Lock the attachments of this page")
    assert (byline.size, byline.resource, byline.endpoint) == ("large", "app", "ep-ui")
    assert byline.tokens == {"appUserToken", "appSystemToken"}


def test_modules_without_a_screen_are_none() -> None:
    """Triggers, schedules and search words."""
    pages = {"my-locks", "space", "space-permissions", "admin", "configure", "get-started"}
    assert {one.key for one in surfaces()} == {"byline", "page-menu", "locked-files"} | pages


def test_the_list_of_apps_leads_to_two_settings_pages() -> None:
    """A module with `useAsConfig` or `useAsGetStarted` has no link elsewhere; one without a size grows."""
    assert [surface(key).place for key in ("admin", "configure", "get-started")] == [None, "configure", "start"]
    assert [surface(key).inline for key in ("byline", "locked-files")] == [False, True]


def test_what_the_manifest_does_not_name_is_not_found() -> None:
    assert resource_folder("icons").is_dir()
    for look in (lambda: surface("tick"), lambda: resource_folder("src")):
        with pytest.raises(ApiError):
            look()
