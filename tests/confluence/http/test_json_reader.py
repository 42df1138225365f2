from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockpoint.confluence.http.ids import content_id, normalise_attachment_id, rest_attachment_id
from lockpoint.confluence.http.json_reader import Answer, loads, parse
from lockpoint.confluence.parsing import attachment_version, container_of, link, rows_under, status_of, stored_property
from lockpoint.services.errors import BadAnswer

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["id", "version", "number", "results"]), inner),
)


@pytest.mark.parametrize("value", ["att131203", "131203", 131203, "att0131203"])
def test_attachment_ids_in_every_form_become_bare_digits(value: object) -> None:
    """F17, L-01: REST, events and page addresses write an id differently."""
    assert normalise_attachment_id(value) == "131203"
    assert rest_attachment_id("131203") == "att131203"


@pytest.mark.parametrize(
    "value", ["", "att", "att12x", "att-1", " 1", "1/2", "\uff11", True, None, 1.0, -1, "1" * 20, []]
)
def test_anything_else_is_no_attachment_id(value: object) -> None:
    """Ids are part of paths."""
    with pytest.raises(ValueError, match="attachment id"):
        normalise_attachment_id(value)


@pytest.mark.parametrize("value", ["", "..", "1/../2", "1?x", "\u0661"])
def test_anything_but_digits_is_no_content_id(value: str) -> None:
    with pytest.raises(ValueError, match="content id"):
        content_id(value)


def test_unknown_fields_are_ignored_and_ids_may_be_numbers() -> None:
    """F17: undocumented fields are common."""
    row = {"id": 42, "key": "k", "value": [1], "version": {"number": "3", "x": 1}, "surprise": {}}
    stored = stored_property(Answer("test", row))
    assert (stored.id, stored.version, stored.value, stored.created) == ("42", 3, [1], None)


def test_duplicate_rows_come_lowest_id_first_by_number() -> None:
    """The lowest id is the record: 9 before 10."""
    rows = [
        Answer("test", {"id": number, "key": key, "value": {}, "version": {"number": 1}})
        for number, key in [("10", "k"), ("9", "k"), ("1", "other")]
    ]
    assert [row.id for row in rows_under("k", rows)] == ["9", "10"]


@pytest.mark.parametrize(
    "text", ["2026-11-21T10:00:00.123Z", "2026-11-21T12:00:00.123+02:00", "2026-11-21T10:00:00.123+0000"]
)
def test_times_are_read_with_their_offset(text: str) -> None:
    """v1 and v2 write offsets differently."""
    assert Answer("test", {"t": text}).moment("t") == datetime(2026, 11, 21, 10, 0, 0, 123_000, UTC)


@pytest.mark.parametrize("value", [None, "", "yesterday", "2026-11-21T10:00:00", "0001-01-01T00:00:00+10:00", {}, True])
def test_a_time_without_offset_or_sense_is_refused(value: object) -> None:
    """These times decide order, so none is guessed."""
    with pytest.raises(BadAnswer):
        Answer("test", {"t": value}).moment("t")


@given(JSON)
def test_no_shape_gets_through_as_another_error(value: object) -> None:
    """F17: a value or BadAnswer."""
    answer = Answer("test", value if isinstance(value, dict) else {"results": value, "version": value, "id": value})
    for read in (stored_property, attachment_version, status_of, container_of, Answer.items, Answer.next_query):
        try:
            read(answer)
        except BadAnswer:
            continue


@pytest.mark.parametrize(
    ("following", "query"),
    [
        ("/wiki/api/v2/x?limit=2&cursor=abc%3D&key=a+b", (("limit", "2"), ("cursor", "abc="), ("key", "a b"))),
        (
            "/rest/api/content/search?next=true&cursor=c&cql=type%3Dpage",
            (("next", "true"), ("cursor", "c"), ("cql", "type=page")),
        ),
        ("https://elsewhere.example/x?cursor=c", (("cursor", "c"),)),
    ],
)
def test_the_next_page_is_asked_with_all_that_the_link_says(following: str, query: object) -> None:
    """v1 and v2 links have different bases; only the query is used, completely."""
    assert Answer("test", {"_links": {"next": following}}).next_query() == query


@pytest.mark.parametrize("following", ["/wiki/api/v2/x?limit=2", "nonsense", "?cursor="])
def test_a_next_link_without_cursor_is_refused(following: str) -> None:
    """Such a list is incomplete."""
    with pytest.raises(BadAnswer):
        Answer("test", {"_links": {"next": following}}).next_query()


def test_a_list_without_links_has_ended() -> None:
    assert Answer("test", {"results": []}).next_cursor() is None
    assert Answer("test", {"_links": {"base": "x"}}).next_cursor() is None


@pytest.mark.parametrize(
    ("path", "url"),
    [("/x?y", "https://a/wiki/x?y"), (None, ""), ("//evil.example/x", ""), ("https://evil.example", ""), ("x", "")],
)
def test_links_lead_to_the_site_or_nowhere(path: str | None, url: str) -> None:
    assert link("https://a/wiki/", path) == url


def test_only_objects_are_answers() -> None:
    assert parse("test", b'{"a": 1}').number("a") == 1
    with pytest.raises(BadAnswer):
        parse("test", b"[{}]")


DEEP = "[" * 5_000 + "]" * 5_000
LONG = "9" * 5_000


@given(JSON)
def test_what_cannot_be_read_spoils_nothing_beside_it(value: object) -> None:
    """What nests beyond the interpreter's limit, and endless numbers, read as null; the rest is as it was."""
    text = f'{{"before": {json.dumps(value)}, "deep": {DEEP}, "long": [{LONG}, -{LONG}], "after": {json.dumps(value)}}}'
    found = loads(text)
    assert isinstance(found, dict)
    assert found["before"] == found["after"] == value
    assert found["long"] == [None, None]


@pytest.mark.parametrize(
    "text", ['[{"', DEEP[:-1], DEEP + "]", '"' + "\\" * 5_000, "<html>[[[", "[" * 100_000, '"[' * 99_999]
)
def test_what_is_not_json_stays_an_error(text: str) -> None:
    """Cutting what is deep makes no sense of nonsense, however long."""
    with pytest.raises(ValueError, match=r".+"):
        loads(text)


def test_texts_and_shallow_values_are_never_cut() -> None:
    """Brackets and quotes inside texts do not count as nesting."""
    texts = ["[" * 100, '"[', "\\", '\\"' + "{" * 100, "]" * 100]
    levels = json.loads("[" * 63 + "1" + "]" * 63)
    found = loads(f'{{"texts": {json.dumps(texts)}, "levels": {json.dumps(levels)}, "deep": {DEEP}}}')
    assert isinstance(found, dict)
    assert (found["texts"], found["levels"]) == (texts, levels)
