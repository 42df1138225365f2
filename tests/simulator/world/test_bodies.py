"""Bodies of pages: text and macros."""

from __future__ import annotations

import pytest

from simulator.world.bodies import Macro, Text, blocks, connect_macro, forge_macro, forge_macro_changed, macros

APP = "ari:cloud:ecosystem::app/00000000-0000-4000-8000-000000000000"
ODD = {"scope": "space", "columns": 'owner,"<b>&since'}


@pytest.mark.parametrize(
    "stored", [connect_macro("list", ODD), forge_macro(APP, "list", ODD)], ids=["connect", "forge"]
)
def test_a_macro_comes_back_as_it_was_stored(stored: str) -> None:
    (macro,) = macros(f"<p>before</p>{stored}<p>after</p>")
    assert (macro.key, macro.parameters) == ("list", ODD)
    assert macro.id


def test_a_forge_macro_takes_other_parameters() -> None:
    """It alone, in its place and with its id; a body without it is not changed."""
    stored = f"<p>a</p>{forge_macro(APP, 'list', {'scope': 'page'})}{forge_macro(APP, 'list', {'rows': '5'})}<p>b</p>"
    first, second = macros(stored)
    changed = forge_macro_changed(stored, second.id, ODD)
    assert changed is not None
    assert macros(changed) == [first, Macro("list", second.id, ODD)]
    assert [type(one) for one in blocks(changed)] == [Text, Macro, Macro, Text]
    assert forge_macro_changed(stored, "another", ODD) is None
    assert forge_macro_changed(connect_macro("list", {}), "1", ODD) is None


def test_blocks_keep_the_order_of_the_page() -> None:
    stored = "<h1>One</h1><p>two <b>three</b></p>" + connect_macro("a", {}) + "<ul><li><p>four</p></li></ul>"
    found = blocks(stored + connect_macro("b", {}))
    texts = [one.text if isinstance(one, Text) else one.key for one in found]
    assert texts == ["One", "two three", "a", "four", "b"]


def test_two_macros_of_a_page_differ() -> None:
    first, second = macros(connect_macro("a", {}) + connect_macro("a", {}))
    assert first.id != second.id


@pytest.mark.parametrize("stored", ["<script>alert(1)</script>", "<p>open", "<ac:structured-macro ac:name='x'>", ""])
def test_what_is_broken_or_runs_is_left_out(stored: str) -> None:
    assert blocks(stored) == []


def test_other_macros_are_kept_by_name() -> None:
    assert blocks('<ac:structured-macro ac:name="toc" ac:macro-id="1" />' + "</ac:structured-macro>")[0] == Macro(
        "toc", "1"
    )
