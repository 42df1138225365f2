"""The words of mails by language; English is complete.

Placeholders: {file} {page} {actor} {when} {reason} {why} {count} {since} {more}, plain text; HTML escapes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from babel import Locale
from babel.core import UnknownLocaleError

from lockpoint.domain.events import MailKind
from lockpoint.services.ports.notifications import DIGEST


class LeadsTo(Enum):
    """Where the button of a mail leads."""

    FILE = auto()
    PAGE = auto()
    HISTORY = auto()
    SITE = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class MailWords:
    """`story`: what happened; `advice`: what to do."""

    subject: str
    heading: str
    story: tuple[str, ...]
    advice: tuple[str, ...]
    leads_to: LeadsTo = LeadsTo.FILE


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """`mails`: by kind, or kind and detail."""

    language: str
    greeting: str
    greeting_without_name: str
    somebody: str
    when_line: str
    reason_line: str
    page_line: str
    until_line: str
    more_line: str
    buttons: Mapping[LeadsTo, str]
    fallback: str
    footer: tuple[str, ...]
    unsubscribe: str
    unprotected: Mapping[str, str]
    unprotected_otherwise: str
    summary: Mapping[MailKind, str]
    nameless_file: str
    mails: Mapping[MailKind | tuple[MailKind, str], MailWords]


ENGLISH: Final = Catalogue(
    language="en",
    greeting="Hello {name},",
    greeting_without_name="Hello,",
    somebody="Somebody",
    when_line="When: {when}",
    reason_line="Reason given: {reason}",
    page_line="Page: {page}",
    until_line="Until: {when}",
    more_line="Not listed here: {more} more",
    buttons={
        LeadsTo.FILE: "Open the file",
        LeadsTo.PAGE: "Open the page",
        LeadsTo.HISTORY: "See the history of the file",
        LeadsTo.SITE: "Open Confluence",
    },
    fallback="If the button does not work, copy this address into your browser:",
    footer=(
        "You get this mail because you use Lockpoint to lock attachments in Confluence.",
        "It was sent automatically; answers to it are not read.",
    ),
    unsubscribe="Send me no more mails of this kind",
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
        MailKind.UPLOAD_UNDONE: "{file}: your changes while somebody else had it locked: {count}",
        MailKind.OVERWRITE_ATTEMPT: "{file}: changes by others while you had it locked: {count}",
        MailKind.LOCK_ENDED: "{file}: your lock has ended",
        MailKind.UNPROTECTED: "{file}: your lock does not protect it at the moment",
    },
    nameless_file="A deleted file",
    mails={
        MailKind.SUMMARY: MailWords(
            subject="{count} more messages about locked files",
            heading="More messages about locked files",
            story=("So many mails were due in an hour that this one tells everything since {since}.",),
            advice=("The history of each file has every version that was uploaded.",),
            leads_to=LeadsTo.SITE,
        ),
        MailKind.FILE_AVAILABLE: MailWords(
            subject="{file} is available again",
            heading="The file you were waiting for is free",
            story=("{file} is no longer locked.",),
            advice=("You asked to be told. Lock it before you start, so that nobody else overwrites your work.",),
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
        ),
        (MailKind.UPLOAD_UNDONE, "renamed"): MailWords(
            subject="{file} has its old name again",
            heading="Your new name for a locked file was undone",
            story=("You renamed {file} while it was locked by {actor}.", "It has its old name again."),
            advice=("Nothing else was changed. Ask {actor} to unlock the file, or to rename it.",),
        ),
        MailKind.UPLOAD_UNDONE: MailWords(
            subject="You uploaded a locked file: {file}",
            heading="The file you uploaded is locked",
            story=(
                "You uploaded a new version of {file} while it was locked by {actor}.",
                "Your version was not undone, but {actor} was told.",
            ),
            advice=("Please talk to {actor}, so that nobody's work is overlooked.",),
        ),
        (MailKind.OVERWRITE_ATTEMPT, "undone"): MailWords(
            subject="{actor} tried to overwrite {file}",
            heading="Your locked file was overwritten, and restored",
            story=(
                "{actor} uploaded a new version of {file}, which you have locked.",
                "Your version is current again.",
            ),
            advice=("You need not do anything. The other version is in the history of the file, should you want it.",),
        ),
        (MailKind.OVERWRITE_ATTEMPT, "renamed"): MailWords(
            subject="{actor} tried to rename {file}",
            heading="Your locked file was renamed, and has its name back",
            story=("{actor} renamed {file}, which you have locked.", "It has its old name again."),
            advice=("You need not do anything.",),
        ),
        (MailKind.OVERWRITE_ATTEMPT, "trashed"): MailWords(
            subject="{file} is back from the trash",
            heading="Your locked file was moved to the trash, and is back",
            story=("{file}, which you have locked, was moved to the trash.", "Lockpoint has brought it back."),
            advice=("You need not do anything. To delete the file yourself, unlock it first.",),
        ),
        (MailKind.OVERWRITE_ATTEMPT, "trashed_renamed"): MailWords(
            subject="Your locked file is back from the trash as {file}",
            heading="Your locked file is back under another name",
            story=(
                "A file that you have locked was moved to the trash, and another file has taken its name.",
                "Lockpoint has brought yours back as {file}.",
            ),
            advice=("Please compare the two files, and rename yours when the other one is gone.",),
        ),
        (MailKind.UPLOAD_UNDONE, DIGEST): MailWords(
            subject="Your {count} changes of {file} met a lock",
            heading="The file you keep changing is locked",
            story=("You changed {file} {count} times since {since}, while it was locked by {actor}.",),
            advice=(
                "Lockpoint brings the locked version back. Nothing is lost: yours are in the history of the file.",
                "If you did not upload it yourself, look for a program that synchronises files.",
            ),
            leads_to=LeadsTo.HISTORY,
        ),
        (MailKind.OVERWRITE_ATTEMPT, DIGEST): MailWords(
            subject="{actor} changed {file} {count} times",
            heading="Your locked file was changed several times",
            story=("{actor} changed {file}, which you have locked, {count} times since {since}.",),
            advice=(
                "The page shows whether your version is current; every version is in the history of the file.",
                "Please talk to {actor}: a program that synchronises files is often the cause.",
            ),
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
        ),
        MailKind.OVERWRITE_ATTEMPT: MailWords(
            subject="{actor} overwrote {file}",
            heading="Your locked file was overwritten",
            story=(
                "{actor} uploaded a new version of {file}, which you have locked.",
                "Lockpoint did not bring your version back.",
            ),
            advice=("Your version is in the history of the file, and you can restore it there.",),
        ),
        (MailKind.LOCK_ENDED_BY_OTHER, "taken_over"): MailWords(
            subject="{actor} took over your lock on {file}",
            heading="Your lock was taken over",
            story=("{actor} has taken over your lock on {file}.",),
            advice=("Your uploads would be undone now. Please talk to {actor} before you go on working on the file.",),
        ),
        MailKind.LOCK_ENDED_BY_OTHER: MailWords(
            subject="{actor} unlocked {file}",
            heading="Your lock was ended",
            story=("{actor} has ended your lock on {file}.",),
            advice=("Others can change the file now. Lock it again if you still need it for yourself.",),
            leads_to=LeadsTo.PAGE,
        ),
        (MailKind.LOCK_ENDED, "holder_gone"): MailWords(
            subject="A lock on {file} has ended",
            heading="A lock has ended",
            story=("The lock on {file} has ended, because its owner can no longer edit the page.",),
            advice=("Others can change the file now.",),
            leads_to=LeadsTo.PAGE,
        ),
        (MailKind.LOCK_ENDED, "file_gone"): MailWords(
            # The name is gone with the file; we store no copy.
            subject="A file you had locked was deleted",
            heading="Your locked file was deleted",
            story=("A file that you had locked was deleted for good, and your lock on it has ended.",),
            advice=("A file that is uploaded again under the same name is a new one, and is not locked.",),
            leads_to=LeadsTo.PAGE,
        ),
        MailKind.LOCK_ENDED: MailWords(
            subject="Your lock on {file} has ended",
            heading="Your lock has ended",
            story=("Your lock on {file} has run out.",),
            advice=("Others can change the file now. Lock it again if you still need it for yourself.",),
            leads_to=LeadsTo.PAGE,
        ),
        MailKind.UNPROTECTED: MailWords(
            subject="Your lock on {file} does not protect it at the moment",
            heading="Your locked file is not protected",
            story=("You have locked {file}, but an overwrite could not be undone now.", "{why}"),
            advice=("Others still see that the file is locked. Ask an administrator of the space to help.",),
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
            leads_to=LeadsTo.PAGE,
        ),
    },
)

CATALOGUES: Final[Mapping[str, Catalogue]] = {"en": ENGLISH}


def locale_of(tag: str) -> Locale:
    """English if Babel does not know the tag (`pt-BR`, `pt_BR`)."""
    try:
        return Locale.parse(tag.replace("-", "_"))
    except (ValueError, TypeError, UnknownLocaleError):
        return Locale("en")


def catalogue_for(locale: Locale) -> Catalogue:
    """Prefers the territory; falls back to English."""
    return CATALOGUES.get(str(locale)) or CATALOGUES.get(locale.language, ENGLISH)


def dates_in(catalogue: Catalogue, locale: Locale) -> Locale:
    """The person's locale, or the text's language with the person's country."""
    if locale.language == catalogue.language:
        return locale
    return locale_of(f"{catalogue.language}_{locale.territory}" if locale.territory else catalogue.language)


def words_for(catalogue: Catalogue, kind: MailKind, detail: str | None) -> MailWords:
    return catalogue.mails.get((kind, detail or "")) or catalogue.mails[kind]
