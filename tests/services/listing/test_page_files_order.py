"""A page's files in parts, in order, searched and filtered."""

from __future__ import annotations

import pytest

from lockpoint.services.errors import Invalid
from lockpoint.services.listing import page_files
from lockpoint.services.listing.page_files import Sort
from lockpoint.services.locks.lock_view import ViewState
from tests.services.listing.page_list import list_page
from tests.services.stage import Stage, refusal_of


def test_cursors_lose_and_repeat_nothing(many: Stage) -> None:
    """L-60, I22: without a change between."""
    whole = [row.attachment.id for row in many.rows()]
    for limit in (1, 3, 8, 100):
        found: list[str] = []
        cursor: str | None = None
        while True:
            part = list_page(many, limit=limit, cursor=cursor)
            assert [row.attachment.id for row in list_page(many, limit=limit, cursor=cursor).rows] == [
                row.attachment.id for row in part.rows
            ]
            found += [row.attachment.id for row in part.rows]
            cursor = part.next_cursor
            if cursor is None:
                break
        assert found == whole


@pytest.mark.parametrize("cursor", ["x", "-1", "1.5", "٣", "99999999999", ""])
def test_cursors_of_others_are_refused(many: Stage, cursor: str) -> None:
    assert isinstance(refusal_of(list_page, many, cursor=cursor), Invalid)


def test_more_files_than_one_answer_holds(stage: Stage) -> None:
    """U-02."""
    for number in range(page_files.READ_AT_ONCE + 3):
        stage.world.add_file(title=f"f{number:04}")
    assert len(stage.rows(limit=1000)) == page_files.READ_AT_ONCE + 4


@pytest.mark.parametrize(
    ("sort", "first", "last"),
    [
        (Sort.TITLE, "File 0.txt", "plan.txt"),
        (Sort.TITLE_DOWN, "plan.txt", "File 0.txt"),
        (Sort.SIZE, "File 0.txt", "File 6.txt"),
        (Sort.SIZE_DOWN, "File 6.txt", "File 0.txt"),
        (Sort.STATE, "File 0.txt", "plan.txt"),
        (Sort.STATE_DOWN, "File 2.txt", "File 0.txt"),
    ],
)
def test_orders(many: Stage, sort: Sort, first: str, last: str) -> None:
    """U-02: mine first, then others', then free."""
    titles = [row.attachment.title for row in many.rows(sort=sort)]
    assert (titles[0], titles[-1]) == (first, last)


def test_search_by_name_or_owner(many: Stage) -> None:
    """U-02: in any case."""
    assert [row.attachment.title for row in many.rows(text="FILE 3")] == ["File 3.txt"]
    assert [row.attachment.title for row in many.rows(text="bob")] == ["File 1.txt"]
    assert [row.attachment.title for row in many.rows(text="alice")] == ["File 0.txt"]
    assert many.rows(text="nobody") == ()


def test_a_name_is_found_however_it_was_typed(many: Stage) -> None:
    """D1: a Mac's decomposed letters, full-width ones, ß; each word in the name or the owner's."""
    many.world.add_file(title="Re\u0301sume\u0301 Stra\u00dfe.txt")
    for text in ("R\u00e9sum\u00e9", "r\u00e9sum\u00e9 strasse", "\uff32\u00c9SUM"):
        assert [row.attachment.title for row in many.rows(text=text)] == ["Re\u0301sume\u0301 Stra\u00dfe.txt"], text
    assert [row.attachment.title for row in many.rows(text="1 bob")] == ["File 1.txt"]


def test_names_are_ordered_by_people_not_by_code_points(many: Stage) -> None:
    """D1: 9 before 10, accents last."""
    for title in ("File 10.txt", "\u00c4pfel.txt", "Birne.txt"):
        many.world.add_file(title=title)
    titles = [str(row.attachment.title) for row in many.rows()]
    assert titles[:3] == ["\u00c4pfel.txt", "Birne.txt", "File 0.txt"]
    assert titles.index("File 6.txt") < titles.index("File 10.txt")


def test_filter_by_state(many: Stage) -> None:
    """L-60."""
    assert [row.attachment.title for row in many.rows(state=ViewState.MINE)] == ["File 0.txt"]
    assert len(many.rows(state=ViewState.FREE)) == 6
