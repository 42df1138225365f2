"""The words of the lock ports."""

from lockpoint.domain.history.judge import FlagReason
from lockpoint.services.ports.locks import Protection


def test_the_stored_words_of_protection() -> None:
    """The column `lock_witness.protection` holds them; a reason of the judge is stored unchanged."""
    reasons = {reason.value for reason in FlagReason}
    assert {word.value for word in Protection} == reasons | {
        "protected",
        "restoring",
        "suspended",
        "left",
        "end_unwritten",
    }
    assert Protection.UNCHECKED.value == "left"
