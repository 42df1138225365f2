"""Names that we give: bounded, and never cut inside a letter."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockpoint.domain.history.file_names import LONGEST, length, letters, restored_name, shortened, stands_for

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
"""Man, joiner, woman, joiner, girl: eight UTF-16 units, one letter."""


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("plan.docx", "plan (restored).docx"),
        ("plan (restored).docx", "plan (restored 2).docx"),
        ("plan (restored 9).docx", "plan (restored 10).docx"),
        ("README", "README (restored)"),
        ("README (restored)", "README (restored 2)"),
        (".env", ".env (restored)"),
        ("a.tar.gz", "a.tar (restored).gz"),
        ("y" * 251 + ".pdf", "y" * 240 + " (restored).pdf"),
        ("y" * 240 + " (restored).pdf", "y" * 238 + " (restored 2).pdf"),
        ("a." + "y" * 100, "a (restored)." + "y" * 100),
        ("a." + "y" * 101, "a." + "y" * 101 + " (restored)"),
        ("a." + "y" * 253, "a." + "y" * 242 + " (restored)"),
    ],
)
def test_name_of_a_file_whose_own_is_taken(title: str, name: str) -> None:
    """The word stands before the ending, counts on, and displaces the end of a long name."""
    assert restored_name(title) == name


@given(st.text(alphabet=st.one_of(st.characters(), st.sampled_from(["\u0301", "\u200d", *FAMILY, ".", " "]))))
def test_made_names_are_bounded_and_new(title: str) -> None:
    """Whatever the name was, the next is another, of at most 255 units, and has no more than the beginning of it."""
    whole = shortened(title, LONGEST)
    name = restored_name(whole)
    assert name != whole
    assert length(name) <= LONGEST
    assert "(restored" in name


@given(st.text(), st.integers(0, 40))
def test_cuts_are_between_letters(text: str, most: int) -> None:
    """Letters make up the text; a cut text is made of whole ones and could not take one more."""
    cut, whole = shortened(text, most), letters(text)
    assert "".join(whole) == text
    assert letters(cut) == whole[: len(letters(cut))]
    assert length(cut) <= most
    assert cut == text or length(cut + whole[len(letters(cut))]) > most


@pytest.mark.parametrize(
    "letter",
    [
        "e\u0301",
        "\U0001f680",
        FAMILY,
        "\U0001f44d\U0001f3fd",
        "\u2764\ufe0f",
        "\U0001f1eb\U0001f1ee",
        "\u0915\u094d\u0937",
        "\u1112\u1161\u11ab",
        "\ud55c",
        "\U0001f3f4\U000e0067\U000e0062\U000e007f",
    ],
)
def test_a_letter_of_many_code_points_stays_whole(letter: str) -> None:
    """Accents, emoji and their joins, flags, conjuncts and syllables are in the name whole or not at all."""
    assert letters(letter * 3) == [letter] * 3
    for filled in range(220, 256):
        title = shortened("x" * filled + letter * 20, LONGEST - 4) + ".pdf"
        stem = restored_name(title).removesuffix(" (restored).pdf")
        assert stem.lstrip("x") in {letter * count for count in range(21)}


def test_a_letter_that_does_not_fit_leaves_only_the_word() -> None:
    assert restored_name("e" + "\u0301" * 250 + ".pdf") == "(restored).pdf"


@pytest.mark.parametrize(
    ("text", "split"),
    [
        ("\ud800\udc00", 1),
        ("\udbff\udfff", 1),  # noqa: PT014 - another pair of halves
        ("\ud7ff\udc00", 2),
        ("\ue000\udc00", 2),
        ("\ud800\ue000", 2),
        ("\ud800\ud801", 2),
        ("\ud800a", 2),
        ("a\udc00", 2),
    ],
)
def test_the_halves_of_one_letter_stay_together(text: str, split: int) -> None:
    """JSON may bring them as two; a half without its other stands alone."""
    assert len(letters(text)) == split


@pytest.mark.parametrize(
    ("name", "title", "ours"),
    [
        ("plan (restored).txt", "plan.txt", True),
        ("plan (restored 2).txt", "plan.txt", True),
        ("plan (restored 50).txt", "plan.txt", True),
        ("plan (restored 51).txt", "plan.txt", False),
        ("plan.txt", "plan.txt", False),
        ("other.txt", "plan.txt", False),
        (None, "plan.txt", False),
        ("plan (restored).txt", None, False),
        (None, None, False),
    ],
)
def test_which_names_may_be_ours(name: str | None, title: str | None, *, ours: bool) -> None:
    """As many as we may have tried, never the file's own, nothing where a name was not read."""
    assert stands_for(name, title) is ours


def test_a_vowel_sign_beside_its_letter_belongs_to_it() -> None:
    """Spacing marks, as in Hindi, take room of their own."""
    assert letters("\u0915\u093e\u0916") == ["\u0915\u093e", "\u0916"]


@pytest.mark.parametrize(
    "text", ["\U0001f1e6\U0001f1e6", "\U0001f1ff\U0001f1ff", "\r\n", "\u1100\u1160", "\ud7a3\u11ff"]
)
def test_letters_at_the_ends_of_their_ranges_stay_whole(text: str) -> None:
    """Flags, line breaks, Korean syllables."""
    assert letters(text) == [text]


def test_half_a_letter_has_a_length() -> None:
    """JSON may bring one; it is no error."""
    assert length("\ud800") == 1


def test_a_mark_that_encloses_its_letter_belongs_to_it() -> None:
    """A keycap: the digit and the enclosing mark."""
    assert letters("1\u20e3") == ["1\u20e3"]
