"""The words of mails, in English: the source text of the translations in `lockpoint/locale`.

Placeholders: {file} {page} {actor} {when} {reason} {why} {count} {since} {more}, plain text; HTML escapes it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum, auto
from typing import Final

from lockpoint.domain.events import MailKind
from lockpoint.mail.link_words import ABOUT, PAGES, PageWords
from lockpoint.services.ports.notifications import DIGEST, STRICT_DIGEST, TO_MANAGER, PageKind


class LeadsTo(Enum):
    """Where the button of a mail leads."""

    FILE = auto()
    PAGE = auto()
    HISTORY = auto()
    SITE = auto()
    EXTEND = auto()


@dataclass(frozen=True, slots=True)
class Plural:
    """English has two forms; the count of events chooses, in each language by its rules."""

    one: str
    other: str


Sentence = str | Plural

UNLOCKED: Final = "You get this mail because you changed a file that nobody had locked."
LOCKED: Final = "You get this mail because you have locked this file."
HAD_LOCKED: Final = "You get this mail because you had locked this file."
ASKED_FOR: Final = "You get this mail because you asked for this file."
MANAGES: Final = "You get this mail because you manage the locks of this space."
TESTED: Final = "You get this mail because you asked for a test of its text."
CHANGED: Final = "You get this mail because you changed a file that somebody else has locked."


@dataclass(frozen=True, slots=True, kw_only=True)
class MailWords:
    """`story`: what happened; `advice`: what to do; `because`: why this person is told."""

    subject: Sentence
    heading: str
    story: tuple[Sentence, ...]
    advice: tuple[str, ...]
    because: str
    leads_to: LeadsTo = LeadsTo.FILE


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """`mails`: by kind, or kind and detail. `named` adds what a language says with each name, as Japanese does."""

    greeting: str
    greeting_without_name: str
    named: str
    somebody: str
    when_line: str
    reason_line: str
    message_line: str
    page_line: str
    until_line: str
    end_line: str
    ends: str
    more_line: str
    since_line: str
    buttons: Mapping[LeadsTo, str]
    fallback: str
    automatic: str
    unsubscribe: str
    privacy: str
    unprotected: Mapping[str, str]
    unprotected_otherwise: str
    summary: Mapping[MailKind, str]
    nameless_file: str
    comment: str
    comment_link: str
    tested: str
    pages: Mapping[PageKind, PageWords]
    about: Mapping[MailKind, str]
    mails: Mapping[MailKind | tuple[MailKind, str], MailWords]


WORDS: Final = Catalogue(
    greeting="Hello {name},",
    greeting_without_name="Hello,",
    named="{name}",
    somebody="somebody",
    when_line="When: {when}",
    reason_line="Reason given: {reason}",
    message_line="Message: {reason}",
    page_line="Page: {page}",
    until_line="Until: {when}",
    end_line="Ends: {when}",
    ends="Ends",
    more_line="Not listed here: {more} more",
    since_line="{file}: locked since {since}",
    buttons={
        LeadsTo.FILE: "Open the file",
        LeadsTo.PAGE: "Open the page",
        LeadsTo.HISTORY: "See the history of the file",
        LeadsTo.SITE: "Open Confluence",
        LeadsTo.EXTEND: "Extend the lock",
    },
    fallback="If the button does not work, copy this address into your browser:",
    automatic="It was sent automatically; answers to it are not read.",
    unsubscribe="Unsubscribe",
    privacy="Privacy",
    unprotected={
        "app_blocked": "Lockpoint needs access to the page, for example because the page was restricted. "
        "A person who may edit the page can give it in the page's file locks.",
        "restore_refused": "Confluence refuses to restore versions of attachments on this site.",
        "too_large": "The file is too large to be copied back.",
        "baseline_lost": "The version you protected was deleted.",
        "history_incomplete": "Confluence does not give the whole history of the file.",
        "order_unclear": "Two versions are so close together that it is not clear which came first.",
        "paused": "The file was overwritten and restored too often in a short time.",
    },
    unprotected_otherwise="Lockpoint cannot tell for sure which version is yours.",
    summary={
        MailKind.FILE_AVAILABLE: "{file}: available again",
        MailKind.UPLOAD_UNDONE: "{file}: changes you made without holding its lock: {count}",
        MailKind.OVERWRITE_ATTEMPT: "{file}: changes by others while you had it locked: {count}",
        MailKind.LOCK_ENDED: "{file}: your lock has ended",
        MailKind.LOCK_ENDED_BY_OTHER: "{file}: somebody else ended your lock",
        MailKind.UNPROTECTED: "{file}: the lock does not protect it at the moment",
        MailKind.PAUSED: "{file}: undoing changes is paused for a while",
        MailKind.LOCK_WILL_END: "{file}: your lock will end soon",
        MailKind.EDIT_REQUEST: "{file}: others ask for it: {count}",
        MailKind.EDIT_ANSWER: "{file}: your request was answered",
        MailKind.ENDLESS_LOCKS: "{file}: locked by you without an end",
    },
    nameless_file="A deleted file",
    comment="Lockpoint cannot send you mails, so it tells you here.",
    comment_link="See the files",
    tested=TESTED,
    pages=PAGES,
    about=ABOUT,
    mails={
        MailKind.SUMMARY: MailWords(
            subject=Plural("{count} more message about locked files", "{count} more messages about locked files"),
            heading="More messages about locked files",
            story=("So many mails were due in an hour that this one tells everything since {since}.",),
            advice=("The history of each file has every version that was uploaded.",),
            because="You get this mail because you have locked these files, changed them or asked about them.",
            leads_to=LeadsTo.SITE,
        ),
        MailKind.FILE_AVAILABLE: MailWords(
            subject="{file} is available again",
            heading="The file you were waiting for is free",
            story=("{file} is no longer locked.",),
            advice=("Before you change it, lock it, so that nobody else overwrites your work.",),
            because="You get this mail because you asked to be told when this file is free.",
            leads_to=LeadsTo.PAGE,
        ),
        (MailKind.UPLOAD_UNDONE, "undone"): MailWords(
            subject="Your upload of {file} was undone",
            heading="Your upload was undone",
            story=(
                "You uploaded a new version of {file} while it was locked by {actor}.",
                "The version from before is current again.",
            ),
            advice=(
                "Nothing is lost: your version is in the history of the file.",
                "Ask {actor} to unlock the file, or have Lockpoint tell you when it is free, and upload again then.",
            ),
            because=CHANGED,
        ),
        (MailKind.UPLOAD_UNDONE, "renamed"): MailWords(
            subject="{file} has its old name again",
            heading="Your new name for a locked file was undone",
            story=("You renamed {file} while it was locked by {actor}.", "It has its old name again."),
            advice=("Nothing else was changed. Ask {actor} to unlock the file, or to rename it.",),
            because=CHANGED,
        ),
        (MailKind.UPLOAD_UNDONE, "strict"): MailWords(
            subject="Your upload of {file} was undone",
            heading="Lock a file before you change it",
            story=(
                "You uploaded a new version of {file} without locking it first.",
                "In this space, files are locked before they are changed. The version from before is current again.",
            ),
            advice=(
                "Nothing is lost: your version is in the history of the file.",
                "Lock the file, then upload your version again.",
            ),
            because=UNLOCKED,
        ),
        (MailKind.UPLOAD_UNDONE, "strict_renamed"): MailWords(
            subject="{file} has its old name again",
            heading="Lock a file before you change it",
            story=("You renamed {file} without locking it first. It has its old name again.",),
            advice=("Lock the file, then rename it.",),
            because=UNLOCKED,
        ),
        (MailKind.UPLOAD_UNDONE, STRICT_DIGEST): MailWords(
            subject=Plural("Your {count} change of {file} was undone", "Your {count} changes of {file} were undone"),
            heading="Lock a file before you change it",
            story=(
                Plural(
                    "You changed {file} {count} time since {since}, without locking it first.",
                    "You changed {file} {count} times since {since}, without locking it first.",
                ),
            ),
            advice=(
                "Lock the file, then upload your version again.",
                "If you did not upload it yourself, look for a program that synchronises files.",
            ),
            because=UNLOCKED,
            leads_to=LeadsTo.HISTORY,
        ),
        MailKind.UPLOAD_UNDONE: MailWords(
            subject="You uploaded a locked file: {file}",
            heading="The file you uploaded is locked",
            story=(
                "You uploaded a new version of {file} while it was locked by {actor}.",
                "Your version was not undone, but {actor} was told.",
            ),
            advice=("Please talk to {actor}, so that nobody's work is overlooked.",),
            because=CHANGED,
        ),
        (MailKind.OVERWRITE_ATTEMPT, "undone"): MailWords(
            subject="{actor} tried to overwrite {file}",
            heading="Your locked file was overwritten, and restored",
            story=(
                "{actor} uploaded a new version of {file}, which you have locked.",
                "Your version is current again.",
            ),
            advice=("You need not do anything. The other version is in the history of the file, should you want it.",),
            because=LOCKED,
        ),
        (MailKind.OVERWRITE_ATTEMPT, "renamed"): MailWords(
            subject="{actor} tried to rename {file}",
            heading="Your locked file was renamed, and has its name back",
            story=("{actor} renamed {file}, which you have locked.", "It has its old name again."),
            advice=("You need not do anything.",),
            because=LOCKED,
        ),
        (MailKind.OVERWRITE_ATTEMPT, "trashed"): MailWords(
            subject="{file} is back from the trash",
            heading="Your locked file was moved to the trash, and is back",
            story=("{file}, which you have locked, was moved to the trash.", "Lockpoint has brought it back."),
            advice=("You need not do anything. To delete the file yourself, unlock it first.",),
            because=LOCKED,
        ),
        (MailKind.OVERWRITE_ATTEMPT, "trashed_renamed"): MailWords(
            subject="Your locked file is back from the trash as {file}",
            heading="Your locked file is back under another name",
            story=(
                "A file that you have locked was moved to the trash, and another file has taken its name.",
                "Lockpoint has brought yours back as {file}.",
            ),
            advice=("Please compare the two files, and rename yours when the other one is gone.",),
            because=LOCKED,
        ),
        (MailKind.UPLOAD_UNDONE, DIGEST): MailWords(
            subject=Plural("Your {count} change of {file} met a lock", "Your {count} changes of {file} met a lock"),
            heading="The file you keep changing is locked",
            story=(
                Plural(
                    "You changed {file} {count} time since {since}, while it was locked by {actor}.",
                    "You changed {file} {count} times since {since}, while it was locked by {actor}.",
                ),
            ),
            advice=(
                "Lockpoint brings the locked version back. Nothing is lost: yours are in the history of the file.",
                "If you did not upload it yourself, look for a program that synchronises files.",
            ),
            because=CHANGED,
            leads_to=LeadsTo.HISTORY,
        ),
        (MailKind.OVERWRITE_ATTEMPT, DIGEST): MailWords(
            subject=Plural("{actor} changed {file} {count} time", "{actor} changed {file} {count} times"),
            heading="Your locked file was changed several times",
            story=(
                Plural(
                    "{actor} changed {file}, which you have locked, {count} time since {since}.",
                    "{actor} changed {file}, which you have locked, {count} times since {since}.",
                ),
            ),
            advice=(
                "The page shows whether your version is current; every version is in the history of the file.",
                "Please talk to {actor}: a program that synchronises files is often the cause.",
            ),
            because=LOCKED,
            leads_to=LeadsTo.HISTORY,
        ),
        (MailKind.OVERWRITE_ATTEMPT, "while_away"): MailWords(
            subject="{file} was changed while Lockpoint was switched off",
            heading="Your locked file was changed",
            story=(
                "{actor} uploaded a new version of {file} while Lockpoint was inactive on your site.",
                "Uploads were allowed at that time, so Lockpoint kept the version.",
            ),
            advice=("Your version is in the history of the file, and you can restore it there.",),
            because=LOCKED,
        ),
        MailKind.OVERWRITE_ATTEMPT: MailWords(
            subject="{actor} overwrote {file}",
            heading="Your locked file was overwritten",
            story=(
                "{actor} uploaded a new version of {file}, which you have locked.",
                "Lockpoint did not bring your version back.",
            ),
            advice=("Your version is in the history of the file, and you can restore it there.",),
            because=LOCKED,
        ),
        (MailKind.LOCK_ENDED_BY_OTHER, "taken_over"): MailWords(
            subject="{actor} took over your lock on {file}",
            heading="Your lock was taken over",
            story=("{actor} has taken over your lock on {file}.",),
            advice=("Your uploads would be undone now. Please talk to {actor} before you go on working on the file.",),
            because=HAD_LOCKED,
        ),
        (MailKind.LOCK_ENDED_BY_OTHER, "handed_over"): MailWords(
            subject="{actor} handed over your lock on {file}",
            heading="Your lock was handed over",
            story=("{actor} has handed your lock on {file} over to somebody who asked for the file.",),
            advice=("Your uploads would be undone now. Please talk to {actor} before you go on working on the file.",),
            because=HAD_LOCKED,
        ),
        MailKind.LOCK_ENDED_BY_OTHER: MailWords(
            subject="{actor} unlocked {file}",
            heading="Your lock was ended",
            story=("{actor} has ended your lock on {file}.",),
            advice=("Others can change the file now. Lock it again if you still need it for yourself.",),
            because=HAD_LOCKED,
            leads_to=LeadsTo.PAGE,
        ),
        (MailKind.LOCK_ENDED, "holder_gone"): MailWords(
            subject="A lock on {file} has ended",
            heading="A lock has ended",
            story=("The lock on {file} has ended, because its owner can no longer edit the page.",),
            advice=("Others can change the file now.",),
            because="You get this mail because you administer the space of this file.",
            leads_to=LeadsTo.PAGE,
        ),
        (MailKind.LOCK_ENDED, "file_gone"): MailWords(
            # The name is gone with the file; we store no copy.
            subject="A file you had locked was deleted",
            heading="Your locked file was deleted",
            story=("A file that you had locked was deleted for good, and your lock on it has ended.",),
            advice=("A file that is uploaded again under the same name is a new one, and is not locked.",),
            because=HAD_LOCKED,
            leads_to=LeadsTo.PAGE,
        ),
        MailKind.LOCK_ENDED: MailWords(
            subject="Your lock on {file} has ended",
            heading="Your lock has ended",
            story=("Your lock on {file} has run out.",),
            advice=("Others can change the file now. Lock it again if you still need it for yourself.",),
            because=HAD_LOCKED,
            leads_to=LeadsTo.PAGE,
        ),
        MailKind.UNPROTECTED: MailWords(
            subject="Your lock on {file} does not protect it at the moment",
            heading="Your locked file is not protected",
            story=("You have locked {file}, but an overwrite could not be undone now.", "{why}"),
            advice=("Others still see that the file is locked. Ask an administrator of the space to help.",),
            because=LOCKED,
            leads_to=LeadsTo.PAGE,
        ),
        (MailKind.UNPROTECTED, TO_MANAGER): MailWords(
            subject="A lock on {file} does not protect it at the moment",
            heading="A locked file is not protected",
            story=("{actor} has locked {file}, but an overwrite could not be undone now.", "{why}"),
            advice=("Others still see that the file is locked. Please see whether you can help.",),
            because=MANAGES,
            leads_to=LeadsTo.PAGE,
        ),
        (MailKind.PAUSED, TO_MANAGER): MailWords(
            subject="Protection of {file} is paused",
            heading="Protection is paused",
            story=(
                "{actor} changed {file} again and again in a short time, so Lockpoint pauses undoing their changes.",
                "When the pause is over, the protected version comes back by itself.",
            ),
            advice=("Please find out together who uploads the file: it is often a program that synchronises files.",),
            because=MANAGES,
            leads_to=LeadsTo.PAGE,
        ),
        MailKind.PAUSED: MailWords(
            subject="Protection of {file} is paused",
            heading="Protection is paused",
            story=(
                "{actor} changed {file} again and again in a short time, so Lockpoint pauses undoing their changes.",
                "When the pause is over, the version that you protect comes back by itself.",
            ),
            advice=("Please find out together who uploads the file: it is often a program that synchronises files.",),
            because=LOCKED,
            leads_to=LeadsTo.PAGE,
        ),
        MailKind.LOCK_WILL_END: MailWords(
            subject="Your lock on {file} will end soon",
            heading="Your lock will end soon",
            story=("Your lock on {file} will soon run out.", "After that, others can change the file."),
            advice=("Extend the lock if you still need the file for yourself. If not, you need not do anything.",),
            because=LOCKED,
            leads_to=LeadsTo.EXTEND,
        ),
        MailKind.EDIT_REQUEST: MailWords(
            subject="{actor} asks you for {file}",
            heading="Somebody asks for your locked file",
            story=("{actor} would like to work on {file}, which you have locked.",),
            advice=("Open the page to hand the file over or to decline. Until then it stays locked by you.",),
            because=LOCKED,
            leads_to=LeadsTo.PAGE,
        ),
        (MailKind.EDIT_ANSWER, "handed_over"): MailWords(
            subject="{actor} has handed {file} over to you",
            heading="The file is yours now",
            story=("{actor} has handed {file} over to you.", "It is now locked by you."),
            advice=("Unlock the file when you no longer need it for yourself.",),
            because=ASKED_FOR,
        ),
        MailKind.EDIT_ANSWER: MailWords(
            subject="{actor} still needs {file}",
            heading="Your request was declined",
            story=("You asked for {file}.", "{actor} still needs the file and keeps the lock."),
            advice=("Lockpoint can tell you when the file is free: choose that on the page.",),
            because=ASKED_FOR,
            leads_to=LeadsTo.PAGE,
        ),
        MailKind.ENDLESS_LOCKS: MailWords(
            subject=Plural(
                "You have locked {count} file without an end", "You have locked {count} files without an end"
            ),
            heading="Your locks without an end",
            story=(
                Plural(
                    "You have locked {count} file without an end: it stays locked until you unlock it.",
                    "You have locked {count} files without an end: they stay locked until you unlock them.",
                ),
            ),
            advice=("Unlock what you no longer need for yourself, so that others can work on it.",),
            because="You get this mail once a week, as long as you have locks without an end.",
            leads_to=LeadsTo.SITE,
        ),
    },
)


def words_for(kind: MailKind, detail: str | None) -> MailWords:
    variant = TO_MANAGER if (detail or "").startswith(TO_MANAGER) else detail
    return WORDS.mails.get((kind, variant or "")) or WORDS.mails[kind]


def sentences(words: object = WORDS) -> Iterator[Sentence]:
    """Yield everything that a language has to translate."""
    if isinstance(words, str | Plural):
        yield words
    elif isinstance(words, Mapping):
        yield from (sentence for value in words.values() for sentence in sentences(value))
    elif isinstance(words, tuple):
        yield from (sentence for value in words for sentence in sentences(value))
    elif is_dataclass(words):
        yield from (sentence for field in fields(words) for sentence in sentences(getattr(words, field.name)))
