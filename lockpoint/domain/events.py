"""The words of the audit log and of the mails."""

from enum import StrEnum
from typing import Final


class AuditKind(StrEnum):
    ACQUIRED = "acquired"
    EXTENDED = "extended"
    REBASED = "rebased"
    RELEASED = "released"
    BROKEN = "broken"
    TAKEN_OVER = "taken_over"
    HANDED_OVER = "handed_over"
    EXPIRED = "expired"
    HOLDER_GONE = "holder_gone"
    FILE_GONE = "file_gone"
    HEALED = "healed"
    SIGNED_AGAIN = "signed_again"
    SHORTENED = "shortened"
    CONFLICT = "conflict"
    RESTORED = "restored"
    RENAMED_BACK = "renamed_back"
    UNDELETED = "undeleted"
    FLAGGED = "flagged"
    DUPLICATE_REMOVED = "duplicate_removed"
    SETTINGS_CHANGED = "settings_changed"
    TEST_MAIL = "test_mail"
    PERSON_ERASED = "person_erased"
    RECOVERED = "recovered"
    """A write of a lock record of which only its place is known."""


class MailKind(StrEnum):
    UPLOAD_UNDONE = "upload_undone"
    OVERWRITE_ATTEMPT = "overwrite_attempt"
    FILE_AVAILABLE = "file_available"
    LOCK_ENDED_BY_OTHER = "lock_ended_by_other"
    LOCK_ENDED = "lock_ended"
    UNPROTECTED = "unprotected"
    PAUSED = "paused"
    LOCK_WILL_END = "lock_will_end"
    EDIT_REQUEST = "edit_request"
    EDIT_ANSWER = "edit_answer"
    ENDLESS_LOCKS = "endless_locks"
    SUMMARY = "summary"
    """Several of the others in one; no intent asks for it."""


ABOUT_LIVE_LOCKS: Final = (
    MailKind.OVERWRITE_ATTEMPT,
    MailKind.UPLOAD_UNDONE,
    MailKind.UNPROTECTED,
    MailKind.PAUSED,
    MailKind.LOCK_WILL_END,
)
"""Mails about a lock that goes on; of one event each kind has one recipient, or several who are told together."""

OPTIONAL: Final = (
    MailKind.LOCK_ENDED,
    MailKind.OVERWRITE_ATTEMPT,
    MailKind.UNPROTECTED,
    MailKind.LOCK_WILL_END,
    MailKind.EDIT_REQUEST,
    MailKind.EDIT_ANSWER,
    MailKind.ENDLESS_LOCKS,
)
"""Mails that their recipient can switch off; the others were asked for, or concern the recipient's own work."""
