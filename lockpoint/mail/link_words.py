"""The words of the pages behind links in mails, in English; translated like those of mails.

A line with {when} is left out where nobody knows the time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from lockpoint.domain.events import MailKind
from lockpoint.services.ports.notifications import PageKind


@dataclass(frozen=True, slots=True, kw_only=True)
class PageWords:
    title: str
    lines: tuple[str, ...]
    button: str | None = None


ABOUT: Final[Mapping[MailKind, str]] = {
    MailKind.LOCK_ENDED: "Lockpoint mails you when a lock of yours has ended by itself.",
    MailKind.OVERWRITE_ATTEMPT: "Lockpoint mails you when somebody changes a file that you have locked.",
    MailKind.UNPROTECTED: "Lockpoint mails you when a file that you have locked is not protected.",
    MailKind.LOCK_WILL_END: "Lockpoint mails you before a lock of yours ends.",
    MailKind.EDIT_REQUEST: "Lockpoint mails you when somebody asks for a file that you have locked.",
    MailKind.EDIT_ANSWER: "Lockpoint mails you what became of your request for a file.",
    MailKind.ENDLESS_LOCKS: "Lockpoint mails you once a week which files you have locked without an end.",
}

_IN_PREFERENCES: Final = "You can change your mind in Confluence, in Lockpoint's preferences."
_NOT_EXTENDED: Final = "Your lock was not extended"
_STANDS: Final = "Your lock on {file} ends: {when}"

PAGES: Final[Mapping[PageKind, PageWords]] = {
    PageKind.UNSUBSCRIBE: PageWords(title="No more mails of this kind?", lines=(), button="Unsubscribe"),
    PageKind.UNSUBSCRIBED: PageWords(
        title="You get no more mails of this kind",
        lines=(_IN_PREFERENCES,),
        button="Undo",
    ),
    PageKind.SUBSCRIBED_AGAIN: PageWords(title="You get these mails again", lines=()),
    PageKind.ONLY_KEPT: PageWords(
        title="You get no more mails of this kind",
        lines=("You have chosen that your data are only kept, not used.", _IN_PREFERENCES),
    ),
    PageKind.EXTEND: PageWords(
        title="Extend your lock?", lines=("You have locked {file}.", _STANDS), button="Extend the lock"
    ),
    PageKind.EXTENDED: PageWords(title="Your lock is extended", lines=("You have locked {file}.", _STANDS)),
    PageKind.ENDED: PageWords(
        title="Your lock has ended",
        lines=(
            "You have no lock on {file} any more.",
            "The lock ended: {when}",
            "Lock the file again in Confluence if you still need it for yourself.",
        ),
    ),
    PageKind.LONGEST_LIFE: PageWords(
        title=_NOT_EXTENDED, lines=("It lives as long already as locks may live on this site.", _STANDS)
    ),
    PageKind.NOT_ALLOWED: PageWords(
        title=_NOT_EXTENDED, lines=("You may not edit the page of this file any more.", _STANDS)
    ),
    PageKind.NOT_THERE: PageWords(
        title=_NOT_EXTENDED, lines=("The file is not there any more, or you may not see it.",)
    ),
    PageKind.BLOCKED: PageWords(
        title=_NOT_EXTENDED,
        lines=(
            "Lockpoint has no access to the page of this file. The page's file locks say what can be done.",
            _STANDS,
        ),
    ),
    PageKind.UNLICENSED: PageWords(
        title=_NOT_EXTENDED, lines=("Lockpoint has no licence on this site: locks can be ended, but not extended.",)
    ),
    PageKind.INACTIVE: PageWords(title="Nothing was changed", lines=("Lockpoint is switched off here.",)),
    PageKind.LATER: PageWords(
        title="Please try again in a few minutes",
        lines=("Confluence does not answer as it should, so nothing was changed.",),
    ),
    PageKind.BAD_LINK: PageWords(
        title="This link does not work",
        lines=("It is incomplete or older than 90 days, so nothing was changed.",),
    ),
}
