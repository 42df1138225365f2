"""For an export: why each group of data is there, and where it comes from; one text for the command and for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class StatedPurpose:
    purpose: str
    origin: str


_YOU: Final = "What you did in Lockpoint."
_FILE: Final = "What you did in Lockpoint, and the history of the file in Confluence."

PURPOSES: Final[Mapping[str, StatedPurpose]] = {
    "locks": StatedPurpose("Others see who has locked a file.", _YOU),
    "ended": StatedPurpose("Others see how the last lock of a file ended.", _YOU),
    "waiting": StatedPurpose("You are told when a file is free.", _YOU),
    "requests": StatedPurpose(
        "The owner of a lock sees who asks for the file, and you see the answer.", "What you wrote."
    ),
    "preferences": StatedPurpose("Mails reach you as you wish.", "What you chose."),
    "audit_event": StatedPurpose("Admins of the site can see who did what to a locked file.", _YOU),
    "lock_witness": StatedPurpose("A lock that somebody removes is noticed and repaired.", _FILE),
    "email_intent": StatedPurpose("You are told once what concerns your locks and files.", "What you or others did."),
    "request_outcome": StatedPurpose("A call that is repeated has no second effect.", _YOU),
    "restoration": StatedPurpose("A version that Lockpoint restored is not taken for an overwrite.", _FILE),
    "account_profile": StatedPurpose("Mails show times and words as you read them.", "Your profile in Confluence."),
    "account_report": StatedPurpose(
        "Atlassian tells us when your account is closed, and it is erased.", "The other rows."
    ),
    "erasure": StatedPurpose("Your erasure is carried out, also after a crash.", "A request about your data."),
    "procrastinate_jobs": StatedPurpose("Work that you or others caused is done.", "What you or others did."),
}
"""By name in the export: of a member, or of a table of the database."""
